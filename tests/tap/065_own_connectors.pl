# Connectors that users register, through the engine: the one of eFulfillment Service as data and as two
# functions meets the simulator like the built-in one; a function that raises, loops or wants to commit
# is put in front of a person, and everybody else goes on; a dump carries them.

use strict;
use warnings;

use File::Basename qw(dirname);
use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('own', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 74);
my $world = FulfillmentWorld->new($node, $sim);
my $include = dirname(__FILE__) . '/../../sql/include';

sub statements_of
{
	my ($file) = @_;

	open(my $handle, '<:encoding(UTF-8)', "$include/$file") or die "could not open $file: $!\n";
	local $/;
	return <$handle>;
}

# The functions belong to a role that may do nothing else.
$node->value('CREATE ROLE own_guest');
$node->psql_ok(statements_of('own_efs_data.sql'), 'efs is registered as data');
$node->psql_ok("\\set guest own_guest\n" . statements_of('own_efs_functions.sql'), 'and as functions');

my @names = qw(efs_data efs_functions);
$world->provider('efs', code => $_, connector => $_, timeout_ms => 3000) foreach @names;

sub send_orders
{
	return map { $world->submit($_) } @names;
}

sub ask
{
	$world->value(q{UPDATE fulfillment.shipments SET poll_at = now() WHERE poll_at IS NOT NULL;
		SELECT fulfillment.poll_tracking();});
	return $world->comes_to_rest('what is under way is asked for');
}

subtest 'an order goes out and leaves' => sub {
	my @orders = send_orders();

	$world->comes_to_rest('every call is made');
	is($world->states(@orders), '2 accepted', 'the warehouse has the orders');
	is($sim->get('/efs/counts')->{orders}, 2, 'once each');
	$sim->advance(h => 14);
	ask();
	is($world->states(@orders), '2 shipped', 'the goods have left');
	is(
		$world->value('SELECT count(*) FROM fulfillment.packages WHERE tracking_number IS NOT NULL'),
		2, 'the parcels have numbers');
};

subtest 'a cancellation, stock, a test' => sub {
	my @orders = send_orders();

	$world->comes_to_rest('every call is made');
	$world->value("SELECT fulfillment.cancel_order($_, 'changed my mind')") foreach @orders;
	$world->comes_to_rest('every cancellation is asked for');
	ask();
	is($world->states(@orders), '2 cancelled', 'they are stopped');
	$sim->post('/efs/stock', { sku => $_, quantity => 99998 }) foreach @names;
	$world->value("SELECT fulfillment.sync_inventory('$_'), fulfillment.test_connection('$_')") foreach @names;
	$world->comes_to_rest('stock is read');
	is(
		$world->value("SELECT string_agg(DISTINCT i.sku || ' ' || r.reported_on_hand, ', ')
			FROM fulfillment.stock_levels r JOIN fulfillment.items i USING (merchant_id, item_id)
			WHERE r.reported_on_hand IS NOT NULL"),
		'efs_data 99998, efs_functions 99998', 'the warehouse says what it has');
};

subtest 'an answer is lost' => sub {
	my $before = $sim->get('/efs/counts')->{orders};

	$world->value("SELECT fulfillment.pause_connection(code, 'rules are made') FROM fulfillment.connections");
	my @orders = send_orders();
	$sim->misbehave(peer => 'efs', path => '/xml/orders/', method => 'POST', next => 2,
		action => 'drop_after_processing');
	$world->value('SELECT fulfillment.resume_connection(code) FROM fulfillment.connections');
	$world->comes_to_rest_in_time('what is to be known is known');
	is($world->states(@orders), '2 accepted', 'known by their numbers');
	is($sim->get('/efs/counts')->{orders} - $before, 2, 'there once');
};

# The same functions with poison in them: what an order's number begins with is what happens to it.
$node->value(q{
	SET ROLE own_guest;
	CREATE FUNCTION own_efs.poison(way text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
		IF way = 'raise' THEN RAISE 'poison' USING DETAIL = 'it was asked for';
		ELSIF way = 'loop' THEN LOOP END LOOP;
		ELSIF way = 'commit' THEN COMMIT;
		END IF;
	END $$;
	CREATE FUNCTION own_efs.poison_request(operation text, call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN
		PERFORM own_efs.poison(split_part(call -> 'shipment' ->> 'order_number', '-', 1));
		RETURN own_efs.request(operation, call);
	END $$;
	CREATE FUNCTION own_efs.poison_outcome(operation text, call jsonb, reply jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN
		PERFORM own_efs.poison(substring(call -> 'shipment' ->> 'order_number' FROM '^late(\w+)-'));
		RETURN own_efs.outcome(operation, call, reply);
	END $$;
	RESET ROLE;
	SELECT fulfillment.register_connector('poisonous', definition, 'own_efs.poison_request(text, jsonb)',
		'own_efs.poison_outcome(text, jsonb, jsonb)') FROM fulfillment.own_connectors WHERE name = 'efs_functions';});
$world->provider('efs', code => 'poisonous', connector => 'poisonous', timeout_ms => 3000);

sub shipment_of
{
	my ($order) = @_;
	my ($shipment) = $world->shipments($order);

	my $people = $world->value("SELECT string_agg(message, '; ') FROM fulfillment.attention
		WHERE order_id = $order AND resolved_at IS NULL");
	return ($shipment->{state}, join ' ', $shipment->{error_message} // '', $people);
}

subtest 'poison' => sub {
	my @before = sort $node->worker_pids;
	my %reasons = (raise => qr/poison: it was asked for/, loop => qr/ran for longer than|used up their time/,
		commit => qr/invalid transaction termination/);

	$world->value("SELECT fulfillment.pause_connection('poisonous', 'poison is prepared')");
	my @neighbours = ($world->submit('poisonous', 10), $world->submit('efs_data', 10));
	my %poison = map { $_ => $world->submit('poisonous', 1, number => "$_-1") }
	  map { ($_, "late$_") } keys %reasons;
	push @neighbours, $world->submit('poisonous', 10), $world->submit('efs_data', 10);
	$world->value("SELECT fulfillment.resume_connection('poisonous')");
	$world->comes_to_rest_in_time('every call is made, or waits for a person');

	is($world->states(@neighbours), '40 accepted', 'the neighbours are accepted');
	foreach my $way (sort keys %reasons)
	{
		my ($state, $said) = shipment_of($poison{$way});
		isnt($state, 'accepted', "$way before a call: the order is not there");
		like($said, $reasons{$way}, 'and somebody is told why');
		($state, $said) = shipment_of($poison{"late$way"});
		isnt($state, 'accepted', "$way after a call: it is not known");
		like($said, $reasons{$way}, 'and somebody is told why');
	}
	is_deeply([ sort $node->worker_pids ], \@before, 'no worker has died of it');
	is_deeply([ $world->breaches_here ], [], 'nothing is lost or forgotten');

	# mended, it goes on, and what had been made is not made again
	$node->value(q{CREATE OR REPLACE FUNCTION own_efs.poison(way text) RETURNS void LANGUAGE sql AS $$ SELECT $$});
	$world->value('SELECT fulfillment.retry_task(task_id) FROM fulfillment.tasks');
	$world->comes_to_rest_in_time('with the reason gone it is tried again');
	is($world->states(map { $poison{"late$_"} } keys %reasons), '3 accepted', 'what was not known is accepted');
};

subtest 'a dump carries them' => sub {
	my $dump = $node->basedir . '/own.sql';

	$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump');
	$node->value('CREATE DATABASE restored');
	$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
		'and restored');
	foreach my $name (@names)
	{
		my $call = sprintf(q{SELECT md5(body) FROM fulfillment.connector_request('%s', 'test_connection',
			'{"config": {"merchant_id": 1, "merchant_name": "Shop"}}')}, $name);
		is($node->safe_psql('restored', $call), $node->value($call), "$name speaks as before");
	}
};

$node->stop;
is($sim->stop, 0, 'the simulator ends cleanly');
done_testing();

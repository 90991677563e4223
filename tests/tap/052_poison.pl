# Poison: one task that kills whatever worker takes it up, one that cannot be written down, one
# whose call cannot be made, and connections that cannot be used.  Each is put aside in front of a
# person, and the others never notice.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('poison', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 20);
my $world = FulfillmentWorld->new($node, $sim)->provider('ups')->provider('ongoing');

# Writing down what came back of a poisonous shipment sleeps until it is killed, or fails.
$node->value(q{
	CREATE TABLE public.poison (order_id bigint, way text);
	CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS
	$$ DECLARE way text := (SELECT p.way FROM public.poison p WHERE p.order_id = NEW.order_id);
	BEGIN
		IF way = 'kill' THEN PERFORM pg_sleep(120);
		ELSIF way = 'raise' THEN RAISE 'poison';
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER poison BEFORE UPDATE ON fulfillment.shipments FOR EACH ROW
		WHEN (NEW.state = 'accepted') EXECUTE FUNCTION public.poison();});

# Orders among which the one in the middle is poisonous.  Nothing is called before it is.
sub with_poison
{
	my ($way, $count) = @_;

	$world->value("SELECT fulfillment.pause_connection('ups', 'poison is prepared')");
	my @orders = $world->submit('ups', $count);
	my $poison = splice(@orders, $count / 2, 1);
	$node->value("INSERT INTO public.poison VALUES ($poison, '$way')");
	$world->value("SELECT fulfillment.resume_connection('ups')");
	return ($poison, @orders);
}

sub parked
{
	my ($order) = @_;

	return $world->value(
		"SELECT a.kind, a.message, t.state, t.crashes FROM fulfillment.attention a
		   JOIN fulfillment.tasks t USING (merchant_id, task_id)
		  WHERE a.order_id = $order AND a.resolved_at IS NULL");
}

my ($poison, @others) = with_poison('kill', 40);
foreach my $death (1 .. 3)
{
	$node->poll_query_until('postgres',
		"SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 1)
	  or die "the poison was not taken up\n";
	my $victim =
	  $node->value("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
	$node->kill_process($victim);
}
$world->comes_to_rest_in_time('after three deaths all calls are made');
is($world->states(@others), '39 accepted', 'the neighbours are accepted');
like(
	parked($poison), qr/^quarantined\|.*a worker has died 3 times.*\|parked\|3$/,
	'the poison is put aside, and a person is told why');
is($world->states($poison), '1 unknown', 'it is not said to be what nobody knows');
$world->is_sound('a task that kills');

$node->value('DELETE FROM public.poison');
$world->value('SELECT fulfillment.retry_task(task_id) FROM fulfillment.tasks');
$world->comes_to_rest_in_time('with the reason gone it is tried again');
is($world->states($poison), '1 accepted', 'and found');
$world->is_sound('a task that was mended');

($poison, @others) = with_poison('raise', 10);
$world->comes_to_rest_in_time('all calls are made');
is($world->states(@others), '9 accepted', 'the neighbours of an error are accepted');
like(parked($poison), qr/^failed_here\|.*poison.*\|parked\|0$/, 'a person reads the error');
$world->is_sound('a task that cannot be written down');
$node->value('DELETE FROM public.poison');
$world->value('SELECT fulfillment.retry_task(task_id) FROM fulfillment.tasks');
$world->comes_to_rest_in_time('with the reason gone it is tried again');
is($world->states($poison), '1 accepted', 'and found');

# A call that cannot be made at all.
$world->value("UPDATE fulfillment.connections SET config = config - 'goods_owner_id'
	WHERE code = 'ongoing'");
($poison) = $world->submit('ongoing');
@others = $world->submit('ups', 5);
$world->comes_to_rest_in_time('all calls are made');
is($world->states(@others), '5 accepted', 'the other connection goes on');
like(
	$world->value("SELECT state, error_message FROM fulfillment.shipments WHERE order_id = $poison"),
	qr/goods_owner_id/, 'what is missing is said');

# A connection whose secrets cannot be opened, with calls of a dead worker.
$world->provider('ups', code => 'sealed', secret => { client_id => 'a', client_secret => 'b' },
	timeout_ms => 20000);
$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'hang', processed => JSON::PP::true);
my @sealed = $world->submit('sealed', 3);
$world->comes_to(q{SELECT sum(in_flight) FROM fulfillment.worker_status()}, 3, 'calls are on the wire');
$node->value(q{UPDATE fulfillment.secrets SET ciphertext = 'broken' WHERE connection_id =
	(SELECT connection_id FROM fulfillment.connections WHERE code = 'sealed')});
$sim->behave;
$node->kill_process(($node->worker_pids)[0]);
@others = $world->submit('ups', 5);
$world->comes_to('SELECT count(*) FROM fulfillment.shipments WHERE order_id IN ('
	  . join(',', @others) . ") AND state = 'accepted'", 5, 'the other connection goes on');
$world->comes_to('SELECT count(*) FROM fulfillment.shipments WHERE order_id IN ('
	  . join(',', @sealed) . ") AND state = 'unknown'", 3,
	'what a dead worker had called with lost secrets is known to be unknown');
$world->comes_to(q{SELECT count(*) FROM fulfillment.attention WHERE kind = 'connection_unusable'
	AND message LIKE '%could not decrypt%' AND resolved_at IS NULL}, 1, 'a person is told');
$world->value(
	q{SELECT fulfillment.set_secret('sealed', '{"client_id": "a", "client_secret": "b"}')});
$world->comes_to_rest_in_time('with new secrets the calls go on');
is($world->states(@sealed), '3 accepted', 'and are found');
$world->is_sound('secrets lost');

done_testing();

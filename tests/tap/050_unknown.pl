# Scenario 12: the carrier makes the label and its answer is lost, in every way an answer can be
# lost.  Each shipment is looked up, adopted when it is there, sent again only when the carrier has
# had time to show it and does not, and put in front of a person when nobody can say.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('unknown', workers => 1);
my $sim = FulfillmentSimulator->start(seed => 12);
my $world = FulfillmentWorld->new($node, $sim)->provider('ups', timeout_ms => 1500);

# An order for every way, each spoilt by a rule of its own.  The connection is paused until the
# rules stand, so that all of them strike in one go.
sub spoil
{
	my (%rules) = @_;

	$world->value("SELECT fulfillment.pause_connection('ups', 'rules are made')");
	my @names = sort keys %rules;
	my @orders = $world->submit('ups', scalar @names);
	my %order;
	foreach my $shipment ($world->shipments(@orders))
	{
		my $name = shift @names;
		$order{$name} = $shipment->{order_id};
		$sim->misbehave(
			peer => 'ups', path => '/api/shipments', contains => $shipment->{reference}, next => 1,
			%{ $rules{$name} });
	}
	$world->value("SELECT fulfillment.resume_connection('ups')");
	return %order;
}

sub shipment
{
	my ($order) = @_;
	return ($world->shipments($order))[0];
}


# What was called about a shipment, and what each call came to.
sub calls
{
	my ($order) = @_;
	return $world->value(
		"SELECT string_agg(operation || ' ' || result, ', ' ORDER BY call_id)
		   FROM fulfillment.calls WHERE order_id = $order AND subject_kind = 'shipment'");
}

subtest 'made, and the answer lost' => sub {
	my %order = spoil(
		'no answer' => { action => 'hang', processed => JSON::PP::true },
		'an answer too late' => { action => 'delay_ms', ms => 3000 },
		'closed' => { action => 'drop_after_processing' },
		'reset' => { action => 'reset', processed => JSON::PP::true },
		'half a body' => { action => 'half_body' },
		'garbage' => { action => 'garbage' },
		'a page' => { action => 'html' },
		'nothing' => { action => 'empty' },
		'a server error' => { action => 'status', status => 500, processed => JSON::PP::true },
		'a gateway error' => { action => 'status', status => 502, processed => JSON::PP::true },
		'out of service' => { action => 'status', status => 503, processed => JSON::PP::true },
		'see elsewhere' => { action => 'redirect', status => 303, processed => JSON::PP::true },
		'deep JSON' => { action => 'deep_json' },
		'a bomb' => { action => 'gzip_bomb', bytes => 50_000_000 },
		'a large body' => { action => 'oversized' },
		'headers without end' => { action => 'endless_headers' },
		'invalid UTF-8' => { action => 'invalid_utf8' },
		'a slow drip' => { action => 'slow_drip' });

	$world->comes_to_rest;
	foreach my $name (sort keys %order)
	{
		is(shipment($order{$name})->{state}, 'accepted', "$name: accepted");
		is(
			calls($order{$name}), 'create_shipment unknown, find_shipment ok',
			"$name: looked up, not sent again");
	}
	my %odd = spoil('called a page' => { action => 'wrong_content_type' });
	$world->comes_to_rest;
	is(calls($odd{'called a page'}), 'create_shipment ok', 'an answer that is misnamed is read all the same');
	%order = (%order, %odd);
	is(
		$world->value('SELECT count(*) FROM fulfillment.documents'),
		scalar keys %order, 'every label is here');
	$world->is_sound('answers lost');
};

subtest 'not made, which is not known at first' => sub {
	my %order = spoil(
		'no answer' => { action => 'hang' },
		'closed' => { action => 'drop_before' },
		'reset' => { action => 'reset' },
		'a server error' => { action => 'status', status => 500 },
		'out of service' => { action => 'status', status => 503 });
	my $orders = join(',', values %order);

	$world->comes_to("SELECT count(*) FROM fulfillment.calls WHERE order_id IN ($orders)
		 AND result = 'absent'", scalar keys %order, 'each is looked up and is not there');
	is($world->states(values %order), '5 unknown', 'which proves nothing so early');
	$world->time_passes;
	$world->comes_to_rest;
	foreach my $name (sort keys %order)
	{
		is(
			calls($order{$name}),
			'create_shipment unknown, find_shipment absent, find_shipment absent, create_shipment ok',
			"$name: sent again when it is certain");
	}
	$world->is_sound('calls lost');
};

subtest 'made while it was looked up' => sub {
	my %order = spoil(
		'late' => { action => 'delay_ms', ms => 3000, processed => JSON::PP::false });

	$world->comes_to("SELECT count(*) FROM fulfillment.calls WHERE order_id = $order{late}
		 AND result = 'absent'", 1, 'it is not there yet');
	my $reference = shipment($order{late})->{reference};
	until ($sim->get('/ups/counts')->{by_reference}{$reference})
	{
		select(undef, undef, undef, 0.1);
	}
	$world->time_passes;
	$world->comes_to_rest;
	is(calls($order{late}), 'create_shipment unknown, find_shipment absent, find_shipment ok',
		'it is there later, and adopted');
	$world->is_sound('a late label');
};

subtest 'a carrier that does not tell' => sub {
	$sim->misbehave(
		peer => 'ups', path => '/api/labels', action => 'status', status => 403,
		body => { response => { errors => [ { code => '10403', message => 'Blocked Merchant' } ] } });
	my %order = spoil(
		'made' => { action => 'drop_after_processing' },
		'not made' => { action => 'drop_before' },
		'never' => { action => 'drop_before' });

	$world->comes_to_rest;
	is($world->states(values %order), '3 attention', 'a person decides');
	$world->is_sound('nobody can say');

	my %attention = map { $_->{order_id} => $_->{attention_id} } $world->rows(
		"SELECT order_id, attention_id FROM fulfillment.attention WHERE resolved_at IS NULL
		    AND task_id IS NOT NULL");
	my $resolve = 'SELECT fulfillment.resolve_attention(%d, %s)';
	$world->value(sprintf($resolve, $attention{ $order{made} }, "'created', '1ZA1B2C30300000012'"));
	$world->value(sprintf($resolve, $attention{ $order{'not made'} }, "'not_created'"));
	$world->value(sprintf($resolve, $attention{ $order{never} }, "'abandoned'"));
	$world->comes_to_rest;
	is(shipment($order{made})->{state}, 'accepted', 'what a person saw there is adopted');
	is(
		calls($order{'not made'}), 'create_shipment unknown, find_shipment refused, create_shipment ok',
		'what a person missed there is sent again');
	is(shipment($order{never})->{state}, 'cancelled', 'what is given up stays away');
	$world->is_sound('a person has decided');
};

done_testing();

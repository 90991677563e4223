# Scenario 13: workers and the server are killed at any moment; nothing is sent twice, nothing is forgotten.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentEngine;
use FulfillmentSimulator;
use Test::More;

my $sim = FulfillmentSimulator->start(seed => 5);
my $node = FulfillmentCluster->start_new('main', workers => 2,
	settings => [ 'fulfillment.call_timeout = 8000', 'fulfillment.max_crashes = 3' ]);
my $engine = FulfillmentEngine->new($node);

# Shipments that are made by UPS, which takes no key and buys every label it is asked for.
$engine->shop;
my $url = $sim->url('ups');
$node->safe_psql('postgres', qq{
	INSERT INTO fulfillment.connections (code, connector, config)
		VALUES ('ups', 'ups', '{"base_url": "$url", "account_number": "A1B2C3"}');
	SELECT fulfillment.set_secret('ups', '{"client_id": "id", "client_secret": "secret"}');
	UPDATE fulfillment.providers SET kind = 'carrier', connection_id =
		(SELECT connection_id FROM fulfillment.connections WHERE code = 'ups');
	UPDATE fulfillment.locations SET provider_id = NULL, address = address
		|| '{"name": "Hub", "phone": "+46800000", "company": "Hub AB"}';
	UPDATE fulfillment.services SET provider_code = '11'});
my $accepted = q{SELECT count(*) FROM fulfillment.shipments WHERE state = 'accepted'};
my $each_once = sub {
	my ($count, $name) = @_;
	my $counts = $sim->get('/ups/counts');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("$counts->{shipments} $counts->{references_shipped_twice}", "$count 0",
		"$name: every shipment is at the carrier, none of them twice");
};
$engine->orders(1, 3);
$node->comes_to($accepted, 3, 'shipments are made') or diag($node->value('SELECT string_agg(error, E\'\n\') FROM fulfillment.calls'));
$each_once->(3, 'in peace');

# Killed while the answers are on their way: the labels are bought, nobody knows.
$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'delay_ms', ms => 20000, next => 100);
$engine->orders(4, 9);
$node->comes_to(q{SELECT count(*) FROM fulfillment.shipments WHERE state = 'submitting'},
	6, 'six calls are on the wire');
$node->kill_process(($node->worker_pids)[0]);
$sim->behave;
$node->comes_to($accepted, 9, 'after a killed worker the labels are found');
$each_once->(9, 'a killed worker');
cmp_ok($node->value(q{SELECT count(*) FROM fulfillment.calls WHERE operation = 'find_shipment'}),
	'>', 0, 'they were looked up');

# The power goes.
$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'delay_ms', ms => 20000, next => 100);
$engine->orders(10, 15);
$node->comes_to(q{SELECT count(*) FROM fulfillment.shipments WHERE state = 'submitting'},
	6, 'six calls are on the wire');
$node->crash;
$sim->behave;
$node->comes_to($accepted, 15, 'after a crash the labels are found');
$each_once->(15, 'a crash');

# A shutdown does not wait for slow peers.
$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'delay_ms', ms => 20000, next => 100);
$engine->orders(16, 18);
$node->comes_to(q{SELECT count(*) FROM fulfillment.shipments WHERE state = 'submitting'},
	3, 'three slow calls are on the wire');
my $began = time;
$node->stop('fast');
cmp_ok(time - $began, '<', 15, 'the server stops all the same');
$sim->behave;
$node->start;
$node->comes_to($accepted, 18, 'and the labels are found');
$each_once->(18, 'a shutdown');

# A task with which workers die again and again is put aside, and its neighbours go on.
$engine->hook($sim->url('webhook') . '/a');
$sim->misbehave(peer => 'webhook', action => 'hang', ms => 60000, next => 3);
$engine->tell(1);
foreach my $death (1 .. 3)
{
	$node->comes_to(q{SELECT sum(in_flight) FROM fulfillment.worker_status()}, 1,
		"the poisoned call is under way ($death)");
	$node->kill_process(($node->worker_pids)[0]);
}
$node->comes_to(q{SELECT state FROM fulfillment.tasks}, 'parked', 'a poisoned task is put aside');
is($node->value(q{SELECT kind FROM fulfillment.attention WHERE resolved_at IS NULL}),
	'quarantined', 'in front of a person');
$engine->tell(3);
$engine->comes_to_rest('others go on');

$engine->is_sound;
is_deeply([ $sim->offence_lines ], [], 'the peer has nothing to complain about');
$node->stop;
done_testing();

# Scenario 13, more than a worker killed: a backend in the middle of an intake, and the whole server
# with many calls on the wire.  Every shipment is made once, and none is forgotten.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use JSON::PP;
use Test::More;

my $node = FulfillmentCluster->start_new(
	'server',
	workers => 2,
	settings => [ 'max_files_per_process = 3000', 'fulfillment.max_concurrency = 800' ]);
my $sim = FulfillmentSimulator->start(seed => 14);
my $world = FulfillmentWorld->new($node, $sim)->provider('ups', timeout_ms => 20000);
$sim->settings('ups', { label_bytes => 500 });

# A test: all are looked up and found.
sub all_are_found
{
	my ($name, @orders) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$world->comes_to_rest("$name: every call ends");
	$world->called('create_shipment unknown, find_shipment ok', $name, @orders);
	$world->is_sound($name);
	return;
}

# A backend dies before it has committed; its orders never were.
my @orders = $world->submit_unanswered('ups', 5);
my $there = $world->value('SELECT count(*) FROM fulfillment.orders');
my $session = $node->session;
$session->query_until(
	qr/begun/,
	sprintf("BEGIN;\nSELECT fulfillment.submit_orders(\$j\$%s\$j\$);\n\\echo begun\n",
		encode_json([ map { $world->order('ups') } 1 .. 3 ])));
$node->kill_process($node->value(
		q{SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'}));
eval { $session->quit };
all_are_found('a killed backend', @orders);
is($world->value('SELECT count(*) FROM fulfillment.orders'), $there,
	'a killed backend: what it had not committed is not there');

# More calls than are taken over in one go.
@orders = $world->submit_unanswered('ups', 520);
$node->crash;
all_are_found('a server stopped at once', @orders);

done_testing();

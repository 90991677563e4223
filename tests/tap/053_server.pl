# Scenario 13, more than a worker killed: a backend in the middle of an intake, and the whole server
# with many calls on the wire.  Every shipment is made once, and none is forgotten.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = FulfillmentCluster->start_new(
	'server',
	workers => 2,
	settings => [ 'max_files_per_process = 3000', 'fulfillment.max_concurrency = 800' ]);
my $sim = FulfillmentSimulator->start(seed => 14);
my $world = FulfillmentWorld->new($node, $sim)->provider('ups', timeout_ms => 20000);
$sim->settings('ups', { label_bytes => 500 });

sub made
{
	return $sim->get('/ups/counts')->{shipments};
}

# Orders whose labels are all made and whose answers are all kept back.
sub with_calls_on_the_wire
{
	my ($count) = @_;

	my $before = made();
	$sim->misbehave(
		peer => 'ups', path => '/api/shipments', action => 'hang', processed => JSON::PP::true,
		next => $count);
	my @orders = $world->submit('ups', $count);
	foreach my $attempt (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last if made() == $before + $count;
		usleep(100_000);
	}
	is(made(), $before + $count, "$count calls are on the wire");
	return @orders;
}

# A test: all are looked up and found.
sub all_are_found
{
	my ($name, @orders) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$world->comes_to_rest("$name: every call ends");
	is($world->states(@orders), @orders . ' accepted', "$name: all are accepted");
	is(
		$world->value(
			"SELECT DISTINCT calls FROM (SELECT string_agg(operation || ' ' || result, ', '
			   ORDER BY call_id) AS calls FROM fulfillment.calls WHERE order_id IN ("
			  . join(',', @orders) . ') GROUP BY order_id) q'),
		'create_shipment unknown, find_shipment ok', "$name: they were looked up");
	$world->is_sound($name);
	return;
}

# A backend dies before it has committed; its orders never were.
my @orders = with_calls_on_the_wire(5);
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
@orders = with_calls_on_the_wire(520);
$node->crash;
all_are_found('a server stopped at once', @orders);

done_testing();

# What a provider refuses is assigned elsewhere at once, without the place that failed; and when
# everybody has refused it waits, with the reason, until somebody lifts that.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('rejected', workers => 1);
my $sim = FulfillmentSimulator->start(seed => 7);
my $world = FulfillmentWorld->new($node, $sim);
my $ship = '/api/shipments/v2409/ship';

# The goods of ups lie at both places, and ups is the cheaper one.
$world->provider('ups', timeout_ms => 3000);
$world->provider('hand');
$world->value(q{
	SELECT fulfillment.receive_stock('hand', 'ups', 5);
	UPDATE fulfillment.locations SET handling_cost = 9 WHERE code = 'hand' AND merchant_id = 1;});

# UPS says that it does not go there.
sub refuse
{
	return $sim->misbehave(
		peer => 'ups', path => $ship, action => 'status', status => 400, @_,
		body => { response => { errors => [
			{ code => '111210', message => 'The requested service is unavailable between the selected locations.' }
		] } });
}

sub shipments_of
{
	my ($order) = @_;
	return $world->value("SELECT string_agg(l.code || ' ' || s.state, ', ' ORDER BY s.shipment_id)
		 FROM fulfillment.shipments s JOIN fulfillment.locations l USING (merchant_id, location_id)
		 WHERE s.order_id = $order");
}

sub reasons
{
	my ($order) = @_;
	return $world->value("SELECT string_agg(concat_ws(' ', verdict, location, reason), ', '
		 ORDER BY verdict, location) FROM fulfillment.explain_assignment($order)
		 WHERE verdict IN ('rejected', 'waiting')");
}

refuse(next => 2);
my ($first) = $world->submit('ups', 1);
my ($reserved) = $world->value(
	"SELECT sum(reserved) FROM fulfillment.stock_levels s JOIN fulfillment.items i USING (merchant_id, item_id) WHERE i.sku = 'ups'");
is($reserved, 1, 'the order is assigned');
$world->comes_to(
	"SELECT string_agg(l.code, ' ' ORDER BY s.shipment_id) FROM fulfillment.shipments s
	   JOIN fulfillment.locations l USING (merchant_id, location_id) WHERE s.order_id = $first",
	'ups hand', 'what ups refused goes to the other place');
like(shipments_of($first), qr/^ups (?:rejected|cancelled), hand \w+$/, 'and only there');
like(reasons($first), qr/\brejected ups failed\b/, 'the explanation says why not again from ups');
is(
	$world->value("SELECT l.code FROM fulfillment.orders o JOIN fulfillment.locations l
		 ON l.merchant_id = o.merchant_id AND l.location_id = ANY (o.excluded_locations) WHERE o.order_id = $first"),
	'ups', 'the order remembers which place failed');
is(
	$world->value("SELECT string_agg(l.code || ' ' || s.reserved, ', ' ORDER BY l.code)
		 FROM fulfillment.stock_levels s JOIN fulfillment.items i USING (merchant_id, item_id)
		 JOIN fulfillment.locations l USING (merchant_id, location_id) WHERE i.sku = 'ups'"),
	'hand 1, ups 0', 'its unit is reserved once');

# Nobody else has it: it waits, and goes from ups again when stock comes in there.
$world->value("SELECT fulfillment.adjust_stock('hand', 'ups', -4, 'gone')");
my ($second) = $world->submit('ups', 1);
$world->comes_to("SELECT routing_reason FROM fulfillment.orders WHERE order_id = $second",
	'failed', 'an order that nobody else can ship waits');
is(reasons($second), 'rejected hand no_stock, rejected ups failed, waiting failed', 'and says so');
is($world->value("SELECT assigned FROM fulfillment.order_lines WHERE order_id = $second"), 0,
	'it holds no stock');
$world->value("SELECT fulfillment.receive_stock('ups', 'ups', 1)");
$world->value('SELECT fulfillment.assign_orders()');
$world->comes_to_rest('it is sent');
like(shipments_of($second), qr/, ups accepted$/, 'goods that come in are asked for there again');

# Other orders were never kept from ups.
my ($third) = $world->submit('ups', 1);
$world->comes_to_rest('another order is sent');
is(shipments_of($third), 'ups accepted', 'from the place that failed the first');
$world->is_sound('in the end');

done_testing();

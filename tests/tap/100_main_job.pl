# The main job on real input: orders in WooCommerce's wire format become parcels in the formats of
# UPS and Ongoing, and a courier's work list; they are delivered, the shop is told once, the ledger
# is exact.  `make demo` tells the same story to a person.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use FulfillmentShop;
use FulfillmentSimulator;
use JSON::PP ();
use Test::More;

my $orders = 40;
my $node = FulfillmentCluster->start_new('main');
my $sim = FulfillmentSimulator->start(seed => 7);
my $shop = FulfillmentShop->open($node, $sim);

sub count_of { return $node->value("SELECT count(*) FROM $_[0]") }

# One article of the shop is a kit here: two of the next article, with one of the one after it.
$node->value('WITH goods AS (SELECT item_id, row_number() OVER (ORDER BY item_id) AS n FROM fulfillment.items WHERE NOT hazmat)
	INSERT INTO fulfillment.kit_components (kit_item_id, component_item_id, quantity)
	SELECT k.item_id, p.item_id, 4 - p.n FROM goods k, goods p WHERE k.n = 1 AND p.n IN (2, 3)');
$shop->seed(orders => $orders, bad_address => 0.05, on_hold => 0.05);
$shop->fetch;
ok($shop->until_true("SELECT count(*) = $orders FROM fulfillment.orders"), 'every order of the shop was taken');
ok($shop->quiet, 'every call was made');
is(count_of("fulfillment.tasks WHERE state = 'parked'"), 0, 'none of them waits for a person');

my $invalid = $node->value("SELECT coalesce(string_agg(order_id::text, ','), '0') FROM fulfillment.orders WHERE state = 'invalid'");
isnt($invalid, '0', 'orders without an address that works are parked');
$node->value("SELECT count(fulfillment.edit_order(order_id, '{\"ship_to\": {\"name\": \"Eva Ek\",
	\"street1\": \"Storgatan 1\", \"city\": \"Malmö\", \"postcode\": \"21122\", \"country\": \"SE\"}}'))
	FROM fulfillment.orders WHERE order_id IN ($invalid)");
is(count_of("fulfillment.orders WHERE state = 'invalid'"), 0, 'corrected, they go on');
# What was on hold had not been paid; then it is, and the shop lets it go.
$sim->post('/woocommerce/order', { id => 0 + $_, status => 'processing' })
  for split /\n/, $node->value("SELECT channel_order_id FROM fulfillment.order_status s
	JOIN fulfillment.orders USING (merchant_id, order_id) WHERE s.progress = 'held'");
$shop->fetch;
ok($shop->until_true("SELECT count(*) = 0 FROM fulfillment.order_status WHERE progress = 'held'"),
	'what was on hold goes on when the shop says so');
ok($shop->quiet, 'the calls of what was corrected and released were made');

# What each provider has is what we think it has, once.
my @ours = split /\n/, $node->value("SELECT reference FROM fulfillment.shipment_status
	WHERE provider = 'ups' AND state <> 'cancelled' ORDER BY 1");
my %made;
$made{ $_->{context} }++ for @{ $sim->get('/ups/shipments?voided=false')->{shipments} };
is_deeply([ sort keys %made ], [ sort @ours ], 'UPS has exactly our shipments');
is_deeply([ grep { $made{$_} != 1 } keys %made ], [], '... each once');
is(count_of("fulfillment.documents WHERE kind = 'label' AND sha256 = sha256(content) AND voided_at IS NULL"),
	count_of("fulfillment.packages p JOIN fulfillment.shipment_status s USING (merchant_id, shipment_id)
		WHERE s.provider = 'ups' AND s.state <> 'cancelled'"),
	'every parcel at UPS has its label');
cmp_ok(count_of("fulfillment.shipment_status WHERE provider = 'boras' AND state = 'accepted'"), '>', 0,
	'the warehouse took its orders');

# They leave, and arrive.
$node->value("SELECT count(fulfillment.confirm_shipment(shipment_id, jsonb_build_object(
	'tracking_number', 'ROAD-' || shipment_id, 'carrier', 'courier'))) FROM fulfillment.work_list");
$sim->post('/ongoing/move', { all => JSON::PP::true, to => 'sent' });
for (1 .. 4)
{
	$shop->pass(36);
	$shop->quiet;
}
$node->value("SELECT count(fulfillment.report_tracking(tracking_number, '[{\"status\": \"delivered\"}]'))
	FROM fulfillment.packages WHERE tracking_number LIKE 'ROAD-%'");
$node->value("UPDATE fulfillment.providers SET assume_delivered_after = '1 millisecond' WHERE code = 'boras'");
$node->value('SELECT fulfillment.expire_due(1000)');
ok($shop->quiet, 'the shop was told');

is(count_of("fulfillment.order_status WHERE state NOT IN ('closed', 'cancelled') AND unassigned = 0"), 0,
	'every order that found all its goods is closed')
  or diag($node->value("SELECT number, state, progress, unassigned FROM fulfillment.order_status WHERE state <> 'closed'"));
is(count_of("fulfillment.shipments WHERE state NOT IN ('delivered', 'cancelled')"), 0, 'every shipment arrived')
  or diag($node->value("SELECT shipment_id, order_number, provider, state, tracking_status, tracking_numbers, stop FROM fulfillment.shipment_status
	WHERE state NOT IN ('delivered', 'cancelled')"));
is(count_of("fulfillment.calls WHERE operation = 'confirm_shipment' AND result = 'ok'"),
	count_of("fulfillment.shipments WHERE shipped_at IS NOT NULL"), 'the shop heard of every shipment once');
cmp_ok(count_of('fulfillment.order_lines WHERE kit_line IS NOT NULL AND shipped > 0'), '>', 0, 'kits left, too');
my %told;
foreach my $request (split /\x01/, $node->value(q{SELECT string_agg(order_id || ' ' || request, chr(1))
		FROM fulfillment.calls WHERE operation = 'confirm_shipment' AND method = 'POST' AND status = 201}))
{
	my ($order) = $request =~ /\A(\d+) /;
	my ($items) = $request =~ /"_items",\s*"value":\s*(\[[^\]]*\])/;

	$told{"$order $_->{item_id}"} += $_->{qty} foreach @{ JSON::PP::decode_json($items) };
}
is_deeply(\%told, {
		map { split /=/ } split /\n/, $node->value(q{SELECT order_id || ' ' || channel_line_id || '=' || min(shipped / coalesce(lot, 1))
			FROM fulfillment.order_lines WHERE shipped > 0 GROUP BY order_id, channel_line_id})
	}, 'the shop heard of as many as left, in the lines it ordered, kits as kits');
is($node->value('SELECT count(*) FROM fulfillment.check_stock()'), 0, 'the ledger is exact');
is($node->value("SELECT sum(reserved) FROM fulfillment.stock_levels"), 0, 'nothing stays reserved');
is_deeply([ $sim->offence_lines ], [], 'the peers found nothing wrong with what they were sent');

$node->stop;
done_testing;

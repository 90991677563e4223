# Scenario 15: an order is held when its parts are with different people already: nobody has
# touched one, a fulfillment center with an API has the second, a warehouse that works by hand the
# third, and the fourth has left.  One verb, and an answer with its time for every shipment.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSessions;
use Test::More;

my $node = FulfillmentCluster->start_new('hold_after_submit', workers => 1, settings => ['fsync = off']);
my $shop = FulfillmentSessions->new($node);

# Item A is at NEAR, B at FAR, C at the center, D at LAST.
$node->safe_psql('postgres',
	q{INSERT INTO fulfillment.connections (code, connector, config) VALUES ('box', 'sandbox', '{"clock_seconds": 3600}');
	INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
	SELECT 'box', 'Box', 'fulfillment_center', 'api', connection_id FROM fulfillment.connections WHERE merchant_id = 60;
	INSERT INTO fulfillment.locations (code, name, country, provider_id)
	SELECT 'BOX', 'Box', 'DE', provider_id FROM fulfillment.providers WHERE merchant_id = 60 AND code = 'box';
	INSERT INTO fulfillment.locations (code, name, country) VALUES ('LAST', 'Last', 'DE');
	INSERT INTO fulfillment.items (sku, name, weight_g, value) VALUES ('D', 'Item D', 100, 40);
	SELECT fulfillment.receive_stock(l, s, 10)
	  FROM unnest('{NEAR,FAR,BOX,LAST}'::text[], '{A,B,C,D}'::text[]) AS at (l, s)});
$node->value(q{SELECT shop.submit('15', '{"A": 1, "B": 1, "C": 1, "D": 1}')});

# A shipment of the order by where it is.
sub shipment { return "(SELECT shipment_id FROM fulfillment.shipment_status WHERE merchant_id = 60 AND location = '$_[0]')" }
my $states = q{SELECT string_agg(concat_ws(' ', location, state, stop), ', ' ORDER BY location)
	FROM fulfillment.shipment_status WHERE merchant_id = 60};

$node->comes_to('SELECT state FROM fulfillment.shipments WHERE shipment_id = ' . shipment('BOX'), 'accepted',
	'the center has its part');
$node->value('SELECT fulfillment.report_progress(' . shipment('FAR') . q{, 'picking')});
$node->value('SELECT fulfillment.confirm_shipment(' . shipment('LAST') . ')');
is($node->value($states), 'BOX accepted, FAR accepted, LAST shipped, NEAR queued', 'four parts, each somewhere else');

$node->value(q{SELECT fulfillment.hold_order(shop.id('15'), 'address')});
$node->comes_to('SELECT stop FROM fulfillment.shipment_status WHERE shipment_id = ' . shipment('BOX'), 'stopped',
	'the center is asked, and stops');
is($node->value($states), 'BOX accepted stopped, FAR accepted requested, LAST shipped too_late, NEAR queued stopped',
	'every shipment has its answer');
is($node->value('SELECT count(*) FROM fulfillment.shipment_status WHERE merchant_id = 60 AND stop_at IS NULL'), 0,
	'with its time');
is($node->value(q{SELECT string_agg(operation, ', ' ORDER BY call_id) FROM fulfillment.calls WHERE merchant_id = 60}),
	'create_shipment, hold_shipment', 'what was sent: the shipment, and the hold');
is($node->value(q{SELECT count(*) FROM fulfillment.attention_list WHERE merchant_id = 60 AND shipment_id = } . shipment('FAR')), 1,
	'people are asked to stop the part they work on');

$node->value('SELECT fulfillment.report_stop(' . shipment('FAR') . ', true)');
is($node->value('SELECT stop FROM fulfillment.shipment_status WHERE shipment_id = ' . shipment('FAR')), 'stopped',
	'and they did');
$shop->is_sound('while the order is held');

$node->value(q{SELECT fulfillment.release_order(shop.id('15'))});
$node->comes_to("SELECT count(*) FROM fulfillment.shipments WHERE merchant_id = 60 AND stop = 'stopped'", 0,
	'released, nothing stands still');
is($node->value(q{SELECT count(*) FROM fulfillment.calls WHERE merchant_id = 60 AND operation = 'create_shipment'}), 1,
	'and nothing was made twice');
$shop->is_sound('at the end');

$node->stop;
done_testing();

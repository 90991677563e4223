# Scenario 14 against workers: orders are held while workers take their calls.  What a hold found
# unsent is never sent as long as it stands; what it found sent is asked to stop; and when all holds
# end, everything has been sent exactly once.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSessions;
use Test::More;

use constant ORDERS => 150;

my $node = FulfillmentCluster->start_new('hold_or_claim', workers => 2, settings => ['fsync = off']);
my $shop = FulfillmentSessions->new($node);

# The sandbox carrier answers without a network; it takes NEAR's parcels.
$node->value(
	q{INSERT INTO fulfillment.connections (merchant_id, code, connector, max_concurrency) VALUES (60, 'carrier', 'sandbox', 4);
	INSERT INTO fulfillment.providers (merchant_id, code, name, kind, integration, connection_id)
	SELECT 60, 'carrier', 'Carrier', 'carrier', 'api', connection_id FROM fulfillment.connections WHERE merchant_id = 60;
	INSERT INTO fulfillment.location_carriers (merchant_id, location_id, provider_id)
	SELECT 60, l.location_id, p.provider_id FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)
	 WHERE merchant_id = 60 AND (l.code, p.code) IN (('NEAR', 'carrier'), ('FAR', 'post'));
	SELECT fulfillment.receive_stock('NEAR', 'A', 10000)});

# The orders come in one by one while two sessions hold the newest there is, as soon as it is there.
$node->value(
	q{CREATE FUNCTION shop.hold_newest() RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE
		newest bigint;
	BEGIN
		FOR round IN 1 .. 5000 LOOP
			SELECT max(order_id) INTO newest FROM fulfillment.orders o WHERE merchant_id = 60
			   AND NOT EXISTS (SELECT FROM fulfillment.holds h WHERE h.merchant_id = 60 AND h.order_id = o.order_id);
			EXIT WHEN newest IS NOT NULL;
			PERFORM pg_sleep(0.001);
		END LOOP;
		RETURN fulfillment.hold_order(newest, 'storm');
	END $$});
my @answers = $shop->at_once(
	[ join("\n", map { "SELECT shop.submit('h$_', '{\"A\": 1}');" } 1 .. ORDERS),
		("SELECT 'SELECT shop.hold_newest()' FROM generate_series(1, 40) \\gexec\n") x 2 ]);
pop @answers;
is(join(' ', map { @{ $_->{errors} } } @answers), '', 'orders were taken and held');

# Workers come to rest: of the orders that are not held nothing is left to call.
$node->comes_to("SELECT count(*) FROM fulfillment.tasks WHERE merchant_id = 60 AND state <> 'parked'", 0, 'no call is left to make');

# Held orders by what became of their shipment; the calls that were made for each.
my $held = "FROM fulfillment.shipments s
	 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE operation = 'create_shipment') AS creates FROM fulfillment.calls c
	        WHERE c.merchant_id = 60 AND c.subject_kind = 'shipment' AND c.subject_id = s.shipment_id) c
	 WHERE s.merchant_id = 60 AND EXISTS (SELECT FROM fulfillment.holds h WHERE h.merchant_id = 60 AND h.order_id = s.order_id)";
note($node->value("SELECT s.state, s.stop, creates, count(*) $held GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"));
is($node->value("SELECT count(*) $held AND s.state IN ('draft', 'queued') AND (creates > 0 OR s.stop IS DISTINCT FROM 'stopped')"), 0,
	'what stands still was never sent');
is($node->value("SELECT count(*) $held AND s.state NOT IN ('draft', 'queued') AND (creates <> 1 OR s.stop IS NULL)"), 0,
	'what had been sent was sent once, and has an answer to the hold');
cmp_ok($node->value("SELECT count(*) $held AND s.state IN ('draft', 'queued')"), '>', 0, 'some were held in time');
is($node->value("SELECT count(*) FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id)
	WHERE merchant_id = 60 AND s.state <> 'accepted' AND NOT EXISTS (SELECT FROM fulfillment.holds h WHERE h.merchant_id = 60 AND h.order_id = o.order_id)"),
	0, 'what nobody held went out');
$shop->is_sound('while they are held');

$node->value("SELECT fulfillment.release_order(order_id) FROM fulfillment.orders WHERE merchant_id = 60");
$node->comes_to("SELECT count(*) FROM fulfillment.orders o WHERE merchant_id = 60 AND NOT EXISTS (
	SELECT FROM fulfillment.shipments s WHERE s.merchant_id = 60 AND s.order_id = o.order_id AND s.state = 'accepted')", 0,
	'released, every order is with the carrier');
is($node->value("SELECT count(*) FROM fulfillment.orders o WHERE merchant_id = 60 AND 1 <> (
	SELECT count(*) FROM fulfillment.shipments s WHERE s.merchant_id = 60 AND s.order_id = o.order_id AND s.state <> 'cancelled')"),
	0, 'once');
is($node->value("SELECT count(*) FROM (SELECT subject_id FROM fulfillment.calls WHERE merchant_id = 60 AND operation = 'create_shipment'
	AND result = 'ok' GROUP BY subject_id HAVING count(*) > 1) twice"), 0, 'and nothing was sent twice');
$shop->is_sound('after the holds');

$node->stop;
done_testing();

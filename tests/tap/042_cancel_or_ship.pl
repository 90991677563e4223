# Scenario 17: a cancellation and the report that the goods have left meet, a thousand times, in
# either order of arrival.  Whoever comes first, the order is either cancelled with nothing shipped,
# or shipped with that quantity not cancelled; never both, and the ledger is exact.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSessions;
use Test::More;

use constant ORDERS => 1000;

my $node = FulfillmentCluster->start_new('cancel_or_ship', workers => 0, settings => [ 'fsync = off' ]);
my $shop = FulfillmentSessions->new($node);

# Orders that a warehouse has accepted; what it answers to a request to cancel comes later.
$node->value("SELECT fulfillment.receive_stock('NEAR', 'A', 100000)");
$node->value('SELECT count(*) FROM fulfillment.submit_orders((SELECT jsonb_agg(shop.document(\'c\' || n, \'{"A": 2}\')) FROM generate_series(1, '
	  . ORDERS . ') n))');
$node->value("SELECT count(fulfillment.report_progress(shipment_id, 'packed')) FROM fulfillment.shipments WHERE merchant_id = 60");
is($node->value("SELECT count(*) FROM fulfillment.shipments WHERE merchant_id = 60 AND state = 'accepted'"), ORDERS,
	'a warehouse has a thousand orders');

# Two pairs of sessions go through the orders, one of each cancelling, one shipping.  They wait for
# each other before every order, so that both arrive within the same millisecond; who is first is
# chance.  Sequences are seen by others at once, transaction or not.
$node->value(
	q{CREATE FUNCTION shop.meet(mine regclass, other regclass) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		step bigint := nextval(mine);
		there bigint := 0;
	BEGIN
		WHILE there < step LOOP
			EXECUTE 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ' || other INTO there;
		END LOOP;
	END $$});
$node->value(join ';', map { "CREATE SEQUENCE shop.$_" } qw(cancel0 ship0 cancel1 ship1));

sub walk
{
	my ($pair, $mine, $other, $call) = @_;

	return "SELECT format('SELECT shop.meet(''shop.$mine$pair'', ''shop.$other$pair'')'), format('$call', order_id, shipment_id)
		FROM fulfillment.shipments WHERE merchant_id = 60 AND order_id % 2 = $pair ORDER BY order_id \\gexec\n";
}
my @answers = $shop->at_once(
	[ map { (walk($_, 'cancel', 'ship', 'SELECT fulfillment.cancel_order(%1$s)'), walk($_, 'ship', 'cancel', 'SELECT fulfillment.confirm_shipment(%2$s)')) } 0, 1 ]);
note(sprintf 'met in %.1f s', pop @answers);

# Shipping is never refused; cancelling is when everything has left.
is_deeply([ map { @{ $_->{errors} } } @answers[ 1, 3 ] ], [], 'no report that goods left is refused');
is_deeply([ grep { $_ ne 'OF003' } map { @{ $_->{errors} } } @answers[ 0, 2 ] ], [], 'a cancellation is taken, or refused as the law says');

my $cancelled_first = $node->value(
	"SELECT count(*) FROM fulfillment.history WHERE merchant_id = 60 AND subject_kind = 'shipment' AND event = 'cancel' AND to_state = 'cancel_requested'");
note("cancelled first: $cancelled_first, shipped first: " . (ORDERS - $cancelled_first));
cmp_ok($cancelled_first, '>', ORDERS / 20, 'many were cancelled first');
cmp_ok($cancelled_first, '<', ORDERS - ORDERS / 20, 'many had left first');

is($node->value(
		"SELECT o.state, l.cancelled, l.shipped, s.state, s.stop, o.shipped_anyway, count(*) > 0
		   FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id)
		   JOIN fulfillment.shipments s USING (merchant_id, order_id)
		  WHERE merchant_id = 60 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 6"),
	"open|0|2|shipped||f|t\nopen|0|2|shipped|too_late|t|t",
	'all are shipped and none of it is cancelled; where the cancellation came first, it came too late');
is($node->value("SELECT on_hand, reserved FROM shop.stock()"), (100000 - 2 * ORDERS) . '|0', 'the stock has what left');
is($node->value("SELECT kind, count(*), sum(on_hand_delta), sum(reserved_delta) FROM fulfillment.stock_movements
	WHERE merchant_id = 60 AND order_id IS NOT NULL GROUP BY 1 ORDER BY 1"),
	'reserve|' . ORDERS . '|0|' . 2 * ORDERS . "\nship|" . ORDERS . '|' . -2 * ORDERS . '|' . -2 * ORDERS, 'each left once');
$shop->is_sound('after a thousand meetings');

# The warehouse's own answer races its report, too: stopped, or gone, never both.
$node->value('SELECT count(*) FROM fulfillment.submit_orders((SELECT jsonb_agg(shop.document(\'d\' || n, \'{"B": 2}\')) FROM generate_series(1, 200) n))');
$node->value("SELECT fulfillment.receive_stock('NEAR', 'B', 1000), fulfillment.assign_orders()");
$node->value("SELECT count(fulfillment.report_progress(shipment_id, 'packed')) FROM fulfillment.shipments s
	JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE merchant_id = 60 AND o.number LIKE 'd%'");
$node->value("SELECT count(fulfillment.cancel_order(order_id)) FROM fulfillment.orders WHERE merchant_id = 60 AND number LIKE 'd%'");
my $those = "FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id)
	WHERE merchant_id = 60 AND o.number LIKE 'd%' ORDER BY order_id \\gexec\n";
@answers = $shop->at_once(
	[ "SELECT format('SELECT fulfillment.report_stop(%s, true)', shipment_id) $those",
		"SELECT format('SELECT fulfillment.confirm_shipment(%s)', shipment_id) $those" ]);
pop @answers;
is_deeply($answers[1]{errors}, [], 'what left is written, whatever was said before');
is($node->value(
		"SELECT bool_and(CASE o.state WHEN 'cancelled' THEN s.shipped_after_cancel WHEN 'open' THEN o.shipped_anyway AND NOT s.shipped_after_cancel END),
		        count(*), sum(l.shipped), sum(l.cancelled)
		   FROM fulfillment.orders o JOIN fulfillment.shipments s USING (merchant_id, order_id)
		   JOIN fulfillment.order_lines l USING (merchant_id, order_id) WHERE merchant_id = 60 AND o.number LIKE 'd%'"),
	't|200|400|0', 'what left after it was stopped is flagged, what left before has its order open');
is($node->value("SELECT count(*) FILTER (WHERE s.shipped_after_cancel) = (SELECT count(*) FROM fulfillment.returns r
	WHERE r.merchant_id = 60 AND r.state = 'expected') FROM fulfillment.shipments s WHERE s.merchant_id = 60"), 't',
	'and each of the flagged is expected back');
$shop->is_sound('after the answers');

$node->stop;
done_testing();

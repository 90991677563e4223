# Money at two gateways: captured once per shipment whatever gets lost on the way, refunded for what
# came back, let go for what was cancelled.  What counts is what the gateways have in their books.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use FulfillmentSimulator;
use Test::More;

my $node = FulfillmentCluster->start_new('payments');
my $sim = FulfillmentSimulator->start(seed => 11);

$node->value(sprintf q{
	INSERT INTO fulfillment.connections (code, connector, config) VALUES
	('klarna', 'klarna', '{"base_url": "%s"}'), ('nets', 'nets_easy', '{"base_url": "%s", "tax_rate": 2500}');
	SELECT fulfillment.set_secret('klarna', '{"user": "K1", "password": "klarna_test_api_x"}');
	SELECT fulfillment.set_secret('nets', '{"secret_key": "test-secret-key-0123456789abcdef0123456789abcdef"}');
	INSERT INTO fulfillment.channels (code, name, currency) VALUES ('shop', 'Shop', 'SEK');
	INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('post', 'Post', 'carrier', 'manual');
	INSERT INTO fulfillment.locations (code, name, country) VALUES ('L', 'Here', 'SE');
	INSERT INTO fulfillment.items (sku, name) VALUES ('MUG', 'Mug, blue'), ('TEA', 'Tea & biscuits');
	SELECT fulfillment.receive_stock('L', sku, 1000) FROM fulfillment.items},
	$sim->url('klarna'), $sim->url('nets'));

# An order of three mugs at 249.50 and a tea at 99.90, with freight of 99 and a discount of 10 percent on the goods.
my $cents = 3 * 24950 + 9990 - 8484 + 9900;
sub submit
{
	my ($number, $gateway, $reference) = @_;

	$sim->post('/klarna/order', { order_id => $reference, amount => $cents, currency => 'SEK' }) if $gateway eq 'klarna';
	$sim->post('/nets/payment', { payment_id => $reference, amount => $cents }) if $gateway eq 'nets';
	return $node->value(sprintf q{SELECT fulfillment.submit_order('{"channel": "shop", "number": "%s", "currency": "SEK",
		"placed_at": "2026-03-01T10:00:00Z", "attributes": {"freight": "99.00"},
		"payment": {"state": "authorized", "gateway": "%s", "reference": "%s", "amount": %.2f},
		"ship_to": {"name": "Eva Ek", "street1": "Storgatan 1", "city": "Malmö", "postcode": "21122", "country": "SE"},
		"lines": [{"line": 1, "sku": "MUG", "quantity": 3, "unit_price": "249.50"},
		          {"line": 2, "sku": "TEA", "quantity": 1, "unit_price": "99.90"}]}')},
		$number, $gateway, $reference, $cents / 100);
}

# Ships units of line 1 from the order's newest open shipment, or all that is left.
sub ship
{
	my ($order, $units) = @_;
	my $shipment = $node->value("SELECT max(shipment_id) FROM fulfillment.shipments WHERE order_id = $order AND state IN ('draft', 'queued')");
	my $lines = $units ? qq{, "lines": [{"line": 1, "quantity": $units}]} : '';

	$node->value(qq{SELECT fulfillment.confirm_shipment($shipment, '[{"tracking_number": "RR$shipment", "carrier": "postnord"$lines}]')});
}

sub settled { return $node->poll_query_until('postgres', q{SELECT NOT EXISTS (SELECT FROM fulfillment.tasks WHERE state <> 'parked')}) }
sub steps { return $node->value("SELECT string_agg(kind || ' ' || state || ' ' || amount, ', ' ORDER BY payment_id) FROM fulfillment.payments WHERE order_id = $_[0]") }
sub klarna { return (grep { $_->{order_id} eq $_[0] } @{ $sim->get('/klarna/orders')->{orders} })[0] }
sub nets { return (grep { $_->{payment}{paymentId} eq $_[0] } @{ $sim->get('/nets/payments')->{payments} })[0] }

# Klarna: two shipments; the answer to the first capture is lost, the second meets a conflict.
my $one = submit('K-1', 'klarna', 'klarna-1');
$sim->misbehave(peer => 'klarna', path => '/ordermanagement', method => 'POST', action => 'drop_after_processing', next => 1);
ship($one, 2);
ok(settled(), 'the first capture came to an end');
$sim->misbehave(peer => 'klarna', method => 'POST', action => 'status', status => 409, next => 1);
ship($one);
ok(settled(), 'the second, too');
my $order = klarna('klarna-1');
is($order->{captured_amount}, $cents, 'all that was authorized was captured, to the cent');
is(scalar @{ $order->{captures} }, 2, '... in one capture a shipment');
is($order->{writes}, 2, '... each made once');
is($node->value("SELECT count(*) FROM fulfillment.calls WHERE operation = 'find_payment' AND result = 'ok' AND order_id = $one"), 1,
	'the capture whose answer was lost was looked up, and not made again');
is($node->value("SELECT count(*) FROM fulfillment.calls WHERE operation = 'capture' AND result = 'unknown' AND order_id = $one"), 1,
	'... after one call in doubt');
is_deeply([ map { $_->{reference} } @{ $order->{captures} } ],
	[ split /\n/, $node->value("SELECT reference FROM fulfillment.shipments WHERE order_id = $one ORDER BY shipment_id") ],
	'captures carry the references of their shipments');
is($order->{captures}[0]{shipping_info}[0]{shipping_company}, 'postnord', 'the customer sees the parcel');
like(steps($one), qr/^capture done [\d.]+, capture done [\d.]+$/, 'our books say the same');

# A call that never arrived is looked up as well, and then made.
my $two = submit('K-2', 'klarna', 'klarna-2');
$sim->misbehave(peer => 'klarna', method => 'POST', action => 'reset', next => 1);
ship($two);
ok(settled(), 'a capture that got lost on its way came to an end');
is(klarna('klarna-2')->{captured_amount}, $cents, '... made');
is(klarna('klarna-2')->{writes}, 1, '... once');

# Goods come back: a refund bound to what was captured; its answer is lost, too.
$node->value("SELECT count(fulfillment.report_tracking(tracking_number, '[{\"status\": \"delivered\"}]')) FROM fulfillment.packages");
is($node->value("SELECT state FROM fulfillment.orders WHERE order_id = $one"), 'closed', 'the order closed');
my $back = $node->value("SELECT fulfillment.request_return($one, '[{\"sku\": \"MUG\", \"quantity\": 1}]', 'chipped')");
is($node->value("SELECT fulfillment.approve_return($back)"), 'expected', 'a return is approved');
$sim->misbehave(peer => 'klarna', method => 'POST', action => 'drop_after_processing', next => 1);
$node->value("SELECT fulfillment.receive_return($back, '[{\"sku\": \"MUG\", \"quantity\": 1, \"condition\": \"chipped\"}]', reference => 'GRN-1')");
ok(settled(), 'the refund came to an end');
is(klarna('klarna-1')->{refunded_amount}, 22455, 'a mug was refunded at the discounted price');
is(scalar @{ klarna('klarna-1')->{refunds} }, 1, '... once');
is($node->value("SELECT state || ' ' || refunded FROM fulfillment.returns WHERE return_id = $back"), 'resolved 224.55', 'the return is resolved');
is($node->value("SELECT state FROM fulfillment.orders WHERE order_id = $one"), 'closed', '... and its order closed again');
is($node->value("SELECT quarantine FROM fulfillment.stock_levels JOIN fulfillment.items USING (merchant_id, item_id) WHERE sku = 'MUG'"), 1,
	'the mug waits to be looked at');

# Cancelled before it left; cancelled in part.
my $three = submit('K-3', 'klarna', 'klarna-3');
$node->value("SELECT fulfillment.cancel_order($three)");
my $four = submit('K-4', 'klarna', 'klarna-4');
ship($four, 1);
$node->value("SELECT fulfillment.cancel_order($four, 'no more')");
$node->value("SELECT count(fulfillment.report_tracking(tracking_number, '[{\"status\": \"delivered\"}]')) FROM fulfillment.packages WHERE status IS NULL");
ok(settled(), 'what was cancelled came to an end');
is(klarna('klarna-3')->{status}, 'CANCELLED', 'an order that was cancelled is let go');
is(klarna('klarna-4')->{status}, 'CAPTURED', 'the rest of one that left in part is released');
is(klarna('klarna-4')->{captured_amount}, 9900 + 22455, '... after freight and one mug were captured');

# Refused for good: a person is told, nothing is made twice, and the same step can be tried again.
my $five = submit('K-5', 'klarna', 'klarna-5');
$sim->post('/klarna/order', { order_id => 'klarna-5', amount => 100, currency => 'SEK' });
ship($five);
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM fulfillment.attention_list WHERE kind = 'payment_refused'"), 'a refusal is told');
is(steps($five), "capture refused " . sprintf('%.2f', $cents / 100), '... and written down');
$sim->post('/klarna/order', { order_id => 'klarna-5', amount => $cents, currency => 'SEK' });
$node->value("SELECT fulfillment.retry_task(task_id) FROM fulfillment.tasks WHERE state = 'parked' AND operation = 'capture'");
ok(settled(), 'tried again');
is(klarna('klarna-5')->{captured_amount}, $cents, '... it is captured');

# Nets: the same, by its own means.
my $six = submit('N-1', 'nets', '02a70000619b6e2f8a1c4d0de5b7a931');
$sim->misbehave(peer => 'nets', method => 'POST', action => 'drop_after_processing', next => 1);
ship($six, 2);
ok(settled(), 'a charge whose answer was lost came to an end');
ship($six);
ok(settled(), 'the last one, too');
my $payment = nets('02a70000619b6e2f8a1c4d0de5b7a931');
is($payment->{payment}{summary}{chargedAmount}, $cents, 'all that was reserved was charged');
is($payment->{writes}, 2, '... once a shipment');
ok($payment->{final}, '... the last says that it is the last');
$node->value("SELECT count(fulfillment.report_tracking(tracking_number, '[{\"status\": \"delivered\"}]')) FROM fulfillment.packages WHERE status IS NULL");
$back = $node->value("SELECT fulfillment.request_return($six)");
$node->value("SELECT fulfillment.approve_return($back, fee => 49); SELECT fulfillment.receive_return($back)");
ok(settled(), 'refunds came to an end');
is(nets('02a70000619b6e2f8a1c4d0de5b7a931')->{payment}{summary}{refundedAmount}, $cents - 9900 - 4900, 'all goods less the fee were refunded');
is($node->value("SELECT state FROM fulfillment.returns WHERE return_id = $back"), 'resolved', 'that return is resolved');
my $seven = submit('N-2', 'nets', '02a70000619b6e2f8a1c4d0de5b7a932');
$sim->misbehave(peer => 'nets', method => 'POST', action => 'drop_after_processing', next => 1);
$node->value("SELECT fulfillment.cancel_order($seven)");
ok(settled(), 'a cancellation whose answer was lost came to an end');
is(nets('02a70000619b6e2f8a1c4d0de5b7a932')->{writes}, 1, '... and was made once');

is($node->value(q{SELECT count(*) FROM fulfillment.attention_list WHERE kind <> 'return_differs' AND kind <> 'payment_refused'}), 0, 'nothing waits for a person')
  or diag($node->value('SELECT kind, message FROM fulfillment.attention_list'));
is_deeply([ $sim->offence_lines ], [], 'the gateways found nothing wrong with what they were sent');
is($node->value('SELECT count(*) FROM fulfillment.check_stock()'), 0, 'the ledger is exact');
is($node->value(q{SELECT count(*) FROM (SELECT o.order_id FROM fulfillment.orders o JOIN fulfillment.payments p USING (merchant_id, order_id)
	WHERE p.kind = 'capture' AND p.state = 'done' GROUP BY o.order_id, o.payment HAVING sum(p.amount) > (o.payment ->> 'amount')::numeric) x}), 0,
	'nowhere was more captured than authorized');
$node->stop;
done_testing();

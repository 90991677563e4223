# Warehouses that are known by a number and nothing else meet their simulators through the engine:
# an order goes out, leaves and is told of; a cancellation comes in time or too late; stock is read;
# and after an answer was lost nothing is there twice, which the simulator's own count proves.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use JSON::PP;
use Test::More;

my $node = FulfillmentCluster->start_new('warehouses', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 8);
my $world = FulfillmentWorld->new($node, $sim);

my %jakarta = (
	name => 'Ani Contoh', street1 => 'Jl. Contoh 1', city => 'Jakarta Pusat', region => 'DKI Jakarta',
	postcode => '10310', country => 'ID', phone => '0811-0000-001', email => 'ani@example.org');

my %warehouses = (
	shipper_id => { create => '/v3/fulfillment/outbound/oms', order => { ship_to => \%jakarta } },
	efs => { create => '/xml/orders/', order => {} });
my @names = sort keys %warehouses;
$world->provider($_, timeout_ms => 3000) foreach @names;

# One order for each; answers their shipments by warehouse.
sub send_orders
{
	my %shipment;
	foreach my $name (@names)
	{
		my ($order) = $world->submit($name, 1, %{ $warehouses{$name}{order} });
		($shipment{$name}) = $world->shipments($order);
	}
	return %shipment;
}

sub states
{
	my (%shipment) = @_;
	return join ' ', map { ($world->shipments($shipment{$_}{order_id}))[0]{state} } @names;
}

sub orders_there
{
	my ($name) = @_;
	return $sim->get("/$name/counts")->{orders};
}

sub ask
{
	$world->value(q{UPDATE fulfillment.shipments SET poll_at = now() WHERE poll_at IS NOT NULL;
		SELECT fulfillment.poll_tracking();});
	return $world->comes_to_rest('what is under way is asked for');
}

subtest 'an order goes out and leaves' => sub {
	my %shipment = send_orders();

	$world->comes_to_rest('every call is made');
	is(states(%shipment), 'accepted accepted', 'the warehouses have the orders');
	is(orders_there($_), 1, "$_: once") foreach @names;
	is($sim->get('/shipper_id/counts')->{bookings}, 1, 'the courier is booked');
	$sim->advance(h => 3.5);
	ask();
	is(
		$world->value("SELECT progress FROM fulfillment.shipments
			WHERE shipment_id = $shipment{shipper_id}{shipment_id}"),
		'picking', 'it is picked');
	$sim->advance(h => 10);
	ask();
	is(states(%shipment), 'shipped shipped', 'the goods have left');
	foreach my $name (@names)
	{
		is(
			$world->value("SELECT count(*) FROM fulfillment.packages
				WHERE shipment_id = $shipment{$name}{shipment_id} AND tracking_number IS NOT NULL"),
			1, "$name: the parcel has a number");
	}
};

subtest 'a cancellation, in time and too late' => sub {
	my %early = send_orders();

	$world->comes_to_rest('every call is made');
	$world->value("SELECT fulfillment.cancel_order($early{$_}{order_id}, 'changed my mind')") foreach @names;
	$world->comes_to_rest('every cancellation is asked for');
	ask();
	is(states(%early), 'cancelled cancelled', 'in time');

	my %late = send_orders();
	$world->comes_to_rest('every call is made');
	$sim->advance(h => 30);
	$world->value("SELECT fulfillment.cancel_order($late{$_}{order_id}, 'changed my mind')") foreach @names;
	$world->comes_to_rest('every cancellation is asked for');
	ask();
	is(states(%late), 'shipped shipped', 'too late: the goods have left');
};

subtest 'stock' => sub {
	$sim->post("/$_/stock", { sku => $_, quantity => 99998 }) foreach @names;
	$world->value("SELECT fulfillment.sync_inventory('$_')") foreach @names;
	$world->comes_to_rest('stock is read');
	is(
		$world->value("SELECT string_agg(i.sku || ' ' || r.reported_on_hand, ', ' ORDER BY i.sku)
			FROM fulfillment.stock_levels r JOIN fulfillment.items i USING (merchant_id, item_id)
			WHERE r.reported_on_hand IS NOT NULL"),
		'efs 99998, shipper_id 99998', 'the warehouses say what they have');
};

subtest 'an answer is lost' => sub {
	my %before = map { $_ => orders_there($_) } @names;

	$world->value("SELECT fulfillment.pause_connection(code, 'rules are made') FROM fulfillment.connections");
	my %shipment = send_orders();
	$sim->misbehave(
		peer => $_, path => $warehouses{$_}{create}, method => 'POST', next => 1,
		action => 'drop_after_processing') foreach @names;
	$world->value('SELECT fulfillment.resume_connection(code) FROM fulfillment.connections');
	$world->comes_to_rest_in_time('what is to be known is known');
	is(states(%shipment), 'accepted accepted', 'found again, or known by its number');
	is(orders_there($_) - $before{$_}, 1, "$_: there once") foreach @names;
};

subtest 'goods come back to a warehouse, which is asked what came' => sub {
	$sim->settings('ongoing', { auto_articles => JSON::PP::true });
	$world->provider('ongoing', timeout_ms => 3000);
	$sim->post('/ongoing/stock', { articles => [ { articleNumber => 'ongoing', numberOfItems => 10 } ] });
	my ($order) = $world->submit('ongoing', 1,
		lines => [ { line => 1, sku => 'ongoing', quantity => 3, unit_price => '25.00' } ]);
	$world->comes_to_rest('the warehouse has the order');
	$sim->post('/ongoing/move', { all => JSON::PP::true, to => 'sent' });
	ask();
	my $return = $world->value("SELECT fulfillment.request_return($order)");
	$world->value("SELECT fulfillment.approve_return($return)");
	$world->comes_to_rest('it is announced');
	my ($row) = $world->rows("SELECT * FROM fulfillment.returns WHERE return_id = $return");
	ok($row->{provider_reference} && $row->{poll_at}, 'the warehouse waits for it, and will be asked')
	  || diag(explain($row));
	my $number = $world->value("SELECT reference_prefix || '-R$return' FROM fulfillment.merchants WHERE merchant_id = 1");
	my $look = sub {
		$world->value("UPDATE fulfillment.returns SET poll_at = now() WHERE return_id = $return;
			SELECT fulfillment.poll_tracking()");
		$world->comes_to_rest('it is asked what came');
		return $world->value("SELECT string_agg(quantity || ' ' || condition || ' ' || disposition, ', ' ORDER BY receipt_id)
			FROM fulfillment.receipts WHERE return_id = $return") // '';
	};
	is($look->(), '', 'nothing has come');
	$sim->post('/ongoing/receive_return', { goodsOwnerId => 1, returnOrderNumber => $number, rows => { 1 => { items => 1 } } });
	is($look->(), '1 good restock', 'a unit is back on the shelf');
	is($look->(), '1 good restock', 'once');
	$sim->post('/ongoing/receive_return', { goodsOwnerId => 1, returnOrderNumber => $number, rows => { 1 => { items => 2, removed => JSON::PP::true } } });
	is($look->(), '1 good restock, 2 damaged quarantine', 'two more are not');
	isnt($world->value("SELECT state FROM fulfillment.returns WHERE return_id = $return"), 'receiving', 'all of it has come');
	is($world->value("SELECT poll_at FROM fulfillment.returns WHERE return_id = $return"), '', 'nobody is asked any more');
};

subtest 'a status that nobody understands' => sub {
	my %shipment = send_orders();

	$world->comes_to_rest('every call is made');
	my $reference = $shipment{shipper_id}{reference};
	my $number = $world->value("SELECT provider_reference FROM fulfillment.shipments
		WHERE shipment_id = $shipment{shipper_id}{shipment_id}");
	$world->value(q{UPDATE fulfillment.connections SET config = config || '{"allow_unsigned": true}' WHERE code = 'shipper_id'});
	foreach my $event (1, 2)
	{
		$world->value(qq{SELECT fulfillment.receive_webhook('shipper_id', '{}', convert_to(
			'{"order_no": "$number", "status_code": "77", "status_descr": "Blessed", "status_time": "2026-03-06 16:0$event:22"}', 'UTF8'))});
		$world->comes_to_rest('the webhook is taken');
	}
	is(states(%shipment), 'accepted accepted', 'it leaves the shipment as it was');
	is($world->value(q{SELECT connector || ' ' || code || ' ' || description || ' ' || events || ' ' || reference
		FROM fulfillment.unknown_codes}), "shipper_id 77 Blessed 1 $reference", 'and is counted, once for the shipment');
};

subtest 'credentials that are wrong' => sub {
	$world->value(q{SELECT fulfillment.set_secret('shipper_id', '{"api_key": "wrong"}');
		SELECT fulfillment.set_secret('efs', '{"merchant_token": "wrong"}')});
	my %shipment = send_orders();
	$world->comes_to("SELECT string_agg(code, ' ' ORDER BY code) FROM fulfillment.connections
		WHERE state = 'paused'", 'efs shipper_id', 'the connections are paused, and a person is told');
};

$node->stop;
is($sim->stop, 0, 'the simulator ends cleanly');
done_testing();

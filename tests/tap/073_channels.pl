# The sales channels meet their simulators through the engine: orders come in page by page, are
# shipped and told once, even when an answer is lost, which the channel's own count proves; stock
# follows; what the channel holds or cancels is held or cancelled here, and the other way round
# where the channel takes it.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Digest::SHA qw(hmac_sha256_base64);
use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use JSON::PP;
use Test::More;

my $json = JSON::PP->new->canonical;
my $node = FulfillmentCluster->start_new('channels', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 11);
my $world = FulfillmentWorld->new($node, $sim);

# confirm: a text in the request that tells of a shipment.  hold, cancel: whether the channel can be
# told of that, and a text in the request.  settings: small pages, so that there are several.
my %channels = (
	shopify => {
		config => { location_id => '99', page_size => 2 },
		secret => { client_id => 'demo', client_secret => 'channel-secret-1' },
		settings => { line_page => 1 },
		confirm => { contains => 'fulfillmentCreate' },
		hold => 1,
		cancel => 'orderCancel',
	},
	ebay => {
		config => {},
		secret => { client_id => 'demo', client_secret => 'channel-secret-2', refresh_token => 'v^1.1#token' },
		confirm => { path => '/sell/fulfillment/v1/order', contains => 'trackingNumber' },
		cancel => 'cancelReason',
	},
	amazon_orders => {
		config => { marketplace_id => 'ATVPDKIKX0DER', seller_id => 'A3SELLER' },
		secret => { client_id => 'demo', client_secret => 'channel-secret-3', refresh_token => 'Atzr|token' },
		settings => { page_size => 2 },
		confirm => { contains => 'packageReferenceId' },
		cancel => 'OrderCancellation',
	});
my @names = sort keys %channels;

# Two places that alone have their goods, so an order of both becomes two shipments.
$world->provider('hand');
$world->provider('hand', code => 'desk');
foreach my $name (@names)
{
	my $url = $sim->url($name);
	my %config = (base_url => $url, %{ $channels{$name}{config} });
	$config{token_url} = "$url/auth/o2/token" if $name eq 'amazon_orders';
	$sim->settings($name, $channels{$name}{settings}) if $channels{$name}{settings};
	$world->value(sprintf q{
		INSERT INTO fulfillment.connections (code, connector, config, rate_per_second, timeout_ms)
		VALUES ('%1$s', '%1$s', $j$%2$s$j$, 1000, 5000);
		SELECT fulfillment.set_secret('%1$s', $j$%3$s$j$);
		INSERT INTO fulfillment.channels (code, name, currency, connection_id)
		SELECT '%1$s', '%1$s', 'USD', connection_id FROM fulfillment.connections WHERE code = '%1$s';
		INSERT INTO fulfillment.listings (channel_id, item_id, channel_sku)
		SELECT channel_id, item_id, sku FROM fulfillment.channels c, fulfillment.items i
		 WHERE c.code = '%1$s' AND i.sku = 'hand'},
		$name, $json->encode(\%config), $json->encode($channels{$name}{secret}));
}

# An order at the channel; answers its number there.
sub sell
{
	my ($name, %more) = @_;
	my $lines = $more{lines} // [ { sku => 'hand', quantity => 2 }, { sku => 'desk', quantity => 1 } ];
	return $sim->post("/$name/orders", { %more, lines => $lines })->{number};
}

sub at_channel
{
	my ($name, $number) = @_;
	return $sim->get("/$name/orders?number=$number")->{orders}[0];
}

sub fetch
{
	$world->value('SELECT fulfillment.fetch_orders()');
	return $world->comes_to_rest('every channel is asked');
}

# Our order of a channel's number: {order_id, state, wanted, cancelled, shipped, held}.
sub ours
{
	my ($name, $number) = @_;
	my ($order) = $world->rows(sprintf q{
		SELECT o.order_id, o.state, sum(l.quantity) AS wanted, sum(l.cancelled) AS cancelled,
		       sum(l.shipped) AS shipped, (SELECT count(*) FROM fulfillment.holds h
		         WHERE h.order_id = o.order_id AND h.released_at IS NULL) AS held
		  FROM fulfillment.orders o JOIN fulfillment.channels c USING (merchant_id, channel_id)
		  JOIN fulfillment.order_lines l USING (merchant_id, order_id)
		 WHERE c.code = '%s' AND o.number IN ('%s', '#%s') GROUP BY o.order_id, o.state}, $name, $number, $number);
	return $order;
}

subtest 'a shop over plain http takes a signature, another the key in the address' => sub {
	foreach my $way (qw(oauth1 query basic))
	{
		$world->value(sprintf q{
			INSERT INTO fulfillment.connections (code, connector, config, timeout_ms)
			VALUES ('woo_%1$s', 'woocommerce', $j${"base_url": "%2$s", "authentication": "%1$s"}$j$, 5000);
			SELECT fulfillment.set_secret('woo_%1$s', '{"consumer_key": "ck_a", "consumer_secret": "cs_b"}');
			INSERT INTO fulfillment.channels (code, name, currency, connection_id)
			SELECT code, code, 'USD', connection_id FROM fulfillment.connections WHERE code = 'woo_%1$s'},
			$way, $sim->url('woocommerce'));
		foreach my $call (qw(test_connection fetch_orders))
		{
			$world->value("SELECT fulfillment.$call('woo_$way')");
			$world->comes_to_rest("$way: $call");
			is($world->value("SELECT string_agg(DISTINCT k.result::text, ' ') FROM fulfillment.calls k
				JOIN fulfillment.connections n USING (merchant_id, connection_id)
				WHERE n.code = 'woo_$way' AND k.operation = '$call'"), 'ok', "$way: $call is taken");
		}
	}
	is($world->value(q{SELECT count(*) FROM fulfillment.calls WHERE url ~ 'cs_b|ck_a'}), 0, 'no record holds the key');
	$world->value(q{SELECT fulfillment.set_secret('woo_oauth1', '{"consumer_key": "ck_a", "consumer_secret": "cs_c"}');
		SELECT fulfillment.test_connection('woo_oauth1')});
	$world->comes_to_rest('another secret is shown');
	is($world->value(q{SELECT k.result FROM fulfillment.calls k JOIN fulfillment.connections n USING (merchant_id, connection_id)
		WHERE n.code = 'woo_oauth1' ORDER BY call_id DESC LIMIT 1}), 'unauthorized', 'a signature by another secret is not');
	$world->value(q{DELETE FROM fulfillment.channels WHERE code LIKE 'woo%'});
};

my %sold;
foreach my $name (@names)
{
	push @{ $sold{$name} }, sell($name) foreach 1 .. 5;
}
subtest 'orders come in, page by page' => sub {
	fetch();
	foreach my $name (@names)
	{
		my @orders = map { ours($name, $_) } @{ $sold{$name} };
		is(join(' ', map { "$_->{state}:$_->{wanted}" } @orders), join(' ', ('open:3') x 5), "$name: all five");
		is($world->value("SELECT count(*) FROM fulfillment.calls
			 WHERE operation = 'fetch_orders' AND connection_id = (SELECT connection_id
			       FROM fulfillment.connections WHERE code = '$name')") > 1, 1, "$name: in several calls")
		  if $channels{$name}{settings};
	}
	my ($order) = $world->rows("SELECT ship_to, currency FROM fulfillment.orders LIMIT 1");
	is("$order->{ship_to}{street1} $order->{ship_to}{postcode} $order->{currency}", '9 Elm St 78701 USD', 'with an address');
};

subtest 'a part leaves, is told once though the answer is lost, and is no smaller wish' => sub {
	foreach my $name (@names)
	{
		my $order = ours($name, $sold{$name}[0]);
		my ($shipment) = grep { $_->{provider} eq 'hand' } $world->shipments($order->{order_id});
		$sim->misbehave(peer => $name, action => 'drop_after_processing', next => 1, %{ $channels{$name}{confirm} });
		$world->value("SELECT fulfillment.confirm_shipment($shipment->{shipment_id},
			'[{\"tracking_number\": \"1Z999AA10123456784\", \"carrier\": \"ups\"}]')");
	}
	$world->comes_to_rest('every channel is told');
	foreach my $name (@names)
	{
		my $seen = at_channel($name, $sold{$name}[0]);
		is(scalar @{ $seen->{parcels} }, 1, "$name: one parcel") || diag(explain($seen));
		is("$seen->{parcels}[0]{number} $seen->{parcels}[0]{carrier}", '1Z999AA10123456784 UPS', "$name: with its number");
		is($seen->{notified}, 1, "$name: the customer heard of it once");
		is(join(' ', map { $_->{shipped} } @{ $seen->{lines} }), '2 0', "$name: what was in it");
	}
	fetch();
	foreach my $name (@names)
	{
		my $order = ours($name, $sold{$name}[0]);
		is("$order->{wanted} $order->{cancelled} $order->{shipped}", '3 0 2', "$name: the rest is still wanted");
		my ($shipment) = grep { $_->{provider} eq 'desk' } $world->shipments($order->{order_id});
		$world->value("SELECT fulfillment.confirm_shipment($shipment->{shipment_id},
			'[{\"tracking_number\": \"1Z999AA10123456795\", \"carrier\": \"ups\"}]')");
	}
	$world->comes_to_rest('the rest is told');
	fetch();
	foreach my $name (@names)
	{
		my $seen = at_channel($name, $sold{$name}[0]);
		is(join(' ', map { $_->{number} } @{ $seen->{parcels} }), '1Z999AA10123456784 1Z999AA10123456795', "$name: both parcels");
		my $order = ours($name, $sold{$name}[0]);
		is("$order->{wanted} $order->{cancelled} $order->{shipped}", '3 0 3', "$name: all has left");
	}
};

subtest 'stock follows' => sub {
	foreach my $name (@names)
	{
		$sim->misbehave(peer => $name, action => 'drop_after_processing', next => 1,
			contains => { shopify => 'inventorySetQuantities', ebay => 'bulk_update', amazon_orders => 'fulfillment_availability' }->{$name});
	}
	$world->value("SELECT fulfillment.receive_stock('hand', 'hand', 17); SELECT fulfillment.push_inventory()");
	$world->comes_to_rest('every channel is told its stock');
	my $available = $world->value("SELECT sum(available) FROM fulfillment.available_stock s
		JOIN fulfillment.items i USING (merchant_id, item_id) WHERE i.sku = 'hand'");
	foreach my $name (@names)
	{
		my $levels = $sim->get("/$name/stock")->{levels}{hand};
		is($levels->[-1], $available, "$name: shows what there is");
		is(scalar(grep { $_ != $available } @$levels), 0, "$name: and never showed anything else");
	}
};

subtest 'what a channel holds, releases and cancels' => sub {
	$sim->post("/$_/order", { number => $sold{$_}[1], hold => 'ask first' }) foreach @names;
	$sim->post("/$_/order", { number => $sold{$_}[2], cancel => JSON::PP::true }) foreach @names;
	fetch();
	is(ours($_, $sold{$_}[1])->{held}, 1, "$_: held") foreach @names;
	is(ours($_, $sold{$_}[2])->{state}, 'cancelled', "$_: cancelled") foreach @names;
	$sim->post("/$_/order", { number => $sold{$_}[1], hold => '' }) foreach @names;
	fetch();
	is(ours($_, $sold{$_}[1])->{held}, 0, "$_: released") foreach @names;
};

subtest 'what we hold, release and cancel' => sub {
	foreach my $name (grep { $channels{$_}{cancel} } @names)
	{
		my ($held, $cancelled) = map { ours($name, $sold{$name}[$_])->{order_id} } 3, 4;
		$sim->misbehave(peer => $name, action => 'drop_after_processing', next => 1,
			contains => $channels{$name}{cancel});
		$world->value("SELECT fulfillment.hold_order($held, 'address'); SELECT fulfillment.cancel_order($cancelled, 'out of stock')");
		$world->comes_to_rest("$name is told");
		is(scalar keys %{ at_channel($name, $sold{$name}[3])->{our_holds} }, 1, "$name: holds it")
		  if $channels{$name}{hold};
		ok(at_channel($name, $sold{$name}[4])->{cancelled}, "$name: cancelled it, once");
		fetch();
		is($world->value("SELECT count(*) FROM fulfillment.holds WHERE order_id = $held"), 1, "$name: our own hold does not come back");
		$world->value("SELECT fulfillment.release_order($held)");
		$world->comes_to_rest("$name is told");
		is(scalar keys %{ at_channel($name, $sold{$name}[3])->{our_holds} }, 0, "$name: released it");
		fetch();
		is(ours($name, $sold{$name}[3])->{held}, 0, "$name: the order goes on");
	}
};

subtest 'the buyer asks eBay to cancel, and we do' => sub {
	my $number = sell('ebay');
	fetch();
	$sim->post('/ebay/order', { number => $number, hold => 'BUYER_CANCEL' });
	$world->value('SELECT fulfillment.cancel_order(' . ours('ebay', $number)->{order_id} . q{, 'the buyer asks for it')});
	$world->comes_to_rest('eBay is told');
	ok(at_channel('ebay', $number)->{cancelled}, 'his wish is approved');
};

subtest 'goods come back, and eBay pays, once though the answer is lost' => sub {
	my $order = ours('ebay', $sold{ebay}[0])->{order_id};
	my $return = $world->value("SELECT fulfillment.request_return($order, '[{\"sku\": \"hand\", \"quantity\": 1}]')");
	$sim->misbehave(peer => 'ebay', action => 'drop_after_processing', next => 1, contains => 'BUYER_RETURN');
	$world->value("SELECT fulfillment.approve_return($return); SELECT fulfillment.receive_return($return)");
	$world->comes_to_rest_in_time('eBay is asked to pay');
	my $refunds = at_channel('ebay', $sold{ebay}[0])->{refunds};
	is(scalar @$refunds, 1, 'one refund') || diag(explain($refunds));
	is($refunds->[0]{amount}{value}, $world->value("SELECT refunded FROM fulfillment.returns WHERE return_id = $return"),
		'of what the goods were worth');
	is($world->value("SELECT state FROM fulfillment.returns WHERE return_id = $return"), 'resolved', 'the return is over');
};

subtest 'goods come back, and Amazon pays by a feed, which is not handed in twice' => sub {
	my $order = ours('amazon_orders', $sold{amazon_orders}[0])->{order_id};
	my $come_back = sub {
		my ($sku) = @_;
		my $return = $world->value("SELECT fulfillment.request_return($order, '[{\"sku\": \"$sku\", \"quantity\": 1}]')");
		$world->value("SELECT fulfillment.approve_return($return); SELECT fulfillment.receive_return($return)");
		$world->comes_to_rest('Amazon is asked to pay');
		return $world->value("SELECT state || ' ' || refunded FROM fulfillment.returns WHERE return_id = $return");
	};
	my $refunds = sub { return at_channel('amazon_orders', $sold{amazon_orders}[0])->{refunds} };

	my ($state, $paid) = split / /, $come_back->('hand');
	is($state, 'resolved', 'the report says that it is paid');
	is(join(' ', map { "$_->{amount} $_->{currency}" } @{ $refunds->() }), "$paid USD", 'of what the goods were worth');
	$sim->misbehave(peer => 'amazon_orders', action => 'drop_after_processing', next => 1, contains => 'PAYMENT_ADJUSTMENT');
	like($come_back->('desk'), qr/^refunding /, 'an answer is lost: nobody knows');
	is(scalar @{ $refunds->() }, 2, 'it is not paid twice');
	is($world->value("SELECT count(*) FROM fulfillment.tasks WHERE state = 'parked' AND operation = 'push_return'"), 1,
		'a person looks');
};

subtest 'a customer asks Shopify to send goods back' => sub {
	my $order = ours('shopify', $sold{shopify}[0])->{order_id};
	my $id = $world->value("SELECT channel_order_id FROM fulfillment.orders WHERE order_id = $order");
	my $news = sub {
		my ($topic, $sku) = @_;
		my $body = $json->encode({
			admin_graphql_api_id => "gid://shopify/Return/$topic$sku", name => "R-$sku",
			order => { admin_graphql_api_id => $id },
			return_line_items => [ { quantity => 1, return_reason => 'unwanted',
				fulfillment_line_item => { line_item => { sku => $sku } } } ] });
		my $headers = $json->encode({ 'X-Shopify-Topic' => $topic,
			'X-Shopify-Webhook-Id' => "$topic$sku",
			'X-Shopify-Hmac-Sha256' => hmac_sha256_base64($body, 'channel-secret-1') . '=' });
		$world->value(sprintf q{SELECT fulfillment.receive_webhook('shopify', $j$%s$j$, convert_to($j$%s$j$, 'UTF8'))}, $headers, $body);
		$world->comes_to_rest('the webhook is taken');
		return $world->value("SELECT string_agg(r.state || ' ' || n.quantity || ' ' || i.sku, ', ' ORDER BY r.return_id)
			FROM fulfillment.returns r JOIN fulfillment.return_lines n USING (merchant_id, return_id)
			JOIN fulfillment.items i USING (merchant_id, item_id) WHERE r.order_id = $order");
	};
	is($news->('returns/request', 'hand'), 'requested 1 hand', 'the return is asked for here, too');
	is($news->('returns/approve', 'hand'), 'expected 1 hand', 'approved there, it is approved here');
	is($news->('returns/approve', 'desk'), 'expected 1 hand, expected 1 desk', 'one that nobody told of before is both');
	is($news->('returns/request', 'nothing'), 'expected 1 hand, expected 1 desk', 'what was not sold does not come back');
	is($world->value("SELECT count(*) FROM fulfillment.attention WHERE kind = 'return_announced'"), 1, 'that waits for a person');
};

subtest 'limits and tokens' => sub {
	my %late = map { $_ => sell($_) } @names;
	$sim->settings('shopify', { points => 25, restore_rate => 20, query_cost => 20 });
	$sim->post("/$_/revoke_tokens") foreach @names;
	fetch();
	is(ours($_, $late{$_})->{state}, 'open', "$_: its order came all the same") foreach @names;
	$sim->settings('shopify', { points => 2000, restore_rate => 1000, query_cost => 1 });
};

is_deeply([ grep { !/depot|token|Invalid signature/ } $sim->offence_lines ], [], 'nobody was offended');
is($world->value("SELECT count(*) FROM fulfillment.tasks WHERE state = 'parked' AND operation <> 'push_return'"),
	0, 'no other call waits for a person')
  || $world->explain_tasks;
is($world->value('SELECT * FROM fulfillment.check_stock()'), '', 'stock is what the ledger says');
$node->stop;
done_testing();

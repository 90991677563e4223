# What a shop shows follows our stock: 10,000 changes against a shop that takes 100 items a call
# and two calls a second.  It converges to the last value with as few calls as can be, retries
# after errors, and never shows an older value after a newer one.  Scenario 25: two channels, one item
# that changes 200 times.
#
# INVENTORY_PUSH="10000 1" changes 10,000 items once instead of 1,000 items ten times.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use FulfillmentSimulator;
use JSON::PP;
use Test::More;

my ($ITEMS, $ROUNDS) = split / /, $ENV{INVENTORY_PUSH} // '1000 10';
my $CHANGES = $ROUNDS * $ITEMS;
my $json = JSON::PP->new->canonical;
my $node = FulfillmentCluster->start_new('push', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 3);

$sim->post('/woocommerce/goods', { simple => $ITEMS });
my %ids = map { $_->{sku} => $_->{id} } @{ $sim->get('/woocommerce/stock')->{stock} };
my @listings = map { { sku => "BULK-$_", id => $ids{"BULK-$_"} } } 1 .. $ITEMS;

$node->value(sprintf q{
	INSERT INTO fulfillment.connections (code, connector, config, rate_per_second)
	VALUES ('woo', 'woocommerce', '{"base_url": "%s"}', 2);
	SELECT fulfillment.set_secret('woo', '{"consumer_key": "ck_a", "consumer_secret": "cs_b"}');
	INSERT INTO fulfillment.channels (code, name, currency, connection_id)
	SELECT 'shop', 'Shop', 'EUR', connection_id FROM fulfillment.connections;
	INSERT INTO fulfillment.locations (code, name, country) VALUES ('L', 'Here', 'DE');
	INSERT INTO fulfillment.items (sku, name) SELECT g.value ->> 'sku', 'Item' FROM jsonb_array_elements($j$%s$j$) g;
	INSERT INTO fulfillment.listings (channel_id, item_id, channel_sku, product_id)
	SELECT c.channel_id, i.item_id, i.sku, g.value ->> 'id'
	  FROM jsonb_array_elements($j$%s$j$) g JOIN fulfillment.items i ON i.sku = g.value ->> 'sku', fulfillment.channels c;
	ANALYZE}, $sim->url('woocommerce'), ($json->encode(\@listings)) x 2);

# Every item rises in every round, so that the shop may never show a lower number after a higher one.
# One call fails on the way and one answer is lost.
my $began = time;
foreach my $round (1 .. $ROUNDS)
{
	$sim->misbehave(peer => 'woocommerce', action => 'status', status => 500, next => 1) if $round == 3;
	$sim->misbehave(peer => 'woocommerce', action => 'drop_after_processing', next => 1) if $round == 6;
	$node->value("SELECT count(fulfillment.receive_stock('L', sku, $round)) FROM fulfillment.items;
		SELECT fulfillment.push_inventory()");
}
my $changing = time - $began;
$node->value('SELECT fulfillment.push_inventory()');
ok($node->poll_query_until('postgres', q{
	WITH p AS MATERIALIZED (SELECT fulfillment.push_inventory())
	SELECT count(*) = 0 FROM fulfillment.channel_stock, p WHERE published IS DISTINCT FROM quantity}),
	'the shop has taken every last value');

my @stock = grep { $_->{sku} =~ /^BULK-/ } @{ $sim->get('/woocommerce/stock')->{stock} };
my $last = 0;
$last += $_ foreach 1 .. $ROUNDS;
is(scalar(grep { $_->{stock_quantity} != $last } @stock), 0, 'and shows it');
my @backwards = grep {
	my @told = map { $_->{quantity} } @{ $_->{pushes} };
	grep { $told[$_] < $told[ $_ - 1 ] } 1 .. $#told;
} @stock;
is(scalar @backwards, 0, 'it never showed an older value after a newer one');

# What could be sent while the stock changed, and once everything afterwards; two were in vain.
my $calls = $node->value("SELECT count(*) FROM fulfillment.calls WHERE operation = 'push_inventory'");
my $most = 2 * ($changing + 2) + int(($ITEMS + 99) / 100) + 2;
cmp_ok($calls, '<=', $most, "$CHANGES changes of $ITEMS items in $changing s took $calls calls");
is_deeply([ $sim->offence_lines ], [], 'no call offended the shop');
is($node->value('SELECT sum(mismatches) FROM fulfillment.listings'), 0, 'it showed what it was told');
# The numbers a shop was told of the item, in their order.
sub told
{
	my ($shop) = @_;
	return map { $_->{quantity} } $shop->get('/woocommerce/stock?sku=BULK-1')->{stock}[0]{pushes}->@*;
}

subtest 'scenario 25: one item changes 200 times, two channels follow, one shows less than it is told' => sub {
	my $market = FulfillmentSimulator->start(seed => 4);

	$market->post('/woocommerce/goods', { simple => 1 });
	$market->settings('woocommerce', { held_back => 1 });
	$node->value(sprintf q{
		INSERT INTO fulfillment.connections (code, connector, config, rate_per_second)
		VALUES ('market', 'woocommerce', '{"base_url": "%s"}', 5);
		SELECT fulfillment.set_secret('market', '{"consumer_key": "ck_a", "consumer_secret": "cs_b"}');
		INSERT INTO fulfillment.channels (code, name, currency, connection_id, stock_share, stock_buffer)
		SELECT 'market', 'Market', 'EUR', connection_id, 0.5, 3 FROM fulfillment.connections WHERE code = 'market';
		INSERT INTO fulfillment.listings (channel_id, item_id, channel_sku, product_id)
		SELECT c.channel_id, i.item_id, i.sku, '%s' FROM fulfillment.channels c, fulfillment.items i
		 WHERE c.code = 'market' AND i.sku = 'BULK-1'},
		$market->url('woocommerce'), $market->get('/woocommerce/stock?sku=BULK-1')->{stock}[0]{id});
	my $before = scalar told($sim);
	my $calls_before = $node->value("SELECT count(*) FROM fulfillment.calls WHERE operation = 'push_inventory'");
	$_->misbehave(peer => 'woocommerce', action => 'status', status => 500, next => 1) foreach $sim, $market;
	$node->value(join "\n", map { "SELECT fulfillment.receive_stock('L', 'BULK-1', 1); SELECT fulfillment.push_inventory();" } 1 .. 200);
	ok($node->poll_query_until('postgres', q{
		WITH p AS MATERIALIZED (SELECT fulfillment.push_inventory())
		SELECT count(*) = 0 FROM fulfillment.channel_stock, p WHERE published IS DISTINCT FROM quantity}),
		'both have taken the last value');

	my @shop = told($sim);
	my @market = told($market);
	is($shop[-1], $last + 200, 'the shop was told all of it last');
	is($market[-1], int(($last + 200) / 2) - 3, 'the market its share without its buffer');
	foreach my $numbers (\@shop, \@market)
	{
		is_deeply($numbers, [ sort { $a <=> $b } @$numbers ], 'none was told an older value after a newer one');
	}
	my $calls = $node->value("SELECT count(*) FROM fulfillment.calls WHERE operation = 'push_inventory'") - $calls_before;
	cmp_ok(@shop - $before + @market, '<', 200, "200 changes were coalesced into $calls calls");
	is($node->value("SELECT count(*) FROM fulfillment.calls WHERE operation = 'push_inventory' AND status = 500"), 2 + ($ROUNDS > 2),
		'those that failed were repeated');

	my $shown = $market->get('/woocommerce/stock?sku=BULK-1')->{stock}[0]{stock_quantity};
	is($shown, $market[-1] - 1, 'the market shows one less');
	is($node->value("SELECT read_back, mismatches FROM fulfillment.channel_stock WHERE channel = 'market'"),
		$shown . '|' . @market, 'that is kept, and counted each time');
	is($node->value("SELECT count(*), max((before ->> 'told')::int), max((after ->> 'shown')::int) FROM fulfillment.history
		WHERE event = 'read_back' AND subject_kind = 'listing'"),
		join('|', scalar @market, $market[-1], $shown), 'and written to history');
	is_deeply([ $market->offence_lines ], [], 'no call offended the market');
};
is($node->value('SELECT * FROM fulfillment.check_stock()'), '', 'stock is what the ledger says');
$node->stop;
done_testing();

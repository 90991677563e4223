# A warehouse is asked for its stock by its connector: first for everything, page by page; then for
# what changed since; once a night for everything again.  A page that fails is asked for again, and
# only it.  What differs is found, what is not named is missing only where everything was asked for.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use FulfillmentSimulator;
use Test::More;

my $node = FulfillmentCluster->start_new('sync', workers => 1);
my $sim = FulfillmentSimulator->start(seed => 5);

$node->value(sprintf q{
	INSERT INTO fulfillment.connections (code, connector, config)
	VALUES ('wms', 'ongoing_wms', '{"base_url": "%s", "goods_owner_id": 159, "page_size": 10}');
	SELECT fulfillment.set_secret('wms', '{"user": "demo", "password": "demo"}');
	INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
	SELECT 'wms', 'WMS', 'fulfillment_center', 'api', connection_id FROM fulfillment.connections;
	INSERT INTO fulfillment.locations (code, name, country, provider_id)
	SELECT 'HUB', 'Their warehouse', 'SE', provider_id FROM fulfillment.providers;
	INSERT INTO fulfillment.items (sku, name, value) SELECT 'A' || n, 'Item', 10 FROM generate_series(1, 26) n;
	SELECT fulfillment.receive_stock('HUB', 'A' || n, n) FROM generate_series(1, 26) n;
	-- all of that was long ago
	UPDATE fulfillment.stock_movements SET moved_at = now() - interval '1 day';
	SELECT fulfillment.set_inventory_mode('HUB', 'passive', 'they count');
	ANALYZE}, $sim->url('ongoing'));

# Their book: as ours but for one more of A3, two fewer of A14, an article we do not know; A26 they lack.
$sim->post('/ongoing/stock', { articles => [ map { { articleNumber => "A$_", numberOfItems => $_ } } 1 .. 25 ] });
$sim->post('/ongoing/stock', { articles => [ { articleNumber => 'A3', add => 1 }, { articleNumber => 'A14', add => -2 },
	{ articleNumber => 'UNKNOWN', numberOfItems => 5 } ] });

sub calls
{
	return $node->value("SELECT count(*) FROM fulfillment.calls WHERE operation = 'get_inventory'");
}

sub sync
{
	my ($whom) = @_;
	my $before = calls();
	is($node->value("SELECT fulfillment.sync_inventory($whom)"), 1, 'the warehouse is asked');
	$node->comes_to("SELECT count(*) FROM fulfillment.tasks WHERE operation = 'get_inventory'", 0, 'and has answered');
	return calls() - $before;
}

sub differences
{
	return $node->value("SELECT string_agg(format('%s %s>%s', sku, expected, reported), ', ' ORDER BY sku)
		FROM fulfillment.open_discrepancies WHERE kind = 'snapshot'");
}

subtest 'everything, page by page' => sub {
	$sim->misbehave(peer => 'ongoing', action => 'status', status => 503, skip => 1, next => 1);
	is(sync(q{}), 5, 'three pages and an empty one, of which one had to be asked for again');
	is(differences(), 'A14 14>12, A26 26>0, A3 3>4', 'what differs is found, and what they lack');
	is($node->value("SELECT sum(errors) FROM fulfillment.stock_snapshots"), 1, 'their unknown article is an error of its own row');
	is($node->value("SELECT displayed, available FROM fulfillment.inventory WHERE sku = 'A14'"), '12|14', 'theirs is shown, ours is kept');
	is($node->value("SELECT available FROM fulfillment.available_to_sell('{A14}')"), 12, 'what they lack is not sold');
	is($node->value("SELECT inventory_cursor IS NOT NULL, inventory_complete_at IS NOT NULL FROM fulfillment.locations"), 't|t',
		'where to go on from is kept');
};

subtest 'what changed since' => sub {
	# Their clock leaves some minutes between, for the connector asks a little further back than it must.
	$sim->post('/clock', { advance_h => 1 });
	$node->value(q{UPDATE fulfillment.locations SET inventory_cursor = to_jsonb(to_char(
		(now() + interval '50 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))});
	$sim->post('/ongoing/stock', { articles => [ { articleNumber => 'A14', numberOfItems => 14 }, { articleNumber => 'A7', add => 3 } ] });
	is(sync(q{'HUB'}), 2, 'one page and an empty one');
	is(differences(), 'A26 26>0, A3 3>4, A7 7>10', 'A14 agrees again, A7 does not; nothing else was touched');
	is($node->value("SELECT resolution FROM fulfillment.discrepancies d JOIN fulfillment.items i USING (item_id) WHERE sku = 'A14'"),
		'the two sides agree again', 'and that is written down');
};

subtest 'once a night everything again' => sub {
	$node->value("UPDATE fulfillment.locations SET inventory_complete_at = now() - interval '21 hours'");
	$sim->post('/ongoing/stock', { articles => [ { articleNumber => 'A26', numberOfItems => 26 } ] });
	is(sync(q{'wms'}), 4, 'all pages');
	is(differences(), 'A3 3>4, A7 7>10', 'A26 has turned up');
	is($node->value("SELECT times_seen, equal_snapshots FROM fulfillment.discrepancies d JOIN fulfillment.items i USING (item_id) WHERE sku = 'A3'"),
		'2|2', 'A3 differs as before: one row, seen twice');
	is($node->value("SELECT inventory_complete_at > now() - interval '1 hour' FROM fulfillment.locations"), 't', 'the next is due tomorrow');
};

is($node->value('SELECT * FROM fulfillment.check_stock()'), '', 'stock is what the ledger says');
is_deeply([ $sim->offence_lines ], [], 'no call offended the warehouse');
$node->stop;
done_testing();

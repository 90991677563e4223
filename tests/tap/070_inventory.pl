# Inventory under random interleavings: several sessions receive, adjust, count, move, transfer,
# order, ship and cancel at once, one server is cut off in the middle, and snapshots of the other
# side come late.  At every quiet point the ledger is exact, and the reconciler has found exactly
# the differences that were put into the other side's book, no more and no fewer.
#
# INVENTORY_SEED repeats a run.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use IPC::Run;
use JSON::PP;
use Test::More;

my $SESSIONS = 4;
my $STATEMENTS = 60;
my $ROUNDS = 6;
my @SKUS = map { "I$_" } 1 .. 12;

my $seed = $ENV{INVENTORY_SEED} // time % 100000;
srand $seed;
note "INVENTORY_SEED=$seed";

my $json = JSON::PP->new->canonical;
my $node = FulfillmentCluster->start_new('inventory', workers => 0);
my $orders = 0;

$node->value(q{
	INSERT INTO fulfillment.channels (code, name, currency) VALUES ('shop', 'Shop', 'EUR');
	INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('post', 'Post', 'carrier', 'manual');
	INSERT INTO fulfillment.locations (code, name, country) VALUES ('WMS', 'Theirs', 'DE'), ('OWN', 'Ours', 'DE');
	INSERT INTO fulfillment.items (sku, name, value) SELECT 'I' || n, 'Item', n FROM generate_series(1, 12) n;
	SELECT fulfillment.receive_stock('WMS', 'I' || n, 5000) FROM generate_series(1, 12) n;
	INSERT INTO fulfillment.reconcile_policies (location_id, settle_within)
	SELECT location_id, '0' FROM fulfillment.locations;
	ANALYZE});

sub any
{
	return $_[ rand @_ ];
}

sub order
{
	my %lines = map { any(@SKUS) => 1 + int rand 4 } 1 .. 1 + int rand 3;
	my $line = 0;
	return $json->encode(
		{
			channel => 'shop', number => 'O-' . ++$orders, currency => 'EUR',
			ship_to => { name => 'Ada', street1 => 'Weg 1', city => 'Mainz', postcode => '55116', country => 'DE' },
			lines => [ map { { line => ++$line, sku => $_, quantity => $lines{$_}, unit_price => 10 } } sort keys %lines ]
		});
}

# One random act; "not enough stock" and the like are answers, too.
sub act
{
	my $sku = any(@SKUS);
	my $location = any('WMS', 'WMS', 'OWN');
	my $units = 1 + int rand 9;
	my $change = any($units, -$units);
	my @acts = (
		"receive_stock('$location', '$sku', $units)",
		"adjust_stock('$location', '$sku', $change, 'test')",
		"transfer_stock('WMS', 'OWN', '$sku', $units)",
		"transfer_stock('OWN', 'WMS', '$sku', $units)",
		"move_bucket('$location', '$sku', '" . any(qw(quarantine clear damage condemn scrap isolate)) . "', $units, 'test')",
		(map { "submit_order('" . order() . "')" } 1 .. 3),
		(map { "confirm_shipment(shipment_id, '[{\"tracking_number\": \"T" . int(rand 1e9) . "\"}]')"
			  . " FROM (SELECT * FROM fulfillment.shipments WHERE state IN ('accepted', 'queued', 'draft') ORDER BY random() LIMIT 1) s" } 1 .. 2),
		"cancel_order(order_id, 'changed') FROM (SELECT * FROM fulfillment.orders WHERE state = 'open' ORDER BY random() LIMIT 1) o");
	return 'SELECT fulfillment.' . any(@acts) . ';';
}

# Sessions that act side by side; answers what to read their complaints from.
sub begin_sessions
{
	my @sessions;
	foreach (1 .. $SESSIONS)
	{
		my $acts = join "\n", map { act() } 1 .. $STATEMENTS;
		my ($in, $out, $err) = ("$acts\n", '', '');
		my $run = IPC::Run::start(
			[ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres') ],
			'<', \$in, '>', \$out, '2>', \$err);
		push @sessions, [ $run, \$err ];
	}
	return @sessions;
}

# Every complaint is one of ours, about the world as it is; a deadlock is none of them.
sub end_sessions
{
	my ($cut, @sessions) = @_;
	my @strange;
	foreach my $session (@sessions)
	{
		$session->[0]->finish;
		push @strange, grep { /ERROR:|FATAL:/ && !/ERROR:\s+OF00[134]:/ } split /\n/, ${ $session->[1] };
	}
	@strange = grep { !/57P01|57P02|57P03/ } @strange if $cut;
	return is(join("\n", @strange), '', 'nothing went wrong in the sessions');
}

sub is_exact
{
	my ($when) = @_;
	is($node->value('SELECT * FROM fulfillment.check_stock()'), '', "$when: stock is what ledger and shipments say");
	is($node->value(
			'SELECT v.* FROM fulfillment.stock_levels v
			   LEFT JOIN (SELECT location_id, item_id, sum(quarantine_delta) q, sum(damaged_delta) d
			                FROM fulfillment.stock_movements GROUP BY 1, 2) m USING (location_id, item_id)
			  WHERE least(v.on_hand, v.reserved, v.quarantine, v.damaged) < 0
			     OR v.quarantine <> coalesce(m.q, 0) OR v.damaged <> coalesce(m.d, 0)'),
		'', "$when: nothing is negative, and buckets are what the ledger says");
	return;
}

my %injected;    # sku => units their book has more than ours

# Their book now: ours and the injected differences; and its moment.
sub snapshot
{
	my %ours = map { split /\|/ } split /\n/,
	  $node->value("SELECT sku, on_hand FROM fulfillment.inventory WHERE location = 'WMS'");
	my $as_of = $node->value('SELECT clock_timestamp()');
	my @rows = map { { sku => $_, on_hand => $ours{$_} + ($injected{$_} // 0) } } sort keys %ours;
	return ($json->encode(\@rows), $as_of);
}

sub deliver
{
	my ($rows, $as_of) = @_;
	return $node->value("SELECT count(*) FILTER (WHERE outcome = 'late'), count(*) FILTER (WHERE outcome = 'error')
		FROM fulfillment.reconcile_stock('WMS', \$j\$$rows\$j\$, '$as_of')");
}

sub found_is_injected
{
	my ($when) = @_;
	my %found = map { split /\|/ } split /\n/, $node->value(
		"SELECT sku, difference FROM fulfillment.open_discrepancies WHERE kind = 'snapshot'");
	return is_deeply(\%found, \%injected, "$when: exactly the injected differences are open");
}

foreach my $round (1 .. $ROUNDS)
{
	my $cut = $round == 3;

	# Units go or turn up on the other side; some come back, some are adjusted here.
	my ($new, $gone, $settled) = (any(@SKUS), (keys %injected)[0], (keys %injected)[-1]);
	$injected{$new} = any(1, -1) * (600 + int rand 400);
	delete $injected{$gone} if defined $gone && $round % 2 == 0 && $gone ne $new;
	my ($rows, $as_of) = snapshot();

	my @sessions = begin_sessions();
	is(deliver($rows, $as_of), '0|0', "round $round: a snapshot comes while sessions move stock");
	if ($cut)
	{
		$node->stop('immediate');
		end_sessions($cut, @sessions);
		$node->start;
	}
	else
	{
		end_sessions($cut, @sessions);
	}
	is_exact("round $round");
	found_is_injected("round $round, as of before the round");

	my ($next_rows, $next_as_of) = snapshot();
	is(deliver($next_rows, $next_as_of), '0|0', "round $round: the next snapshot is taken");
	is(deliver($rows, $as_of), @SKUS . '|0', "round $round: the older one comes again, and changes nothing");
	found_is_injected("round $round, quiet");

	next unless defined $settled && exists $injected{$settled} && $round % 2;
	$node->value("SELECT fulfillment.resolve_discrepancy(discrepancy_id, 'counted', adjust => true)
		FROM fulfillment.open_discrepancies WHERE sku = '$settled' AND kind = 'snapshot'");
	delete $injected{$settled};
	found_is_injected("round $round, adjusted");
	is_exact("round $round, adjusted");
}

is($node->value("SELECT count(*) FROM (SELECT FROM fulfillment.discrepancies WHERE kind = 'snapshot' AND state = 'open'
	GROUP BY location_id, item_id HAVING count(*) > 1) d"), 0, 'no difference stands twice');
is($node->value("SELECT string_agg(k, ',' ORDER BY k) FROM unnest('{receive,adjust,transfer_in,transfer_out,reserve,release,ship,
	quarantine,isolate,reconcile}'::text[]) k WHERE NOT EXISTS (SELECT FROM fulfillment.stock_movements m WHERE m.kind = k)"),
	'', 'every kind of movement took part');
note($node->value('SELECT kind, count(*) FROM fulfillment.stock_movements GROUP BY 1 ORDER BY 1'));
$node->stop;
done_testing();

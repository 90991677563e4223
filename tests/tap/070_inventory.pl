# Inventory under random interleavings: several sessions receive, adjust, count, move, transfer,
# order, ship, cancel and report at once, a backend is killed and the server is cut off in the
# middle, and snapshots of the other side come late, twice, in part, and from a book that is some
# movements behind or ahead of ours.  At every quiet point the ledger is exact, and the reconciler
# has found exactly the differences that were put into the other side's book, no more and no fewer.
#
# INVENTORY_SEED repeats a run; INVENTORY_ROUNDS (6) and INVENTORY_STATEMENTS (60, of each of four
# sessions in each round) make it longer.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use IPC::Run;
use JSON::PP;
use Test::More;

my $SESSIONS = 4;
my $STATEMENTS = $ENV{INVENTORY_STATEMENTS} // 60;
my $ROUNDS = $ENV{INVENTORY_ROUNDS} // 6;
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
	SELECT fulfillment.receive_stock('WMS', 'I' || n, 20000) FROM generate_series(1, 12) n;
	INSERT INTO fulfillment.reconcile_policies (location_id) SELECT location_id FROM fulfillment.locations;
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

sub some_shipment
{
	my $states = join ', ', map { "'$_'" } @_;
	return "(SELECT * FROM fulfillment.shipments WHERE state IN ($states) ORDER BY random() LIMIT 1)";
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
		"count_stock('$location', '$sku', greatest(0, on_hand + $change)) FROM fulfillment.inventory"
		  . " WHERE (location, sku) = ('$location', '$sku')",
		"record_movements('" . $json->encode([ map { { location => any('WMS', 'OWN'), sku => any(@SKUS), movement => any('receive', 'adjust', 'restock'),
			quantity => 1 + int rand 4, cause => 'feed' } } 1 .. 5 ]) . "')",
		"receive_expected(fulfillment.expect_receipt('$location', '$sku', $units, now()), $units)",
		(map { "report_short(s.shipment_id, jsonb_build_array(jsonb_build_object('line', n.line, 'quantity', 1)))"
			  . ' FROM fulfillment.shipment_lines n, ' . some_shipment('draft', 'queued', 'accepted') . ' s WHERE n.shipment_id = s.shipment_id' } 1),
		"undo_shipment(shipment_id) FROM " . some_shipment('shipped') . ' s',
		"move_bucket('$location', '$sku', '" . any(qw(quarantine clear damage condemn scrap isolate)) . "', $units, 'test')",
		(map { "submit_order('" . order() . "')" } 1 .. 3),
		(map { "confirm_shipment(shipment_id, '[{\"tracking_number\": \"T" . int(rand 1e9) . "\"}]')"
			  . ' FROM ' . some_shipment('accepted', 'queued', 'draft') . ' s' } 1 .. 2),
		"cancel_order(order_id, 'changed') FROM (SELECT * FROM fulfillment.orders WHERE state = 'open' ORDER BY random() LIMIT 1) o");
	return 'SELECT fulfillment.' . any(@acts) . ';';
}

# Sessions that act side by side, each with one of these statements somewhere between; answers what
# to read their complaints from.
sub begin_sessions
{
	my (@between) = @_;
	my @sessions;
	foreach (1 .. $SESSIONS)
	{
		my @acts = map { act() } 1 .. $STATEMENTS;
		splice @acts, rand @acts, 0, any(@between);
		my ($in, $out, $err) = (join("\n", @acts, ''), '', '');
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

# Their book as of a moment: ours and the injected differences.
sub book
{
	my ($moment) = @_;
	my %ours = map { split /\|/ } split /\n/, $node->value(
		"SELECT i.sku, sum(m.on_hand_delta) FROM fulfillment.stock_movements m JOIN fulfillment.items i USING (item_id)
		   JOIN fulfillment.locations l USING (location_id) WHERE l.code = 'WMS' AND m.moved_at <= '$moment' GROUP BY 1");
	return map { { sku => $_, on_hand => $ours{$_} + ($injected{$_} // 0) } } sort keys %ours;
}

sub now
{
	return $node->value('SELECT clock_timestamp()');
}

sub reconcile
{
	my ($rows, $as_of, $complete) = @_;
	return sprintf q(fulfillment.reconcile_stock('WMS', '%s', '%s', complete => %s)), $json->encode($rows), $as_of,
	  $complete ? 'true' : 'false';
}

# The outcomes of a delivery other than "equal": outcome => {sku => 1}.
sub deliver
{
	my %skus;
	foreach (split /\n/, $node->value('SELECT outcome, sku FROM ' . reconcile(@_)))
	{
		my ($outcome, $sku) = split /\|/;
		$skus{$outcome}{$sku} = 1;
	}
	return \%skus;
}

sub found_is_injected
{
	my ($when) = @_;
	my %found = map { split /\|/ } split /\n/, $node->value(
		"SELECT sku, difference FROM fulfillment.open_discrepancies WHERE kind = 'snapshot'");
	return is_deeply(\%found, \%injected, "$when: exactly the injected differences are open");
}

# Ends a storm: some by a killed backend, some by a server that is cut off, most by themselves.
sub end_storm
{
	my ($round, @sessions) = @_;
	my $how = { 3 => 'cut', 5 => 'kill' }->{ ($round - 1) % 6 + 1 } // '';

	$node->stop('immediate') if $how eq 'cut';
	$node->kill_process($_)
	  foreach $how eq 'kill' ? split /\n/, $node->value(
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
		  ORDER BY random() LIMIT 1") : ();
	end_sessions($how ne '', @sessions);
	$node->start if $how eq 'cut';
	return;
}

foreach my $round (1 .. $ROUNDS)
{
	# Units go or turn up on the other side; some come back, some are adjusted here.
	my ($new, $gone, $settled) = (any(@SKUS), (sort keys %injected)[0], (sort keys %injected)[-1]);
	$injected{$new} = any(1, -1) * (3000 + int rand 2000);
	delete $injected{$gone} if defined $gone && $round % 2 == 0 && $gone ne $new;
	$node->value(sprintf "UPDATE fulfillment.reconcile_policies SET settle_within = '%s'", any('0', '1 hour'));

	# A snapshot of before the storm comes while it rages: to one session whole, to the others whole or in part.
	my $before = now();
	my @rows = book($before);
	my @some = grep { rand() < 0.5 } @rows;
	my @sessions = begin_sessions(map { 'SELECT count(*) FROM ' . reconcile($_, $before) . ';' } \@rows, \@some);
	my $outcomes = deliver(\@rows, $before);
	is_deeply([ grep { $outcomes->{$_} } qw(error late in_flight) ], [], "round $round: a snapshot comes while sessions move stock");
	end_storm($round, @sessions);
	is_exact("round $round");
	found_is_injected("round $round, as of before the storm");

	# A book that is some movements behind, or ahead of the moment it names.
	my $after = now();
	my $within = $node->value("SELECT '$before'::timestamptz + random() * ('$after'::timestamptz - '$before')");
	my ($book, $as_of) = any([ $within, $after ], [ $after, $within ])->@*;
	$node->value("UPDATE fulfillment.reconcile_policies SET settle_within = '1 hour'");
	$outcomes = deliver([ book($book) ], $as_of);
	is_deeply($outcomes->{different} // {}, { map { $_ => 1 } keys %injected },
		"round $round: of a book as of " . ($book eq $after ? 'later' : 'earlier') . ' than it says, only the injected differ');

	$after = now();
	@rows = book($after);
	is_deeply([ grep { $outcomes->{$_} } qw(error late) ], [], "round $round: and nothing of it is refused");
	deliver(\@rows, $after);
	is(scalar keys deliver([ book($before) ], $before)->{late}->%*, scalar @SKUS, "round $round: an older one comes again, and changes nothing");
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

# A complete snapshot lacks an item: it is not there.  Seen twice, their numbers become ours.
my $lost = any(grep { !exists $injected{$_} } @SKUS);
my @rows = book(now());
$injected{$lost} = -$_->{on_hand} foreach grep { $_->{sku} eq $lost } @rows;
$node->value('UPDATE fulfillment.reconcile_policies SET adopt_after = 2, settle_within = \'0\'');
deliver([ grep { $_->{sku} ne $lost } @rows ], now(), 1);
my %open = map { split /\|/ } split /\n/, $node->value("SELECT sku, difference FROM fulfillment.open_discrepancies WHERE kind = 'snapshot'");
is_deeply({ map { $_ => $open{$_} } grep { exists $open{$_} } $lost }, { $lost => $injected{$lost} }, 'what a complete snapshot does not name is missing');
deliver([ grep { $_->{sku} ne $lost } @rows ], now(), 1);
%injected = ();
found_is_injected('their numbers are adopted');
is($node->value(sprintf q{SELECT sku, on_hand FROM fulfillment.inventory WHERE location = 'WMS' AND (sku, on_hand) NOT IN (%s)},
		join ', ', map { sprintf "('%s', %d)", $_->{sku}, $_->{sku} eq $lost ? 0 : $_->{on_hand} } @rows),
	'', 'and are ours');
is_exact('adopted');

is($node->value("SELECT string_agg(k, ',' ORDER BY k) FROM unnest('{receive,adjust,count,transfer_in,transfer_out,reserve,release,ship,
	quarantine,isolate,restock,reconcile}'::text[]) k WHERE NOT EXISTS (SELECT FROM fulfillment.stock_movements m WHERE m.kind = k)"),
	'', 'every kind of movement took part');
note($node->value('SELECT kind, count(*) FROM fulfillment.stock_movements GROUP BY 1 ORDER BY 1'));
$node->stop;
done_testing();

# A storm: six sessions order, change, hold, cancel, ship, report, receive, move and count at random,
# at the same few items and locations.  Whatever was refused, the laws hold when it is over: the
# ledger is exact, nothing is negative, nobody waited in a circle; and every order still finds its
# way to its end.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSessions;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{FULFILLMENT_SEED} // 20260105;
my $seconds = $ENV{FULFILLMENT_STORM_SECONDS} // 12;
my $node = FulfillmentCluster->start_new('storm', workers => 0, settings => [ 'fsync = off', 'deadlock_timeout = 200ms' ]);
my $shop = FulfillmentSessions->new($node);

$node->safe_psql('postgres', slurp_file('tests/tap/lib/storm.sql'));
my $script = PostgreSQL::Test::Utils::tempdir . '/storm.pgbench';
append_to_file($script, "\\set what random(1, 1000)\n\\set a random(1, 1000000)\n\\set b random(1, 1000000)\n\\set c random(1, 1000000)\n"
	  . "SELECT shop.act(:what, :a, :b, :c);\n");
my ($output, $errors);
my $ended = run_log(
	[ 'pgbench', '-n', '-c', '6', '-j', '2', '-T', $seconds, "--random-seed=$seed", '-f', $script, '-d', $node->connstr('postgres') ],
	'>', \$output, '2>', \$errors);
ok($ended, "a storm of $seconds seconds, seed $seed") || diag($errors);
my ($acts) = $output =~ /transactions actually processed: (\d+)/;
note("$acts acts; " . $node->value("SELECT string_agg(format('%s %s', act, taken), ', ' ORDER BY act) FROM (
	SELECT act, format('%s/%s', count(*) FILTER (WHERE code IS NULL), count(*)) AS taken FROM shop.acts GROUP BY act) a"));
cmp_ok($acts, '>', 100, 'much happened');
is($node->value("SELECT DISTINCT act, code, message FROM shop.acts WHERE code NOT LIKE 'OF%' ORDER BY 1 LIMIT 20"), '',
	'what was refused was refused as the laws say');
is($node->value('SELECT string_agg(DISTINCT act, \' \' ORDER BY act) FROM (SELECT act FROM shop.acts EXCEPT SELECT act FROM shop.acts WHERE code IS NULL) a'), '',
	'every kind of act was taken at least once');
$shop->is_sound('after the storm');
is($node->value('SELECT count(*) FROM fulfillment.stock_levels WHERE on_hand < 0 OR reserved < 0'), 0, 'nothing is negative');
is($node->value(
		"SELECT count(*) FROM fulfillment.stock_levels s JOIN LATERAL (
			SELECT sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved FROM fulfillment.stock_movements m
			 WHERE (m.merchant_id, m.location_id, m.item_id) = (s.merchant_id, s.location_id, s.item_id)) m ON true
		  WHERE s.merchant_id = 60 AND (s.on_hand, s.reserved) IS DISTINCT FROM (m.on_hand, m.reserved)"),
	0, 'every level is the sum of its movements');

# The calm after it: goods come, holds end, warehouses answer and ship, parcels arrive.
$node->value('CALL shop.calm()');
$shop->is_sound('after the calm');
is($node->value(
		"SELECT o.number, o.state FROM fulfillment.orders o WHERE merchant_id = 60 AND o.state NOT IN ('cancelled', 'closed')
		    AND NOT EXISTS (SELECT FROM fulfillment.returns r WHERE r.merchant_id = 60 AND r.order_id = o.order_id AND r.ended_at IS NULL)"),
	'', 'every order has ended, but for those of which goods come back');
is($node->value("SELECT sum(reserved) FROM shop.stock()"), 0, 'and holds nothing');
is($node->value(
		"SELECT count(*) FROM fulfillment.order_lines l WHERE merchant_id = 60 AND shipped + cancelled <> quantity"),
	0, 'each unit that was ordered was shipped or cancelled');

$node->stop;
done_testing();

# README.md and docs/ say what is true: their statements run, in their order, on a fresh installation, its table
# of settings is that of the code, and the functions and views it names exist.

use strict;
use warnings;

use File::Basename qw(dirname);
use FulfillmentCluster;
use Test::More;

my $root = dirname(__FILE__) . '/../..';

sub text_of
{
	my ($file) = @_;

	open(my $handle, '<:encoding(UTF-8)', "$root/$file") or die "could not open $file: $!\n";
	local $/;
	return <$handle>;
}

sub blocks
{
	my ($text) = @_;

	return $text =~ /^```sql\n(.*?)^```$/msg;
}

my $readme = text_of('README.md');
my $node = FulfillmentCluster->start_new('readme');

# The table between <!-- name --> and <!-- end -->.
sub table
{
	my ($name) = @_;

	my ($text) = $readme =~ /<!-- \Q$name\E -->\n(.*?)<!-- end -->/s;
	return $text;
}

# Every call that can be made has been made.
sub settle
{
	return $node->poll_query_until('postgres', q{
		SELECT NOT EXISTS (SELECT FROM fulfillment.task_queue WHERE status IN ('due', 'on_the_wire', 'lost'))
		   AND NOT EXISTS (SELECT FROM fulfillment.shipment_status WHERE provider = 'sandbox'
		                      AND waits_for IN ('worker', 'provider', 'carrier'))});
}

my @blocks = blocks($readme);
cmp_ok(scalar @blocks, '>', 10, 'there are many blocks of SQL');
my $number = 0;
foreach my $block (@blocks)
{
	my ($what) = $block =~ /(\w+\.\w+|\w+ \w+)/;
	$number++;
	$node->psql_ok($block, "block $number runs ($what)");
	ok(settle(), "and what it started ends") if $block =~ /fulfillment\.\w+_order|shop\.orders/;
}

is( $node->value(q{SELECT string_agg(number || ' ' || progress, ', ' ORDER BY number)
		FROM fulfillment.order_status}),
	'1001 delivered, 1002 delivered, 1003 cancelled, 1004 delivered, 1005 delivered, 2001 delivered',
	'every order of it has ended as it says');
is($node->value('SELECT count(*) FROM fulfillment.check_stock()'), '0', 'the ledger is exact');
is($node->value(q{SELECT string_agg(finding, '; ') FROM fulfillment.doctor() WHERE severity = 'error'}),
	'', 'doctor() finds no error');

# The blocks of every other document run in what README.md has left behind; Grafana's macros stand for
# what Grafana makes of them.
foreach my $document (sort map { s{.*/(docs/)}{$1}r } glob "$root/docs/*.md")
{
	$number = 0;
	foreach my $block (blocks(text_of($document)))
	{
		$block =~ s/\$__timeFilter\(([\w.]+)\)/$1 BETWEEN now() - interval '6 hours' AND now()/g;
		$number++;
		$node->psql_ok($block, "$document, block $number runs");
	}
}

# What stands in the table.
my %listed = table('settings') =~ /^\| `(fulfillment\.\w+)` \| (?:`([^`]*)`)? ?\|/mg;
my %real = map { split /=/, $_, 2 } split /\n/, $node->value(q{
	SELECT name || '=' || concat_ws(' ', nullif(boot_val, ''), unit) FROM pg_settings
	WHERE name LIKE 'fulfillment.%' AND name NOT LIKE '%fault%'});
$_ //= '' foreach values %listed;
is_deeply(\%listed, \%real, 'the table of settings is that of the server');

my ($reference) = $readme =~ /^## Reference\n(.*?)^## /ms;
my ($views) = $readme =~ /^### What to look at\n(.*?)^#+ |^Backup/ms;
my @names = ($reference . $views) =~ /`(\w+)(?:\(\w*\))?`/g;
my $missing = $node->value(
	'SELECT string_agg(name, \', \') FROM unnest(ARRAY[' . join(',', map { "'$_'" } @names)
	  . ']) name WHERE to_regclass(\'fulfillment.\' || name) IS NULL
	     AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = \'fulfillment\'::regnamespace AND proname = name)
	     AND name NOT LIKE \'OF%\'');
is($missing, '', 'the functions and views it names exist');
foreach my $link ($readme =~ /\]\(([\w.\/]+)\)/g)
{
	ok(-f "$root/$link", "$link exists");
}

$node->stop;
done_testing();

# An upgraded database is the same as a new one.
#
# tests/upgrade/fulfillment--X.sql is the install script of the released version X, kept as it was.
# Each is installed and upgraded to the present version; then every fact of the catalog must be the
# one of a fresh installation.  Before that, the comparison itself is tested on a small extension,
# and api/ on a database that has all of it, for it is run again by every upgrade.

use strict;
use warnings;

use FulfillmentCluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new('upgrade', workers => 0, extension => 0);
chomp(my $directory = `'$ENV{PG_CONFIG}' --sharedir`);
$directory .= '/extension';
my @written;

# Puts a file where CREATE EXTENSION looks.
sub provide
{
	my ($name, $content) = @_;

	push @written, "$directory/$name";
	unlink "$directory/$name";
	append_to_file("$directory/$name", $content);
	return;
}

END { unlink @written; }

# The facts of an extension in a database of its own, after some statements there.
my $databases = 0;

sub facts
{
	my ($extension, @statements) = @_;

	my $database = 'd' . ++$databases;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, $_) foreach @statements;
	return $node->safe_psql($database,
		"\\set extension $extension\n" . slurp_file('tests/upgrade/catalog.sql'));
}

# What a and b do not share, for the reader of a failure.
sub difference
{
	my ($fresh, $upgraded) = @_;

	my %fresh = map { $_ => 1 } split /\n/, $fresh;
	my %upgraded = map { $_ => 1 } split /\n/, $upgraded;
	return join "\n", (map { "only fresh:    $_" } grep { !$upgraded{$_} } sort keys %fresh),
	  (map { "only upgraded: $_" } grep { !$fresh{$_} } sort keys %upgraded);
}

sub same_as_fresh
{
	my ($extension, $fresh, $old) = @_;

	my $upgraded = facts(
		$extension,
		"CREATE EXTENSION $extension VERSION '$old'",
		"ALTER EXTENSION $extension UPDATE");
	return difference($fresh, $upgraded);
}

# The comparison sees what an upgrade forgot.

my %steps = (
	'the column' => 'ALTER TABLE upgrade_probe.parcels ADD COLUMN weight int NOT NULL DEFAULT 0;',
	'its check' => 'ALTER TABLE upgrade_probe.parcels ADD CHECK (weight >= 0);',
	'a comment' => q{COMMENT ON TABLE upgrade_probe.parcels IS 'What is sent';},
	'an index' => 'CREATE INDEX parcels_weight ON upgrade_probe.parcels (weight);',
	'a value of a type' => q{ALTER TYPE upgrade_probe.state ADD VALUE 'sent';},
	'a function' => 'CREATE FUNCTION upgrade_probe.heavy(int) RETURNS bool LANGUAGE sql RETURN $1 > 9;',
	'a right' => 'REVOKE ALL ON FUNCTION upgrade_probe.light(int) FROM PUBLIC;');
my @order = ('the column', 'its check', 'a comment', 'an index', 'a value of a type',
	'a function', 'a right');
my $base = q{
	CREATE TYPE upgrade_probe.state AS ENUM ('new');
	CREATE TABLE upgrade_probe.parcels (parcel int PRIMARY KEY);
	CREATE FUNCTION upgrade_probe.light(int) RETURNS bool LANGUAGE sql RETURN $1 < 9;
};

provide('upgrade_probe.control', "default_version = '2'\nschema = upgrade_probe\nrelocatable = false\n");
provide('upgrade_probe--1.sql', $base);
provide('upgrade_probe--2.sql', $base . join "\n", @steps{@order});
my $fresh_probe = facts('upgrade_probe', 'CREATE EXTENSION upgrade_probe');

provide('upgrade_probe--1--2.sql', join "\n", @steps{@order});
is(same_as_fresh('upgrade_probe', $fresh_probe, '1'), '', 'a complete upgrade is found complete');
foreach my $forgotten (@order[ 1 .. $#order ])
{
	provide('upgrade_probe--1--2.sql', join "\n", @steps{ grep { $_ ne $forgotten } @order });
	isnt(same_as_fresh('upgrade_probe', $fresh_probe, '1'),
		'', "an upgrade that forgets $forgotten is found out");
}

# All of api/ runs on a database that has it, and changes nothing.

my ($current) = slurp_file("$directory/fulfillment.control") =~ /^default_version = '(.*)'/m;
my $fresh = facts('fulfillment', 'CREATE EXTENSION fulfillment');
isnt($fresh, '', 'the installed extension has facts');

my $parts = PostgreSQL::Test::Utils::tempdir . '/extension';
system_or_bail('cp', '-R', 'extension', $parts);
system_or_bail('mkdir', '-p', "$parts/upgrade");
append_to_file("$parts/upgrade/0.0--$current.sql", "-- nothing to change\n");
provide('fulfillment--0.0.sql', slurp_file("extension/fulfillment--$current.sql"));
provide("fulfillment--0.0--$current.sql", scalar `$parts/assemble 0.0`);
is(same_as_fresh('fulfillment', $fresh, '0.0'), '', 'api/ can be run again and changes nothing');

# Every released version.

my @released = glob('tests/upgrade/fulfillment--*.sql');
SKIP:
{
	skip 'no version has been released', 1 if !@released;
	foreach my $script (@released)
	{
		my ($old) = $script =~ /--(.*)\.sql$/;
		provide("fulfillment--$old.sql", slurp_file($script));
		is(same_as_fresh('fulfillment', $fresh, $old), '', "version $old upgrades to $current");
	}
}

$node->stop;
done_testing();

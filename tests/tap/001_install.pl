# The extension can be created, dropped, created again, dumped and restored.

use strict;
use warnings;

use FulfillmentCluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new('main');

my $objects = q{
	SELECT pg_describe_object(classid, objid, 0) FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'fulfillment')
	ORDER BY 1};
my $installed = $node->value($objects);
isnt($installed, '', 'CREATE EXTENSION makes objects');
is( $node->value(q{SELECT default_version = installed_version FROM pg_available_extensions
		WHERE name = 'fulfillment'}),
	't', 'the version installed is the one of the control file');

$node->workers_come_to(2);

$node->psql_ok('DROP EXTENSION fulfillment CASCADE', 'DROP EXTENSION, workers running');
is( $node->value(q{SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
		WHERE nspname = 'fulfillment'}),
	'0', 'DROP EXTENSION leaves no relation');
$node->psql_ok('CREATE EXTENSION IF NOT EXISTS fulfillment', 'CREATE EXTENSION again');
is($node->value($objects), $installed, 'the second one makes the same objects');
$node->workers_come_to(2, 'workers serve the second one too');

# A worker that is killed takes the server's other processes with it, and all come back.
$node->kill_process(($node->worker_pids)[0]);
$node->workers_come_to(2, 'workers come back after one was killed');

# A dump of an installation in which nothing happened yet.
my $dump = "$PostgreSQL::Test::Utils::tmp_check/empty.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'restore');
is($node->safe_psql('restored', $objects), $installed, 'the restored database has the same objects');

# Rows that the installation makes itself must not meet themselves in the dump.
my $tables = q{
	SELECT format('SELECT %L, count(*) FROM %s', c.oid::regclass, c.oid::regclass)
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'fulfillment' AND c.relkind IN ('r', 'p') ORDER BY c.relname \gexec};
is( $node->safe_psql('restored', $tables), $node->safe_psql('postgres', $tables),
	'every table has as many rows as before');

# Without the preloaded library everything but the workers is there.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
isnt($node->value('SELECT count(*) FROM fulfillment.connectors'),
	'', 'functions work without the preloaded library');

$node->stop;
done_testing();

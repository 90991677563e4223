# A copy of a database never ships for real until it is told to; a standby does nothing until it is
# promoted, and then goes on.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentEngine;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new('main', workers => 1, streaming => 1,
	settings => [q{fulfillment.databases = 'postgres, restored'}]);
my $engine = FulfillmentEngine->new($node);
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'fulfillment worker'};

# A dump with work in it, taken while the connection is paused.
$engine->shop;
$node->value(q{SELECT fulfillment.pause_connection('box', 'for the dump')});
$engine->orders(1, 3);
my $dump = "$PostgreSQL::Test::Utils::tmp_check/copies.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump in mid-flow');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'restore');
my $restored = sub { return $node->safe_psql('restored', $_[0]) };
$restored->(q{SELECT fulfillment.resume_connection('box')});
ok( $node->poll_query_until('restored',
		q{SELECT state LIKE 'The database is a copy%' FROM fulfillment.worker_status()}),
	'the worker of the copy says why it waits');
is($restored->('SELECT activated, copied FROM fulfillment.engine_facts()'), 'f|t', 'doctor can say so');
is($restored->('SELECT count(*) FROM fulfillment.calls'), '0', 'nothing is called');
$restored->('SELECT fulfillment.resume_workers()');
ok( $node->poll_query_until('restored',
		q{SELECT count(*) = 3 FROM fulfillment.shipments WHERE state = 'accepted'}),
	'told to, it goes on where the dump was');
is($node->value(q{SELECT count(*) FROM fulfillment.shipments WHERE state = 'accepted'}),
	'0', 'the original waits as before');

# The standby.
$node->backup('base');
my $standby = FulfillmentCluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->value($workers), '0', 'a standby has no workers');
$node->stop;
$standby->promote;
$standby->workers_come_to(2, 'promoted, it has');
$standby->value(q{SELECT fulfillment.resume_connection('box')});
$standby->comes_to(q{SELECT count(*) FROM fulfillment.shipments WHERE state = 'accepted'}, 3,
	'and goes on without being told');
$standby->stop;
done_testing();

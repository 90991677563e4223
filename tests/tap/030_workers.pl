# Workers come and go with settings, extensions and databases; an order goes its whole way.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentEngine;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new('main', workers => 1,
	settings => [ 'max_prepared_transactions = 5', 'fulfillment.poll_interval = 300' ]);
my $engine = FulfillmentEngine->new($node);

$node->workers_come_to(1, 'one worker runs');
$node->comes_to(q{SELECT state FROM fulfillment.worker_status()},
	'waiting for work', 'and waits for work');
is( $node->value('SELECT preloaded, listed, wanted, running, activated, copied
		FROM fulfillment.engine_facts()'),
	't|t|1|1|t|f', 'the engine says of itself that it can run');

# One order of each fate the sandbox knows.
$engine->shop;
my %order = (
	plain => $engine->order('O-1'),
	found => $engine->order('O-2', name => 'Sandbox Timeout Found'),
	absent => $engine->order('O-3', name => 'Sandbox Timeout Absent'),
	refused => $engine->order('O-4', name => 'Sandbox Refused'),
	steps => $engine->order('O-7', name => 'Sandbox in steps'));
my $state_of = sub {
	my ($order) = @_;
	return "SELECT state FROM fulfillment.shipments WHERE order_id = $order{$order}
		ORDER BY shipment_id LIMIT 1";
};
$node->comes_to($state_of->('plain'), 'accepted', 'a shipment is accepted');
$node->comes_to($state_of->('found'), 'accepted', 'one whose answer was lost is found');
$node->comes_to($state_of->('absent'), 'accepted', 'one that did not arrive is sent again');
$node->comes_to(qq{SELECT count(*) FROM fulfillment.history WHERE event = 'reject'
		AND order_id = $order{refused}}, 1, 'one is refused');
is( $node->value(qq{SELECT string_agg(operation || ' ' || result, ', ' ORDER BY call_id)
		FROM fulfillment.calls WHERE order_id = $order{absent}}),
	'create_shipment unknown, find_shipment absent, create_shipment ok',
	'it was looked up before it was repeated');
$node->comes_to($state_of->('steps'), 'accepted', 'one that takes several requests is made');
is( $node->value(qq{SELECT string_agg(operation || ' ' || result, ', ' ORDER BY call_id)
		FROM fulfillment.calls WHERE order_id = $order{steps}}),
	'create_shipment continue, create_shipment retry, create_shipment ok',
	'it went on where it was');
is( $node->value(qq{SELECT string_agg(event, ' ' ORDER BY history_id) FROM fulfillment.history
		WHERE order_id = $order{steps} AND event IN ('sent', 'absent', 'accept')}),
	'sent accept', 'and was never in the queue again');
$node->value('SELECT fulfillment.schedule_jobs()');
$node->comes_to(qq{SELECT string_agg(state, ' ' ORDER BY order_id) FROM fulfillment.orders
		WHERE order_id <> $order{refused}},
	'closed closed closed closed', 'the clock polls, and the orders close');
$node->value('SELECT fulfillment.unschedule_jobs()');
$engine->comes_to_rest;

# At rest a worker runs nothing.
my $changed = q{SELECT state_change FROM pg_stat_activity WHERE backend_type = 'fulfillment worker'};
$node->comes_to("SELECT ($changed) < now() - interval '1 second'", 't', 'the worker rests');
my $before = $node->value($changed);
$node->value('SELECT pg_sleep(1)');
is($node->value($changed), $before, 'and runs no statement');

# Autovacuum sees what it has done, which nobody else deletes here.
$node->comes_to(q{SELECT n_tup_del > 0 FROM pg_stat_user_tables WHERE relid = 'fulfillment.tasks'::regclass},
	't', 'and the statistics know what it did');

# A prepared transaction wakes it when it is committed.
$node->safe_psql('postgres', q{BEGIN; SELECT fulfillment.test_connection('box');
	PREPARE TRANSACTION 'later'});
$node->safe_psql('postgres', q{COMMIT PREPARED 'later'});
$node->comes_to(q{SELECT count(*) FROM fulfillment.calls WHERE operation = 'test_connection'},
	1, 'COMMIT PREPARED wakes the worker');

# Workers come and go with the setting, and come back when they are ended.
$node->append_conf('postgresql.conf', 'fulfillment.workers = 3');
$node->reload;
$node->workers_come_to(3, 'three workers after a reload');
$node->append_conf('postgresql.conf', 'fulfillment.workers = 1');
$node->reload;
$node->workers_come_to(1, 'one after another');
my ($pid) = $node->worker_pids;
$node->value("SELECT pg_terminate_backend($pid)");
$node->comes_to("SELECT pid <> $pid FROM fulfillment.worker_status()", 't',
	'a worker that was ended is followed by another');

# A role without any right is enough.
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN');
$node->append_conf('postgresql.conf', "fulfillment.worker_role = 'nobody'");
$node->reload;
$node->comes_to(q{SELECT usename FROM pg_stat_activity WHERE backend_type = 'fulfillment worker'},
	'nobody', 'the worker connects as the role it is told to');
$engine->order('O-5');
$node->comes_to(q{SELECT state FROM fulfillment.shipments ORDER BY shipment_id DESC LIMIT 1},
	'accepted', 'and works as before');

# The extension goes and comes back, work waiting.
$engine->orders(101, 120);
$node->psql_ok('DROP EXTENSION fulfillment CASCADE', 'DROP EXTENSION with a busy worker');
$node->psql_ok('CREATE EXTENSION fulfillment', 'CREATE EXTENSION again');
$engine->shop;
$engine->order('O-1');
$node->comes_to(q{SELECT count(*) FROM fulfillment.calls WHERE result = 'ok'}, 1, 'it works again');
$node->safe_psql('postgres', q{UPDATE pg_extension SET extversion = '0.0.1'
	WHERE extname = 'fulfillment'; SELECT fulfillment.wake_workers()});
$node->comes_to(q{SELECT state LIKE 'The extension is of version 0.0.1,%'
	FROM fulfillment.worker_status()}, 't', 'another version of the objects: it waits');
$node->safe_psql('postgres', q{ALTER EXTENSION fulfillment UPDATE TO '0.0.1'});
$node->safe_psql('postgres', q{UPDATE pg_extension SET extversion = default_version
	FROM pg_available_extensions a WHERE a.name = extname AND extname = 'fulfillment';
	SELECT fulfillment.wake_workers()});
$engine->order('O-2');
$node->comes_to(q{SELECT count(*) FROM fulfillment.calls WHERE result = 'ok'}, 2, 'and goes on');

# A second database, not there at first, then with a worker, then dropped.
$node->append_conf('postgresql.conf', q{fulfillment.databases = 'postgres, "Second"'});
$node->reload;
$node->wait_for_log(qr/could not start worker 1 of database "Second"/);
$node->safe_psql('postgres', 'CREATE DATABASE "Second"');
$node->reload;
$node->workers_come_to(2, 'a worker for the new database');
$node->psql_ok('CREATE DATABASE copy TEMPLATE "Second"', 'a database with a worker is copied');
$node->workers_come_to(2, 'its worker comes back');
$node->psql_ok('DROP DATABASE "Second"', 'a database with a worker is dropped');
$node->workers_come_to(1, 'one worker is left');

$engine->comes_to_rest;
$engine->is_sound;
$node->stop;

# A server without room says so once and goes on trying.
$node->append_conf('postgresql.conf', "fulfillment.databases = 'postgres'\n"
	. "fulfillment.workers = 3\nmax_worker_processes = 3");
$node->start;
$node->wait_for_log(qr/All background processes of the server are in use/);
$node->workers_come_to(1, 'as many workers as there is room for');
$node->stop;
done_testing();

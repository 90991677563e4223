# A dump made in mid-flow is restored whole: orders, stock, calls on their way, attached tables, roles,
# months. The copy ships nothing until it is told to go on, and then continues where it was.

use strict;
use warnings;

use FulfillmentCluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new('original', workers => 1);
my $dump = "$PostgreSQL::Test::Utils::tmp_check/midflow.sql";
my $address = '"name": "Eva", "street1": "Weg 1", "city": "Bonn", "postcode": "53111", "country": "DE"';

$node->value(qq{
	SELECT fulfillment.set_up_sandbox();
	SELECT fulfillment.run_job('retention');
	CREATE TABLE shop_orders (id bigserial PRIMARY KEY, order_no text, content jsonb);
	SELECT fulfillment.attach_orders('shop_orders', 'shop', '{"number": "order_no", "currency": {"value": "EUR"},
		"ship_to": {"column": "content", "path": "to"}, "lines": {"column": "content", "path": "lines"}}');
	CREATE ROLE clerk LOGIN;
	SELECT fulfillment.grant_access('clerk', 'operator')});

sub order
{
	my ($number) = @_;

	return qq{INSERT INTO shop_orders (order_no, content)
		VALUES ('$number', '{"to": {$address}, "lines": [{"line": 1, "sku": "MUG", "quantity": 1}]}')};
}

# One order has arrived, one is at the carrier, one has a call that was not made yet, one is held.
$node->value(order('arrived'));
$node->comes_to(q{SELECT progress FROM fulfillment.order_status WHERE number = 'arrived'},
	'delivered', 'an order arrives');
$node->value(q{UPDATE fulfillment.connections SET config = '{"clock_seconds": 3600}'});
$node->value(order('at the carrier'));
$node->comes_to(q{SELECT state FROM fulfillment.shipment_status WHERE order_number = 'at the carrier'},
	'accepted', 'another is at the carrier');
$node->value(q{SELECT fulfillment.pause_connection('sandbox', 'for the dump')});
$node->value(order('waiting'));
$node->value(order('held'));
$node->value(q{SELECT fulfillment.hold_order(order_id, 'fraud') FROM fulfillment.orders WHERE number = 'held'});

my $facts = q{
	SELECT number, state, progress, flags::text FROM fulfillment.order_status ORDER BY order_id;
	SELECT location, sku, on_hand, reserved, available FROM fulfillment.inventory ORDER BY 1, 2;
	SELECT operation, status FROM fulfillment.task_queue ORDER BY task_id;
	SELECT count(*), max(history_id) FROM fulfillment.history;
	SELECT count(*), max(call_id) FROM fulfillment.calls;
	SELECT count(*) FROM fulfillment.stock_movements;
	SELECT count(*), sum(length(content)) FROM fulfillment.documents;
	SELECT count(*) FROM fulfillment.check_stock();
	SELECT c.oid::regclass, count(*) FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
	WHERE c.relispartition AND c.relnamespace = 'fulfillment'::regnamespace GROUP BY c.oid ORDER BY c.oid::regclass::text};
my $before = $node->value($facts);
like($before, qr/calls_\d{4}_\d{2}\|4/, 'there are partitions of months, each with its indexes');

$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump in mid-flow');
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE template0');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('copy') ],
	'restore without an error');
is($node->safe_psql('copy', $facts), $before, 'the copy is what the original was');

# The copy is served by workers, and they wait.
$node->safe_psql('postgres', 'ALTER SYSTEM SET fulfillment.databases = copy');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
ok( $node->poll_query_until('copy', 'SELECT count(*) > 0 FROM fulfillment.worker_status()'),
	'a worker looks at the copy');
$node->safe_psql('copy', q{SELECT fulfillment.resume_connection('sandbox')});
like($node->safe_psql('copy', 'SELECT string_agg(finding, \'; \') FROM fulfillment.doctor()'),
	qr/this database is a copy/, 'doctor() says that it is a copy');
$node->safe_psql('copy', order('taken by the copy'));
ok( $node->poll_query_until('copy', q{SELECT state ~ 'copy|activ|resume|paused' FROM fulfillment.worker_status()}),
	'the worker waits to be told');
is($node->safe_psql('copy', q{SELECT count(*) FROM fulfillment.calls WHERE order_id =
		(SELECT order_id FROM fulfillment.orders WHERE number = 'waiting')}),
	'0', 'and has called nobody');

# It is told, and goes on.
$node->safe_psql('copy', 'SELECT fulfillment.resume_workers()');
$node->safe_psql('copy', q{UPDATE fulfillment.connections SET config = '{"clock_seconds": 0}'});
ok( $node->poll_query_until('copy', q{
		SELECT count(*) = 2 FROM fulfillment.shipment_status
		WHERE order_number IN ('waiting', 'taken by the copy') AND state = 'delivered'}),
	'calls that waited are made, and attached tables go on');
is($node->safe_psql('copy', q{SELECT progress FROM fulfillment.order_status WHERE number = 'held'}),
	'held', 'what was held is held');
is($node->safe_psql('copy', q{SELECT count(*) FROM fulfillment.calls WHERE operation = 'create_shipment'
		AND order_id = (SELECT order_id FROM fulfillment.orders WHERE number = 'at the carrier')}),
	'1', 'what the carrier had is not made again');
is($node->safe_psql('copy', q{SET ROLE clerk; SELECT fulfillment.release_order(order_id) FROM fulfillment.orders WHERE number = 'held'}),
	'1', 'roles have the access they had');
is($node->safe_psql('copy', 'SELECT count(*) FROM fulfillment.check_stock()'), '0', 'the ledger is exact');
is($node->safe_psql('copy', 'SELECT string_agg(finding, \'; \') FROM fulfillment.doctor() WHERE severity = \'error\''),
	'', 'doctor() finds no error');
$node->safe_psql('copy', 'SELECT fulfillment.maintain_storage()');
$node->safe_psql('copy', 'DROP EXTENSION fulfillment CASCADE');
is($node->safe_psql('copy', q{SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('fulfillment')}),
	'0', 'DROP EXTENSION takes the partitions of months along');

$node->stop;
done_testing();

# The clock: by the workers, or by pg_cron where it is installed.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentEngine;
use Test::More;

my $cron = FulfillmentCluster->has_cron;
my $node = FulfillmentCluster->start_new('main', workers => 1);
my $engine = FulfillmentEngine->new($node);

$engine->shop;
is($node->value('SELECT fulfillment.schedule_jobs()'), 'workers', 'the workers keep the clock');
$node->comes_to('SELECT count(*) FROM fulfillment.schedules WHERE last_at IS NULL',
	0, 'every job is run at once');
is($node->value('SELECT count(*) FROM fulfillment.schedules WHERE last_error IS NOT NULL'),
	'0', 'without an error');
is($node->value('SELECT bool_and(next_at > now()) FROM fulfillment.schedules'), 't', 'and is due later');
my $jobs = $node->value('SELECT count(*) FROM fulfillment.schedules');
cmp_ok($jobs, '>=', 6, 'the clock has jobs');
like(
	$node->value(q{SELECT string_agg(inhrelid::regclass::text, ' ') FROM pg_inherits
		WHERE inhparent = 'fulfillment.calls'::regclass}),
	qr/calls_\d{4}_\d\d/, 'the coming months have partitions');

# A hold ends by itself, soon after its time.
$node->value(q{UPDATE fulfillment.schedules SET every = '1 second', next_at = now() WHERE job = 'expire'});
my $order = $node->value(q{SELECT fulfillment.submit_order('{"channel": "shop", "number": "H-1",
	"placed_at": "2026-01-05T10:00:00Z", "currency": "EUR", "not_before": "2999-01-01T00:00:00Z",
	"ship_to": {"name": "Ann", "street1": "Gata 1", "city": "Uppsala", "postcode": "75321", "country": "SE"},
	"lines": [{"line": 1, "sku": "A", "quantity": 1, "unit_price": 10}]}')});
$node->value("SELECT fulfillment.hold_order($order, 'fraud', now() + interval '1 second')");
$node->value('SELECT fulfillment.wake_workers()');
$node->comes_to(qq{SELECT count(*) FROM fulfillment.holds WHERE order_id = $order AND released_at IS NULL},
	0, 'a hold ends by itself');

# A job that fails says so and does not stop the others.
$node->safe_psql('postgres', q{INSERT INTO fulfillment.schedules (merchant_id, job, every)
	VALUES (1, 'nonsense', '1 hour'); SELECT fulfillment.wake_workers()});
$node->comes_to(q{SELECT last_error FROM fulfillment.schedules WHERE job = 'nonsense'},
	'There is no such job.', 'a job that fails says so');
$node->psql_fails(q{SELECT fulfillment.run_job('nonsense')}, 'OF002', qr/job "nonsense" does not exist/,
	'and cannot be run by hand');

# Old calls go.
$node->safe_psql('postgres', q{
	INSERT INTO fulfillment.calls (merchant_id, started_at, task_id, connection_id, operation,
		subject_kind, subject_id, attempt, result)
	SELECT 1, now() - interval '200 days', 1, connection_id, 'test_connection', 'connection', 1, 1, 'ok'
	FROM fulfillment.connections});
$node->value(q{SELECT fulfillment.run_job('retention')});
is($node->value(q{SELECT count(*) FROM fulfillment.calls WHERE started_at < now() - interval '90 days'}),
	'0', 'calls older than the setting are gone');
$node->value('SELECT fulfillment.unschedule_jobs()');
is($node->value('SELECT count(*) FROM fulfillment.schedules'), '0', 'the clock is stopped');
$node->stop;

SKIP:
{
	skip 'pg_cron is not installed', 3 unless $cron;
	my $other = FulfillmentCluster->start_new('cron', workers => 1, cron => 1);

	is($other->value('SELECT fulfillment.schedule_jobs()'), 'pg_cron', 'pg_cron keeps the clock');
	is( $other->value(q{SELECT count(*) FROM cron.job WHERE command LIKE 'SELECT fulfillment.run_job(%'}),
		$jobs, 'every job is known to it');
	$other->value('SELECT fulfillment.unschedule_jobs()');
	is($other->value('SELECT count(*) FROM cron.job'), '0', 'and none when the clock is stopped');
	$other->stop;
}
done_testing();

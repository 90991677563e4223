package FulfillmentBenchCalls;

# Webhooks as load: connections, tasks in one statement, and how long until the last answer is
# recorded.
#
#   my $calls = FulfillmentBenchCalls->new($bench);
#   $calls->connect('near', $port);
#   my ($rate, $cpu) = $calls->measure('near', 20000);
#   my ($rate, $cpu) = $calls->plain_sql('near', 20000);
#
# Rates are calls per second, processor time is that of the worker (of the session for plain SQL) in
# microseconds per call.

use strict;
use warnings;

sub new
{
	my ($class, $bench) = @_;

	$bench->value(<<'SQL');
CREATE SCHEMA bench;
-- 300 bytes on the wire, each a fact and the task to tell it
CREATE FUNCTION bench.enqueue(code text, count int) RETURNS void LANGUAGE sql AS $$
	WITH fact AS (
		INSERT INTO fulfillment.notifications (merchant_id, type, occurred_at, content_hash, data)
		SELECT 1, 'order.confirmed', now(), gen_random_uuid(), jsonb_build_object('n', n, 'pad', repeat('x', 160))
		  FROM generate_series(1, $2) n RETURNING event_id)
	INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key)
	SELECT 1, connection_id, 'send_message', 'event', event_id, 'event:' || event_id
	  FROM fact, fulfillment.connections c WHERE c.merchant_id = 1 AND c.code = $1;
$$;
-- What any sender must do: claim and commit, so that no other sends it; then log and delete and commit.
CREATE PROCEDURE bench.drain(code text, batch int) LANGUAGE plpgsql AS $$
DECLARE
	connection bigint := (SELECT connection_id FROM fulfillment.connections c WHERE merchant_id = 1 AND c.code = drain.code);
	ids bigint[];
BEGIN
	LOOP
		WITH due AS MATERIALIZED (
			SELECT task_id FROM fulfillment.tasks WHERE merchant_id = 1 AND connection_id = connection AND due_at <= now()
			   AND state = 'ready' ORDER BY due_at, task_id LIMIT batch FOR UPDATE SKIP LOCKED),
		claimed AS (
			UPDATE fulfillment.tasks t SET state = 'leased', lease = 1, leased_until = now() + interval '1 minute', attempts = attempts + 1
			  FROM due WHERE t.merchant_id = 1 AND t.task_id = due.task_id RETURNING t.task_id)
		SELECT array_agg(task_id) INTO ids FROM claimed;
		COMMIT;
		EXIT WHEN ids IS NULL;
		INSERT INTO fulfillment.calls (merchant_id, task_id, connection_id, operation, subject_kind, subject_id, attempt,
			started_at, method, url, request, status, response, result, timings)
		SELECT 1, t.task_id, t.connection_id, t.operation, t.subject_kind, t.subject_id, t.attempts,
			now(), p.method, p.url, p.request, p.status, p.response, p.result, p.timings
		  FROM fulfillment.tasks t, bench.pattern p WHERE t.merchant_id = 1 AND t.task_id = ANY (ids);
		DELETE FROM fulfillment.tasks WHERE merchant_id = 1 AND task_id = ANY (ids);
		COMMIT;
	END LOOP;
END $$;
SQL
	return bless { bench => $bench }, $class;
}

sub connect
{
	my ($self, $code, $port) = @_;

	$self->{bench}->value(<<"SQL");
INSERT INTO fulfillment.connections (code, connector, config, max_concurrency, rate_per_second, timeout_ms)
VALUES ('$code', 'webhook', '{"base_url": "http://127.0.0.1:$port/hook"}', 4096, 1000000, 30000);
SELECT fulfillment.set_secret('$code', '{"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}');
SQL
	return;
}

sub empty
{
	my ($self) = @_;

	$self->{bench}->value('TRUNCATE fulfillment.calls, fulfillment.notifications, fulfillment.messages, fulfillment.tasks; CHECKPOINT');
	return;
}

# Until every task is gone.
sub wait
{
	my ($self) = @_;

	$self->{bench}->until_true('SELECT NOT EXISTS (SELECT FROM fulfillment.tasks)');
	return;
}

# From the commit that wrote the tasks to the one that recorded the last answer.
my $SECONDS = q{SELECT extract(epoch FROM (SELECT max(pg_xact_commit_timestamp(xmin)) FROM fulfillment.calls
	WHERE call_id > %s) - (SELECT pg_xact_commit_timestamp(xmin) FROM fulfillment.notifications ORDER BY event_id DESC LIMIT 1))};

sub measure
{
	my ($self, $code, $count, %options) = @_;
	my $bench = $self->{bench};

	$self->empty unless $options{keep};
	$bench->value('CHECKPOINT');
	my $before = $bench->value('SELECT coalesce(max(call_id), 0) FROM fulfillment.calls');
	my ($worker) = $bench->worker_pids;
	my $cpu = FulfillmentBench::cpu_of($worker);
	$bench->value("SELECT bench.enqueue('$code', $count); SELECT fulfillment.wake_workers()");
	$self->wait;
	$cpu = FulfillmentBench::cpu_of($worker) - $cpu;
	my $done = $bench->value("SELECT count(*) FROM fulfillment.calls WHERE call_id > $before AND result = 'ok'");
	die "$done of $count calls were taken\n" if $done != $count;
	$bench->value('CREATE TABLE IF NOT EXISTS bench.pattern AS SELECT * FROM fulfillment.calls LIMIT 1');
	return ($count / $bench->value(sprintf $SECONDS, $before), $cpu * 1e6 / $count);
}

# The same rows, claimed, logged and deleted by one session in batches of 100; the worker stands aside.
sub plain_sql
{
	my ($self, $code, $count) = @_;
	my $bench = $self->{bench};

	$self->empty;
	$bench->value("SELECT fulfillment.pause_connection('$code', 'bench')");
	$bench->value("SELECT bench.enqueue('$code', $count)");
	my ($seconds, $cpu) = $bench->session_seconds("CALL bench.drain('$code', 100)");
	my $done = $bench->value('SELECT count(*) FROM fulfillment.calls');
	die "$done of $count rows were logged\n" if $done != $count;
	$bench->value("SELECT fulfillment.resume_connection('$code')");
	return ($count / $seconds, $cpu * 1e6 / $count);
}

1;

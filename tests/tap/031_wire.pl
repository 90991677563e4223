# Calls over a real wire to a peer that misbehaves: each arrives, once, or a person is asked.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentEngine;
use FulfillmentSimulator;
use Test::More;

my $sim = FulfillmentSimulator->start(seed => 3);
my $node = FulfillmentCluster->start_new('main', workers => 2,
	settings => [ 'fulfillment.call_timeout = 2000', 'fulfillment.breaker_failures = 3' ]);
my $engine = FulfillmentEngine->new($node);
my $received = sub { return $sim->get('/webhook/endpoint?name=a') };
my $calls = q{SELECT string_agg(result || coalesce(' ' || status, ''), ', ' ORDER BY call_id)
	FROM fulfillment.calls WHERE call_id > };
my $last = 0;
my $new_calls = sub {
	my $text = $node->value("$calls $last");
	$last = $node->value('SELECT coalesce(max(call_id), 0) FROM fulfillment.calls');
	return $text;
};

$sim->post('/webhook/endpoint',
	{ name => 'a', secrets => ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] });
$engine->hook($sim->url('webhook') . '/a', max_concurrency => 20);

$engine->tell(300);
$engine->comes_to_rest('300 messages go out');
my $endpoint = $received->();
is("$endpoint->{received} $endpoint->{distinct} $endpoint->{verified}",
	'300 300 300', 'each arrived once, and is signed');
is($node->value('SELECT count(*) FROM fulfillment.calls'), '300', 'each is recorded');
$new_calls->();

# What a peer may say or do, and what follows.
my %spoilt = (
	'429 alone' => { action => 'status', status => 429, calls => 'retry 429, ok 204' },
	'429 with seconds' => { action => 'status', status => 429, retry_after => 1, calls => 'retry 429, ok 204' },
	'429 with a date' =>
	  { action => 'status', status => 429, retry_after_date => 2, calls => 'retry 429, ok 204' },
	'503' => { action => 'status', status => 503, calls => 'retry 503, ok 204' },
	'an answer that is lost' => { action => 'drop_after_processing', calls => 'retry, ok 204' },
	'a connection that is reset' => { action => 'reset', calls => 'retry, ok 204' },
	'no answer in time' => { action => 'hang', ms => 4000, calls => 'retry, ok 204' },
	'headers without end' => { action => 'endless_headers', calls => 'retry 200, ok 204' },
	'a gigabyte out of a small answer' => { action => 'gzip_bomb', calls => 'retry 200, ok 204' });
foreach my $case (sort keys %spoilt)
{
	my %rule = %{ $spoilt{$case} };
	my $expected = delete $rule{calls};

	$sim->misbehave(peer => 'webhook', next => 1, %rule);
	$engine->tell(1);
	$engine->comes_to_rest("$case: it is made again");
	is($new_calls->(), $expected, "$case: and arrives");
	$sim->behave;
}
is($received->()->{distinct}, 309, 'all of them arrived');

# Calls about one thing keep their order, whatever becomes of the first.
$sim->misbehave(peer => 'webhook', next => 2, action => 'status', status => 503);
$node->safe_psql('postgres', q{
	INSERT INTO fulfillment.tasks
		(merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key)
	SELECT 1, connection_id, 'send_message', 'event', (SELECT max(event_id) FROM fulfillment.notifications), n
	FROM fulfillment.connections, generate_series(1, 4) n;
	SELECT fulfillment.wake_workers()});
$engine->comes_to_rest('four calls about one event');
is( $node->value("SELECT string_agg(task_id - least || ' ' || result, ', ' ORDER BY call_id)
		FROM fulfillment.calls, (SELECT min(task_id) AS least FROM fulfillment.calls WHERE call_id > $last) m
		WHERE call_id > $last"),
	'0 retry, 0 retry, 0 ok, 1 ok, 2 ok, 3 ok', 'are made in their order');
$new_calls->();

# The same of many things at once, with two workers, when a call of five has to be made again.
$sim->behave;
$sim->misbehave(peer => 'webhook', probability => 0.2, action => 'status', status => 429, retry_after => 0);
$node->safe_psql('postgres', q{
	INSERT INTO fulfillment.tasks
		(merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key)
	SELECT 1, connection_id, 'send_message', 'event', event_id, 'event:' || event_id || ':' || n
	FROM fulfillment.connections, generate_series(1, 5) n,
		(SELECT event_id FROM fulfillment.notifications ORDER BY event_id LIMIT 20) events;
	SELECT fulfillment.wake_workers()});
$engine->comes_to_rest('five calls about each of twenty events');
$sim->behave;
is( $node->value("SELECT count(*) FROM (SELECT task_id < lag(task_id) OVER w
			OR started_at < lag(started_at + coalesce(timings[5], 0) * interval '1 ms') OVER w AS early
		FROM fulfillment.calls WHERE call_id > $last WINDOW w AS (PARTITION BY subject_id ORDER BY call_id)) q
		WHERE early"),
	'0', 'none of them overtakes another');
is($node->value("SELECT count(*) FILTER (WHERE result = 'ok') || ' ' || (count(*) > 100)
		FROM fulfillment.calls WHERE call_id > $last"),
	'100 true', 'and all are made, some again');
$new_calls->();

# A rate that all workers together keep to.
$node->safe_psql('postgres', 'UPDATE fulfillment.connections SET rate_per_second = 40');
my $began = $node->value('SELECT clock_timestamp()');
$engine->tell(60);
$engine->comes_to_rest('60 messages at 40 a second');
# A few may go at once.
my $seconds = $node->value("SELECT extract(epoch FROM max(started_at) - '$began')
	FROM fulfillment.calls WHERE call_id > $last");
cmp_ok($seconds, '>', 0.95 * 55 / 40, 'took their time');
$node->safe_psql('postgres', 'UPDATE fulfillment.connections SET rate_per_second = NULL');
$new_calls->();

# A dead host: the breaker opens, a few calls are tried, and all arrive when it is back.
my $port = $sim->port;
my $before = $received->()->{distinct};
$sim->stop;
$engine->tell(40);
$node->comes_to("SELECT breaker FROM fulfillment.connection_state()", 'open', 'the breaker opens');
$sim = FulfillmentSimulator->start(seed => 3, port => $port);
$sim->post('/webhook/endpoint',
	{ name => 'a', secrets => ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] });
$engine->comes_to_rest('the messages go out when the host is back');
is($received->()->{distinct}, 40, 'all of them');
is($node->value('SELECT breaker FROM fulfillment.connection_state()'), 'closed', 'the breaker is closed');
$new_calls->();

# Credentials that are refused pause the connection, until a person lets it go on.
$engine->shop;
my $fault = sub {
	$node->safe_psql('postgres', "UPDATE fulfillment.connections SET config = '$_[0]' WHERE code = 'box'");
};
$fault->('{"fault": "unauthorized"}');
$engine->order('O-1');
$node->comes_to(q{SELECT state FROM fulfillment.connections WHERE code = 'box'},
	'paused', 'refused credentials pause a connection');
like($node->value('SELECT hint FROM fulfillment.attention WHERE resolved_at IS NULL'),
	qr/fulfillment\.set_secret/, 'and a person is told what to do');
$fault->('{}');
$node->value(q{SELECT fulfillment.resume_connection('box')});
$engine->comes_to_rest('resumed, it goes on');
is($node->value('SELECT count(*) FROM fulfillment.attention WHERE resolved_at IS NULL'),
	'0', 'nothing waits for a person any more');

# What is refused for good waits for a person, and goes when told to.
$sim->post('/webhook/endpoint', { name => 'a', status => 410 });
$engine->tell(1);
$node->comes_to(q{SELECT state FROM fulfillment.tasks}, 'parked', 'what is refused is parked');
is($node->value('SELECT kind FROM fulfillment.attention WHERE resolved_at IS NULL'),
	'refused', 'in front of a person');
$sim->post('/webhook/endpoint', { name => 'a', status => 0 });
$node->value('SELECT fulfillment.retry_task(task_id) FROM fulfillment.tasks');
$engine->comes_to_rest('retried, it arrives');
$engine->is_sound;

is($node->value(q{SELECT count(*) FROM fulfillment.calls c
		WHERE c::text LIKE '%MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw%'}),
	'0', 'no secret stands in the calls');
is_deeply([ $sim->offence_lines ], [], 'the peer has nothing to complain about');
$node->stop;
done_testing();

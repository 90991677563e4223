# What is not there for a while: a peer that refuses every connection, and room on the disk for the
# record of calls.  Work waits, nothing spins, and all goes on when it is back: at the rate that was
# agreed, and with nothing made twice.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new(
	'outages', workers => 2, settings => ['fulfillment.breaker_failures = 3']);
my $sim = FulfillmentSimulator->start(seed => 57);
my $world = FulfillmentWorld->new($node, $sim);

subtest 'a peer that refuses connections' => sub {
	my $port = $sim->port;
	my $failed = q{SELECT max(failed) FROM fulfillment.connection_state()};

	$world->provider('ups', rate_per_second => 20);
	$sim->stop;
	my @orders = $world->submit('ups', 60);
	$world->comes_to('SELECT breaker FROM fulfillment.connection_state()', 'open',
		'it is left alone');
	$world->comes_to("SELECT ($failed) >= " . ($node->value($failed) + 2), 't',
		'and tried again, one call at a time');

	# Ten minutes later: as if the breaker had been open for its longest, and every pause were over.
	$world->time_passes;
	is($world->states(@orders), '60 queued', 'a call that was not made is in no doubt');
	is($node->value('SELECT max(attempts) <= 5 FROM fulfillment.tasks'), 't', 'and has hardly been tried');
	my $began = $node->value('SELECT clock_timestamp()');
	$sim = FulfillmentSimulator->start(seed => 57, port => $port);
	$sim->settings('ups', { label_bytes => 500 });
	$world->{sim} = $sim;
	$world->comes_to('SELECT breaker FROM fulfillment.connection_state()', 'closed', 'back, it is called again');
	$world->comes_to_rest;
	is($world->states(@orders), '60 accepted', 'every call is made');
	my $seconds = $node->value(
		qq{SELECT extract(epoch FROM max(started_at) - '$began') FROM fulfillment.calls WHERE result = 'ok'});
	cmp_ok($seconds, '>=', 0.95 * (60 - 3) / 20, "without a storm: 60 calls took $seconds seconds, at 20 a second");
	$world->is_sound('a peer that was away');
};

# The workers' files may not grow beyond what the other tables need; the record of calls is larger.
# To them it is as if the disk were full.
sub limit_files
{
	my ($limit) = @_;

	foreach my $pid ($node->worker_pids)
	{
		system('prlimit', "--pid=$pid", "--fsize=$limit") == 0 or return 0;
	}
	return 1;
}

subtest 'a disk that is full' => sub {
	my $limit = 17 * 1024 * 1024; # a segment of WAL has 16 MB

	plan skip_all => 'skipped: no program prlimit, or it does not serve' if !limit_files("$limit:");
	limit_files('unlimited:');
	$world->value(q{UPDATE fulfillment.connections SET rate_per_second = NULL});
	$node->value(
		q{INSERT INTO fulfillment.calls (merchant_id, task_id, connection_id, operation, subject_kind,
			subject_id, attempt, result, response)
		SELECT 2, 0, 0, 'filler', 'event', 0, 1, 'ok',
			md5(n || '-a') || md5(n || '-b')
		  FROM generate_series(1, 130000) n});
	cmp_ok($node->value(
			q{SELECT max(pg_relation_size(relid)) FROM pg_partition_tree('fulfillment.calls')}),
		'>', $limit, 'the record of calls is large');
	my @workers = $node->worker_pids;
	my $log = -s $node->logfile;
	limit_files("$limit:");
	my @orders = $world->submit('ups', 30);
	ok($node->wait_for_log(qr/could not extend file .*File too large/, $log), 'the log says what is the matter');
	# one or another record may find room on a page that is there already
	$world->comes_to(q{SELECT count(*) > 0 AND bool_and(state IN ('leased', 'ready')) FROM fulfillment.tasks}, 't',
		'the calls wait until they can be recorded');
	is_deeply([ $node->worker_pids ], \@workers, 'no worker is worse for it');
	my $lines = () = slurp_file($node->logfile, $log) =~ /could not extend file/g;
	cmp_ok($lines, '<', 300, "and none fills the disk with complaints ($lines)");
	limit_files('unlimited:');
	$world->comes_to_rest_in_time('with room again, all is recorded');
	is($world->states(@orders), '30 accepted', 'and every shipment is accepted');
	is_deeply([ $node->worker_pids ], \@workers, 'by the same workers');
	$world->is_sound('a disk that was full');
};

done_testing();

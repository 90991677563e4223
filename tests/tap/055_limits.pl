# What a peer may ask for: no more calls in a second or at once than agreed, none while it wants to
# be left alone, and one at a time when it has failed.  Two workers keep to each limit together.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('limits', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 54);
my $world = FulfillmentWorld->new($node, $sim);
$sim->settings('ups', { label_bytes => 500 });

# When shipments were asked for, in seconds, since a request of this number.
sub asked_at
{
	my ($since) = @_;

	return sort { $a <=> $b } map { $_->{at} }
	  grep { $_->{uri} =~ m{/api/shipments} } @{ $sim->requests(peer => 'ups', since => $since) };
}

sub requests_so_far
{
	return $sim->get('/requests')->{count};
}

sub breaker
{
	my ($code) = @_;

	return "SELECT breaker FROM fulfillment.connection_health WHERE connection = '$code'";
}

subtest 'rate' => sub {
	$world->provider('ups', code => 'rate', rate_per_second => 25);
	my $before = requests_so_far();
	my $began = $node->value('SELECT clock_timestamp()');
	my @orders = $world->submit('rate', 75);
	$world->comes_to_rest;
	is(scalar(my @times = asked_at($before)), 75, 'every call was made once');
	# The first call is free.  Whatever comes late on a busy machine only makes it longer.
	my $seconds = $node->value(qq{SELECT extract(epoch FROM max(started_at) - '$began')
		FROM fulfillment.calls JOIN fulfillment.connections USING (merchant_id, connection_id)
		WHERE code = 'rate'});
	cmp_ok($seconds, '>=', 0.95 * 74 / 25, "75 calls took $seconds seconds, at 25 a second");
};

subtest 'concurrency' => sub {
	$world->provider('ups', code => 'five', max_concurrency => 5);
	$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'delay_ms', ms => 400);
	my @orders = $world->submit('five', 24);
	$world->comes_to_rest;
	$sim->behave;
	# A call counts from 20 ms after its begin to 20 ms before its end, as far as clocks can tell.
	my $most = $world->value(
		q{WITH spans AS (SELECT started_at + interval '20 ms' AS began,
			started_at + (timings[5] - 20) * interval '1 ms' AS ended
		  FROM fulfillment.calls JOIN fulfillment.connections USING (merchant_id, connection_id)
		 WHERE code = 'five')
		SELECT max((SELECT count(*) FROM spans o WHERE o.began <= s.began AND o.ended > s.began))
		  FROM spans s});
	is($most, 5, 'five calls were under way at once, and never more');
	is($world->states(@orders), '24 accepted', 'and all were made');
};

subtest 'to come later' => sub {
	$world->provider('ups', code => 'later', max_concurrency => 4);
	foreach my $wish ([ retry_after => 2, 'in seconds' ], [ retry_after_date => 2, 'as a date' ])
	{
		my $before = requests_so_far();
		$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'status', status => 429,
			$wish->[0] => $wish->[1], next => 4);
		my @orders = $world->submit('later', 12);
		$world->comes_to_rest;
		my @times = asked_at($before);
		is(scalar @times, 16, "$wish->[2]: four calls were made twice");
		# a date has whole seconds
		cmp_ok($times[4] - $times[3], '>=', 0.9, "$wish->[2]: the peer was left alone as it asked");
		is($world->states(@orders), '12 accepted', "$wish->[2]: and all were made");
	}
};

subtest 'a peer that fails' => sub {
	$world->provider('ups', code => 'down', max_concurrency => 4);
	my $before = requests_so_far();
	$sim->misbehave(peer => 'ups', path => '/api', action => 'status', status => 500);
	my @orders = $world->submit('down', 40);
	$world->comes_to(breaker('down'), 'open', 'it is left alone');
	my $failed = $node->value(
		q{SELECT failed FROM fulfillment.connection_state() WHERE breaker = 'open'});
	cmp_ok($failed, '<=', 12, "after $failed failures, those under way included");
	$world->comes_to("SELECT failed >= $failed + 1 FROM fulfillment.connection_state() WHERE breaker <> 'closed'",
		't', 'then one call at a time is tried');
	my $requests = requests_so_far() - $before;
	$failed = $node->value(q{SELECT max(failed) FROM fulfillment.connection_state()});
	cmp_ok($requests, '<=', $failed + 2, "and no other but for a token ($requests requests)");
	$sim->behave;
	$world->comes_to(breaker('down'), 'closed', 'an answer closes the breaker');
	$world->comes_to_rest_in_time('all calls are made');
	is($world->states(@orders), '40 accepted', 'and succeed');
};

$world->is_sound('within the limits');

done_testing();

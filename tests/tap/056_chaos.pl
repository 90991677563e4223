# Everything at once, at random: orders come in, are held and cancelled while carriers and a
# warehouse lose answers, workers and sessions are killed, the server is stopped as by a power cut,
# and settings change.  When all is quiet again every shipment was made once or is in front of a
# person.
#
# $FULFILLMENT_CHAOS_SECONDS says for how long (10).  The seed is printed; $FULFILLMENT_SEED repeats
# what was done, though not when exactly.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $seconds = $ENV{FULFILLMENT_CHAOS_SECONDS} // 10;
my $seed = $ENV{FULFILLMENT_SEED} // time % 1_000_000;
note("FULFILLMENT_SEED=$seed");
srand($seed);

my $node = FulfillmentCluster->start_new('chaos', workers => 2);
my $sim = FulfillmentSimulator->start(seed => $seed);
$sim->settings('ups', { label_bytes => 500 });
my $world = FulfillmentWorld->new($node, $sim)->provider('ups', timeout_ms => 1500)
  ->provider('ongoing', timeout_ms => 1500)->provider('sandbox');
my (@orders, %done);

sub one_of
{
	my (@list) = @_;
	return $list[ rand @list ];
}

sub submit
{
	my $provider = one_of(qw(ups ups ongoing sandbox));
	my %more;

	# these take several requests, and several turns of a worker
	%more = (ship_to => { %{ $world->order('sandbox')->{ship_to} }, name => 'Sandbox in steps' })
	  if $provider eq 'sandbox' && rand() < 0.5;
	push @orders, $world->submit($provider, 1 + int(rand(30)), %more);
	return;
}

# Does something to some of the newest orders that are open.
sub with_some
{
	my ($call) = @_;

	my @some = (0, grep { rand() < 0.4 } @orders[ -(@orders < 40 ? @orders : 40) .. -1 ]);
	$world->value("SELECT $call FROM fulfillment.orders WHERE state = 'open' AND order_id IN ("
		  . join(',', @some) . ')');
	return;
}

# An intake that is begun and not committed; its session dies, and its orders never were.
sub kill_session
{
	my $session = $node->session;

	$session->query_until(
		qr/begun/,
		sprintf("BEGIN;\nSELECT fulfillment.submit_orders(\$j\$%s\$j\$);\n\\echo begun\n",
			encode_json([ $world->order('ups') ])));
	$node->kill_process($node->value(
			q{SELECT max(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'}));
	eval { $session->quit };
	return;
}

sub kill_worker
{
	my $victim = one_of($node->processes) or return;
	$node->kill_process($victim);
	return;
}

# Peers lose answers, answer late or not at all, or nonsense.
sub spoil
{
	my $action = one_of(
		qw(drop_after_processing drop_before reset hang half_body garbage html empty gzip_bomb
		  endless_headers status deep_json));
	my %more;

	$more{status} = one_of(429, 500, 502, 503) if $action eq 'status';
	# "too many requests" says that this one was not done
	$more{processed} = JSON::PP::true
	  if $action =~ /^(?:reset|hang|status)$/ && ($more{status} // 0) != 429 && rand() < 0.5;
	$more{ms} = 4000 if $action eq 'hang';
	$sim->misbehave(
		peer => one_of('ups', 'ongoing'), action => $action, probability => rand(0.3), %more,
		next => 5 + int(rand(50)));
	return;
}

sub end_holds
{
	$world->value(
		'SELECT fulfillment.release_order(order_id) FROM fulfillment.holds WHERE released_at IS NULL');
	return;
}

sub change_settings
{
	$node->append_conf('postgresql.conf',
		"fulfillment.workers = " . (1 + int(rand(4))) . "\n"
		  . "fulfillment.max_concurrency = " . one_of(5, 50, 200) . "\n"
		  . "log_min_messages = " . one_of('warning', 'debug1'));
	$node->reload;
	return;
}

# What may happen, and how often among the others.
my %deeds = (
	'orders come in' => [ 10, \&submit ],
	'orders are held' => [ 3, sub { with_some(q{fulfillment.hold_order(order_id, 'chaos')}) } ],
	'orders are cancelled' => [ 2, sub { with_some(q{fulfillment.cancel_order(order_id, 'chaos')}) } ],
	'holds end' => [ 3, \&end_holds ],
	'peers behave badly' => [ 4, \&spoil ],
	'peers behave' => [ 2, sub { $sim->behave } ],
	'a worker or the launcher is killed' => [ 3, \&kill_worker ],
	'a worker is asked to go' => [
		2,
		sub {
			my ($pid) = $node->worker_pids or return;
			$node->value("SELECT pg_terminate_backend($pid)");
		} ],
	'a session is killed' => [ 1, \&kill_session ],
	'the power goes' => [ 1, sub { $node->crash } ],
	'settings change' => [ 2, \&change_settings ]);
my @bag = map { ($_) x $deeds{$_}[0] } sort keys %deeds;

my $until = time + $seconds;
submit();
while (time < $until || keys %done < 6)
{
	my $deed = one_of(@bag);

	$done{$deed}++ if eval { $deeds{$deed}[1]->(); 1 } || diag("$deed: $@");
	usleep(rand(200_000));
}
note(join ', ', map { "$_: $done{$_}" } sort keys %done);

$sim->behave;
$node->append_conf('postgresql.conf', "fulfillment.workers = 2\nfulfillment.max_concurrency = 200");
$node->reload;
end_holds();
$world->value('SELECT fulfillment.resume_connection(code) FROM fulfillment.connections');
$world->comes_to_rest_in_time('every call ends in time');
note('shipments: ' . $world->states);
unlike($world->states, qr/submitting|queued|draft/, 'no shipment is on its way');
is(
	$world->value('SELECT count(*) FROM fulfillment.tasks'),
	$world->value(q{SELECT count(DISTINCT task_id) FROM fulfillment.attention WHERE resolved_at IS NULL
		AND task_id IS NOT NULL}),
	'a person is told of every call that is left');
$world->is_sound("after $seconds s of chaos");

done_testing();

# Scenario 13, a worker killed: at every point between its claim and the commit of what came back.
# Every shipment is made once, and none is forgotten.
#
# A worker stops where it is to die without any help of its own: the carrier keeps back its token
# or its answer, or a trigger of this test sleeps.  The table that tells triggers to sleep is
# unlogged, so a crash empties it.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = FulfillmentCluster->start_new('crash', workers => 1);
my $sim = FulfillmentSimulator->start(seed => 13);
my $world = FulfillmentWorld->new($node, $sim)->provider('ups', timeout_ms => 20000);

$node->value(q{
	CREATE UNLOGGED TABLE public.stop_at (point text);
	CREATE FUNCTION public.stop_here() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN
		IF EXISTS (SELECT FROM public.stop_at WHERE point = TG_ARGV[0]) THEN
			PERFORM pg_sleep(120);
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER claim BEFORE UPDATE ON fulfillment.tasks FOR EACH ROW
		WHEN (NEW.state = 'leased') EXECUTE FUNCTION public.stop_here('claim');
	CREATE TRIGGER reply BEFORE UPDATE ON fulfillment.shipments FOR EACH ROW
		WHEN (NEW.state = 'accepted') EXECUTE FUNCTION public.stop_here('reply');
	CREATE TRIGGER apply BEFORE INSERT ON fulfillment.documents FOR EACH ROW
		EXECUTE FUNCTION public.stop_here('apply');
	CREATE CONSTRAINT TRIGGER commit AFTER INSERT ON fulfillment.documents DEFERRABLE INITIALLY
		DEFERRED FOR EACH ROW EXECUTE FUNCTION public.stop_here('commit');});

sub made
{
	return $sim->get('/ups/counts')->{shipments};
}

sub wait_until
{
	my ($condition, $what) = @_;

	foreach my $attempt (1 .. 20 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if $condition->();
		usleep(50_000);
	}
	die "waited in vain until $what\n";
}

sub wait_for_sleeper
{
	$node->poll_query_until('postgres',
		"SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 1)
	  or die "no worker came to sleep\n";
	return;
}

sub stop_at
{
	my ($point) = @_;

	# All calls are on the wire before the first answer is there.
	$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'delay_ms', ms => 1200);
	$node->value("INSERT INTO public.stop_at VALUES ('$point')");
	return;
}

# Orders whose worker is killed when it has come to the place.
sub kill_at
{
	my ($prepare, $reached) = @_;

	$prepare->();
	my @orders = $world->submit('ups', 5);
	$reached->();
	$node->kill_process(($node->worker_pids)[0]);
	$sim->behave;
	return @orders;
}

# A test: these orders are shipped, each by calls like these (a pattern).
sub shipped_by
{
	my ($calls, $name, @orders) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$world->comes_to_rest("$name: every call ends");
	is($world->states(@orders), @orders . ' accepted', "$name: all are accepted");
	my @made = split /\n/, $world->value(
		"SELECT DISTINCT calls FROM (SELECT string_agg(operation || ' ' || result, ', '
		   ORDER BY call_id) AS calls FROM fulfillment.calls WHERE order_id IN ("
		  . join(',', @orders) . ') GROUP BY order_id) q');
	is_deeply([ grep { !/^$calls$/ } @made ], [], "$name: by the right calls");
	$world->is_sound($name);
	return;
}

# The first call needs a token, which does not come.
my @orders = kill_at(
	sub { $sim->misbehave(peer => 'ups', path => '/security', action => 'hang') },
	sub {
		wait_until(sub { $sim->get('/misbehave')->{rules}[0]{applied} }, 'a token is asked for');
	});
$world->comes_to("SELECT count(*) FROM fulfillment.calls WHERE result = 'absent'", 5,
	'killed after the claim: each is looked up');
is($world->states(@orders), '5 unknown', 'killed after the claim: none is sent again so early');
$world->time_passes;
shipped_by(
	'create_shipment unknown, find_shipment absent, find_shipment absent, create_shipment ok',
	'killed after the claim', @orders);

# Reading what a call is about waits for a table that somebody has locked.
$world->value("SELECT fulfillment.pause_connection('ups', 'a lock is taken')");
@orders = $world->submit('ups', 5);
my $session = $node->session;
$session->query_safe('BEGIN; LOCK TABLE fulfillment.items');
$world->value("SELECT fulfillment.resume_connection('ups')");
$node->poll_query_until('postgres',
	"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'fulfillment worker'
	    AND wait_event_type = 'Lock'", 1)
  or die "the worker did not wait\n";
is($world->value('SELECT DISTINCT state FROM fulfillment.tasks'), 'leased',
	'killed while the message is written: the lease stands already');
$node->kill_process(($node->worker_pids)[0]);
eval { $session->quit };
$world->comes_to_rest_in_time('killed while the message is written: every call ends in time');
# Some were asked about when that proved nothing yet.
shipped_by(
	'create_shipment unknown, (?:find_shipment absent, )+create_shipment ok',
	'killed while the message is written', @orders);

@orders = kill_at(sub { stop_at('claim') }, sub { wait_for_sleeper() });
shipped_by('create_shipment ok', 'killed in the claim', @orders);

my $before = made();
@orders = kill_at(
	sub {
		$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'hang', processed => JSON::PP::true);
	},
	sub { wait_until(sub { made() == $before + 5 }, 'every label is made') });
shipped_by('create_shipment unknown, find_shipment ok', 'killed after sending', @orders);

foreach my $point (
	[ reply => 'killed after the answer' ],
	[ apply => 'killed in the middle of applying' ],
	[ commit => 'killed before the commit' ])
{
	@orders = kill_at(
		sub { stop_at($point->[0]) },
		sub { wait_for_sleeper() });
	shipped_by('create_shipment unknown, find_shipment ok', $point->[1], @orders);
}

# The look-up takes two requests here: the first answers who it may be, the second is kept back.
$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'drop_after_processing', next => 1);
$sim->misbehave(peer => 'ups', path => '/api/labels', action => 'status', status => 503);
@orders = $world->submit('ups', 1);
my ($shipment) = $world->shipments(@orders);
my $made = sub { return $sim->get("/ups/shipments?reference=$shipment->{reference}")->{shipments}[0] };
wait_until(sub { $made->() }, 'the label is made');
$sim->behave;
$sim->misbehave(
	peer => 'ups', path => '/api/labels', action => 'status', status => 200, next => 1,
	body => { LabelRecoveryResponse =>
		  { TrackingCandidate => [ { TrackingNumber => $made->()->{packages}[0]{tracking_number} } ] } });
$sim->misbehave(peer => 'ups', path => '/api/labels', action => 'hang');
wait_until(sub { ($sim->get('/misbehave')->{rules}[1] // {})->{applied} }, 'the second request is there');
$node->kill_process(($node->worker_pids)[0]);
$sim->behave;
shipped_by(
	'create_shipment unknown, (?:find_shipment (?:retry|unknown), )*find_shipment continue, '
	  . '(?:find_shipment (?:retry|unknown), )*find_shipment ok',
	'killed between two requests of one call', @orders);

done_testing();

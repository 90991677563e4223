# Told to stop, neither a worker nor the server waits for peers that do not answer, nor for a
# statement that never ends.  What was under way is looked up afterwards, and nothing is made twice.
# The times are noted; those that are tested leave room for a busy machine, and are far below what
# waiting would take.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = FulfillmentCluster->start_new(
	'shutdown',
	workers => 2,
	settings => [ 'max_files_per_process = 2000', 'fulfillment.max_concurrency = 400' ]);
my $sim = FulfillmentSimulator->start(seed => 64);
$sim->settings('ups', { label_bytes => 500 });
my $world = FulfillmentWorld->new($node, $sim)->provider('ups', timeout_ms => 120000);
my $found = 'create_shipment unknown, find_shipment ok';

# A test: what is done takes less than so long.
sub takes_less
{
	my ($limit, $name, $do) = @_;

	my $began = time;
	$do->();
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return cmp_ok(time - $began, '<', $limit, sprintf '%s (%.2f s)', $name, time - $began);
}

my @orders = $world->submit_unanswered('ups', 200);
takes_less(20, 'the server stops with 200 calls on the wire', sub { $node->stop('fast') });
$sim->behave;
$node->start;
$world->comes_to_rest('started again, it goes on');
$world->called($found, 'calls of a server that was stopped', @orders);
$world->is_sound('a server that was stopped');

@orders = $world->submit_unanswered('ups', 200);
my @before = $node->worker_pids;
takes_less(
	20,
	'workers go with 200 calls on the wire',
	sub {
		$node->value('SELECT pg_terminate_backend(pid, 60000) FROM unnest(ARRAY[' . join(',', @before) . ']) pid');
	});
$sim->behave;
$node->workers_come_to(2, 'others take their place');
my %before = map { $_ => 1 } @before;
is(scalar(grep { $before{$_} } $node->worker_pids), 0, 'none of them is there any more');
$world->comes_to_rest('which go on');
$world->called($found, 'calls of workers that were told to go', @orders);
$world->is_sound('workers that were told to go');

# What the answer is written down by never ends.
$node->value(q{
	CREATE TABLE public.endless (order_id bigint);
	CREATE FUNCTION public.endless() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN
		WHILE EXISTS (SELECT FROM public.endless e WHERE e.order_id = NEW.order_id) LOOP
			PERFORM set_config('endless.here', 'yes', false);
		END LOOP;
		RETURN NEW;
	END $$;
	CREATE TRIGGER endless BEFORE UPDATE ON fulfillment.shipments FOR EACH ROW
		WHEN (NEW.state = 'accepted') EXECUTE FUNCTION public.endless();});
$world->value(q{SELECT fulfillment.pause_connection('ups', 'a trap is laid')});
@orders = $world->submit('ups', 2);
$node->value("INSERT INTO public.endless VALUES ($orders[0])");
$world->value(q{SELECT fulfillment.resume_connection('ups')});
$node->comes_to(
	q{SELECT count(*) > 0 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.relation = 'public.endless'::regclass AND a.backend_type = 'fulfillment worker'},
	't', 'a worker is in a loop without end');
takes_less(60, 'the server stops all the same', sub { $node->stop('fast') });
# Without workers, so that the trap is away before they are there.
$node->append_conf('postgresql.conf', q{fulfillment.databases = ''});
$node->start;
$node->value('DELETE FROM public.endless');
$node->append_conf('postgresql.conf', q{fulfillment.databases = 'postgres'});
$node->reload;
$world->comes_to_rest_in_time('with the trap gone, it goes on');
is($world->states(@orders), '2 accepted', 'and both shipments are there');
$world->is_sound('a loop without end');

done_testing();

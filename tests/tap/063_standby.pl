# A standby does nothing while it is one.  When its primary dies with calls on the wire it is
# promoted, takes over, and finishes the work: every shipment is made once.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $primary = FulfillmentCluster->start_new('primary', workers => 2, streaming => 1);
my $sim = FulfillmentSimulator->start(seed => 63);
$sim->settings('ups', { label_bytes => 500 });
my $world = FulfillmentWorld->new($primary, $sim)->provider('ups', timeout_ms => 60000)
  ->provider('ups', code => 'later', timeout_ms => 60000);

$primary->backup('base');
my $standby = FulfillmentCluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# pg_basebackup keeps its mode; the copy that the test's cluster makes of the backup does not.
chmod 0600, $standby->data_dir . '/fulfillment.key' or die "there is no key file: $!\n";
$standby->start;

my @done = $world->submit('ups', 5);
$world->comes_to_rest('the primary works');

$world->value(q{SELECT fulfillment.pause_connection('later', 'for the new primary')});
my @waiting = $world->submit('later', 5);
my @flying = $world->submit_unanswered('ups', 20);
$primary->wait_for_catchup($standby);
is($standby->processes, 0, 'a standby has no worker and no launcher');
is($standby->value('SELECT count(*) FROM fulfillment.tasks'), 25, 'but everything else');
is($standby->value('SELECT running FROM fulfillment.engine_facts()'), 0, 'and says so');

$primary->stop('immediate');
$sim->behave;
$standby->promote;
my $new = $world->seen_from($standby);
$standby->workers_come_to(2, 'promoted, it has workers');
$standby->comes_to(q{SELECT count(*) FROM fulfillment.tasks}, 5, 'which take over')
  || $new->explain_tasks;
$new->called('create_shipment unknown, find_shipment ok', 'calls of the old primary', @flying);
$new->value(q{SELECT fulfillment.resume_connection('later')});
$new->comes_to_rest('and go on');
$new->called('create_shipment ok', 'what had waited', @waiting);
$new->called('create_shipment ok', 'what was done', @done);
is($new->value('SELECT count(*) FROM fulfillment.attention WHERE resolved_at IS NULL'), 0, 'nobody is asked for help');
$new->is_sound('after the promotion');

done_testing();

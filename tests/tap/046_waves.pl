# Waves among single orders: how far one is can be seen while it runs, its time is kept, and with many
# sessions nothing is oversold, nobody waits in a circle, and who lost a race is decided again alone.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSessions;
use Test::More;

my $node = FulfillmentCluster->start_new('waves', workers => 0, settings => ['fsync = off']);
my $shop = FulfillmentSessions->new($node);

# Takes orders in that wait for a wave: numbers PREFIX-1 …, each of some of the items A, B and C.
sub wait_for_wave
{
	my ($prefix, $count) = @_;

	$node->value("SELECT count(*) FROM fulfillment.submit_orders((SELECT jsonb_agg(
			shop.document('$prefix-' || n, jsonb_build_object(chr(65 + n % 3), 1 + n % 2, chr(65 + (n + 1) % 3), 1),
				'{\"not_before\": \"2999-01-01\"}')) FROM generate_series(1, $count) n))");
	$node->value("UPDATE fulfillment.orders SET not_before = NULL, next_routing_at = now() WHERE number LIKE '$prefix-%'");
	return;
}

sub receive { return $node->value("SELECT count(fulfillment.receive_stock(l, s, $_[0])) FROM unnest('{NEAR,FAR}'::text[]) l, unnest('{A,B,C}'::text[]) s") }

subtest 'a wave is seen while it runs' => sub {
	receive(50);
	wait_for_wave('seen', 20);
	# it comes to its end only when this session lets the stock go
	my $holder = $node->background_psql('postgres');
	$holder->query('BEGIN; SELECT count(*) FROM (SELECT FROM fulfillment.stock_levels FOR UPDATE) s');
	my $waver = $node->background_psql('postgres');
	$waver->query_until(qr/begun/, "\\echo begun\nSELECT fulfillment.assign_orders();\n");
	$node->comes_to('SELECT phase FROM fulfillment.wave_progress()', 'writing', 'it is at writing');
	is($node->value('SELECT merchant_id, orders, done, cost >= bound, bound > 0 FROM fulfillment.wave_progress()'),
		'60|20|0|t|t', 'whose it is, of how many orders, what it costs and could not cost less than');
	is($node->value("SELECT p.pid = a.pid FROM fulfillment.wave_progress() p JOIN pg_stat_activity a ON a.query LIKE 'SELECT fulfillment.assign_orders%'"),
		't', 'and which session works on it');
	is($node->value("SELECT count(*) FROM fulfillment.shipments"), 0, 'nobody sees anything of its shipments yet');
	$holder->query('ROLLBACK');
	$node->comes_to('SELECT count(*) FROM fulfillment.wave_progress()', 0, 'then it is over');
	is($node->value("SELECT orders, decided, gap >= 0 FROM fulfillment.waves"), '20|20|t', 'and has left a row');
	$_->quit foreach $holder, $waver;
};

subtest 'a wave keeps its time' => sub {
	receive(300);
	wait_for_wave('late', 200);
	$node->value("INSERT INTO fulfillment.routing_settings (wave_time) VALUES ('1 millisecond')");
	$node->value('SELECT fulfillment.assign_orders()');
	is($node->value('SELECT orders, decided, in_time FROM fulfillment.waves ORDER BY wave_id DESC LIMIT 1'), '200|200|f',
		'without time left every order still gets its plan');
	is($node->value("SELECT count(DISTINCT order_id) FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE o.number LIKE 'late-%'"),
		200, 'and its shipments');
	$node->value('DELETE FROM fulfillment.routing_settings');
	$shop->is_sound('after it');
};

subtest 'four waves and six single sessions' => sub {
	$node->value("UPDATE fulfillment.locations SET daily_capacity = 80, working_days = '{1,2,3,4,5,6,7}' WHERE code = 'NEAR'");
	receive(40);
	wait_for_wave('rush', 240);
	my $single = sub { my $s = $_[0]; join "\n", map { my $sku = chr(65 + ($s + $_) % 3); "SELECT shop.submit('one-$s-$_', '{\"$sku\": 1}');" } 1 .. 15 };
	my @answers = $shop->at_once([ (join "\n", ('SELECT fulfillment.assign_orders(25);') x 6) x 4, map { $single->($_) } 1 .. 6 ]);
	pop @answers;
	is(join(' ', map { @{ $_->{errors} } } @answers), '', 'no session failed');

	# Whoever lost a race is due at once, in a transaction of its own.
	$node->comes_to(q{SELECT fulfillment.assign_orders(1000) IS NULL, count(*) FROM fulfillment.orders WHERE next_routing_at <= now()},
		'f|0', 'those who lost are decided again, until nobody is due');
	my $lost = $node->value('SELECT sum(orders - decided) FROM fulfillment.waves');
	note("$lost orders lost a race");
	is($node->value(q{SELECT count(*) FROM fulfillment.orders o WHERE NOT EXISTS (SELECT FROM fulfillment.decisions d WHERE d.order_id = o.order_id)}),
		0, 'every order was decided');
	is($node->value(q{SELECT count(*) FROM fulfillment.stock_levels WHERE reserved > on_hand OR reserved < 0}), 0, 'nothing is oversold');
	is($node->value(q{SELECT count(*) FROM fulfillment.location_days d JOIN fulfillment.locations l USING (merchant_id, location_id)
			WHERE d.used > l.daily_capacity}), 0, 'no day is overbooked');
	is($node->value(q{SELECT count(*) FROM fulfillment.location_days d WHERE d.used <>
			(SELECT count(*) FROM fulfillment.shipments s WHERE s.location_id = d.location_id AND s.capacity_day = d.day AND s.state <> 'cancelled')}),
		0, 'a slot for every shipment, and no other');
	is($node->value(q{SELECT sum(l.assigned) = (SELECT sum(reserved) FROM fulfillment.stock_levels) FROM fulfillment.order_lines l}), 't',
		'what is assigned is reserved');
	is($node->value(q{SELECT count(*) FROM fulfillment.order_lines l JOIN fulfillment.stock_levels s USING (merchant_id, item_id)
			JOIN fulfillment.locations w USING (merchant_id, location_id)
			WHERE l.assigned + l.cancelled < l.quantity AND s.on_hand > s.reserved AND w.code = 'FAR'}), 0, 'no unit lies there that somebody waits for');
	$shop->is_sound('after the rush');
};

$node->stop;
done_testing();

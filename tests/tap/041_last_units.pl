# Scenarios 9 and 10: many sessions want the last unit, and the last slots of a day.  Exactly as many
# get one as there are; the others wait or go elsewhere, and nobody waits in a circle.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSessions;
use Test::More;

my $node = FulfillmentCluster->start_new('last_units', workers => 0);
my $shop = FulfillmentSessions->new($node);

subtest 'scenario 9: 50 sessions, one unit' => sub {
	$node->value("SELECT fulfillment.receive_stock('NEAR', 'A', 1)");
	my @answers = $shop->at_once([ map { "SELECT shop.submit('nine-$_', '{\"A\": 1}');" } 1 .. 50 ]);
	my $seconds = pop @answers;

	is(scalar(grep { $_->{output} eq "created\n" } @answers), 50, 'every order was taken');
	is($node->value("SELECT count(*) FROM shop.shipments('nine-%')"), 1, 'one got the unit');
	is($node->value("SELECT progress, waits, count(*) FROM shop.show('nine-%') GROUP BY 1, 2 ORDER BY 3"),
		"assigned||1\nbackordered|no_stock|49", 'the others wait for stock');
	is($node->value("SELECT on_hand, reserved FROM shop.stock()"), '1|1', 'it is reserved once');
	cmp_ok($seconds, '<', 10, 'in no time') && note(sprintf '%.2f s', $seconds);
	$shop->is_sound('after the rush for a unit');
};

subtest 'the unit comes back, and one of those who wait gets it' => sub {
	$node->value("SELECT fulfillment.cancel_order(order_id) FROM fulfillment.shipments WHERE merchant_id = 60");
	$node->value("UPDATE fulfillment.orders SET next_routing_at = now() WHERE merchant_id = 60 AND next_routing_at > now()");
	my @answers = $shop->at_once([ ('SELECT fulfillment.assign_orders();') x 4 ]);
	pop @answers;

	my $made = 0;
	$made += $_->{output} foreach @answers;
	is($made, 1, 'of four waves one assigned it');
	$shop->is_sound('after the waves');
};

subtest 'scenario 10: 8 sessions, 25 orders, 10 slots' => sub {
	$node->value("UPDATE fulfillment.locations SET daily_capacity = 10, cutoff = '23:59:59', working_days = '{1,2,3,4,5,6,7}'
		WHERE merchant_id = 60 AND code = 'NEAR'");
	$node->value("SELECT fulfillment.receive_stock(l, 'B', 100) FROM unnest('{NEAR,FAR}'::text[]) l");
	my @scripts;
	push @{ $scripts[ $_ % 8 ] }, "SELECT shop.submit('ten-$_', '{\"B\": 1}');" foreach 1 .. 25;
	my @answers = $shop->at_once([ map { join "\n", @$_ } @scripts ]);
	pop @answers;

	is(join('', map { @{ $_->{errors} } } @answers), '', 'every order was taken');
	is($node->value("SELECT location, count(*) FROM shop.shipments('ten-%') GROUP BY 1 ORDER BY 2"),
		"NEAR|10\nFAR|15", '10 go from the full location, the others from the dearer one');
	is($node->value(
			"SELECT count(DISTINCT o.order_id) FROM fulfillment.orders o,
			        fulfillment.explain_assignment(o.order_id) e
			  WHERE o.merchant_id = 60 AND o.number LIKE 'ten-%' AND e.location = 'NEAR' AND e.reason = 'capacity'"),
		15, 'and those say why');
	$shop->is_sound('after the rush for slots');
};

subtest 'scenario 1: the same order by 20 sessions, one of them twice in a batch' => sub {
	my $order = q(shop.document('again', '{"B": 1}'));
	my @answers = $shop->at_once(
		[ ("SELECT outcome FROM fulfillment.submit_orders(jsonb_build_array($order));") x 19,
			"SELECT outcome FROM fulfillment.submit_orders(jsonb_build_array($order, $order));" ]);
	pop @answers;
	my %outcomes;
	$outcomes{$_}++ foreach map { split /\n/, $_->{output} } @answers;

	is_deeply(\%outcomes, { created => 1, duplicate => 20 }, 'one took it, the others knew it');
	is($node->value("SELECT redelivered FROM fulfillment.orders WHERE number = 'again'"), 20, 'each is counted');
	is($node->value("SELECT count(*) FROM shop.ledger('again')"), 1, 'it is reserved once');
	is($node->value("SELECT count(*) FROM fulfillment.decisions WHERE order_id = shop.id('again')"), 1, 'and decided once');
	$shop->is_sound('after the same order came often');
};

subtest 'batches that overlap, in any order' => sub {
	my @numbers = map { "batch-$_" } 1 .. 30;
	my @scripts;
	foreach my $session (0 .. 5)
	{
		my @mine = map { $numbers[ ($_ * (7 + 2 * $session) + $session) % 30 ] } 0 .. 29;
		push @scripts, join "\n", map {
			my $version = $_;
			"SELECT count(*) FROM fulfillment.submit_orders(jsonb_build_array("
			  . join(', ', map { my $b = 1 + ($session + $version + length) % 3;
				qq{shop.document('$_', '{"B": $b}', '{"version": $version}')} } @mine)
			  . '));'
		} 1 .. 3;
	}
	$node->value("SELECT fulfillment.receive_stock('NEAR', 'B', 1000)");
	my @answers = $shop->at_once(\@scripts);
	pop @answers;

	is(join(' ', map { @{ $_->{errors} } } @answers), '', 'no batch failed');
	is($node->value("SELECT count(*), min(version), max(version) FROM fulfillment.orders WHERE number LIKE 'batch-%'"),
		'30|3|3', 'the newest version of each was taken');
	$shop->is_sound('after the batches');
};

$node->stop;
done_testing();

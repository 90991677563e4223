# Shipments that are made together, and what is reported of them together, to the end of their orders:
# one transaction, one statement for each kind of row.  Whoever has another fate than his neighbours,
# or fails, has it alone.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentEngine;
use Test::More;

my $node = FulfillmentCluster->start_new('together', workers => 1);
my $engine = FulfillmentEngine->new($node);

$engine->shop;
# One package cannot be written, whoever tries, and later one event of a carrier.
$node->safe_psql('postgres', q{
	CREATE TABLE cursed (order_id bigint);
	CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF EXISTS (SELECT FROM public.cursed c JOIN fulfillment.shipments s ON s.order_id = c.order_id
		            WHERE s.shipment_id = NEW.shipment_id) THEN
			RAISE EXCEPTION 'this package is cursed';
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER curse BEFORE INSERT ON fulfillment.packages FOR EACH ROW EXECUTE FUNCTION curse();
	CREATE TABLE doomed (order_id bigint);
	CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF EXISTS (SELECT FROM public.doomed d JOIN fulfillment.shipments s ON s.order_id = d.order_id
		             JOIN fulfillment.packages p ON p.shipment_id = s.shipment_id WHERE p.package_id = NEW.package_id) THEN
			RAISE EXCEPTION 'this event is doomed';
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER doom BEFORE INSERT ON fulfillment.tracking_events FOR EACH ROW EXECUTE FUNCTION doom();
});
my %fate = (
	3 => 'Sandbox Refused', 5 => 'Sandbox Timeout Found', 8 => 'Sandbox Timeout Absent', 11 => 'Sandbox in steps',
	14 => 'Sandbox Bad Address');
my $orders = 20;
my $cursed = 17;

# All at once, while the connection is closed; then it opens.
$node->value(q{SELECT fulfillment.pause_connection('box', 'a morning')});
$node->value('SELECT fulfillment.submit_orders(' . 'jsonb_build_array(' . join(', ',
		map { FulfillmentEngine::document("'O-$_'", $fate{$_} // 'Ann Andersson') } 1 .. $orders) . '))');
is($node->value(q{SELECT count(*) FROM fulfillment.shipments WHERE state = 'queued'}), $orders, 'twenty wait in the queue');
$node->value("INSERT INTO cursed SELECT order_id FROM fulfillment.orders WHERE number = 'O-$cursed'");
$node->value(q{SELECT fulfillment.hold_order(order_id, 'a question') FROM fulfillment.orders WHERE number = 'O-19'});
$node->value(q{SELECT fulfillment.resume_connection('box')});

my $state = q{SELECT s.state FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id)
	WHERE o.number = 'O-%d' ORDER BY s.shipment_id LIMIT 1};
$node->comes_to(sprintf($state, $_), 'accepted', "order $_ is made") foreach grep { !$fate{$_} && $_ != $cursed && $_ != 19 } 1 .. $orders;
$node->comes_to(sprintf($state, 3), 'cancelled', 'a refused one makes room for its successor');
$node->comes_to(sprintf($state, $_), 'accepted', "$fate{$_}: it is made in the end") foreach 5, 8, 11;
$node->comes_to(sprintf($state, 14), 'rejected', 'an address that is no good is refused');
is($node->value(sprintf $state, 19), 'queued', 'what is held stays where it is');
$node->comes_to(q{SELECT count(*) FROM fulfillment.tasks WHERE state = 'parked' AND last_error ~ 'cursed'}, 1,
	'one that cannot be written is put aside, and it alone');
is($node->value("SELECT order_id IN (SELECT order_id FROM cursed) FROM fulfillment.tasks WHERE last_error ~ 'cursed'"), 't', '... the right one');

# The cursed one took all that came with it apart; what comes without one is written together, and
# looks the same.
$node->value(q{SELECT fulfillment.pause_connection('box', 'a morning')});
$engine->orders(21, 30);
$node->value(q{SELECT fulfillment.resume_connection('box')});
$node->comes_to(sprintf($state, $_), 'accepted', "order $_ is made") foreach 21 .. 30;
cmp_ok($node->value(q{SELECT count(DISTINCT p.xmin::text) FROM fulfillment.packages p JOIN fulfillment.shipments s USING (merchant_id, shipment_id)
		JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE o.number BETWEEN 'O-21' AND 'O-29'}),
	'<', 9, 'packages were written together');
my $plain = q{o.number IN ('O-1', 'O-2', 'O-4', 'O-20', 'O-21', 'O-22', 'O-25', 'O-30')};
is($node->value("SELECT DISTINCT string_agg(h.event || ' ' || h.cause, ', ' ORDER BY h.history_id) FROM fulfillment.history h
		JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE $plain AND h.subject_kind = 'shipment'
		 AND h.event IN ('sent', 'accept') GROUP BY o.order_id"),
	'sent claimed by a worker, accept create_shipment by connection box', 'history tells it as ever');
is($node->value("SELECT DISTINCT (SELECT count(*) FROM fulfillment.packages p WHERE p.shipment_id = s.shipment_id AND p.tracking_number <> ''),
		(SELECT count(*) FROM fulfillment.documents d WHERE d.shipment_id = s.shipment_id AND d.sha256 = sha256(d.content)), s.attempt,
		s.provider_reference IS NOT NULL, s.submitted_at IS NOT NULL, s.accepted_at IS NOT NULL,
		(SELECT count(*) FROM fulfillment.calls c WHERE c.subject_kind = 'shipment' AND c.subject_id = s.shipment_id AND c.result = 'ok')
		FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE $plain"),
	'1|1|1|t|t|t|1', 'each has its package, its label, its attempt, its reference, its times and its call');
is($node->value("SELECT DISTINCT l.submitted = l.quantity FROM fulfillment.order_lines l JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE $plain"),
	't', 'the lines of the orders count it');
is($node->value(q{SELECT count(*) FROM (SELECT shipment_id, number FROM fulfillment.packages GROUP BY 1, 2 HAVING count(*) > 1) twice}), 0,
	'no package is there twice');

# What is released is made, too, and nothing stays behind.
$node->value(q{SELECT fulfillment.release_order(order_id) FROM fulfillment.orders WHERE number = 'O-19'});
$node->comes_to(sprintf($state, 19), 'accepted', 'what was held is made when it is released');
$engine->comes_to_rest;

# All are asked for at once.  They have left, arrived and told of it in one answer each.
sub poll
{
	# The sandbox knows of nothing that has not been accepted before it is asked, to the second.
	$node->comes_to(q{SELECT max(accepted_at) < now() - interval '2 seconds' FROM fulfillment.shipments}, 't', 'a moment passes');
	$node->value(q{SELECT fulfillment.pause_connection('box', 'a morning')});
	$node->value('SELECT fulfillment.poll_tracking()');
	$node->value(q{SELECT fulfillment.resume_connection('box')});
	return;
}
my $order_state = q{SELECT state FROM fulfillment.orders WHERE number = 'O-%d'};

poll();
$node->comes_to(sprintf($order_state, $_), 'closed', "order $_ is over") foreach 1, 2, 4, 20 .. 30;
cmp_ok($node->value(q{SELECT count(DISTINCT p.xmin::text) FROM fulfillment.packages p JOIN fulfillment.shipments s USING (merchant_id, shipment_id)
		JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE o.number BETWEEN 'O-21' AND 'O-29'}),
	'<', 9, 'reports were written together');
cmp_ok($node->value(q{SELECT count(DISTINCT xmin::text) FROM fulfillment.orders WHERE number BETWEEN 'O-21' AND 'O-29'}),
	'<', 9, '... and orders closed together');
is($node->value("SELECT DISTINCT string_agg(h.subject_kind || ' ' || h.event || ' ' || coalesce(h.to_state, '-'), ', ' ORDER BY h.history_id)
		FROM fulfillment.history h JOIN fulfillment.orders o USING (merchant_id, order_id) WHERE $plain
		 AND (h.subject_kind, h.event) IN (('shipment', 'ship'), ('shipment', 'delivered'), ('package', 'tracking'), ('order', 'complete'))
		 AND h.cause = 'get_shipment by connection box' GROUP BY o.order_id"),
	'shipment ship shipped, shipment delivered delivered, package tracking delivered, order complete closed',
	'history tells each its way, once');
is($node->value("SELECT DISTINCT l.shipped = l.quantity, l.delivered = l.quantity, n.shipped, n.delivered, s.state, s.tracking_status,
		s.shipped_at IS NOT NULL, s.delivered_at = p.delivered_at, p.status, p.poll_at IS NULL,
		(SELECT count(*) FROM fulfillment.tracking_events e WHERE e.package_id = p.package_id)
		FROM fulfillment.order_lines l JOIN fulfillment.orders o USING (merchant_id, order_id)
		JOIN fulfillment.shipment_lines n USING (merchant_id, order_id, line) JOIN fulfillment.shipments s USING (merchant_id, shipment_id)
		JOIN fulfillment.packages p USING (merchant_id, shipment_id) WHERE $plain AND l.line = 1"),
	't|t|1|1|delivered|delivered|t|t|delivered|t|4', 'each has left and arrived, with its four events');

# One that cannot be taken is put aside, and it alone.
$engine->orders(31, 36);
$node->comes_to(sprintf($state, $_), 'accepted', "order $_ is made") foreach 31 .. 36;
$node->value(q{INSERT INTO doomed SELECT order_id FROM fulfillment.orders WHERE number = 'O-33'});
poll();
$node->comes_to(sprintf($order_state, $_), 'closed', "order $_ is over") foreach 31, 32, 34 .. 36;
$node->comes_to(q{SELECT count(*) FROM fulfillment.tasks WHERE state = 'parked' AND last_error ~ 'doomed'}, 1,
	'a report that cannot be taken is put aside, and it alone');
is($node->value(sprintf $state, 33), 'accepted', '... with nothing of it written');
is($node->value("SELECT count(*) FROM fulfillment.stock_movements m JOIN fulfillment.orders o USING (merchant_id, order_id)
		WHERE o.number = 'O-33' AND m.kind = 'ship'"), 0, '... nor moved');

# Two shipments of one order are reported in turn, each by itself.
$node->value(q{INSERT INTO fulfillment.locations (code, name, provider_id, country, postcode, address)
	SELECT 'HUB2', 'Hub 2', provider_id, 'SE', '11123', '{"city": "Stockholm", "street1": "Gata 2"}' FROM fulfillment.providers});
$node->value(q{SELECT fulfillment.receive_stock('HUB2', 'B', 100)});
$node->value(q{SELECT fulfillment.adjust_stock('HUB', 'B', -(SELECT on_hand - reserved FROM fulfillment.stock_levels s
	JOIN fulfillment.items i USING (merchant_id, item_id) JOIN fulfillment.locations l USING (merchant_id, location_id)
	WHERE i.sku = 'B' AND l.code = 'HUB')::int, 'gone')});
$engine->orders(41, 43);
$node->comes_to(q{SELECT count(*) FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id)
	WHERE o.number IN ('O-41', 'O-42', 'O-43') AND s.state = 'accepted'}, 6, 'three orders of two shipments each are made');
poll();
$node->comes_to(sprintf($order_state, $_), 'closed', "order $_ is over") foreach 41 .. 43;
is($node->value(q{SELECT DISTINCT count(*) FROM fulfillment.history h JOIN fulfillment.orders o USING (merchant_id, order_id)
		WHERE o.number IN ('O-41', 'O-42', 'O-43') AND h.event = 'complete' GROUP BY o.order_id}), 1, '... each once');
$engine->comes_to_rest;
$engine->is_sound;

$node->stop;
done_testing;

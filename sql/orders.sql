-- Orders come in, come again, change and go.
\set merchant 50
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup

-- Scenario 1: the same order comes again, with one routing and one reservation.
SELECT fulfillment.receive_stock('NEAR', 'A', 10), fulfillment.receive_stock('FAR', 'A', 15);
SELECT pg_temp.submit('1', '{"A": 2}'), pg_temp.submit('1', '{"A": 2}'), pg_temp.submit('1', '{"A": 2}');
SELECT * FROM pg_temp.show('1');
SELECT * FROM pg_temp.history('1');
SELECT * FROM pg_temp.ledger('1');
SELECT redelivered FROM fulfillment.orders WHERE merchant_id = 50 AND number = '1';
-- In one batch, too, and beside documents that are wrong.
SELECT position, number, outcome, jsonb_path_query_array(error, '$[*].field') AS fields FROM fulfillment.submit_orders(jsonb_build_array(
	pg_temp.document('1b', '{"A": 1}'), pg_temp.document('1b', '{"A": 1}'), '{}'::jsonb, pg_temp.document('1', '{"A": 2}'),
	pg_temp.document('1b', '{"A": 1}', '{"version": 1, "email": "ada@example.com"}'))) ORDER BY 1;
SELECT * FROM pg_temp.lines('1%');

-- Scenario 2: an old version after a new one; a newer one after the end.
SELECT pg_temp.submit('2', '{"A": 1}', '{"version": 1}');
SELECT pg_temp.submit('2', '{"A": 1}', '{"version": 5, "ship_to": {"name": "Ada", "street1": "B 5", "city": "Bonn", "postcode": "53111", "country": "DE"}}');
SELECT pg_temp.submit('2', '{"A": 1}', '{"version": 4, "ship_to": {"name": "Ada", "street1": "A 4", "city": "Ulm", "postcode": "89073", "country": "DE"}}');
SELECT version, ship_to ->> 'street1' AS street, redelivered FROM fulfillment.orders WHERE merchant_id = 50 AND number = '2';
SELECT fulfillment.cancel_order(pg_temp.id('2'), 'changed my mind');
SELECT pg_temp.submit('2', '{"A": 1}', '{"version": 6}');
SELECT * FROM pg_temp.show('2');
SELECT late_updates, next_routing_at FROM fulfillment.orders WHERE merchant_id = 50 AND number = '2';
SELECT * FROM pg_temp.history('2');

-- Scenario 3: a bad address is parked with every error, and goes on when it is corrected.
SELECT pg_temp.submit('3', '{"A": 1}', '{"ship_to": {"name": "Ada", "street1": "Weg 1", "city": "Mainz", "country": "XX"}}');
SELECT e ->> 'severity' AS severity, e ->> 'code' AS code, e ->> 'field' AS field, e ->> 'line' AS line
  FROM fulfillment.orders, jsonb_array_elements(errors) e WHERE merchant_id = 50 AND number = '3';
SELECT * FROM pg_temp.show('3');
SELECT * FROM pg_temp.lines('3');
SELECT fulfillment.edit_order(pg_temp.id('3'), '{"ship_to": {"country": "DE"}}');
SELECT * FROM pg_temp.show('3');
SELECT fulfillment.edit_order(pg_temp.id('3'), '{"ship_to": {"postcode": "55116"}}');
SELECT * FROM pg_temp.show('3');
SELECT * FROM pg_temp.shipments('3');
SELECT errors FROM fulfillment.orders WHERE merchant_id = 50 AND number = '3';
SELECT * FROM pg_temp.history('3');
-- The channel corrects it with a newer version, which may also wish a hold.
SELECT pg_temp.submit('3b', '{"A": 1, "NOPE": 1}');
SELECT pg_temp.submit('3b', '{"A": 1}', '{"version": 2, "hold": "fraud"}');
SELECT * FROM pg_temp.show('3b');
SELECT * FROM pg_temp.shipments('3b');
SELECT pg_temp.submit('3b', '{"A": 1}', '{"version": 3}');
SELECT * FROM pg_temp.show('3b');
SELECT * FROM pg_temp.shipments('3b');
-- A newer version that is invalid stops the order; the next one lets it go on.
SELECT pg_temp.submit('3b', '{"A": 1}', '{"version": 4, "currency": "XXQ"}');
SELECT pg_temp.submit('3b', '{"A": 1}', '{"version": 5, "currency": "XXQ"}');
SELECT * FROM pg_temp.show('3b');
SELECT pg_temp.submit('3b', '{"A": 1}', '{"version": 6}');
SELECT * FROM pg_temp.show('3b');
SELECT errors FROM fulfillment.orders WHERE merchant_id = 50 AND number = '3b';

-- Scenario 4: one location wins when it can ship everything.
SELECT fulfillment.receive_stock('FAR', 'B', 5);
SELECT pg_temp.submit('4', '{"A": 1, "B": 1}');
SELECT * FROM pg_temp.shipments('4');
-- Scenario 5: a split, when the one that has all is dear.
UPDATE fulfillment.locations SET pick_cost = 20 WHERE merchant_id = 50 AND code = 'FAR';
SELECT pg_temp.submit('5', '{"A": 1, "B": 1}');
SELECT * FROM pg_temp.shipments('5');
UPDATE fulfillment.locations SET pick_cost = 0 WHERE merchant_id = 50 AND code = 'FAR';
-- Scenario 6: a quantity is split: 13 units, never 23.
SELECT fulfillment.count_stock('NEAR', 'A', 10 + (SELECT reserved FROM pg_temp.stock() WHERE location = 'NEAR' AND sku = 'A')),
       fulfillment.count_stock('FAR', 'A', 10 + (SELECT reserved FROM pg_temp.stock() WHERE location = 'FAR' AND sku = 'A'));
SELECT pg_temp.submit('6', '{"A": 13}');
SELECT * FROM pg_temp.shipments('6');
SELECT * FROM pg_temp.lines('6');
-- A part of it is cancelled: what was not meant stays assigned.
SELECT fulfillment.cancel_order(pg_temp.id('6'), 'fewer', '[{"line": 1, "quantity": 2}]');
SELECT * FROM pg_temp.lines('6');
SELECT location, sum(split_part(lines, '×', 1)::int) FROM pg_temp.shipments('6') WHERE state <> 'cancelled' GROUP BY 1 ORDER BY 1;
SELECT fulfillment.cancel_order(pg_temp.id('6'));
SELECT * FROM pg_temp.show('6');
-- Scenario 7: safety stock is not promised.
UPDATE fulfillment.stock_levels SET safety_stock = on_hand - reserved - 2 WHERE merchant_id = 50
   AND item_id = (SELECT item_id FROM fulfillment.items WHERE merchant_id = 50 AND sku = 'A');
SELECT pg_temp.submit('7', '{"A": 5}');
SELECT * FROM pg_temp.show('7');
SELECT * FROM pg_temp.lines('7');
SELECT fulfillment.cancel_order(pg_temp.id('7'));
UPDATE fulfillment.stock_levels SET safety_stock = NULL WHERE merchant_id = 50;

-- Editing before anybody has it: fewer, more, another address, another service, another item.
SELECT pg_temp.submit('e1', '{"A": 2, "B": 1}');
SELECT fulfillment.edit_order(pg_temp.id('e1'), '{"lines": [{"line": 1, "sku": "A", "quantity": 1, "unit_price": 10}, {"line": 2, "sku": "B", "quantity": 2, "unit_price": 10}]}');
SELECT * FROM pg_temp.lines('e1');
SELECT * FROM pg_temp.shipments('e1') WHERE state <> 'cancelled';
SELECT fulfillment.edit_order(pg_temp.id('e1'), '{"ship_to": {"street1": "Weg 2"}}');
SELECT * FROM pg_temp.shipments('e1') WHERE state <> 'cancelled';
SELECT fulfillment.edit_order(pg_temp.id('e1'), '{"ship_to": {"postcode": "53111"}}');
SELECT ship_to ->> 'street1' AS street, ship_to ->> 'postcode' AS postcode FROM fulfillment.orders WHERE merchant_id = 50 AND number = 'e1';
SELECT state, count(*) FROM pg_temp.shipments('e1') GROUP BY 1 ORDER BY 1;
-- Another item in the same line, then more of it, then the first again.
SELECT pg_temp.submit('e2', '{"A": 2}');
SELECT fulfillment.edit_order(pg_temp.id('e2'), '{"lines": [{"line": 1, "sku": "B", "quantity": 1, "unit_price": 10}]}');
SELECT fulfillment.edit_order(pg_temp.id('e2'), '{"lines": [{"line": 1, "sku": "B", "quantity": 2, "unit_price": 10}]}');
SELECT * FROM pg_temp.lines('e2');
SELECT fulfillment.edit_order(pg_temp.id('e2'), '{"lines": [{"line": 1, "sku": "A", "quantity": 1, "unit_price": 10}]}');
SELECT * FROM pg_temp.lines('e2');
SELECT * FROM pg_temp.shipments('e2') WHERE state <> 'cancelled';
-- After the warehouse has begun: a manual provider is called; what it cannot change is replaced.
SELECT pg_temp.submit('e3', '{"A": 2}');
SELECT fulfillment.report_progress(pg_temp.id('e3', 1), 'picking');
SELECT fulfillment.edit_order(pg_temp.id('e3'), '{"ship_to": {"street1": "Weg 3"}}');
SELECT * FROM pg_temp.show('e3');
SELECT * FROM pg_temp.lines('e3');
SELECT * FROM pg_temp.shipments('e3');
SELECT fulfillment.report_stop(pg_temp.id('e3', 1), true);
SELECT * FROM pg_temp.show('e3');
SELECT * FROM pg_temp.shipments('e3');
-- What has left is not edited any more.
SELECT fulfillment.confirm_shipment(pg_temp.id('e3', 2), '[{"tracking_number": "E3"}]');
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.edit_order(%s, ''{"ship_to": {"street1": "Weg 4"}}'')', pg_temp.id('e3')));
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.edit_order(%s, ''{"lines": [{"line": 1, "sku": "A", "quantity": 1}]}'')', pg_temp.id('e3')));
-- Its number and channel are no properties of an order; holds and cancellations have their own functions.
SELECT change, r.* FROM unnest('{"{\"number\": \"x\"}","{\"channel\": \"x\"}","{\"hold\": true}","{\"cancel\": true}","[]"}'::text[]) change,
       pg_temp.refused(format('SELECT fulfillment.edit_order(%s, %L)', pg_temp.id('e2'), change)) r;

-- Cancelling: whole, by line, what a warehouse has, and after a part has left.
SELECT pg_temp.submit('c1', '{"A": 2, "B": 1}');
SELECT fulfillment.cancel_order(pg_temp.id('c1'), 'by line', '[{"line": 1}]');
SELECT * FROM pg_temp.lines('c1');
SELECT fulfillment.cancel_order(pg_temp.id('c1'), 'the rest', '[{"line": 2, "quantity": 1}]');
SELECT * FROM pg_temp.show('c1');
SELECT fulfillment.cancel_order(pg_temp.id('c1'), 'again');
SELECT pg_temp.submit('c2', '{"A": 3}');
SELECT fulfillment.report_progress(pg_temp.id('c2', 1), 'packed');
SELECT fulfillment.cancel_order(pg_temp.id('c2'), 'too much', '[{"line": 1, "quantity": 1}]');
SELECT * FROM pg_temp.show('c2');
SELECT * FROM pg_temp.lines('c2');
SELECT * FROM pg_temp.shipments('c2');
SELECT fulfillment.report_stop(pg_temp.id('c2', 1), true);
SELECT * FROM pg_temp.lines('c2');
SELECT * FROM pg_temp.shipments('c2');
-- The warehouse says no: everything goes as it was ordered.
SELECT pg_temp.submit('c3', '{"A": 3}');
SELECT fulfillment.report_progress(pg_temp.id('c3', 1), 'packed');
SELECT fulfillment.cancel_order(pg_temp.id('c3'), 'too much', '[{"line": 1, "quantity": 1}]');
SELECT fulfillment.report_stop(pg_temp.id('c3', 1), false);
SELECT * FROM pg_temp.show('c3');
SELECT * FROM pg_temp.lines('c3');
SELECT * FROM pg_temp.shipments('c3');
-- The whole order, and it leaves all the same before the warehouse answers.
SELECT pg_temp.submit('c4', '{"A": 3}');
SELECT fulfillment.report_progress(pg_temp.id('c4', 1), 'packed');
SELECT fulfillment.cancel_order(pg_temp.id('c4'), 'no more');
SELECT * FROM pg_temp.show('c4');
SELECT fulfillment.confirm_shipment(pg_temp.id('c4', 1), '[{"tracking_number": "C4", "lines": [{"line": 1, "quantity": 2}]}]');
SELECT * FROM pg_temp.show('c4');
SELECT * FROM pg_temp.lines('c4');
SELECT * FROM pg_temp.shipments('c4');
-- Named twice, a line is cancelled twice as much; more than is left is refused.
SELECT pg_temp.submit('c5', '{"A": 3}');
SELECT fulfillment.cancel_order(pg_temp.id('c5'), 'two', '[{"line": 1, "quantity": 1}, {"line": 1, "quantity": 1}]');
SELECT * FROM pg_temp.lines('c5');
SELECT lines, r.* FROM unnest('{"[{\"line\": 1, \"quantity\": 2}]","[{\"line\": 2}]","[{\"line\": 1, \"quantity\": 0}]","[{\"line\": 1, \"quantity\": -1}]","[{\"line\": 1, \"quantity\": 1.5}]","[]","{}","7","[7]"}'::text[]) lines,
       pg_temp.refused(format('SELECT fulfillment.cancel_order(%s, ''x'', %L)', pg_temp.id('c5'), lines)) r;

-- Scenario 19, the quantities: 10 ordered, 6 shipped in 2 parcels, 1 cancelled, 3 left and assigned again.
SELECT fulfillment.receive_stock('NEAR', 'C', 10);
SELECT pg_temp.submit('19', '{"C": 10}');
SELECT fulfillment.confirm_shipment(pg_temp.id('19', 1), '[{"tracking_number": "P1", "lines": [{"line": 1, "quantity": 4}]}, {"tracking_number": "P2", "lines": [{"line": 1, "quantity": 2}]}]');
SELECT fulfillment.cancel_order(pg_temp.id('19'), 'one less', '[{"line": 1, "quantity": 1}]');
SELECT * FROM pg_temp.show('19');
SELECT * FROM pg_temp.lines('19');
SELECT * FROM pg_temp.shipments('19');
SELECT number, capture_amount FROM fulfillment.shipments WHERE merchant_id = 50 AND order_id = pg_temp.id('19') ORDER BY 1;
SELECT fulfillment.cancel_order(pg_temp.id('19'), 'the rest');
SELECT * FROM pg_temp.lines('19');
SELECT * FROM pg_temp.show('19');

-- Ship complete waits for all, a group for its members; what is missing comes.
SELECT pg_temp.submit('s1', '{"B": 1, "C": 30}', '{"ship_complete": true}');
SELECT pg_temp.submit('s2', '[{"line": 1, "sku": "B", "quantity": 1, "group": "set"}, {"line": 2, "sku": "C", "quantity": 30, "group": "set"}, {"line": 3, "sku": "A", "quantity": 1}]');
SELECT * FROM pg_temp.show('s_');
SELECT * FROM pg_temp.lines('s_');
SELECT fulfillment.receive_stock('FAR', 'C', 30);
SELECT fulfillment.assign_orders();
SELECT * FROM pg_temp.show('s_');
SELECT * FROM pg_temp.shipments('s_');

-- Not before a day, expiry, payment.
SELECT pg_temp.submit('n1', '{"A": 1}', '{"not_before": "2999-01-01T00:00:00Z"}');
SELECT * FROM pg_temp.show('n1');
SELECT next_routing_at FROM fulfillment.orders WHERE merchant_id = 50 AND number = 'n1';
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.assign_order(%s)', pg_temp.id('n1')));
SELECT pg_temp.submit('n1', '{"A": 1}', '{"version": 1}');
SELECT * FROM pg_temp.shipments('n1');
SELECT pg_temp.submit('x1', '{"A": 1, "C": 100}', '{"auto_cancel_at": "2026-01-06T00:00:00Z"}');
SELECT pg_temp.submit('x2', '{"C": 100}', '{"auto_cancel_at": "2026-01-06T00:00:00Z", "ship_complete": true}');
SELECT fulfillment.expire_due() > 0 AS something;
SELECT * FROM pg_temp.show('x_');
SELECT * FROM pg_temp.lines('x_');
SELECT pg_temp.submit('p1', '{"A": 1}', '{"payment": {"state": "pending"}}');
SELECT * FROM pg_temp.shipments('p1');
SELECT pg_temp.submit('p1', '{"A": 1}', '{"version": 2, "payment": {"state": "authorized"}}');
SELECT * FROM pg_temp.shipments('p1');

-- What the channel wishes comes with its documents: held, released, cancelled.
SELECT pg_temp.submit('w1', '{"A": 1}', '{"hold": {"reason": "fraud check"}}');
SELECT * FROM pg_temp.show('w1');
SELECT pg_temp.submit('w1', '{"A": 1}', '{"version": 2}');
SELECT * FROM pg_temp.show('w1');
SELECT pg_temp.submit('w1', '{"A": 1}', '{"version": 3, "cancel": "customer asked"}');
SELECT * FROM pg_temp.show('w1');
SELECT pg_temp.submit('w2', '{"A": 1}', '{"cancel": true}');
SELECT * FROM pg_temp.show('w2');
-- A hold of our own is ours to end.
SELECT pg_temp.submit('w3', '{"A": 1}');
SELECT fulfillment.hold_order(pg_temp.id('w3'), 'ours') > 0 AS held;
SELECT pg_temp.submit('w3', '{"A": 1}', '{"version": 2}');
SELECT * FROM pg_temp.show('w3');
-- What comes too late is refused, logged, and named in the answer.
SELECT pg_temp.submit('w4', '{"A": 1}');
SELECT fulfillment.confirm_shipment(pg_temp.id('w4', 1));
SELECT outcome, error FROM fulfillment.submit_orders(jsonb_build_array(
	pg_temp.document('w4', '{"A": 2, "B": 1}', '{"version": 2, "ship_to": {"name": "Ada", "street1": "Weg 2", "city": "Mainz", "postcode": "55116", "country": "DE"}}'),
	pg_temp.document('w4', '{"A": 1}', '{"version": 3, "cancel": true}')));
SELECT * FROM pg_temp.show('w4');
SELECT * FROM pg_temp.lines('w4');
SELECT * FROM pg_temp.history('w4');

-- An error from below, whatever it is, leaves nothing behind and the session as it was.
CREATE FUNCTION pg_temp.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$;
CREATE TRIGGER fail BEFORE INSERT ON fulfillment.decisions FOR EACH ROW WHEN (new.merchant_id = 50) EXECUTE FUNCTION pg_temp.fail();
SELECT r.code, r.message FROM pg_temp.refused($$SELECT pg_temp.submit('f1', '{"A": 1}')$$) r;
\set VERBOSITY terse
SELECT pg_temp.submit('f1', '{"A": 1}');
\set VERBOSITY default
SELECT count(*) FROM fulfillment.orders WHERE merchant_id = 50 AND number = 'f1';
DROP TRIGGER fail ON fulfillment.decisions;
SELECT pg_temp.submit('f1', '{"A": 1}');

-- What may be done, by the table that decides it.
SELECT number, fulfillment.supported_actions(pg_temp.id(number)) FROM unnest('{1,2,3,6,19,n1,w1,w3}'::text[]) number;

SELECT * FROM pg_temp.broken();

-- Holds: reasons in rows that stop an order everywhere.
\set merchant 51
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
-- NEAR ships by a carrier that is called, which nobody does here; FAR is worked by hand.
INSERT INTO fulfillment.connections (code, connector, config) VALUES ('api', 'sandbox', '{}');
INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
SELECT 'api', 'API', 'carrier', 'api', connection_id FROM fulfillment.connections WHERE merchant_id = 51;
INSERT INTO fulfillment.location_carriers (location_id, provider_id)
SELECT l.location_id, p.provider_id FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)
 WHERE merchant_id = 51 AND (l.code, p.code) IN (('NEAR', 'api'), ('FAR', 'post'));
SELECT fulfillment.receive_stock('NEAR', 'A', 100), fulfillment.receive_stock('FAR', 'B', 100), fulfillment.receive_stock('FAR', 'C', 100);
CREATE FUNCTION pg_temp.holds(number text) RETURNS TABLE (reason text, until timestamptz, released boolean) LANGUAGE sql AS $$
	SELECT h.reason, h.until, h.released_at IS NOT NULL FROM fulfillment.holds h
	 WHERE h.merchant_id = fulfillment.current_merchant() AND h.order_id = pg_temp.id($1) ORDER BY h.hold_id
$$;
-- Calls that wait to be made for an order's shipments.
CREATE FUNCTION pg_temp.waiting(number text) RETURNS TABLE (shipment int, operation text) LANGUAGE sql AS $$
	SELECT s.number, t.operation FROM fulfillment.tasks t
	  JOIN fulfillment.shipments s ON s.merchant_id = t.merchant_id AND s.shipment_id = t.subject_id
	 WHERE t.merchant_id = fulfillment.current_merchant() AND t.subject_kind = 'shipment' AND t.order_id = pg_temp.id($1)
	 ORDER BY t.task_id
$$;

-- Scenario 14: held before anything left the house, nothing is sent; released, each is sent once.
SELECT pg_temp.submit('14', '{"A": 1, "B": 1}');
SELECT * FROM pg_temp.waiting('14');
SELECT fulfillment.hold_order(pg_temp.id('14'), 'fraud') > 0 AS held;
SELECT * FROM pg_temp.show('14');
SELECT * FROM pg_temp.shipments('14');
SELECT * FROM pg_temp.waiting('14');
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.assign_order(%s)', pg_temp.id('14')));
SELECT fulfillment.release_order(pg_temp.id('14'));
SELECT * FROM pg_temp.show('14');
SELECT * FROM pg_temp.shipments('14');
SELECT * FROM pg_temp.waiting('14');
SELECT * FROM pg_temp.history('14');
-- Held before it was assigned, and while it waits for goods: no wave touches it.
SELECT pg_temp.submit('14b', '{"A": 1}', '{"hold": true}'), pg_temp.submit('14c', '{"C": 1000}');
SELECT fulfillment.hold_order(pg_temp.id('14c'), 'price') > 0 AS held;
SELECT fulfillment.receive_stock('FAR', 'C', 1000) > 0 AS received;
SELECT fulfillment.assign_orders();
SELECT number, next_routing_at IS NULL AS parked, routing_reason FROM fulfillment.orders WHERE merchant_id = 51 AND number LIKE '14%' ORDER BY order_id;
SELECT fulfillment.expire_due();
SELECT fulfillment.release_order(pg_temp.id('14c')), fulfillment.release_order(pg_temp.id('14b'));
SELECT * FROM pg_temp.shipments('14_');

-- Scenario 15, the manual part: one verb, an answer for every shipment.
SELECT pg_temp.submit('15', '{"A": 1, "B": 1, "C": 2}');
SELECT fulfillment.report_progress(pg_temp.id('15', 2), 'packed');
SELECT fulfillment.hold_order(pg_temp.id('15'), 'address') > 0 AS held;
SELECT * FROM pg_temp.shipments('15');
SELECT number, stop, stop_at IS NOT NULL AS at, stop_deadline - stop_at AS within FROM fulfillment.shipments
 WHERE merchant_id = 51 AND order_id = pg_temp.id('15') ORDER BY number;
SELECT * FROM pg_temp.show('15');
SELECT fulfillment.report_stop(pg_temp.id('15', 2), true);
SELECT * FROM pg_temp.shipments('15');
SELECT * FROM pg_temp.show('15');
-- A second hold does not ask again for what stands already.
SELECT fulfillment.hold_order(pg_temp.id('15'), 'fraud') > 0 AS held;
SELECT * FROM pg_temp.shipments('15');
SELECT * FROM pg_temp.show('15');
-- Released, the warehouse is to be told.
SELECT fulfillment.release_order(pg_temp.id('15'));
SELECT * FROM pg_temp.shipments('15');
SELECT * FROM pg_temp.show('15');
-- It cannot be stopped any more; or nobody answers in time; or it had left.
SELECT fulfillment.hold_order(pg_temp.id('15'), 'again') > 0 AS held;
SELECT fulfillment.report_stop(pg_temp.id('15', 2), false);
SELECT * FROM pg_temp.shipments('15');
SELECT pg_temp.submit('15b', '{"B": 1}');
SELECT fulfillment.report_progress(pg_temp.id('15b', 1), 'picking');
SELECT fulfillment.hold_order(pg_temp.id('15b'), 'fraud') > 0 AS held;
UPDATE fulfillment.shipments SET stop_deadline = now() - interval '1 minute' WHERE merchant_id = 51 AND stop = 'requested';
SELECT fulfillment.expire_due();
SELECT fulfillment.expire_due() AS "nothing is left to do";
SELECT * FROM pg_temp.shipments('15b');
SELECT * FROM pg_temp.show('15b');
SELECT fulfillment.confirm_shipment(pg_temp.id('15b', 1), '[{"tracking_number": "GONE"}]');
SELECT fulfillment.hold_order(pg_temp.id('15b'), 'too late') > 0 AS held;
SELECT * FROM pg_temp.shipments('15b');
-- A frozen shipment that leaves all the same is not "stopped".
SELECT pg_temp.submit('15c', '{"B": 1}');
SELECT fulfillment.hold_order(pg_temp.id('15c'), 'fraud') > 0 AS held;
SELECT fulfillment.confirm_shipment(pg_temp.id('15c', 1));
SELECT * FROM pg_temp.shipments('15c');

-- Scenario 16: two holds; each ends alone, the last one lets it go on; one ends by itself.
SELECT pg_temp.submit('16', '{"A": 1}');
SELECT fulfillment.hold_order(pg_temp.id('16'), 'fraud') AS fraud, fulfillment.hold_order(pg_temp.id('16'), 'address') AS address \gset
SELECT fulfillment.release_hold(:address);
SELECT * FROM pg_temp.show('16');
SELECT * FROM pg_temp.refused('SELECT fulfillment.release_hold(' || :address || ')');
SELECT fulfillment.release_hold(:fraud);
SELECT * FROM pg_temp.show('16');
SELECT * FROM pg_temp.waiting('16');
SELECT fulfillment.hold_order(pg_temp.id('16'), 'until noon', '2026-01-07 12:00+00') > 0 AS held;
SELECT fulfillment.expire_due();
SELECT * FROM pg_temp.holds('16');
SELECT * FROM pg_temp.show('16');
-- Of an order that has ended no hold is due.
SELECT pg_temp.submit('16b', '{"A": 1}');
SELECT fulfillment.hold_order(pg_temp.id('16b'), 'until noon', '2026-01-07 12:00+00') > 0 AS held;
SELECT fulfillment.cancel_order(pg_temp.id('16b'));
SELECT fulfillment.expire_due();
SELECT * FROM pg_temp.show('16b');

-- A call whose answer nobody knows stands in front of a person; what was asked meanwhile counts.
-- Only workers lead there, so the test does what they write.
CREATE FUNCTION pg_temp.lose(number text) RETURNS void LANGUAGE sql AS $$
	UPDATE fulfillment.shipments SET state = 'attention', attempt = 1 WHERE merchant_id = 51 AND order_id = pg_temp.id($1);
	UPDATE fulfillment.tasks SET state = 'parked', due_at = 'infinity', in_doubt = true WHERE merchant_id = 51 AND order_id = pg_temp.id($1);
	INSERT INTO fulfillment.attention (merchant_id, kind, order_id, shipment_id, task_id, message)
	SELECT 51, 'unknown_outcome', t.order_id, t.subject_id, t.task_id, 'nobody knows' FROM fulfillment.tasks t
	 WHERE merchant_id = 51 AND order_id = pg_temp.id($1) AND operation = 'create_shipment'
$$;
CREATE FUNCTION pg_temp.say(number text, resolution text) RETURNS void LANGUAGE sql AS $$
	SELECT fulfillment.resolve_attention(attention_id, $2) FROM fulfillment.attention_list
	 WHERE merchant_id = 51 AND order_id = pg_temp.id($1) AND kind = 'unknown_outcome'
$$;
SELECT pg_temp.submit('u' || n, '{"A": 1}'), pg_temp.lose('u' || n) FROM generate_series(1, 6) n;
SELECT fulfillment.cancel_order(pg_temp.id('u' || n)) FROM generate_series(1, 3) n;
SELECT * FROM pg_temp.shipments('u%');
SELECT pg_temp.say('u1', 'not_created'), pg_temp.say('u2', 'created'), pg_temp.say('u3', 'abandoned'),
       pg_temp.say('u4', 'not_created'), pg_temp.say('u5', 'created'), pg_temp.say('u6', 'abandoned');
SELECT * FROM pg_temp.shipments('u%');
SELECT * FROM pg_temp.show('u%');
SELECT n, w.* FROM generate_series(1, 6) n, pg_temp.waiting('u' || n) w;

-- Changed while held: address and lines; it goes on with the new ones.
SELECT pg_temp.submit('edit', '{"A": 2}');
SELECT fulfillment.hold_order(pg_temp.id('edit'), 'customer calls') > 0 AS held;
SELECT fulfillment.edit_order(pg_temp.id('edit'), '{"ship_to": {"street1": "Neue Str. 1"}, "lines": [{"line": 1, "sku": "A", "quantity": 1, "unit_price": 10}, {"line": 2, "sku": "B", "quantity": 1, "unit_price": 10}]}');
SELECT * FROM pg_temp.lines('edit');
SELECT * FROM pg_temp.waiting('edit');
SELECT fulfillment.release_order(pg_temp.id('edit'));
SELECT * FROM pg_temp.lines('edit');
SELECT * FROM pg_temp.shipments('edit');
SELECT * FROM pg_temp.waiting('edit');
-- Cancelled while held.
SELECT pg_temp.submit('gone', '{"A": 1}');
SELECT fulfillment.hold_order(pg_temp.id('gone'), 'customer calls') > 0 AS held;
SELECT fulfillment.cancel_order(pg_temp.id('gone'));
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.hold_order(%s, ''late'')', pg_temp.id('gone')));
SELECT * FROM pg_temp.waiting('gone');

-- What is refused.
SELECT call, r.* FROM unnest(ARRAY['hold_order(0, ''x'')', 'hold_order(NULL, ''x'')', 'hold_order(1, NULL)',
	'hold_order(1, '''')', 'release_hold(0)', 'release_order(0)']) call,
       pg_temp.refused('SELECT fulfillment.' || call) r;

SELECT * FROM pg_temp.broken();

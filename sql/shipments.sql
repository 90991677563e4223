-- What warehouses and people report of shipments, and what carriers report of parcels.
\set merchant 52
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
-- A channel and a gateway that are never called show what would be told and captured.
INSERT INTO fulfillment.connections (code, connector, state) VALUES ('shop', 'woocommerce', 'paused'), ('pay', 'webhook', 'paused');
UPDATE fulfillment.channels SET connection_id = (SELECT connection_id FROM fulfillment.connections WHERE merchant_id = 52 AND code = 'shop')
 WHERE merchant_id = 52;
CREATE FUNCTION pg_temp.calls(numbers text) RETURNS TABLE (number text, connection text, operation text, payload jsonb) LANGUAGE sql AS $$
	SELECT o.number, c.code, t.operation, t.payload - 'shipment_id' - 'payment_id' FROM fulfillment.tasks t
	  JOIN fulfillment.connections c USING (merchant_id, connection_id) JOIN fulfillment.orders o USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.number LIKE $1 AND t.operation <> 'send_message' ORDER BY t.task_id
$$;
CREATE FUNCTION pg_temp.told(numbers text) RETURNS TABLE (number text, type text, tracking text) LANGUAGE sql AS $$
	SELECT o.number, n.type, coalesce(n.data ->> 'tracking_number', n.data #>> '{packages,0,tracking_number}') FROM fulfillment.notifications n
	  JOIN fulfillment.orders o USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.number LIKE $1 ORDER BY n.event_id
$$;
\set paid '{"payment": {"state": "authorized", "gateway": "pay", "reference": "r", "amount": 100}}'
SELECT fulfillment.receive_stock('NEAR', sku, 100), fulfillment.receive_stock('FAR', sku, 100) FROM unnest('{A,B}'::text[]) sku;

-- Scenario 29: an operator ships by hand, with the same history, stock, money, messages as by API.
SELECT pg_temp.submit('29', '{"A": 2, "B": 1}', :'paid');
SELECT * FROM pg_temp.shipments('29');
SELECT fulfillment.report_progress(pg_temp.id('29', 1), 'picking'), fulfillment.report_progress(pg_temp.id('29', 1), 'packed');
SELECT fulfillment.report_progress(pg_temp.id('29', 1), 'picking') AS "changes nothing";
SELECT fulfillment.confirm_shipment(pg_temp.id('29', 1), '[{"tracking_number": "RR1", "carrier": "post", "weight_g": 300}]');
SELECT * FROM pg_temp.shipments('29');
SELECT * FROM pg_temp.lines('29');
SELECT * FROM pg_temp.ledger('29');
SELECT * FROM pg_temp.calls('29');
SELECT * FROM pg_temp.told('29');
-- The number was wrong: one correction, of the same parcel; said again, nothing.
SELECT fulfillment.confirm_shipment(pg_temp.id('29', 1), '[{"tracking_number": "RR2", "carrier": "post"}]');
SELECT fulfillment.confirm_shipment(pg_temp.id('29', 1), '[{"tracking_number": "RR2", "carrier": "post"}]');
SELECT * FROM pg_temp.shipments('29');
SELECT * FROM pg_temp.told('29') WHERE type = 'shipment.goods_issued';
-- The same with its lines is still the same parcel, and nothing more has left.
SELECT fulfillment.confirm_shipment(pg_temp.id('29', 1), '[{"tracking_number": "RR3", "lines": [{"line": 1, "quantity": 2}, {"line": 2, "quantity": 1}]}]');
SELECT * FROM pg_temp.shipments('29');
SELECT * FROM pg_temp.show('29');
-- A mistake is taken back by counter-movements; money that was to be captured is not.
SELECT fulfillment.undo_shipment(pg_temp.id('29', 1), 'wrong parcel');
SELECT * FROM pg_temp.shipments('29');
SELECT * FROM pg_temp.lines('29');
SELECT * FROM pg_temp.ledger('29');
SELECT * FROM pg_temp.calls('29');
SELECT fulfillment.confirm_shipment(pg_temp.id('29', 1), '[{"tracking_number": "RR4"}]');
SELECT * FROM pg_temp.calls('29');
SELECT capture_amount FROM fulfillment.shipments WHERE merchant_id = 52 AND shipment_id = pg_temp.id('29', 1);
-- It arrives, and the order closes.
SELECT fulfillment.report_tracking('RR4', '[{"status": "delivered", "at": "2026-01-07T12:00:00Z"}]');
SELECT * FROM pg_temp.show('29');
SELECT delivered_at FROM fulfillment.shipments WHERE merchant_id = 52 AND shipment_id = pg_temp.id('29', 1);
SELECT * FROM pg_temp.history('29');
-- Once a carrier has scanned it, or after a day, it cannot be taken back.
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.undo_shipment(%s)', pg_temp.id('29', 1)));
SELECT pg_temp.submit('29b', '{"A": 1}');
SELECT fulfillment.confirm_shipment(pg_temp.id('29b', 1), NULL, now() - interval '25 hours');
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.undo_shipment(%s)', pg_temp.id('29b', 1)));

-- A part ships; the rest stays a shipment of its own.
SELECT pg_temp.submit('part', '{"A": 3, "B": 2}');
SELECT fulfillment.confirm_shipment(pg_temp.id('part', 1), '[{"tracking_number": "PT1", "lines": [{"line": 1, "quantity": 2}]}]');
SELECT * FROM pg_temp.shipments('part');
SELECT * FROM pg_temp.lines('part');
SELECT fulfillment.confirm_shipment(pg_temp.id('part', 2));
SELECT * FROM pg_temp.shipments('part');

-- Scenario 19: a channel that takes no parts hears once, when nothing more will leave: shipped, or cancelled.
UPDATE fulfillment.channels SET partial_updates = false WHERE merchant_id = 52;
SELECT pg_temp.submit('19a', '{"A": 2}'), pg_temp.submit('19b', '{"A": 2}');
SELECT fulfillment.confirm_shipment(pg_temp.id(n, 1), '[{"tracking_number": "P19", "lines": [{"line": 1, "quantity": 1}]}]') FROM unnest('{19a,19b}'::text[]) n;
SELECT * FROM pg_temp.calls('19_');
SELECT fulfillment.confirm_shipment(pg_temp.id('19a', 2), '[{"tracking_number": "P20"}]'), fulfillment.cancel_order(pg_temp.id('19b'), 'rest');
SELECT * FROM pg_temp.calls('19_');
UPDATE fulfillment.channels SET partial_updates = true WHERE merchant_id = 52;

-- Scenario 20: 7 left of 6; stock follows, 6 are captured, a discrepancy has the value.
SELECT pg_temp.submit('20', '{"A": 6, "B": 2}', :'paid');
SELECT fulfillment.confirm_shipment(pg_temp.id('20', 1), '[{"tracking_number": "OV1", "lines": [{"line": 1, "quantity": 7}]}]');
SELECT * FROM pg_temp.shipments('20');
SELECT * FROM pg_temp.lines('20');
SELECT * FROM pg_temp.show('20');
SELECT * FROM pg_temp.calls('20');
SELECT sku, kind, expected, reported, difference, value FROM fulfillment.open_discrepancies WHERE merchant_id = 52 AND order_id = pg_temp.id('20');
-- One more left later: it is written as it is, and counted once.
SELECT fulfillment.confirm_shipment(pg_temp.id('20', 1), '[{"tracking_number": "OV1", "lines": [{"line": 1, "quantity": 8}]}]');
SELECT * FROM pg_temp.lines('20');
SELECT sku, kind, expected, reported, difference, value, times_seen FROM fulfillment.open_discrepancies WHERE merchant_id = 52 AND order_id = pg_temp.id('20');

-- Scenario 21: 2 of 3 are found; the third comes from elsewhere, the stock here is corrected.
SELECT pg_temp.submit('21', '{"A": 3}');
SELECT fulfillment.report_progress(pg_temp.id('21', 1), 'picking');
SELECT fulfillment.report_short(pg_temp.id('21', 1), '[{"line": 1, "quantity": 1}]');
SELECT * FROM pg_temp.shipments('21');
SELECT * FROM pg_temp.lines('21');
SELECT * FROM pg_temp.ledger('21');
SELECT location, sku, kind, difference, value FROM fulfillment.open_discrepancies WHERE merchant_id = 52 AND order_id = pg_temp.id('21');
-- Nothing of it is found, anywhere: it waits, and goods that come are asked for there again.
SELECT fulfillment.report_short(pg_temp.id('21', 2), '[{"line": 1, "quantity": 1}]');
SELECT * FROM pg_temp.shipments('21');
SELECT * FROM pg_temp.show('21');
SELECT fulfillment.receive_stock('NEAR', 'A', 1) > 0 AS received, fulfillment.assign_orders();
SELECT * FROM pg_temp.shipments('21');
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.report_short(%s, ''[{"line": 1, "quantity": 4}]'')', pg_temp.id('21', 1)));

-- Scenario 18: it was cancelled, and left all the same.
SELECT pg_temp.submit('18', '{"A": 2}', :'paid');
SELECT fulfillment.report_progress(pg_temp.id('18', 1), 'packed');
SELECT fulfillment.cancel_order(pg_temp.id('18'), 'no');
SELECT fulfillment.report_stop(pg_temp.id('18', 1), true);
SELECT * FROM pg_temp.show('18');
SELECT fulfillment.confirm_shipment(pg_temp.id('18', 1), '[{"tracking_number": "LATE"}]');
SELECT * FROM pg_temp.shipments('18');
SELECT * FROM pg_temp.lines('18');
SELECT * FROM pg_temp.show('18');
SELECT * FROM pg_temp.ledger('18');
SELECT * FROM pg_temp.calls('18');
SELECT s.shipped_after_cancel, r.kind, r.state, l.line, l.quantity FROM fulfillment.shipments s
  JOIN fulfillment.returns r USING (merchant_id, shipment_id) JOIN fulfillment.return_lines l USING (merchant_id, return_id)
 WHERE merchant_id = 52 AND s.order_id = pg_temp.id('18');
-- A part of what was cancelled left: only that counts.
SELECT pg_temp.submit('18b', '{"A": 2, "B": 1}');
SELECT fulfillment.cancel_order(pg_temp.id('18b'), 'no');
SELECT fulfillment.confirm_shipment(pg_temp.id('18b', 1), '[{"lines": [{"line": 1, "quantity": 1}]}]');
SELECT * FROM pg_temp.lines('18b');
SELECT * FROM pg_temp.show('18b');
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.undo_shipment(%s)', pg_temp.id('18b', 1)));
-- What was cancelled to be sent from elsewhere left from here: the other is stopped, nothing comes back.
SELECT pg_temp.submit('18c', '{"A": 2, "B": 1}');
SELECT fulfillment.cancel_shipment(pg_temp.id('18c', 1), 'elsewhere');
SELECT fulfillment.confirm_shipment(pg_temp.id('18c', 1), '[{"lines": [{"line": 1, "quantity": 2}]}]');
SELECT * FROM pg_temp.shipments('18c');
SELECT * FROM pg_temp.lines('18c');
SELECT * FROM pg_temp.show('18c');

-- Scenario 22: a carrier tells things in any order, and twice.
SELECT pg_temp.submit('22', '{"A": 1}');
SELECT fulfillment.confirm_shipment(pg_temp.id('22', 1), '[{"tracking_number": "T22"}]', '2026-01-06 20:00+00');
SELECT fulfillment.report_tracking('T22', '[{"status": "delivered", "at": "2026-01-07T12:00:00Z"}]'),
       fulfillment.report_tracking('T22', '[{"status": "in_transit", "at": "2026-01-07T09:00:00Z"}]'),
       fulfillment.report_tracking('T22', '[{"status": "delivered", "at": "2026-01-07T12:00:00Z"}]'),
       fulfillment.report_tracking('T22', '[{"status": "out_for_delivery", "at": "2026-01-07T11:00:00Z"}]');
SELECT status, status_at, delivered_at, contradictory FROM fulfillment.packages WHERE merchant_id = 52 AND tracking_number = 'T22';
SELECT e.status, e.occurred_at FROM fulfillment.tracking_events e JOIN fulfillment.packages p USING (merchant_id, package_id)
 WHERE merchant_id = 52 AND p.tracking_number = 'T22' ORDER BY occurred_at;
SELECT * FROM pg_temp.told('22');
SELECT * FROM pg_temp.show('22');
-- A first scan ships what nobody had reported.
SELECT pg_temp.submit('22b', '{"A": 1}');
SELECT fulfillment.report_progress(pg_temp.id('22b', 1), 'packed');
INSERT INTO fulfillment.packages (merchant_id, shipment_id, number, tracking_number) VALUES (52, pg_temp.id('22b', 1), 1, 'T22B');
SELECT fulfillment.report_tracking('T22B', '[{"status": "in_transit", "at": "2026-01-07T09:00:00Z"}]');
SELECT * FROM pg_temp.shipments('22b');
SELECT shipped_at FROM fulfillment.shipments WHERE merchant_id = 52 AND shipment_id = pg_temp.id('22b', 1);

-- Scenario 23: one parcel arrives, the other comes back: its lines only.
SELECT pg_temp.submit('23', '{"A": 2, "B": 1}');
SELECT fulfillment.confirm_shipment(pg_temp.id('23', 1), '[{"tracking_number": "T231", "lines": [{"line": 1, "quantity": 2}]}, {"tracking_number": "T232", "lines": [{"line": 2, "quantity": 1}]}]');
SELECT fulfillment.report_tracking('T231', '[{"status": "delivered", "at": "2026-01-07T12:00:00Z"}]');
SELECT fulfillment.report_tracking('T232', '[{"status": "returning", "at": "2026-01-08T12:00:00Z"}]');
SELECT * FROM pg_temp.shipments('23');
SELECT * FROM pg_temp.lines('23');
SELECT * FROM pg_temp.show('23');
SELECT r.kind, r.state, r.tracking_number, l.line, l.quantity FROM fulfillment.returns r
  JOIN fulfillment.return_lines l USING (merchant_id, return_id) WHERE merchant_id = 52 AND r.order_id = pg_temp.id('23');
-- It arrives after all.
SELECT fulfillment.report_tracking('T232', '[{"status": "delivered", "at": "2026-01-09T12:00:00Z"}]');
SELECT * FROM pg_temp.shipments('23');
SELECT * FROM pg_temp.lines('23');
-- Lost, then found: the claim ends.
SELECT pg_temp.submit('23b', '{"A": 1}');
SELECT fulfillment.confirm_shipment(pg_temp.id('23b', 1), '[{"tracking_number": "T23B"}]');
SELECT fulfillment.report_tracking('T23B', '[{"status": "lost", "at": "2026-01-08T12:00:00Z"}]');
SELECT * FROM pg_temp.show('23b');
SELECT fulfillment.report_tracking('T23B', '[{"status": "delivered", "at": "2026-01-09T12:00:00Z"}]');
SELECT * FROM pg_temp.show('23b');

-- A shipment that was not sent moves to another location, or does not.
SELECT pg_temp.submit('move', '{"A": 1}');
SELECT fulfillment.move_shipment(pg_temp.id('move', 1), 'FAR');
SELECT * FROM pg_temp.shipments('move');
SELECT * FROM pg_temp.ledger('move');
SELECT fulfillment.receive_stock('NEAR', 'C', 1) > 0 AS received, pg_temp.submit('move2', '{"C": 1}');
SELECT place, r.* FROM unnest('{FAR,NEAR,NOWHERE}'::text[]) place,
       pg_temp.refused(format('SELECT fulfillment.move_shipment(%s, %L)', pg_temp.id('move2', 1), place)) r;
SELECT fulfillment.cancel_shipment(pg_temp.id('move', 1), 'again, please');
SELECT * FROM pg_temp.shipments('move');
SELECT fulfillment.report_progress(pg_temp.id('move', 2), 'packed');
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.move_shipment(%s, ''FAR'')', pg_temp.id('move', 2)));
-- What a warehouse has is asked back, and assigned again when it says yes.
SELECT fulfillment.cancel_shipment(pg_temp.id('move', 2), 'once more');
SELECT * FROM pg_temp.shipments('move');
SELECT fulfillment.report_stop(pg_temp.id('move', 2), true);
SELECT * FROM pg_temp.shipments('move');

-- A provider that cannot be asked: after a while it counts as delivered.
UPDATE fulfillment.providers SET assume_delivered_after = '3 days' WHERE merchant_id = 52;
SELECT fulfillment.confirm_shipment(pg_temp.id('move', 3), NULL, now() - interval '4 days');
SELECT fulfillment.expire_due() > 0 AS something;
SELECT * FROM pg_temp.show('move');

-- Capacity: a slot for every shipment that lives, and none for those that do not.
UPDATE fulfillment.locations SET daily_capacity = 3, cutoff = '23:59:59', working_days = '{1,2,3,4,5,6,7}' WHERE merchant_id = 52;
SELECT pg_temp.submit('cap' || n, '{"A": 1}') FROM generate_series(1, 3) n;
SELECT fulfillment.report_short(pg_temp.id('cap1', 1), '[{"line": 1, "quantity": 1}]');
SELECT fulfillment.cancel_order(pg_temp.id('cap2'));
SELECT fulfillment.move_shipment(pg_temp.id('cap3', 1), 'FAR');
SELECT l.code, sum(d.used) FROM fulfillment.location_days d JOIN fulfillment.locations l USING (merchant_id, location_id)
 WHERE merchant_id = 52 GROUP BY 1 ORDER BY 1;

SELECT * FROM pg_temp.broken();

-- A channel hears of a hold where its connector can say it; where it cannot, no call is parked for that.
SELECT pg_temp.submit('hears', '{"A": 1}');
SELECT fulfillment.hold_order(pg_temp.id('hears'), 'address') > 0 AS held;
SELECT * FROM pg_temp.calls('hears');
UPDATE fulfillment.connections SET connector = 'webhook' WHERE merchant_id = 52 AND code = 'shop';
SELECT fulfillment.hold_order(pg_temp.id('hears'), 'fraud') > 0 AS held;
SELECT count(*) AS "still one" FROM pg_temp.calls('hears');

-- Goods that come back, and the money for them: scenarios 26, 27, 23 and what is around them.
\set merchant 56
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
-- A gateway that is never called shows what would be captured and paid back; a test answers for it.
INSERT INTO fulfillment.connections (code, connector, state) VALUES ('pay', 'klarna', 'paused');
CREATE FUNCTION pg_temp.money(numbers text) RETURNS TABLE (number text, kind text, state text, amount numeric, of text) LANGUAGE sql AS $$
	SELECT o.number, p.kind, p.state, p.amount, (SELECT c.amount::text FROM fulfillment.payments c WHERE c.merchant_id = p.merchant_id AND c.payment_id = p.capture_id)
	  FROM fulfillment.payments p JOIN fulfillment.orders o USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.number LIKE $1 ORDER BY p.payment_id
$$;
CREATE FUNCTION pg_temp.returns(numbers text) RETURNS TABLE (number text, kind text, state text, lines text, due numeric, asked numeric, refunded numeric, open boolean) LANGUAGE sql AS $$
	SELECT o.number, r.kind, r.state, (SELECT string_agg(format('%s×%s', n.quantity, i.sku) || CASE WHEN n.received > 0 THEN format(', %s came', n.received) ELSE '' END
	         || CASE WHEN n.missing > 0 THEN format(', %s missing', n.missing) ELSE '' END, '; ' ORDER BY n.line)
	    FROM fulfillment.return_lines n JOIN fulfillment.items i USING (merchant_id, item_id) WHERE n.merchant_id = r.merchant_id AND n.return_id = r.return_id),
	       r.refund_due, r.refund_asked, r.refunded, r.ended_at IS NULL
	  FROM fulfillment.returns r LEFT JOIN fulfillment.orders o USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND coalesce(o.number, '') LIKE $1 ORDER BY r.return_id
$$;
CREATE FUNCTION pg_temp.back(number text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT max(return_id) FROM fulfillment.returns r WHERE merchant_id = fulfillment.current_merchant() AND order_id = pg_temp.id($1)
$$;
CREATE FUNCTION pg_temp.buckets() RETURNS TABLE (location text, sku text, on_hand int, quarantine int, damaged int) LANGUAGE sql AS $$
	SELECT l.code, i.sku, s.on_hand, s.quarantine, s.damaged FROM fulfillment.stock_levels s
	  JOIN fulfillment.locations l USING (merchant_id, location_id) JOIN fulfillment.items i USING (merchant_id, item_id)
	 WHERE merchant_id = fulfillment.current_merchant() ORDER BY l.location_id, i.sku
$$;
-- Ships and delivers an order's shipments; its captures come through.
CREATE FUNCTION pg_temp.deliver(number text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE s record;
BEGIN
	FOR s IN SELECT shipment_id, n FROM fulfillment.shipments, lateral (SELECT 'T' || $1 || '-' || shipments.number AS n) x
	          WHERE merchant_id = fulfillment.current_merchant() AND order_id = pg_temp.id($1) AND state <> 'cancelled' ORDER BY shipment_id LOOP
		PERFORM fulfillment.confirm_shipment(s.shipment_id, jsonb_build_array(jsonb_build_object('tracking_number', s.n)));
		PERFORM fulfillment.report_tracking(s.n, '[{"status": "delivered", "at": "2026-01-07T12:00:00Z"}]');
	END LOOP;
	UPDATE fulfillment.payments SET state = 'done', settled_at = now(), provider_reference = 'cap'
	 WHERE merchant_id = fulfillment.current_merchant() AND order_id = pg_temp.id($1) AND kind = 'capture' AND state = 'pending';
END
$$;
SELECT fulfillment.receive_stock('NEAR', sku, 20), fulfillment.receive_stock('FAR', sku, 20) FROM unnest('{A,B,C}'::text[]) sku;
SELECT pg_temp.submit(n, '{"A": 3, "B": 1}', '{"payment": {"state": "authorized", "gateway": "pay", "reference": "k-1", "amount": 40}}') FROM unnest('{26,w,x}'::text[]) n;

-- Scenario 26: 2 of 3 come back, one good today, one damaged tomorrow.
SELECT pg_temp.deliver('26');
SELECT * FROM pg_temp.show('26');
SELECT fulfillment.request_return(pg_temp.id('26'), '[{"sku": "A", "quantity": 2, "reason": "too small"}]', 'changed mind') > 0 AS asked;
SELECT * FROM pg_temp.show('26');
SELECT fulfillment.approve_return(pg_temp.back('26'));
SELECT l.code FROM fulfillment.returns r JOIN fulfillment.locations l USING (merchant_id, location_id) WHERE r.merchant_id = 56 AND return_id = pg_temp.back('26');
SELECT fulfillment.receive_return(pg_temp.back('26'), '[{"sku": "A", "quantity": 1, "condition": "good"}]', reference => 'R1') > 0 AS received;
SELECT * FROM pg_temp.returns('26');
SELECT fulfillment.receive_return(pg_temp.back('26'), '[{"sku": "A", "quantity": 1, "condition": "good"}]', reference => 'R1') > 0 AS "again, changes nothing";
SELECT fulfillment.receive_return(pg_temp.back('26'), '[{"line": 1, "quantity": 1, "condition": "damaged"}]', reference => 'R2') > 0 AS received;
SELECT * FROM pg_temp.returns('26');
SELECT * FROM pg_temp.money('26');
SELECT line, quantity, condition, disposition, reference FROM fulfillment.receipts WHERE merchant_id = 56 AND return_id = pg_temp.back('26') ORDER BY receipt_id;
SELECT * FROM pg_temp.buckets();
SELECT line, shipped, returned, refunded FROM fulfillment.order_lines WHERE merchant_id = 56 AND order_id = pg_temp.id('26');
-- The third unit can come back, not a fourth, and not while it is on its way already.
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.request_return(%s, ''[{"line": 1, "quantity": 2}]'')', pg_temp.id('26')));
SELECT r.* FROM unnest('{[],7,"[{\"line\": 9}]","[{\"line\": 1, \"quantity\": 0}]","[{\"sku\": \"C\"}]"}'::text[]) l,
       pg_temp.refused(format('SELECT fulfillment.request_return(%s, %L)', pg_temp.id('26'), l)) r;
SELECT * FROM pg_temp.history('26') WHERE what LIKE 'return%';

-- Nobody can say that it is paid while the gateway is asked.
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.close_return(%s)', pg_temp.back('26')));

-- Cancelled, declined, after the window, closed short, nothing to pay.
UPDATE fulfillment.channels SET attributes = '{"return_days": 30}' WHERE merchant_id = 56;
SELECT pg_temp.deliver('w');
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.request_return(%s)', pg_temp.id('w')));
SELECT fulfillment.request_return(pg_temp.id('w'), reason => 'good customer', override => true) > 0 AS asked;
SELECT fulfillment.decline_return(pg_temp.back('w'), 'worn');
SELECT * FROM pg_temp.show('w');
SELECT fulfillment.request_return(pg_temp.id('w'), override => true) > 0 AS asked;
SELECT fulfillment.close_return(pg_temp.back('w'), reason => 'keeps it');
SELECT * FROM pg_temp.returns('w');
-- It comes all the same, in another place, with something else in it.
SELECT fulfillment.receive_return(pg_temp.back('w'), '[{"sku": "A", "quantity": 4}, {"sku": "C", "condition": "worn"}, {"sku": "B", "disposition": "scrap"}]', 'FAR') > 0 AS received;
SELECT * FROM pg_temp.returns('w');
SELECT * FROM pg_temp.show('w');
SELECT fulfillment.close_return(pg_temp.back('w'), refund => 0);
SELECT * FROM pg_temp.returns('w');
SELECT * FROM pg_temp.show('w');
SELECT * FROM pg_temp.buckets() WHERE quarantine + damaged > 0;
UPDATE fulfillment.channels SET attributes = '{}' WHERE merchant_id = 56;

-- One of what was announced is missing; a fee comes off.
SELECT pg_temp.deliver('x');
SELECT fulfillment.request_return(pg_temp.id('x'), '[{"line": 1, "quantity": 2}, {"line": 2}]') > 0 AS asked;
SELECT fulfillment.approve_return(pg_temp.back('x'), 'FAR', 4.50);
SELECT fulfillment.receive_return(pg_temp.back('x'), '[{"line": 1, "quantity": 1}, {"line": 1, "quantity": 1, "condition": "missing"}]', reference => 'P') > 0 AS received;
SELECT * FROM pg_temp.returns('x');
SELECT fulfillment.close_return(pg_temp.back('x'));
SELECT * FROM pg_temp.returns('x');
SELECT * FROM pg_temp.money('x');

-- Scenario 23: one of two parcels comes back; its goods go into stock, a person decides on the money.
SELECT pg_temp.submit('23', '{"A": 2}', '{"payment": {"state": "authorized", "gateway": "pay", "amount": 20}}');
SELECT fulfillment.confirm_shipment(pg_temp.id('23', 1), '[{"tracking_number": "P1", "lines": [{"line": 1, "quantity": 1}]}, {"tracking_number": "P2", "lines": [{"line": 1, "quantity": 1}]}]');
SELECT fulfillment.report_tracking('P1', '[{"status": "delivered"}]'), fulfillment.report_tracking('P2', '[{"status": "returning"}]');
UPDATE fulfillment.payments SET state = 'done' WHERE merchant_id = 56 AND order_id = pg_temp.id('23');
SELECT * FROM pg_temp.returns('23');
SELECT fulfillment.receive_return(pg_temp.back('23')) > 0 AS received;
SELECT * FROM pg_temp.returns('23');
SELECT * FROM pg_temp.show('23');
SELECT fulfillment.close_return(pg_temp.back('23'));
SELECT * FROM pg_temp.money('23');
SELECT * FROM pg_temp.ledger('23');

-- Scenario 27: a parcel nobody announced, by its number, or by goods and postcode.
SELECT pg_temp.submit('27', '{"B": 2}');
SELECT pg_temp.deliver('27');
SELECT * FROM pg_temp.refused('SELECT fulfillment.receive_return(NULL, ''[{"sku": "B"}]'')');
SELECT fulfillment.receive_return(NULL, '[{"sku": "B", "quantity": 1}]', 'NEAR', hints => '{"tracking_number": "T27-1", "postcode": "55 116"}') > 0 AS received;
SELECT o.number, e ->> 'why' AS why FROM fulfillment.returns r, jsonb_array_elements(candidates) e JOIN fulfillment.orders o ON o.merchant_id = 56 AND o.order_id = (e ->> 'order_id')::bigint
 WHERE r.merchant_id = 56 AND r.state = 'matching';
SELECT * FROM pg_temp.buckets() WHERE location = 'NEAR';
SELECT fulfillment.match_return((SELECT return_id FROM fulfillment.returns WHERE merchant_id = 56 AND state = 'matching'), pg_temp.id('27'));
SELECT * FROM pg_temp.returns('27');
SELECT * FROM pg_temp.buckets() WHERE location = 'NEAR';
SELECT * FROM pg_temp.show('27');

-- Without a gateway of ours and a channel that pays, a person pays what the channel took.
SELECT pg_temp.submit('hand', '{"C": 1}', '{"payment": {"state": "captured", "amount": 10}}');
SELECT pg_temp.deliver('hand');
SELECT fulfillment.request_return(pg_temp.id('hand')) > 0 AS asked;
SELECT fulfillment.approve_return(pg_temp.back('hand'));
SELECT fulfillment.receive_return(pg_temp.back('hand')) > 0 AS received;
SELECT * FROM pg_temp.returns('hand');
SELECT * FROM pg_temp.show('hand');
SELECT fulfillment.close_return(pg_temp.back('hand'));
SELECT * FROM pg_temp.returns('hand');
SELECT * FROM pg_temp.show('hand');
SELECT * FROM pg_temp.refused('SELECT fulfillment.receive_return(-1)');
-- Exchanged goods are not paid.
SELECT pg_temp.submit('ex', '{"C": 1}', '{"payment": {"state": "captured", "amount": 10}}');
SELECT pg_temp.deliver('ex');
SELECT fulfillment.request_return(pg_temp.id('ex'), kind => 'exchange') > 0 AS asked;
SELECT fulfillment.approve_return(pg_temp.back('ex')), fulfillment.receive_return(pg_temp.back('ex')) > 0 AS received;
SELECT * FROM pg_temp.returns('ex');
SELECT * FROM pg_temp.broken();

-- What is captured, to the cent, and what is let go.
\set merchant 57
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
INSERT INTO fulfillment.connections (code, connector, state) VALUES ('pay', 'klarna', 'paused');
CREATE FUNCTION pg_temp.money(numbers text) RETURNS TABLE (number text, kind text, state text, amount numeric, currency text, task boolean) LANGUAGE sql AS $$
	SELECT o.number, p.kind, p.state, p.amount, p.currency, EXISTS (SELECT FROM fulfillment.tasks t WHERE t.merchant_id = p.merchant_id AND (t.payload ->> 'payment_id')::bigint = p.payment_id)
	  FROM fulfillment.payments p JOIN fulfillment.orders o USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.number LIKE $1 ORDER BY p.payment_id
$$;
CREATE FUNCTION pg_temp.paid(amount numeric, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('payment', jsonb_build_object('state', 'authorized', 'gateway', 'pay', 'reference', 'k', 'amount', $1)) || $2
$$;
-- Ships units of the first line of an order's newest open shipment.
CREATE FUNCTION pg_temp.ship(number text, units int) RETURNS text LANGUAGE sql AS $$
	SELECT fulfillment.confirm_shipment(max(shipment_id), jsonb_build_array(jsonb_build_object('lines', jsonb_build_array(jsonb_build_object('line', 1, 'quantity', $2)))))
	  FROM fulfillment.shipments s WHERE merchant_id = fulfillment.current_merchant() AND order_id = pg_temp.id($1) AND state IN ('draft', 'queued')
$$;
SELECT fulfillment.receive_stock('NEAR', 'A', 100);

-- A discount is spread by value, the last shipment takes the rest: 29.99 for three.
SELECT pg_temp.submit('third', '{"A": 3}', pg_temp.paid(29.99));
SELECT pg_temp.ship('third', 1), pg_temp.ship('third', 1), pg_temp.ship('third', 1);
SELECT * FROM pg_temp.money('third');
-- Freight goes with the first goods; yen have no decimals.
SELECT pg_temp.submit('yen', '{"A": 3}', pg_temp.paid(135, '{"currency": "JPY", "attributes": {"freight": 110}}'));
SELECT pg_temp.ship('yen', 1), pg_temp.ship('yen', 2);
SELECT * FROM pg_temp.money('yen');
-- A cent of rounding above the lines; freight that is no number counts as none.
SELECT pg_temp.submit('cent', '{"A": 2}', pg_temp.paid(20.01, '{"attributes": {"freight": "free"}}'));
SELECT pg_temp.ship('cent', 2);
SELECT * FROM pg_temp.money('cent');
-- Never above the authorization, whatever the lines say; nothing without a price or a gateway.
SELECT pg_temp.submit('low', '[{"line": 1, "sku": "A", "quantity": 2, "unit_price": 10}]', pg_temp.paid(5));
SELECT pg_temp.submit('free', '[{"line": 1, "sku": "A", "quantity": 2, "unit_price": 0}]', pg_temp.paid(0));
SELECT pg_temp.submit('else', '{"A": 1}', '{"payment": {"state": "authorized", "gateway": "elsewhere", "amount": 10}}');
SELECT pg_temp.ship('low', 1), pg_temp.ship('low', 1), pg_temp.ship('free', 2), pg_temp.ship('else', 1);
SELECT * FROM pg_temp.money('low');
SELECT * FROM pg_temp.money('free');
SELECT capture_amount FROM fulfillment.shipments WHERE merchant_id = 57 AND order_id = pg_temp.id('else');
-- A mistake is taken back before it was called, and captured anew.
SELECT pg_temp.submit('undo', '{"A": 2}', pg_temp.paid(20));
SELECT pg_temp.ship('undo', 2), fulfillment.undo_shipment(pg_temp.id('undo', 1)), fulfillment.confirm_shipment(pg_temp.id('undo', 1));
SELECT * FROM pg_temp.money('undo');
UPDATE fulfillment.payments SET state = 'done' WHERE merchant_id = 57 AND order_id = pg_temp.id('undo') AND state = 'pending';
SELECT * FROM pg_temp.refused(format('SELECT fulfillment.undo_shipment(%s)', pg_temp.id('undo', 1)));
-- Cancelled before anything left: the authorization is let go, what was taken is paid back; once each.
SELECT pg_temp.submit('void', '{"A": 1}', pg_temp.paid(10)), pg_temp.submit('back', '{"A": 1}', '{"payment": {"state": "captured", "gateway": "pay", "amount": 10}}');
SELECT fulfillment.cancel_order(pg_temp.id('void')), fulfillment.cancel_order(pg_temp.id('back'));
SELECT * FROM pg_temp.money('void');
SELECT * FROM pg_temp.money('back');
-- A part is cancelled: what is left is let go when the order is over and its captures are through.
SELECT pg_temp.submit('rest', '{"A": 3}', pg_temp.paid(30));
SELECT pg_temp.ship('rest', 2), fulfillment.cancel_order(pg_temp.id('rest'), 'one less');
UPDATE fulfillment.payments SET state = 'done' WHERE merchant_id = 57 AND order_id = pg_temp.id('rest');
UPDATE fulfillment.providers SET assume_delivered_after = '1 microsecond' WHERE merchant_id = 57;
SELECT fulfillment.expire_due() > 0 AS "time passes";
SELECT * FROM pg_temp.money('rest');
SELECT * FROM pg_temp.show('rest');
-- More was authorized than the lines are worth, and nobody says why: a person is told, nothing is taken.
SELECT pg_temp.submit('more', '{"A": 1}', pg_temp.paid(15));
SELECT pg_temp.ship('more', 1);
UPDATE fulfillment.payments SET state = 'done' WHERE merchant_id = 57 AND order_id = pg_temp.id('more');
SELECT fulfillment.expire_due() > 0 AS "time passes";
SELECT * FROM pg_temp.money('more');
SELECT * FROM pg_temp.show('more');
SELECT message FROM fulfillment.attention_list WHERE merchant_id = 57 AND kind = 'uncaptured';
-- Nowhere was more captured than authorized.
SELECT o.number FROM fulfillment.orders o JOIN fulfillment.payments p USING (merchant_id, order_id)
 WHERE merchant_id = 57 AND p.kind = 'capture' AND p.state <> 'cancelled' GROUP BY o.number, o.payment HAVING sum(p.amount) > (o.payment ->> 'amount')::numeric;
SELECT * FROM pg_temp.broken();

-- Stock is a ledger: every change is a movement with a cause, nothing is ever negative.
\set merchant 53
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
CREATE FUNCTION pg_temp.movements(sku text) RETURNS TABLE (location text, kind text, on_hand int, reserved int, cause text) LANGUAGE sql AS $$
	SELECT l.code, m.kind, m.on_hand_delta, m.reserved_delta, m.cause FROM fulfillment.stock_movements m
	  JOIN fulfillment.locations l USING (merchant_id, location_id) JOIN fulfillment.items i USING (merchant_id, item_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND i.sku = $1 ORDER BY m.movement_id
$$;

-- Received, adjusted, counted, transferred.
SELECT fulfillment.receive_stock('NEAR', 'A', 10, 'purchase order 7');
SELECT fulfillment.adjust_stock('NEAR', 'A', -1, 'broken'), fulfillment.adjust_stock('NEAR', 'A', 2, 'found');
SELECT fulfillment.count_stock('NEAR', 'A', 12), fulfillment.count_stock('NEAR', 'A', 12) AS "no difference";
SELECT fulfillment.transfer_stock('NEAR', 'FAR', 'A', 5);
SELECT * FROM pg_temp.stock();
SELECT * FROM pg_temp.movements('A');
SELECT location, sku, on_hand, reserved, available FROM fulfillment.inventory WHERE merchant_id = 53;

-- What is reserved cannot be transferred; what is broken can be, although it was promised.
SELECT pg_temp.submit('1', '{"A": 6}');
SELECT * FROM pg_temp.stock();
SELECT * FROM pg_temp.refused('SELECT fulfillment.transfer_stock(''NEAR'', ''FAR'', ''A'', 2)');
SELECT fulfillment.transfer_stock('NEAR', 'FAR', 'A', 1);
SELECT * FROM pg_temp.refused('SELECT fulfillment.adjust_stock(''NEAR'', ''A'', -7, ''stolen'')');
SELECT fulfillment.adjust_stock('NEAR', 'A', -4, 'stolen');
SELECT location, sku, on_hand, reserved, available FROM fulfillment.inventory WHERE merchant_id = 53;
-- It was there after all, since it left.
SELECT fulfillment.confirm_shipment(pg_temp.id('1', 1));
SELECT * FROM pg_temp.movements('A') OFFSET 8;
SELECT * FROM pg_temp.stock();

-- A backorder is filled by what comes in, the most urgent first; others are left alone.
SELECT pg_temp.submit('late', '{"B": 2}', '{"promised_by": "2026-02-01T00:00:00Z"}'),
       pg_temp.submit('soon', '{"B": 2}', '{"promised_by": "2026-01-10T00:00:00Z"}'),
       pg_temp.submit('else', '{"C": 1}');
SELECT * FROM pg_temp.show('%e%') OFFSET 0;
SELECT fulfillment.receive_stock('FAR', 'B', 3);
SELECT number, next_routing_at <= now() AS due FROM fulfillment.orders WHERE merchant_id = 53 AND next_routing_at IS NOT NULL ORDER BY order_id;
SELECT fulfillment.assign_orders();
SELECT * FROM pg_temp.lines('late'), pg_temp.lines('soon') AS soon;
-- Less than was counted does not wake anybody.
SELECT fulfillment.count_stock('FAR', 'B', 3), fulfillment.adjust_stock('NEAR', 'B', 1, 'found');
SELECT fulfillment.assign_orders();
SELECT * FROM pg_temp.shipments('late');
SELECT * FROM pg_temp.stock();

-- Of all that was ever ordered, a receipt reads the lines of orders that wait.
SELECT count(*) AS waiting FROM fulfillment.order_lines JOIN fulfillment.orders USING (merchant_id, order_id)
 WHERE merchant_id = 53 AND next_routing_at > now() \gset
BEGIN;
SELECT seq_tup_read + idx_tup_fetch AS before FROM pg_stat_xact_user_tables WHERE relid = 'fulfillment.order_lines'::regclass \gset
SELECT fulfillment.receive_stock('NEAR', 'B', 1) > 0 AS received;
SELECT seq_tup_read + idx_tup_fetch - :before <= :waiting AS few FROM pg_stat_xact_user_tables WHERE relid = 'fulfillment.order_lines'::regclass;
ROLLBACK;

-- What is refused changes nothing and says which field.
SELECT call, r.code, r.message, r.detail FROM unnest(ARRAY[
	'receive_stock(''NEAR'', ''A'', 0)', 'receive_stock(''NEAR'', ''A'', -1)', 'receive_stock(''NEAR'', ''A'', 2000000000)',
	'receive_stock(''NEAR'', ''A'', 1, '''')', 'receive_stock(''NOWHERE'', ''A'', 1)', 'receive_stock(''NEAR'', ''NOPE'', 1)',
	'receive_stock(''NEAR'', ''A''''; DROP TABLE fulfillment.orders; --'', 1)',
	'adjust_stock(''NEAR'', ''A'', 0, ''nothing'')', 'adjust_stock(''NEAR'', ''A'', -100, ''lost'')', 'adjust_stock(''NEAR'', ''A'', 1, '''')',
	'count_stock(''NEAR'', ''A'', -1)', 'transfer_stock(''NEAR'', ''NEAR'', ''A'', 1)', 'transfer_stock(''NEAR'', ''FAR'', ''A'', 0)',
	'transfer_stock(''NEAR'', ''FAR'', ''C'', 1)']) call, pg_temp.refused('SELECT fulfillment.' || call) r;
-- More than can be counted.
SELECT count(fulfillment.receive_stock('NEAR', 'C', 100000000)) FROM generate_series(1, 21);
SELECT code, message FROM pg_temp.refused('SELECT fulfillment.receive_stock(''NEAR'', ''C'', 100000000)');

SELECT * FROM pg_temp.broken();

-- Drift that somebody made by hand is found, and mended when told; the ledger keeps it.
UPDATE fulfillment.stock_levels SET on_hand = on_hand + 5, reserved = reserved + 1 WHERE merchant_id = 53
   AND location_id = (SELECT location_id FROM fulfillment.locations WHERE merchant_id = 53 AND code = 'FAR')
   AND item_id = (SELECT item_id FROM fulfillment.items WHERE merchant_id = 53 AND sku = 'B');
SELECT * FROM fulfillment.check_stock();
SELECT * FROM fulfillment.check_stock(repair => true);
SELECT * FROM fulfillment.check_stock();
SELECT event, before - 'location' AS before, after FROM fulfillment.history WHERE merchant_id = 53 AND subject_kind = 'stock';
-- A reservation nobody holds, and one nobody wrote.
SET session_replication_role = replica;
DELETE FROM fulfillment.shipment_lines WHERE merchant_id = 53 AND shipment_id = pg_temp.id('soon', 1);
RESET session_replication_role;
SELECT * FROM fulfillment.check_stock();
SELECT repaired FROM fulfillment.check_stock(repair => true);
SELECT * FROM fulfillment.check_stock();
SELECT * FROM pg_temp.stock() WHERE sku = 'B';
-- Units beside those on hand that nobody wrote, and a level that is gone.
UPDATE fulfillment.stock_levels v SET quarantine = 2, damaged = 1 FROM fulfillment.locations l
 WHERE v.merchant_id = 53 AND l.merchant_id = 53 AND l.location_id = v.location_id AND l.code = 'FAR';
DELETE FROM fulfillment.stock_levels v USING fulfillment.locations l, fulfillment.items i
 WHERE v.merchant_id = 53 AND l.merchant_id = 53 AND i.merchant_id = 53 AND l.location_id = v.location_id AND l.code = 'NEAR'
   AND i.item_id = v.item_id AND i.sku = 'B';
SELECT location, sku, on_hand, ledger_on_hand, reserved, open_reservations, quarantine, ledger_quarantine, damaged, ledger_damaged
  FROM fulfillment.check_stock(repair => true);
SELECT * FROM fulfillment.check_stock();
SELECT * FROM pg_temp.stock() WHERE sku = 'B';
SELECT count(*) FROM fulfillment.stock_movements WHERE merchant_id = 53 AND cause = 'drift repaired by check_stock';

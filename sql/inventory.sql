-- Inventory between two masters: buckets, snapshots, policies, what channels are told.
\set merchant 60
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
\set ECHO all
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.stock(skus text DEFAULT '%')
RETURNS TABLE (location text, sku text, on_hand int, reserved int, available int, displayed int, reported int,
               quarantine int, damaged int, inbound bigint) LANGUAGE sql AS $$
	SELECT i.location, i.sku, i.on_hand, i.reserved, i.available, i.displayed, i.reported, i.quarantine, i.damaged, i.inbound
	  FROM fulfillment.inventory i WHERE merchant_id = 60 AND i.sku LIKE $1 ORDER BY 1, 2
$$;
CREATE FUNCTION pg_temp.differences()
RETURNS TABLE (sku text, state text, expected int, reported int, value numeric, seen int, equal int, confidence numeric,
               trail int[], cause text) LANGUAGE sql AS $$
	SELECT i.sku, d.state, d.expected, d.reported, d.value, d.times_seen, d.equal_snapshots, d.confidence, d.trail,
	       regexp_replace(d.cause, 'movement \d+', 'movement N')
	  FROM fulfillment.discrepancies d JOIN fulfillment.items i USING (merchant_id, item_id)
	 WHERE merchant_id = 60 AND d.kind = 'snapshot' ORDER BY d.discrepancy_id
$$;
-- Moves what happened so far into the past, as if the time had gone by.
CREATE FUNCTION pg_temp.later(by_time interval) RETURNS void LANGUAGE sql AS $$
	UPDATE fulfillment.stock_movements SET moved_at = moved_at - $1 WHERE merchant_id = 60;
	UPDATE fulfillment.stock_levels SET reported_as_of = reported_as_of - $1 WHERE merchant_id = 60;
	UPDATE fulfillment.stock_snapshots SET as_of = as_of - $1 WHERE merchant_id = 60;
	UPDATE fulfillment.discrepancies SET as_of = as_of - $1 WHERE merchant_id = 60;
$$;

-- Scenario 7. Safety stock: 5 on hand, 1 reserved, 2 kept: 2 may be promised.
SELECT fulfillment.receive_stock('NEAR', 'B', 5);
UPDATE fulfillment.stock_levels SET safety_stock = 2 WHERE merchant_id = 60;
SELECT pg_temp.submit('S-1', '{"B": 1}');
SELECT sku, on_hand, reserved, safety_stock, available, free FROM fulfillment.inventory WHERE merchant_id = 60;
SELECT pg_temp.submit('S-2', '{"B": 3}', '{"ship_complete": true}');
SELECT number, waits FROM pg_temp.show('S-2');
UPDATE fulfillment.channels SET stock_buffer = 1 WHERE merchant_id = 60;
INSERT INTO fulfillment.listings (channel_id, item_id, channel_sku)
SELECT channel_id, item_id, sku FROM fulfillment.channels JOIN fulfillment.items USING (merchant_id) WHERE merchant_id = 60;
SELECT sku, available, quantity FROM fulfillment.channel_stock WHERE merchant_id = 60 ORDER BY sku;

-- A promise date for what waits: the oldest order is served first by what is announced.
SELECT fulfillment.expect_receipt('NEAR', 'B', 2, '2030-03-01', 'PO-1') IS NOT NULL AS announced;
SELECT fulfillment.expect_receipt('NEAR', 'B', 5, '2030-04-01', 'PO-2') IS NOT NULL AS announced;
SELECT order_number, sku, units, ships_from, location FROM fulfillment.backorder_dates WHERE merchant_id = 60;
SELECT inbound, next_inbound_at FROM fulfillment.inventory WHERE merchant_id = 60 AND sku = 'B';
SELECT fulfillment.receive_expected(expected_receipt_id, 1) FROM fulfillment.expected_receipts WHERE merchant_id = 60 AND reference = 'PO-1';
SELECT fulfillment.receive_expected(expected_receipt_id) FROM fulfillment.expected_receipts WHERE merchant_id = 60 AND reference = 'PO-1';
SELECT fulfillment.receive_expected(expected_receipt_id) FROM fulfillment.expected_receipts WHERE merchant_id = 60 AND reference = 'PO-1';
SELECT fulfillment.cancel_expected(expected_receipt_id) FROM fulfillment.expected_receipts WHERE merchant_id = 60 AND reference = 'PO-2';
SELECT reference, quantity, received, state FROM fulfillment.expected_receipts WHERE merchant_id = 60 ORDER BY 1;

-- Buckets: out of sale and back, each by a movement; nothing goes below zero.
SELECT fulfillment.move_bucket('NEAR', 'B', 'quarantine', 2, 'smells odd');
SELECT fulfillment.move_bucket('NEAR', 'B', 'clear', 1, 'was the carton');
SELECT fulfillment.move_bucket('NEAR', 'B', 'condemn', 1, 'leaks');
SELECT fulfillment.move_bucket('NEAR', 'B', 'damage', 1, 'fell');
SELECT fulfillment.move_bucket('NEAR', 'B', 'isolate', 4, 'return of unknown condition');
SELECT fulfillment.move_bucket('NEAR', 'B', 'scrap', 1, 'thrown away');
SELECT * FROM pg_temp.stock('B');
SELECT fulfillment.move_bucket('NEAR', 'B', 'scrap', 2, 'thrown away');
SELECT fulfillment.move_bucket('NEAR', 'B', 'quarantine', 100, 'all');
SELECT fulfillment.move_bucket('NEAR', 'B', 'ship', 1, 'no');
SELECT kind, on_hand_delta, quarantine_delta, damaged_delta, cause FROM fulfillment.stock_movements
 WHERE merchant_id = 60 AND quarantine_delta <> 0 OR damaged_delta <> 0 ORDER BY movement_id;

-- Many at once, each for itself.
SELECT * FROM fulfillment.record_movements('[
	{"location": "NEAR", "sku": "B", "movement": "receive", "quantity": 2, "cause": "found"},
	{"location": "NEAR", "sku": "B", "movement": "adjust", "quantity": -2, "cause": "lost again"},
	{"location": "NEAR", "sku": "B", "movement": "scrap", "quantity": 9, "cause": "too many"},
	{"location": "NEAR", "sku": "B", "movement": "ship", "quantity": 1, "cause": "not by hand"},
	{"location": "NEAR", "sku": "B", "movement": "receive", "quantity": -1, "cause": "backwards"},
	{"location": "NEAR", "sku": "B", "movement": "receive", "quantity": "x", "cause": "?"},
	{"location": "NEAR", "sku": "B", "movement": "receive", "quantity": 1},
	{"location": "NOWHERE", "sku": "B", "movement": "receive", "quantity": 1, "cause": "?"},
	{"location": "NEAR", "sku": "NOPE", "movement": "receive", "quantity": 1, "cause": "?"}]');

-- Whose numbers are the truth: guarded, logged, with a count.
SELECT fulfillment.set_inventory_mode('FAR', 'passive', 'their count');
INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('wms', 'WMS', 'fulfillment_center', 'manual');
UPDATE fulfillment.locations SET provider_id = (SELECT provider_id FROM fulfillment.providers WHERE merchant_id = 60 AND code = 'wms'),
	provider_code = 'W1' WHERE merchant_id = 60 AND code = 'FAR';
SELECT fulfillment.receive_stock('FAR', 'A', 40), fulfillment.receive_stock('FAR', 'C', 7);
SELECT fulfillment.set_inventory_mode('FAR', 'passive', 'their count');
SELECT fulfillment.set_inventory_mode('FAR', 'upside down', 'their count');
SELECT event, from_state, to_state, cause, after FROM fulfillment.history WHERE merchant_id = 60 AND event = 'inventory_mode';

-- Scenario 24. Their 40 as of ten o'clock; 3 went at five past, 5 are reserved: no difference.
SELECT pg_temp.later('1 hour');
SELECT now() - interval '30 minutes' AS ten \gset
SELECT pg_temp.submit('P-1', '{"A": 3}'), pg_temp.submit('P-2', '{"A": 5}');
SELECT fulfillment.confirm_shipment(pg_temp.id('P-1', 1), '[{"tracking_number": "T1"}]') IS NOT NULL AS gone;
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 40}]', :'ten');
SELECT * FROM pg_temp.stock('A');
-- Now they know, too.
SELECT pg_temp.later('1 hour');
SELECT * FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 37}]');
SELECT * FROM pg_temp.differences();
-- A real difference is one row, however often it is seen.
SELECT pg_temp.later('1 hour');
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 30}]');
SELECT pg_temp.later('1 hour');
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 30}]');
SELECT * FROM pg_temp.differences();
SELECT sku, difference, value, times_seen, likely_cause, trend, curve, age < interval '1 minute' AS young, cardinality(movements)
  FROM fulfillment.open_discrepancies WHERE merchant_id = 60;
-- What is missing there is not offered to anybody.
SELECT sku, available, quantity FROM fulfillment.channel_stock WHERE merchant_id = 60 AND sku = 'A';
-- An older report changes nothing; the same one again is no second witness.
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 12}]', now() - interval '3 hours');
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 30}]',
	(SELECT as_of FROM fulfillment.discrepancies WHERE merchant_id = 60 AND kind = 'snapshot'));
SELECT state, expected, reported, seen FROM pg_temp.differences();
SELECT fulfillment.set_inventory_mode('FAR', 'active', 'we count now');
-- Explained, it stays explained until it changes.
SELECT fulfillment.resolve_discrepancy(discrepancy_id, '') FROM fulfillment.open_discrepancies WHERE merchant_id = 60;
SELECT fulfillment.resolve_discrepancy(discrepancy_id, 'display stock') FROM fulfillment.open_discrepancies WHERE merchant_id = 60;
SELECT pg_temp.later('1 hour');
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 30}]');
SELECT pg_temp.later('1 hour');
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 29}]');
SELECT state, reported, seen, equal, trail FROM pg_temp.differences();
-- Adjusted, there is a movement; nothing is left to differ.
SELECT fulfillment.resolve_discrepancy(discrepancy_id, 'counted by hand', adjust => true)
  FROM fulfillment.open_discrepancies WHERE merchant_id = 60;
SELECT kind, on_hand_delta, regexp_replace(cause, '\d+', 'N') FROM fulfillment.stock_movements WHERE merchant_id = 60 AND kind = 'reconcile';
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 29}]');
SELECT fulfillment.resolve_discrepancy(-1, 'no such');

-- Rows that cannot be used stop nobody.
SELECT * FROM fulfillment.reconcile_stock('FAR', '[{"sku": "NOPE", "on_hand": 1}, {"sku": "C", "on_hand": 1}, {"sku": "C", "on_hand": 2},
	{"sku": "B", "on_hand": -3}, {"on_hand": 3}, {"sku": "A", "on_hand": "many"}, {"sku": "A", "on_hand": 29, "location": "W2"}]');
SELECT * FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 2.5}, {"sku": "B", "on_hand": 1, "as_of": "soon"},
	{"sku": "C", "on_hand": "7.0", "location": "W1"}]');
SELECT * FROM fulfillment.reconcile_stock('FAR', '{"sku": "A"}');
SELECT fulfillment.reconcile_stock('FAR', '[]', 'infinity');
SELECT fulfillment.reconcile_stock('ELSEWHERE', '[]');

-- A movement the other side has not seen, or saw first, is in flight and no difference.
SELECT pg_temp.later('1 hour');
SELECT fulfillment.receive_stock('FAR', 'C', 10);
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 7}]', clock_timestamp());
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 9}]', clock_timestamp());
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 17}]', clock_timestamp());
-- So are shipments: one that we know and they do not yet, and one that they knew before us.
SELECT pg_temp.submit('P-3', '{"C": 3}');
SELECT clock_timestamp() AS before_shipping \gset
SELECT fulfillment.confirm_shipment(pg_temp.id('P-3', 1), '[{"tracking_number": "T3"}]') IS NOT NULL AS gone;
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 17}]', clock_timestamp());
UPDATE fulfillment.stock_levels SET reported_as_of = reported_as_of - interval '1 hour' WHERE merchant_id = 60;
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 14}]', :'before_shipping');
SELECT sku, outcome, expected, reported FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 13}]', clock_timestamp() + interval '1 minute');
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 14}]', clock_timestamp() + interval '2 minutes');
SELECT sku, state, expected, reported FROM pg_temp.differences();

-- A complete snapshot from a table: what it does not name is not there, unless the policy says so.
SELECT pg_temp.later('1 hour');
CREATE TABLE feed (sku text, quantity int);
INSERT INTO feed VALUES ('A', 29);
SELECT * FROM fulfillment.reconcile_stock('FAR', 'feed'::regclass, now(), 'sku', 'quantity');
INSERT INTO fulfillment.reconcile_policies (location_id, absent_is_zero, alarm_value)
SELECT location_id, false, 100 FROM fulfillment.locations WHERE merchant_id = 60 AND code = 'FAR';
SELECT position, sku, outcome FROM fulfillment.reconcile_stock('FAR', 'feed'::regclass, now(), 'sku', 'quantity', complete => true);
UPDATE fulfillment.reconcile_policies SET absent_is_zero = true WHERE merchant_id = 60;
INSERT INTO feed VALUES ('B', 2), ('X', 1), ('Y', 1), ('Y', 1);
SELECT sku, outcome, expected, reported, error FROM fulfillment.reconcile_stock('FAR', 'feed'::regclass, clock_timestamp(), 'sku', 'quantity', true);
SELECT kind, subject, message, hint, detail ->> 'value' AS value FROM fulfillment.attention WHERE merchant_id = 60 AND kind = 'stock_discrepancy';
SELECT complete, items, errors, differences, in_flight, settled, late FROM fulfillment.stock_snapshots
 WHERE merchant_id = 60 ORDER BY snapshot_id DESC LIMIT 2;
CREATE VIEW looks_like_a_feed AS SELECT * FROM feed;
SELECT fulfillment.reconcile_stock('FAR', 'looks_like_a_feed'::regclass, now(), 'sku', 'quantity');

-- Policies: adopted when sure enough or seen often enough; alarm above a value.
UPDATE fulfillment.reconcile_policies SET adopt_after = 2 WHERE merchant_id = 60;
SELECT pg_temp.later('1 hour');
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "C", "on_hand": 0}, {"sku": "B", "on_hand": 2}, {"sku": "A", "on_hand": 28}]');
SELECT subject, resolved_at IS NULL AS open FROM fulfillment.attention WHERE merchant_id = 60 AND kind = 'stock_discrepancy';
SELECT * FROM pg_temp.stock('C');
UPDATE fulfillment.reconcile_policies SET adopt_confidence = 0.5, adopt_after = NULL WHERE merchant_id = 60;
SELECT pg_temp.later('1 hour');
SELECT sku, outcome FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 28}]');
SELECT sku, state, expected, reported, equal, confidence FROM pg_temp.differences();
SELECT * FROM pg_temp.stock('%');

-- Scenario 21. A short pick is on record with its value.
SELECT pg_temp.submit('K-1', '{"A": 3}');
SELECT fulfillment.report_short(pg_temp.id('K-1', 1), '[{"line": 1, "quantity": 1}]') IS NOT NULL AS reported;
SELECT sku, kind, difference, value FROM fulfillment.open_discrepancies WHERE merchant_id = 60 AND kind = 'short_pick';
SELECT r.code, regexp_replace(r.message, '\d+', 'N') AS message, r.detail, r.hint FROM fulfillment.open_discrepancies d,
	pg_temp.refused(format('SELECT fulfillment.resolve_discrepancy(%s, ''lost'', adjust => true)', d.discrepancy_id)) r
 WHERE merchant_id = 60 AND kind = 'short_pick';

-- Kits are as many as their scarcest component allows, where all are.
INSERT INTO fulfillment.items (sku, name) VALUES ('KIT', 'Gift set');
INSERT INTO fulfillment.kit_components (kit_item_id, component_item_id, quantity)
SELECT k.item_id, c.item_id, CASE c.sku WHEN 'A' THEN 3 ELSE 1 END
  FROM fulfillment.items k JOIN fulfillment.items c USING (merchant_id)
 WHERE merchant_id = 60 AND k.sku = 'KIT' AND c.sku IN ('A', 'B');
SELECT l.code, i.sku, s.available, s.kit
  FROM fulfillment.available_stock s JOIN fulfillment.locations l USING (merchant_id, location_id) JOIN fulfillment.items i USING (merchant_id, item_id)
 WHERE merchant_id = 60 ORDER BY 1, 2;

-- Asked for many SKUs at once: the same figures, summed; what stands under a kit's own SKU is not for sale.
SELECT fulfillment.receive_stock('NEAR', 'KIT', 9);
SELECT * FROM fulfillment.available_to_sell('{KIT,A,B,C,NOPE,A}') ORDER BY sku;
SELECT count(*) AS differ FROM (SELECT sku, available FROM fulfillment.available_to_sell(ARRAY(SELECT sku FROM fulfillment.items WHERE merchant_id = 60))
	EXCEPT SELECT i.sku, coalesce(sum(s.available), 0) FROM fulfillment.items i LEFT JOIN fulfillment.available_stock s USING (merchant_id, item_id)
	WHERE merchant_id = 60 GROUP BY i.sku) d;
UPDATE fulfillment.locations SET active = false WHERE merchant_id = 60 AND code = 'FAR';
SELECT * FROM fulfillment.available_to_sell('{KIT,A,B,C}') ORDER BY sku;
UPDATE fulfillment.locations SET active = true WHERE merchant_id = 60 AND code = 'FAR';
SELECT * FROM fulfillment.available_to_sell('{}');
-- The same of so many that the list of rows no longer fits into the memory it may have.
BEGIN;
SET LOCAL work_mem = '64kB';
SET LOCAL session_replication_role = replica;
INSERT INTO fulfillment.items (sku) SELECT 'MANY' || n FROM generate_series(1, 32000) n;
INSERT INTO fulfillment.stock_levels (location_id, item_id, on_hand)
SELECT l.location_id, i.item_id, i.item_id % 100 FROM fulfillment.items i, fulfillment.locations l
 WHERE i.merchant_id = 60 AND l.merchant_id = 60 AND i.sku LIKE 'MANY%';
SELECT count(*), count(*) FILTER (WHERE a.available IS DISTINCT FROM s.available) AS differ
  FROM fulfillment.available_to_sell(ARRAY(SELECT sku FROM fulfillment.items WHERE merchant_id = 60 AND sku LIKE 'MANY%')) a
  JOIN (SELECT i.sku, sum(s.available) AS available FROM fulfillment.available_stock s JOIN fulfillment.items i USING (merchant_id, item_id)
         WHERE merchant_id = 60 GROUP BY 1) s USING (sku);
ROLLBACK;

-- What channels are told: a share, less a buffer, nothing of the last few.
SELECT available, share, buffer, guard, fulfillment.offered(available, share, buffer, guard)
  FROM (VALUES (10::bigint, 1.0, 0, 0), (10, 0.5, 1, 0), (7, 0.5, 0, 3), (8, 0.5, 0, 3), (0, 1, 5, 0), (5000000000, 1, 0, 0)) v (available, share, buffer, guard);
-- Scenario 25. Whatever happened meanwhile, a push is one task that reads the stock when it is sent.
INSERT INTO fulfillment.connections (code, connector, config) VALUES ('woo', 'woocommerce', '{"base_url": "https://shop.example.com"}');
UPDATE fulfillment.channels SET connection_id = (SELECT connection_id FROM fulfillment.connections WHERE merchant_id = 60) WHERE merchant_id = 60;
SELECT fulfillment.push_inventory('shop');
SELECT count(fulfillment.adjust_stock('FAR', 'A', CASE n % 2 WHEN 0 THEN 1 ELSE -1 END, 'noise')) FROM generate_series(1, 200) n;
SELECT fulfillment.push_inventory('shop');
SELECT operation, subject_kind, payload FROM fulfillment.tasks WHERE merchant_id = 60 AND operation = 'push_inventory';
SELECT channel_sku, wanted, published FROM fulfillment.listings WHERE merchant_id = 60 ORDER BY 1;

-- What a manager reads.
SELECT location, kind, cause, lost, found, value, share FROM fulfillment.shrinkage
 WHERE merchant_id = 60 AND cause <> 'noise' AND cause !~ '\d' ORDER BY 1, 2, 3;
SELECT location, sku, on_hand, units_30, units_older, value, old_share FROM fulfillment.stock_ageing WHERE merchant_id = 60 ORDER BY 1, 2;
SELECT fulfillment.bar(3, 10), fulfillment.bar(5, 0), fulfillment.sparkline('{1,5,3,8,2}'), fulfillment.sparkline('{4}');

-- A connector's complete report in two pages: what neither names is not there.
SELECT fulfillment.receive_stock('FAR', 'C', 5);
SELECT pg_temp.later('1 hour');
UPDATE fulfillment.reconcile_policies SET adopt_confidence = NULL WHERE merchant_id = 60;
SELECT location_id AS far, clock_timestamp() AS began FROM fulfillment.locations WHERE merchant_id = 60 AND code = 'FAR' \gset
SELECT fulfillment.take_inventory(:far, '[{"sku": "A", "on_hand": 26, "location": "W1"}, {"sku": "NOPE", "on_hand": 1}]', clock_timestamp(), 60);
SELECT fulfillment.take_inventory(:far, '[{"sku": "B", "on_hand": 2}, {"sku": "B", "on_hand": 9, "location": "ELSEWHERE"}]', clock_timestamp(), 60);
SELECT fulfillment.end_inventory(:far, :'began', 60);
SELECT sku, expected, reported FROM fulfillment.open_discrepancies WHERE merchant_id = 60 AND kind = 'snapshot' ORDER BY 1;

-- What is named with an error is there, whatever its quantity is.
SELECT clock_timestamp() AS began \gset
SELECT fulfillment.take_inventory(:far, '[{"sku": "A", "on_hand": 26}, {"sku": "B", "on_hand": 2}, {"sku": "B", "on_hand": 3}]', clock_timestamp(), 60);
SELECT fulfillment.take_inventory(:far, '[{"sku": "C", "on_hand": 5}]', clock_timestamp(), 60);
SELECT fulfillment.end_inventory(:far, :'began', 60);
SELECT sku, expected, reported FROM fulfillment.open_discrepancies WHERE merchant_id = 60 AND kind = 'snapshot' ORDER BY 1;

-- Others' rows, and rights.
CREATE ROLE inventory_reader;
SELECT fulfillment.grant_access('inventory_reader', 'viewer');
SET ROLE inventory_reader;
SELECT fulfillment.reconcile_stock('FAR', '[]');
SELECT count(*) > 0 AS reads FROM fulfillment.inventory;
RESET ROLE;
SELECT fulfillment.grant_access('inventory_reader', 'operator');
SET ROLE inventory_reader;
SELECT count(*) FROM fulfillment.reconcile_stock('FAR', '[{"sku": "A", "on_hand": 28}]');
SELECT fulfillment.reconcile_stock('FAR', 'feed'::regclass, now(), 'sku', 'quantity');
SELECT fulfillment.set_inventory_mode('FAR', 'active', 'mine');
RESET ROLE;
SELECT fulfillment.revoke_access('inventory_reader');
DROP ROLE inventory_reader;
DROP VIEW looks_like_a_feed;
DROP TABLE feed;
SELECT * FROM fulfillment.check_stock();
SELECT * FROM pg_temp.broken();

-- Who ships what: scenarios 4 to 8, 10 and 11, decided on rows and written nowhere.
\set VERBOSITY default
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (40, 'routing', 'Routing');
SET fulfillment.merchant_id = 40;
SET timezone = 'UTC';
INSERT INTO fulfillment.channels (code, name, stock_buffer) VALUES ('shop', 'Shop', 0), ('market', 'Marketplace', 2);
INSERT INTO fulfillment.providers (code, name, kind, integration, hazmat_allowed, max_value)
VALUES ('post', 'Post', 'carrier', 'manual', true, NULL), ('air', 'Air', 'carrier', 'manual', false, 500);
INSERT INTO fulfillment.services (provider_id, code, name, provider_code, parcel_limit_g, transit_days)
SELECT provider_id, 'standard', 'Standard', 'STD', 30000, 2 FROM fulfillment.providers
 WHERE merchant_id = 40 ORDER BY provider_id;
INSERT INTO fulfillment.service_prices (service_id, distance_from_km, distance_to_km, price_per_parcel, price_per_kg)
SELECT s.service_id, z.from_km, z.to_km, z.price, 0.50
  FROM fulfillment.services s JOIN fulfillment.providers p USING (merchant_id, provider_id),
       (VALUES (0, 100, 4.00), (100, 1000, 7.00)) z (from_km, to_km, price)
 WHERE s.merchant_id = 40 AND p.code = 'post' ORDER BY z.from_km;
INSERT INTO fulfillment.service_prices (service_id, price_per_parcel, price_per_kg)
SELECT s.service_id, 20.00, 2.00
  FROM fulfillment.services s JOIN fulfillment.providers p USING (merchant_id, provider_id)
 WHERE s.merchant_id = 40 AND p.code = 'air';
INSERT INTO fulfillment.items (sku, name, weight_g, value, hazmat)
VALUES ('A', 'Item A', 1000, 10, false), ('B', 'Item B', 1000, 12, false), ('BATTERY', 'Battery', 500, 30, true),
       ('STOVE', 'Stove', 31000, 400, false), ('BRICK', 'Brick', 15500, 20, false), ('WATCH', 'Watch', 200, 900, false),
       ('CARD', 'Card', 50, 8, false);
-- The customer is at 50/8; NEAR is some 44 km away, FAR 667 km.
INSERT INTO fulfillment.locations (code, name, country, latitude, longitude, handling_cost, pick_cost, priority)
VALUES ('FAR', 'Hub', 'DE', 56, 8, 1.00, 0.25, 10), ('NEAR', 'Store', 'DE', 50.4, 8, 1.00, 0.25, 20);
INSERT INTO fulfillment.location_carriers (location_id, provider_id)
SELECT l.location_id, p.provider_id FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)
 WHERE l.merchant_id = 40 AND p.code = 'post';

-- Test helpers: stock as given, an order of SKUs and quantities, the parts of its decision.
CREATE FUNCTION pg_temp.stock(location text, sku text, on_hand int, reserved int DEFAULT 0, safety int DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
	INSERT INTO fulfillment.stock_levels (location_id, item_id, on_hand, reserved, safety_stock)
	SELECT l.location_id, i.item_id, $3, $4, $5 FROM fulfillment.locations l JOIN fulfillment.items i USING (merchant_id)
	 WHERE merchant_id = 40 AND l.code = $1 AND i.sku = $2
	ON CONFLICT (merchant_id, location_id, item_id)
	DO UPDATE SET on_hand = excluded.on_hand, reserved = excluded.reserved, safety_stock = excluded.safety_stock
$$;
CREATE FUNCTION pg_temp.document(lines jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object(
		'channel', 'shop', 'number', 'R-1', 'currency', 'EUR',
		'ship_to', jsonb_build_object('name', 'Ada', 'street1', 'Weg 1', 'city', 'Mainz', 'postcode', '55116', 'country', 'DE'),
		'attributes', '{"latitude": 50, "longitude": 8}'::jsonb, 'lines', lines) || more
$$;
CREATE FUNCTION pg_temp.route(lines jsonb, more jsonb DEFAULT '{}')
RETURNS TABLE (rank int, verdict text, location text, provider text, lines text, cost numeric, total numeric,
               dearer numeric, reason text)
LANGUAGE sql AS $$
	SELECT rank, verdict, location, provider, lines, cost, total, dearer, reason
	  FROM fulfillment.simulate_assignment(pg_temp.document($1, $2), '2026-01-05 09:00+00')
$$;

-- 4. A single hub wins: FAR has both, NEAR only A.
SELECT pg_temp.stock('FAR', 'A', 10), pg_temp.stock('FAR', 'B', 10), pg_temp.stock('NEAR', 'A', 10);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]');
SELECT rank, shipment, service, cost_parts, explanation
  FROM fulfillment.simulate_assignment(
	pg_temp.document('[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]'), '2026-01-05 09:00+00');

-- 5. A split is right when the hub is dear.
UPDATE fulfillment.locations SET handling_cost = 1, pick_cost = 9 WHERE merchant_id = 40 AND code = 'FAR';
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]');
UPDATE fulfillment.locations SET pick_cost = 0.25 WHERE merchant_id = 40 AND code = 'FAR';

-- 6. A quantity is split, and never more is planned than ordered.
SELECT pg_temp.stock('FAR', 'A', 10), pg_temp.stock('NEAR', 'A', 5);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 13}]') WHERE verdict = 'chosen';
SELECT pg_temp.stock('FAR', 'A', 15), pg_temp.stock('NEAR', 'A', 10);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 13}]') WHERE rank <= 2;

-- 7. Safety stock and channel buffer are not promised.
SELECT pg_temp.stock('FAR', 'A', 0), pg_temp.stock('NEAR', 'A', 5, reserved => 1, safety => 2);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 3}]') WHERE verdict <> 'alternative';
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 3}]', '{"channel": "market"}');
SELECT pg_temp.stock('FAR', 'A', 3);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 3}]') WHERE verdict = 'chosen';

-- 8. Constraints, each with its reason: NEAR ships by air only.
DELETE FROM fulfillment.location_carriers WHERE merchant_id = 40
   AND location_id = (SELECT location_id FROM fulfillment.locations WHERE merchant_id = 40 AND code = 'NEAR');
INSERT INTO fulfillment.location_carriers (location_id, provider_id)
SELECT l.location_id, p.provider_id FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)
 WHERE l.merchant_id = 40 AND l.code = 'NEAR' AND p.code = 'air';
UPDATE fulfillment.providers SET max_weight_g = 30000 WHERE merchant_id = 40;
SELECT pg_temp.stock(l, s, 5)
  FROM (VALUES ('FAR'), ('NEAR')) AS l (l), (VALUES ('BATTERY'), ('STOVE'), ('BRICK'), ('WATCH')) AS s (s);
SELECT * FROM pg_temp.route('[{"sku": "BATTERY", "quantity": 1}]');
SELECT * FROM pg_temp.route('[{"sku": "STOVE", "quantity": 1}]');
SELECT * FROM pg_temp.route('[{"sku": "WATCH", "quantity": 1}]');
SELECT explanation FROM fulfillment.simulate_assignment(
	pg_temp.document('[{"sku": "BRICK", "quantity": 2}]'), '2026-01-05 09:00+00') WHERE rank = 1;
UPDATE fulfillment.services SET max_parcels = 1 WHERE merchant_id = 40;
SELECT * FROM pg_temp.route('[{"sku": "BRICK", "quantity": 2}]') WHERE rank = 1;
UPDATE fulfillment.services SET max_parcels = NULL WHERE merchant_id = 40;

-- 10. A full day excludes a location; another day is another counter.
UPDATE fulfillment.locations SET daily_capacity = 10 WHERE merchant_id = 40 AND code = 'FAR';
INSERT INTO fulfillment.location_days (merchant_id, location_id, day, used)
SELECT 40, location_id, '2026-01-05', 10 FROM fulfillment.locations WHERE merchant_id = 40 AND code = 'FAR';
SELECT * FROM pg_temp.route('[{"sku": "BATTERY", "quantity": 1}]');
SELECT location, explanation FROM fulfillment.simulate_assignment(
	pg_temp.document('[{"sku": "BATTERY", "quantity": 1}]'), '2026-01-05 15:00+00') WHERE rank = 1;
UPDATE fulfillment.locations SET daily_capacity = NULL WHERE merchant_id = 40;

-- 11. Ship complete waits, a group is never parted, a part is worth its minimum.
SELECT pg_temp.stock('FAR', 'A', 1), pg_temp.stock('FAR', 'B', 0), pg_temp.stock('NEAR', 'A', 1), pg_temp.stock('NEAR', 'B', 1);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 2}]', '{"ship_complete": true}');
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]', '{"ship_complete": true}')
 WHERE verdict = 'chosen';
SELECT pg_temp.stock('FAR', 'B', 0), pg_temp.stock('NEAR', 'A', 0);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1, "group": "set"}, {"sku": "B", "quantity": 1, "group": "set"}]');
SELECT pg_temp.stock('NEAR', 'CARD', 1);
INSERT INTO fulfillment.routing_settings (min_part_value) VALUES (15);
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}, {"sku": "CARD", "quantity": 1}]');
UPDATE fulfillment.routing_settings SET min_part_value = 8 WHERE merchant_id = 40;
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}, {"sku": "CARD", "quantity": 1}]') WHERE rank = 1;
UPDATE fulfillment.routing_settings SET max_splits = 1 WHERE merchant_id = 40;
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}, {"sku": "CARD", "quantity": 1}]');

-- Rules: deny by country and item, allow by carrier, prefer, and who says so.
DELETE FROM fulfillment.routing_settings WHERE merchant_id = 40;
SELECT pg_temp.stock('FAR', 'A', 10), pg_temp.stock('NEAR', 'A', 10);
INSERT INTO fulfillment.location_carriers (location_id, provider_id)
SELECT l.location_id, p.provider_id FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)
 WHERE l.merchant_id = 40 AND l.code = 'NEAR' AND p.code = 'post';
INSERT INTO fulfillment.routing_rules (name, skus, postcode_from, postcode_to, location_id, effect)
SELECT 'no A from the store to Mainz', '{A*}', '55', '55', location_id, 'deny'
  FROM fulfillment.locations WHERE merchant_id = 40 AND code = 'NEAR';
SELECT rank, verdict, location, reason, explanation FROM fulfillment.simulate_assignment(
	pg_temp.document('[{"sku": "A", "quantity": 1}]'), '2026-01-05 09:00+00') WHERE rank IS NULL OR rank = 1;
DELETE FROM fulfillment.routing_rules WHERE merchant_id = 40;
INSERT INTO fulfillment.routing_rules (name, provider_id, effect)
SELECT 'only by air', provider_id, 'allow' FROM fulfillment.providers WHERE merchant_id = 40 AND code = 'air';
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}]') WHERE verdict <> 'alternative';
DELETE FROM fulfillment.routing_rules WHERE merchant_id = 40;
INSERT INTO fulfillment.routing_rules (name, location_id, effect, amount)
SELECT 'empty the hub', location_id, 'prefer', 5 FROM fulfillment.locations WHERE merchant_id = 40 AND code = 'FAR';
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}]') WHERE rank <= 2;
DELETE FROM fulfillment.routing_rules WHERE merchant_id = 40;

-- Promises: past the cut-off and over a weekend the parcel is late, and that costs.
SELECT rank, location, cost_parts, explanation FROM fulfillment.simulate_assignment(
	pg_temp.document('[{"sku": "A", "quantity": 1}]', '{"promised_by": "2026-01-13T00:00:00Z"}'),
	'2026-01-09 15:00+00') WHERE rank = 1;

-- A service that nobody offers, another country, an unknown SKU, no line at all.
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}]', '{"service": "overnight"}');
UPDATE fulfillment.providers SET countries = '{FR}' WHERE merchant_id = 40;
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}]');
UPDATE fulfillment.providers SET countries = NULL WHERE merchant_id = 40;
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}, {"sku": "NOPE", "quantity": 1}]');
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 0}]');
SELECT * FROM pg_temp.route('[{"sku": "A", "quantity": 1}]', '{"channel": "nowhere"}');

-- Nothing was written.
SELECT (SELECT count(*) FROM fulfillment.orders WHERE merchant_id = 40) AS orders,
       (SELECT count(*) FROM fulfillment.decisions WHERE merchant_id = 40) AS decisions,
       (SELECT sum(used) FROM fulfillment.location_days WHERE merchant_id = 40) AS slots;

-- Orders: the decision is stored with the order, and explained.
CREATE FUNCTION pg_temp.submit(number text, lines jsonb, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
	SELECT fulfillment.submit_order(pg_temp.document($2, $3 || jsonb_build_object('number', $1)))
$$;
CREATE FUNCTION pg_temp.order_id(number text) RETURNS bigint LANGUAGE sql AS $$
	SELECT order_id FROM fulfillment.orders WHERE merchant_id = 40 AND orders.number = $1
$$;
CREATE VIEW pg_temp.parts AS
	SELECT o.number, s.number AS shipment, l.code AS location, p.code AS provider, s.state, s.planned_cost,
	       (SELECT string_agg(format('%s x %s', sl.quantity, i.sku), ', ' ORDER BY sl.line)
	          FROM fulfillment.shipment_lines sl JOIN fulfillment.items i USING (merchant_id, item_id)
	         WHERE (sl.merchant_id, sl.shipment_id) = (s.merchant_id, s.shipment_id)) AS lines
	  FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id)
	  JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
	  JOIN fulfillment.providers p ON p.merchant_id = s.merchant_id AND p.provider_id = s.provider_id
	 WHERE s.merchant_id = 40 AND s.state <> 'cancelled'
	 ORDER BY o.number, s.number;
SELECT pg_temp.stock('FAR', 'A', 10), pg_temp.stock('FAR', 'B', 10), pg_temp.stock('NEAR', 'A', 1), pg_temp.stock('NEAR', 'B', 0);
SELECT pg_temp.submit('R-10', '[{"sku": "A", "quantity": 13}]') > 0 AS submitted;
SELECT * FROM pg_temp.parts;
SELECT rank, verdict, location, lines, cost, cost_parts, total, dearer, reason
  FROM fulfillment.explain_assignment(pg_temp.order_id('R-10'));
SELECT state, routing_reason, next_routing_at > now() AS tried_again FROM fulfillment.orders
 WHERE merchant_id = 40 AND number = 'R-10';

-- 10. Slots of the day are counted; the order after the last one says capacity.
SELECT pg_temp.stock('NEAR', 'B', 10);
UPDATE fulfillment.locations SET daily_capacity = 2 WHERE merchant_id = 40 AND code = 'NEAR';
SELECT count(pg_temp.submit('R-2' || n, '[{"sku": "B", "quantity": 1}]')) FROM generate_series(1, 3) n;
SELECT * FROM pg_temp.parts WHERE number LIKE 'R-2_';
SELECT verdict, location, reason FROM fulfillment.explain_assignment(pg_temp.order_id('R-23')) WHERE rank IS NULL;
SELECT sum(used) AS used FROM fulfillment.location_days d JOIN fulfillment.locations l USING (merchant_id, location_id)
 WHERE merchant_id = 40 AND l.code = 'NEAR';
UPDATE fulfillment.locations SET daily_capacity = NULL WHERE merchant_id = 40;

-- Pacing: NEAR is cheaper until it has filled faster than the day goes by; then FAR, which pays back.
INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('PACE', 'Item of many orders', 1000);
SELECT fulfillment.receive_stock(l, 'PACE', 30) FROM (VALUES ('FAR'), ('NEAR')) AS l (l);
DELETE FROM fulfillment.location_days WHERE merchant_id = 40;
INSERT INTO fulfillment.routing_settings (pacing_step, expected_shipments) VALUES (2, 20);
UPDATE fulfillment.locations SET daily_capacity = CASE code WHEN 'NEAR' THEN 11 ELSE 22 END WHERE merchant_id = 40;
SELECT count(pg_temp.submit('R-6' || n, '[{"sku": "PACE", "quantity": 1}]')) FROM generate_series(1, 9) n;
SELECT number, location FROM pg_temp.parts WHERE number LIKE 'R-6_';
SELECT location, cost_parts FROM fulfillment.explain_assignment(pg_temp.order_id('R-69')) WHERE rank <= 2;
SELECT l.code, d.used, d.price, d.paced_at FROM fulfillment.location_days d JOIN fulfillment.locations l USING (merchant_id, location_id)
 WHERE merchant_id = 40 ORDER BY l.code;
DELETE FROM fulfillment.routing_settings WHERE merchant_id = 40;
UPDATE fulfillment.locations SET daily_capacity = NULL WHERE merchant_id = 40;

-- Orders of one wave see each other: one unit goes to one of three.
SELECT pg_temp.stock('NEAR', 'CARD', 0), pg_temp.stock('FAR', 'CARD', 0);
SELECT count(pg_temp.submit('R-3' || n, '[{"sku": "CARD", "quantity": 1}]')) FROM generate_series(1, 3) n;
SELECT pg_temp.stock('NEAR', 'CARD', 1);
UPDATE fulfillment.orders SET next_routing_at = now() WHERE merchant_id = 40 AND number LIKE 'R-3_';
SELECT fulfillment.assign_orders(10) AS shipments;
SELECT o.number, p.location, o.routing_reason
  FROM fulfillment.orders o LEFT JOIN pg_temp.parts p ON p.number = o.number
 WHERE o.merchant_id = 40 AND o.number LIKE 'R-3_' ORDER BY o.number;

-- A location that failed the order is not asked again.
SELECT pg_temp.submit('R-40', '[{"sku": "B", "quantity": 1}]') > 0 AS submitted;
SELECT location FROM pg_temp.parts WHERE number = 'R-40';
UPDATE fulfillment.orders o SET excluded_locations = ARRAY[s.location_id]
  FROM fulfillment.shipments s WHERE o.merchant_id = 40 AND o.number = 'R-40'
   AND (s.merchant_id, s.order_id) = (o.merchant_id, o.order_id);
SELECT count(fulfillment.cancel_shipment(shipment_id, 'test')) FROM fulfillment.shipments
 WHERE merchant_id = 40 AND order_id = pg_temp.order_id('R-40') AND state <> 'cancelled';
SELECT location FROM pg_temp.parts WHERE number = 'R-40';
SELECT verdict, location, reason FROM fulfillment.explain_assignment(pg_temp.order_id('R-40')) WHERE rank IS NULL;
-- An order is decided alike while it is written and from its rows: lines out of their order, a group, an item twice.
CREATE FUNCTION pg_temp.mixed(number text, more jsonb) RETURNS bigint LANGUAGE sql AS $$
	SELECT pg_temp.submit($1, '[{"line": 3, "sku": "ROPE", "quantity": 2, "unit_price": 11.5}, {"line": 2, "sku": "SAIL", "quantity": 1, "group": "g"},
		{"line": 7, "sku": "CARD", "quantity": 1}, {"line": 1, "sku": "ROPE", "quantity": 1, "group": "g"}]', more)
$$;
INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('ROPE', 'Rope', 700), ('SAIL', 'Sail', 2000);
SELECT fulfillment.receive_stock(l, s, q) FROM (VALUES ('NEAR', 'ROPE', 2), ('NEAR', 'SAIL', 5), ('FAR', 'ROPE', 9), ('FAR', 'SAIL', 9)) AS v (l, s, q);
SELECT pg_temp.mixed('R-50', '{"service": "standard"}') > 0 AS submitted;
SELECT count(fulfillment.cancel_order(pg_temp.order_id('R-50'), 'test'));
SELECT pg_temp.mixed('R-51', '{"service": "standard", "hold": true}') > 0 AS submitted;
SELECT count(fulfillment.release_hold(hold_id)) FROM fulfillment.holds WHERE merchant_id = 40 AND order_id = pg_temp.order_id('R-51');
SELECT count(*) AS decisions, count(DISTINCT (d.chosen::jsonb, d.alternatives::jsonb, d.rejected::jsonb, d.waiting::jsonb)::text) AS different
  FROM fulfillment.decisions d WHERE merchant_id = 40 AND order_id IN (pg_temp.order_id('R-50'), pg_temp.order_id('R-51'));
SELECT l.line, l.sku, l.quantity, l.assigned, sum(n.quantity) AS in_shipments
  FROM fulfillment.order_lines l LEFT JOIN fulfillment.shipment_lines n USING (merchant_id, order_id, line)
 WHERE merchant_id = 40 AND order_id = pg_temp.order_id('R-51') GROUP BY 1, 2, 3, 4 ORDER BY 1;
-- What is reserved is what the shipments hold (the stock itself was put there by hand).
SELECT location, sku FROM fulfillment.check_stock()
 WHERE reserved <> ledger_reserved OR reserved <> open_reservations OR reserved > on_hand;

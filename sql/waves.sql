-- Waves: who gets the last unit and the last slot is decided by what it saves.
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (44, 'waves', 'Waves');
SET fulfillment.merchant_id = 44;
INSERT INTO fulfillment.channels (code, name, stock_buffer) VALUES ('shop', 'Shop', 0), ('market', 'Marketplace', 1);
INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('post', 'Post', 'carrier', 'manual');
INSERT INTO fulfillment.services (provider_id, code, name, provider_code)
SELECT provider_id, 'standard', 'Standard', 'STD' FROM fulfillment.providers WHERE merchant_id = 44;
INSERT INTO fulfillment.locations (code, name, country, priority) VALUES ('X', 'X', 'DE', 1), ('Y', 'Y', 'DE', 2);
-- X is a euro cheaper than Y to Germany and twenty to France.
INSERT INTO fulfillment.service_prices (service_id, location_id, country, price_per_parcel)
SELECT s.service_id, l.location_id, p.country, p.price
  FROM fulfillment.services s, fulfillment.locations l,
       (VALUES ('X', 'DE', 4), ('Y', 'DE', 5), ('X', 'FR', 10), ('Y', 'FR', 30)) AS p (location, country, price)
 WHERE s.merchant_id = 44 AND l.merchant_id = 44 AND l.code = p.location ORDER BY p.price;
INSERT INTO fulfillment.items (sku, name, weight_g) SELECT s, s, 100 FROM unnest('{A,B,C,D}'::text[]) s;
SELECT fulfillment.receive_stock(l, s, q)
  FROM (VALUES ('X', 'A', 1), ('Y', 'A', 5), ('X', 'B', 5), ('Y', 'B', 5), ('X', 'C', 2), ('Y', 'C', 1)) AS v (l, s, q);

CREATE FUNCTION pg_temp.document(number text, country text, lines jsonb, channel text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('channel', channel, 'number', number, 'currency', 'EUR', 'lines', lines,
		'ship_to', jsonb_build_object('name', 'Ada', 'street1', 'Weg 1', 'city', 'Ort', 'postcode',
			CASE country WHEN 'FR' THEN '75001' ELSE '55116' END, 'country', country))
$$;
-- Orders of one unit each, taken in together: countries and SKUs by position.
CREATE FUNCTION pg_temp.together(prefix text, countries text[], skus text[], channel text DEFAULT 'shop')
RETURNS bigint LANGUAGE sql AS $$
	SELECT count(s.order_id) FROM fulfillment.submit_orders((
		SELECT jsonb_agg(pg_temp.document(prefix || n, countries[n], jsonb_build_array(
			jsonb_build_object('sku', skus[n], 'quantity', 1)), channel) ORDER BY n)
		  FROM generate_subscripts(countries, 1) n)) s
$$;
CREATE VIEW pg_temp.placed AS
	SELECT o.number, coalesce(l.code, '-') AS location, o.routing_reason
	  FROM fulfillment.orders o
	  LEFT JOIN fulfillment.shipments s USING (merchant_id, order_id)
	  LEFT JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
	 WHERE o.merchant_id = 44 ORDER BY o.number, s.number;

-- The only A at X goes to the order to France, though the German one came first.
SELECT pg_temp.together('A', '{DE,FR}', '{A,A}');
SELECT * FROM pg_temp.placed WHERE number LIKE 'A_';
SELECT orders, decided, cost, bound, gap, passes > 0 AS improved, in_time FROM fulfillment.waves WHERE merchant_id = 44;
SELECT o.number, d.wave_id = w.wave_id AS in_wave, d.cost, d.exact
  FROM fulfillment.decisions d JOIN fulfillment.orders o USING (merchant_id, order_id)
  JOIN fulfillment.waves w USING (merchant_id)
 WHERE d.merchant_id = 44 ORDER BY o.number;
SELECT rank, verdict, location, total, reason FROM fulfillment.explain_assignment(
	(SELECT order_id FROM fulfillment.orders WHERE merchant_id = 44 AND number = 'A1'));

-- The same with the last slot of X.
UPDATE fulfillment.locations SET daily_capacity = 2 WHERE merchant_id = 44 AND code = 'X';
SELECT pg_temp.together('B', '{DE,DE,FR}', '{B,B,B}');
SELECT * FROM pg_temp.placed WHERE number LIKE 'B_';
UPDATE fulfillment.locations SET daily_capacity = NULL WHERE merchant_id = 44;

-- More orders than units: one waits; a buffer of the channel is kept.
SELECT pg_temp.together('C', '{DE,DE,DE,DE}', '{C,C,C,C}');
SELECT * FROM pg_temp.placed WHERE number LIKE 'C_';
SELECT pg_temp.together('D', '{DE,DE}', '{D,D}', 'market');
SELECT fulfillment.receive_stock('Y', 'D', 2) > 0 AS received;
UPDATE fulfillment.orders SET next_routing_at = now() WHERE merchant_id = 44 AND number LIKE 'D_';
SELECT fulfillment.assign_orders();
SELECT * FROM pg_temp.placed WHERE number LIKE 'D_';

-- Who waited comes first when stock arrives, by the oldest promise, whatever it costs.
INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('Z', 'Z', 100);
SELECT pg_temp.together('W', '{FR,DE,FR}', '{Z,Z,Z}');
UPDATE fulfillment.orders SET promised_by = CASE number WHEN 'W2' THEN '2030-01-01' ELSE '2030-01-02' END::timestamptz
 WHERE merchant_id = 44 AND number LIKE 'W_';
UPDATE fulfillment.orders SET next_routing_at = now() WHERE merchant_id = 44 AND number LIKE 'W_';
SELECT fulfillment.assign_orders();
SELECT fulfillment.receive_stock('X', 'Z', 1) > 0 AS received;
SELECT number, next_routing_at <= now() AS due FROM fulfillment.orders WHERE merchant_id = 44 AND number LIKE 'W_' ORDER BY 1;
SELECT fulfillment.assign_orders();
SELECT * FROM pg_temp.placed WHERE number LIKE 'W_';
SELECT fulfillment.receive_stock('Y', 'Z', 1) > 0 AS received;
SELECT fulfillment.assign_orders();
SELECT * FROM pg_temp.placed WHERE number LIKE 'W_';

-- Without time the first take what they need.
INSERT INTO fulfillment.routing_settings (wave_time) VALUES ('0');
SELECT fulfillment.receive_stock('X', 'A', 1) > 0 AS received;
SELECT pg_temp.together('E', '{DE,FR}', '{A,A}');
SELECT * FROM pg_temp.placed WHERE number LIKE 'E_';
SELECT count(*) AS waves, min(gap) >= 0 AS certified FROM fulfillment.waves WHERE merchant_id = 44;
DELETE FROM fulfillment.routing_settings WHERE merchant_id = 44;

-- Learned prices: on past days orders to France took the units of X, so one to Germany leaves them.
INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('E', 'E', 100);
SELECT count(fulfillment.receive_stock(l, 'E', 2)) FROM unnest('{X,Y}'::text[]) l;
INSERT INTO fulfillment.orders (merchant_id, channel_id, number, state, placed_at, received_at, ship_to, document)
SELECT 44, channel_id, format('past %s %s', d, n), 'closed', at, at, jsonb_build_object('country', 'FR'), '{}'
  FROM fulfillment.channels, generate_series(1, 3) d, generate_series(1, 3) n,
       LATERAL (SELECT date_trunc('day', now()) - interval '1 day' * d + interval '9 hours') AS t (at)
 WHERE merchant_id = 44 AND code = 'shop';
INSERT INTO fulfillment.order_lines (merchant_id, order_id, line, item_id, sku, quantity)
SELECT o.merchant_id, o.order_id, 1, i.item_id, 'E', 1
  FROM fulfillment.orders o JOIN fulfillment.items i USING (merchant_id)
 WHERE o.merchant_id = 44 AND o.number LIKE 'past%' AND i.sku = 'E';
INSERT INTO fulfillment.location_days (merchant_id, location_id, day, used)
SELECT 44, location_id, current_date - d, 3 FROM fulfillment.locations, generate_series(1, 3) d
 WHERE merchant_id = 44 AND code = 'X';
SELECT fulfillment.run_job('learn_prices');
SELECT cardinality(days) AS days, orders, expected_shipments FROM fulfillment.lessons WHERE merchant_id = 44;
SELECT l.code, i.sku, p.price > 1 AS dear FROM fulfillment.stock_prices p
  JOIN fulfillment.locations l USING (merchant_id, location_id) JOIN fulfillment.items i USING (merchant_id, item_id)
 WHERE merchant_id = 44 ORDER BY l.code;
SELECT pg_temp.together('F', '{DE}', '{E}');
SELECT * FROM pg_temp.placed WHERE number LIKE 'F_';
SELECT verdict, location, cost_parts LIKE '%scarcity%' AS scarce FROM fulfillment.explain_assignment(
	(SELECT order_id FROM fulfillment.orders WHERE merchant_id = 44 AND number = 'F1')) ORDER BY rank;
INSERT INTO fulfillment.routing_settings (learned_prices) VALUES (false);
SELECT pg_temp.together('G', '{DE}', '{E}');
SELECT * FROM pg_temp.placed WHERE number LIKE 'G_';
DELETE FROM fulfillment.routing_settings WHERE merchant_id = 44;

-- Many in one call make slots as dear as one after the other do, though most of them go elsewhere.
INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('P', 'P', 100), ('Q', 'Q', 100);
SELECT count(fulfillment.receive_stock(l, s, 100)) FROM (VALUES ('X', 'P'), ('Y', 'Q')) AS v (l, s);
UPDATE fulfillment.locations SET daily_capacity = 50 WHERE merchant_id = 44;
DELETE FROM fulfillment.location_days WHERE merchant_id = 44;
INSERT INTO fulfillment.routing_settings (wave_time, expected_shipments) VALUES ('0', 200);
CREATE VIEW pg_temp.paces AS
	SELECT l.code, d.used, round(greatest(0, d.price - 0.15 * 50 / (1.1 * 200) * (12 - d.paced_at))::numeric, 4) AS price
	  FROM fulfillment.location_days d JOIN fulfillment.locations l USING (merchant_id, location_id) WHERE merchant_id = 44;
SELECT pg_temp.together('P', '{DE,DE,DE,DE,DE,DE,DE,DE,DE,DE,DE,DE}', '{P,Q,Q,P,Q,Q,Q,Q,Q,Q,Q,P}');
SELECT * FROM pg_temp.paces ORDER BY code;
DELETE FROM fulfillment.location_days WHERE merchant_id = 44;
SELECT sum(pg_temp.together('Q' || n, '{DE}', ARRAY[s])) FROM unnest('{P,Q,Q,P,Q,Q,Q,Q,Q,Q,Q,P}'::text[]) WITH ORDINALITY AS v (s, n);
SELECT * FROM pg_temp.paces ORDER BY code;

-- Nothing is under way, nothing was oversold.
SELECT count(*) FROM fulfillment.wave_progress();
SELECT location, sku FROM fulfillment.check_stock() WHERE on_hand <> ledger_on_hand OR reserved <> ledger_reserved;
SELECT count(*) FROM fulfillment.stock_levels WHERE merchant_id = 44 AND reserved > on_hand;

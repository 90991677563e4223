-- What a plan costs and what it may not do, cost by cost and limit by limit, to the cent.
\set VERBOSITY default
SET client_min_messages = warning;
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (67, 'costs', 'Costs');
SET fulfillment.merchant_id = 67;
SET timezone = 'UTC';
INSERT INTO fulfillment.channels (code, name) VALUES ('shop', 'Shop');
INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('post', 'Post', 'carrier', 'manual');
INSERT INTO fulfillment.services (provider_id, code, name, provider_code, transit_days)
SELECT provider_id, s.code, s.code, s.code, s.days
  FROM fulfillment.providers p, (VALUES ('slow', 3), ('fast', 1)) s (code, days) WHERE merchant_id = 67;
INSERT INTO fulfillment.service_prices (service_id, price_per_parcel, price_per_kg, surcharge_abroad, extra_days_abroad)
SELECT service_id, CASE code WHEN 'slow' THEN 4 ELSE 10 END, 1, 2.5, 2 FROM fulfillment.services WHERE merchant_id = 67 ORDER BY code;
INSERT INTO fulfillment.items (sku, name, weight_g, value, length_mm, width_mm, height_mm)
VALUES ('BOX', 'Box', 1000, 10, 100, 100, 100), ('PILLOW', 'Pillow', 1000, 20, 400, 300, 250),
       ('ROD', 'Rod', 500, 30, 20, 1500, 20), ('DRUM', 'Drum', 2000, 40, 500, 500, 500), ('GAS', 'Gas', 500, 15, NULL, NULL, NULL);
UPDATE fulfillment.items SET hazmat = true WHERE merchant_id = 67 AND sku = 'GAS';
INSERT INTO fulfillment.locations (code, name, country, time_zone, cutoff, handling_cost, pick_cost)
VALUES ('BONN', 'Bonn', 'DE', 'Europe/Berlin', '14:00', 1, 0.5);
SELECT count(fulfillment.receive_stock('BONN', sku, 100)) FROM fulfillment.items WHERE merchant_id = 67;
CREATE FUNCTION pg_temp.document(lines jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('channel', 'shop', 'number', 'C-1', 'currency', 'EUR', 'lines', lines, 'ship_to', jsonb_build_object(
		'name', 'Ada', 'street1', 'Weg 1', 'city', 'Mainz', 'postcode', '55116', 'country', 'DE')) || more
$$;
-- The plan of an order at a time: a Monday morning, unless something else is said.
CREATE FUNCTION pg_temp.plan(sku text, quantity int, more jsonb DEFAULT '{}', at timestamptz DEFAULT '2026-01-05 09:00+00')
RETURNS TABLE (location text, service text, lines text, cost_parts text, total numeric, explanation text) LANGUAGE sql AS $$
	SELECT location, service, lines, cost_parts, total, explanation FROM fulfillment.simulate_assignment(
		pg_temp.document(jsonb_build_array(jsonb_build_object('sku', sku, 'quantity', quantity)), more), at) WHERE rank = 1
$$;
CREATE FUNCTION pg_temp.why_not(sku text, quantity int DEFAULT 1) RETURNS TABLE (verdict text, location text, reason text) LANGUAGE sql AS $$
	SELECT verdict, location, reason FROM fulfillment.simulate_assignment(
		pg_temp.document(jsonb_build_array(jsonb_build_object('sku', sku, 'quantity', quantity))), '2026-01-05 09:00+00')
	 WHERE verdict IN ('waiting', 'rejected')
$$;

-- Handling, a pick a line, the price by parcel and kilogram.
SELECT * FROM pg_temp.plan('BOX', 2);
-- Services are compared: the cheapest that keeps the promise; a late one, when that costs less; the one asked for.
SELECT service, cost_parts, explanation FROM pg_temp.plan('BOX', 1, '{"promised_by": "2026-01-09T00:00:00Z"}');
SELECT service, cost_parts, explanation FROM pg_temp.plan('BOX', 1, '{"promised_by": "2026-01-07T00:00:00Z"}');
INSERT INTO fulfillment.routing_settings (late_penalty, late_penalty_per_day) VALUES (4, 2);
SELECT service, cost_parts, explanation FROM pg_temp.plan('BOX', 1, '{"promised_by": "2026-01-07T00:00:00Z"}');
SELECT service, cost_parts, explanation FROM pg_temp.plan('BOX', 1, '{"promised_by": "2026-01-06T00:00:00Z"}');
DELETE FROM fulfillment.routing_settings WHERE merchant_id = 67;
SELECT service, cost_parts FROM pg_temp.plan('BOX', 1, '{"service": "fast"}');

-- The cut-off is by the location's own clock: 13:30 UTC is 14:30 in Bonn, so goods leave the next day.
SELECT explanation FROM pg_temp.plan('BOX', 1, at => '2026-01-05 12:59+00');
SELECT explanation FROM pg_temp.plan('BOX', 1, at => '2026-01-05 13:30+00');
-- In summer an hour earlier; and on the date line Monday morning is still Sunday, or Monday evening.
SELECT explanation FROM pg_temp.plan('BOX', 1, at => '2026-07-06 12:30+00');
UPDATE fulfillment.locations SET time_zone = 'Pacific/Auckland' WHERE merchant_id = 67;
SELECT explanation FROM pg_temp.plan('BOX', 1, at => '2026-01-05 09:00+00');
UPDATE fulfillment.locations SET time_zone = 'Europe/Berlin' WHERE merchant_id = 67;
-- Weekends and closed days: nothing leaves, and transit counts working days; a store that works on Saturday.
SELECT explanation FROM pg_temp.plan('BOX', 1, at => '2026-01-09 15:00+00');
UPDATE fulfillment.locations SET closed_days = '{2026-01-12,2026-01-13}' WHERE merchant_id = 67;
SELECT explanation FROM pg_temp.plan('BOX', 1, at => '2026-01-09 15:00+00');
UPDATE fulfillment.locations SET closed_days = '{}', working_days = '{1,2,3,4,5,6}' WHERE merchant_id = 67;
SELECT explanation FROM pg_temp.plan('BOX', 1, at => '2026-01-09 15:00+00');
UPDATE fulfillment.locations SET working_days = '{1,2,3,4,5}' WHERE merchant_id = 67;

-- Abroad: a surcharge and more days, or not at all.
SELECT cost_parts, explanation FROM pg_temp.plan('BOX', 1, '{"ship_to": {"name": "Eva", "street1": "Rue 1", "city": "Lyon", "postcode": "69001", "country": "FR"}}');
UPDATE fulfillment.locations SET ships_abroad = false WHERE merchant_id = 67;
SELECT verdict, location, reason FROM fulfillment.simulate_assignment(pg_temp.document('[{"sku": "BOX", "quantity": 1}]',
	'{"ship_to": {"name": "Eva", "street1": "Rue 1", "city": "Lyon", "postcode": "69001", "country": "FR"}}')) WHERE verdict IN ('waiting', 'rejected');
UPDATE fulfillment.locations SET ships_abroad = true WHERE merchant_id = 67;

-- Weight: in steps, in parcels, and by volume where that is more (a pillow of 30 litres counts as 6 kg).
UPDATE fulfillment.services SET weight_step_g = 2500 WHERE merchant_id = 67;
SELECT cost_parts FROM pg_temp.plan('BOX', 3);
UPDATE fulfillment.services SET weight_step_g = 1, parcel_limit_g = 2000 WHERE merchant_id = 67;
SELECT cost_parts, explanation FROM pg_temp.plan('BOX', 3);
UPDATE fulfillment.services SET parcel_limit_g = 30000, volume_divisor = 5000 WHERE merchant_id = 67;
SELECT cost_parts FROM pg_temp.plan('PILLOW', 1);
UPDATE fulfillment.services SET volume_divisor = NULL WHERE merchant_id = 67;

-- Sizes: the longest side, whichever it is called, and length plus girth; of the service, else of the provider.
UPDATE fulfillment.providers SET max_length_mm = 1200 WHERE merchant_id = 67;
SELECT * FROM pg_temp.why_not('ROD');
UPDATE fulfillment.services SET max_length_mm = 1500 WHERE merchant_id = 67 AND code = 'fast';
SELECT service FROM pg_temp.plan('ROD', 1);
UPDATE fulfillment.services SET max_length_mm = NULL, max_girth_mm = 2499 WHERE merchant_id = 67;
SELECT * FROM pg_temp.why_not('DRUM');
UPDATE fulfillment.services SET max_girth_mm = 2500 WHERE merchant_id = 67 AND code = 'slow';
SELECT service, explanation FROM pg_temp.plan('DRUM', 1);
-- What fits one by one takes as many parcels as its volume needs: the largest holds 144 litres here, two drums 250.
SELECT cost_parts, explanation FROM pg_temp.plan('DRUM', 2);
UPDATE fulfillment.services SET max_girth_mm = NULL WHERE merchant_id = 67;
UPDATE fulfillment.providers SET max_length_mm = NULL WHERE merchant_id = 67;

-- Hazardous goods: a provider, a service, a location that may not.
SELECT * FROM pg_temp.why_not('GAS');
UPDATE fulfillment.services SET hazmat_allowed = true WHERE merchant_id = 67 AND code = 'fast';
SELECT service FROM pg_temp.plan('GAS', 1);
UPDATE fulfillment.locations SET hazmat_allowed = false WHERE merchant_id = 67;
SELECT * FROM pg_temp.why_not('GAS');
UPDATE fulfillment.locations SET hazmat_allowed = true WHERE merchant_id = 67;
-- The value of all that is in a shipment: three of 10 each are more than 25, so they leave in two.
UPDATE fulfillment.services SET max_value = 25 WHERE merchant_id = 67;
SELECT lines, cost_parts FROM pg_temp.plan('BOX', 3) ORDER BY lines;
UPDATE fulfillment.services SET max_value = NULL WHERE merchant_id = 67;

-- Waiting has its price: what costs more to ship than to wait waits, and says so.
INSERT INTO fulfillment.routing_settings (backorder_penalty, backorder_value_share) VALUES (1, 0.5);
SELECT total, explanation FROM pg_temp.plan('BOX', 1);
SELECT * FROM pg_temp.why_not('BOX');
UPDATE fulfillment.routing_settings SET backorder_penalty = 1.6 WHERE merchant_id = 67;
SELECT total, explanation FROM pg_temp.plan('BOX', 1);
DELETE FROM fulfillment.routing_settings WHERE merchant_id = 67;

-- A second place: a rule penalises it, or the service; each location that is not chosen says by how much it is dearer.
INSERT INTO fulfillment.locations (code, name, country, time_zone, handling_cost, pick_cost, priority)
VALUES ('KIEL', 'Kiel', 'DE', 'Europe/Berlin', 1, 0.5, 200), ('ULM', 'Ulm', 'DE', 'Europe/Berlin', 3.25, 0.5, 300),
       ('TRIER', 'Trier', 'DE', 'Europe/Berlin', 7, 0.5, 400), ('AALEN', 'Aalen', 'DE', 'Europe/Berlin', 0, 0, 500);
SELECT count(fulfillment.receive_stock(l, 'BOX', 10)) FROM unnest('{KIEL,ULM,TRIER}'::text[]) l;
INSERT INTO fulfillment.routing_rules (name, location_id, effect, amount)
SELECT 'spare Bonn', location_id, 'penalise', 0.75 FROM fulfillment.locations WHERE merchant_id = 67 AND code = 'BONN';
SELECT verdict, location, cost_parts, dearer, reason FROM fulfillment.simulate_assignment(pg_temp.document('[{"sku": "BOX", "quantity": 1}]'), '2026-01-05 09:00+00');
DELETE FROM fulfillment.routing_rules WHERE merchant_id = 67;
INSERT INTO fulfillment.routing_rules (name, services, effect, amount) VALUES ('fast rather than slow', '{slow}', 'penalise', 7);
SELECT service, cost_parts FROM pg_temp.plan('BOX', 1);
DELETE FROM fulfillment.routing_rules WHERE merchant_id = 67;

-- An order too large to be solved exactly says so, and how far from the best its plan can be.
INSERT INTO fulfillment.items (sku, name, weight_g, value) SELECT 'L' || n, 'Item ' || n, 100 + 37 * n, 5 + n FROM generate_series(1, 24) n;
SELECT count(fulfillment.receive_stock(l, 'L' || n, 3 + (n * p) % 5))
  FROM generate_series(1, 24) n, (VALUES ('BONN', 3), ('KIEL', 7), ('ULM', 11), ('TRIER', 13)) x (l, p) WHERE (n * p) % 3 > 0;
SELECT fulfillment.submit_order(pg_temp.document((SELECT jsonb_agg(jsonb_build_object('line', n, 'sku', 'L' || n, 'quantity', 3 + n % 4)) FROM generate_series(1, 24) n)))
	AS large \gset
SELECT exact, gap > 0 AS gap, gap < cost / 5 AS narrow FROM fulfillment.decisions WHERE merchant_id = 67 AND order_id = :large;
SELECT count(*) FILTER (WHERE explanation LIKE '%above the optimum%') AS said FROM fulfillment.explain_assignment(:large);
SELECT count(*) AS lines_wrong FROM fulfillment.order_lines WHERE merchant_id = 67 AND order_id = :large AND assigned > quantity;
-- A small one does not.
SELECT fulfillment.submit_order(pg_temp.document('[{"sku": "BOX", "quantity": 1}]', '{"number": "C-2"}')) AS small \gset
SELECT exact, gap FROM fulfillment.decisions WHERE merchant_id = 67 AND order_id = :small;
SELECT count(*) FILTER (WHERE explanation LIKE '%above the optimum%') AS said FROM fulfillment.explain_assignment(:small);

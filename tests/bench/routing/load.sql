-- Loads a day of the workload into merchant :merchant, and its orders as documents into
-- bench.documents.  Variables: folder, merchant.
--
-- The plane of the workload is put on the equator in one tenth of its size, where distances are
-- true to 0.02 %; the bands of the price table shrink with it.  A location whose cut-off has
-- passed has one at midnight, the others have none; the zone of all is one in which it is
-- forenoon now, so that no day ends while the measurement runs.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS bench;
SET search_path = bench;
DROP TABLE IF EXISTS locations, items, stock, orders, order_lines, services, rates, parameters, documents;
CREATE TABLE locations (code text, country text, x_km float8, y_km float8, type text, handling_cost float8,
	pick_cost float8, daily_capacity int, hazmat_allowed int, ships_abroad int, cutoff_late_days int, priority int);
CREATE TABLE items (sku text, weight_kg float8, value float8, hazmat int);
CREATE TABLE stock (location text, sku text, quantity int);
CREATE TABLE orders (number text, country text, x_km float8, y_km float8, promise_days int);
CREATE TABLE order_lines ("order" text, line int, sku text, quantity int);
CREATE TABLE services (service text, hazmat_allowed int, surcharge_abroad float8, extra_days_abroad int);
CREATE TABLE rates (service text, zone int, from_km float8, to_km float8, price_per_parcel float8,
	price_per_kg float8, transit_days int);
CREATE TABLE parameters (name text, value float8, unit text, meaning text);
\cd :folder
\copy locations FROM locations.csv CSV HEADER
\copy items FROM items.csv CSV HEADER
\copy stock FROM stock.csv CSV HEADER
\copy orders FROM orders.csv CSV HEADER
\copy order_lines FROM order_lines.csv CSV HEADER
\copy services FROM services.csv CSV HEADER
\copy rates FROM rates.csv CSV HEADER
\copy parameters FROM parameters.csv CSV HEADER

CREATE OR REPLACE FUNCTION bench.parameter(name text) RETURNS float8 LANGUAGE sql STABLE
	AS $$ SELECT value FROM bench.parameters WHERE parameters.name = $1 $$;
CREATE OR REPLACE FUNCTION bench.zone() RETURNS text LANGUAGE sql STABLE
	AS $$ SELECT 'Etc/GMT' || to_char((date_part('hour', now() AT TIME ZONE 'UTC')::int + 3) % 24 - 12, 'FMS99') $$;

INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (:merchant, 'bench' || :merchant, 'Benchmark');
SET fulfillment.merchant_id = :merchant;
INSERT INTO fulfillment.channels (code, name, currency) VALUES ('shop', 'Shop', 'EUR');
-- How many orders the day has may be known, and ten of them make some eleven shipments; a wave ends
-- when nothing more is to be gained.
INSERT INTO fulfillment.routing_settings (split_penalty, late_penalty, backorder_penalty, backorder_value_share,
	expected_shipments, wave_time)
SELECT parameter('split_penalty'), parameter('late_penalty'), parameter('backorder_penalty'), parameter('backorder_value_share'),
       count(*) * 1.1, '10 minutes' FROM orders;
INSERT INTO fulfillment.connections (code, connector) VALUES ('carrier', 'sandbox');
INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id, hazmat_allowed)
SELECT service, service, 'carrier', 'api', connection_id, hazmat_allowed = 1
  FROM services, fulfillment.connections WHERE merchant_id = :merchant ORDER BY service DESC;
INSERT INTO fulfillment.services (provider_id, code, name, provider_code, parcel_limit_g, weight_step_g)
SELECT provider_id, code, code, code, parameter('parcel_limit_kg') * 1000, parameter('weight_step_kg') * 1000
  FROM fulfillment.providers WHERE merchant_id = :merchant ORDER BY provider_id;
INSERT INTO fulfillment.service_prices (service_id, distance_from_km, distance_to_km, price_per_parcel, price_per_kg,
	surcharge_abroad, extra_days_abroad, transit_days)
SELECT s.service_id, r.from_km / 10, r.to_km / 10, r.price_per_parcel, r.price_per_kg, w.surcharge_abroad,
       w.extra_days_abroad, r.transit_days
  FROM rates r JOIN services w USING (service)
  JOIN fulfillment.services s ON s.merchant_id = :merchant AND s.code = r.service
 ORDER BY r.service, r.zone;
INSERT INTO fulfillment.locations (code, name, country, latitude, longitude, time_zone, cutoff, working_days,
	daily_capacity, handling_cost, pick_cost, hazmat_allowed, ships_abroad, priority)
SELECT code, code, country, (y_km - 1000) / 10 / 111.195, (x_km - 1000) / 10 / 111.195, zone(),
       CASE cutoff_late_days WHEN 0 THEN time '24:00' ELSE time '00:00' END, '{1,2,3,4,5,6,7}', daily_capacity,
       handling_cost, pick_cost, hazmat_allowed = 1, ships_abroad = 1, priority
  FROM locations ORDER BY priority;
INSERT INTO fulfillment.items (sku, name, weight_g, value, hazmat)
SELECT sku, sku, round(weight_kg * 1000), round(value::numeric, 6), hazmat = 1 FROM items ORDER BY sku;
INSERT INTO fulfillment.stock_levels (location_id, item_id, on_hand)
SELECT l.location_id, i.item_id, s.quantity
  FROM stock s JOIN fulfillment.locations l ON l.merchant_id = :merchant AND l.code = s.location
  JOIN fulfillment.items i ON i.merchant_id = :merchant AND i.sku = s.sku
 ORDER BY l.location_id, i.item_id;
INSERT INTO fulfillment.stock_movements (merchant_id, location_id, item_id, kind, on_hand_delta, cause, actor)
SELECT merchant_id, location_id, item_id, 'receive', on_hand, 'workload', session_user
  FROM fulfillment.stock_levels WHERE merchant_id = :merchant;

-- Arriving p days from now keeps a promise of p days.
CREATE TABLE documents AS
SELECT row_number() OVER (ORDER BY o.number)::int AS n, o.number, jsonb_build_object(
       'channel', 'shop', 'number', o.number, 'currency', 'EUR',
       'ship_to', jsonb_build_object('name', 'Ada Example', 'street1', 'Main Street 1', 'city', 'Anytown',
                                     'postcode', CASE o.country WHEN 'PL' THEN '00-950' ELSE '10115' END,
                                     'country', o.country),
       'promised_by', ((now() AT TIME ZONE zone())::date + o.promise_days + time '23:00') AT TIME ZONE zone(),
       'attributes', jsonb_build_object('latitude', (o.y_km - 1000) / 10 / 111.195,
                                        'longitude', (o.x_km - 1000) / 10 / 111.195),
       'lines', l.lines) AS document
  FROM orders o
  JOIN (SELECT l."order" AS number, jsonb_agg(jsonb_build_object('line', l.line, 'sku', l.sku, 'quantity', l.quantity,
               'unit_price', round(i.value::numeric, 6)) ORDER BY l.line) AS lines
          FROM order_lines l JOIN items i USING (sku) GROUP BY l."order") l USING (number)
 ORDER BY o.number;
ALTER TABLE documents ADD PRIMARY KEY (n);

-- Seconds of CPU and on the clock that the last measurement took.
CREATE TABLE took (cpu float8, wall float8);
CREATE FUNCTION cpu() RETURNS float8 LANGUAGE sql VOLATILE AS $$
	SELECT (f[14]::float8 + f[15]::float8) / 100 FROM string_to_array(pg_read_file('/proc/self/stat'), ' ') f
$$;
-- Orders in the sequence of their numbers, so many a call.  Each is decided by itself, on what those
-- before it left, and for good: settings.wave_time of nought says so.
CREATE PROCEDURE one_by_one(orders_a_call int DEFAULT 1) LANGUAGE plpgsql AS $$
DECLARE
	cpu float8 := bench.cpu();
	began timestamptz := clock_timestamp();
	next jsonb;
BEGIN
	UPDATE fulfillment.routing_settings SET wave_time = '0';
	FOR i IN 0 .. ((SELECT max(n) FROM bench.documents) - 1) / orders_a_call LOOP
		SELECT jsonb_agg(document ORDER BY n) INTO next FROM bench.documents
		 WHERE n > i * orders_a_call AND n <= (i + 1) * orders_a_call;
		IF orders_a_call = 1 THEN
			PERFORM fulfillment.submit_order(next -> 0);
		ELSE
			PERFORM count(*) FROM fulfillment.submit_orders(next);
		END IF;
		COMMIT;
	END LOOP;
	INSERT INTO bench.took VALUES (bench.cpu() - cpu, extract(epoch FROM clock_timestamp() - began));
END $$;
-- Orders come in and wait, a thousand at a time.
CREATE PROCEDURE take_in() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 0 .. (SELECT max(n) / 1000 FROM bench.documents) LOOP
		PERFORM count(*) FROM fulfillment.submit_orders((
			SELECT jsonb_agg(document || jsonb_build_object('not_before', now() + interval '1 day') ORDER BY n)
			  FROM bench.documents WHERE n > i * 1000 AND n <= (i + 1) * 1000));
		COMMIT;
	END LOOP;
	UPDATE fulfillment.orders SET not_before = NULL, next_routing_at = now() WHERE not_before IS NOT NULL;
END $$;
CREATE PROCEDURE wave() LANGUAGE plpgsql AS $$
DECLARE
	cpu float8 := bench.cpu();
	began timestamptz := clock_timestamp();
BEGIN
	PERFORM fulfillment.assign_orders((SELECT count(*)::int FROM bench.documents));
	COMMIT;
	INSERT INTO bench.took VALUES (bench.cpu() - cpu, extract(epoch FROM clock_timestamp() - began));
END $$;
ANALYZE;

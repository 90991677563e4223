-- Prices that carriers quote: asked for, kept, used while they are fresh, and told where they are from.
\set VERBOSITY default
SET client_min_messages = warning;
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (65, 'rates', 'Rates'), (66, 'rival', 'Rival');
SET fulfillment.merchant_id = 65;
SET timezone = 'UTC';
INSERT INTO fulfillment.channels (code, name) VALUES ('shop', 'Shop');
INSERT INTO fulfillment.connections (code, connector) VALUES ('fast', 'sandbox'), ('parcel', 'dhl_parcel_de');
INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
SELECT code, initcap(code), 'carrier', 'api', connection_id FROM fulfillment.connections WHERE merchant_id = 65;
INSERT INTO fulfillment.services (provider_id, code, name, provider_code, weight_step_g)
SELECT provider_id, 'standard', 'Standard', 'standard', 500 FROM fulfillment.providers WHERE merchant_id = 65;
INSERT INTO fulfillment.service_prices (service_id, price_per_parcel)
SELECT service_id, CASE p.code WHEN 'fast' THEN 9 ELSE 12 END
  FROM fulfillment.services s JOIN fulfillment.providers p USING (merchant_id, provider_id) WHERE s.merchant_id = 65;
INSERT INTO fulfillment.items (sku, name, weight_g, value) VALUES ('TEA', 'Tea', 400, 10), ('POT', 'Pot', 700, 20);
INSERT INTO fulfillment.locations (code, name, country, postcode) VALUES ('EAST', 'East', 'DE', '10115'), ('WEST', 'West', 'DE', '50667');
SELECT count(fulfillment.receive_stock(l, s, 100)) FROM (VALUES ('EAST'), ('WEST')) a (l), (VALUES ('TEA'), ('POT')) b (s);
CREATE FUNCTION pg_temp.document(lines jsonb, postcode text DEFAULT '55116', number text DEFAULT 'Q-1') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('channel', 'shop', 'number', number, 'currency', 'EUR', 'lines', lines, 'ship_to', jsonb_build_object(
		'name', 'Ada', 'street1', 'Weg 1', 'city', 'Mainz', 'postcode', postcode, 'country', 'DE'))
$$;
-- What would be decided, without what depends on the day.
CREATE FUNCTION pg_temp.plan(lines jsonb, postcode text DEFAULT '55116')
RETURNS TABLE (verdict text, location text, provider text, total numeric, explanation text) LANGUAGE sql AS $$
	SELECT verdict, location, provider, total,
	       regexp_replace(regexp_replace(explanation, 'arrives \S+, ', ''), 'quoted .*', 'quoted')
	  FROM fulfillment.simulate_assignment(pg_temp.document($1, $2)) WHERE rank <= 2
$$;
-- An answer, as workers write it down.
CREATE FUNCTION pg_temp.answer(place text, amount numeric, age interval DEFAULT '0', days int DEFAULT 2,
	service text DEFAULT 'standard', currency text DEFAULT 'EUR') RETURNS bigint LANGUAGE sql AS $$
	WITH r AS (
		UPDATE fulfillment.rate_requests SET answered_at = now() - age, ask_again_at = now() - age, problem = NULL
		 WHERE merchant_id = 65 AND location_id = (SELECT location_id FROM fulfillment.locations WHERE merchant_id = 65 AND code = place)
		RETURNING rate_request_id)
	INSERT INTO fulfillment.rate_quotes (merchant_id, rate_request_id, service, name, amount, currency, transit_days)
	SELECT 65, rate_request_id, $5, 'As quoted', $2, $6, $4 FROM r
	ON CONFLICT (merchant_id, rate_request_id, service)
	DO UPDATE SET amount = excluded.amount, currency = excluded.currency, transit_days = excluded.transit_days
	RETURNING rate_request_id
$$;

-- Off by default: nobody is asked, and a person who asks hears why nothing comes.
SELECT fulfillment.submit_order(pg_temp.document('[{"sku": "TEA", "quantity": 1}]')) AS first_order \gset
SELECT count(*) FROM fulfillment.tasks WHERE merchant_id = 65 AND operation = 'quote_rates';
SELECT rank, verdict, location, total, explanation LIKE '%quote%' AS quote FROM fulfillment.explain_assignment(:first_order) WHERE rank = 1;
DO $$
BEGIN
	PERFORM fulfillment.request_rates((SELECT min(order_id) FROM fulfillment.orders WHERE merchant_id = 65));
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING '% %', SQLSTATE, regexp_replace(SQLERRM, 'order \d+', 'order N');
END $$;
SELECT fulfillment.request_rates(-1);

-- On: an order goes with the table and asks for the next one, each place and content once.  DHL Parcel
-- quotes nothing, so it is not asked.
UPDATE fulfillment.providers SET live_rates = true WHERE merchant_id = 65;
SELECT fulfillment.submit_order(pg_temp.document('[{"sku": "TEA", "quantity": 1}]', number => 'Q-2')) AS second_order \gset
SELECT fulfillment.submit_order(pg_temp.document('[{"sku": "TEA", "quantity": 1}]', number => 'Q-3')) > 0 AS third_order;
SELECT location, country, postcode, weight_g, provider, service, amount, state FROM fulfillment.rates WHERE merchant_id = 65 ORDER BY location;
SELECT count(*) FROM fulfillment.tasks WHERE merchant_id = 65 AND operation = 'quote_rates';
SELECT regexp_replace(explanation, 'arrives \S+, ', '') FROM fulfillment.explain_assignment(:second_order) WHERE rank = 1;

SELECT replace(command, 'merchant_id = 65', '…') FROM fulfillment.doctor(65) WHERE finding LIKE '%live rates%';

-- An answer counts for the same step of weight, destination and place, and nowhere else.
SELECT pg_temp.answer('WEST', 4.50) > 0 AS answered;
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]');
SELECT * FROM pg_temp.plan('[{"sku": "POT", "quantity": 1}]');
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]', '55117') LIMIT 1;
UPDATE fulfillment.services SET weight_step_g = 1000 WHERE merchant_id = 65;
SELECT * FROM pg_temp.plan('[{"sku": "POT", "quantity": 1}]') LIMIT 1;
UPDATE fulfillment.services SET weight_step_g = 500 WHERE merchant_id = 65;
SELECT fulfillment.submit_order(pg_temp.document('[{"sku": "TEA", "quantity": 1}]', number => 'Q-4')) AS fourth_order \gset
SELECT l.code, s.planned_cost, s.currency FROM fulfillment.shipments s JOIN fulfillment.locations l USING (merchant_id, location_id)
 WHERE merchant_id = 65 AND order_id = :fourth_order;
SELECT regexp_replace(regexp_replace(explanation, 'arrives \S+, ', ''), 'quoted .*', 'quoted') FROM fulfillment.explain_assignment(:fourth_order) WHERE rank = 1;

-- Days as quoted count, too: what arrives later is late.
SELECT pg_temp.answer('WEST', 4.50, days => 9) > 0 AS slow;
SELECT location, cost_parts FROM fulfillment.simulate_assignment(pg_temp.document('[{"sku": "TEA", "quantity": 1}]')
	|| jsonb_build_object('promised_by', now() + interval '8 days')) WHERE rank = 1;

-- What does not count: the table is asked instead.
SELECT pg_temp.answer('WEST', 4.50, age => '25 hours') > 0 AS old;
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]') LIMIT 1;
SELECT location, service, amount, state FROM fulfillment.rates WHERE merchant_id = 65 AND location = 'WEST';
UPDATE fulfillment.providers SET rates_for = '2 days' WHERE merchant_id = 65;
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]') LIMIT 1;
SELECT pg_temp.answer('WEST', 4.50, currency => 'USD') > 0 AS dollars;
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]') LIMIT 1;
SELECT pg_temp.answer('WEST', 4.50) > 0, pg_temp.answer('WEST', 1, service => 'balloon') > 0 AS unknown_service;
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]') LIMIT 1;
UPDATE fulfillment.providers SET live_rates = false WHERE merchant_id = 65;
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]') LIMIT 1;
SELECT location, service, amount, state FROM fulfillment.rates WHERE merchant_id = 65 AND location = 'WEST' ORDER BY service;
UPDATE fulfillment.providers SET live_rates = true WHERE merchant_id = 65;

-- An area is as much of the postcode as the merchant says.
UPDATE fulfillment.providers SET rates_area = 2 WHERE merchant_id = 65;
SELECT fulfillment.submit_order(pg_temp.document('[{"sku": "TEA", "quantity": 1}]', '80331', 'Q-5')) > 0 AS submitted;
UPDATE fulfillment.rate_requests SET answered_at = now(), ask_again_at = now() WHERE merchant_id = 65 AND area = '80';
INSERT INTO fulfillment.rate_quotes (merchant_id, rate_request_id, service, amount, currency)
SELECT 65, rate_request_id, 'standard', 3, 'EUR' FROM fulfillment.rate_requests WHERE merchant_id = 65 AND area = '80';
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]', '80999') LIMIT 1;
UPDATE fulfillment.providers SET rates_area = NULL WHERE merchant_id = 65;

-- A service without a table ships where a price was quoted.
DELETE FROM fulfillment.service_prices WHERE merchant_id = 65;
INSERT INTO fulfillment.service_prices (service_id, country, price_per_parcel)
SELECT service_id, 'FR', 1 FROM fulfillment.services WHERE merchant_id = 65;
SELECT * FROM pg_temp.plan('[{"sku": "TEA", "quantity": 1}]') LIMIT 1;
DELETE FROM fulfillment.service_prices WHERE merchant_id = 65;
INSERT INTO fulfillment.service_prices (service_id, price_per_parcel) SELECT service_id, 9 FROM fulfillment.services WHERE merchant_id = 65;

-- A person asks again, of what is not sent yet; what is on its way is not asked twice.
SELECT fulfillment.request_rates(:fourth_order), fulfillment.request_rates(:fourth_order) AS at_once_again;
SELECT state, count(*) FROM fulfillment.rates WHERE merchant_id = 65 AND order_id = :fourth_order GROUP BY state ORDER BY state;

-- An order may wait for prices, once, and holds nothing while it does.
UPDATE fulfillment.providers SET rates_wait = '1 minute' WHERE merchant_id = 65;
SELECT fulfillment.submit_order(pg_temp.document('[{"sku": "POT", "quantity": 1}]', '20095', 'Q-6')) AS patient \gset
SELECT o.routing_reason, o.next_routing_at = o.received_at + interval '1 minute' AS until,
       (SELECT count(*) FROM fulfillment.shipments s WHERE s.merchant_id = 65 AND s.order_id = o.order_id) AS shipments
  FROM fulfillment.orders o WHERE merchant_id = 65 AND order_id = :patient;
SELECT verdict, location, lines, total, reason, regexp_replace(explanation, 'arrives \S+, ', '') AS explanation
  FROM fulfillment.explain_assignment(:patient);
SELECT fulfillment.assign_order(:patient) AS shipments;
SELECT verdict, location, regexp_replace(explanation, 'arrives \S+, ', '') AS explanation FROM fulfillment.explain_assignment(:patient) WHERE rank = 1;
-- In a wave, too; who has all prices goes at once.
UPDATE fulfillment.providers SET rates_wait = '0' WHERE merchant_id = 65;
SELECT count(*) FROM fulfillment.submit_orders(jsonb_build_array(
	pg_temp.document('[{"sku": "POT", "quantity": 200}]', '20097', 'Q-7'), pg_temp.document('[{"sku": "TEA", "quantity": 1}]', '80331', 'Q-8')));
UPDATE fulfillment.rate_requests SET answered_at = now(), ask_again_at = now() WHERE merchant_id = 65 AND area = '80331';
SELECT fulfillment.cancel_order(order_id, 'test') IS NOT NULL AS cancelled FROM fulfillment.orders WHERE merchant_id = 65 AND number IN ('Q-7', 'Q-8') ORDER BY number;
UPDATE fulfillment.providers SET rates_wait = '1 minute' WHERE merchant_id = 65;
SELECT count(*) FROM fulfillment.submit_orders(jsonb_build_array(
	pg_temp.document('[{"sku": "TEA", "quantity": 1}]', '20099', 'Q-9'), pg_temp.document('[{"sku": "TEA", "quantity": 1}]', '80331', 'Q-10')));
SELECT o.number, o.routing_reason, count(s.shipment_id) AS shipments
  FROM fulfillment.orders o LEFT JOIN fulfillment.shipments s USING (merchant_id, order_id)
 WHERE o.merchant_id = 65 AND o.number IN ('Q-9', 'Q-10') GROUP BY o.number, o.routing_reason ORDER BY o.number;
UPDATE fulfillment.providers SET rates_wait = '0' WHERE merchant_id = 65;

-- A replay calls nobody, and knows the table alone.
CREATE TEMP TABLE asked AS SELECT count(*) FROM fulfillment.rate_requests WHERE merchant_id = 65;
SELECT round(s.before * o.before) % 9 AS not_of_the_table, s.after = s.before AS same
  FROM fulfillment.simulate_routing('{}', now() - interval '1 day', now() + interval '1 day') o,
       fulfillment.simulate_routing('{}', now() - interval '1 day', now() + interval '1 day') s
 WHERE o.measure = 'orders' AND s.measure = '  shipping';
SELECT (SELECT count FROM asked) = (SELECT count(*) FROM fulfillment.rate_requests WHERE merchant_id = 65) AS nothing_asked;

-- Another merchant sees nothing of it.
CREATE ROLE regress_ff_rates;
SELECT fulfillment.grant_access('regress_ff_rates', 'operator', 66);
SET ROLE regress_ff_rates;
SELECT (SELECT count(*) FROM fulfillment.rates), (SELECT count(*) FROM fulfillment.rate_requests), (SELECT count(*) FROM fulfillment.rate_quotes);
\set VERBOSITY terse
SELECT fulfillment.request_rates(1, 65);
UPDATE fulfillment.rate_quotes SET amount = 0;
RESET ROLE;
SELECT fulfillment.revoke_access('regress_ff_rates', 66);
DROP ROLE regress_ff_rates;

-- What is old is forgotten with the calls.
UPDATE fulfillment.rate_requests SET asked_at = '2020-01-01', answered_at = '2020-01-01' WHERE merchant_id = 65 AND area = '80331';
SELECT fulfillment.maintain_storage(65);
SELECT DISTINCT area FROM fulfillment.rate_requests WHERE merchant_id = 65 ORDER BY area;

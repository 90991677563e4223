-- Past orders under other rules and costs: what would change, and nothing does.
\set merchant 159
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
INSERT INTO fulfillment.services (provider_id, code, name, provider_code, transit_days)
SELECT provider_id, 'standard', 'Standard', 'STD', 2 FROM fulfillment.providers WHERE merchant_id = 159;
INSERT INTO fulfillment.service_prices (service_id, price_per_parcel)
SELECT service_id, 4 FROM fulfillment.services WHERE merchant_id = 159;
INSERT INTO fulfillment.routing_settings (backorder_penalty, backorder_value_share) VALUES (50, 0);
UPDATE fulfillment.locations SET cutoff = '12:00', working_days = '{1,2,3,4,5,6,7}' WHERE merchant_id = 159;
SELECT fulfillment.receive_stock(l, s, q)
  FROM (VALUES ('NEAR', 'A', 3), ('FAR', 'A', 1), ('FAR', 'B', 5), ('NEAR', 'C', 1)) AS v (l, s, q);
-- Three days of orders at ten in the morning, the last of them at two in the afternoon.
SELECT pg_temp.submit('R' || n, lines::jsonb, jsonb_build_object('promised_by', '2026-01-07T23:00:00Z'::timestamptz + days * interval '1 day'))
  FROM (VALUES (1, 0, '{"A": 1}'), (2, 0, '{"A": 1}'), (3, 1, '{"A": 1, "B": 1}'), (4, 2, '{"C": 2}'), (5, 2, '{"B": 1}')) AS v (n, days, lines)
 ORDER BY n;
UPDATE fulfillment.orders SET received_at = CASE number WHEN 'R5' THEN '2026-01-07T14:00:00Z'::timestamptz
	ELSE promised_by - interval '2 days 13 hours' END WHERE merchant_id = 159;
CREATE FUNCTION pg_temp.replay(changes jsonb) RETURNS TABLE (measure text, before numeric, after numeric, difference numeric)
LANGUAGE sql AS $$
	SELECT measure, round(before, 2), round(after, 2), round(difference, 2)
	  FROM fulfillment.simulate_routing($1, '2026-01-05', '2026-01-10') WHERE before <> 0 OR after <> 0
$$;
SELECT pg_temp.rows() AS before \gset
\set ECHO all

-- Nothing changed: as many shipments as there are, and each measure is its own.
SELECT * FROM pg_temp.replay('{}');
SELECT number, location, lines FROM pg_temp.shipments('%');

-- A cheaper split, a dearer location, one with fewer slots a day, one that is closed.
SELECT * FROM pg_temp.replay('{"settings": {"split_penalty": 0.1, "late_penalty": 1}}') WHERE difference <> 0;
SELECT * FROM pg_temp.replay('{"locations": {"NEAR": {"handling_cost": 7.25}}}') WHERE difference <> 0;
SELECT * FROM pg_temp.replay('{"locations": {"NEAR": {"daily_capacity": 1}, "FAR": {"cutoff": "15:00"}}}') WHERE difference <> 0;
SELECT * FROM pg_temp.replay('{"locations": {"FAR": {"active": false}}}') WHERE difference <> 0;

-- Rules instead of those there are, by codes; a price list instead of a service's own.
SELECT * FROM pg_temp.replay('{"rules": [{"effect": "deny", "skus": ["A"], "location": "NEAR"},
	{"effect": "penalise", "provider": "post", "amount": 0.5}]}') WHERE difference <> 0;
SELECT * FROM pg_temp.replay('{"prices": [{"service": "standard", "location": "NEAR", "price_per_parcel": 3},
	{"service": "standard", "provider": "post", "price_per_parcel": 6, "transit_days": 1}]}') WHERE difference <> 0;

-- A time without orders; the end is not in it.
SELECT count(*), sum(before), sum(after) FROM fulfillment.simulate_routing('{}', '2026-01-08', '2026-01-09');
SELECT measure, before FROM fulfillment.simulate_routing('{}', '2026-01-05', '2026-01-06 10:00+00') WHERE measure = 'orders';

-- What says nothing is refused instead of changing nothing.
SELECT c AS changes, r.message FROM unnest(ARRAY['[]', '{"setings": {}}', '{"settings": []}', '{"rules": {}}',
	'{"settings": {"split_penalti": 1}}', '{"locations": {"NOWHERE": {"active": false}}}', '{"locations": {"NEAR": {"cost": 1}}}',
	'{"rules": [{"effect": "allow"}, {"effect": "forbid"}]}', '{"rules": [{"effect": "deny", "location": "NOWHERE"}]}',
	'{"prices": [{"price_per_parcel": 1}]}', '{"settings": {"split_penalty": "dear"}}']) c,
	pg_temp.refused(format('SELECT count(*) FROM fulfillment.simulate_routing(%L, ''2026-01-05'')', c)) r;
SELECT pg_temp.rows() = :'before'::jsonb AS "nothing was touched";

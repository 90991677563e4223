-- routing.sql: why an order ships from where, and what would happen to another.

CREATE OR REPLACE FUNCTION fulfillment.routing_reason(reason text) RETURNS text
	AS 'MODULE_PATHNAME', 'fulfillment_routing_reason'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.routing_reason(text) IS
	'What a reason of a routing decision means: no_stock, rule, capacity, dearer …';

CREATE OR REPLACE FUNCTION fulfillment.simulate_decision(
	"order" jsonb, at timestamptz DEFAULT now(),
	merchant_id int DEFAULT fulfillment.current_merchant())
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'fulfillment_simulate_decision'
	LANGUAGE C STABLE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.simulate_decision(jsonb, timestamptz, int) IS
	'What would be decided for an order document on the stock of now, as a row of decisions would hold it; writes nothing';

CREATE OR REPLACE FUNCTION fulfillment.decision_table(
	chosen jsonb, alternatives jsonb, rejected jsonb, waiting jsonb, gap numeric,
	OUT rank int, OUT verdict text, OUT shipment int, OUT location text, OUT provider text,
	OUT service text, OUT lines text, OUT cost numeric, OUT cost_parts text,
	OUT total numeric, OUT dearer numeric, OUT reason text, OUT explanation text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	WITH plans AS (
		SELECT 1 AS rank, chosen AS plan
		UNION ALL
		SELECT 1 + a.position::int, a.plan
		  FROM jsonb_array_elements(alternatives) WITH ORDINALITY a (plan, position)
	)
	(SELECT p.rank, CASE p.rank WHEN 1 THEN 'chosen' ELSE 'alternative' END,
	        s.position::int, s.part ->> 'location', s.part ->> 'provider', s.part ->> 'service',
	        (SELECT string_agg(format('%s x %s', l.value ->> 'quantity', l.value ->> 'sku'), ', '
	                           ORDER BY l.ordinality)
	           FROM jsonb_array_elements(s.part -> 'lines') WITH ORDINALITY l),
	        (s.part -> 'cost' ->> 'total')::numeric,
	        (SELECT string_agg(format('%s %s', c.name, s.part -> 'cost' ->> c.name), ', '
	                           ORDER BY c.ordinality)
	           FROM unnest('{handling,picking,shipping,surcharge,late,preference,scarcity}'::text[])
	                WITH ORDINALITY c (name, ordinality)
	          WHERE s.part -> 'cost' ? c.name),
	        (p.plan ->> 'total')::numeric,
	        (p.plan ->> 'total')::numeric - (chosen ->> 'total')::numeric,
	        NULL,
	        concat_ws(', ',
	                  CASE WHEN s.part IS NULL THEN 'ships nothing now' END,
	                  'arrives ' || to_char((s.part ->> 'estimated_delivery_at')::timestamptz AT TIME ZONE 'UTC',
	                                        'YYYY-MM-DD'),
	                  'days late ' || (s.part ->> 'days_late'),
	                  'parcels ' || (s.part ->> 'parcels'),
	                  CASE s.part ->> 'price_source'
	                      WHEN 'quote' THEN 'price quoted ' || to_char((s.part ->> 'quoted_at')::timestamptz AT TIME ZONE 'UTC',
	                                                                   'YYYY-MM-DD HH24:MI')
	                      WHEN 'table' THEN 'price of the table, no quote' END,
	                  'split ' || (p.plan ->> 'split'),
	                  'backorder ' || (p.plan ->> 'backorder'),
	                  CASE WHEN p.rank = 1 AND gap > 0 THEN format('at most %s above the optimum', gap) END)
	   FROM plans p
	   LEFT JOIN LATERAL jsonb_array_elements(p.plan -> 'shipments') WITH ORDINALITY s (part, position) ON true
	  ORDER BY p.rank, s.position)
	UNION ALL
	(SELECT NULL, 'waiting', NULL, NULL, NULL, NULL,
	        format('%s x %s', w.value ->> 'quantity', w.value ->> 'sku'), NULL, NULL, NULL, NULL,
	        w.value ->> 'reason', fulfillment.routing_reason(w.value ->> 'reason')
	   FROM jsonb_array_elements(waiting) WITH ORDINALITY w
	  ORDER BY w.ordinality)
	UNION ALL
	(SELECT NULL, 'rejected', NULL, l.code, NULL, NULL, NULL, NULL, NULL, NULL,
	        (r.value ->> 'dearer')::numeric, r.value ->> 'reason',
	        concat_ws(' ', fulfillment.routing_reason(r.value ->> 'reason'),
	                  '(' || (r.value ->> 'rule') || ')')
	   FROM jsonb_array_elements(rejected) WITH ORDINALITY r,
	        jsonb_array_elements_text(r.value -> 'locations') WITH ORDINALITY l (code, position)
	  ORDER BY r.ordinality, l.position)
	$$;
COMMENT ON FUNCTION fulfillment.decision_table(jsonb, jsonb, jsonb, jsonb, numeric) IS
	'A decision as a table for people: the plan, the next best ones, what waits and which locations lost, with reasons';

CREATE OR REPLACE FUNCTION fulfillment.explain_assignment(
	order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT rank int, OUT verdict text, OUT shipment int, OUT location text, OUT provider text,
	OUT service text, OUT lines text, OUT cost numeric, OUT cost_parts text,
	OUT total numeric, OUT dearer numeric, OUT reason text, OUT explanation text)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	SELECT t.*
	  FROM (SELECT d.* FROM fulfillment.decisions d
	         WHERE d.merchant_id = $2 AND d.order_id = $1
	         ORDER BY d.decision_id DESC LIMIT 1) d,
	       fulfillment.decision_table(d.chosen::jsonb, d.alternatives::jsonb, d.rejected::jsonb, d.waiting::jsonb, d.gap) t
	$$;
COMMENT ON FUNCTION fulfillment.explain_assignment(bigint, int) IS
	'Why an order ships from where: its last decision with cost parts, the next best plans, what waits, and why other locations lost';

CREATE OR REPLACE FUNCTION fulfillment.simulate_assignment(
	"order" jsonb, at timestamptz DEFAULT now(),
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT rank int, OUT verdict text, OUT shipment int, OUT location text, OUT provider text,
	OUT service text, OUT lines text, OUT cost numeric, OUT cost_parts text,
	OUT total numeric, OUT dearer numeric, OUT reason text, OUT explanation text)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	SELECT t.*
	  FROM fulfillment.simulate_decision($1, $2, $3) d,
	       fulfillment.decision_table(d -> 'chosen', d -> 'alternatives', d -> 'rejected', d -> 'waiting', (d ->> 'gap')::numeric) t
	$$;
COMMENT ON FUNCTION fulfillment.simulate_assignment(jsonb, timestamptz, int) IS
	'What explain_assignment would say if this order document came in now; writes nothing';

REVOKE ALL ON FUNCTION fulfillment.simulate_decision(jsonb, timestamptz, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.replay_orders(
	rules jsonb, "from" timestamptz, "to" timestamptz, merchant_id int DEFAULT fulfillment.current_merchant())
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'fulfillment_replay_orders'
	LANGUAGE C STABLE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.replay_orders(jsonb, timestamptz, timestamptz, int) IS
	'Sums of simulate_routing, before and after, as it computes them';
REVOKE ALL ON FUNCTION fulfillment.replay_orders(jsonb, timestamptz, timestamptz, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.simulate_routing(
	rules jsonb, "from" timestamptz, "to" timestamptz DEFAULT now(),
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT measure text, OUT before numeric, OUT after numeric, OUT difference numeric)
	RETURNS SETOF record
	LANGUAGE sql STABLE STRICT
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	WITH run (side, sums) AS (
		SELECT s.key, s.value FROM jsonb_each(fulfillment.replay_orders($1, $2, $3, $4)) s
	), measured (position, measure, side, value) AS (
		SELECT m.position, m.measure, run.side, round(m.value, 4)
		  FROM run, LATERAL (SELECT nullif((sums -> 'orders')::numeric, 0) AS orders,
		                            nullif((sums -> 'orders shipped')::numeric, 0) AS shipped,
		                            nullif((sums -> 'units')::numeric, 0) AS units) n,
		       LATERAL (VALUES
		           (1, 'orders', (sums -> 'orders')::numeric),
		           (2, 'cost', (sums -> 'cost')::numeric),
		           (3, 'cost per order', (sums -> 'cost')::numeric / orders),
		           (4, '  handling', (sums -> 'handling')::numeric / orders),
		           (5, '  picking', (sums -> 'picking')::numeric / orders),
		           (6, '  shipping', ((sums -> 'shipping')::numeric + (sums -> 'surcharge')::numeric) / orders),
		           (7, '  late', (sums -> 'late')::numeric / orders),
		           (8, '  preference', (sums -> 'preference')::numeric / orders),
		           (9, '  split', (sums -> 'split')::numeric / orders),
		           (10, '  waiting', (sums -> 'waiting')::numeric / orders),
		           (11, 'shipments per order', (sums -> 'shipments')::numeric / shipped),
		           (12, 'split rate %', 100 * (sums -> 'orders split')::numeric / shipped),
		           (13, 'late rate %', 100 * (sums -> 'orders late')::numeric / shipped),
		           (14, 'fill rate %', 100 * (1 - (sums -> 'units waiting')::numeric / units)),
		           (15, 'complete orders %', 100 * (sums -> 'orders complete')::numeric / orders)
		       ) AS m (position, measure, value)
	)
	SELECT b.measure, b.value, a.value, a.value - b.value
	  FROM measured b JOIN measured a USING (position)
	 WHERE b.side = 'before' AND a.side = 'after'
	 ORDER BY position
	$$;
COMMENT ON FUNCTION fulfillment.simulate_routing(jsonb, timestamptz, timestamptz, int) IS
	'Replays the orders that came in from one time until before another under the rules of now and under changed ones, one after the other: what they would cost, how often they would be split, late or incomplete; writes nothing';

CREATE OR REPLACE FUNCTION fulfillment.wave_progress(
	OUT pid int, OUT merchant_id int, OUT started_at timestamptz, OUT orders int, OUT phase text,
	OUT done int, OUT cost numeric, OUT bound numeric)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'fulfillment_wave_progress'
	LANGUAGE C STABLE SECURITY DEFINER
	SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.wave_progress() IS
	'Waves that sessions of this database are working on now';
REVOKE ALL ON FUNCTION fulfillment.wave_progress() FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.request_rates(order_id bigint,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
	AS 'MODULE_PATHNAME', 'fulfillment_request_rates'
	LANGUAGE C VOLATILE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.request_rates(bigint, int) IS
	'Asks the carriers with live_rates for the prices of an order''s shipments: those not sent yet, and those of the plans for what is left; view rates shows the answers. Answers how many calls that takes';
REVOKE ALL ON FUNCTION fulfillment.request_rates(bigint, int) FROM PUBLIC;

CREATE OR REPLACE VIEW fulfillment.rates WITH (security_invoker = true) AS
	SELECT r.merchant_id, r.order_id, l.code AS location, r.country, nullif(r.area, '') AS postcode, r.weight_g,
	       p.code AS provider, coalesce(s.code, q.service) AS service, q.name, q.amount, q.currency, q.transit_days,
	       q.arrives, r.asked_at, r.answered_at AS quoted_at, r.answered_at + p.rates_for AS counts_until,
	       CASE WHEN r.problem IS NOT NULL THEN r.problem
	            WHEN r.asked_at > coalesce(r.answered_at, '-infinity') AND r.ask_again_at > now() THEN 'asked'
	            WHEN r.answered_at IS NULL THEN 'not answered'
	            WHEN q.service IS NULL THEN 'no price'
	            WHEN NOT (p.live_rates AND p.active) THEN 'switched off'
	            WHEN r.answered_at + p.rates_for <= now() THEN 'too old'
	            WHEN s.service_id IS NULL THEN 'no service of ours'
	            WHEN q.currency <> coalesce(t.currency, 'EUR') THEN 'another currency'
	            ELSE 'counts' END AS state
	  FROM fulfillment.rate_requests r
	  JOIN fulfillment.providers p ON p.merchant_id = r.merchant_id AND p.provider_id = r.provider_id
	  JOIN fulfillment.locations l ON l.merchant_id = r.merchant_id AND l.location_id = r.location_id
	  LEFT JOIN fulfillment.rate_quotes q ON q.merchant_id = r.merchant_id AND q.rate_request_id = r.rate_request_id
	  LEFT JOIN fulfillment.services s ON s.merchant_id = r.merchant_id AND s.provider_id = r.provider_id
	   AND s.provider_code = q.service AND s.active
	  LEFT JOIN fulfillment.routing_settings t ON t.merchant_id = r.merchant_id;
COMMENT ON VIEW fulfillment.rates IS 'What carriers quoted, and of every price whether it counts when orders are assigned, or why not';

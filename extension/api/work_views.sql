-- What is late or about to be, what people have to do by hand, and how channels and providers fare.

CREATE OR REPLACE FUNCTION fulfillment.ship_by(taken_at timestamptz, time_zone text, cutoff time,
	working_days int[], closed_days date[]) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'fulfillment_ship_by' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.ship_by(timestamptz, text, time, int[], date[]) IS
	'The cut-off by which goods leave a location that were taken at this time';

CREATE OR REPLACE FUNCTION fulfillment.sla_risks(unscanned_for interval DEFAULT '2 days',
	no_news_for interval DEFAULT '5 days', on_the_way_for interval DEFAULT '14 days',
	OUT merchant_id int, OUT order_id bigint, OUT channel text, OUT order_number text, OUT risk text,
	OUT since timestamptz, OUT promised_by timestamptz, OUT expected_at timestamptz,
	OUT shipment_id bigint, OUT shipment text, OUT provider text, OUT location text,
	OUT tracking_number text, OUT detail text) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
	WITH live AS NOT MATERIALIZED (
		SELECT o.*, c.code AS channel
		  FROM fulfillment.channels c
		  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
		 WHERE o.state IN ('received', 'open', 'cancelling')
	), shipments AS NOT MATERIALIZED (
		SELECT o.channel, o.number AS order_number, o.promised_by, p.code AS provider, l.code AS location, s.*,
		       CASE WHEN s.state IN ('draft', 'queued', 'submitting', 'unknown', 'accepted', 'rejected', 'attention')
		            THEN fulfillment.ship_by(greatest(s.created_at, o.not_before), l.time_zone, l.cutoff,
		                                     l.working_days, l.closed_days) END AS ship_by
		  FROM live o
		  JOIN fulfillment.shipments s ON s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		  JOIN fulfillment.providers p ON p.merchant_id = s.merchant_id AND p.provider_id = s.provider_id
		  JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
		 WHERE s.state NOT IN ('cancelled', 'delivered')
	)
	SELECT o.merchant_id, o.order_id, o.channel, o.number, 'promise_missed', o.promised_by, o.promised_by,
	       NULL::timestamptz, NULL::bigint, NULL, NULL, NULL, NULL, format('%s units have not arrived', q.missing)
	  FROM live o
	 CROSS JOIN LATERAL (
		SELECT sum(l.quantity - l.cancelled - l.delivered) AS missing FROM fulfillment.order_lines l
		 WHERE l.merchant_id = o.merchant_id AND l.order_id = o.order_id) q
	 WHERE o.promised_by < now() AND q.missing > 0
	UNION ALL
	SELECT o.merchant_id, o.order_id, o.channel, o.number, 'not_assigned', o.placed_at, o.promised_by,
	       NULL, NULL, NULL, NULL, NULL, NULL,
	       format('%s units wait for a location%s', q.missing, ': ' || o.routing_reason)
	  FROM live o
	 CROSS JOIN LATERAL (
		SELECT sum(l.quantity - l.cancelled - l.assigned) AS missing FROM fulfillment.order_lines l
		 WHERE l.merchant_id = o.merchant_id AND l.order_id = o.order_id) q
	 WHERE o.state = 'open' AND q.missing > 0 AND coalesce(o.not_before, now()) <= now()
	   AND coalesce(o.promised_by - interval '1 day' < now(), o.placed_at < now() - interval '1 day')
	UNION ALL
	SELECT s.merchant_id, s.order_id, s.channel, s.order_number, 'will_be_late', s.estimated_delivery_at,
	       s.promised_by, s.estimated_delivery_at, s.shipment_id, s.reference, s.provider, s.location, NULL,
	       'expected after the promise'
	  FROM shipments s WHERE s.estimated_delivery_at > s.promised_by AND s.promised_by >= now()
	UNION ALL
	SELECT s.merchant_id, s.order_id, s.channel, s.order_number, 'not_shipped', s.ship_by, s.promised_by,
	       s.estimated_delivery_at, s.shipment_id, s.reference, s.provider, s.location, NULL,
	       format('should have left; it is %s', s.state)
	  FROM shipments s WHERE s.ship_by < now()
	UNION ALL
	SELECT s.merchant_id, s.order_id, s.channel, s.order_number, r.risk, r.since, s.promised_by,
	       coalesce(k.estimated_delivery_at, s.estimated_delivery_at), s.shipment_id, s.reference, s.provider,
	       s.location, k.tracking_number, r.detail
	  FROM shipments s
	  JOIN fulfillment.packages k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
	 CROSS JOIN LATERAL (
		SELECT 'no_scan', coalesce(k.status_at, k.created_at), 'the label exists and no carrier has scanned it'
		 WHERE coalesce(k.status, 'label_created') IN ('label_created', 'unknown')
		   AND coalesce(k.status_at, k.created_at) < now() - unscanned_for
		UNION ALL
		SELECT 'stuck', k.status_at, format('nothing new since it was %s', k.status)
		 WHERE k.status IN ('in_transit', 'delayed', 'out_for_delivery', 'attempted', 'ready_for_pickup', 'returning')
		   AND k.status_at < now() - no_news_for
		UNION ALL
		SELECT 'carrier_trouble', k.status_at, format('the carrier says %s', k.status)
		 WHERE k.status IN ('exception', 'lost', 'returning', 'returned')
		UNION ALL
		SELECT 'too_long', s.shipped_at, format('on the way for %s days', (now()::date - s.shipped_at::date))
		 WHERE s.state = 'shipped' AND s.shipped_at < now() - on_the_way_for
		   AND k.status IS DISTINCT FROM 'delivered') r (risk, since, detail)
$$;
COMMENT ON FUNCTION fulfillment.sla_risks(interval, interval, interval) IS
	'View sla_at_risk with limits of your own: a label not scanned for, a parcel without news for, on the way for';

CREATE OR REPLACE VIEW fulfillment.sla_at_risk WITH (security_invoker = true) AS
	SELECT r.* FROM fulfillment.sla_risks() r;
COMMENT ON VIEW fulfillment.sla_at_risk IS
	'Promises that are broken or in danger, one row for each reason; function sla_risks takes other limits';

CREATE OR REPLACE FUNCTION fulfillment.address_label(address jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT concat_ws(E'\n', nullif(address ->> 'company', ''), nullif(address ->> 'name', ''),
	                 nullif(address ->> 'street1', ''), nullif(address ->> 'street2', ''),
	                 nullif(concat_ws(' ', address ->> 'postcode', address ->> 'city', address ->> 'region'), ''),
	                 nullif(address ->> 'country', ''))
$$;
COMMENT ON FUNCTION fulfillment.address_label(jsonb) IS 'An address as lines of text, as one writes it on a parcel';

CREATE OR REPLACE VIEW fulfillment.work_list WITH (security_invoker = true) AS
	SELECT s.merchant_id, p.code AS provider, l.code AS location,
	       fulfillment.ship_by(greatest(s.created_at, o.not_before), l.time_zone, l.cutoff, l.working_days,
	                           l.closed_days) AS ship_by,
	       s.shipment_id, s.reference, c.code AS channel, o.number AS order_number, s.state::text AS state, s.progress,
	       CASE WHEN s.state = 'cancel_requested' OR s.cancel_pending THEN 'cancelled'
	            WHEN h.reasons IS NOT NULL THEN 'held: ' || h.reasons
	            WHEN s.stop = 'requested' THEN 'stopped' END AS do_not_ship,
	       q.pick, q.units, q.weight_g, coalesce(v.name, o.service) AS service,
	       fulfillment.address_label(o.ship_to) AS address, o.ship_to, q.lines, o.order_id
	  FROM fulfillment.providers p
	  JOIN fulfillment.shipments s ON s.merchant_id = p.merchant_id AND s.provider_id = p.provider_id
	   AND s.state IN ('draft', 'queued', 'submitting', 'unknown', 'accepted', 'cancel_requested', 'rejected', 'attention')
	   AND s.state IN ('queued', 'accepted', 'cancel_requested')
	  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
	  JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
	  LEFT JOIN fulfillment.services v ON v.merchant_id = s.merchant_id AND v.service_id = s.service_id
	 CROSS JOIN LATERAL (
		SELECT string_agg(format('%s x %s %s', t.quantity - t.shipped - t.short, i.sku, coalesce(n.name, i.name)), E'\n'
		                  ORDER BY t.line) AS pick,
		       sum(t.quantity - t.shipped - t.short) AS units,
		       sum((t.quantity - t.shipped - t.short)::bigint * i.weight_g) AS weight_g,
		       jsonb_agg(jsonb_build_object('line', t.line, 'sku', i.sku, 'barcode', i.barcode, 'name',
		                 coalesce(n.name, i.name), 'quantity', t.quantity - t.shipped - t.short) ORDER BY t.line) AS lines
		  FROM fulfillment.shipment_lines t
		  JOIN fulfillment.items i ON i.merchant_id = t.merchant_id AND i.item_id = t.item_id
		  LEFT JOIN fulfillment.order_lines n ON n.merchant_id = t.merchant_id AND n.order_id = t.order_id AND n.line = t.line
		 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id
		   AND t.quantity > t.shipped + t.short) q
	 CROSS JOIN LATERAL (
		SELECT string_agg(t.reason, ', ' ORDER BY t.hold_id) AS reasons FROM fulfillment.holds t
		 WHERE t.merchant_id = s.merchant_id AND t.order_id = s.order_id AND t.released_at IS NULL) h
	 WHERE p.integration = 'manual' AND q.units > 0;
COMMENT ON VIEW fulfillment.work_list IS
	'What people have to pick and ship by hand for manual providers; confirm_shipment reports that it is done';

CREATE OR REPLACE VIEW fulfillment.channel_status WITH (security_invoker = true) AS
	SELECT c.merchant_id, c.code AS channel, c.name, c.active, n.code AS connection, n.connector,
	       n.state AS connection_state, c.fetched_at, now() - c.fetched_at AS fetched_ago,
	       q.live_orders, q.invalid_orders, t.waiting_updates, t.parked_updates, t.oldest_update,
	       i.listings, n.webhooks_refused
	  FROM fulfillment.channels c
	  LEFT JOIN fulfillment.connections n ON n.merchant_id = c.merchant_id AND n.connection_id = c.connection_id
	 CROSS JOIN LATERAL (
		SELECT count(*) AS live_orders, count(*) FILTER (WHERE o.state = 'invalid') AS invalid_orders
		  FROM fulfillment.orders o
		 WHERE o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
		   AND o.state IN ('received', 'invalid', 'open', 'cancelling')) q
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE k.state <> 'parked') AS waiting_updates,
		       count(*) FILTER (WHERE k.state = 'parked') AS parked_updates, min(k.created_at) AS oldest_update
		  FROM fulfillment.tasks k
		 WHERE k.merchant_id = c.merchant_id AND k.connection_id = c.connection_id) t
	 CROSS JOIN LATERAL (
		SELECT count(*) AS listings FROM fulfillment.listings g
		 WHERE g.merchant_id = c.merchant_id AND g.channel_id = c.channel_id) i;
COMMENT ON VIEW fulfillment.channel_status IS 'How every channel is: when it was last read, and what it has not been told yet';

CREATE OR REPLACE VIEW fulfillment.provider_scorecard WITH (security_invoker = true) AS
	SELECT p.merchant_id, p.code AS provider, p.kind, p.integration, q.shipments, q.shipped, q.delivered, q.refused,
	       q.cancelled, q.lost, q.returned, q.short_units,
	       round(100.0 * q.on_time / nullif(q.promised, 0), 1) AS on_time_percent,
	       q.hours_to_ship, q.days_in_transit, q.planned_cost, q.cost, q.currency
	  FROM fulfillment.providers p
	 CROSS JOIN LATERAL (
		SELECT count(*) AS shipments, count(*) FILTER (WHERE s.shipped_at IS NOT NULL) AS shipped,
		       count(*) FILTER (WHERE s.state = 'delivered') AS delivered,
		       count(*) FILTER (WHERE s.error_code IS NOT NULL OR s.state = 'rejected') AS refused,
		       count(*) FILTER (WHERE s.state = 'cancelled') AS cancelled,
		       count(*) FILTER (WHERE s.state = 'lost') AS lost,
		       count(*) FILTER (WHERE s.state = 'returning') AS returned,
		       coalesce(sum(n.short), 0) AS short_units,
		       count(*) FILTER (WHERE o.promised_by IS NOT NULL
		                         AND (s.state = 'delivered' OR o.promised_by < now())
		                         AND s.state NOT IN ('cancelled', 'rejected')) AS promised,
		       count(*) FILTER (WHERE s.state = 'delivered' AND s.delivered_at <= o.promised_by) AS on_time,
		       round((extract(epoch FROM avg(s.shipped_at - s.accepted_at)) / 3600)::numeric, 1) AS hours_to_ship,
		       round((extract(epoch FROM avg(s.delivered_at - s.shipped_at)) / 86400)::numeric, 1) AS days_in_transit,
		       sum(s.planned_cost) FILTER (WHERE s.cost IS NOT NULL) AS planned_cost, sum(s.cost) AS cost,
		       min(s.currency::text) AS currency
		  FROM fulfillment.shipments s
		  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
		 CROSS JOIN LATERAL (
			SELECT sum(t.short) AS short FROM fulfillment.shipment_lines t
			 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id) n
		 WHERE s.merchant_id = p.merchant_id AND s.provider_id = p.provider_id
		   AND s.created_at > now() - interval '30 days') q;
COMMENT ON VIEW fulfillment.provider_scorecard IS
	'How providers did with the shipments of the last 30 days: refusals, losses, punctuality, time and cost';

CREATE OR REPLACE VIEW fulfillment.unknown_codes WITH (security_invoker = true) AS
	SELECT m.merchant_id, n.connector, k.carrier, e.code,
	       (array_agg(e.description ORDER BY e.occurred_at DESC))[1] AS description,
	       count(*) AS events, count(DISTINCT e.package_id) AS packages, min(e.occurred_at) AS first_at,
	       max(e.occurred_at) AS last_at,
	       (array_agg(k.tracking_number ORDER BY e.occurred_at DESC))[1] AS tracking_number, NULL::text AS reference
	  FROM fulfillment.merchants m
	  JOIN fulfillment.tracking_events e ON e.merchant_id = m.merchant_id AND e.status = 'unknown'
	  JOIN fulfillment.packages k ON k.merchant_id = e.merchant_id AND k.package_id = e.package_id
	  JOIN fulfillment.shipments s ON s.merchant_id = k.merchant_id AND s.shipment_id = k.shipment_id
	  JOIN fulfillment.providers p ON p.merchant_id = s.merchant_id AND p.provider_id = s.provider_id
	  LEFT JOIN fulfillment.connections n ON n.merchant_id = p.merchant_id AND n.connection_id = p.connection_id
	 GROUP BY m.merchant_id, n.connector, k.carrier, e.code
	UNION ALL
	SELECT m.merchant_id, n.connector, NULL, s.unknown_code,
	       (array_agg(s.unknown_text ORDER BY s.unknown_at DESC))[1], count(*), 0, min(s.unknown_at), max(s.unknown_at),
	       NULL, (array_agg(s.reference ORDER BY s.unknown_at DESC))[1]
	  FROM fulfillment.merchants m
	  JOIN fulfillment.shipments s ON s.merchant_id = m.merchant_id AND s.unknown_code IS NOT NULL
	  JOIN fulfillment.providers p ON p.merchant_id = s.merchant_id AND p.provider_id = s.provider_id
	  LEFT JOIN fulfillment.connections n ON n.merchant_id = p.merchant_id AND n.connection_id = p.connection_id
	 GROUP BY m.merchant_id, n.connector, s.unknown_code;
COMMENT ON VIEW fulfillment.unknown_codes IS
	'Codes of carriers and fulfillment centers that no table of ours explains: parcel or shipment stays as it was, the code is counted';

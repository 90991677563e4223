-- What people look at: orders, parcels, stock, and what waits for whom.
--
-- Every view reads with the rights of whoever asks, so row-level security keeps merchants apart.
-- Each begins with a small table (channels, providers, locations) that leads every key, so that a
-- filter on an id or a number alone still finds its row by index.

CREATE OR REPLACE VIEW fulfillment.order_status WITH (security_invoker = true) AS
	SELECT o.merchant_id, o.order_id, c.code AS channel, o.number, o.state::text AS state,
	       fulfillment.order_progress(o.state, q.ordered, q.cancelled, q.assigned, q.submitted, q.shipped,
	           q.delivered, q.returned, u.backordered, h.held,
	           o.state = 'invalid' OR s.trouble AND q.delivered = 0 OR a.waiting > 0 AND u.unassigned > 0,
	           u.unfillable) AS progress,
	       fulfillment.order_flags(o.state, q.ordered, q.cancelled, q.over_shipped, q.delivered, h.held,
	           o.state = 'invalid' OR s.trouble OR a.waiting > 0, r.return_open, o.promised_by,
	           s.expected_at, now()) AS flags,
	       h.holds, o.placed_at, o.promised_by, s.expected_at, q.lines, q.ordered, q.cancelled,
	       u.unassigned, CASE WHEN u.unassigned > 0 THEN o.routing_reason END AS waits_because,
	       CASE WHEN u.unassigned > 0 THEN o.next_routing_at END AS next_try_at,
	       q.assigned, q.submitted, q.shipped, q.over_shipped, q.delivered, q.returned,
	       s.shipments, a.waiting AS attention, nullif(jsonb_path_query_array(o.errors, '$[*] ? (@.severity != "note")'), '[]') AS errors, o.received_at, o.closed_at
	  FROM fulfillment.channels c
	  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
	 CROSS JOIN LATERAL (
		SELECT count(*) AS lines, coalesce(sum(l.quantity), 0) AS ordered,
		       coalesce(sum(l.cancelled), 0) AS cancelled, coalesce(sum(l.assigned), 0) AS assigned,
		       coalesce(sum(l.submitted), 0) AS submitted, coalesce(sum(l.shipped), 0) AS shipped,
		       coalesce(sum(l.over_shipped), 0) AS over_shipped,
		       coalesce(sum(l.delivered), 0) AS delivered, coalesce(sum(l.returned), 0) AS returned
		  FROM fulfillment.order_lines l
		 WHERE l.merchant_id = o.merchant_id AND l.order_id = o.order_id) q
	 CROSS JOIN LATERAL (
		SELECT open.units AS unassigned,
		       CASE WHEN o.routing_reason IN ('no_stock', 'safety_stock') THEN open.units ELSE 0 END AS backordered,
		       CASE WHEN o.routing_reason NOT IN ('no_stock', 'safety_stock', 'capacity', 'busy', 'not_before', 'held')
		            THEN open.units ELSE 0 END AS unfillable
		  FROM (SELECT CASE WHEN o.state = 'open' THEN q.ordered - q.cancelled - q.assigned ELSE 0 END) open (units)) u
	 CROSS JOIN LATERAL (
		SELECT count(*) > 0 AS held, array_agg(t.reason ORDER BY t.hold_id) AS holds
		  FROM fulfillment.holds t
		 WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id AND t.released_at IS NULL) h
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE t.state <> 'cancelled') AS shipments,
		       coalesce(bool_or(t.state IN ('attention', 'returning', 'lost')
		                        OR t.state <> 'delivered' AND t.tracking_status IN ('exception', 'returning', 'lost')),
		                false) AS trouble,
		       max(t.estimated_delivery_at) FILTER (WHERE t.state NOT IN ('cancelled', 'rejected', 'delivered')) AS expected_at
		  FROM fulfillment.shipments t
		 WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id) s
	 CROSS JOIN LATERAL (
		SELECT count(*) AS waiting FROM fulfillment.attention t
		 WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id AND t.resolved_at IS NULL) a
	 CROSS JOIN LATERAL (
		SELECT EXISTS (SELECT FROM fulfillment.returns t
		                WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id
		                  AND t.state NOT IN ('declined', 'resolved', 'cancelled', 'expired')) AS return_open) r;
COMMENT ON VIEW fulfillment.order_status IS
	'How far every order is: its state, the progress and flags derived from its lines, and what it waits for';

CREATE OR REPLACE VIEW fulfillment.shipment_status WITH (security_invoker = true) AS
	SELECT s.merchant_id, s.shipment_id, s.order_id, c.code AS channel, o.number AS order_number, s.number,
	       s.reference, p.code AS provider, p.integration, l.code AS location, v.code AS service,
	       s.state::text AS state, s.progress, s.tracking_status::text AS tracking_status,
	       CASE WHEN s.state = 'draft' AND h.held THEN 'hold'
	            WHEN s.state IN ('draft', 'queued') AND o.not_before > now() THEN 'date'
	            WHEN s.state IN ('rejected', 'attention') THEN 'person'
	            WHEN s.state IN ('draft', 'queued', 'accepted', 'cancel_requested') AND p.integration = 'manual' THEN 'person'
	            WHEN s.state IN ('draft', 'queued', 'submitting', 'unknown') THEN 'worker'
	            WHEN s.state IN ('accepted', 'cancel_requested') THEN 'provider'
	            WHEN s.state = 'shipped' THEN 'carrier'
	            WHEN s.state = 'returning' THEN 'return' END AS waits_for,
	       CASE s.state WHEN 'draft' THEN s.created_at WHEN 'queued' THEN s.created_at
	            WHEN 'accepted' THEN s.accepted_at WHEN 'cancel_requested' THEN s.stop_at
	            WHEN 'shipped' THEN s.shipped_at WHEN 'delivered' THEN s.delivered_at
	            ELSE coalesce(s.ended_at, s.submitted_at, s.created_at) END AS since,
	       s.stop::text AS stop, s.stop_at, s.stop_deadline, s.cancel_pending, s.shipped_after_cancel,
	       q.units, q.shipped_units, q.short_units, k.packages, k.tracking_numbers,
	       s.provider_reference, s.planned_cost, s.cost, s.currency::text AS currency,
	       s.created_at, s.submitted_at, s.accepted_at, s.shipped_at, s.delivered_at,
	       s.estimated_delivery_at, s.estimated_delivery_at > o.promised_by AS late,
	       s.attempt AS attempts, s.error_code, s.error_message,
	       s.confirmed_at IS NOT NULL OR s.progress IS NOT NULL OR s.shipped_at IS NOT NULL AS confirmed
	  FROM fulfillment.providers p
	  JOIN fulfillment.shipments s ON s.merchant_id = p.merchant_id AND s.provider_id = p.provider_id
	  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
	  JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
	  LEFT JOIN fulfillment.services v ON v.merchant_id = s.merchant_id AND v.service_id = s.service_id
	 CROSS JOIN LATERAL (
		SELECT coalesce(sum(t.quantity), 0) AS units, coalesce(sum(t.shipped + t.over_shipped), 0) AS shipped_units,
		       coalesce(sum(t.short), 0) AS short_units
		  FROM fulfillment.shipment_lines t
		 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id) q
	 CROSS JOIN LATERAL (
		SELECT count(*) AS packages,
		       array_agg(t.tracking_number ORDER BY t.number) FILTER (WHERE t.tracking_number IS NOT NULL) AS tracking_numbers
		  FROM fulfillment.packages t
		 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id) k
	 CROSS JOIN LATERAL (
		SELECT EXISTS (SELECT FROM fulfillment.holds t
		                WHERE t.merchant_id = s.merchant_id AND t.order_id = s.order_id
		                  AND t.released_at IS NULL) AS held) h;
COMMENT ON VIEW fulfillment.shipment_status IS
	'How far every shipment is, whose turn it is and since when, and what became of a request to stop it';

CREATE OR REPLACE VIEW fulfillment.tracking WITH (security_invoker = true) AS
	SELECT k.merchant_id, k.package_id, o.order_id, c.code AS channel, o.number AS order_number,
	       k.shipment_id, s.reference AS shipment, k.number, k.carrier, k.tracking_number, k.tracking_url,
	       k.status::text AS status, k.status_at, e.description AS last_event, e.city AS last_city,
	       e.country AS last_country, e.occurred_at AS last_event_at, e.received_at AS last_heard_at,
	       k.estimated_delivery_at, o.promised_by, k.delivered_at, k.contradictory, k.poll_at AS next_poll_at
	  FROM fulfillment.merchants m
	  JOIN fulfillment.packages k ON k.merchant_id = m.merchant_id
	  JOIN fulfillment.shipments s ON s.merchant_id = k.merchant_id AND s.shipment_id = k.shipment_id
	  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
	  JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  LEFT JOIN LATERAL (
		SELECT t.* FROM fulfillment.tracking_events t
		 WHERE t.merchant_id = k.merchant_id AND t.package_id = k.package_id
		 ORDER BY t.occurred_at DESC, t.received_at DESC LIMIT 1) e ON true;
COMMENT ON VIEW fulfillment.tracking IS 'Where every parcel is, with the newest thing its carrier said';

CREATE OR REPLACE VIEW fulfillment.attention_list WITH (security_invoker = true) AS
	SELECT a.merchant_id, a.attention_id, a.kind, a.message, a.hint, now() - a.opened_at AS age, a.times,
	       a.order_id, c.code AS channel, o.number AS order_number, a.shipment_id, s.reference AS shipment,
	       a.task_id, a.detail, a.opened_at, n.code AS connection, a.subject
	  FROM fulfillment.merchants m
	  JOIN fulfillment.attention a ON a.merchant_id = m.merchant_id
	  LEFT JOIN fulfillment.orders o ON o.merchant_id = a.merchant_id AND o.order_id = a.order_id
	  LEFT JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  LEFT JOIN fulfillment.shipments s ON s.merchant_id = a.merchant_id AND s.shipment_id = a.shipment_id
	  LEFT JOIN fulfillment.connections n ON n.merchant_id = a.merchant_id AND n.connection_id = a.connection_id
	 WHERE a.resolved_at IS NULL;
COMMENT ON VIEW fulfillment.attention_list IS 'What waits for a person, and what to do about it';

CREATE OR REPLACE VIEW fulfillment.task_queue WITH (security_invoker = true) AS
	SELECT t.merchant_id, t.task_id, c.code AS connection, c.connector, t.operation, t.subject_kind, t.subject_id,
	       t.order_id, o.number AS order_number,
	       CASE WHEN t.state = 'parked' THEN 'parked'
	            WHEN t.state = 'leased' AND t.leased_until > now() THEN 'on_the_wire'
	            WHEN t.state = 'leased' THEN 'lost'
	            WHEN c.state = 'paused' THEN 'connection_paused'
	            WHEN t.due_at > now() THEN 'later'
	            ELSE 'due' END AS status,
	       t.in_doubt, now() - t.created_at AS age, nullif(t.due_at, 'infinity') AS due_at,
	       CASE WHEN t.due_at < now() THEN now() - t.due_at ELSE '0' END AS overdue, t.attempts, t.crashes, t.leased_until, t.last_error, t.created_at
	  FROM fulfillment.connections c
	  JOIN fulfillment.tasks t ON t.merchant_id = c.merchant_id AND t.connection_id = c.connection_id
	  LEFT JOIN fulfillment.orders o ON o.merchant_id = t.merchant_id AND o.order_id = t.order_id;
COMMENT ON VIEW fulfillment.task_queue IS 'Every call that is still to be made: due, on the wire, in doubt, put off or parked, and since when';

CREATE OR REPLACE VIEW fulfillment.connection_health WITH (security_invoker = true) AS
	SELECT c.merchant_id, c.code AS connection, c.connector,
	       CASE WHEN c.state = 'paused' THEN 'paused'
	            WHEN b.breaker IS NULL THEN 'not_called'
	            WHEN b.breaker <> 'closed' THEN 'down'
	            WHEN b.failures_in_row > 0 THEN 'failing'
	            WHEN b.blocked_until IS NOT NULL THEN 'limited'
	            ELSE 'ok' END AS health,
	       c.paused_reason, b.breaker, b.open_until, b.blocked_until, b.failures_in_row, b.in_flight,
	       t.waiting, t.due, t.in_doubt, t.parked, t.oldest, b.ok, b.failed, b.refused, b.busy, b.ok_at, b.failed_at,
	       b.last_error, c.rate_per_second, c.max_concurrency, c.webhooks_refused, c.connection_id
	  FROM fulfillment.connections c
	  LEFT JOIN fulfillment.connection_state() b ON b.merchant_id = c.merchant_id AND b.connection_id = c.connection_id
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE k.state <> 'parked') AS waiting,
		       count(*) FILTER (WHERE k.state = 'ready' AND k.due_at <= now()) AS due,
		       count(*) FILTER (WHERE k.in_doubt) AS in_doubt,
		       count(*) FILTER (WHERE k.state = 'parked') AS parked, min(k.created_at) AS oldest
		  FROM fulfillment.tasks k
		 WHERE k.merchant_id = c.merchant_id AND k.connection_id = c.connection_id) t;
COMMENT ON VIEW fulfillment.connection_health IS
	'How every connection is: reached or not, limited, what waits for it; counters since the server started';

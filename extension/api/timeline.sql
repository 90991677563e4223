-- Timeline: everything about one order in the order of time: who did what, when and why.

CREATE OR REPLACE VIEW fulfillment.timeline WITH (security_invoker = true) AS
	SELECT o.merchant_id, o.order_id, c.code AS channel, o.number AS order_number, t.at, t.kind, t.what, t.who, t.why,
	       t.shipment_id, t.detail, t.id
	  FROM fulfillment.channels c
	  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
	 CROSS JOIN LATERAL (
		SELECT h.at, 'history' AS kind,
		       concat_ws(' ', h.subject_kind, CASE WHEN h.subject_kind <> 'order' THEN h.subject_id END, h.event,
		                 CASE WHEN h.from_state IS DISTINCT FROM h.to_state
		                      THEN format('(%s)', concat_ws(' -> ', h.from_state, h.to_state)) END) AS what,
		       h.actor AS who, h.cause AS why, CASE h.subject_kind WHEN 'shipment' THEN h.subject_id END AS shipment_id,
		       nullif(jsonb_strip_nulls(jsonb_build_object('before', h.before, 'after', h.after)), '{}') AS detail,
		       h.history_id AS id
		  FROM fulfillment.history h WHERE h.merchant_id = o.merchant_id AND h.order_id = o.order_id
		UNION ALL
		SELECT d.decided_at, 'decision', format('assigned at a cost of %s', d.cost), NULL, d.cause, NULL, d.chosen::jsonb,
		       d.decision_id
		  FROM fulfillment.decisions d WHERE d.merchant_id = o.merchant_id AND d.order_id = o.order_id
		UNION ALL
		SELECT m.moved_at, 'stock',
		       concat_ws(' ', m.kind, nullif(abs(m.on_hand_delta), 0), CASE m.on_hand_delta WHEN 0 THEN abs(m.reserved_delta) END,
		                 'x', i.sku, 'at', l.code),
		       m.actor, m.cause, m.shipment_id,
		       jsonb_build_object('on_hand', m.on_hand_delta, 'reserved', m.reserved_delta), m.movement_id
		  FROM fulfillment.stock_movements m
		  JOIN fulfillment.items i ON i.merchant_id = m.merchant_id AND i.item_id = m.item_id
		  JOIN fulfillment.locations l ON l.merchant_id = m.merchant_id AND l.location_id = m.location_id
		 WHERE m.merchant_id = o.merchant_id AND m.order_id = o.order_id
		UNION ALL
		SELECT k.started_at, 'call', concat_ws(' ', k.operation, k.result, CASE WHEN k.status > 0 THEN format('(%s)', k.status) END),
		       n.code, k.error, CASE k.subject_kind WHEN 'shipment' THEN k.subject_id END,
		       jsonb_strip_nulls(jsonb_build_object('method', k.method, 'url', k.url, 'attempt', k.attempt,
		                                            'timings_ms', to_jsonb(k.timings))), k.call_id
		  FROM fulfillment.calls k
		  JOIN fulfillment.connections n ON n.merchant_id = k.merchant_id AND n.connection_id = k.connection_id
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT w.created_at, 'waiting', concat_ws(' ', w.operation, 'is still to be made', CASE WHEN w.in_doubt THEN '(in doubt)' END),
		       n.code, w.last_error, CASE w.subject_kind WHEN 'shipment' THEN w.subject_id END,
		       jsonb_build_object('state', w.state, 'attempts', w.attempts, 'due_at', nullif(w.due_at, 'infinity')), w.task_id
		  FROM fulfillment.shipments s
		  JOIN fulfillment.tasks w ON w.merchant_id = s.merchant_id AND w.subject_kind = 'shipment' AND w.subject_id = s.shipment_id
		  JOIN fulfillment.connections n ON n.merchant_id = w.merchant_id AND n.connection_id = w.connection_id
		 WHERE s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		UNION ALL
		SELECT w.created_at, 'waiting', concat_ws(' ', w.operation, 'is still to be made', CASE WHEN w.in_doubt THEN '(in doubt)' END),
		       n.code, w.last_error, NULL,
		       jsonb_build_object('state', w.state, 'attempts', w.attempts, 'due_at', nullif(w.due_at, 'infinity')), w.task_id
		  FROM fulfillment.tasks w
		  JOIN fulfillment.connections n ON n.merchant_id = w.merchant_id AND n.connection_id = w.connection_id
		 WHERE w.merchant_id = o.merchant_id AND w.subject_kind = 'order' AND w.subject_id = o.order_id
		UNION ALL
		SELECT e.occurred_at, 'tracking', concat_ws(' ', k.tracking_number, e.status, e.description),
		       k.carrier, nullif(concat_ws(', ', e.city, e.country), ''), s.shipment_id,
		       jsonb_strip_nulls(jsonb_build_object('code', e.code, 'received_at', e.received_at)), k.package_id
		  FROM fulfillment.shipments s
		  JOIN fulfillment.packages k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
		  JOIN fulfillment.tracking_events e ON e.merchant_id = k.merchant_id AND e.package_id = k.package_id
		 WHERE s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		UNION ALL
		SELECT k.created_at, 'document', concat_ws(' ', k.kind, k.format, 'of', s.reference), NULL, NULL, s.shipment_id,
		       jsonb_strip_nulls(jsonb_build_object('package', k.package_number, 'bytes', length(k.content), 'url', k.url,
		                                            'voided_at', k.voided_at)), k.document_id
		  FROM fulfillment.shipments s
		  JOIN fulfillment.documents k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
		 WHERE s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		UNION ALL
		SELECT k.placed_at, 'hold', 'held until ' || coalesce(k.until::text, 'somebody releases it'), k.placed_by, k.reason,
		       NULL, NULL, k.hold_id
		  FROM fulfillment.holds k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT k.released_at, 'hold', 'released', k.released_by, k.reason, NULL, NULL, k.hold_id
		  FROM fulfillment.holds k
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id AND k.released_at IS NOT NULL
		UNION ALL
		SELECT k.opened_at, 'attention', k.message, NULL, k.hint, k.shipment_id, nullif(k.detail, '{}'), k.attention_id
		  FROM fulfillment.attention k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT k.resolved_at, 'attention', 'settled: ' || k.message, k.resolved_by, k.resolution, k.shipment_id, NULL,
		       k.attention_id
		  FROM fulfillment.attention k
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id AND k.resolved_at IS NOT NULL
		UNION ALL
		SELECT k.created_at, 'notification', k.type, NULL, NULL, k.shipment_id, k.data, k.event_id
		  FROM fulfillment.notifications k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT k.created_at, 'return', concat_ws(' ', 'return', k.kind, 'is', k.state), NULL, k.reason, k.shipment_id,
		       NULL, k.return_id
		  FROM fulfillment.returns k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT e.received_at, 'return', format('%s units came back %s: %s', e.quantity, e.condition, e.disposition),
		       e.received_by, e.reference, k.shipment_id, jsonb_build_object('line', e.line), e.receipt_id
		  FROM fulfillment.returns k
		  JOIN fulfillment.receipts e ON e.merchant_id = k.merchant_id AND e.return_id = k.return_id
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id) t;
COMMENT ON VIEW fulfillment.timeline IS
	'Everything about an order: events, decisions, stock, calls, tracking, documents, holds, attention, notifications, returns';

CREATE OR REPLACE FUNCTION fulfillment.timeline(order_id bigint,
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT at timestamptz, OUT kind text, OUT what text, OUT who text, OUT why text, OUT shipment_id bigint,
	OUT detail jsonb) RETURNS SETOF record
LANGUAGE sql STABLE
AS $$
	SELECT t.at, t.kind, t.what, t.who, t.why, t.shipment_id, t.detail
	  FROM fulfillment.timeline t
	 WHERE t.merchant_id = $2 AND t.order_id = $1
	 ORDER BY t.at, array_position('{history,hold,decision,stock}', t.kind), t.kind, t.id
$$;
COMMENT ON FUNCTION fulfillment.timeline(bigint, int) IS
	'One order from its first day to now, in the order of time: what happened, who did it and why';

-- What can be sold where, what is told to channels, and what a warehouse manager reads.

CREATE OR REPLACE VIEW fulfillment.available_stock WITH (security_invoker = true) AS
	WITH plain AS NOT MATERIALIZED (
		SELECT v.merchant_id, v.location_id, v.item_id,
		       greatest(0, v.on_hand - v.reserved - coalesce(v.safety_stock, l.safety_stock)
		           - greatest(0, coalesce(d.expected - d.reported, 0))) AS available
		  FROM fulfillment.locations l
		  JOIN fulfillment.stock_levels v ON v.merchant_id = l.merchant_id AND v.location_id = l.location_id
		  LEFT JOIN fulfillment.discrepancies d ON d.merchant_id = v.merchant_id AND d.location_id = v.location_id
		   AND d.item_id = v.item_id AND d.kind = 'snapshot' AND d.state = 'open'
		 WHERE l.active)
	SELECT p.merchant_id, p.location_id, p.item_id, p.available::bigint AS available, false AS kit
	  FROM plain p
	 WHERE NOT EXISTS (SELECT FROM fulfillment.kit_components c
	                    WHERE c.merchant_id = p.merchant_id AND c.kit_item_id = p.item_id)
	UNION ALL
	-- as many kits as the scarcest component allows; a component without stock here allows none
	SELECT k.merchant_id, l.location_id, k.kit_item_id, min(coalesce(p.available, 0) / k.quantity)::bigint, true
	  FROM fulfillment.kit_components k
	  JOIN fulfillment.locations l ON l.merchant_id = k.merchant_id AND l.active
	  LEFT JOIN plain p ON p.merchant_id = k.merchant_id AND p.location_id = l.location_id AND p.item_id = k.component_item_id
	 GROUP BY k.merchant_id, l.location_id, k.kit_item_id;
COMMENT ON VIEW fulfillment.available_stock IS
	'What may be sold of each item and kit at each location: on hand without reserved, safety stock, and what a snapshot says is missing';

CREATE OR REPLACE VIEW fulfillment.channel_stock WITH (security_invoker = true) AS
	SELECT g.merchant_id, c.code AS channel, i.sku, g.channel_sku, a.available, q.quantity, g.published, g.published_at,
	       g.read_back, g.mismatches, g.channel_id, g.listing_id, g.item_id
	  FROM fulfillment.channels c
	  JOIN fulfillment.listings g ON g.merchant_id = c.merchant_id AND g.channel_id = c.channel_id
	  JOIN fulfillment.items i ON i.merchant_id = g.merchant_id AND i.item_id = g.item_id
	 CROSS JOIN LATERAL (
		SELECT coalesce(sum(s.available), 0)::bigint AS available FROM fulfillment.available_stock s
		 WHERE s.merchant_id = g.merchant_id AND s.item_id = g.item_id) a
	 CROSS JOIN LATERAL (
		SELECT fulfillment.offered(a.available, c.stock_share, coalesce(g.stock_buffer, c.stock_buffer),
		                           c.oversell_guard) AS quantity) q;
COMMENT ON VIEW fulfillment.channel_stock IS
	'What each channel is to be told of each listing, and what it took last; published differs from quantity: a push is due';

CREATE OR REPLACE VIEW fulfillment.inventory WITH (security_invoker = true) AS
	SELECT v.merchant_id, l.code AS location, i.sku, i.name, l.inventory_mode::text AS mode, v.on_hand, v.reserved,
	       coalesce(v.safety_stock, l.safety_stock) AS safety_stock,
	       v.on_hand - v.reserved - coalesce(v.safety_stock, l.safety_stock) AS available,
	       CASE l.inventory_mode WHEN 'passive' THEN coalesce(v.reported_on_hand, v.on_hand) ELSE v.on_hand END AS displayed,
	       v.reported_on_hand AS reported, v.reported_as_of, d.open_difference, v.changed_at,
	       v.location_id, v.item_id, v.quarantine, v.damaged, coalesce(r.inbound, 0) AS inbound, r.next_inbound_at,
	       fulfillment.bar(v.on_hand - v.reserved, v.on_hand) AS free
	  FROM fulfillment.locations l
	  JOIN fulfillment.stock_levels v ON v.merchant_id = l.merchant_id AND v.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = v.merchant_id AND i.item_id = v.item_id
	 CROSS JOIN LATERAL (
		SELECT sum(t.reported - t.expected) AS open_difference FROM fulfillment.discrepancies t
		 WHERE t.merchant_id = v.merchant_id AND t.location_id = v.location_id AND t.item_id = v.item_id
		   AND t.state = 'open') d
	 CROSS JOIN LATERAL (
		SELECT sum(greatest(0, t.quantity - t.received)) AS inbound, min(t.expected_at) AS next_inbound_at
		  FROM fulfillment.expected_receipts t
		 WHERE t.merchant_id = v.merchant_id AND t.item_id = v.item_id AND t.location_id = v.location_id
		   AND t.state = 'open') r;
COMMENT ON VIEW fulfillment.inventory IS
	'Stock by location and item: what is there, what may be promised, what is to come, what the other side says';

CREATE OR REPLACE VIEW fulfillment.open_discrepancies WITH (security_invoker = true) AS
	SELECT d.merchant_id, d.discrepancy_id, l.code AS location, i.sku, i.name, d.kind, d.expected, d.reported,
	       d.reported - d.expected AS difference, d.value, i.currency::text AS currency,
	       now() - d.first_seen_at AS age, d.first_seen_at, d.last_seen_at, d.times_seen,
	       d.cause AS likely_cause, d.order_id, d.shipment_id, d.confidence,
	       CASE WHEN cardinality(d.trail) < 2 THEN 'new'
	            WHEN abs(d.trail[cardinality(d.trail)]) > abs(d.trail[1]) THEN 'growing'
	            WHEN abs(d.trail[cardinality(d.trail)]) < abs(d.trail[1]) THEN 'shrinking' ELSE 'steady' END AS trend,
	       fulfillment.sparkline(d.trail) AS curve, d.movements
	  FROM fulfillment.locations l
	  JOIN fulfillment.discrepancies d ON d.merchant_id = l.merchant_id AND d.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = d.merchant_id AND i.item_id = d.item_id
	 WHERE d.state = 'open';
COMMENT ON VIEW fulfillment.open_discrepancies IS
	'Differences between our books and what others reported that nobody has settled, with age, value and trend';

CREATE OR REPLACE VIEW fulfillment.stock_ageing WITH (security_invoker = true) AS
	SELECT q.merchant_id, l.code AS location, i.sku, i.name, q.on_hand, q.oldest_at, now() - q.oldest_at AS age,
	       q.units_30, q.units_90, q.units_180, q.units_older, q.on_hand * i.value AS value, i.currency::text AS currency,
	       fulfillment.bar(q.units_older, q.on_hand) AS old_share
	  FROM fulfillment.locations l
	  JOIN (SELECT v.merchant_id, v.location_id, v.item_id, v.on_hand, min(f.moved_at) AS oldest_at,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at > now() - interval '30 days'), 0) AS units_30,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at <= now() - interval '30 days'
	                                               AND f.moved_at > now() - interval '90 days'), 0) AS units_90,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at <= now() - interval '90 days'
	                                               AND f.moved_at > now() - interval '180 days'), 0) AS units_180,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at <= now() - interval '180 days'), 0) AS units_older
	          FROM fulfillment.stock_levels v
	         -- first in, first out: what is there came with the newest arrivals
	         CROSS JOIN LATERAL (
			SELECT m.moved_at, least(m.on_hand_delta, v.on_hand - m.behind) AS units
			  FROM (SELECT t.moved_at, t.on_hand_delta,
			               sum(t.on_hand_delta) OVER (ORDER BY t.moved_at DESC, t.movement_id DESC) - t.on_hand_delta AS behind
			          FROM fulfillment.stock_movements t
			         WHERE t.merchant_id = v.merchant_id AND t.location_id = v.location_id AND t.item_id = v.item_id
			           AND t.on_hand_delta > 0) m
			 WHERE m.behind < v.on_hand) f
	         WHERE v.on_hand > 0
	         GROUP BY v.merchant_id, v.location_id, v.item_id, v.on_hand) q
	    ON q.merchant_id = l.merchant_id AND q.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = q.merchant_id AND i.item_id = q.item_id;
COMMENT ON VIEW fulfillment.stock_ageing IS 'How long the units on hand have been there, first in, first out';

CREATE OR REPLACE VIEW fulfillment.shrinkage WITH (security_invoker = true) AS
	SELECT m.merchant_id, l.code AS location, date_trunc('month', m.moved_at)::date AS month, m.kind::text AS kind, m.cause,
	       -sum(m.on_hand_delta) FILTER (WHERE m.on_hand_delta < 0) AS lost,
	       sum(m.on_hand_delta) FILTER (WHERE m.on_hand_delta > 0) AS found,
	       sum(m.on_hand_delta * i.value) AS value,
	       fulfillment.bar(coalesce(-sum(m.on_hand_delta * i.value) FILTER (WHERE m.on_hand_delta < 0), 0),
	           max(sum(m.on_hand_delta * -i.value) FILTER (WHERE m.on_hand_delta < 0))
	               OVER (PARTITION BY m.merchant_id)) AS share
	  FROM fulfillment.locations l
	  JOIN fulfillment.stock_movements m ON m.merchant_id = l.merchant_id AND m.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = m.merchant_id AND i.item_id = m.item_id
	 WHERE m.kind IN ('adjust', 'count', 'reconcile', 'found', 'damage') AND m.on_hand_delta <> 0
	 GROUP BY m.merchant_id, l.code, date_trunc('month', m.moved_at), m.kind, m.cause;
COMMENT ON VIEW fulfillment.shrinkage IS
	'Units and value that went or turned up without being sold or bought, by location, month and cause';

CREATE OR REPLACE VIEW fulfillment.backorder_dates WITH (security_invoker = true) AS
	WITH demand AS (
		SELECT n.merchant_id, n.order_id, o.number, n.line, n.item_id, q.units, o.promised_by,
		       sum(q.units) OVER (PARTITION BY n.merchant_id, n.item_id ORDER BY o.placed_at, n.order_id, n.line) AS up_to
		  FROM fulfillment.channels c
		  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id AND o.state = 'open'
		   AND o.next_routing_at IS NOT NULL
		  JOIN fulfillment.order_lines n ON n.merchant_id = o.merchant_id AND n.order_id = o.order_id
		 CROSS JOIN LATERAL (SELECT n.quantity - n.cancelled - n.assigned AS units) q
		 WHERE q.units > 0 AND n.item_id IS NOT NULL),
	supply AS (
		SELECT r.merchant_id, r.item_id, r.expected_at, r.location_id,
		       sum(r.quantity - r.received) OVER (PARTITION BY r.merchant_id, r.item_id
		                                          ORDER BY r.expected_at, r.expected_receipt_id) AS up_to
		  FROM fulfillment.expected_receipts r
		 WHERE r.state = 'open' AND r.quantity > r.received)
	SELECT d.merchant_id, d.order_id, d.number AS order_number, d.line, i.sku, d.units, s.expected_at AS ships_from,
	       l.code AS location, d.promised_by, s.expected_at > d.promised_by AS late
	  FROM demand d
	  JOIN fulfillment.items i ON i.merchant_id = d.merchant_id AND i.item_id = d.item_id
	  LEFT JOIN LATERAL (
		SELECT t.expected_at, t.location_id FROM supply t
		 WHERE t.merchant_id = d.merchant_id AND t.item_id = d.item_id AND t.up_to >= d.up_to
		 ORDER BY t.up_to LIMIT 1) s ON true
	  LEFT JOIN fulfillment.locations l ON l.merchant_id = d.merchant_id AND l.location_id = s.location_id;
COMMENT ON VIEW fulfillment.backorder_dates IS
	'When units that wait for stock can go, from the expected receipts, oldest order first; ships_from NULL: nothing announced covers them';

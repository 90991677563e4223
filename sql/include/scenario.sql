-- What the scenario tests share: a merchant with two locations that are worked by hand, and
-- functions that show orders by number, so that no id comes into expected output.
--
--   \set merchant 50
--   \getenv sources PG_ABS_SRCDIR
--   \set setup :sources '/sql/include/scenario.sql'
--   \i :setup
--
-- NEAR is cheaper than FAR.  pg_temp.broken() at the end of a test answers every invariant that
-- does not hold.
\set ECHO none
\set QUIET on
\pset format aligned
SET client_min_messages = warning;
SET timezone = 'UTC';
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (:merchant, 'm' || :merchant, 'Test');
SET fulfillment.merchant_id = :merchant;
INSERT INTO fulfillment.channels (code, name, currency) VALUES ('shop', 'Shop', 'EUR');
INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('post', 'Post', 'carrier', 'manual');
INSERT INTO fulfillment.locations (code, name, country, handling_cost)
VALUES ('NEAR', 'Near', 'DE', 1), ('FAR', 'Far', 'DE', 5);
INSERT INTO fulfillment.items (sku, name, weight_g, value)
VALUES ('A', 'Item A', 100, 10), ('B', 'Item B', 100, 20), ('C', 'Item C', 100, 30);

-- An order document: lines are {"A": 2, "B": 1} or an array as the document has it.
CREATE FUNCTION pg_temp.document(number text, lines jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object(
		'channel', 'shop', 'number', $1, 'currency', 'EUR', 'placed_at', '2026-01-05T09:00:00Z',
		'ship_to', '{"name": "Ada", "street1": "Weg 1", "city": "Mainz", "postcode": "55116", "country": "DE"}'::jsonb,
		'lines', CASE jsonb_typeof($2) WHEN 'object' THEN
			(SELECT jsonb_agg(jsonb_build_object('line', n, 'sku', key, 'quantity', value, 'unit_price', 10) ORDER BY n)
			   FROM jsonb_each($2) WITH ORDINALITY AS e (key, value, n))
			ELSE $2 END) || $3
$$;
-- Submits it and answers what submit_orders says.
CREATE FUNCTION pg_temp.submit(number text, lines jsonb, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT outcome FROM fulfillment.submit_orders(jsonb_build_array(pg_temp.document($1, $2, $3)))
$$;
CREATE FUNCTION pg_temp.id(number text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT order_id FROM fulfillment.orders o WHERE merchant_id = fulfillment.current_merchant() AND o.number = $1
$$;
-- The id of an order's shipment, by its number in the order.
CREATE FUNCTION pg_temp.id(number text, shipment int) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT shipment_id FROM fulfillment.shipments s
	 WHERE merchant_id = fulfillment.current_merchant() AND order_id = pg_temp.id($1) AND s.number = $2
$$;

-- One row an order, a line, a shipment; the newest facts of each.
CREATE FUNCTION pg_temp.show(numbers text DEFAULT '%')
RETURNS TABLE (number text, state text, progress text, flags text[], waits text, version bigint, attention text[])
LANGUAGE sql AS $$
	SELECT s.number, s.state, s.progress, s.flags, s.waits_because, o.version,
	       (SELECT array_agg(a.kind || CASE WHEN a.times > 1 THEN ' ×' || a.times ELSE '' END ORDER BY a.kind)
	          FROM fulfillment.attention_list a WHERE a.merchant_id = s.merchant_id AND a.order_id = s.order_id)
	  FROM fulfillment.order_status s JOIN fulfillment.orders o USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND s.number LIKE $1 ORDER BY order_id
$$;
CREATE FUNCTION pg_temp.lines(numbers text)
RETURNS TABLE (number text, line int, sku text, quantity int, cancelled int, assigned int, submitted int, shipped int,
               over int, delivered int) LANGUAGE sql AS $$
	SELECT o.number, l.line, l.sku, l.quantity, l.cancelled, l.assigned, l.submitted, l.shipped, l.over_shipped, l.delivered
	  FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.number LIKE $1 ORDER BY order_id, l.line
$$;
CREATE FUNCTION pg_temp.shipments(numbers text)
RETURNS TABLE (number text, shipment int, location text, state text, stop text, lines text, tracking text)
LANGUAGE sql AS $$
	SELECT o.number, s.number, l.code, s.state, s.stop,
	       (SELECT string_agg(format('%s×%s', n.quantity - n.short, i.sku)
	                          || CASE WHEN n.shipped > 0 THEN format(', %s shipped', n.shipped) ELSE '' END
	                          || CASE WHEN n.over_shipped > 0 THEN format(', %s over', n.over_shipped) ELSE '' END,
	                          '; ' ORDER BY n.line)
	          FROM fulfillment.shipment_lines n JOIN fulfillment.items i USING (merchant_id, item_id)
	         WHERE n.merchant_id = s.merchant_id AND n.shipment_id = s.shipment_id),
	       (SELECT string_agg(format('%s:%s %s', p.number, p.tracking_number, p.status), ', ' ORDER BY p.number)
	          FROM fulfillment.packages p WHERE p.merchant_id = s.merchant_id AND p.shipment_id = s.shipment_id)
	  FROM fulfillment.orders o JOIN fulfillment.shipments s USING (merchant_id, order_id)
	  JOIN fulfillment.locations l USING (merchant_id, location_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.number LIKE $1 ORDER BY order_id, s.number
$$;
CREATE FUNCTION pg_temp.stock() RETURNS TABLE (location text, sku text, on_hand int, reserved int) LANGUAGE sql AS $$
	SELECT l.code, i.sku, s.on_hand, s.reserved FROM fulfillment.stock_levels s
	  JOIN fulfillment.locations l USING (merchant_id, location_id) JOIN fulfillment.items i USING (merchant_id, item_id)
	 WHERE merchant_id = fulfillment.current_merchant() ORDER BY l.location_id, i.sku
$$;
CREATE FUNCTION pg_temp.without_ids(message text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace(regexp_replace($1, '\m(order|shipment|hold|return|Order|Shipment|Return) \d+', '\1 #', 'g'),
	                      '\mF[0-9A-Z]+-[\d-]*(?=-\d)|(?<=[(])\d+(?=[,)])', '#', 'g')
$$;
-- What history says of an order: subject, event, states and why.
CREATE FUNCTION pg_temp.history(number text) RETURNS TABLE (what text, cause text) LANGUAGE sql AS $$
	SELECT format('%s %s: %s → %s', h.subject_kind, h.event, h.from_state, h.to_state),
	       pg_temp.without_ids(h.cause)
	  FROM fulfillment.history h
	 WHERE h.merchant_id = fulfillment.current_merchant() AND h.order_id = pg_temp.id($1) ORDER BY h.history_id
$$;
-- Movements of an order's stock, in their order.
CREATE FUNCTION pg_temp.ledger(number text)
RETURNS TABLE (location text, sku text, kind text, on_hand int, reserved int, cause text) LANGUAGE sql AS $$
	SELECT l.code, i.sku, m.kind, m.on_hand_delta, m.reserved_delta, pg_temp.without_ids(m.cause)
	  FROM fulfillment.stock_movements m
	  JOIN fulfillment.locations l USING (merchant_id, location_id) JOIN fulfillment.items i USING (merchant_id, item_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND m.order_id = pg_temp.id($1) ORDER BY m.movement_id
$$;

-- Rows of everything a refused call must not touch.
CREATE FUNCTION pg_temp.rows() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	rows jsonb := '{}';
	name text;
	sum text;
BEGIN
	FOREACH name IN ARRAY '{orders,order_lines,holds,shipments,shipment_lines,packages,tracking_events,returns,
		stock_levels,stock_movements,discrepancies,items,tasks,attention,notifications,history,decisions,
		location_days}'::text[]
	LOOP
		EXECUTE format('SELECT coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), ''none'')
		                  FROM fulfillment.%I t WHERE merchant_id = fulfillment.current_merchant()', name) INTO sum;
		rows := rows || jsonb_build_object(name, sum);
	END LOOP;
	RETURN rows;
END
$$;
-- How a statement is refused; "CHANGED" would say that something was written all the same.
CREATE FUNCTION pg_temp.refused(statement text) RETURNS TABLE (code text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
DECLARE
	before jsonb := pg_temp.rows();
BEGIN
	BEGIN
		EXECUTE statement;
		RAISE EXCEPTION 'TAKEN';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
			hint = PG_EXCEPTION_HINT;
		message := left(pg_temp.without_ids(message), 120) || CASE WHEN before = pg_temp.rows() THEN '' ELSE ' CHANGED' END;
		detail := left(pg_temp.without_ids(detail), 160);
		hint := pg_temp.without_ids(hint);
		RETURN NEXT;
	END;
END
$$;

-- Everything that must always hold; no rows when it does.
CREATE FUNCTION pg_temp.broken() RETURNS TABLE (law text, what text) LANGUAGE sql AS $$
	SELECT 'stock is what ledger and shipments say', c::text FROM fulfillment.check_stock() c
	UNION ALL
	SELECT 'units are never both assigned and cancelled, nor more than ordered',
	       format('%s line %s', o.number, l.line)
	  FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant()
	   AND (l.assigned + l.cancelled > l.quantity OR l.shipped > l.assigned)
	UNION ALL
	SELECT 'what shipments hold or have shipped is what lines say',
	       format('%s line %s: %s of %s held, %s of %s left', o.number, l.line, h.units, l.quantity, h.gone, l.shipped + l.over_shipped)
	  FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id)
	 CROSS JOIN LATERAL (
		SELECT coalesce(sum(n.quantity - n.short), 0) AS units, coalesce(sum(n.shipped + n.over_shipped), 0) AS gone,
		       bool_or(s.state IN ('draft', 'queued')) AS stoppable
		  FROM fulfillment.shipment_lines n JOIN fulfillment.shipments s USING (merchant_id, shipment_id)
		 WHERE n.merchant_id = l.merchant_id AND n.order_id = l.order_id AND n.line = l.line
		   AND s.state NOT IN ('cancelled', 'rejected', 'cancel_requested') AND NOT s.cancel_pending) h
	 WHERE merchant_id = fulfillment.current_merchant()
	   AND (h.units > l.quantity AND h.stoppable OR h.gone <> l.shipped + l.over_shipped)
	UNION ALL
	SELECT 'an order that is over holds no stock', o.number
	  FROM fulfillment.orders o JOIN fulfillment.shipments s USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.state IN ('cancelled', 'closed')
	   AND s.state NOT IN ('cancelled', 'shipped', 'delivered', 'returning', 'lost')
	UNION ALL
	SELECT 'units that nothing holds wait for a day or a reason', o.number
	  FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.state = 'open'
	   AND l.assigned + l.cancelled < l.quantity AND o.next_routing_at IS NULL
	   AND NOT EXISTS (SELECT FROM fulfillment.holds h WHERE h.merchant_id = o.merchant_id
	                      AND h.order_id = o.order_id AND h.released_at IS NULL)
	UNION ALL
	SELECT 'every unit of a cancelled order is cancelled or left', o.number
	  FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND o.state = 'cancelled'
	   AND l.cancelled + l.shipped < l.quantity
	UNION ALL
	SELECT 'an order that is over waits for nothing', o.number
	  FROM fulfillment.orders o
	 WHERE merchant_id = fulfillment.current_merchant() AND o.state IN ('cancelled', 'closed')
	   AND o.next_routing_at IS NOT NULL
	UNION ALL
	SELECT 'slots of the day are those of its shipments', format('%s %s', l.code, d.day)
	  FROM fulfillment.location_days d JOIN fulfillment.locations l USING (merchant_id, location_id)
	 WHERE merchant_id = fulfillment.current_merchant() AND d.used <>
	       (SELECT count(*) FROM fulfillment.shipments s WHERE s.merchant_id = d.merchant_id
	           AND s.location_id = d.location_id AND s.capacity_day = d.day
	           AND s.state NOT IN ('cancelled', 'rejected'))
$$;
RESET client_min_messages;
\set QUIET off
\set ECHO all

-- What the sessions of the storm do (tests/tap/043_storm.pl), in schema "shop" of FulfillmentSessions.
INSERT INTO fulfillment.locations (code, name, country, handling_cost, daily_capacity, cutoff, working_days)
VALUES ('MID', 'Middle', 'DE', 2, 100, '23:59:59', '{1,2,3,4,5,6,7}');
INSERT INTO fulfillment.items (sku, name, weight_g, value) VALUES ('D', 'Item D', 100, 40), ('E', 'Item E', 100, 50);
SELECT count(fulfillment.receive_stock(l, s, 120)) FROM unnest('{NEAR,FAR,MID}'::text[]) l, unnest('{A,B,C,D,E}'::text[]) s;
CREATE TABLE shop.acts (act text NOT NULL, code text, message text);

-- One of the orders or shipments that are there, the newest rather than the oldest.
CREATE FUNCTION shop.some_order(r int) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT order_id FROM (SELECT order_id, row_number() OVER (ORDER BY order_id DESC) AS n FROM fulfillment.orders
	                       WHERE merchant_id = 60 ORDER BY order_id DESC LIMIT 60) o
	 ORDER BY (n * 7919 + $1) % 101 LIMIT 1
$$;
CREATE FUNCTION shop.some_shipment(r int, states text[]) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT shipment_id FROM (SELECT shipment_id, row_number() OVER (ORDER BY shipment_id DESC) AS n FROM fulfillment.shipments
	                          WHERE merchant_id = 60 AND state = ANY ($2) ORDER BY shipment_id DESC LIMIT 60) s
	 ORDER BY (n * 7919 + $1) % 101 LIMIT 1
$$;
-- One to three lines, quantities that sometimes no location has alone.
CREATE FUNCTION shop.some_lines(r int, size int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_agg(jsonb_build_object('line', n, 'sku', substr('ABCDE', 1 + ($1 / n) % 5, 1), 'quantity', 1 + ($1 / (7 * n)) % $2, 'unit_price', 10))
	  FROM generate_series(1, 1 + $1 % 3) n
$$;
-- What a warehouse reports of a shipment: all, one unit of its first line, or one too many.
CREATE FUNCTION shop.some_packages(shipment bigint, r int) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_array(jsonb_build_object('tracking_number', 'T' || $1, 'lines', jsonb_build_array(jsonb_build_object(
	         'line', line, 'quantity', CASE WHEN $2 % 3 = 0 THEN quantity - short + 1 ELSE 1 END))))
	  FROM fulfillment.shipment_lines WHERE merchant_id = 60 AND shipment_id = $1 AND $2 % 4 > 0 ORDER BY line LIMIT 1
$$;
CREATE FUNCTION shop.some_location(r int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT ('{NEAR,FAR,MID}'::text[])[1 + $1 % 3]
$$;

-- What of a thousand chances becomes which act.
CREATE FUNCTION shop.statement(what int, a int, b int, c int, OUT act text, OUT statement text) LANGUAGE plpgsql AS $$
DECLARE
	at_hand text[] := '{queued,accepted,draft}';
	shipment bigint;
BEGIN
	SELECT name INTO act FROM (VALUES
		(220, 'submit'), (260, 'submit many'), (320, 'newer version'), (380, 'cancel'), (440, 'cancel a part'), (480, 'hold'), (520, 'release'),
		(600, 'progress'), (720, 'ship'), (760, 'short'), (790, 'cancel shipment'), (830, 'stop answered'), (850, 'undo'), (870, 'track'),
		(890, 'receive'), (910, 'transfer'), (930, 'adjust'), (945, 'count'), (960, 'move'), (985, 'wave'), (1000, 'clock')) c (upto, name)
	 WHERE what <= upto ORDER BY upto LIMIT 1;
	shipment := shop.some_shipment(a, CASE act WHEN 'stop answered' THEN '{cancel_requested,accepted}' WHEN 'undo' THEN '{shipped}'
		WHEN 'track' THEN '{shipped,accepted}' WHEN 'ship' THEN at_hand || (CASE WHEN b % 9 = 0 THEN '{cancelled,shipped}' ELSE '{}' END)::text[]
		ELSE at_hand END);
	statement := CASE act
		WHEN 'submit' THEN format('fulfillment.submit_order(shop.document(%L, %L, %L))', 'S' || a || b, shop.some_lines(c, 6),
			jsonb_strip_nulls(jsonb_build_object('ship_complete', a % 7 = 0, 'payment', jsonb_build_object('state', CASE WHEN a % 11 = 0 THEN 'pending' END))))
		WHEN 'submit many' THEN (SELECT format('count(*) FROM fulfillment.submit_orders(%L)', jsonb_agg(shop.document('M' || (a + n * b) % 40, shop.some_lines(c + n, 4),
			jsonb_build_object('version', c % 1000)))) FROM generate_series(1, 6) n)
		WHEN 'newer version' THEN (SELECT format('fulfillment.submit_order(%L)', document || jsonb_build_object('version', version + 1, 'lines', shop.some_lines(c, 5),
			'hold', c % 9 = 0, 'payment', '{"state": "authorized"}'::jsonb)) FROM fulfillment.orders WHERE merchant_id = 60 AND order_id = shop.some_order(a))
		WHEN 'cancel' THEN format('fulfillment.cancel_order(%s)', shop.some_order(a))
		WHEN 'cancel a part' THEN (SELECT format('fulfillment.cancel_order(%s, NULL, %L)', order_id, jsonb_build_array(jsonb_build_object('line', line, 'quantity', 1)))
			FROM fulfillment.order_lines WHERE merchant_id = 60 AND order_id = shop.some_order(a) ORDER BY line LIMIT 1)
		WHEN 'hold' THEN format('fulfillment.hold_order(%s, ''storm'', now() + interval ''%s ms'')', shop.some_order(a), b % 3000)
		WHEN 'release' THEN format('fulfillment.release_order(%s)', shop.some_order(a))
		WHEN 'progress' THEN format('fulfillment.report_progress(%s, ''picking'')', shipment)
		WHEN 'ship' THEN format('fulfillment.confirm_shipment(%s, %L)', shipment, shop.some_packages(shipment, c))
		WHEN 'short' THEN (SELECT format('fulfillment.report_short(%s, %L)', shipment, jsonb_agg(jsonb_build_object('line', line, 'quantity', 1)))
			FROM fulfillment.shipment_lines WHERE merchant_id = 60 AND shipment_id = shipment)
		WHEN 'cancel shipment' THEN format('fulfillment.cancel_shipment(%s)', shipment)
		WHEN 'stop answered' THEN format('fulfillment.report_stop(%s, %L)', shipment, b % 3 > 0)
		WHEN 'undo' THEN format('fulfillment.undo_shipment(%s)', shipment)
		WHEN 'track' THEN format('fulfillment.report_tracking(%L, %L)', 'T' || shipment, jsonb_build_array(jsonb_build_object('status',
			(ARRAY['in_transit', 'delivered', 'exception'])[1 + b % 3])))
		WHEN 'receive' THEN format('fulfillment.receive_stock(%L, %L, %s)', shop.some_location(a), substr('ABCDE', 1 + b % 5, 1), 1 + c % 150)
		WHEN 'transfer' THEN format('fulfillment.transfer_stock(%L, %L, %L, %s)', shop.some_location(a), shop.some_location(a + 1), substr('ABCDE', 1 + b % 5, 1), 1 + c % 5)
		WHEN 'adjust' THEN format('fulfillment.adjust_stock(%L, %L, %s, ''storm'')', shop.some_location(a), substr('ABCDE', 1 + b % 5, 1), c % 9 - 4)
		WHEN 'count' THEN format('fulfillment.count_stock(%L, %L, %s)', shop.some_location(a), substr('ABCDE', 1 + b % 5, 1), c % 60)
		WHEN 'move' THEN format('fulfillment.move_shipment(%s, %L)', shipment, shop.some_location(b))
		WHEN 'wave' THEN 'fulfillment.assign_orders()'
		WHEN 'clock' THEN 'fulfillment.expire_due(20)'
	END;
	-- while there is no order or shipment of the kind
	IF statement ~ '[(](,|[)])' AND act <> 'wave' THEN
		statement := NULL;
	END IF;
END
$$;

-- One act.  Refusals of class OF are answers; anything else is a fault that the test shows, and a
-- deadlock ends the session.
CREATE FUNCTION shop.act(what int, a int, b int, c int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text;
	statement text;
	error_code text;
	error text;
BEGIN
	SELECT s.act, s.statement INTO name, statement FROM shop.statement(what, a, b, c) s;
	BEGIN
		IF statement IS NULL THEN
			RETURN;
		END IF;
		EXECUTE 'SELECT ' || statement;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, error = MESSAGE_TEXT;
		IF error_code = '40P01' THEN
			RAISE;
		END IF;
	END;
	INSERT INTO shop.acts VALUES (name, error_code, error);
END
$$;

-- Brings everything to its end.  Each step commits, as it would in life.
CREATE PROCEDURE shop.calm() LANGUAGE plpgsql AS $$
DECLARE
	row record;
BEGIN
	UPDATE fulfillment.locations SET daily_capacity = NULL WHERE merchant_id = 60;
	UPDATE fulfillment.providers SET assume_delivered_after = '1 second' WHERE merchant_id = 60;
	UPDATE fulfillment.orders SET payment = '{}' WHERE merchant_id = 60;
	PERFORM fulfillment.receive_stock(l, s, 100000) FROM unnest('{NEAR,FAR,MID}'::text[]) l, unnest('{A,B,C,D,E}'::text[]) s;
	COMMIT;
	PERFORM fulfillment.release_order(order_id) FROM fulfillment.orders o WHERE merchant_id = 60 AND state = 'open'
	   AND EXISTS (SELECT FROM fulfillment.holds h WHERE h.merchant_id = 60 AND h.order_id = o.order_id AND h.released_at IS NULL);
	COMMIT;
	FOR round IN 1 .. 5 LOOP
		UPDATE fulfillment.orders SET next_routing_at = now() WHERE merchant_id = 60 AND next_routing_at > now();
		PERFORM fulfillment.assign_orders(100000);
		COMMIT;
		FOR row IN SELECT shipment_id, state FROM fulfillment.shipments WHERE merchant_id = 60
		            AND state IN ('draft', 'queued', 'accepted', 'cancel_requested') ORDER BY order_id LOOP
			IF row.state = 'cancel_requested' THEN
				PERFORM fulfillment.report_stop(row.shipment_id, true);
			ELSE
				PERFORM fulfillment.confirm_shipment(row.shipment_id, NULL, now() - interval '1 minute');
			END IF;
			COMMIT;
		END LOOP;
	END LOOP;
	UPDATE fulfillment.shipments SET shipped_at = now() - interval '1 minute' WHERE merchant_id = 60 AND state = 'shipped';
	COMMIT;
	WHILE fulfillment.expire_due(1000) > 0 LOOP
		COMMIT;
	END LOOP;
END
$$;

-- What people changed here stays when the channel sends a newer version that did not change it.

INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (61, 'merge', 'Merge');
SET fulfillment.merchant_id = 61;
INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('hand', 'By hand', 'carrier', 'manual');
INSERT INTO fulfillment.locations (code, name, country) VALUES ('one', 'One', 'SE');
INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('MUG', 'Mug', 400);
INSERT INTO fulfillment.channels (code, name) VALUES ('shop', 'Shop');
SELECT fulfillment.receive_stock('one', 'MUG', 10);

CREATE FUNCTION pg_temp.version_of(version int, street text, note text) RETURNS text LANGUAGE sql AS $$
	SELECT outcome FROM fulfillment.submit_orders(jsonb_build_array(jsonb_build_object('channel', 'shop', 'number', '1',
		'version', version, 'email', note, 'ship_to', jsonb_build_object('name', 'Eva Ek', 'street1', street, 'city', 'Malmö',
		'country', 'SE'), 'lines', '[{"line": 1, "sku": "MUG", "quantity": 2}]'::jsonb)))
$$;

-- No postcode: parked, then corrected by hand.
SELECT pg_temp.version_of(1, 'Storgatan 1', 'a@example.com');
SELECT fulfillment.edit_order(order_id, '{"ship_to": {"postcode": "21122", "street1": "Storgatan 1 B"}}') FROM fulfillment.orders
 WHERE merchant_id = 61;

-- The channel changed the e-mail only: the correction stays, and the order goes on.
SELECT pg_temp.version_of(2, 'Storgatan 1', 'b@example.com');
SELECT state, version, email, ship_to ->> 'street1' AS street1, ship_to ->> 'postcode' AS postcode
  FROM fulfillment.orders WHERE merchant_id = 61;

-- The channel changed the street: its word counts for that, ours for the postcode.
SELECT pg_temp.version_of(3, 'Kungsgatan 7', 'b@example.com');
SELECT state, version, email, ship_to ->> 'street1' AS street1, ship_to ->> 'postcode' AS postcode
  FROM fulfillment.orders WHERE merchant_id = 61;
SELECT count(*) AS holds FROM fulfillment.holds WHERE merchant_id = 61 AND released_at IS NULL;
SELECT * FROM fulfillment.check_stock();

-- A channel whose lines count only what is left to ship: what has left since is no smaller wish.
CREATE FUNCTION pg_temp.left_of(version int, lines jsonb, shipped jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT outcome FROM fulfillment.submit_orders(jsonb_build_array(jsonb_build_object('channel', 'shop', 'number', '2',
		'version', version, 'ship_to', '{"name": "Eva Ek", "street1": "Storgatan 1", "city": "Lund", "postcode": "22100", "country": "SE"}'::jsonb,
		'lines', (SELECT jsonb_agg(jsonb_build_object('channel_line_id', key, 'sku', 'MUG', 'quantity', value) ORDER BY key)
		            FROM jsonb_each(lines)),
		'shipped', (SELECT jsonb_agg(jsonb_build_object('channel_line_id', key, 'quantity', value)) FROM jsonb_each(shipped)))))
$$;
CREATE FUNCTION pg_temp.units() RETURNS text LANGUAGE sql AS $$
	SELECT o.state || ': ' || string_agg(format('%s %s wanted, %s cancelled', channel_line_id, quantity, cancelled), '; ' ORDER BY line)
	  FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id)
	 WHERE o.merchant_id = 61 AND o.number = '2' GROUP BY o.state
$$;
-- One of four was shipped by somebody else before; that is not ours.
SELECT pg_temp.left_of(1, '{"a": 3, "b": 1}', '{"a": 1}');
SELECT pg_temp.units();
-- Two more of a and all of b have left: nothing changes.
SELECT pg_temp.left_of(2, '{"a": 1}', '{"a": 3, "b": 1}');
SELECT pg_temp.units();
-- All but one are gone, and one of a is no longer wanted.
SELECT pg_temp.left_of(3, '{"a": 0}', '{"a": 3, "b": 1}');
SELECT pg_temp.units();
-- A line is added.
SELECT pg_temp.left_of(4, '{"c": 2}', '{"a": 3, "b": 1}');
SELECT pg_temp.units();

RESET fulfillment.merchant_id;

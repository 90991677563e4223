-- Kits: an order of a kit is an order of its parts, which are kept together kit by kit.
\set merchant 158
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
INSERT INTO fulfillment.items (sku, name, weight_g, value) VALUES ('SET', 'Set', 0, 0), ('OTHER', 'Other set', 0, 0);
INSERT INTO fulfillment.kit_components (kit_item_id, component_item_id, quantity)
SELECT k.item_id, p.item_id, v.quantity
  FROM (VALUES ('SET', 'A', 1), ('SET', 'B', 2), ('OTHER', 'B', 1), ('OTHER', 'C', 1)) AS v (kit, part, quantity)
  JOIN fulfillment.items k ON k.sku = v.kit JOIN fulfillment.items p ON p.sku = v.part
 WHERE k.merchant_id = 158 AND p.merchant_id = 158;
SELECT fulfillment.receive_stock(l, s, q) FROM (VALUES ('NEAR', 'A', 10), ('NEAR', 'B', 6), ('FAR', 'A', 10), ('FAR', 'B', 30),
	('NEAR', 'C', 50)) AS v (l, s, q);
CREATE FUNCTION pg_temp.kits(number text)
RETURNS TABLE (kit int, kit_sku text, sku text, lot int, quantity int, cancelled int, shipped int, unit_price numeric, channel_line_id text)
LANGUAGE sql AS $$
	SELECT kit_line, kit_sku, sku, lot, quantity, cancelled, shipped, unit_price, channel_line_id
	  FROM fulfillment.order_lines WHERE merchant_id = 158 AND order_id = pg_temp.id($1) ORDER BY line
$$;
\set ECHO all

-- Four kits: NEAR has parts of three, so one comes from FAR, whole; the price is shared by the parts' values.
SELECT pg_temp.submit('K1', '[{"line": 1, "sku": "SET", "quantity": 4, "unit_price": 100, "channel_line_id": "k"},
	{"line": 2, "sku": "C", "quantity": 1, "unit_price": 5}]');
SELECT * FROM pg_temp.kits('K1');
SELECT shipment, location, lines FROM pg_temp.shipments('K1');
SELECT rank, location, lines FROM fulfillment.simulate_assignment(
	pg_temp.document('K0', '[{"sku": "SET", "quantity": 2}]'), '2026-01-05 09:00+00') WHERE rank = 1 ORDER BY location;

-- A kit that no location has whole waits, though its parts are there.
SELECT pg_temp.submit('K2', '[{"sku": "OTHER", "quantity": 1}]');
SELECT number, progress, waits FROM pg_temp.show('K2');
SELECT fulfillment.receive_stock('NEAR', 'B', 1) > 0 AS received;
UPDATE fulfillment.orders SET next_routing_at = now() WHERE merchant_id = 158 AND number = 'K2';
SELECT fulfillment.assign_orders();
SELECT shipment, location, lines FROM pg_temp.shipments('K2');

-- Kits are cancelled by the line that ordered them.
SELECT fulfillment.cancel_order(pg_temp.id('K1'), 'one less', '[{"line": 1, "quantity": 1}]');
SELECT * FROM pg_temp.kits('K1');
SELECT shipment, location, state, lines FROM pg_temp.shipments('K1');
SELECT message FROM pg_temp.refused(format('SELECT fulfillment.cancel_order(%s, NULL, %L)', pg_temp.id('K1'), '[{"line": 1, "quantity": 4}]'));

-- A newer version changes the number of kits, whatever became of the kit since, and wherever its line stands now.
UPDATE fulfillment.kit_components k SET quantity = 3 FROM fulfillment.items i
 WHERE k.merchant_id = 158 AND i.merchant_id = 158 AND k.component_item_id = i.item_id AND i.sku = 'B' AND k.quantity = 2;
SELECT pg_temp.submit('K1', '[{"line": 1, "sku": "C", "quantity": 1, "unit_price": 5},
	{"line": 2, "sku": "SET", "quantity": 5, "unit_price": 100, "channel_line_id": "k"}]', '{"version": 2}');
SELECT * FROM pg_temp.kits('K1');
SELECT location, string_agg(lines, ' + ' ORDER BY shipment) FROM pg_temp.shipments('K1') WHERE state <> 'cancelled' GROUP BY 1 ORDER BY 1;

-- The line becomes another kit: its own parts go, the other's come; B is in both and is no line of the first.
SELECT pg_temp.submit('K3', '[{"line": 1, "sku": "SET", "quantity": 1}]');
SELECT pg_temp.submit('K3', '[{"line": 1, "sku": "OTHER", "quantity": 2}]', '{"version": 2}');
SELECT kit, kit_sku, sku, lot, quantity, cancelled FROM pg_temp.kits('K3');
SELECT pg_temp.submit('K3', '[{"line": 1, "sku": "C", "quantity": 1}]', '{"version": 3}');
SELECT kit, kit_sku, sku, lot, quantity, cancelled FROM pg_temp.kits('K3');

-- An item that becomes a kit later stays an item in orders that have it.
INSERT INTO fulfillment.items (sku, name) VALUES ('LATER', 'Later a kit');
SELECT fulfillment.receive_stock('NEAR', 'LATER', 5) > 0 AS received;
SELECT pg_temp.submit('K4', '[{"sku": "LATER", "quantity": 1}]');
INSERT INTO fulfillment.kit_components (kit_item_id, component_item_id, quantity)
SELECT k.item_id, p.item_id, 2 FROM fulfillment.items k JOIN fulfillment.items p USING (merchant_id)
 WHERE merchant_id = 158 AND k.sku = 'LATER' AND p.sku = 'C';
SELECT pg_temp.submit('K4', '[{"sku": "LATER", "quantity": 2}]', '{"version": 2}');
SELECT kit, sku, quantity, cancelled FROM pg_temp.kits('K4');

-- One unit that is short breaks a kit; what is left of it goes as it can.
SELECT pg_temp.submit('K5', '[{"sku": "SET", "quantity": 1}]');
SELECT shipment, location, lines FROM pg_temp.shipments('K5');
SELECT fulfillment.report_progress(pg_temp.id('K5', 1), 'picking');
SELECT fulfillment.receive_stock('NEAR', 'B', 1) > 0 AS received;
SELECT fulfillment.report_short(pg_temp.id('K5', 1), (SELECT jsonb_build_array(jsonb_build_object('line', line, 'quantity', 1))
	FROM fulfillment.order_lines WHERE merchant_id = 158 AND order_id = pg_temp.id('K5') AND sku = 'B'));
UPDATE fulfillment.orders SET next_routing_at = now() WHERE merchant_id = 158 AND number = 'K5';
SELECT fulfillment.assign_orders();
SELECT shipment, location, lines FROM pg_temp.shipments('K5');

-- Too many units, no numbers left.
SELECT outcome, error FROM fulfillment.submit_orders(jsonb_build_array(
	pg_temp.document('K6', '[{"sku": "SET", "quantity": 500000}]'),
	pg_temp.document('K7', '[{"sku": "SET", "line": 2147483647, "quantity": 1}]')));
SELECT * FROM pg_temp.broken();

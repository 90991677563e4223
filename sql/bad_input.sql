-- What bad input gets: a typed error that names the field, and nothing changed.
\set merchant 54
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
SELECT fulfillment.receive_stock('NEAR', 'A', 100);
SELECT pg_temp.submit('good', '{"A": 2}');

-- Not stored at all: what is no order, or names no order.
SELECT input, r.code, r.message, r.detail FROM (VALUES
	('"text"'), ('7'), ('null'), ('[]'), ('[{}]'), ('{}'),
	('{"channel": "shop"}'), ('{"number": "1"}'), ('{"channel": "nowhere", "number": "1", "lines": []}'),
	('{"channel": 7, "number": "1"}'), ('{"channel": "shop", "number": {}}'), ('{"channel": "shop", "number": ""}'),
	('{"channel": "shop", "number": "a\u0007b"}'), ('{"channel": "shop", "number": "1", "version": -1}'),
	('{"channel": "shop", "number": "1", "version": 1e30}'), ('{"channel": "shop", "number": "1", "lines": "x"}'),
	('{"channel": "shop", "number": "1", "ship_to": 7}'), ('{"channel": "shop", "number": "1", "ship_complete": "maybe"}')) v (input),
	pg_temp.refused(format('SELECT fulfillment.submit_order(%L)', input)) r;
-- What is no JSON, or no text, PostgreSQL itself refuses.
SELECT r.code, r.message FROM unnest(ARRAY['''{"channel": '' ', '''{"channel": "shop", "number": "a\u0000b"}''', '''{"channel": "shop", "number": "\ud800"}''',
	'E''{"channel": "\xff"}''', '''{"channel": NaN}''', '''' || repeat('[', 20000) || '''']) input,
	pg_temp.refused('SELECT fulfillment.submit_order(' || input || ')') r;
-- Too large, too deep, too many.
SELECT r.code, r.message, r.detail FROM pg_temp.refused($$
	SELECT fulfillment.submit_order(pg_temp.document('large', '{"A": 1}', jsonb_build_object('attributes', jsonb_build_object('x', repeat('x', 10 * 1024 * 1024)))))$$) r;
SELECT r.code, r.message, r.detail FROM pg_temp.refused($$
	SELECT fulfillment.submit_order(pg_temp.document('deep', '{"A": 1}', jsonb_build_object('attributes', (repeat('{"a":', 500) || '1' || repeat('}', 500))::jsonb)))$$) r;
SELECT r.code, r.message, r.detail FROM pg_temp.refused($$
	SELECT fulfillment.submit_order(pg_temp.document('many', (SELECT jsonb_agg(jsonb_build_object('sku', 'A', 'quantity', 1)) FROM generate_series(1, 1001))))$$) r;

-- Stored and parked, with every error by field: what a person can correct.
SELECT submit, e ->> 'code' AS code, e ->> 'field' AS field, e ->> 'line' AS line FROM (VALUES
	('sku', '{"NOPE": 1}', '{}'), ('zero', '{"A": 0}', '{}'), ('negative', '{"A": -1}', '{}'), ('absurd', '{"A": 2000000}', '{}'),
	('more absurd', '{"A": 1e20}', '{}'), ('half', '{"A": 0.5}', '{}'), ('currency', '{"A": 1}', '{"currency": "XXQ"}'),
	('no lines', '[]', '{}'), ('no address', '{"A": 1}', '{"ship_to": null}'),
	('country', '{"A": 1}', '{"ship_to": {"name": "Ada", "street1": "Weg 1", "city": "Mainz", "postcode": "55116", "country": "ZZ"}}'),
	('postcode', '{"A": 1}', '{"ship_to": {"name": "Ada", "street1": "Weg 1", "city": "Mainz", "postcode": "x", "country": "DE"}}'),
	('street', '{"A": 1}', '{"ship_to": {"name": "Ada", "city": "Mainz", "postcode": "55116", "country": "DE"}}'),
	('price', '[{"sku": "A", "quantity": 1, "unit_price": -1}]', '{}')) v (number, lines, more),
	LATERAL pg_temp.submit(v.number, v.lines::jsonb, v.more::jsonb),
	LATERAL (SELECT errors FROM fulfillment.submit_orders(jsonb_build_array(pg_temp.document(v.number, v.lines::jsonb, v.more::jsonb))) s (position, number, order_id, outcome, errors)) x,
	LATERAL jsonb_array_elements(x.errors) e
 WHERE e ->> 'severity' = 'invalid';
SELECT state, count(*) FROM fulfillment.orders WHERE merchant_id = 54 GROUP BY 1 ORDER BY 1;
SELECT count(*) AS "reserved for them" FROM fulfillment.shipments s JOIN fulfillment.orders o USING (merchant_id, order_id)
 WHERE merchant_id = 54 AND o.state = 'invalid';
\set VERBOSITY terse
SELECT fulfillment.submit_order(pg_temp.document('parked', '{"NOPE": 1}')) > 0 AS parked;
\set VERBOSITY default

-- One bad document costs itself only; a channel that makes items makes none for what is refused.
UPDATE fulfillment.channels SET create_items = true WHERE merchant_id = 54;
SELECT position, number, outcome, jsonb_path_query_array(error, '$[*].field') AS fields FROM fulfillment.submit_orders(jsonb_build_array(
	pg_temp.document('b1', '{"A": 1}'), '7'::jsonb, pg_temp.document('b2', '{"NEW": 1}'), pg_temp.document('b3', '{"NEVER": 1}', '{"version": -1}'),
	pg_temp.document('b4', '{"NEWER": 1}', '{"channel": "nowhere"}'), NULL::jsonb));
SELECT sku FROM fulfillment.items WHERE merchant_id = 54 ORDER BY item_id;
UPDATE fulfillment.channels SET create_items = false WHERE merchant_id = 54;
SELECT input, r.code, r.message FROM unnest('{7,"{}",null}'::text[]) input,
       pg_temp.refused(format('SELECT count(*) FROM fulfillment.submit_orders(%L)', input)) r;

-- Text is text, whatever it looks like.
SELECT pg_temp.submit('''; DROP TABLE fulfillment.orders; --', '[{"sku": "A", "quantity": 1, "name": "Robert''); DELETE FROM fulfillment.items; --"}]',
	'{"ship_to": {"name": "$1 %s %n \\ '' \" ; --", "street1": "Weg 1", "city": "Mainz''; --", "postcode": "55116", "country": "DE"}, "hold": "$$; --"}');
SELECT number, ship_to ->> 'name' AS name FROM fulfillment.orders WHERE merchant_id = 54 AND number LIKE '%DROP%';
SELECT fulfillment.cancel_order(pg_temp.id('''; DROP TABLE fulfillment.orders; --'), '''); --');

-- What cannot be done in a state is refused, by whoever asks.
SELECT fulfillment.report_progress(pg_temp.id('good', 1), 'packed');
SELECT pg_temp.submit('over', '{"A": 1}');
SELECT fulfillment.cancel_order(pg_temp.id('over'));
SELECT pg_temp.without_ids(call) AS call, r.code, r.message, r.detail FROM unnest(ARRAY[
	format('hold_order(%s, ''x'')', pg_temp.id('over')), format('edit_order(%s, ''{"email": "a@example.com"}'')', pg_temp.id('over')),
	format('assign_order(%s)', pg_temp.id('over')), format('edit_order(%s, ''{"lines": [{"sku": "NOPE", "quantity": 1}]}'')', pg_temp.id('good')),
	format('edit_order(%s, ''{"ship_to": {"country": "ZZ"}}'')', pg_temp.id('good')), format('edit_order(%s, ''{"lines": "x"}'')', pg_temp.id('good')),
	format('assign_order(%s)', pg_temp.id('good')), format('report_short(%s, ''[{"line": 1, "quantity": 1}]'')', pg_temp.id('over', 1)),
	format('undo_shipment(%s)', pg_temp.id('good', 1)), format('report_stop(%s, true)', pg_temp.id('over', 1)),
	format('report_progress(%s, ''lost'')', pg_temp.id('good', 1)), 'cancel_order(0)', 'edit_order(0, ''{}'')', 'assign_order(0)',
	'confirm_shipment(0)', 'report_progress(0, ''packed'')', 'report_short(0, ''[]'')', 'cancel_shipment(0)', 'undo_shipment(0)', 'move_shipment(0, ''FAR'')']) call,
	pg_temp.refused('SELECT fulfillment.' || call) r;

-- Reports of shipments.
SELECT left(packages, 50) AS packages, r.code, r.message, r.detail FROM unnest(ARRAY['7', '"x"', '[7]', '[{"lines": 7}]', '[{"lines": [7]}]', '[{"lines": [{}]}]',
	'[{"lines": [{"line": 9, "quantity": 1}]}]', '[{"lines": [{"line": 1, "quantity": 0}]}]', '[{"lines": [{"line": 1, "quantity": -1}]}]',
	'[{"lines": [{"line": 1, "quantity": 1e9}]}]', '[{"lines": [{"line": 1, "quantity": "x"}]}]', '[{"tracking_number": 7}]', '[{"carrier": {}}]',
	'[{"number": 0}]', '[{"number": "one"}]', '[{"tracking_number": "' || repeat('1', 3000) || '"}]']) packages,
	pg_temp.refused(format('SELECT fulfillment.confirm_shipment(%s, %L)', pg_temp.id('good', 1), packages)) r;
SELECT at, r.code, r.message, r.detail FROM unnest('{infinity,-infinity,2999-01-01}'::text[]) at,
	pg_temp.refused(format('SELECT fulfillment.confirm_shipment(%s, NULL, %L)', pg_temp.id('good', 1), at)) r;
SELECT lines, r.code, r.message, r.detail FROM unnest('{7,[],"[7]","[{\"line\": 9, \"quantity\": 1}]","[{\"line\": 1}]","[{\"line\": 1, \"quantity\": -1}]"}'::text[]) lines,
	pg_temp.refused(format('SELECT fulfillment.report_short(%s, %L)', pg_temp.id('good', 1), lines)) r;
SELECT fulfillment.confirm_shipment(pg_temp.id('good', 1), '[{"tracking_number": "T54"}]');
SELECT events, r.code, r.message, r.detail FROM unnest(ARRAY['7', '[]', '[7]', '[{}]', '[{"status": "teleported"}]', '[{"status": 7}]',
	'[{"status": "delivered", "at": "yesterday"}]', '[{"status": "delivered", "at": 7}]', '[{"status": "delivered", "at": "2999-01-01T00:00:00Z"}]']) events,
	pg_temp.refused(format('SELECT fulfillment.report_tracking(''T54'', %L)', events)) r;
SELECT code, message FROM pg_temp.refused('SELECT fulfillment.report_tracking(''nobody''''s'', ''[{"status": "delivered"}]'')');

-- Another merchant's rows are nobody's.
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (154, 'other', 'Other');
SELECT pg_temp.without_ids(call) AS call, r.code, r.message FROM unnest(ARRAY[
	format('cancel_order(%s, merchant_id => 154)', pg_temp.id('good')), format('confirm_shipment(%s, merchant_id => 154)', pg_temp.id('good', 1)),
	'receive_stock(''NEAR'', ''A'', 1, merchant_id => 154)', 'report_tracking(''T54'', ''[{"status": "delivered"}]'', merchant_id => 154)']) call,
	pg_temp.refused('SELECT fulfillment.' || call) r;
SELECT outcome, jsonb_path_query_array(error, '$[*].field') AS fields FROM fulfillment.submit_orders(jsonb_build_array(pg_temp.document('x', '{"A": 1}')), 154);

SELECT * FROM pg_temp.broken();

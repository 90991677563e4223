-- What the views show, and that a filter finds its row by index.
\set merchant 205
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/scenario.sql'
\i :setup
-- A moment of the past, and tracking events that happened then.
CREATE FUNCTION pg_temp.ago(how_long interval) RETURNS timestamptz LANGUAGE sql AS $$ SELECT now() - $1 $$;
CREATE FUNCTION pg_temp.event(status text, how_long interval, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_array(jsonb_build_object('status', $1, 'at', pg_temp.ago($2)) || $3)
$$;
SELECT fulfillment.receive_stock('NEAR', sku, 10), fulfillment.receive_stock('FAR', sku, 10) FROM unnest('{A,B}'::text[]) sku;
SELECT pg_temp.submit('1', '{"A": 2, "B": 1}', jsonb_build_object('service', 'standard', 'promised_by', pg_temp.ago('5 days')));
SELECT pg_temp.submit('2', '{"C": 1}');
SELECT pg_temp.submit('3', '{"A": 1}', '{"hold": "fraud"}');
SELECT pg_temp.submit('4', '{"A": 1}', '{"ship_to": {"name": "Ada", "street1": "Weg 1", "city": "Mainz", "country": "DE"}}');
SELECT pg_temp.submit('5', '{"A": 3, "B": 3}');
SELECT pg_temp.submit('6', '{"A": 1}', jsonb_build_object('placed_at', now(), 'promised_by', now() + interval '30 days'));

-- Orders: progress, flags, and what each waits for.
SELECT number, state, progress, flags, holds, unassigned, waits_because, attention,
       jsonb_path_query_array(errors, '$[*].field') AS errors
FROM fulfillment.order_status WHERE merchant_id = 205 ORDER BY order_id;

-- Shipments: whose turn it is.
SELECT order_number, number, provider, location, state, waits_for, units, shipped_units, late
FROM fulfillment.shipment_status WHERE merchant_id = 205 ORDER BY shipment_id;

-- The work of people, and what they must leave alone.
SELECT order_number, provider, location, state, do_not_ship, pick, units, weight_g, address, lines
FROM fulfillment.work_list WHERE merchant_id = 205 AND order_number IN ('1', '5') ORDER BY order_number;
SELECT fulfillment.hold_order(pg_temp.id('5'), 'address unclear') > 0 AS held;
SELECT order_number, do_not_ship FROM fulfillment.work_list WHERE merchant_id = 205 ORDER BY order_number;
SELECT fulfillment.release_order(pg_temp.id('5'));

-- Two parcels, one delivered and one on its way back: the order is partly delivered, and bears flags.
SELECT fulfillment.confirm_shipment(pg_temp.id('5', 1), '[{"tracking_number": "V51", "lines": [{"line": 1, "quantity": 3}]},
    {"tracking_number": "V52", "lines": [{"line": 2, "quantity": 3}]}]', pg_temp.ago('9 days'));
SELECT number, progress, flags FROM fulfillment.order_status WHERE merchant_id = 205 AND number = '5';
SELECT fulfillment.report_tracking('V51', pg_temp.event('in_transit', '8 days', '{"city": "Mainz"}')
    || pg_temp.event('delivered', '7 days', '{"city": "Bonn", "country": "DE", "description": "Left with a neighbour"}'));
SELECT number, progress, flags FROM fulfillment.order_status WHERE merchant_id = 205 AND number = '5';
SELECT fulfillment.report_tracking('V52', pg_temp.event('returning', '6 days'));
SELECT number, state, progress, flags, shipped, delivered FROM fulfillment.order_status WHERE merchant_id = 205 AND number = '5';
SELECT order_number, number, tracking_number, status, status_at = last_event_at AS at_its_time, last_event, last_city, last_country,
       delivered_at = status_at AS delivered_then
FROM fulfillment.tracking WHERE merchant_id = 205 ORDER BY package_id;

-- A lost parcel is an exception until something of the order arrives.
SELECT fulfillment.confirm_shipment(pg_temp.id('1', 1), '[{"tracking_number": "V1"}]', pg_temp.ago('9 days'));
SELECT fulfillment.report_tracking('V1', pg_temp.event('lost', '6 days'));
SELECT number, progress, flags FROM fulfillment.order_status WHERE merchant_id = 205 AND number = '1';

-- A code that nobody understands changes nothing, and is counted.
SELECT fulfillment.report_tracking('V1',
    pg_temp.event('unknown', '5 days', '{"code": "ZQ", "description": "Seen by a drone"}')
    || pg_temp.event('unknown', '4 days', '{"code": "ZQ", "description": "Seen again"}'));
SELECT number, progress, flags FROM fulfillment.order_status WHERE merchant_id = 205 AND number = '1';
SELECT connector, carrier, code, description, events, packages, last_at > first_at AS later, tracking_number
FROM fulfillment.unknown_codes WHERE merchant_id = 205;

-- A promise that is missed.
SELECT pg_temp.submit('8', '{"A": 1}', jsonb_build_object('promised_by', pg_temp.ago('1 hour')));

-- Promises in danger, each with its reason; limits of one's own.
SELECT order_number, risk, tracking_number, regexp_replace(detail, '\d+ days', 'N days') AS detail
FROM fulfillment.sla_at_risk WHERE merchant_id = 205 AND risk <> 'not_shipped' ORDER BY order_number, risk, tracking_number;
UPDATE fulfillment.shipments SET created_at = now() - interval '40 days', estimated_delivery_at = now() + interval '40 days'
WHERE merchant_id = 205 AND shipment_id = pg_temp.id('6', 1);
SELECT risk, location, detail FROM fulfillment.sla_at_risk WHERE merchant_id = 205 AND order_number = '6' ORDER BY risk;
SELECT late FROM fulfillment.shipment_status WHERE merchant_id = 205 AND order_number = '6';
SELECT fulfillment.confirm_shipment(pg_temp.id('6', 1), '[{"tracking_number": "V6"}]');
SELECT count(*) FROM fulfillment.sla_risks(unscanned_for => '-1 second') WHERE merchant_id = 205 AND risk = 'no_scan' AND tracking_number = 'V6';
SELECT count(*) FROM fulfillment.sla_risks() WHERE merchant_id = 205 AND risk = 'no_scan' AND tracking_number = 'V6';

-- Stock: what is there, what may be promised, what others say.
UPDATE fulfillment.locations SET safety_stock = 2, inventory_mode = 'passive' WHERE merchant_id = 205 AND code = 'FAR';
UPDATE fulfillment.stock_levels v SET safety_stock = 12, reported_on_hand = 9, reported_as_of = '2026-01-01'
FROM fulfillment.locations l, fulfillment.items i
WHERE v.merchant_id = 205 AND l.merchant_id = 205 AND l.location_id = v.location_id AND l.code = 'FAR'
  AND i.merchant_id = 205 AND i.item_id = v.item_id AND i.sku = 'B';
SELECT location, sku, mode, on_hand, reserved, safety_stock, available, displayed, reported, open_difference
FROM fulfillment.inventory WHERE merchant_id = 205 ORDER BY location, sku;
SELECT bool_and(available = on_hand - reserved - safety_stock) FROM fulfillment.inventory;
SELECT pg_temp.submit('7', '{"A": 2}');
SELECT fulfillment.report_short(pg_temp.id('7', 1), '[{"line": 1, "quantity": 1}]');
SELECT location, sku, kind, expected, reported, difference, value, currency, age >= '0' AS has_age, likely_cause IS NOT NULL AS has_cause
FROM fulfillment.open_discrepancies WHERE merchant_id = 205;

-- One order's whole story in the order of time.
SELECT kind, pg_temp.without_ids(what) AS what, who = current_user AS by_us, pg_temp.without_ids(why) AS why
FROM fulfillment.timeline(pg_temp.id('5')) WHERE kind NOT IN ('history', 'attention');
SELECT count(*) = (SELECT count(*) FROM fulfillment.timeline(pg_temp.id('5'))) AS "the view has the same"
FROM fulfillment.timeline WHERE merchant_id = 205 AND order_number = '5';
SELECT count(*) > 0 AS "told of the hold" FROM fulfillment.timeline(pg_temp.id('5')) WHERE kind = 'hold' AND why = 'address unclear';

-- What waits for a person; channels; providers.
SELECT kind, channel, order_number, times, age >= '0' AS has_age, hint <> '' AS has_hint
FROM fulfillment.attention_list WHERE merchant_id = 205 ORDER BY kind, order_number;
SELECT channel, connection, live_orders, invalid_orders, waiting_updates FROM fulfillment.channel_status WHERE merchant_id = 205;
SELECT provider, kind, shipments, shipped, delivered, lost, returned, short_units, on_time_percent
FROM fulfillment.provider_scorecard WHERE merchant_id = 205;

-- A call that waits: due, put off, lost, on the wire, parked, behind a paused connection.
INSERT INTO fulfillment.connections (code, connector, state) VALUES ('on', 'sandbox', 'active'), ('off', 'sandbox', 'paused');
INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, order_id, idempotency_key, state, due_at, lease, leased_until)
SELECT 205, c.connection_id, 'get_inventory', 'location', n, pg_temp.id('5'), n::text, v.state, now() + v.due, v.lease, now() + v.until
FROM fulfillment.connections c, (VALUES (1, 'ready', interval '-1 hour', NULL::bigint, NULL::interval), (2, 'ready', '1 hour', NULL, NULL),
    (3, 'leased', '-1 hour', 1, '1 hour'), (4, 'leased', '-1 hour', 2, '-1 minute')) AS v (n, state, due, lease, until)
WHERE c.merchant_id = 205 AND c.code = 'on';
INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key, state, due_at, in_doubt)
SELECT 205, connection_id, 'create_shipment', 'shipment', 5, '5', 'parked', 'infinity'::timestamptz, true
FROM fulfillment.connections WHERE merchant_id = 205 AND code = 'on';
INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key)
SELECT 205, connection_id, 'get_inventory', 'location', 6, '6' FROM fulfillment.connections WHERE merchant_id = 205 AND code = 'off';
SELECT connection, subject_id, status, in_doubt, order_number, overdue > '59 minutes' AS long_overdue, due_at IS NULL AS not_due
FROM fulfillment.task_queue WHERE merchant_id = 205 ORDER BY subject_id;
SELECT connection, health, waiting, due, in_doubt, parked FROM fulfillment.connection_health WHERE merchant_id = 205 ORDER BY connection;
DELETE FROM fulfillment.tasks WHERE merchant_id = 205;
SELECT * FROM pg_temp.broken();

-- The label on a parcel.
SELECT fulfillment.address_label('{"company": "Ada & Co", "name": "Ada", "street1": "Weg 1", "street2": "", "postcode": "55116",
    "city": "Mainz", "country": "DE"}');
-- Cut-offs: before, after, over a weekend, on a closed day.
SELECT taken, fulfillment.ship_by(taken::timestamptz, 'Europe/Berlin', '14:00', '{1,2,3,4,5}', '{2026-01-12}') AT TIME ZONE 'Europe/Berlin' AS leaves
FROM unnest('{2026-01-05 12:59+00,2026-01-05 13:00+00,2026-01-09 13:00+00,2026-01-10 09:00+00}'::text[]) AS taken;

-- No view reads a table of the past as a whole for one order.
CREATE FUNCTION pg_temp.scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ 'Seq Scan on (orders|order_lines|shipments|shipment_lines|packages|tracking_events|history|calls|stock_movements|attention|decisions|documents|holds|notifications|returns)' THEN
            RETURN NEXT trim(line);
        END IF;
    END LOOP;
END $$;
SET enable_seqscan = off;
SELECT query, pg_temp.scans(query) FROM unnest(ARRAY[
    'SELECT * FROM fulfillment.order_status WHERE order_id = 1',
    'SELECT * FROM fulfillment.order_status WHERE number = ''1''',
    'SELECT * FROM fulfillment.shipment_status WHERE shipment_id = 1',
    'SELECT * FROM fulfillment.shipment_status WHERE order_id = 1',
    'SELECT * FROM fulfillment.tracking WHERE tracking_number = ''1''',
    'SELECT * FROM fulfillment.timeline WHERE order_id = 1',
    'SELECT * FROM fulfillment.timeline(1)',
    'SELECT * FROM fulfillment.attention_list WHERE merchant_id = 1',
    'SELECT * FROM fulfillment.sla_at_risk WHERE order_id = 1',
    'SELECT * FROM fulfillment.unknown_codes WHERE merchant_id = 1']) AS query;
RESET enable_seqscan;

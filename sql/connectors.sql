-- The connectors as SQL sees them: what they are, what they refuse, and that nothing a peer
-- sends can hurt.  What they say to their peers stands in tests/fixtures.

-- Promises about the list that hold for every connector; none may be broken.
WITH setting AS (
    SELECT connectors.name, type, secret, "default", description
    FROM fulfillment.connectors,
         jsonb_to_recordset(settings) AS setting (
             name text, type text, required boolean, secret boolean, "default" text, description text)
)
SELECT name, 'title or role is missing' AS problem
FROM fulfillment.connectors
WHERE title = '' OR cardinality(roles) = 0
   OR NOT roles <@ '{carrier,fulfillment_center,channel,payment,messenger,email,sms}'
UNION ALL
SELECT name, 'has no operation' FROM fulfillment.connectors WHERE cardinality(operations) = 0
UNION ALL
SELECT name, 'cannot test its connection' FROM fulfillment.connectors
WHERE NOT 'test_connection' = ANY (operations)
UNION ALL
SELECT name, 'has no base_url and no host' FROM fulfillment.connectors
WHERE name <> 'sandbox' AND NOT settings @> '[{"name": "base_url", "type": "url"}]'
  AND NOT settings @> '[{"name": "host", "type": "text"}]'
UNION ALL
SELECT name, 'type of a setting is unknown' FROM setting
WHERE type NOT IN ('text', 'url', 'integer', 'number', 'boolean', 'object')
UNION ALL
SELECT name, 'a secret has a default' FROM setting WHERE secret AND "default" IS NOT NULL
UNION ALL
SELECT name, 'description is no sentence: ' || description FROM setting
WHERE description !~ '^[A-Z].*\.$';

SELECT name, roles, operations FROM fulfillment.connectors WHERE name IN ('sandbox', 'webhook');

-- What cannot be asked at all.
SELECT fulfillment.connector_request('pigeon', 'create_shipment', '{}');
SELECT fulfillment.connector_request(NULL, 'create_shipment', '{}');
SELECT fulfillment.connector_request('webhook', 'create_shipment', '{}');
SELECT fulfillment.connector_request('webhook', 'fly', '{}');
SELECT fulfillment.connector_request('webhook', 'receive', '{}');
SELECT fulfillment.connector_outcome('sandbox', 'receive', '{}', 200, NULL, '');
SELECT fulfillment.connector_request('webhook', 'send_message', NULL);
SELECT fulfillment.connector_request('webhook', 'send_message', '[]');
SELECT fulfillment.connector_request('webhook', 'send_message', '{"config": "x"}');

-- Settings: missing, of the wrong type, not safe.
SELECT fulfillment.connector_request('webhook', 'test_connection', '{}');
SELECT fulfillment.connector_request('webhook', 'test_connection', '{"config": {"base_url": null}}');
SELECT fulfillment.connector_request('webhook', 'test_connection', '{"config": {"base_url": "client.example"}}');
SELECT fulfillment.connector_request('webhook', 'test_connection', '{"config": {"base_url": "https://a.example/ x"}}');
SELECT fulfillment.connector_request('webhook', 'test_connection', '{"config": {"base_url": "https://me:word@a.example/"}}');
SELECT fulfillment.connector_request('webhook', 'test_connection', '{"config": {"base_url": "https://a.example/", "headers": "x"}}');
SELECT fulfillment.connector_request('sandbox', 'test_connection', '{"config": {"clock_seconds": "soon"}}');
SELECT fulfillment.connector_request('woocommerce', 'test_connection', '{"config": {"base_url": "https://a.example", "manage_stock": "perhaps"}}');

-- Credentials are masked, also when somebody put them among the settings; a header cannot hide another one.
SELECT headers FROM fulfillment.connector_request('woocommerce', 'test_connection',
    '{"config": {"base_url": "https://a.example", "consumer_secret": "cs_1"}}');
SELECT headers FROM fulfillment.connector_request('webhook', 'test_connection',
    '{"now": "2026-03-08T20:00:00Z", "config": {"base_url": "https://a.example", "signing_secret": "whsec_1",
      "headers": {"X-Key": "a\r\nX-Other: b"}}}');
SELECT fulfillment.connector_request('webhook', 'test_connection',
    '{"config": {"base_url": "https://a.example", "headers": {"webhook-id": "mine"}}}');

-- An empty setting counts as none, so the default holds; numbers may be text.
SELECT fulfillment.connector_outcome('sandbox', 'get_inventory',
    '{"now": "2026-03-08T20:00:00Z", "config": {"clock_seconds": "", "location": null, "inventory": {"A": "007", "B": ".5", "C": "x"}}}',
    NULL, NULL, NULL);

-- Headers of a reply in each form.
SELECT fulfillment.connector_outcome('webhook', 'test_connection', '{}', 503, headers, '') ->> 'retry_after_s' AS retry_after
FROM (VALUES ('{"RETRY-AFTER": 7}'::jsonb), ('{"retry-after": ["8", "9"]}'), ('[{"name": "Retry-After", "value": "1.5"}]'),
             ('{"Retry-After": "soon"}'), ('[7, null, {"name": null}]'), ('"x"'),
             ('{"Date": "Sunday, 08-Mar-26 20:00:00 GMT", "Retry-After": "Sun Mar  8 20:00:30 2026"}')) AS reply (headers);

-- Whatever comes back becomes an outcome: every operation of every connector meets every body
-- with every status, and with calls that lack everything or hold the wrong kinds of values.
CREATE TEMP TABLE bodies (body text);
INSERT INTO bodies VALUES (''), ('null'), ('true'), ('17'), ('"x"'), ('[]'), ('{}'), ('[[[[]]]]'), ('[null, 1, "x", {}]'),
    ('{"a":'), ('<html><body>Sorry</body></html>'), ('{"id": null, "code": [], "message": {}, "data": "x"}'),
    ('{"error": {"code": 1e5, "message": null}, "errors": [{"code": true}], "response": 3, "update": "x", "orders": 7}'),
    ('{"id": "1", "line_items": 3, "refunds": {"total": "x"}, "billing": [], "status": 5, "meta_data": "x"}'),
    ('[{"id": 1, "line_items": [null, {"quantity": "1e99", "total": "1e99", "total_tax": -0.0}, {"quantity": 0, "total": 1}], "refunds": [{"total": 1}]}]'),
    ('{"type": "order.submitted", "data": {"number": {}, "lines": "x"}}'), ('{"type": "return.announced", "data": [null]}'),
    ('{"a": "\u0000", "b": "\ud800", "id": "\udc00\ud800x"}'), (repeat('[', 1000) || repeat(']', 1000)), ('{"id": ' || repeat('9', 5000) || '}'), ('{"id": 1e131071}');
CREATE TEMP TABLE calls (call jsonb);
INSERT INTO calls VALUES ('{}'), ('{"shipment": null, "order": null, "inventory": null, "message": null, "config": null}'),
    ('{"shipment": [], "order": [], "inventory": {}, "message": "x", "config": {"base_url": 7}, "state": "x", "cursor": [1], "since": {}, "now": "x"}'),
    ('{"shipment": {"reference": "S1", "lines": "x", "packages": {"lines": [1]}, "ship_to": "x", "ship_from": 3}, "state": {"step": "send", "missing": "x", "waiting": [1], "position": -1, "sent": -5, "looked_up": 1e9, "batch": 0, "found": []},
       "order": {"number": "1", "state": {}}, "inventory": [null, 1, {"sku": null}], "items": [null, "x"], "tracking_numbers": {"a": 1}, "address": [], "return": {"number": 1, "lines": [1]}}');

CREATE FUNCTION pg_temp.attack(connector text, operation text, call jsonb, status int, body text)
    RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN fulfillment.connector_outcome(connector, operation, call, status, '{"Retry-After": "-1"}', body) ->> 'result';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT name, operation, answer, min(status) AS status, min(left(body, 80)) AS body
FROM fulfillment.connectors, unnest(operations) AS operation, calls, bodies,
     unnest('{0,200,204,302,400,401,404,409,429,500,503,999}'::int[]) AS status,
     pg_temp.attack(name, operation, call, status, body) AS answer
WHERE answer IS NULL OR answer NOT IN ('ok', 'retry', 'refused', 'unauthorized', 'unknown', 'absent', 'continue')
GROUP BY name, operation, answer ORDER BY 1, 2, 3;

-- Ten million bytes, good and bad, take a moment and no more.
SELECT length(body), fulfillment.connector_outcome('woocommerce', 'fetch_orders', '{}', 200, NULL, body) ->> 'result' AS result
FROM (VALUES ('[{"id": 1, "note": "' || repeat('x', 10000000) || '"}]'), (repeat('[ x', 3333333)),
             (repeat('[', 100000)), (repeat('{"a":', 100000)), (repeat('[', 100000) || repeat(']', 100000)),
             ('[' || repeat('0,', 999999) || '0]')) AS big (body);

-- A request is made, or refused with a reason of ours.
CREATE FUNCTION pg_temp.ask(connector text, operation text, call jsonb)
    RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM fulfillment.connector_request(connector, operation, call);
    RETURN 'made';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN sqlstate LIKE 'OF%' THEN 'refused' ELSE sqlstate || ' ' || sqlerrm END;
END $$;
SELECT name, operation, answer
FROM fulfillment.connectors, unnest(operations) AS operation, calls,
     (VALUES ('{}'::jsonb), ('{"base_url": "https://a.example", "confirm_with": "fulfillments"}')) AS settings (config),
     pg_temp.ask(name, operation, call || jsonb_build_object('config', config)) AS answer
WHERE answer NOT IN ('made', 'refused')
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- The same call gives the same answer.
SELECT count(DISTINCT fulfillment.connector_request('webhook', 'send_message', call)) AS requests
FROM (SELECT '{"now": "2026-03-08T20:00:00Z", "config": {"base_url": "https://a.example/", "fetch_url": "https://b.example/events"},
               "message": {"id": "msg_1", "type": "order.received", "data": {"order_id": 7}}}'::jsonb AS call
      FROM generate_series(1, 3)) AS calls;

-- An event that is too large goes as its identifiers and an address.
SELECT body FROM fulfillment.connector_request('webhook', 'send_message', jsonb_build_object(
    'config', '{"base_url": "https://a.example/", "fetch_url": "https://b.example/events/"}'::jsonb,
    'message', jsonb_build_object('id', 'msg_1', 'type', 'order.received', 'timestamp', '2026-03-08T20:00:00Z',
        'data', jsonb_build_object('order_id', 7, 'number', 'A1', 'grid', 'x', 'lines', repeat('x', 20000)))));

-- The order document: what is wrong with one, without a table.

-- Nothing is wrong with a full one.
CREATE TEMP TABLE good AS SELECT '{
    "channel": "shop", "number": "1001", "channel_order_id": 727, "version": 3,
    "placed_at": "2026-03-10T12:00:00+01:00", "currency": "EUR", "email": "ada@example.com",
    "phone": "+49 30 1234", "language": "de-DE",
    "ship_to": {"name": "Ada Lovelace", "company": "Engines", "street1": "Am Markt 1", "street2": "2. OG",
                "city": "Berlin", "region": "BE", "postcode": "10115", "country": "DE", "phone": "030 1234",
                "email": "ada@example.com", "residential": true},
    "bill_to": {"name": "Ada Lovelace", "country": "DE"},
    "lines": [{"line": 1, "sku": "A", "name": "Pen", "quantity": 2, "unit_price": "1.50",
               "channel_line_id": "x1", "group": "set", "attributes": {"colour": "blue"}},
              {"line": 2, "sku": 4711, "quantity": "1", "unit_price": 20}],
    "service": "express", "promised_by": "2026-03-12", "ship_complete": true,
    "not_before": "2026-03-10T18:00:00Z", "auto_cancel_at": null,
    "payment": {"state": "authorized", "gateway": "acme", "reference": "p-1", "amount": 23.00},
    "attributes": {"gift": true}, "hold": false, "cancel": false}'::jsonb AS document;
SELECT c.* FROM good, fulfillment.check_order(document) AS c;

-- What is wrong with the good one after a change at a path.
CREATE FUNCTION pg_temp.wrong(path text[], value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s %s%s: %s', severity, code, field, ' in line ' || line, message), E'\n'),
                    'nothing')
    FROM good, fulfillment.check_order(CASE WHEN value IS NULL THEN document #- path
                                            ELSE jsonb_set(document, path, value) END)
$$;
CREATE FUNCTION pg_temp.wrong(path text, value text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.wrong(string_to_array(path, '.'), value::jsonb)
$$;

-- What cannot be stored at all.
SELECT value AS document, severity, code, field, message
FROM unnest(ARRAY['null', '1', '"text"', '[]', '[{}]', '{}']::jsonb[]) AS value, fulfillment.check_order(value);
SELECT path, value, pg_temp.wrong(path, value) FROM (VALUES
    ('channel', NULL), ('channel', '""'), ('channel', '"  "'), ('channel', 'true'), ('channel', '{}'),
    ('number', NULL), ('number', 'null'), ('number', '[]'), ('number', '1001'), ('number', '" 1001 "'),
    ('number', '"10\u000701"'), ('number', '"10\n01"'), ('number', '"10\u200b01"'), ('number', '"1 001"'),
    ('version', '-1'), ('version', '1.5'), ('version', '"7"'), ('version', '"seven"'), ('version', '1e30'),
    ('ship_to', '5'), ('ship_to', '[]'), ('bill_to', '"x"'), ('payment', '[]'),
    ('lines', '{}'), ('lines', '"x"'), ('lines.0', '1'), ('lines.1', 'null'), ('lines.1.line', '1'),
    ('lines.0.line', '0'), ('lines.0.line', '"one"'), ('lines.0.quantity', '"two"'),
    ('lines.0.quantity', '{}'), ('lines.0.unit_price', '"1,50"'), ('lines.0.unit_price', 'true'),
    ('lines.0.sku', '{}'), ('attributes', '1'), ('placed_at', '1773140400'), ('ship_complete', '"maybe"'),
    ('hold', '7'), ('cancel', '[]')) AS t (path, value);
SELECT pg_temp.wrong('number', to_jsonb(repeat('9', 101))::text);
SELECT pg_temp.wrong('attributes', repeat('{"a":', 40) || '1' || repeat('}', 40));
SELECT pg_temp.wrong('attributes', (SELECT jsonb_build_object('text', repeat('x', 1024 * 1024)))::text);
SELECT pg_temp.wrong('lines', (SELECT jsonb_agg(jsonb_build_object('sku', 's', 'quantity', 1))
                               FROM generate_series(1, 1000))::text);
SELECT pg_temp.wrong('lines', (SELECT jsonb_agg(jsonb_build_object('sku', 's', 'quantity', 1))
                               FROM generate_series(1, 1001))::text);
-- However much is wrong, the list has an end.
SELECT severity, code, count(*), min(field), max(field)
FROM fulfillment.check_order((SELECT jsonb_build_object('channel', 'c', 'lines', jsonb_agg('{"quantity": 0}'::jsonb))
                              FROM generate_series(1, 1000)))
GROUP BY 1, 2 ORDER BY 1, 2;

-- What is stored and parked until somebody corrects it.
SELECT path, value, pg_temp.wrong(path, value) FROM (VALUES
    ('lines', NULL), ('lines', '[]'), ('lines.0.sku', NULL), ('lines.0.sku', '""'),
    ('lines.0.quantity', NULL), ('lines.0.quantity', '0'), ('lines.0.quantity', '-1'), ('lines.1.quantity', '1.5'),
    ('lines.1.quantity', '1000000'), ('lines.1.quantity', '1000001'), ('lines.1.quantity', '1e100'),
    ('lines.0.unit_price', '-1'), ('lines.0.unit_price', '1234567890123'), ('lines.0.unit_price', '0.1234567'),
    ('lines.0.unit_price', '0.1230000000'), ('lines.0.unit_price', '"1e3"'), ('lines.0.unit_price', 'null'),
    ('currency', '"EURO"'), ('currency', '"XYZ"'), ('currency', '"usd"'), ('currency', NULL),
    ('email', '"ada"'), ('email', '"ada@localhost"'), ('email', '"a da@example.com"'), ('email', '"a@b@example.com"'),
    ('email', '"ada@example..com"'), ('email', '"ada+x@mail.example.co.uk"'),
    ('placed_at', '"yesterday"'), ('placed_at', '"2026-02-30"'), ('placed_at', '"now"'), ('promised_by', '"infinity"'),
    ('placed_at', '"2026-03-10 12:00"'), ('placed_at', '"2026-03-10T12:00:00.123456+05:30"'),
    ('payment.amount', '-1'), ('hold', '{"until": "soon"}')) AS t (path, value);

-- Addresses.
SELECT path, value, pg_temp.wrong(path, value) FROM (VALUES
    ('ship_to', NULL), ('ship_to', '{}'), ('ship_to.name', NULL), ('ship_to.company', 'null'), ('ship_to.street1', '" - "'),
    ('ship_to.city', '"\u4e1c\u4eac"'), ('ship_to.postcode', NULL), ('ship_to.postcode', '"123"'),
    ('ship_to.postcode', '10115'), ('ship_to.country', NULL), ('ship_to.country', '"Germany"'),
    ('ship_to.country', '"UK"'), ('ship_to.country', '"XX"'), ('ship_to.country', '"de"'), ('ship_to.country', '"DEU"'),
    ('ship_to.country', '49'), ('ship_to.country', '""'), ('ship_to.email', '"x"'), ('ship_to.residential', '"perhaps"'),
    ('ship_to.street1', '"a\u202eb\tc\n\u0007d"'), ('ship_to.postcode', '"1''; DROP TABLE orders; --"'),
    ('bill_to', '{"country": "UK", "postcode": "1"}'), ('bill_to', '{}'), ('bill_to', 'null')) AS t (path, value);
SELECT pg_temp.wrong('ship_to.name', to_jsonb(repeat('x', 201))::text);
-- Scenario: no postcode and an unknown country.
SELECT pg_temp.wrong('ship_to', '{"name": "A", "street1": "B 1", "city": "C", "country": "QQ"}');
-- Where nobody has a postcode, or a city.
SELECT pg_temp.wrong('ship_to', '{"name": "A", "street1": "B 1", "city": "C", "country": "AE"}'),
       pg_temp.wrong('ship_to', '{"name": "A", "street1": "B 1", "postcode": "018956", "country": "SG"}');

-- Notes: what was read in a lenient way, or not at all.
SELECT path, value, pg_temp.wrong(path, value) FROM (VALUES
    ('shipto', '{}'), ('ship_to.zip', '"1"'), ('lines.0.qty', '1'), ('language', '"a\u0007"'), ('hold', '"fraud"'),
    ('hold', 'true'), ('hold', '{"reason": "fraud", "until": "2026-04-01T00:00:00Z"}'), ('cancel', '{"until": "x"}'))
    AS t (path, value);

-- Postcodes, seen through the comparison of documents: the same ones are no difference.
SELECT country, one, other,
       NOT EXISTS (SELECT FROM fulfillment.compare_orders(
           jsonb_build_object('ship_to', jsonb_build_object('country', country, 'postcode', one)),
           jsonb_build_object('ship_to', jsonb_build_object('country', country, 'postcode', other)))) AS same
FROM (VALUES ('GB', 'sw1a1aa', 'SW1A 1AA'), ('GB', 'M2 5BQ', 'm25bq'), ('DE', 'D-10115', '10115'),
    ('NL', '1234ab', '1234 AB'), ('US', '941051234', '94105-1234'), ('US', '94105', '94105-1234'),
    ('CA', 'h3z2y7', 'H3Z 2Y7'), ('LV', '1010', 'LV-1010'), ('PL', '00950', '00-950'), ('JP', '1540023', '154-0023'),
    ('SE', '11455', 'SE-114 55'), ('PT', '2725079', '2725-079'), ('IE', 'a65f4e2', 'A65 F4E2'),
    ('AE', 'x 1', 'X 1'), ('AT', '1010', '1011')) AS t (country, one, other);
SELECT country, postcode, c.code, c.message
FROM (VALUES ('GB', '12345'), ('DE', '1011'), ('DE', '101156'), ('US', '9410'), ('CA', '123 456'), ('NL', '12 AB'),
    ('FR', '75O01'), ('AU', '20000'), ('BR', '4030-110'), ('CH', 'CHCH8001'), ('IN', '1234567')) AS t (country, postcode),
    good, fulfillment.check_order(jsonb_set(document, '{ship_to}',
        document -> 'ship_to' || jsonb_build_object('country', country, 'postcode', postcode))) AS c;

-- Differences between two versions.
SELECT count(*) AS "differs from itself" FROM good, fulfillment.compare_orders(document, document);
SELECT path, value, (SELECT string_agg(concat_ws(' ', field, line, change), ', ')
                     FROM good, fulfillment.compare_orders(document, CASE WHEN value IS NULL THEN document #- p
                                                                     ELSE jsonb_set(document, p, value::jsonb) END)) AS difference
FROM (VALUES
    ('version', '4'), ('hold', 'true'), ('cancel', 'true'), ('number', '"1001"'), ('service', '"standard"'),
    ('service', NULL), ('ship_to.city', '"Bonn"'), ('ship_to.city', '" Berlin "'), ('ship_to.residential', 'false'),
    ('ship_to', NULL), ('bill_to', NULL), ('payment.state', '"captured"'), ('payment.amount', '24'),
    ('currency', '"eur"'), ('placed_at', '"2026-03-10T11:00:00Z"'), ('promised_by', '"2026-03-13"'),
    ('ship_complete', 'false'), ('attributes.gift', 'false'), ('lines.0.quantity', '3'), ('lines.0.quantity', '1'),
    ('lines.0.unit_price', '2'), ('lines.0.sku', '"B"'), ('lines.0.attributes.colour', '"red"'), ('lines.0', NULL),
    ('lines.1', NULL), ('lines.2', '{"line": 3, "sku": "C", "quantity": 1}'), ('lines.0.line', '9'),
    ('lines.1.line', '9'), ('lines.0.channel_line_id', '"x2"'), ('lines.0.channel_line_id', NULL)) AS t (path, value),
    string_to_array(path, '.') AS p;
-- The lines in another order are the same lines.
SELECT count(*) AS "differs by order" FROM good, fulfillment.compare_orders(
    document, jsonb_set(document, '{lines}', jsonb_build_array(document #> '{lines,1}', document #> '{lines,0}')));
SELECT * FROM fulfillment.compare_orders('{}', '[]');

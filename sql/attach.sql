-- Orders straight from a shop's own tables: what a mapping may say, and what one commit does.

\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (203, 'attached', 'Attached');
SET fulfillment.merchant_id = 203;
INSERT INTO fulfillment.channels (code, name) VALUES ('shop', 'Shop');
INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('hand', 'By hand', 'carrier', 'manual');
INSERT INTO fulfillment.services (provider_id, code, name, provider_code)
SELECT provider_id, 'standard', 'Standard', 'std' FROM fulfillment.providers WHERE merchant_id = 203;
INSERT INTO fulfillment.service_prices (service_id, price_per_parcel)
SELECT service_id, 5 FROM fulfillment.services WHERE merchant_id = 203;
INSERT INTO fulfillment.locations (code, name, country) VALUES ('main', 'Main', 'DE');
INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('mug', 'Mug', 300), ('cup', 'Cup', 200);
SELECT fulfillment.receive_stock('main', 'mug', 1000), fulfillment.receive_stock('main', 'cup', 1000);

CREATE SCHEMA regress_shop;
SET search_path = regress_shop, public;
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    order_no text,
    mail text,
    ship_name text DEFAULT 'Eve',
    "ship street" text DEFAULT 'Weg 1',
    ship_country text DEFAULT 'DE',
    note text,
    placed timestamp DEFAULT '2026-01-01 10:00',
    extra jsonb
);
CREATE TABLE order_items (
    order_id bigint REFERENCES orders,
    pos int,
    sku text,
    qty int,
    price numeric(10, 2),
    PRIMARY KEY (order_id, pos)
);
CREATE VIEW taken AS
    SELECT o.number, s.state, s.progress, o.version > 1e14 AS by_clock, o.document ->> 'email' AS email,
           o.ship_to ->> 'street1' AS street, (SELECT string_agg(format('%s %s x %s', l.line, l.quantity, l.sku), ', ' ORDER BY l.line)
              FROM fulfillment.order_lines l WHERE l.merchant_id = o.merchant_id AND l.order_id = o.order_id) AS lines
    FROM fulfillment.orders o
    JOIN fulfillment.order_status s USING (merchant_id, order_id)
    WHERE o.merchant_id = 203;
CREATE VIEW parked AS
    SELECT kind, subject, message, times, resolution FROM fulfillment.attention WHERE merchant_id = 203;

-- What a mapping cannot say.
CREATE TABLE attempts (id int GENERATED ALWAYS AS IDENTITY, mapping jsonb);
INSERT INTO attempts (mapping) VALUES
    ('[]'),
    ('{}'),
    ('{"number": "order_number", "lines": "extra"}'),
    ('{"number": 7, "lines": "extra"}'),
    ('{"nomber": "order_no", "lines": "extra"}'),
    ('{"number": "order_no"}'),
    ('{"number": "order_no", "ship_to": {"zip": "mail"}, "lines": "extra"}'),
    ('{"number": {"name": "order_no"}, "lines": "extra"}'),
    ('{"number": {"column": "mail", "path": "a.b"}, "lines": "extra"}'),
    ('{"number": "order_no", "lines": {"table": "no_such_table", "key": "order_id"}}'),
    ('{"number": "order_no", "lines": {"table": "order_items"}}'),
    ('{"number": "order_no", "lines": {"table": "order_items", "key": "order_id", "sku": "sku"}}'),
    ('{"number": "order_no", "lines": {"table": "order_items", "key": "order_id", "line": "pos", "sku": "item"}}'),
    ('{"number": "order_no", "lines": {"table": "order_items", "key": "order_id", "line": "pos", "references": "x"}}'),
    ('{"number": "order_no", "lines": {"table": "order_items", "key": "sku", "line": "pos"}}'),
    ('{"number": "order_no", "lines": "extra", "key": "nothing"}'),
    ('{"number": "order_no", "lines": "extra", "on_error": "ignore"}');
CREATE FUNCTION attempt(mapping jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM fulfillment.attach_orders('regress_shop.orders', 'shop', mapping);
    RETURN 'attached';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(': ', sqlstate, coalesce(nullif(detail, ''), sqlerrm));
END $$;
SELECT id, attempt(mapping) FROM attempts ORDER BY id;
SELECT fulfillment.attach_orders('orders', 'no such channel', '{}');
SELECT fulfillment.attach_orders('parked', 'shop', '{}');
SELECT fulfillment.detach_orders('orders');
SELECT fulfillment.submit_rows('orders', '{1}');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname LIKE 'fulfillment%';

-- One insert and one commit; the lines come later in the same transaction.
SELECT fulfillment.attach_orders('orders', 'shop', $${
    "number": "order_no", "email": "mail", "placed_at": "placed", "currency": {"value": "EUR"},
    "ship_to": {"name": "ship_name", "street1": "ship street", "city": {"value": "Bonn"},
                "postcode": {"value": "53111"}, "country": "ship_country"},
    "attributes": {"note": "note", "gift": {"column": "extra", "path": "gift.text"}},
    "lines": {"table": "order_items", "key": "order_id", "references": "id", "line": "pos", "sku": "sku",
              "quantity": "qty", "unit_price": "price"}}$$) > 0 AS attached;
SELECT fulfillment.attach_orders('orders', 'shop', '{"number": "order_no", "lines": "extra"}');
BEGIN;
INSERT INTO orders (order_no, mail, note, extra) VALUES ('A1', 'eve@example.com', 'It''s "quoted"', '{"gift": {"text": "Hi"}}');
SELECT count(*) AS "before the commit" FROM taken;
INSERT INTO order_items VALUES (1, 1, 'mug', 2, 9.50), (1, 2, 'cup', 1, 4.25);
COMMIT;
SELECT * FROM taken;
SELECT o.placed_at = '2026-01-01 10:00'::timestamp AT TIME ZONE current_setting('TimeZone') AS placed_in_our_zone,
       o.attributes, l.unit_price
FROM fulfillment.orders o JOIN fulfillment.order_lines l USING (merchant_id, order_id) WHERE o.merchant_id = 203 ORDER BY line;

-- What is rolled back never was.
BEGIN;
INSERT INTO orders (order_no) VALUES ('A2');
ROLLBACK;
BEGIN;
INSERT INTO orders (id, order_no, mail) VALUES (10, 'A3', 'a3@example.com');
INSERT INTO order_items VALUES (10, 1, 'mug', 1, 9.50);
SAVEPOINT here;
INSERT INTO orders (id, order_no) VALUES (11, 'A4');
ROLLBACK TO here;
UPDATE orders SET mail = 'new@example.com' WHERE id = 10;
COMMIT;
SELECT number, email, lines FROM taken ORDER BY number;

-- Taken early, rolled back, and taken again at the commit.
BEGIN;
INSERT INTO orders (id, order_no) VALUES (12, 'A5');
INSERT INTO order_items VALUES (12, 1, 'mug', 1, 9.50);
SAVEPOINT here;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT count(*) AS "taken early" FROM taken WHERE number = 'A5';
ROLLBACK TO here;
SELECT count(*) AS "taken early" FROM taken WHERE number = 'A5';
COMMIT;
SELECT count(*) AS "taken at the commit" FROM taken WHERE number = 'A5';

-- An update is a newer version; one that changes nothing for us is none.
UPDATE orders SET "ship street" = 'Weg 2' WHERE id = 10;
SELECT number, street FROM taken WHERE number = 'A3';
SELECT version AS before FROM fulfillment.orders WHERE merchant_id = 203 AND number = 'A3' \gset
UPDATE orders SET id = id, order_no = order_no WHERE id = 10;
SELECT version = :before AS "same version" FROM fulfillment.orders WHERE merchant_id = 203 AND number = 'A3';

-- A refused row does not break the shop, nor the rows beside it; corrected, it goes on.
BEGIN;
INSERT INTO orders (id, order_no, ship_country) VALUES (20, 'B1', 'DE'), (21, NULL, 'DE'), (22, 'B3', 'Nowhere');
INSERT INTO order_items SELECT id, 1, 'mug', 1, 9.50 FROM orders WHERE id BETWEEN 20 AND 22;
COMMIT;
SELECT number, state, progress FROM taken WHERE number LIKE 'B%' ORDER BY number;
SELECT * FROM parked ORDER BY kind, subject;
UPDATE orders SET mail = 'x@example.com' WHERE id = 21;
SELECT times FROM parked WHERE kind = 'refused_order';
UPDATE orders SET order_no = 'B2' WHERE id = 21;
UPDATE orders SET ship_country = 'DE' WHERE id = 22;
SELECT number, state, progress FROM taken WHERE number LIKE 'B%' ORDER BY number;
SELECT kind, resolution FROM parked ORDER BY kind;

-- Rows can be taken by hand.
SELECT fulfillment.submit_rows('orders', '{20, 999}');
SELECT fulfillment.detach_orders('orders');
INSERT INTO orders (id, order_no) VALUES (30, 'C1');
SELECT count(*) FROM taken WHERE number = 'C1';
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname LIKE 'fulfillment%';

-- Lines in a JSON column, versions of the shop's own, and a shop that wants the error itself.
CREATE TABLE carts (code text PRIMARY KEY, revision int, who text, content json, stopped bool);
SELECT fulfillment.attach_orders('carts', 'shop', $${
    "number": "code", "version": "revision", "currency": {"value": "EUR"}, "placed_at": {"value": "2026-01-01T10:00:00Z"},
    "hold": "stopped",
    "ship_to": {"column": "content", "path": "address"}, "lines": {"column": "content", "path": "lines"},
    "on_error": "fail"}$$) > 0 AS attached;
INSERT INTO carts VALUES ('D1', 3, 'eve', '{"address": {"name": "Eve", "street1": "Weg 1", "city": "Bonn", "postcode": "53111",
    "country": "DE"}, "lines": [{"line": 1, "sku": "cup", "quantity": 2}]}', false);
SELECT number, state, progress, by_clock, lines FROM taken WHERE number LIKE 'D%';
INSERT INTO carts VALUES ('D2', 1, 'eve', '{"address": {"name": "Eve"}, "lines": [{"line": 1, "sku": "cup", "quantity": 2}]}', false);
INSERT INTO carts VALUES ('D3', 1, 'eve', '{"address": {"name": "Eve"}, "lines": "none"}', false);
SELECT code FROM carts;
UPDATE carts SET revision = 4, stopped = true;
SELECT number, progress FROM taken WHERE number LIKE 'D%';
SELECT fulfillment.detach_orders('carts');

-- What cannot even be read is looked for, and parked alone.
UPDATE attempts SET mapping = $${"number": "code", "version": "revision", "currency": {"value": "EUR"},
    "placed_at": {"value": "2026-01-01T10:00:00Z"}, "ship_to": {"column": "content", "path": "address"},
    "lines": {"column": "content", "path": "lines"}}$$;
SELECT fulfillment.attach_orders('carts', 'shop', mapping) > 0 AS attached FROM attempts LIMIT 1;
INSERT INTO carts SELECT 'E' || n, 1, 'eve', CASE n WHEN 3 THEN '{"address": "\u0000"}' ELSE '{"address": {"name": "Eve",
    "street1": "Weg 1", "city": "Bonn", "postcode": "53111", "country": "DE"}, "lines": [{"line": 1, "sku": "cup", "quantity": 1}]}' END::json, false
FROM generate_series(1, 5) n;
SELECT number, progress FROM taken WHERE number LIKE 'E%' ORDER BY number;
SELECT * FROM parked WHERE subject LIKE '%carts%';
-- So does a mapping that the shop's tables have outgrown, and then all rows wait.
ALTER TABLE carts RENAME revision TO rev;
INSERT INTO carts SELECT 'F' || n, 1, 'eve', content, false FROM carts, generate_series(1, 2) n WHERE code = 'E1';
SELECT subject, message FROM parked WHERE subject LIKE '%F%' ORDER BY 1;
ALTER TABLE carts RENAME rev TO revision;
SELECT fulfillment.submit_rows('carts', '{F1, F2}');
SELECT number, progress FROM taken WHERE number LIKE 'F%' ORDER BY number;
SELECT subject, resolution FROM parked WHERE subject LIKE '%F%' ORDER BY 1;
SELECT fulfillment.detach_orders('carts');

-- The shop's role needs no right on our tables, and who attaches reads with rights of its own.
CREATE ROLE regress_ff_shop;
CREATE ROLE regress_ff_keeper;
GRANT USAGE, CREATE ON SCHEMA regress_shop TO regress_ff_keeper;
GRANT USAGE ON SCHEMA regress_shop TO regress_ff_shop;
SELECT fulfillment.grant_access('regress_ff_keeper', 'admin');
CREATE TABLE baskets (LIKE carts INCLUDING ALL);
GRANT INSERT, SELECT, UPDATE ON baskets TO regress_ff_shop;
SET ROLE regress_ff_keeper;
SELECT fulfillment.attach_orders('baskets', 'shop', '{"number": "code", "lines": {"column": "content", "path": "lines"}}');
SET ROLE regress_ff_shop;
SELECT fulfillment.attach_orders('baskets', 'shop', '{"number": "code", "lines": {"column": "content", "path": "lines"}}');
RESET ROLE;
GRANT SELECT ON baskets TO regress_ff_keeper;
SET ROLE regress_ff_keeper;
SELECT fulfillment.attach_orders('baskets', 'shop', '{"number": "code", "lines": {"column": "content", "path": "lines"}}');
RESET ROLE;
ALTER TABLE baskets OWNER TO regress_ff_keeper;
SET ROLE regress_ff_keeper;
SELECT fulfillment.attach_orders('baskets', 'shop', $${"number": "code", "currency": {"value": "EUR"},
    "ship_to": {"column": "content", "path": "address"}, "lines": {"column": "content", "path": "lines"}}$$) > 0 AS attached;
RESET ROLE;
CREATE TEMP TABLE example AS SELECT content FROM carts WHERE code = 'E1';
GRANT SELECT ON example TO regress_ff_shop;
SET ROLE regress_ff_shop;
SELECT count(*) FROM fulfillment.orders;
INSERT INTO baskets SELECT 'G1', 1, 'eve', content, false FROM example;
RESET ROLE;
SELECT number, progress FROM taken WHERE number LIKE 'G%';
SELECT DISTINCT actor FROM fulfillment.history h JOIN fulfillment.orders o USING (merchant_id, order_id)
WHERE o.merchant_id = 203 AND o.number = 'G1';
REVOKE SELECT ON baskets FROM regress_ff_keeper;
SET ROLE regress_ff_shop;
INSERT INTO baskets SELECT 'G2', 1, 'eve', content, false FROM example;
RESET ROLE;
SELECT message FROM parked WHERE subject LIKE '%G2';
-- The trigger's function serves attached tables only, each its own.
CREATE TABLE fake (code text PRIMARY KEY);
ALTER TABLE fake OWNER TO regress_ff_keeper;
SELECT attachment_id AS baskets FROM fulfillment.attachments WHERE merchant_id = 203 AND source = 'baskets'::regclass \gset
SET ROLE regress_ff_keeper;
CREATE TRIGGER note AFTER INSERT ON fake FOR EACH ROW EXECUTE FUNCTION fulfillment.note_order(203, :baskets, 'code');
CREATE TRIGGER take AFTER INSERT ON fake FOR EACH ROW EXECUTE FUNCTION fulfillment.take_orders(203, :baskets);
INSERT INTO fake VALUES ('G1');
SELECT fulfillment.detach_orders('baskets');
RESET ROLE;

-- Partitioned tables are attached as a whole.
CREATE TABLE parts (code text, day date, content jsonb, PRIMARY KEY (code, day)) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
SELECT fulfillment.attach_orders('parts_1', 'shop', '{}');
SELECT fulfillment.attach_orders('parts', 'shop', '{"number": "code", "lines": "content"}');
SELECT fulfillment.attach_orders('parts', 'shop', $${"key": "code", "number": "code", "placed_at": "day",
    "ship_to": {"column": "content", "path": "address"}, "lines": {"column": "content", "path": "lines"}}$$) > 0 AS attached;
INSERT INTO parts SELECT 'H1', '2026-01-05', content FROM example;
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO parts SELECT 'H2', '2026-02-05', content FROM example;
SELECT number, progress FROM taken WHERE number LIKE 'H%' ORDER BY number;

-- Names that want to be more than names.
CREATE TABLE "o""; DROP TABLE fake; --" ("k'%s" int PRIMARY KEY, "n"")" text, "c" jsonb);
SELECT fulfillment.attach_orders('"o""; DROP TABLE fake; --"', 'shop', $${"number": "n\")",
    "ship_to": {"column": "c", "path": "address"}, "lines": {"column": "c", "path": "lines"},
    "attributes": {"it's": {"value": "'; DROP TABLE fake; --"}}}$$) > 0 AS attached;
INSERT INTO "o""; DROP TABLE fake; --" SELECT 1, 'J1', content FROM example;
SELECT o.number, s.progress, o.attributes FROM fulfillment.orders o JOIN fulfillment.order_status s USING (merchant_id, order_id)
WHERE o.merchant_id = 203 AND o.number = 'J1';

-- A table that is gone leaves its attachment behind; it can still be detached.
SELECT 'parts'::regclass::oid AS gone \gset
DROP TABLE parts;
SELECT fulfillment.detach_orders(:gone);
SELECT count(*) FROM fulfillment.check_stock();

SELECT fulfillment.revoke_access('regress_ff_keeper');
DROP TABLE example;
DROP SCHEMA regress_shop CASCADE;
DELETE FROM fulfillment.attachments WHERE merchant_id = 203;
DROP ROLE regress_ff_shop, regress_ff_keeper;

-- Who sees and does what: two merchants, roles of every level, and nothing that leaks between them.

\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_ff_viewer;
CREATE ROLE regress_ff_operator;
CREATE ROLE regress_ff_admin;
CREATE ROLE regress_ff_rival;
CREATE ROLE regress_ff_group;
CREATE ROLE regress_ff_member IN ROLE regress_ff_group;
CREATE ROLE regress_ff_worker;
CREATE ROLE regress_ff_nobody;

INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (201, 'ours', 'Ours'), (202, 'theirs', 'Theirs');

-- The same names on both sides, so that only the merchant tells them apart.
CREATE FUNCTION pg_temp.set_up(merchant int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('fulfillment.merchant_id', merchant::text, false);
    INSERT INTO fulfillment.channels (code, name) VALUES ('web', 'Web shop');
    INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('hand', 'By hand', 'carrier', 'manual');
    INSERT INTO fulfillment.services (provider_id, code, name, provider_code)
    SELECT provider_id, 'standard', 'Standard', 'std' FROM fulfillment.providers WHERE merchant_id = merchant;
    INSERT INTO fulfillment.service_prices (service_id, price_per_parcel)
    SELECT service_id, 5 FROM fulfillment.services WHERE merchant_id = merchant;
    INSERT INTO fulfillment.locations (code, name, country) VALUES ('main', 'Main', 'DE');
    INSERT INTO fulfillment.items (sku, name, weight_g) VALUES ('mug', 'Mug', 300);
    PERFORM fulfillment.receive_stock('main', 'mug', 10);
    RETURN fulfillment.submit_order($order${"channel": "web", "number": "1001", "currency": "EUR",
        "placed_at": "2026-01-01T10:00:00Z", "email": "eve@example.com",
        "ship_to": {"name": "Eve", "street1": "Weg 1", "city": "Bonn", "postcode": "53111", "country": "DE"},
        "lines": [{"line": 1, "sku": "mug", "quantity": 2, "unit_price": "9.50"}]}$order$);
END $$;
SELECT pg_temp.set_up(201) > 0 AS ours, pg_temp.set_up(202) > 0 AS theirs;
RESET fulfillment.merchant_id;
SELECT order_id AS our_order FROM fulfillment.orders WHERE merchant_id = 201 \gset
SELECT order_id AS their_order FROM fulfillment.orders WHERE merchant_id = 202 \gset

-- Granting.  A level, a role and a merchant must exist, and only an admin of the merchant grants.
SELECT fulfillment.grant_access('regress_ff_viewer', 'viewer', 201);
SELECT fulfillment.grant_access('regress_ff_operator', 'operator', 201);
SELECT fulfillment.grant_access('regress_ff_admin', 'admin', 201);
SELECT fulfillment.grant_access('regress_ff_rival', 'admin', 202);
SELECT fulfillment.grant_access('regress_ff_group', 'viewer', 202);
SELECT fulfillment.grant_access('regress_ff_worker', 'worker');
SELECT fulfillment.grant_access('regress_ff_viewer', 'owner', 201);
SELECT fulfillment.grant_access('regress_ff_nosuch', 'viewer', 201);
SELECT fulfillment.grant_access('regress_ff_viewer', 'viewer', 299);
SELECT fulfillment.revoke_access('regress_ff_viewer', 202);
SELECT role_name, merchant_id, level FROM fulfillment.access WHERE role_name LIKE 'regress_ff%' ORDER BY 1;

-- What each sees.
CREATE FUNCTION pg_temp.sees(who name) RETURNS TABLE (orders text, level_of_201 text, level_of_202 text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    BEGIN
        SELECT string_agg(DISTINCT merchant_id::text, ',') INTO orders FROM fulfillment.order_status
        WHERE merchant_id IN (201, 202);
        level_of_201 := fulfillment.access_level(201);
        level_of_202 := fulfillment.access_level(202);
    EXCEPTION WHEN insufficient_privilege THEN
        orders := sqlerrm;
    END;
    RESET ROLE;
    RETURN NEXT;
END $$;
SELECT role, s.* FROM unnest('{viewer,operator,admin,rival,group,member,worker,nobody}'::text[]) AS role,
    pg_temp.sees(('regress_ff_' || role)::name) s;

-- A viewer reads every table and view, its own merchant only, and no secret.
CREATE FUNCTION pg_temp.foreign_rows() RETURNS TABLE (relation text, problem text) LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    FOR relation IN
        SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant_id'
        WHERE c.relnamespace = 'fulfillment'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
        ORDER BY 1
    LOOP
        BEGIN
            EXECUTE format('SELECT count(*) FROM %s WHERE merchant_id NOT IN (0, 201)', relation) INTO found;
            problem := CASE WHEN found > 0 THEN format('%s rows of others', found) END;
        EXCEPTION WHEN OTHERS THEN
            problem := sqlerrm;
        END;
        IF problem IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
SET ROLE regress_ff_viewer;
SELECT * FROM pg_temp.foreign_rows();
SELECT number, progress FROM fulfillment.order_status;
SELECT count(*) > 3 AS "has a story" FROM fulfillment.timeline(:our_order, 201);
SELECT count(*) AS "story of others" FROM fulfillment.timeline(:their_order, 202);
SELECT fulfillment.hold_order(:our_order, 'mine', merchant_id => 201);
INSERT INTO fulfillment.items (merchant_id, sku) VALUES (201, 'cup');
UPDATE fulfillment.orders SET number = 'x';

-- An operator acts, for its own merchant.
SET ROLE regress_ff_operator;
SET fulfillment.merchant_id = 201;
SELECT fulfillment.hold_order(:our_order, 'a question') > 0 AS held;
SELECT progress, flags, holds FROM fulfillment.order_status;
SELECT fulfillment.release_order(:our_order);
\set VERBOSITY sqlstate
SELECT fulfillment.hold_order(:their_order, 'a question');
\set VERBOSITY default
SELECT fulfillment.hold_order(:their_order, 'a question', merchant_id => 202);
SET fulfillment.merchant_id = 202;
SELECT fulfillment.receive_stock('main', 'mug', 5);
RESET fulfillment.merchant_id;
SELECT fulfillment.receive_stock('main', 'mug', 5);
INSERT INTO fulfillment.items (merchant_id, sku) VALUES (201, 'cup');
SELECT fulfillment.grant_access('regress_ff_operator', 'admin', 201);

-- An admin sets up its own merchant, and not even by an error learns of another.
SET ROLE regress_ff_admin;
SET fulfillment.merchant_id = 201;
INSERT INTO fulfillment.items (sku, name) VALUES ('cup', 'Cup');
INSERT INTO fulfillment.items (sku, name) VALUES ('cup', 'Cup');
INSERT INTO fulfillment.connections (code, connector) VALUES ('box', 'sandbox');
UPDATE fulfillment.stock_levels SET safety_stock = 1;
UPDATE fulfillment.stock_levels SET on_hand = 1000;
UPDATE fulfillment.locations SET safety_stock = 1;
UPDATE fulfillment.locations SET inventory_mode = 'passive';
UPDATE fulfillment.merchants SET name = 'Ours indeed';
UPDATE fulfillment.merchants SET code = 'theirs';
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (203, 'more', 'More');
INSERT INTO fulfillment.items (merchant_id, sku) VALUES (202, 'mug');
INSERT INTO fulfillment.items (merchant_id, sku) VALUES (299, 'mug');
UPDATE fulfillment.items SET merchant_id = 202 WHERE sku = 'cup';
WITH gone AS (DELETE FROM fulfillment.items WHERE merchant_id = 202 RETURNING 1) SELECT count(*) FROM gone;
INSERT INTO fulfillment.location_carriers (merchant_id, location_id, provider_id)
SELECT 201, l.location_id + 1, p.provider_id FROM fulfillment.locations l, fulfillment.providers p;
SELECT * FROM fulfillment.secrets;
SELECT role_name, level FROM fulfillment.access ORDER BY 1;
SELECT fulfillment.grant_access('regress_ff_nobody', 'viewer');
SELECT fulfillment.grant_access('regress_ff_nobody', 'viewer', 202);
SELECT fulfillment.grant_access('regress_ff_nobody', 'viewer', 0);
SELECT fulfillment.grant_access('regress_ff_nobody', 'worker');
SELECT fulfillment.revoke_access('regress_ff_rival', 202);
RESET fulfillment.merchant_id;

-- Whatever function the rival's admin calls for our merchant is refused, or finds nothing: no value,
-- no row, and no error that depends on what we have.
RESET ROLE;
CREATE TEMP TABLE calls (signature text, call text);
GRANT SELECT ON calls TO PUBLIC;
INSERT INTO calls
SELECT p.oid::regprocedure::text,
       format('SELECT count(*) FROM fulfillment.%I(%s) AS r WHERE r IS NOT NULL', p.proname,
              string_agg(CASE WHEN a.name = 'merchant_id' THEN '201'
                              ELSE coalesce(k.known, format('NULL::%s', format_type(a.type, NULL))) END, ', ' ORDER BY a.n))
FROM pg_proc p
CROSS JOIN LATERAL unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY AS a (name, type, n)
LEFT JOIN (VALUES ('int8', :'our_order' || '::bigint'), ('int4', '1'), ('text', quote_literal('picking')), ('bool', 'false'),
                  ('jsonb', quote_literal('{"channel": "web", "number": "1001", "lines": [{"line": 1, "quantity": 1}]}') || '::jsonb'),
                  ('timestamptz', 'now()'), ('bytea', quote_literal('x') || '::bytea'), ('interval', quote_literal('1 day') || '::interval'),
                  ('regclass', quote_literal('pg_class') || '::regclass')) AS k (type, known)
    ON k.type = (SELECT typname FROM pg_type WHERE oid = a.type)
WHERE p.pronamespace = 'fulfillment'::regnamespace AND 'merchant_id' = ANY (p.proargnames[1:p.pronargs])
  AND p.proname NOT IN ('access_level', 'require_access')
GROUP BY p.oid, p.proname;
SELECT count(*) > 20 AS "there are many" FROM calls;
CREATE FUNCTION pg_temp.leaks() RETURNS TABLE (function text, answer text) LANGUAGE plpgsql AS $$
DECLARE
    entry record;
    found bigint;
BEGIN
    FOR entry IN SELECT * FROM calls ORDER BY signature LOOP
        function := entry.signature;
        answer := NULL;
        BEGIN
            EXECUTE entry.call INTO found;
            IF found > 0 THEN
                answer := 'answered';
            END IF;
        EXCEPTION WHEN OTHERS THEN
            IF sqlstate NOT IN ('OF007', '42501') THEN
                answer := sqlstate || ' ' || sqlerrm;
            END IF;
        END;
        IF answer IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
SET ROLE regress_ff_rival;
SELECT * FROM pg_temp.leaks();
RESET ROLE;

-- A role inherits what its groups may do, and has the highest of its levels where it has several.
SELECT fulfillment.grant_access('regress_ff_viewer', 'admin', 202);
SET ROLE regress_ff_viewer;
SELECT string_agg(merchant_id::text, ',' ORDER BY merchant_id) FROM fulfillment.merchants;
INSERT INTO fulfillment.items (merchant_id, sku) VALUES (202, 'plate');
INSERT INTO fulfillment.items (merchant_id, sku) VALUES (201, 'plate');
UPDATE fulfillment.items SET name = 'Plate' WHERE sku = 'mug' RETURNING merchant_id;
RESET ROLE;

-- Revoking takes back what no other grant gives, down to nothing, so that the role can be dropped.
SELECT fulfillment.revoke_access('regress_ff_viewer', 202);
SET ROLE regress_ff_viewer;
SELECT string_agg(merchant_id::text, ',' ORDER BY merchant_id) FROM fulfillment.merchants;
INSERT INTO fulfillment.items (merchant_id, sku) VALUES (202, 'glass');
RESET ROLE;
SELECT fulfillment.revoke_access(role_name, merchant_id) FROM fulfillment.access WHERE role_name LIKE 'regress_ff%';
DROP ROLE regress_ff_viewer, regress_ff_operator, regress_ff_admin, regress_ff_rival, regress_ff_member,
    regress_ff_group, regress_ff_worker, regress_ff_nobody;

-- What doctor() finds, and that its commands mend it.

\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO fulfillment.merchants (merchant_id, code, name) VALUES (204, 'patient', 'Patient');
SET fulfillment.merchant_id = 204;

-- The server of this test has no worker, for one reason or another.
SELECT count(*) > 0 AS "sees that no worker runs" FROM fulfillment.doctor()
WHERE severity = 'error' AND finding ~ 'not preloaded|no worker serves';
SELECT * FROM fulfillment.merchant_findings(204);

RESET fulfillment.merchant_id;
SELECT command FROM fulfillment.doctor(204) WHERE finding ~ 'the clock';
SET fulfillment.merchant_id = 204;

-- A set-up with a mistake in every place.
INSERT INTO fulfillment.connections (code, connector, config, state, paused_reason) VALUES
    ('typo', 'upps', '{}', 'active', NULL),
    ('wms', 'ongoing_wms', '{"base_url": "https://wms.example"}', 'active', NULL),
    ('shop', 'woocommerce', '{"base_url": "https://shop.example"}', 'paused', 'credentials were refused');
INSERT INTO fulfillment.channels (code, name) VALUES ('phone', 'By phone');
SELECT * FROM fulfillment.merchant_findings(204) ORDER BY finding;
INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
SELECT 'carrier', 'Carrier', 'carrier', 'api', connection_id FROM fulfillment.connections WHERE merchant_id = 204 AND code = 'shop';
INSERT INTO fulfillment.providers (code, name, kind, integration, active) VALUES ('hand', 'By hand', 'carrier', 'manual', false);
INSERT INTO fulfillment.locations (code, name, country, time_zone) VALUES ('main', 'Main', 'DE', 'Europe/Berlin'), ('moon', 'Moon', 'DE', 'Luna/Base');
INSERT INTO fulfillment.location_carriers (location_id, provider_id)
SELECT l.location_id, p.provider_id FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)
WHERE merchant_id = 204 AND l.code = 'main' AND p.code = 'hand';
INSERT INTO fulfillment.items (sku) VALUES ('feather');
INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key, state, due_at)
SELECT 204, connection_id, 'get_inventory', 'location', 1, 'a', 'parked', 'infinity'
FROM fulfillment.connections WHERE merchant_id = 204 AND code = 'wms';
INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key, due_at)
SELECT 204, connection_id, 'get_inventory', 'location', 2, 'b', now() - interval '1 hour'
FROM fulfillment.connections WHERE merchant_id = 204;
INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key, state, lease, leased_until)
SELECT 204, connection_id, 'get_inventory', 'location', 3, 'c', 'leased', 1, now() - interval '1 hour'
FROM fulfillment.connections WHERE merchant_id = 204 AND code = 'wms';
INSERT INTO fulfillment.attention (merchant_id, kind, message) VALUES (204, 'test', 'look at me');
SELECT * FROM fulfillment.merchant_findings(204) ORDER BY finding;

-- The commands do what they say.
UPDATE fulfillment.connections SET config = config || '{"goods_owner_id": "…"}' WHERE merchant_id = 204 AND code = 'wms';
SELECT fulfillment.resume_connection('shop');
UPDATE fulfillment.locations SET time_zone = 'UTC' WHERE merchant_id = 204 AND code = 'moon';
SELECT fulfillment.schedule_jobs() <> '' AS scheduled;
SELECT finding FROM fulfillment.merchant_findings(204) WHERE finding ~ 'setting|paused|time zone|clock does not' ORDER BY finding;

-- Roles: whom access was granted that is gone, or that lacks what its level has.
CREATE ROLE regress_ff_gone;
CREATE ROLE regress_ff_lacking;
SELECT fulfillment.grant_access('regress_ff_gone', 'viewer'), fulfillment.grant_access('regress_ff_lacking', 'operator');
REVOKE EXECUTE ON FUNCTION fulfillment.submit_order FROM regress_ff_lacking;
DROP OWNED BY regress_ff_gone;
DROP ROLE regress_ff_gone;
SELECT * FROM fulfillment.server_findings() WHERE finding ~ 'regress_ff' ORDER BY finding;
SELECT fulfillment.revoke_access('regress_ff_gone', 204);
SELECT fulfillment.grant_access('regress_ff_lacking', 'operator', 204);
SELECT * FROM fulfillment.server_findings() WHERE finding ~ 'regress_ff' ORDER BY finding;

-- Whoever may see the merchant may ask, and nobody else.
SET ROLE regress_ff_lacking;
SELECT count(*) > 5 AS asked FROM fulfillment.doctor();
SELECT * FROM fulfillment.doctor(1);
SELECT * FROM fulfillment.merchant_findings(204);
RESET ROLE;
SELECT fulfillment.revoke_access('regress_ff_lacking');
DROP ROLE regress_ff_lacking;
SELECT fulfillment.unschedule_jobs();

-- Attached tables that are not any more what they were.
CREATE TABLE attached (id int PRIMARY KEY, content jsonb);
SELECT fulfillment.attach_orders('attached', 'phone', '{"number": "id", "lines": "content"}') > 0 AS attached;
SELECT finding FROM fulfillment.merchant_findings(204) WHERE finding ~ 'attached|phone' ORDER BY finding;
ALTER TABLE attached DISABLE TRIGGER ALL;
SELECT finding, command FROM fulfillment.merchant_findings(204) WHERE finding ~ 'attached' ORDER BY finding;
DROP TABLE attached;
SELECT regexp_replace(finding, '\d+', 'N') AS finding, regexp_replace(command, '\d+', 'N') AS command
FROM fulfillment.merchant_findings(204) WHERE finding ~ 'attached' ORDER BY finding;
DELETE FROM fulfillment.attachments WHERE merchant_id = 204;
DELETE FROM fulfillment.tasks WHERE merchant_id = 204;

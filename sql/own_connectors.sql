-- Connectors that users register.  First the proof that they can do what a built-in one can: efs once
-- more, as data and as two functions, in the same conversations.  Nothing of it is kept.
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/fixtures.sql'
\i :setup
\set guest regress_own
CREATE ROLE :guest;
CREATE ROLE regress_own_other;
SET fulfillment.function_timeout = '60s';
BEGIN;
\set ON_ERROR_ROLLBACK on
\set setup :sources '/sql/include/own_efs_data.sql'
\i :setup
\set setup :sources '/sql/include/own_efs_functions.sql'
\i :setup

-- Differences; there must be none.
SELECT tested, file, failure.*
FROM (SELECT DISTINCT file FROM fixture_parts WHERE connector = 'efs') AS files,
     unnest('{efs_data,efs_functions}'::text[]) AS tested, pg_temp.replay('efs', file, tested) AS failure;
SELECT name, roles, operations, limits FROM fulfillment.connectors WHERE name LIKE 'efs%';
SELECT name, request_function, outcome_function, run_as FROM fulfillment.own_connectors ORDER BY name;

-- An API of JSON, as data: a path with a value in it, a query, a shape for the body, paths into answers.
SELECT fulfillment.register_connector('acme', $${
  "title": "Acme parcels", "roles": ["carrier"],
  "settings": [{"name": "base_url", "type": "url", "default": "https://api.acme.example/"},
               {"name": "depot"}, {"name": "token", "secret": true, "required": true}, {"name": "hook", "secret": true}],
  "auth": {"kind": "bearer", "password": "token"},
  "limits": {"rate_per_second": 5, "max_concurrency": 2},
  "find": {"authoritative": true, "grace_s": 30},
  "let": {"ref": "{{shipment.reference}}"},
  "operations": {
    "create_shipment": {
      "repeat": "after_find",
      "needs": [{"path": "$.shipment.packages[*] ? (@.weight_g > 0)", "field": "shipment.packages.0.weight_g", "hint": "Weigh it."}],
      "request": {"method": "POST", "url": "{{&config.base_url}}/v1/depots/{{config.depot}}/parcels",
        "query": {"dry": "{{config.dry}}", "service": "{{shipment.service}}"},
        "headers": {"Idempotency-Key": "{{idempotency_key}}", "X-Empty": "{{nothing}}"},
        "body": {"reference": "{{let.ref}}", "to": {"name": "{{shipment.ship_to.name}}", "zip": "{{shipment.ship_to.postcode|digits}}"},
                 "empty": {"phone": "{{shipment.ship_to.phone}}"}, "note": "Order {{shipment.order_number}}",
                 "parcels": [{"{{#shipment.packages}}": {"no": "{{@number|number}}", "grams": "{{weight_g}}", "insured": "{{insured|boolean}}"}}]}},
      "read": {"id": "$.parcel.id", "numbers": {"each": "$.parcel.labels[*]", "read": {"number": "$.tracking", "pdf": "$.pdf"}},
               "code": "$.errors[0].code", "text": {"path": "$.errors[*].text", "pick": "all"},
               "worst": {"path": "$.errors[*].code", "pick": "greatest"}, "count": {"path": "$.errors[*]", "pick": "count"}},
      "answers": [
        {"if": "exists($.read.id)", "result": "ok", "outcome": {"shipment": {"provider_reference": "{{read.id}}", "state": "accepted",
          "packages": {"{{#read.numbers}}": {"number": "{{@number|number}}", "tracking_number": "{{number}}"}},
          "documents": {"{{#read.numbers}}": {"kind": "label", "format": "pdf", "content_base64": "{{pdf}}"}}}}},
        {"status": 409, "result": "refused", "error": {"code": "{{read.code}}", "message": "{{read.count}} errors, worst {{read.worst}}"}},
        {"status": [400, 422], "if": "$.read.code starts with \"zip\"", "result": "refused",
         "error": {"code": "{{read.code}}", "message": "{{read.text.0}}", "field": "ship_to.postcode"}},
        {"status": "5xx", "if": "$.headers.\"x-safe\" == \"yes\"", "result": "retry", "retry_after_s": "{{headers.x-wait}}"}]},
    "find_shipment": {
      "repeat": "safe",
      "request": {"url": "{{&config.base_url}}/v1/parcels/{{let.ref}}"},
      "read": {"id": "$.items[*] ? (@.reference == $ref).id", "more": "$.next"},
      "answers": [{"status": 404, "result": "absent"},
                  {"if": "exists($.read.id)", "result": "ok", "outcome": {"shipment": {"provider_reference": "{{read.id}}"}}},
                  {"if": "exists($.read.more)", "result": "continue", "next": {"page": "{{read.more}}"}},
                  {"result": "absent"}]},
    "cancel_shipment": {
      "repeat": "safe", "may_be_empty": true,
      "request": {"method": "POST", "url": "{{&config.base_url}}/v1/cancel", "form": {"id": "{{shipment.provider_reference}}", "why": "{{shipment.note}}"}},
      "answers": [{"result": "ok", "outcome": {"shipment": {"state": "cancelled"}}}]}
  },
  "receive": {"verify": {"kind": "hmac_sha256_hex", "header": "X-Signature", "secret": "hook"}, "event_member": "event.id",
              "read": {"number": "$.event.tracking"},
              "answers": [{"if": "exists($.read.number)", "result": "ok", "outcome": {"reread": {"operation": "get_shipment", "references": ["{{read.number}}"]}}}]}
}$$);
SELECT name, title, roles, operations, limits, settings -> 2 AS secret FROM fulfillment.connectors WHERE name = 'acme';

\set call '{"now": "2026-03-05T12:00:00Z", "idempotency_key": "k-1", "config": {"depot": "../x y", "token": "t"}, "shipment": {"reference": "A/1", "order_number": "{{secret:token}}", "service": "next day", "ship_to": {"name": "Ann \\"A\\" <b>", "postcode": "SE-111 22"}, "packages": [{"weight_g": 500, "insured": "yes"}, {"weight_g": 1.5}]}}'
SELECT * FROM fulfillment.connector_request('acme', 'create_shipment', :'call');
SELECT * FROM fulfillment.connector_request('acme', 'create_shipment', :'call'::jsonb || '{"shipment": {"packages": []}}');
SELECT * FROM fulfillment.connector_request('acme', 'find_shipment', '{"shipment": {"reference": ".."}}');
SELECT * FROM fulfillment.connector_request('acme', 'cancel_shipment', '{"shipment": {"provider_reference": "a&b"}}');
SELECT * FROM fulfillment.connector_request('acme', 'cancel_shipment', '{"config": {"base_url": "http://api.acme.example"}}');

CREATE FUNCTION pg_temp.outcome(operation text, status int, headers jsonb, body text, connector text DEFAULT 'acme') RETURNS jsonb LANGUAGE sql AS $$
    SELECT fulfillment.connector_outcome(connector, operation, '{"config": {}, "shipment": {"reference": "A/1"}}', status, headers, body)
$$;
SELECT pg_temp.outcome('create_shipment', 201, '{}', '{"parcel": {"id": 7, "labels": [{"tracking": "T1", "pdf": "JVBERg=="}, {"tracking": "T2"}]}}');
SELECT pg_temp.outcome('create_shipment', 201, '{}', '{"parcel": {}}');
SELECT pg_temp.outcome('create_shipment', 201, '{}', 'Oops');
SELECT pg_temp.outcome('create_shipment', 409, '{}', '{"errors": [{"code": "a"}, {"code": "c"}, {"code": "b"}]}');
SELECT pg_temp.outcome('create_shipment', 422, '{}', '{"errors": [{"code": "zip_unknown", "text": "No such {{secret:token}} zip"}]}');
SELECT pg_temp.outcome('create_shipment', 422, '{}', '{"errors": [{"code": "other"}]}');
SELECT pg_temp.outcome('create_shipment', 503, '{"X-Safe": "yes", "X-Wait": "7"}', '');
SELECT pg_temp.outcome('create_shipment', 503, '{}', '');
SELECT pg_temp.outcome('create_shipment', 0, '{}', '');
SELECT pg_temp.outcome('find_shipment', 404, '{}', '<html>');
SELECT pg_temp.outcome('find_shipment', 200, '{}', '{"items": [{"reference": "B", "id": 1}, {"reference": "A/1", "id": 2}]}');
SELECT pg_temp.outcome('find_shipment', 200, '{}', '{"items": [{"reference": "B", "id": 1}], "next": 2}');
SELECT pg_temp.outcome('cancel_shipment', 204, '{}', '');
SELECT pg_temp.outcome('receive', 200, '{}', '{"event": {"id": "e1", "tracking": "T1"}}');
SELECT pg_temp.outcome('receive', 200, '{}', '{"event": {}}');

-- What is wrong with a definition is said when it is registered: where, and what.
CREATE FUNCTION pg_temp.refused(change jsonb, path text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    definition jsonb := (SELECT o.definition FROM fulfillment.own_connectors o WHERE name = 'acme');
    detail text;
BEGIN
    definition := CASE path WHEN '' THEN definition || change ELSE jsonb_set(definition, string_to_array(path, ' '), change) END;
    PERFORM fulfillment.register_connector('acme', definition);
    RETURN 'it was taken';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN sqlstate || ': ' || regexp_replace(detail, 'jsonpath: .*', 'jsonpath');
END $$;
SELECT pg_temp.refused('{}');
SELECT pg_temp.refused('{"rolls": []}');
SELECT pg_temp.refused('{"roles": ["shop"]}');
SELECT pg_temp.refused('{"settings": [{"name": "key", "secret": true}]}');
SELECT pg_temp.refused('{"settings": [{"name": "URL", "type": "url"}]}');
SELECT pg_temp.refused('{"settings": [{"name": "url", "type": "uri"}]}');
SELECT pg_temp.refused('{"auth": {"kind": "bearer", "password": "depot"}}');
SELECT pg_temp.refused('{"auth": {"kind": "kerberos"}}');
SELECT pg_temp.refused('{"operations": {}}');
SELECT pg_temp.refused('{"operations": {"fly": {"repeat": "safe"}}}');
SELECT pg_temp.refused('{"operations": {"create_shipment": {"repeat": "after_find"}}}');
SELECT pg_temp.refused('{"operations": {"create_shipment": {}}}');
SELECT pg_temp.refused('"FLY"', 'operations find_shipment request method');
SELECT pg_temp.refused('"https://elsewhere.example/"', 'operations find_shipment request url');
SELECT pg_temp.refused('"{{&config.base_url}}/{{&shipment.reference}}"', 'operations find_shipment request url');
SELECT pg_temp.refused('"{{&config.base_url}}/{{shipment.reference|shorten}}"', 'operations find_shipment request url');
SELECT pg_temp.refused('{"a": [{"b": "{{#x}}never ends"}]}', 'operations create_shipment request body');
SELECT pg_temp.refused('"$.items[*"', 'operations find_shipment read id');
SELECT pg_temp.refused('"$.items ? (@ == $reff)"', 'operations find_shipment read id');
SELECT pg_temp.refused('{"path": "$.id", "pick": "best"}', 'operations find_shipment read id');
SELECT pg_temp.refused('"$.status === 3"', 'operations find_shipment answers 1 if');
SELECT pg_temp.refused('"fine"', 'operations find_shipment answers 1 result');
SELECT pg_temp.refused('"6xx"', 'operations find_shipment answers 0 status');
SELECT pg_temp.refused('"common"', 'operations find_shipment answers 0');
SELECT pg_temp.refused('{"repeat": "safe", "format": "xml", "request": {"url": "{{&config.base_url}}"}, "read": {"a": "//a["}, "answers": []}', 'operations find_shipment');
SELECT pg_temp.refused('{"kind": "shared_secret", "secret": "hook"}', 'receive verify');
SELECT fulfillment.register_connector('ups', '{}');
SELECT fulfillment.register_connector('Acme', '{}');
SELECT fulfillment.register_connector('acme', NULL);
SELECT fulfillment.register_connector('acme', '[]');

-- Functions: what they may be, and whose rights they get.
CREATE SCHEMA own AUTHORIZATION regress_own;
GRANT USAGE, CREATE ON SCHEMA own TO regress_own_other;
CREATE FUNCTION own.request(operation text, call jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT call';
CREATE FUNCTION own.outcome(operation text, call jsonb, reply jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT reply';
CREATE FUNCTION own.wrong(operation text, call text) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SET ROLE regress_own_other;
CREATE FUNCTION own.theirs(operation text, call jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT call';
RESET ROLE;
\set definition '{"roles": ["carrier"], "settings": [{"name": "base_url", "type": "url", "default": "https://api.acme.example"}, {"name": "token", "secret": true}], "auth": {"kind": "bearer", "password": "token"}, "operations": {"create_shipment": {"repeat": "with_key"}}, "receive": {}}'
SELECT fulfillment.register_connector('guest', :'definition', 'own.request(text, jsonb)', 'own.outcome(text, jsonb, jsonb)');
SELECT fulfillment.register_connector('guest', :'definition', 'own.request(text, jsonb)');
SELECT fulfillment.register_connector('guest', :'definition', 'own.wrong(text, text)', 'own.outcome(text, jsonb, jsonb)', 'regress_own');
SELECT fulfillment.register_connector('guest', :'definition', 'own.theirs(text, jsonb)', 'own.outcome(text, jsonb, jsonb)', 'regress_own');
SELECT fulfillment.register_connector('guest', :'definition', 'own.request(text, jsonb)', 'own.outcome(text, jsonb, jsonb)', 'nobody_here');
SELECT fulfillment.register_connector('guest', :'definition'::jsonb || '{"maps": {}}', 'own.request(text, jsonb)', 'own.outcome(text, jsonb, jsonb)', 'regress_own');
SELECT fulfillment.register_connector('guest', '{}', run_as => 'regress_own');
SELECT fulfillment.register_connector('guest', :'definition', 'own.request(text, jsonb)', 'own.outcome(text, jsonb, jsonb)', 'regress_own');

-- Only who has every merchant to care for may, and only with rights of his own.
GRANT USAGE ON SCHEMA fulfillment TO regress_own_other;
GRANT EXECUTE ON FUNCTION fulfillment.register_connector TO regress_own_other;
SET ROLE regress_own_other;
SET SESSION AUTHORIZATION regress_own_other;
SELECT fulfillment.register_connector('guest', :'definition', 'own.request(text, jsonb)', 'own.outcome(text, jsonb, jsonb)', 'regress_own');
RESET SESSION AUTHORIZATION;
SELECT fulfillment.grant_access('regress_own_other', 'admin', 0);
SET SESSION AUTHORIZATION regress_own_other;
SELECT fulfillment.register_connector('guest', :'definition', 'own.request(text, jsonb)', 'own.outcome(text, jsonb, jsonb)', 'regress_own');
RESET SESSION AUTHORIZATION;

-- What a function gets to see, and how what it says becomes a message.
CREATE FUNCTION pg_temp.request(body text, call jsonb DEFAULT '{"now": "2026-03-05T12:00:00Z", "config": {"token": "t"}}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message record;
    detail text;
    hint text;
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION own.request(operation text, call jsonb) RETURNS jsonb LANGUAGE plpgsql AS %L', body);
    message := fulfillment.connector_request('guest', 'create_shipment', call);
    RETURN concat_ws(' | ', message.method, message.url, message.headers, message.body);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT pg_temp.request($$BEGIN RETURN jsonb_build_object('method', 'PUT', 'url', 'https://api.acme.example/x', 'query', '{"a": "b c"}'::jsonb,
    'headers', '{"X-A": "1"}'::jsonb, 'body', call); END$$);
SELECT pg_temp.request($$BEGIN RETURN jsonb_build_object('method', 'POST', 'url', 'https://api.acme.example', 'content_type', 'text/csv',
    'body', concat(current_user, ';', session_user = current_user, ';', current_setting('search_path'), ';', call ->> 'note', ';{{secret:token}}')); END$$,
    '{"config": {}, "note": "{{secret:token}} {{{secret:token}}}"}');
SELECT pg_temp.request($$BEGIN RETURN '{"missing": {"field": "shipment.service", "hint": "Name one."}}'; END$$);
-- It may not send the credentials anywhere else.
SELECT pg_temp.request($$BEGIN RETURN '{"method": "POST", "url": "https://api.acme.example.evil.example/"}'; END$$);
SELECT pg_temp.request($$BEGIN RETURN '{"method": "POST", "url": "https://api.acme.example@evil.example/"}'; END$$);
SELECT pg_temp.request($$BEGIN RETURN '{"method": "CONNECT", "url": "https://api.acme.example/"}'; END$$);
SELECT pg_temp.request($$BEGIN RETURN NULL; END$$);
SELECT pg_temp.request($$BEGIN RETURN '[]'; END$$);

-- Poison fails its own call with a reason.
GRANT USAGE ON SCHEMA fulfillment TO regress_own;
SELECT pg_temp.request($$BEGIN RAISE EXCEPTION 'out of ink' USING DETAIL = 'The printer is empty.'; END$$);
SET fulfillment.function_timeout = '100ms';
SELECT pg_temp.request($$BEGIN LOOP END LOOP; END$$);
SELECT pg_temp.request($$BEGIN LOOP BEGIN PERFORM pg_sleep(10); EXCEPTION WHEN query_canceled THEN EXIT; END; END LOOP; RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN FOR i IN 1..3 LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; RETURN '{}'; END$$);
SET fulfillment.function_timeout = '60s';
SELECT pg_temp.request($$BEGIN COMMIT; RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN EXECUTE 'ROLLBACK'; RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN CREATE TABLE own.trace (); RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN CREATE TEMP TABLE trace (); RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN SET LOCAL transaction_read_only = off; RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN RESET ROLE; RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN PERFORM set_config('role', 'regress_own_other', false); RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN PERFORM ciphertext FROM fulfillment.secrets; RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN PERFORM fulfillment.connector_request('guest', operation, call); RETURN '{}'; END$$);
SELECT pg_temp.request($$BEGIN RETURN jsonb_build_object('body', repeat('x', 1024 * 1024 * 12)); END$$);
-- What it changes in the session is gone with it.
SELECT pg_temp.request($$BEGIN PERFORM set_config('work_mem', '7MB', false); RAISE NOTICE '%', current_setting('work_mem'); RETURN '{}'; END$$);
SHOW work_mem;
SHOW search_path;
SELECT current_user = session_user AS same, pg_is_in_recovery();
-- Its rights are its own even where it calls functions that have more.
GRANT EXECUTE ON FUNCTION fulfillment.pause_connection TO regress_own;
SELECT pg_temp.request($$BEGIN PERFORM fulfillment.pause_connection('x', 'y', 1); RETURN '{}'; END$$);

-- Outcomes.
CREATE FUNCTION pg_temp.said(body text, status int DEFAULT 200, answer text DEFAULT '{"a": 1}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION own.outcome(operation text, call jsonb, reply jsonb) RETURNS jsonb LANGUAGE plpgsql AS %L', body);
    RETURN pg_temp.outcome('create_shipment', status, '{"X-Id": "7"}', answer, 'guest');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''));
END $$;
SELECT pg_temp.said($$BEGIN RETURN jsonb_build_object('result', 'ok', 'shipment', reply); END$$);
SELECT pg_temp.said($$BEGIN RETURN jsonb_build_object('result', 'ok', 'shipment', reply); END$$, 502, 'Bad');
SELECT pg_temp.said($$BEGIN RETURN NULL; END$$, 503);
SELECT pg_temp.said($$BEGIN RETURN NULL; END$$, 200, 'Oops');
SELECT pg_temp.said($$BEGIN RETURN '{"result": "refused", "error": {"code": "c", "message": "<b>m</b>", "field": "f"}, "retry_after_s": 5, "next": {"a": 1}}'; END$$);
SELECT pg_temp.said($$BEGIN RETURN '{"result": "fine"}'; END$$);
SELECT pg_temp.said($$BEGIN RETURN '"ok"'; END$$);
SELECT pg_temp.said($$BEGIN RETURN jsonb_build_object('result', 'ok', 'a', 1 / 0); END$$);

-- Who puts another function in its place gains nothing; a role that grew is not run as.
ALTER FUNCTION own.request(text, jsonb) OWNER TO regress_own_other;
SELECT fulfillment.connector_request('guest', 'create_shipment', '{}');
ALTER FUNCTION own.request(text, jsonb) OWNER TO CURRENT_USER;
ALTER ROLE regress_own SUPERUSER;
SELECT fulfillment.connector_request('guest', 'create_shipment', '{}');
ALTER ROLE regress_own NOSUPERUSER;
REVOKE EXECUTE ON FUNCTION own.request(text, jsonb) FROM PUBLIC;
SELECT fulfillment.connector_request('guest', 'create_shipment', '{}');
DROP FUNCTION own.request(text, jsonb);
SELECT fulfillment.connector_request('guest', 'create_shipment', '{}');

-- They can do what they say, and are forgotten when nobody uses them.
INSERT INTO fulfillment.connections (code, connector) VALUES ('own', 'guest') RETURNING code;
SELECT fulfillment.connector_can('guest', 'create_shipment', '{}'), fulfillment.connector_can('guest', 'get_shipment', '{}');
SELECT fulfillment.set_secret('own', '{"password": "x"}');
SELECT fulfillment.unregister_connector('guest');
DELETE FROM fulfillment.connections WHERE code = 'own';
SELECT fulfillment.unregister_connector('guest');
SELECT fulfillment.unregister_connector('guest');
SELECT fulfillment.connector_request('guest', 'create_shipment', '{}');

-- A row that says nothing any more hides nobody else.
UPDATE fulfillment.own_connectors SET definition = '{}' WHERE name = 'acme';
SELECT count(*) FROM fulfillment.connectors WHERE name IN ('acme', 'efs_data', 'ups');
ROLLBACK;
DROP ROLE regress_own, regress_own_other;

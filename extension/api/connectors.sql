-- connectors.sql: the connectors as functions without effects, what each of them is, and how users
-- register their own.  A registered one is read from its table and may be a function, so none of
-- these is immutable.

CREATE OR REPLACE FUNCTION fulfillment.connector_request(
    connector text, operation text, call jsonb,
    OUT method text, OUT url text, OUT headers jsonb, OUT body text)
    AS 'MODULE_PATHNAME', 'fulfillment_connector_request'
    LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION fulfillment.connector_request(text, text, jsonb) IS
    'the message that a connector would send for a call, credentials masked; nothing is sent (give "now" in the call to fix its time)';

CREATE OR REPLACE FUNCTION fulfillment.connector_outcome(
    connector text, operation text, call jsonb, status int, headers jsonb, body text)
    RETURNS jsonb
    AS 'MODULE_PATHNAME', 'fulfillment_connector_outcome'
    LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION fulfillment.connector_outcome(text, text, jsonb, int, jsonb, text) IS
    'what a connector understands from a reply to a call; operation receive translates the body of a webhook';

CREATE OR REPLACE FUNCTION fulfillment.connector_can(connector text, operation text, config jsonb) RETURNS boolean
    AS 'MODULE_PATHNAME', 'fulfillment_connector_can'
    LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.connector_can(text, text, jsonb) IS
    'whether a connection of this connector can do an operation with these settings';

CREATE OR REPLACE FUNCTION fulfillment.connector_list(
    OUT name text, OUT title text, OUT roles text[], OUT operations text[],
    OUT settings jsonb, OUT limits jsonb, OUT credentials text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_connector_list'
    LANGUAGE C STABLE PARALLEL SAFE ROWS 40;
COMMENT ON FUNCTION fulfillment.connector_list() IS
    'every connector with its roles, operations, settings (secrets included, as names) and default limits';

CREATE OR REPLACE VIEW fulfillment.connectors AS
    SELECT name, title, roles, operations, settings, limits, credentials
    FROM fulfillment.connector_list();
COMMENT ON VIEW fulfillment.connectors IS
    'the connectors of this version, and those that were registered here';
COMMENT ON COLUMN fulfillment.connectors.name IS 'what connections.connector holds';
COMMENT ON COLUMN fulfillment.connectors.title IS 'name for people';
COMMENT ON COLUMN fulfillment.connectors.roles IS 'carrier, fulfillment_center, channel, payment, messenger';
COMMENT ON COLUMN fulfillment.connectors.operations IS 'what it can do; receive means that it takes webhooks';
COMMENT ON COLUMN fulfillment.connectors.settings IS 'settings and secrets: name, type, required, secret, default, description';
COMMENT ON COLUMN fulfillment.connectors.limits IS 'default rate_per_second or rate_per_hour, burst (calls at once after a pause), max_concurrency and timeout_ms; an absent one is the engine''s';
COMMENT ON COLUMN fulfillment.connectors.credentials IS 'how a merchant gets the credentials';

CREATE OR REPLACE FUNCTION fulfillment.register_connector(name text, definition jsonb,
    request regprocedure DEFAULT NULL, outcome regprocedure DEFAULT NULL, run_as text DEFAULT NULL)
    RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_register_connector'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.register_connector(text, jsonb, regprocedure, regprocedure, text) IS
    'Makes a connector of a definition alone, or of two functions, (text, jsonb) and (text, jsonb, jsonb), that return jsonb; they have the rights of run_as, or else of their owner. Once more with the same name replaces it';

CREATE OR REPLACE FUNCTION fulfillment.unregister_connector(name text) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_unregister_connector'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.unregister_connector(text) IS
    'Forgets a registered connector that no connection uses';

REVOKE ALL ON FUNCTION fulfillment.register_connector(text, jsonb, regprocedure, regprocedure, text),
    fulfillment.unregister_connector(text) FROM PUBLIC;

-- connectors.sql: the connectors as pure functions, and what each of them is.

CREATE OR REPLACE FUNCTION fulfillment.connector_request(
    connector text, operation text, call jsonb,
    OUT method text, OUT url text, OUT headers jsonb, OUT body text)
    AS 'MODULE_PATHNAME', 'fulfillment_connector_request'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.connector_request(text, text, jsonb) IS
    'the message that a connector would send for a call, credentials masked; nothing is sent (give "now" in the call to fix its time)';

CREATE OR REPLACE FUNCTION fulfillment.connector_outcome(
    connector text, operation text, call jsonb, status int, headers jsonb, body text)
    RETURNS jsonb
    AS 'MODULE_PATHNAME', 'fulfillment_connector_outcome'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.connector_outcome(text, text, jsonb, int, jsonb, text) IS
    'what a connector understands from a reply to a call; operation receive translates the body of a webhook';

CREATE OR REPLACE FUNCTION fulfillment.connector_can(connector text, operation text, config jsonb) RETURNS boolean
    AS 'MODULE_PATHNAME', 'fulfillment_connector_can'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.connector_can(text, text, jsonb) IS
    'whether a connection of this connector can do an operation with these settings';

CREATE OR REPLACE FUNCTION fulfillment.connector_list(
    OUT name text, OUT title text, OUT roles text[], OUT operations text[],
    OUT settings jsonb, OUT limits jsonb, OUT credentials text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_connector_list'
    LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 40;
COMMENT ON FUNCTION fulfillment.connector_list() IS
    'every connector with its roles, operations, settings (secrets included, as names) and default limits';

CREATE OR REPLACE VIEW fulfillment.connectors AS
    SELECT name, title, roles, operations, settings, limits, credentials
    FROM fulfillment.connector_list();
COMMENT ON VIEW fulfillment.connectors IS
    'the connectors of this version';
COMMENT ON COLUMN fulfillment.connectors.name IS 'what connections.connector holds';
COMMENT ON COLUMN fulfillment.connectors.title IS 'name for people';
COMMENT ON COLUMN fulfillment.connectors.roles IS 'carrier, fulfillment_center, channel, payment, messenger';
COMMENT ON COLUMN fulfillment.connectors.operations IS 'what it can do; receive means that it takes webhooks';
COMMENT ON COLUMN fulfillment.connectors.settings IS 'settings and secrets: name, type, required, secret, default, description';
COMMENT ON COLUMN fulfillment.connectors.limits IS 'default rate_per_second or rate_per_hour, burst (calls at once after a pause), max_concurrency and timeout_ms; an absent one is the engine''s';
COMMENT ON COLUMN fulfillment.connectors.credentials IS 'how a merchant gets the credentials';

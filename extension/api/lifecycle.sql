-- lifecycle.sql: the state machines as the code has them, and the rules of tracking as pure functions.

CREATE OR REPLACE FUNCTION fulfillment.lifecycle_rows(
    OUT priority int, OUT machine text, OUT from_state text, OUT event text, OUT guards text[],
    OUT to_state text, OUT effects text[], OUT step text, OUT description text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_lifecycle_rows'
    LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 400;
COMMENT ON FUNCTION fulfillment.lifecycle_rows() IS
    'every transition of orders, shipments, packages and returns, one row per state it starts from; of rows with the same state and event the first whose guards hold is taken';

CREATE OR REPLACE VIEW fulfillment.lifecycle AS
    SELECT machine, from_state, event, array_to_string(guards, ' and ') AS guard, to_state,
           effects, step, description, priority
    FROM fulfillment.lifecycle_rows();
COMMENT ON VIEW fulfillment.lifecycle IS
    'the state machines as the code has them; what is not in here is refused';
COMMENT ON COLUMN fulfillment.lifecycle.machine IS 'order, shipment, package or return';
COMMENT ON COLUMN fulfillment.lifecycle.from_state IS 'none: there is no row yet';
COMMENT ON COLUMN fulfillment.lifecycle.event IS
    'what happens; of a package: what the carrier reports, any being whatever is not named before';
COMMENT ON COLUMN fulfillment.lifecycle.guard IS 'what must hold; empty: nothing';
COMMENT ON COLUMN fulfillment.lifecycle.to_state IS 'the state afterwards';
COMMENT ON COLUMN fulfillment.lifecycle.effects IS 'what is done in the same transaction, in this order';
COMMENT ON COLUMN fulfillment.lifecycle.step IS
    'what is answered: changed, duplicate (done before, not recorded) or ignored (recorded, without effect)';
COMMENT ON COLUMN fulfillment.lifecycle.description IS 'the transition in one sentence';
COMMENT ON COLUMN fulfillment.lifecycle.priority IS 'rows are tried in this order';

CREATE OR REPLACE FUNCTION fulfillment.next_tracking_status(
    status text, status_at timestamptz, reported text, reported_at timestamptz,
    OUT next_status text, OUT next_status_at timestamptz, OUT applied boolean, OUT contradicts boolean)
    AS 'MODULE_PATHNAME', 'fulfillment_next_tracking_status'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.next_tracking_status(text, timestamptz, text, timestamptz) IS
    'what a package''s status becomes when the carrier reports another: the newest event wins, delivered is final except for a newer return; applied is whether the report is now what is shown, contradicts whether it is against what was said before';

CREATE OR REPLACE FUNCTION fulfillment.shipment_tracking_status(statuses text[])
    RETURNS text
    AS 'MODULE_PATHNAME', 'fulfillment_shipment_tracking_status'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT;
COMMENT ON FUNCTION fulfillment.shipment_tracking_status(text[]) IS
    'the tracking status of a shipment from those of its packages: the worst trouble, else the slowest package; delivered only when all are';

CREATE OR REPLACE FUNCTION fulfillment.parse_tracking_number(
    tracking_number text, carriers text[] DEFAULT NULL,
    OUT carrier text, OUT valid boolean, OUT number text, OUT format text, OUT checked boolean,
    OUT tracking_url text, OUT candidates text[])
    AS 'MODULE_PATHNAME', 'fulfillment_parse_tracking_number'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.parse_tracking_number(text, text[]) IS
    'whose tracking number this is: carrier is null when it may be of several (candidates; carriers says which come into question), valid whether its form and check digit are right, checked whether it has a check digit, number the number without blanks and what a barcode carries beside it';

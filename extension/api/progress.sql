-- progress.sql: how far an order is, as pure functions of what its lines say.

CREATE OR REPLACE FUNCTION fulfillment.order_progress(
    state text, ordered bigint, cancelled bigint, assigned bigint, submitted bigint, shipped bigint,
    delivered bigint, returned bigint, backordered bigint, held boolean, exception boolean,
    unfillable bigint DEFAULT 0)
    RETURNS text
    AS 'MODULE_PATHNAME', 'fulfillment_order_progress'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT;
COMMENT ON FUNCTION fulfillment.order_progress(text, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, boolean, boolean, bigint) IS
    'unassigned, backordered, unfillable, assigned, submitted, partially_shipped, shipped, partially_delivered, delivered, cancelled, held or exception, from the sums over an order''s lines (what is delivered counts as shipped, submitted and assigned too)';

CREATE OR REPLACE FUNCTION fulfillment.order_flags(
    state text, ordered bigint, cancelled bigint, over_shipped bigint, delivered bigint,
    held boolean, exception boolean, return_open boolean, promised_by timestamptz,
    expected_at timestamptz, as_of timestamptz)
    RETURNS text[]
    AS 'MODULE_PATHNAME', 'fulfillment_order_flags'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.order_flags(text, bigint, bigint, bigint, bigint, boolean, boolean, boolean, timestamptz, timestamptz, timestamptz) IS
    'which of held, at_risk (late, or expected late), exception, returning and over_shipped an order bears';

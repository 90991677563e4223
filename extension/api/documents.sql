-- documents.sql: the documents as pure functions.

CREATE OR REPLACE FUNCTION fulfillment.check_order(
    order_document jsonb,
    OUT severity text, OUT code text, OUT field text, OUT line int, OUT message text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_check_order'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT ROWS 5;
COMMENT ON FUNCTION fulfillment.check_order(jsonb) IS
    'what is wrong with an order document, as far as that can be seen without a table: refused (cannot be stored), invalid (the order would be parked until it is corrected), note (was read in a lenient way); nothing is stored';

CREATE OR REPLACE FUNCTION fulfillment.compare_orders(
    older jsonb, newer jsonb, OUT field text, OUT line int, OUT change text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_compare_orders'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT ROWS 5;
COMMENT ON FUNCTION fulfillment.compare_orders(jsonb, jsonb) IS
    'what differs between two versions of an order document after both are brought to normal form; a line was added, removed, changed, or has more or less quantity';

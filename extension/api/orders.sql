-- Orders: intake, edits, holds, cancellations.

CREATE OR REPLACE FUNCTION fulfillment.submit_order("order" jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_submit_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.submit_order(jsonb, int) IS
	'Takes an order document: validates, stores, assigns and reserves in this transaction. The same channel, number and version again change nothing. An order that cannot be fulfilled as it stands is parked as invalid';
REVOKE ALL ON FUNCTION fulfillment.submit_order(jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.submit_orders(orders jsonb, merchant_id int DEFAULT fulfillment.current_merchant(), OUT "position" int,
	OUT number text, OUT order_id bigint, OUT outcome text, OUT error jsonb) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_submit_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.submit_orders(jsonb, int) IS
	'Takes an array of order documents, each for itself; outcome is created, invalid, duplicate, updated, late_update or refused';
REVOKE ALL ON FUNCTION fulfillment.submit_orders(jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.edit_order(order_id bigint, changes jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_edit_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.edit_order(bigint, jsonb, int) IS
	'Changes members of an order that have not been shipped yet, or corrects one that is invalid; addresses by member, lines as a whole';
REVOKE ALL ON FUNCTION fulfillment.edit_order(bigint, jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.hold_order(order_id bigint, reason text, until timestamptz DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_hold_order' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.hold_order(bigint, text, timestamptz, int) IS
	'Stops an order everywhere, with a reason and perhaps an end; answers the id of the hold. Column stop of shipment_status says what became of each shipment';
REVOKE ALL ON FUNCTION fulfillment.hold_order(bigint, text, timestamptz, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.release_hold(hold_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_release_hold' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.release_hold(bigint, int) IS
	'Ends one hold; with the last one the order goes on';
REVOKE ALL ON FUNCTION fulfillment.release_hold(bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.release_order(order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_release_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.release_order(bigint, int) IS
	'Ends every hold of an order; answers how many there were';
REVOKE ALL ON FUNCTION fulfillment.release_order(bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.cancel_order(order_id bigint, reason text DEFAULT NULL, lines jsonb DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_cancel_order' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.cancel_order(bigint, text, jsonb, int) IS
	'Cancels an order, or units of its lines ([{"line": 1, "quantity": 2}]), as far as they have not left; answers the state of the order';
REVOKE ALL ON FUNCTION fulfillment.cancel_order(bigint, text, jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.supported_actions(order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text[]
AS 'MODULE_PATHNAME', 'fulfillment_supported_actions' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.supported_actions(bigint, int) IS
	'What may be done with an order now, by the same table that decides it';
REVOKE ALL ON FUNCTION fulfillment.supported_actions(bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.expire_due(max int DEFAULT 100, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_expire_due' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.expire_due(int, int) IS
	'What time brings: holds that end, orders that expire, stops nobody answered, orders to be tried again; answers how many things were done';
REVOKE ALL ON FUNCTION fulfillment.expire_due(int, int) FROM PUBLIC;

-- Assignment: who ships what.

CREATE OR REPLACE FUNCTION fulfillment.assign_order(order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_assign_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.assign_order(bigint, int) IS
	'Assigns what is left to assign of an order now; answers its live shipments';
REVOKE ALL ON FUNCTION fulfillment.assign_order(bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.assign_orders(max_orders int DEFAULT 1000, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_assign_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.assign_orders(int, int) IS
	'A wave: assigns orders that are due, the most urgent first; answers the shipments made';
REVOKE ALL ON FUNCTION fulfillment.assign_orders(int, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.move_shipment(shipment_id bigint, location text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_move_shipment' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.move_shipment(bigint, text, int) IS
	'Moves a shipment that has not been sent to another location: released here and reserved there in one step';
REVOKE ALL ON FUNCTION fulfillment.move_shipment(bigint, text, int) FROM PUBLIC;

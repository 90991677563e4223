-- Returns: asked for, approved, received, matched, closed.

CREATE OR REPLACE FUNCTION fulfillment.request_return(order_id bigint, lines jsonb DEFAULT NULL, reason text DEFAULT NULL,
	kind text DEFAULT 'rma', override boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_request_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.request_return(bigint, jsonb, text, text, boolean, int) IS
	'A customer wants to send goods back ([{"line" or "sku", "quantity", "reason"}]; without lines, all that left): as rma or exchange, within the channel''s return_days unless overridden. Answers the id of the return';
REVOKE ALL ON FUNCTION fulfillment.request_return(bigint, jsonb, text, text, boolean, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.approve_return(return_id bigint, location text DEFAULT NULL, fee numeric DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_approve_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.approve_return(bigint, text, numeric, int) IS
	'The goods may come back, to this location (else where they came from), less a fee; the warehouse is told or a label made. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.approve_return(bigint, text, numeric, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.decline_return(return_id bigint, reason text DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_decline_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.decline_return(bigint, text, int) IS
	'The goods are not taken back, for a reason; answers the state';
REVOKE ALL ON FUNCTION fulfillment.decline_return(bigint, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.receive_return(return_id bigint, lines jsonb DEFAULT NULL, location text DEFAULT NULL,
	reference text DEFAULT NULL, hints jsonb DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_receive_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.receive_return(bigint, jsonb, text, text, jsonb, int) IS
	'Goods came back: [{"line" or "sku", "quantity", "condition", "disposition"}]; without lines, all of it in good order. The same reference is taken once. Without return_id a parcel nobody announced, with hints {"tracking_number", "reference", "order_number", "postcode"}. Answers the id of the return';
REVOKE ALL ON FUNCTION fulfillment.receive_return(bigint, jsonb, text, text, jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.match_return(return_id bigint, order_id bigint,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_match_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.match_return(bigint, bigint, int) IS
	'Says whose a parcel is that nobody announced (column candidates of returns ranks them): its goods go into stock; answers the state';
REVOKE ALL ON FUNCTION fulfillment.match_return(bigint, bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.close_return(return_id bigint, refund numeric DEFAULT NULL, reason text DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_close_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.close_return(bigint, numeric, text, int) IS
	'Nothing more will come: what came is paid back, as computed or as said (0: nothing); a return nothing came of is cancelled; one that is paid by hand is paid. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.close_return(bigint, numeric, text, int) FROM PUBLIC;

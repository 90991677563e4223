-- Shipments: what people and manual providers report.

CREATE OR REPLACE FUNCTION fulfillment.confirm_shipment(shipment_id bigint, packages jsonb DEFAULT NULL,
	shipped_at timestamptz DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_confirm_shipment' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.confirm_shipment(bigint, jsonb, timestamptz, int) IS
	'The goods have left: [{"tracking_number", "carrier", "weight_g", "lines": [{"line", "quantity"}]}]; without lines, all of it. Said again with another number, it corrects the number. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.confirm_shipment(bigint, jsonb, timestamptz, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.report_progress(shipment_id bigint, progress text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_report_progress' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_progress(bigint, text, int) IS
	'The warehouse is picking, or has packed it; answers the state';
REVOKE ALL ON FUNCTION fulfillment.report_progress(bigint, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.report_short(shipment_id bigint, lines jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_report_short' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_short(bigint, jsonb, int) IS
	'The warehouse could not find units ([{"line": 1, "quantity": 1}]): they leave the shipment and our stock, and are assigned elsewhere';
REVOKE ALL ON FUNCTION fulfillment.report_short(bigint, jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.cancel_shipment(shipment_id bigint, reason text DEFAULT 'cancelled', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_cancel_shipment' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.cancel_shipment(bigint, text, int) IS
	'Cancels a shipment or asks its provider to; its units are assigned anew. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.cancel_shipment(bigint, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.undo_shipment(shipment_id bigint, reason text DEFAULT 'reported by mistake', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_undo_shipment' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.undo_shipment(bigint, text, int) IS
	'Takes a confirmation back that was a mistake: counter-movements are written, nothing is deleted. Refused once a carrier scanned it, money was captured, or after a day';
REVOKE ALL ON FUNCTION fulfillment.undo_shipment(bigint, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.report_stop(shipment_id bigint, stopped boolean, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_report_stop' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_stop(bigint, boolean, int) IS
	'What the provider said when it was called to stop or cancel a shipment; answers the state';
REVOKE ALL ON FUNCTION fulfillment.report_stop(bigint, boolean, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.report_tracking(tracking_number text, events jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_report_tracking' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_tracking(text, jsonb, int) IS
	'Tracking events by hand: [{"status", "at", "description", "city", "country"}]; answers how many were new';
REVOKE ALL ON FUNCTION fulfillment.report_tracking(text, jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.documents_of(shipment_id bigint, merchant_id int DEFAULT fulfillment.current_merchant())
RETURNS TABLE (document_id bigint, package_number int, kind text, format text, content bytea, url text, sha256 bytea,
	created_at timestamptz)
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	SELECT d.document_id, d.package_number, d.kind, d.format, d.content, d.url, d.sha256, d.created_at
	  FROM fulfillment.documents d
	 WHERE d.merchant_id = documents_of.merchant_id AND d.shipment_id = documents_of.shipment_id
	   AND d.voided_at IS NULL
	 ORDER BY d.document_id
$$;
COMMENT ON FUNCTION fulfillment.documents_of(bigint, int) IS
	'Labels and papers of a shipment that are worth something';
REVOKE ALL ON FUNCTION fulfillment.documents_of(bigint, int) FROM PUBLIC;

-- Stock: every change is a movement with a cause.

CREATE OR REPLACE FUNCTION fulfillment.receive_stock(location text, sku text, quantity int,
	cause text DEFAULT 'receipt', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_receive_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.receive_stock(text, text, int, text, int) IS
	'Goods arrived at a location; answers the units now on hand. Orders that wait for them are tried again';

CREATE OR REPLACE FUNCTION fulfillment.adjust_stock(location text, sku text, change int,
	cause text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_adjust_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.adjust_stock(text, text, int, text, int) IS
	'Adds or takes units with a cause (broken, stolen, found); answers the units now on hand';

CREATE OR REPLACE FUNCTION fulfillment.count_stock(location text, sku text, counted int,
	cause text DEFAULT 'count', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_count_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.count_stock(text, text, int, text, int) IS
	'Somebody counted: the number counted becomes the number on hand; answers the difference';

CREATE OR REPLACE FUNCTION fulfillment.transfer_stock(from_location text, to_location text, sku text, quantity int,
	cause text DEFAULT 'transfer', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_transfer_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.transfer_stock(text, text, text, int, text, int) IS
	'Moves units that are not reserved from one location to another';

CREATE OR REPLACE FUNCTION fulfillment.check_stock(repair boolean DEFAULT false,
	merchant_id int DEFAULT fulfillment.current_merchant(), OUT location text, OUT sku text, OUT on_hand int,
	OUT ledger_on_hand bigint, OUT reserved int, OUT ledger_reserved bigint, OUT open_reservations bigint,
	OUT quarantine int, OUT ledger_quarantine bigint, OUT damaged int, OUT ledger_damaged bigint, OUT repaired boolean) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_check_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.check_stock(boolean, int) IS
	'Recomputes on hand, quarantine and damaged from the ledger and reserved from the open shipments; answers the levels that differ, and repairs them when told';

CREATE OR REPLACE FUNCTION fulfillment.available_to_sell(skus text[],
	merchant_id int DEFAULT fulfillment.current_merchant(), OUT sku text, OUT available bigint) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_available_to_sell' LANGUAGE C STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.available_to_sell(text[], int) IS
	'What may be sold of each SKU over all active locations, kits as their parts allow; a SKU that is not known has no row';

REVOKE ALL ON FUNCTION fulfillment.available_to_sell(text[], int), fulfillment.receive_stock(text, text, int, text, int),
	fulfillment.adjust_stock(text, text, int, text, int), fulfillment.count_stock(text, text, int, text, int),
	fulfillment.transfer_stock(text, text, text, int, text, int), fulfillment.check_stock(boolean, int) FROM PUBLIC;

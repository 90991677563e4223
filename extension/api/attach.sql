-- Orders straight from a shop's own tables: one INSERT and COMMIT there starts fulfillment.

CREATE OR REPLACE FUNCTION fulfillment.attach_orders(source regclass, channel text, mapping jsonb,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_attach_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.attach_orders(regclass, text, jsonb, int) IS
	'From now on rows written to this table become orders of the channel when their transaction commits; the mapping names a column for each member of the order document. Answers the attachment';

CREATE OR REPLACE FUNCTION fulfillment.detach_orders(source regclass,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_detach_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.detach_orders(regclass, int) IS
	'Takes no orders from this table any more; those that were taken go on';

CREATE OR REPLACE FUNCTION fulfillment.submit_rows(source regclass, keys text[],
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_submit_rows' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.submit_rows(regclass, text[], int) IS
	'Takes rows of an attached table now, as if they had been written: rows older than the attachment, or that could not be taken; answers how many were asked for';

CREATE OR REPLACE FUNCTION fulfillment.note_order() RETURNS trigger
AS 'MODULE_PATHNAME', 'fulfillment_note_order' LANGUAGE C;
COMMENT ON FUNCTION fulfillment.note_order() IS
	'Trigger of attached tables: remembers the row until its transaction commits';

CREATE OR REPLACE FUNCTION fulfillment.take_orders() RETURNS trigger
AS 'MODULE_PATHNAME', 'fulfillment_take_orders' LANGUAGE C SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.take_orders() IS
	'Trigger of attached tables: submits the rows that were remembered, with their lines as they are at commit';

REVOKE ALL ON FUNCTION fulfillment.attach_orders(regclass, text, jsonb, int),
	fulfillment.detach_orders(regclass, int), fulfillment.submit_rows(regclass, text[], int),
	fulfillment.note_order(), fulfillment.take_orders() FROM PUBLIC;

-- Units beside those on hand, goods to come, and whose numbers are the truth.

CREATE OR REPLACE FUNCTION fulfillment.location_id(location text, merchant_id int) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_location_id' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.location_id(text, int) IS 'The id of a location, or an error';

CREATE OR REPLACE FUNCTION fulfillment.item_id(sku text, merchant_id int) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_item_id' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.item_id(text, int) IS 'The id of an item, or an error';

CREATE OR REPLACE FUNCTION fulfillment.caller() RETURNS oid
AS 'MODULE_PATHNAME', 'fulfillment_caller' LANGUAGE C STABLE;
COMMENT ON FUNCTION fulfillment.caller() IS 'The role behind the call, whatever function runs as its owner';

CREATE OR REPLACE FUNCTION fulfillment.actor() RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_actor' LANGUAGE C STABLE;
COMMENT ON FUNCTION fulfillment.actor() IS 'Who is written into history and ledger as acting now';

CREATE OR REPLACE FUNCTION fulfillment.move_bucket(location text, sku text, movement text, quantity int,
	cause text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_move_bucket' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.move_bucket(text, text, text, int, text, int) IS
	'Moves units between the buckets of a location: quarantine and damage take them from sale, clear brings them back, condemn makes quarantined goods damaged ones, scrap throws those away, isolate takes goods in that must be looked at first';

CREATE OR REPLACE FUNCTION fulfillment.record_movements(movements jsonb,
	merchant_id int DEFAULT fulfillment.current_merchant(), OUT "position" bigint, OUT outcome text, OUT error text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_record_movements' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.record_movements(jsonb, int) IS
	'Many movements [{location, sku, movement, quantity, cause}] at once: receive, adjust, restock or one between buckets; each is done or refused for itself';

CREATE OR REPLACE FUNCTION fulfillment.reconcile_levels(location_id bigint, item_ids bigint[], changes int[],
	cause text, merchant_id int) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'fulfillment_reconcile_levels' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.reconcile_levels(bigint, bigint[], int[], text, int) IS
	'Part of reconcile_stock and resolve_discrepancy: changes the units on hand of many items; answers the items that would have gone below zero, which stay as they are';

CREATE OR REPLACE FUNCTION fulfillment.expect_receipt(location text, sku text, quantity int,
	expected_at timestamptz, reference text DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	made bigint;
BEGIN
	PERFORM fulfillment.require_access('operator', expect_receipt.merchant_id);
	IF quantity IS NULL OR quantity <= 0 OR expected_at IS NULL THEN
		RAISE EXCEPTION 'an expected receipt needs a quantity and a date' USING ERRCODE = 'OF001',
			HINT = 'Give a quantity above zero and expected_at.';
	END IF;
	INSERT INTO fulfillment.expected_receipts (merchant_id, location_id, item_id, quantity, expected_at, reference, announced_by)
	VALUES (expect_receipt.merchant_id, fulfillment.location_id(location, expect_receipt.merchant_id),
	        fulfillment.item_id(sku, expect_receipt.merchant_id), quantity, expect_receipt.expected_at,
	        expect_receipt.reference, fulfillment.actor())
	RETURNING expected_receipt_id INTO made;
	RETURN made;
END
$$;
COMMENT ON FUNCTION fulfillment.expect_receipt(text, text, int, timestamptz, text, int) IS
	'Announces goods that will come to a location; orders that wait for them get a date (view backorder_dates)';

CREATE OR REPLACE FUNCTION fulfillment.receive_expected(expected_receipt_id bigint, quantity int DEFAULT NULL,
	last boolean DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	expected record;
	arrived int;
	on_hand int;
BEGIN
	PERFORM fulfillment.require_access('operator', receive_expected.merchant_id);
	SELECT r.*, l.code, i.sku INTO expected
	  FROM fulfillment.expected_receipts r
	  JOIN fulfillment.locations l ON l.merchant_id = r.merchant_id AND l.location_id = r.location_id
	  JOIN fulfillment.items i ON i.merchant_id = r.merchant_id AND i.item_id = r.item_id
	 WHERE r.merchant_id = receive_expected.merchant_id
	   AND r.expected_receipt_id = receive_expected.expected_receipt_id AND r.state = 'open'
	   FOR UPDATE OF r;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'expected receipt % is not open', expected_receipt_id USING ERRCODE = 'OF002',
			HINT = 'Look at table expected_receipts, or use receive_stock for goods nobody announced.';
	END IF;
	arrived := coalesce(quantity, expected.quantity - expected.received);
	on_hand := fulfillment.receive_stock(expected.code, expected.sku, arrived,
		concat_ws(' ', 'expected receipt', expected.expected_receipt_id::text, expected.reference),
		receive_expected.merchant_id);
	UPDATE fulfillment.expected_receipts r
	   SET received = r.received + arrived,
	       state = CASE WHEN coalesce(last, r.received + arrived >= r.quantity) THEN 'received' ELSE 'open' END
	 WHERE r.merchant_id = receive_expected.merchant_id
	   AND r.expected_receipt_id = receive_expected.expected_receipt_id;
	RETURN on_hand;
END
$$;
COMMENT ON FUNCTION fulfillment.receive_expected(bigint, int, boolean, int) IS
	'Announced goods arrived (quantity NULL: all that is still to come; last: no more will come); answers the units now on hand';

CREATE OR REPLACE FUNCTION fulfillment.cancel_expected(expected_receipt_id bigint,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM fulfillment.require_access('operator', cancel_expected.merchant_id);
	UPDATE fulfillment.expected_receipts r SET state = 'cancelled'
	 WHERE r.merchant_id = cancel_expected.merchant_id
	   AND r.expected_receipt_id = cancel_expected.expected_receipt_id AND r.state = 'open';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'expected receipt % is not open', expected_receipt_id USING ERRCODE = 'OF002';
	END IF;
END
$$;
COMMENT ON FUNCTION fulfillment.cancel_expected(bigint, int) IS 'Announced goods, or the rest of them, will not come';

CREATE OR REPLACE FUNCTION fulfillment.set_inventory_mode(location text, mode text, reason text,
	force boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	place record;
	open_count bigint;
	level_count bigint;
BEGIN
	PERFORM fulfillment.require_access('admin', set_inventory_mode.merchant_id);
	IF mode IS NULL OR mode NOT IN ('active', 'passive') OR coalesce(reason, '') = '' THEN
		RAISE EXCEPTION 'an inventory mode needs its name and a reason' USING ERRCODE = 'OF001',
			HINT = 'Modes are active (our numbers are the truth) and passive (theirs are).';
	END IF;
	SELECT l.* INTO place FROM fulfillment.locations l
	 WHERE l.merchant_id = set_inventory_mode.merchant_id
	   AND l.location_id = fulfillment.location_id(set_inventory_mode.location, set_inventory_mode.merchant_id)
	   FOR UPDATE;
	SELECT count(*) INTO level_count FROM fulfillment.stock_levels v
	 WHERE v.merchant_id = set_inventory_mode.merchant_id AND v.location_id = place.location_id;
	IF place.inventory_mode = mode THEN
		RETURN 0;
	END IF;
	SELECT count(*) INTO open_count FROM fulfillment.discrepancies d
	 WHERE d.merchant_id = set_inventory_mode.merchant_id AND d.location_id = place.location_id AND d.state = 'open';
	IF mode = 'passive' AND place.provider_id IS NULL AND NOT force THEN
		RAISE EXCEPTION 'location "%" has nobody else who counts its stock', place.code USING ERRCODE = 'OF003',
			HINT = 'Set its provider first, or say force => true when snapshots come by hand.';
	ELSIF mode = 'active' AND open_count > 0 AND NOT force THEN
		RAISE EXCEPTION 'location "%" has open discrepancies', place.code USING ERRCODE = 'OF003',
			DETAIL = format('%s differences would become the truth unexamined.', open_count),
			HINT = 'Settle them with resolve_discrepancy, or say force => true.';
	END IF;
	UPDATE fulfillment.locations l SET inventory_mode = mode
	 WHERE l.merchant_id = set_inventory_mode.merchant_id AND l.location_id = place.location_id;
	INSERT INTO fulfillment.history (merchant_id, subject_kind, subject_id, event, from_state, to_state, actor, cause, after)
	VALUES (set_inventory_mode.merchant_id, 'location', place.location_id, 'inventory_mode', place.inventory_mode, mode,
	        fulfillment.actor(), reason, jsonb_build_object('levels', level_count, 'open_discrepancies', open_count, 'forced', force));
	RETURN level_count;
END
$$;
COMMENT ON FUNCTION fulfillment.set_inventory_mode(text, text, text, boolean, int) IS
	'Says whose numbers are the truth at a location and why, for the record; answers how many levels that is about. Refused where it makes no sense, unless forced';

REVOKE ALL ON FUNCTION fulfillment.move_bucket(text, text, text, int, text, int),
	fulfillment.record_movements(jsonb, int),
	fulfillment.reconcile_levels(bigint, bigint[], int[], text, int),
	fulfillment.expect_receipt(text, text, int, timestamptz, text, int),
	fulfillment.receive_expected(bigint, int, boolean, int), fulfillment.cancel_expected(bigint, int),
	fulfillment.set_inventory_mode(text, text, text, boolean, int), fulfillment.location_id(text, int),
	fulfillment.item_id(text, int), fulfillment.actor(), fulfillment.caller() FROM PUBLIC;

-- How snapshots come in: as documents, as tables, from connectors; and how their differences end.

CREATE OR REPLACE FUNCTION fulfillment.moment_or_null(moment text) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED
AS $$
BEGIN
	RETURN moment::timestamptz;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION fulfillment.moment_or_null(text) IS 'A time as a document has it; NULL when it is none';

CREATE OR REPLACE FUNCTION fulfillment.reconcile_stock(location text, snapshot jsonb, as_of timestamptz DEFAULT now(),
	complete boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT "position" bigint, OUT sku text, OUT outcome text, OUT expected int, OUT reported bigint,
	OUT discrepancy_id bigint, OUT error text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM fulfillment.require_access('operator', reconcile_stock.merchant_id);
	IF jsonb_typeof(snapshot) IS DISTINCT FROM 'array' THEN
		RAISE EXCEPTION 'a snapshot is an array of rows' USING ERRCODE = 'OF001',
			HINT = 'Give [{"sku": "A", "on_hand": 5}, …].';
	END IF;
	RETURN QUERY SELECT * FROM fulfillment.reconcile_source(
		fulfillment.location_id(location, reconcile_stock.merchant_id),
		$source$
			SELECT r.n, r.value ->> 'sku', CASE WHEN r.quantity ~ '^-?[0-9]{1,12}(\.0+)?$' THEN r.quantity::numeric::bigint END,
			       CASE WHEN r.moment IS NULL THEN $3 ELSE fulfillment.moment_or_null(r.moment) END,
			       CASE WHEN r.value ->> 'location' IS NOT NULL AND r.value ->> 'location' NOT IN (p.code, coalesce(p.provider_code, p.code))
			            THEN 'The row is about another location.'
			            WHEN r.moment IS NOT NULL AND fulfillment.moment_or_null(r.moment) IS NULL THEN 'Its "as_of" is no time.' END
			  FROM (SELECT e.n, e.value, coalesce(e.value ->> 'on_hand', e.value ->> 'quantity') AS quantity,
			               e.value ->> 'as_of' AS moment
			          FROM jsonb_array_elements($5) WITH ORDINALITY AS e (value, n)) r
			  JOIN fulfillment.locations p ON p.merchant_id = $1 AND p.location_id = $2$source$,
		snapshot, as_of, complete, false, reconcile_stock.merchant_id);
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_stock(text, jsonb, timestamptz, boolean, int) IS
	'Compares a report [{sku, on_hand, as_of}] of a location''s stock with our ledger as of its moment; answers the rows that are not equal: error, late, in_flight, different, explained, settled, adopted. complete: items it does not name have none';

CREATE OR REPLACE FUNCTION fulfillment.reconcile_stock(location text, source regclass, as_of timestamptz,
	sku_column name, quantity_column name, complete boolean DEFAULT false,
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT "position" bigint, OUT sku text, OUT outcome text, OUT expected int, OUT reported bigint,
	OUT discrepancy_id bigint, OUT error text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	source_sku record;
	quantity record;
	unique_sku boolean;
BEGIN
	PERFORM fulfillment.require_access('operator', reconcile_stock.merchant_id);
	SELECT a.attnum, a.atttypid::regtype AS type INTO source_sku FROM pg_attribute a
	 WHERE a.attrelid = source AND a.attname = sku_column AND a.attnum > 0 AND NOT a.attisdropped;
	SELECT a.attnum, a.atttypid::regtype AS type INTO quantity FROM pg_attribute a
	 WHERE a.attrelid = source AND a.attname = quantity_column AND a.attnum > 0 AND NOT a.attisdropped;
	-- It is read with our rights, so it must be nothing that runs somebody's code.
	IF source_sku.type IS NULL OR source_sku.type NOT IN ('text', 'varchar', 'bpchar')
		OR quantity.type IS NULL OR quantity.type NOT IN ('int2', 'int4', 'int8', 'numeric')
		OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = source AND c.relkind IN ('r', 'm') AND NOT c.relrowsecurity) THEN
		RAISE EXCEPTION 'cannot read a snapshot from "%"', source USING ERRCODE = 'OF001',
			DETAIL = 'It must be a plain table with a text column of SKUs and a number column of quantities.',
			HINT = 'Copy the rows into such a table first.';
	END IF;
	IF NOT has_table_privilege(fulfillment.caller(), source, 'SELECT') THEN
		RAISE EXCEPTION 'permission denied for table %', source USING ERRCODE = '42501';
	END IF;
	unique_sku := EXISTS (SELECT FROM pg_index x WHERE x.indrelid = source AND x.indisunique AND x.indisvalid
		AND x.indimmediate AND x.indnkeyatts = 1 AND x.indkey[0] = source_sku.attnum AND x.indpred IS NULL
		AND source_sku.type = 'text'::regtype);
	RETURN QUERY SELECT * FROM fulfillment.reconcile_source(
		fulfillment.location_id(location, reconcile_stock.merchant_id),
		format('SELECT NULL::bigint, r.%1$I::text, CASE WHEN %3$s THEN r.%2$I::bigint END, NULL::timestamptz, NULL::text FROM ONLY %4$s r',
			sku_column, quantity_column,
			CASE quantity.type WHEN 'numeric'::regtype
				THEN format('r.%1$I = trunc(r.%1$I) AND abs(r.%1$I) < 1e12', quantity_column) ELSE 'true' END, source),
		NULL, as_of, complete, unique_sku, reconcile_stock.merchant_id);
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_stock(text, regclass, timestamptz, name, name, boolean, int) IS
	'The same from a plain table, such as one that COPY filled; position is NULL';

CREATE OR REPLACE FUNCTION fulfillment.take_inventory(asked bigint, rows jsonb, as_of timestamptz, merchant_id int)
RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	part record;
	unlike int := 0;
BEGIN
	PERFORM fulfillment.require_access('operator', take_inventory.merchant_id);
	-- A row without a location is about the one that was asked for; rows of the provider's others are theirs.
	FOR part IN
		SELECT l.code, jsonb_agg(r.value - 'location' ORDER BY r.n) AS rows
		  FROM jsonb_array_elements(rows) WITH ORDINALITY AS r (value, n)
		  JOIN fulfillment.locations a ON a.merchant_id = take_inventory.merchant_id AND a.location_id = asked
		  JOIN fulfillment.locations l ON l.merchant_id = a.merchant_id
		   AND (l.location_id = asked AND (r.value ->> 'location' IS NULL
		        OR r.value ->> 'location' = coalesce(l.provider_code, r.value ->> 'location'))
		        OR l.provider_id = a.provider_id AND l.provider_code = r.value ->> 'location')
		 WHERE r.value ->> 'on_hand' IS NOT NULL
		 GROUP BY l.location_id, l.code ORDER BY l.location_id
	LOOP
		unlike := unlike + (SELECT count(*) FROM fulfillment.reconcile_stock(part.code, part.rows, as_of,
			merchant_id => take_inventory.merchant_id));
	END LOOP;
	RETURN unlike;
END
$$;
COMMENT ON FUNCTION fulfillment.take_inventory(bigint, jsonb, timestamptz, int) IS
	'What a connector read of a location''s stock, page by page: each location''s rows are compared; answers how many are not equal';

CREATE OR REPLACE FUNCTION fulfillment.end_inventory(asked bigint, began_at timestamptz, merchant_id int) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	absent jsonb;
	place text;
BEGIN
	PERFORM fulfillment.require_access('operator', end_inventory.merchant_id);
	SELECT l.code, jsonb_agg(jsonb_build_object('sku', i.sku, 'on_hand', 0)) INTO place, absent
	  FROM fulfillment.locations l
	  JOIN fulfillment.stock_levels v ON v.merchant_id = l.merchant_id AND v.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = v.merchant_id AND i.item_id = v.item_id
	 WHERE l.merchant_id = end_inventory.merchant_id AND l.location_id = asked
	   AND coalesce(v.heard_at, '-infinity') < began_at AND (v.on_hand <> 0 OR v.reported_on_hand <> 0)
	   AND NOT EXISTS (SELECT FROM fulfillment.reconcile_policies p
	                    WHERE p.merchant_id = l.merchant_id AND p.location_id = l.location_id AND NOT p.absent_is_zero)
	 GROUP BY l.code;
	IF absent IS NULL THEN
		RETURN 0;
	END IF;
	RETURN (SELECT count(*) FROM fulfillment.reconcile_stock(place, absent, began_at,
		merchant_id => end_inventory.merchant_id));
END
$$;
COMMENT ON FUNCTION fulfillment.end_inventory(bigint, timestamptz, int) IS
	'The last page of a complete report is in: items none of its pages named have no stock there; answers how many differ';

CREATE OR REPLACE FUNCTION fulfillment.resolve_discrepancy(discrepancy_id bigint, resolution text,
	adjust boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	found_row record;
	ending text := CASE WHEN adjust THEN 'adjusted' ELSE 'explained' END;
BEGIN
	PERFORM fulfillment.require_access('operator', resolve_discrepancy.merchant_id);
	IF coalesce(resolution, '') = '' THEN
		RAISE EXCEPTION 'a discrepancy ends with a reason' USING ERRCODE = 'OF001',
			HINT = 'Say in "resolution" what was found.';
	END IF;
	SELECT d.*, l.code, i.sku INTO found_row
	  FROM fulfillment.discrepancies d
	  JOIN fulfillment.locations l ON l.merchant_id = d.merchant_id AND l.location_id = d.location_id
	  JOIN fulfillment.items i ON i.merchant_id = d.merchant_id AND i.item_id = d.item_id
	 WHERE d.merchant_id = resolve_discrepancy.merchant_id
	   AND d.discrepancy_id = resolve_discrepancy.discrepancy_id AND d.state = 'open'
	   FOR UPDATE OF d;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'discrepancy % is not open', discrepancy_id USING ERRCODE = 'OF002',
			HINT = 'Look at the view fulfillment.open_discrepancies.';
	END IF;
	IF adjust AND found_row.kind <> 'snapshot' THEN
		RAISE EXCEPTION 'discrepancy % changed the stock when it was found', discrepancy_id USING ERRCODE = 'OF003',
			DETAIL = format('Its kind is "%s"; the movements were written with the report.', found_row.kind),
			HINT = 'Explain it, or use adjust_stock for a further change.';
	END IF;
	IF adjust AND cardinality(fulfillment.reconcile_levels(found_row.location_id, ARRAY[found_row.item_id],
		ARRAY[found_row.reported - found_row.expected],
		format('discrepancy %s: %s', found_row.discrepancy_id, resolution), resolve_discrepancy.merchant_id)) > 0 THEN
		RAISE EXCEPTION 'not enough stock' USING ERRCODE = 'OF004',
			DETAIL = format('Location "%s" has less than %s of SKU "%s" now.', found_row.code,
				found_row.expected - found_row.reported, found_row.sku),
			HINT = 'Wait for the next snapshot, or count.';
	END IF;
	UPDATE fulfillment.discrepancies d
	   SET state = ending, resolved_at = now(), resolved_by = fulfillment.actor(),
	       resolution = resolve_discrepancy.resolution, standing = NOT adjust AND d.kind = 'snapshot'
	 WHERE d.merchant_id = resolve_discrepancy.merchant_id
	   AND d.discrepancy_id = resolve_discrepancy.discrepancy_id;
	UPDATE fulfillment.attention a
	   SET resolved_at = now(), resolved_by = fulfillment.actor(), resolution = resolve_discrepancy.resolution
	 WHERE a.merchant_id = resolve_discrepancy.merchant_id AND a.kind = 'stock_discrepancy'
	   AND a.subject = format('%s/%s', found_row.code, found_row.sku) AND a.resolved_at IS NULL;
	INSERT INTO fulfillment.history (merchant_id, subject_kind, subject_id, event, from_state, to_state, actor, cause, after)
	VALUES (resolve_discrepancy.merchant_id, 'discrepancy', found_row.discrepancy_id, 'resolve', 'open', ending,
	        fulfillment.actor(), resolve_discrepancy.resolution,
	        jsonb_build_object('expected', found_row.expected, 'reported', found_row.reported, 'value', found_row.value));
	RETURN ending;
END
$$;
COMMENT ON FUNCTION fulfillment.resolve_discrepancy(bigint, text, boolean, int) IS
	'Ends a discrepancy: explained (it may stay as it is, the same difference is no news) or, with adjust, by a movement that makes their number ours; answers its state';

REVOKE ALL ON FUNCTION fulfillment.reconcile_stock(text, jsonb, timestamptz, boolean, int),
	fulfillment.reconcile_stock(text, regclass, timestamptz, name, name, boolean, int),
	fulfillment.take_inventory(bigint, jsonb, timestamptz, int), fulfillment.end_inventory(bigint, timestamptz, int),
	fulfillment.resolve_discrepancy(bigint, text, boolean, int) FROM PUBLIC;

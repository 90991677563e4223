-- files.sql: what files that came in change.

CREATE OR REPLACE FUNCTION fulfillment.added_report(shipment_id bigint, said jsonb, merchant_id int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	subject record;
	known text[];
	parcels jsonb;
	lines jsonb;
BEGIN
	PERFORM fulfillment.require_access('operator', added_report.merchant_id);
	SELECT s.order_id, s.provider_id, s.state INTO subject FROM fulfillment.shipments s
	 WHERE s.merchant_id = added_report.merchant_id AND s.shipment_id = added_report.shipment_id;
	IF said ->> 'quantities' IS DISTINCT FROM 'added' THEN
		RETURN said;
	END IF;
	-- Parcels of the order that are known have been counted when they were told first.
	SELECT coalesce(array_agg(k.tracking_number), '{}') INTO known
	  FROM fulfillment.shipments s
	  JOIN fulfillment.packages k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
	 WHERE s.merchant_id = added_report.merchant_id AND s.order_id = subject.order_id
	   AND s.provider_id = subject.provider_id AND s.shipped_at IS NOT NULL AND k.tracking_number IS NOT NULL;
	SELECT jsonb_agg(p.value ORDER BY p.n) FILTER (WHERE p.value ->> 'tracking_number' <> ALL (known)) INTO parcels
	  FROM jsonb_array_elements(coalesce(said -> 'packages', '[]')) WITH ORDINALITY AS p (value, n);
	IF jsonb_array_length(coalesce(said -> 'packages', '[]')) > 0 AND parcels IS NULL THEN
		RETURN CASE said ->> 'state' WHEN 'delivered' THEN said - 'lines' - 'packages' END;
	END IF;
	-- Goods without a parcel's number that left at a moment that is known are those of then.
	IF parcels IS NULL AND EXISTS (SELECT FROM fulfillment.shipments s
		WHERE s.merchant_id = added_report.merchant_id AND s.order_id = subject.order_id
		  AND s.provider_id = subject.provider_id
		  AND s.shipped_at = fulfillment.moment_or_null(said ->> 'shipped_at')) THEN
		RETURN CASE said ->> 'state' WHEN 'delivered' THEN said - 'lines' END;
	END IF;
	-- What left already does not leave again; a parcel alone says how much is in it.
	lines := CASE WHEN subject.state NOT IN ('accepted', 'cancel_requested', 'cancelled') THEN '[]'
	              WHEN cardinality(known) > 0 AND parcels IS NOT NULL THEN (
		SELECT coalesce(jsonb_agg(l.value - 'quantity' || jsonb_build_object('shipped', l.value -> 'quantity')), '[]')
		  FROM jsonb_array_elements(parcels) AS p (value),
		       jsonb_array_elements(coalesce(p.value -> 'lines', '[]')) AS l (value))
	              ELSE coalesce(said -> 'lines', '[]') END;
	RETURN said || jsonb_strip_nulls(jsonb_build_object(
		'lines', fulfillment.named_lines(added_report.shipment_id, lines, added_report.merchant_id),
		'packages', (SELECT jsonb_agg(p.value || jsonb_build_object('lines',
		               fulfillment.named_lines(added_report.shipment_id, p.value -> 'lines', added_report.merchant_id)) ORDER BY p.n)
		               FROM jsonb_array_elements(parcels) WITH ORDINALITY AS p (value, n))));
END
$$;
COMMENT ON FUNCTION fulfillment.added_report(bigint, jsonb, int) IS
	'What is new in a file''s report of a shipment, with our line numbers; NULL when all of it is known';

CREATE OR REPLACE FUNCTION fulfillment.named_lines(shipment_id bigint, lines jsonb, merchant_id int) RETURNS jsonb
LANGUAGE sql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	SELECT coalesce(jsonb_agg(CASE WHEN l.value ? 'line' THEN l.value
	         ELSE l.value || jsonb_build_object('line', (
	           SELECT n.line FROM fulfillment.shipment_lines n
	             JOIN fulfillment.items i ON i.merchant_id = n.merchant_id AND i.item_id = n.item_id
	            WHERE n.merchant_id = named_lines.merchant_id AND n.shipment_id = named_lines.shipment_id
	              AND i.sku = l.value ->> 'sku'
	            ORDER BY n.quantity - n.shipped - n.short DESC, n.line LIMIT 1)) END ORDER BY l.n), '[]')
	  FROM jsonb_array_elements(CASE jsonb_typeof(lines) WHEN 'array' THEN lines ELSE '[]' END)
	       WITH ORDINALITY AS l (value, n)
$$;
COMMENT ON FUNCTION fulfillment.named_lines(bigint, jsonb, int) IS
	'Lines of a report that name an article alone, with the line of the shipment that holds it';

CREATE OR REPLACE FUNCTION fulfillment.take_stock_file(connection_id bigint, rows jsonb, facts jsonb, as_of timestamptz,
	merchant_id int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	before int := (SELECT (c.inbox_cursor ->> 'stock_rows')::int FROM fulfillment.connections c
	                WHERE c.merchant_id = take_stock_file.merchant_id AND c.connection_id = take_stock_file.connection_id);
	count int := (facts ->> 'rows')::int;
	bad jsonb := '[]';
	part record;
BEGIN
	PERFORM fulfillment.require_access('operator', take_stock_file.merchant_id);
	IF count * 100 < before * coalesce((facts ->> 'min_rows_percent')::int, 0) THEN
		RAISE EXCEPTION 'the file has % rows, the last one had %', count, before USING ERRCODE = 'OF003',
			DETAIL = 'A full stock file that has lost so many rows is not believed.',
			HINT = 'If it is right, lower min_rows_percent in the connection''s config and replay it.';
	END IF;
	FOR part IN
		WITH places AS (
			SELECT l.location_id, l.code, l.provider_code, row_number() OVER (ORDER BY l.location_id) AS place
			  FROM fulfillment.providers p
			  JOIN fulfillment.locations l ON l.merchant_id = p.merchant_id AND l.provider_id = p.provider_id AND l.active
			 WHERE p.merchant_id = take_stock_file.merchant_id AND p.connection_id = take_stock_file.connection_id)
		SELECT l.code, jsonb_agg(r.value - 'location' ORDER BY r.n) AS rows
		  FROM jsonb_array_elements(rows) WITH ORDINALITY AS r (value, n)
		  LEFT JOIN places l ON r.value ->> 'location' IS NULL AND l.place = 1
		    OR r.value ->> 'location' = coalesce(l.provider_code, l.code)
		 GROUP BY l.location_id, l.code ORDER BY l.location_id
	LOOP
		IF part.code IS NULL THEN
			bad := bad || (SELECT jsonb_agg(jsonb_build_object('line', r.value -> 'file_line',
				'error', 'The partner has no location of this name here.')) FROM jsonb_array_elements(part.rows) AS r (value));
			CONTINUE;
		END IF;
		bad := bad || (SELECT coalesce(jsonb_agg(jsonb_build_object('line', part.rows -> (r.position - 1)::int -> 'file_line',
			'error', r.error)), '[]')
			FROM fulfillment.reconcile_stock(part.code, part.rows, as_of, coalesce((facts ->> 'complete')::boolean, false),
				merchant_id => take_stock_file.merchant_id) r WHERE r.outcome = 'error');
	END LOOP;
	IF count IS NOT NULL THEN
		UPDATE fulfillment.connections c
		   SET inbox_cursor = coalesce(c.inbox_cursor, '{}') || jsonb_build_object('stock_rows', count)
		 WHERE c.merchant_id = take_stock_file.merchant_id AND c.connection_id = take_stock_file.connection_id;
	END IF;
	RETURN bad;
END
$$;
COMMENT ON FUNCTION fulfillment.take_stock_file(bigint, jsonb, jsonb, timestamptz, int) IS
	'Compares the rows of a stock file with the stock of the provider''s locations; answers the rows that could not be, with their lines';

REVOKE ALL ON FUNCTION fulfillment.added_report(bigint, jsonb, int), fulfillment.named_lines(bigint, jsonb, int),
	fulfillment.take_stock_file(bigint, jsonb, jsonb, timestamptz, int) FROM PUBLIC;

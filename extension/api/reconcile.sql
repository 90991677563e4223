-- Snapshots of another side's stock, compared with our ledger as of their moment.
--
-- reconcile_source is the one mechanism: it reads a source of rows (position, sku, quantity, as_of,
-- error) once, keeps what is not simply equal in a temporary table, and walks that from step to
-- step.  The ledger as of T is what is on hand now without the movements since T.

CREATE OR REPLACE FUNCTION fulfillment.guess_cause(expected int, reported int, reserved int, recent jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT CASE
		WHEN reported = expected - reserved AND reserved > 0 THEN 'their number seems to leave out what is reserved'
		WHEN missed.id IS NOT NULL THEN format('movement %s (%s) seems not to be booked there', missed.id, missed.kind)
		WHEN reported = 0 THEN 'nothing there: lost, moved, or kept under another SKU'
		WHEN reported < expected THEN 'less there: loss, damage or a miscount'
		ELSE 'more there: a receipt or return that is not booked here' END
	  FROM (SELECT) one
	  LEFT JOIN LATERAL (
		SELECT m.value ->> 'id' AS id, m.value ->> 'kind' AS kind
		  FROM jsonb_array_elements(recent) WITH ORDINALITY AS m (value, n)
		 WHERE (m.value ->> 'units')::int = expected - reported
		 ORDER BY n LIMIT 1) missed ON true
$$;
COMMENT ON FUNCTION fulfillment.guess_cause(int, int, int, jsonb) IS
	'Why a snapshot may differ from the ledger, from the figures and the last movements [{id, kind, units}]';

-- The statement that reads a source.  Of a complete one only rows with something to say come out;
-- items it does not name come as rows without position.
CREATE OR REPLACE FUNCTION fulfillment.snapshot_query(source text, complete boolean, by_row boolean, is_unique boolean)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $query$
	SELECT format($statement$
		WITH source (position, sku, quantity, as_of, error) AS (%1$s),
		twice AS (%2$s)
		SELECT s.position, coalesce(s.sku, b.sku) AS sku, b.item_id,
		       CASE WHEN s.sku IS NULL AND b.sku IS NOT NULL THEN 0 ELSE s.quantity END AS reported,
		       coalesce(b.on_hand, 0) - coalesce(l.units, 0)::int AS expected, coalesce(b.reserved, 0) AS reserved,
		       coalesce(s.as_of, $3) AS as_of, b.reported_on_hand AS shown, b.reported_as_of AS shown_as_of,
		       d.discrepancy_id, t.sku IS NOT NULL AS twice, s.error, NULL::text AS outcome, false AS moving
		  FROM %3$s
		  LEFT JOIN twice t ON t.sku = s.sku
		  LEFT JOIN %4$s
		  LEFT JOIN fulfillment.discrepancies d ON d.merchant_id = $1 AND d.location_id = $2 AND d.item_id = b.item_id
		   AND d.kind = 'snapshot' AND (d.state = 'open' OR d.standing)
		 WHERE %5$s$statement$,
		source,
		CASE WHEN is_unique THEN 'SELECT NULL::text AS sku WHERE false'
		     ELSE 'SELECT sku FROM source GROUP BY sku HAVING count(*) > 1' END,
		CASE WHEN complete THEN $from$
		  (SELECT i.sku, v.item_id, v.on_hand, v.reserved, v.reported_on_hand, v.reported_as_of
		     FROM fulfillment.stock_levels v
		     JOIN fulfillment.items i ON i.merchant_id = $1 AND i.item_id = v.item_id
		    WHERE v.merchant_id = $1 AND v.location_id = $2) b
		  FULL JOIN source s ON s.sku = b.sku$from$
		ELSE $from$
		  source s
		  LEFT JOIN (SELECT i.sku, i.item_id, v.on_hand, v.reserved, v.reported_on_hand, v.reported_as_of
		     FROM fulfillment.items i
		     LEFT JOIN fulfillment.stock_levels v ON v.merchant_id = $1 AND v.location_id = $2 AND v.item_id = i.item_id
		    WHERE i.merchant_id = $1) b ON b.sku = s.sku$from$ END,
		CASE WHEN by_row THEN $later$
		  LATERAL (SELECT sum(m.on_hand_delta) AS units FROM fulfillment.stock_movements m
		            WHERE m.merchant_id = $1 AND m.location_id = $2 AND m.item_id = b.item_id
		              AND m.moved_at > coalesce(s.as_of, $3)) l ON true$later$
		ELSE $later$
		  (SELECT m.item_id, sum(m.on_hand_delta) AS units FROM fulfillment.stock_movements m
		    WHERE m.merchant_id = $1 AND m.location_id = $2 AND m.moved_at > $3
		    GROUP BY m.item_id) l ON l.item_id = b.item_id$later$ END,
		CASE WHEN complete THEN $keep$
		       CASE WHEN s.sku IS NULL AND b.sku IS NOT NULL
		            THEN $4 AND (b.on_hand - coalesce(l.units, 0) <> 0 OR d.item_id IS NOT NULL OR b.reported_on_hand <> 0)
		            ELSE b.item_id IS NULL OR t.sku IS NOT NULL OR d.item_id IS NOT NULL OR s.error IS NOT NULL
		                 OR s.quantity IS DISTINCT FROM b.on_hand - coalesce(l.units, 0)
		                 OR s.quantity IS DISTINCT FROM b.reported_on_hand END$keep$
		ELSE 'true' END)
$query$;
COMMENT ON FUNCTION fulfillment.snapshot_query(text, boolean, boolean, boolean) IS
	'Part of reconcile_stock: the statement that compares a source with the levels of location $2 of merchant $1 as of $3; $4: absent is zero';

CREATE OR REPLACE FUNCTION fulfillment.snapshot_step(step int, location_id bigint, items bigint, merchant_id int)
RETURNS void AS 'MODULE_PATHNAME', 'fulfillment_snapshot_step' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.snapshot_step(int, bigint, bigint, int) IS
	'Part of reconcile_stock: says how far it is to snapshot_progress; a step beyond the last one ends it';

CREATE OR REPLACE FUNCTION fulfillment.snapshot_progress(OUT pid int, OUT merchant_id int, OUT location_id bigint,
	OUT started_at timestamptz, OUT step int, OUT steps int, OUT doing text, OUT items bigint) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_snapshot_steps' LANGUAGE C STABLE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.snapshot_progress() IS
	'Snapshots that sessions of this database compare now: the step they are at, and how many items are not simply equal';
REVOKE ALL ON FUNCTION fulfillment.snapshot_progress(), fulfillment.snapshot_step(int, bigint, bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.reconcile_source(place bigint, source text, snapshot jsonb, as_of timestamptz,
	complete boolean, is_unique boolean, merchant_id int,
	OUT "position" bigint, OUT sku text, OUT outcome text, OUT expected int, OUT reported bigint,
	OUT discrepancy_id bigint, OUT error text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
DECLARE
	policy fulfillment.reconcile_policies;
	newest timestamptz;
	snapshot_id bigint;
	adopted bigint := 0;
	settled_count bigint;
	unlike bigint;
	m constant int := merchant_id;
BEGIN
	IF as_of IS NULL OR as_of > clock_timestamp() + interval '5 minutes' THEN
		RAISE EXCEPTION 'a snapshot of the future cannot be compared' USING ERRCODE = 'OF001',
			DETAIL = format('Field "as_of" is %s.', coalesce(as_of::text, 'missing')),
			HINT = 'Give the moment at which the other side read its stock.';
	END IF;
	PERFORM fulfillment.snapshot_step(0, place, 0, m);
	-- One snapshot of a location at a time.
	PERFORM FROM fulfillment.locations l WHERE l.merchant_id = m AND l.location_id = place FOR NO KEY UPDATE;
	SELECT * INTO policy FROM fulfillment.reconcile_policies p WHERE p.merchant_id = m AND p.location_id = place;
	SELECT max(s.as_of) INTO newest FROM fulfillment.stock_snapshots s
	 WHERE s.merchant_id = m AND s.location_id = place AND s.complete;
	PERFORM fulfillment.snapshot_step(1, place, 0, m);
	EXECUTE 'CREATE TEMP TABLE fulfillment_snapshot ON COMMIT DROP AS'
		|| fulfillment.snapshot_query(source, complete, snapshot IS NOT NULL, is_unique)
		USING m, place, as_of, coalesce(policy.absent_is_zero, true), snapshot;
	GET DIAGNOSTICS unlike = ROW_COUNT;
	PERFORM fulfillment.snapshot_step(2, place, unlike, m);
	-- an item without a level here
	UPDATE pg_temp.fulfillment_snapshot s SET item_id = i.item_id
	  FROM fulfillment.items i WHERE s.item_id IS NULL AND i.merchant_id = m AND i.sku = s.sku;
	UPDATE pg_temp.fulfillment_snapshot s
	   SET error = coalesce(s.error, CASE WHEN s.sku IS NULL OR s.sku = '' THEN 'The row has no SKU.'
	                             WHEN s.item_id IS NULL THEN 'There is no item with this SKU.'
	                             WHEN s.twice THEN 'The SKU stands in the snapshot more than once.'
	                             WHEN s.reported IS NULL THEN 'The quantity is no whole number.'
	                             WHEN s.reported < 0 THEN 'The quantity is negative.'
	                             WHEN s.reported > 2000000000 THEN 'The quantity is too large.' END),
	       outcome = CASE WHEN s.as_of < greatest(s.shown_as_of, newest) THEN 'late'
	                      WHEN s.reported = s.expected THEN 'equal' ELSE 'different' END;
	UPDATE pg_temp.fulfillment_snapshot s SET outcome = 'error' WHERE s.error IS NOT NULL;
	PERFORM fulfillment.reconcile_look_again(place, m);
	PERFORM fulfillment.reconcile_in_flight(place, coalesce(policy.settle_within, '10 minutes'), m);
	PERFORM fulfillment.snapshot_step(3, place, unlike, m);
	PERFORM fulfillment.reconcile_differences(place, m);
	PERFORM fulfillment.snapshot_step(4, place, unlike, m);
	settled_count := fulfillment.reconcile_settled(place, m);
	PERFORM fulfillment.snapshot_step(5, place, unlike, m);
	PERFORM fulfillment.reconcile_shown(place, NOT complete, m);
	PERFORM fulfillment.snapshot_step(6, place, unlike, m);
	IF policy.adopt_after IS NOT NULL OR policy.adopt_confidence IS NOT NULL THEN
		adopted := fulfillment.reconcile_adopt(place, policy.adopt_after, policy.adopt_confidence, m);
	END IF;
	PERFORM fulfillment.snapshot_step(7, place, unlike, m);
	UPDATE fulfillment.attention a
	   SET resolved_at = now(), resolved_by = fulfillment.actor(),
	       resolution = CASE s.outcome WHEN 'adopted' THEN 'adopted by policy' ELSE 'the two sides agree again' END
	  FROM pg_temp.fulfillment_snapshot s, fulfillment.locations l
	 WHERE s.outcome IN ('settled', 'adopted') AND l.merchant_id = m AND l.location_id = place
	   AND a.merchant_id = m AND a.kind = 'stock_discrepancy' AND a.resolved_at IS NULL
	   AND a.subject = format('%s/%s', l.code, s.sku);
	IF policy.alarm_value IS NOT NULL THEN
		INSERT INTO fulfillment.attention (merchant_id, kind, subject, message, hint, detail)
		SELECT m, 'stock_discrepancy', format('%s/%s', l.code, s.sku),
		       format('stock of "%s" at "%s" differs by %s: %s', s.sku, l.code, s.reported - s.expected, d.cause),
		       'Settle it with resolve_discrepancy.',
		       jsonb_build_object('discrepancy_id', d.discrepancy_id, 'value', d.value)
		  FROM pg_temp.fulfillment_snapshot s
		  JOIN fulfillment.discrepancies d ON d.merchant_id = m AND d.discrepancy_id = s.discrepancy_id
		  JOIN fulfillment.locations l ON l.merchant_id = m AND l.location_id = place
		 WHERE s.outcome = 'different' AND d.value >= policy.alarm_value
		ON CONFLICT DO NOTHING;
	END IF;
	INSERT INTO fulfillment.stock_snapshots (merchant_id, location_id, as_of, complete, taken_by, items, errors,
		differences, in_flight, adopted, settled, late)
	SELECT m, place, reconcile_source.as_of, complete AND count(*) FILTER (WHERE s.outcome = 'late') = 0,
	       fulfillment.actor(), count(*),
	       count(*) FILTER (WHERE s.outcome = 'error'), count(*) FILTER (WHERE s.outcome IN ('different', 'adopted')),
	       count(*) FILTER (WHERE s.outcome = 'in_flight'), adopted, settled_count,
	       count(*) FILTER (WHERE s.outcome = 'late')
	  FROM pg_temp.fulfillment_snapshot s;
	RETURN QUERY
		SELECT s.position, s.sku, s.outcome, s.expected, s.reported, s.discrepancy_id, s.error
		  FROM pg_temp.fulfillment_snapshot s WHERE s.outcome <> 'equal' ORDER BY s.position, s.sku;
	DROP TABLE pg_temp.fulfillment_snapshot;
	PERFORM fulfillment.snapshot_step(-1, place, 0, m);
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_source(bigint, text, jsonb, timestamptz, boolean, boolean, int) IS
	'Part of reconcile_stock: compares one source of rows with a location and acts on what differs';

-- A movement that was under way while the snapshot was compared is part of our book as of its moment,
-- too.  So the levels that seem to differ are locked, which waits for it, and looked at again.
CREATE OR REPLACE FUNCTION fulfillment.reconcile_look_again(place bigint, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	PERFORM FROM fulfillment.stock_levels v
	        JOIN pg_temp.fulfillment_snapshot s ON s.item_id = v.item_id AND s.outcome = 'different'
	  WHERE v.merchant_id = $2 AND v.location_id = $1
	  ORDER BY v.item_id FOR NO KEY UPDATE OF v;
	UPDATE pg_temp.fulfillment_snapshot s
	   SET expected = c.expected, reserved = c.reserved,
	       outcome = CASE WHEN s.reported = c.expected THEN 'equal' ELSE s.outcome END
	  FROM (SELECT v.item_id, v.on_hand - l.units AS expected, v.reserved
	          FROM pg_temp.fulfillment_snapshot d
	          JOIN fulfillment.stock_levels v ON v.merchant_id = $2 AND v.location_id = $1 AND v.item_id = d.item_id
	         CROSS JOIN LATERAL (
			SELECT coalesce(sum(m.on_hand_delta), 0)::int AS units FROM fulfillment.stock_movements m
			 WHERE m.merchant_id = $2 AND m.location_id = $1 AND m.item_id = d.item_id AND m.moved_at > d.as_of) l
	         WHERE d.outcome = 'different') c
	 WHERE s.item_id = c.item_id AND s.outcome = 'different' AND s.expected <> c.expected;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_look_again(bigint, int) IS
	'Part of reconcile_stock: waits for movements that are under way, and compares anew what seemed to differ';

-- A difference is in flight when the other side is simply a few movements behind or ahead of us: its
-- number is ours at another moment near the snapshot's.  Corrections made since count as known there.
CREATE OR REPLACE FUNCTION fulfillment.reconcile_in_flight(place bigint, settle_within interval, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	UPDATE pg_temp.fulfillment_snapshot s
	   SET moving = near.units IS NOT NULL,
	       outcome = CASE WHEN s.reported = s.expected + near.corrected THEN 'equal'
	                      WHEN near.met THEN 'in_flight' ELSE s.outcome END
	  FROM (SELECT d.item_id, cuts.units, cuts.corrected, cuts.met
	          FROM pg_temp.fulfillment_snapshot d
	         CROSS JOIN LATERAL (
			SELECT sum(abs(c.on_hand_delta)) AS units,
			       coalesce(sum(c.on_hand_delta) FILTER (WHERE c.later AND c.kind IN ('adjust', 'count', 'reconcile', 'found')), 0) AS corrected,
			       bool_or(d.reported IN (d.expected + c.until, d.expected + c.until - c.on_hand_delta)) FILTER (WHERE c.close) AS met
			  FROM (SELECT v.kind, v.on_hand_delta, v.moved_at > d.as_of AS later, v.moved_at <= d.as_of + $2 AS close,
			               (sum(v.on_hand_delta) OVER (ORDER BY v.moved_at, v.movement_id)
			                - coalesce(sum(v.on_hand_delta) FILTER (WHERE v.moved_at <= d.as_of) OVER (), 0))::bigint AS until
			          FROM fulfillment.stock_movements v
			         WHERE v.merchant_id = $3 AND v.location_id = $1 AND v.item_id = d.item_id
			           AND v.moved_at > d.as_of - $2 AND v.on_hand_delta <> 0) c) cuts
	         WHERE d.outcome = 'different') near
	 WHERE s.outcome = 'different' AND s.item_id = near.item_id;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_in_flight(bigint, interval, int) IS
	'Part of reconcile_stock: finds the differences that movements around the snapshot explain';

CREATE OR REPLACE FUNCTION fulfillment.reconcile_differences(place bigint, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	WITH written AS (
		INSERT INTO fulfillment.discrepancies AS d (merchant_id, location_id, item_id, kind, expected, reported, value,
			cause, as_of, confidence, trail, movements)
		SELECT $2, $1, s.item_id, 'snapshot', s.expected, s.reported, abs(s.reported - s.expected) * i.value,
		       fulfillment.guess_cause(s.expected, s.reported::int, s.reserved, coalesce(r.facts, '[]')), s.as_of,
		       CASE WHEN s.moving THEN 0.25 ELSE 0.5 END, ARRAY[s.reported::int - s.expected], coalesce(r.ids, '{}')
		  FROM pg_temp.fulfillment_snapshot s
		  JOIN fulfillment.items i ON i.merchant_id = $2 AND i.item_id = s.item_id
		 CROSS JOIN LATERAL (
			SELECT array_agg(v.movement_id) AS ids,
			       jsonb_agg(jsonb_build_object('id', v.movement_id, 'kind', v.kind, 'units', v.on_hand_delta)) AS facts
			  FROM (SELECT t.movement_id, t.kind, t.on_hand_delta FROM fulfillment.stock_movements t
			         WHERE t.merchant_id = $2 AND t.location_id = $1 AND t.item_id = s.item_id
			           AND t.moved_at <= s.as_of AND t.on_hand_delta <> 0
			         ORDER BY t.moved_at DESC, t.movement_id DESC LIMIT 5) v) r
		 WHERE s.outcome = 'different' ORDER BY s.item_id
		ON CONFLICT (merchant_id, location_id, item_id) WHERE kind = 'snapshot' AND (state = 'open' OR standing)
		DO UPDATE SET expected = excluded.expected, reported = excluded.reported, value = excluded.value,
			cause = excluded.cause, as_of = excluded.as_of, movements = excluded.movements, last_seen_at = now(),
			-- the same snapshot again is no second witness
			times_seen = d.times_seen + (excluded.as_of > d.as_of)::int,
			equal_snapshots = CASE WHEN d.reported - d.expected = excluded.reported - excluded.expected
				THEN d.equal_snapshots + (excluded.as_of > d.as_of)::int ELSE 1 END,
			confidence = CASE WHEN d.reported - d.expected = excluded.reported - excluded.expected
				THEN round((1 - power(0.5, least(d.equal_snapshots + (excluded.as_of > d.as_of)::int, 20)))
					* excluded.confidence * 2, 3) ELSE excluded.confidence END,
			trail = CASE WHEN excluded.as_of > d.as_of
				THEN (d.trail || excluded.trail)[greatest(1, cardinality(d.trail) - 10):] ELSE d.trail END,
			state = CASE WHEN d.reported - d.expected = excluded.reported - excluded.expected THEN d.state ELSE 'open' END,
			standing = d.standing AND d.reported - d.expected = excluded.reported - excluded.expected
		RETURNING d.item_id, d.discrepancy_id, d.state)
	UPDATE pg_temp.fulfillment_snapshot s
	   SET discrepancy_id = w.discrepancy_id, outcome = CASE w.state WHEN 'open' THEN 'different' ELSE 'explained' END
	  FROM written w WHERE s.item_id = w.item_id AND s.outcome = 'different';
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_differences(bigint, int) IS
	'Part of reconcile_stock: one open discrepancy per item that differs, new or brought up to date';

CREATE OR REPLACE FUNCTION fulfillment.reconcile_settled(place bigint, merchant_id int) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
DECLARE
	settled_count bigint;
BEGIN
	WITH ended AS (
		UPDATE fulfillment.discrepancies d
		   SET state = 'explained', standing = false, resolved_at = coalesce(d.resolved_at, now()),
		       resolved_by = coalesce(d.resolved_by, fulfillment.actor()),
		       resolution = coalesce(d.resolution, 'the two sides agree again')
		  FROM pg_temp.fulfillment_snapshot s
		 WHERE s.outcome = 'equal' AND s.discrepancy_id IS NOT NULL AND d.merchant_id = $2
		   AND d.discrepancy_id = s.discrepancy_id
		RETURNING d.item_id)
	UPDATE pg_temp.fulfillment_snapshot s SET outcome = 'settled' FROM ended e WHERE s.item_id = e.item_id;
	GET DIAGNOSTICS settled_count = ROW_COUNT;
	RETURN settled_count;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_settled(bigint, int) IS
	'Part of reconcile_stock: ends the discrepancies of items on which both sides agree again';

-- What they say is kept beside our own numbers.  Levels are locked in the ledger's order.
CREATE OR REPLACE FUNCTION fulfillment.reconcile_shown(place bigint, note_all boolean, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO fulfillment.stock_levels (merchant_id, location_id, item_id)
	SELECT $3, $1, s.item_id FROM pg_temp.fulfillment_snapshot s
	 WHERE s.outcome NOT IN ('error', 'late') AND s.shown IS NULL
	   AND NOT EXISTS (SELECT FROM fulfillment.stock_levels v
	                    WHERE v.merchant_id = $3 AND v.location_id = $1 AND v.item_id = s.item_id)
	 ORDER BY s.item_id
	ON CONFLICT DO NOTHING;
	UPDATE fulfillment.stock_levels v
	   SET reported_on_hand = k.reported, reported_as_of = k.as_of, heard_at = now()
	  FROM (SELECT t.item_id, CASE WHEN n.is_news THEN s.reported ELSE t.reported_on_hand END AS reported,
	               CASE WHEN n.is_news THEN s.as_of ELSE t.reported_as_of END AS as_of
	          FROM fulfillment.stock_levels t
	          JOIN pg_temp.fulfillment_snapshot s ON s.item_id = t.item_id
	         -- what is late or unusable was named all the same
	         CROSS JOIN LATERAL (SELECT s.outcome NOT IN ('late', 'error') AS is_news) n
	         WHERE t.merchant_id = $3 AND t.location_id = $1
	           AND (note_all OR n.is_news AND s.reported IS DISTINCT FROM s.shown)
	         ORDER BY t.item_id FOR UPDATE OF t) k
	 WHERE v.merchant_id = $3 AND v.location_id = $1 AND v.item_id = k.item_id;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_shown(bigint, boolean, int) IS
	'Part of reconcile_stock: keeps the other side''s numbers beside ours';

CREATE OR REPLACE FUNCTION fulfillment.reconcile_adopt(place bigint, adopt_after int, adopt_confidence numeric,
	merchant_id int) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
DECLARE
	part record;
	stay bigint[];
	adopted bigint := 0;
BEGIN
	FOR part IN
		SELECT array_agg(q.item_id ORDER BY q.item_id) AS items, array_agg(q.change ORDER BY q.item_id) AS changes,
		       array_agg(q.discrepancy_id) AS ids
		  FROM (SELECT s.item_id, (s.reported - s.expected)::int AS change, s.discrepancy_id,
		               row_number() OVER (ORDER BY s.item_id) / 10000 AS part
		          FROM pg_temp.fulfillment_snapshot s
		          JOIN fulfillment.discrepancies d ON d.merchant_id = $4 AND d.discrepancy_id = s.discrepancy_id
		         WHERE s.outcome = 'different'
		           AND (d.equal_snapshots >= $2 OR d.confidence >= $3)) q
		 GROUP BY q.part ORDER BY q.part
	LOOP
		stay := fulfillment.reconcile_levels($1, part.items, part.changes, 'snapshot adopted by policy', $4);
		UPDATE fulfillment.discrepancies d
		   SET state = 'adjusted', resolved_at = now(), resolved_by = fulfillment.actor(), resolution = 'adopted by policy'
		 WHERE d.merchant_id = $4 AND d.discrepancy_id = ANY (part.ids) AND d.item_id <> ALL (stay);
		UPDATE pg_temp.fulfillment_snapshot s SET outcome = 'adopted'
		 WHERE s.outcome = 'different' AND s.item_id = ANY (part.items) AND s.item_id <> ALL (stay);
		adopted := adopted + cardinality(part.items) - cardinality(stay);
	END LOOP;
	RETURN adopted;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_adopt(bigint, int, numeric, int) IS
	'Part of reconcile_stock: makes their numbers ours where the location''s policy says so; answers of how many items';

REVOKE ALL ON FUNCTION fulfillment.reconcile_source(bigint, text, jsonb, timestamptz, boolean, boolean, int),
	fulfillment.reconcile_look_again(bigint, int), fulfillment.reconcile_in_flight(bigint, interval, int), fulfillment.reconcile_differences(bigint, int),
	fulfillment.reconcile_settled(bigint, int), fulfillment.reconcile_shown(bigint, boolean, int),
	fulfillment.reconcile_adopt(bigint, int, numeric, int) FROM PUBLIC;

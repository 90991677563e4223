-- The table of transitions against the written law, and what must be true of any such table.

CREATE TEMP TABLE law (machine text, from_states text, event text, to_state text);
-- Orders.
INSERT INTO law VALUES
    ('order', 'none', 'receive', 'received'),
    ('order', 'received invalid open cancelling cancelled closed', 'receive', NULL),
    ('order', 'cancelled closed', 'late_update', NULL),
    ('order', 'received', 'validate_ok', 'open'),
    ('order', 'received', 'validate_fail', 'invalid'),
    ('order', 'invalid', 'correct', 'open'),
    ('order', 'open', 'route', 'open'),
    ('order', 'open', 'hold', 'open'),
    ('order', 'open', 'release', 'open'),
    ('order', 'open', 'edit', 'open'),
    ('order', 'open received invalid', 'cancel', 'cancelling'),
    ('order', 'open', 'cancel', 'open'),
    ('order', 'cancelling', 'all_cancelled', 'cancelled'),
    ('order', 'cancelling', 'shipped_anyway', 'open'),
    ('order', 'open', 'complete', 'closed'),
    ('order', 'open', 'all_cancelled', 'cancelled'),
    ('order', 'closed', 'reopen', 'open'),
    ('order', 'open received', 'expire', 'cancelled'),
    ('order', 'open', 'expire', 'open');
-- Shipments.
INSERT INTO law VALUES
    ('shipment', 'none', 'plan', 'draft'),
    ('shipment', 'draft', 'move', 'draft'),
    ('shipment', 'draft', 'split', 'draft'),
    ('shipment', 'draft', 'merge', 'draft'),
    ('shipment', 'draft', 'ready', 'queued'),
    ('shipment', 'queued', 'sent', 'submitting'),
    ('shipment', 'submitting', 'accept', 'accepted'),
    ('shipment', 'submitting', 'reject', 'rejected'),
    ('shipment', 'submitting', 'lose', 'unknown'),
    ('shipment', 'unknown', 'found', 'accepted'),
    ('shipment', 'unknown', 'absent', 'queued'),
    ('shipment', 'unknown', 'absent', 'attention'),
    ('shipment', 'unknown', 'no_lookup', 'attention'),
    ('shipment', 'accepted', 'progress', 'accepted'),
    ('shipment', 'accepted unknown submitting', 'short', NULL),
    ('shipment', 'accepted draft queued', 'ship', 'shipped'),
    ('shipment', 'accepted', 'over_ship', 'shipped'),
    ('shipment', 'draft queued submitting unknown accepted', 'hold', NULL),
    ('shipment', 'draft queued', 'cancel', 'cancelled'),
    ('shipment', 'submitting unknown', 'cancel', NULL),
    ('shipment', 'submitting unknown', 'accept', 'cancel_requested'),
    ('shipment', 'unknown', 'found', 'cancel_requested'),
    ('shipment', 'accepted', 'cancel', 'cancel_requested'),
    ('shipment', 'cancel_requested', 'cancel_ok', 'cancelled'),
    ('shipment', 'cancel_requested', 'cancel_no', 'accepted'),
    ('shipment', 'cancel_requested', 'deadline', 'accepted'),
    ('shipment', 'cancel_requested', 'ship', 'shipped'),
    ('shipment', 'cancelled', 'ship', 'shipped'),
    ('shipment', 'shipped', 'delivered', 'delivered'),
    ('shipment', 'shipped', 'return_to_sender', 'returning'),
    ('shipment', 'shipped', 'lost', 'lost'),
    ('shipment', 'lost returning', 'delivered', 'delivered'),
    ('shipment', 'delivered', 'progress', 'delivered'),
    ('shipment', 'shipped delivered', 'unship', 'accepted'),
    ('shipment', 'rejected attention', 'reroute', 'draft'),
    ('shipment', 'rejected attention', 'retry', 'queued'),
    ('shipment', 'rejected attention', 'abandon', 'cancelled');
-- Returns.
INSERT INTO law VALUES
    ('return', 'none', 'request', 'requested'),
    ('return', 'requested', 'decline', 'declined'),
    ('return', 'requested', 'approve', 'approved'),
    ('return', 'approved', 'announce', 'expected'),
    ('return', 'approved expected', 'exchange', NULL),
    ('return', 'expected', 'scan', 'in_transit'),
    ('return', 'expected in_transit receiving', 'receive', 'receiving'),
    ('return', 'receiving', 'accounted', 'received'),
    ('return', 'receiving', 'close_short', 'received'),
    ('return', 'received', 'refund', 'refunding'),
    ('return', 'in_transit', 'refund', 'in_transit'),
    ('return', 'refunding', 'refunded', 'resolved'),
    ('return', 'received', 'no_refund', 'resolved'),
    ('return', 'requested approved expected', 'cancel', 'cancelled'),
    ('return', 'expected in_transit', 'expire', 'expired'),
    ('return', 'expired cancelled', 'receive', 'receiving'),
    ('return', 'none', 'blind_receive', 'matching'),
    ('return', 'matching', 'match', 'receiving'),
    ('return', 'resolved', 'receive', 'receiving');

-- Each line of the law has its transition.  (No target: the state stays.)
SELECT machine, from_state, event, coalesce(to_state, from_state) AS "not in the table"
FROM law, unnest(string_to_array(from_states, ' ')) AS from_state
EXCEPT
SELECT machine, from_state, event, to_state FROM fulfillment.lifecycle
ORDER BY 1, 2, 3, 4;

-- Where the table goes beyond the law: to a state the law does not lead to by the same event.
SELECT DISTINCT machine, event, to_state AS "goes beyond the law"
FROM fulfillment.lifecycle l
WHERE from_state <> to_state AND machine <> 'package'
  AND NOT EXISTS (SELECT FROM law WHERE law.machine = l.machine AND law.event = l.event
                  AND law.to_state = l.to_state)
ORDER BY 1, 2, 3;

-- No row stands behind one of the same state and event that has no guard.
SELECT l.machine, l.from_state, l.event, l.priority AS "is never reached"
FROM fulfillment.lifecycle l
WHERE EXISTS (SELECT FROM fulfillment.lifecycle e
              WHERE e.machine = l.machine AND e.from_state = l.from_state AND e.event IN (l.event, 'any')
                AND e.priority < l.priority AND e.guard = '')
  AND l.event <> 'any'
  -- a package that has arrived takes no more part in the rows for all
  AND NOT (l.machine = 'package' AND l.from_state IN ('delivered', 'returned'))
ORDER BY l.priority;

-- Every state can be reached from nothing, and is left again unless it is an end.
WITH RECURSIVE reached AS (
    SELECT machine, 'none' AS state FROM fulfillment.lifecycle
    UNION
    SELECT l.machine, l.to_state FROM reached r
    JOIN fulfillment.lifecycle l ON l.machine = r.machine AND l.from_state = r.state)
SELECT machine, from_state AS "cannot be reached" FROM fulfillment.lifecycle
WHERE machine <> 'package'
EXCEPT SELECT machine, state FROM reached;
SELECT machine, from_state AS "is never left" FROM fulfillment.lifecycle
GROUP BY 1, 2 HAVING bool_and(to_state = from_state) ORDER BY 1, 2;

-- Physics wins: a report that it left is taken in every state of a shipment, and received goods in
-- every state of a return that has lines.
SELECT from_state, string_agg(DISTINCT coalesce(nullif(guard, ''), '-'), ', ') AS "shipping needs"
FROM fulfillment.lifecycle WHERE machine = 'shipment' AND event IN ('ship', 'over_ship')
GROUP BY 1 ORDER BY 1;
SELECT DISTINCT from_state AS "does not receive" FROM fulfillment.lifecycle l
WHERE machine = 'return' AND from_state NOT IN ('none', 'matching')
  AND NOT EXISTS (SELECT FROM fulfillment.lifecycle WHERE machine = 'return'
                  AND from_state = l.from_state AND event = 'receive' AND guard = '');

-- Stop means stop: every shipment answers hold, and every one that has not ended answers cancel.
SELECT DISTINCT from_state AS "does not answer hold" FROM fulfillment.lifecycle l
WHERE machine = 'shipment' AND from_state <> 'none'
  AND NOT EXISTS (SELECT FROM fulfillment.lifecycle WHERE machine = 'shipment'
                  AND from_state = l.from_state AND event = 'hold' AND guard = '');
SELECT DISTINCT from_state AS "does not answer cancel" FROM fulfillment.lifecycle l
WHERE machine = 'shipment' AND from_state <> 'none'
  AND NOT EXISTS (SELECT FROM fulfillment.lifecycle WHERE machine = 'shipment'
                  AND from_state = l.from_state AND event = 'cancel' AND guard = '')
ORDER BY 1;

-- A call is written only for a queued shipment, and what a provider may have is not queued again
-- unless that is safe.
SELECT from_state, event, guard, to_state FROM fulfillment.lifecycle
WHERE machine = 'shipment' AND 'enqueue_create' = ANY (effects) ORDER BY priority, from_state;

-- Money is captured only when goods leave for somebody who wants them.
SELECT DISTINCT machine, from_state, event FROM fulfillment.lifecycle
WHERE 'capture' = ANY (effects) ORDER BY 1, 2, 3;

-- The whole table.
SELECT machine, from_state, event, guard, to_state, array_to_string(effects, ' ') AS effects, step
FROM fulfillment.lifecycle ORDER BY priority, from_state;
SELECT count(*) AS "without a sentence" FROM fulfillment.lifecycle
WHERE description !~ '^[A-Z].*\.$';

-- Tracking.  Events in every order of arrival give what their times say (scenario: delivered at
-- 12:00, in transit at 9:00, delivered once more, out for delivery at 11:00).
CREATE FUNCTION pg_temp.tracked(events text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    event text;
    status text;
    at timestamptz;
    now_contradicts boolean;
    contradictory boolean := false;
    applied boolean;
BEGIN
    FOREACH event IN ARRAY events LOOP
        SELECT t.next_status, t.next_status_at, t.applied, t.contradicts
        INTO status, at, applied, now_contradicts
        FROM fulfillment.next_tracking_status(
            status, at, split_part(event, '@', 1),
            ('2026-03-10 ' || split_part(event, '@', 2) || '+00')::timestamptz) AS t;
        contradictory := contradictory OR now_contradicts;
    END LOOP;
    RETURN format('%s %s%s', status, to_char(at AT TIME ZONE 'UTC', 'HH24:MI'),
                  CASE WHEN contradictory THEN ' contradictory' END);
END $$;
CREATE FUNCTION pg_temp.orders_of(events text[]) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT ARRAY[events[i]] || rest
    FROM generate_subscripts(events, 1) AS i,
         LATERAL pg_temp.orders_of(events[:i - 1] || events[i + 1:]) AS rest
    WHERE cardinality(events) > 1
    UNION ALL SELECT events WHERE cardinality(events) = 1
$$;

SELECT what, string_agg(DISTINCT pg_temp.tracked(arrival), ' / ') AS status, count(*) AS orders
FROM (VALUES
    ('1 disorder', '{delivered@12:00,in_transit@09:00,delivered@12:00,out_for_delivery@11:00}'::text[]),
    ('2 a tie', '{label_created@09:00,in_transit@09:00,exception@09:00,out_for_delivery@09:00}'),
    ('3 nothing clear', '{unknown@10:00,in_transit@09:00,unknown@08:00}'),
    ('4 found again', '{in_transit@09:00,lost@10:00,delivered@11:00}'),
    ('5 on its way back', '{in_transit@09:00,returning@10:00,returned@11:00}'),
    ('6 scanned after the label was void', '{label_created@09:00,cancelled@10:00,in_transit@11:00}'),
    ('7 told first what came after delivery', '{delivered@09:00,in_transit@10:00,exception@11:00,lost@12:00}'))
    AS t (what, events), LATERAL pg_temp.orders_of(events) AS arrival
GROUP BY 1 ORDER BY 1;

-- Contradictions, as they arrive.
SELECT events, pg_temp.tracked(events) FROM (VALUES
    ('{delivered@12:00,returning@13:00}'::text[]),
    ('{delivered@12:00,returning@11:00}'),
    ('{delivered@12:00,returning@12:00}'),
    ('{delivered@12:00,returned@13:00}'),
    ('{delivered@12:00,delivered@13:00}'),
    ('{delivered@12:00,returning@13:00,delivered@14:00}'),
    ('{returned@12:00,delivered@13:00}'),
    ('{in_transit@12:00,in_transit@13:00}')) AS t (events);
SELECT * FROM fulfillment.next_tracking_status('in_transit', now(), 'vanished', now());

-- A shipment's status from those of its packages.
SELECT statuses, fulfillment.shipment_tracking_status(statuses) FROM (VALUES
    ('{}'::text[]), ('{delivered,delivered}'), ('{delivered,in_transit}'), ('{delivered,returning}'),
    ('{delivered,NULL}'), ('{in_transit,NULL}'), ('{in_transit,out_for_delivery}'),
    ('{delivered,cancelled}'), ('{cancelled,cancelled}'), ('{cancelled,NULL}'),
    ('{exception,delayed,lost,returning}'), ('{exception,delayed}'), ('{returned,returned}'),
    ('{returned,delivered}'), ('{label_created,delivered}')) AS t (statuses);
SELECT fulfillment.shipment_tracking_status('{vanished}');

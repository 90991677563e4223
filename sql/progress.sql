-- How far an order is: every combination of small quantities against another statement of the law.

-- The law once more, seen from the single unit.  A unit is unassigned 0, assigned 1, submitted 2,
-- shipped 3 or delivered 4; "first" is the stage of the foremost unit, "last" of the hindmost.
CREATE TEMP VIEW cases AS
    SELECT q.*, state, held, exception,
           (delivered > 0)::int + (shipped > 0)::int + (submitted > 0)::int + (assigned > 0)::int AS first,
           CASE WHEN ordered = cancelled THEN (shipped > 0)::int * 3 + (delivered > 0)::int
                ELSE (delivered = ordered - cancelled)::int + (shipped = ordered - cancelled)::int +
                     (submitted = ordered - cancelled)::int + (assigned = ordered - cancelled)::int
           END AS last
    FROM (SELECT * FROM generate_series(0, 4) AS ordered, generate_series(0, ordered) AS cancelled,
                        generate_series(0, ordered - cancelled) AS assigned,
                        generate_series(0, assigned) AS submitted,
                        generate_series(0, submitted) AS shipped,
                        generate_series(0, shipped) AS delivered,
                        generate_series(0, ordered - cancelled - assigned) AS backordered,
                        generate_series(0, ordered - cancelled - assigned - backordered) AS unfillable) AS q,
         unnest('{received,invalid,open,cancelling,cancelled,closed}'::text[]) AS state,
         unnest('{true,false}'::boolean[]) AS held,
         unnest('{true,false}'::boolean[]) AS exception;

CREATE TEMP TABLE results AS
    SELECT *, fulfillment.order_progress(state, ordered, cancelled, assigned, submitted, shipped, delivered,
                                         0, backordered, held, exception, unfillable) AS progress,
           CASE
               WHEN state = 'cancelled' THEN 'cancelled'
               WHEN cancelled = ordered AND ordered > 0 THEN 'cancelled'
               WHEN held THEN 'held'
               WHEN exception THEN 'exception'
               WHEN first = 4 AND last = 4 THEN 'delivered'
               WHEN first = 4 THEN 'partially_delivered'
               WHEN first = 3 AND last = 3 THEN 'shipped'
               WHEN first = 3 THEN 'partially_shipped'
               WHEN ordered > 0 AND last = 2 THEN 'submitted'
               WHEN ordered > 0 AND last = 1 THEN 'assigned'
               WHEN unfillable > 0 THEN 'unfillable'
               WHEN backordered > 0 THEN 'backordered'
               ELSE 'unassigned'
           END AS expected
    FROM cases;

SELECT count(*) AS cases, count(*) FILTER (WHERE progress IS DISTINCT FROM expected) AS wrong
FROM results;
SELECT state, ordered, cancelled, assigned, submitted, shipped, delivered, backordered, unfillable,
       held, exception, progress, expected
FROM results WHERE progress IS DISTINCT FROM expected LIMIT 10;

-- Every value is reached, and none other.
SELECT progress, count(*) FROM results GROUP BY 1 ORDER BY 1;

-- Ten ordered, six shipped, one cancelled, three left.
SELECT fulfillment.order_progress(state => 'open', ordered => 10, cancelled => 1, assigned => 9,
                                  submitted => 6, shipped => 6, delivered => 0, returned => 0,
                                  backordered => 0, held => false, exception => false);
-- What was sent back had been shipped all the same.
SELECT fulfillment.order_progress('open', 2, 0, 2, 2, 2, 2, 2, 0, false, false);
-- More left than was ordered.
SELECT fulfillment.order_progress('open', 2, 0, 2, 2, 3, 0, 0, 0, false, false);
-- Shipped although everything had been cancelled.
SELECT fulfillment.order_progress('open', 2, 2, 0, 0, 1, 0, 0, 0, false, false);
SELECT fulfillment.order_progress('cancelled', 2, 2, 0, 0, 1, 0, 0, 0, false, false);
SELECT fulfillment.order_progress('lost', 1, 0, 0, 0, 0, 0, 0, 0, false, false);
SELECT fulfillment.order_progress(NULL, 1, 0, 0, 0, 0, 0, 0, 0, false, false) IS NULL AS unknown;

-- Flags.
SELECT held, exception, return_open, over_shipped,
       fulfillment.order_flags('open', 5, 0, over_shipped, 0, held, exception, return_open, NULL, NULL, NULL)
FROM unnest('{false,true}'::boolean[]) AS held, unnest('{false,true}'::boolean[]) AS exception,
     unnest('{false,true}'::boolean[]) AS return_open, generate_series(0, 1) AS over_shipped
ORDER BY 1, 2, 3, 4;

SELECT what, fulfillment.order_flags(state, 5, cancelled, 0, delivered, false, false, false,
                                     '2026-03-10 18:00+00', expected_at, as_of) AS flags
FROM (VALUES
    ('in time', 'open', 0, 3, '2026-03-10 18:00+00'::timestamptz, '2026-03-10 18:00+00'::timestamptz),
    ('late', 'open', 0, 3, '2026-03-10 12:00+00', '2026-03-10 18:00:01+00'),
    ('expected late', 'open', 0, 3, '2026-03-11 12:00+00', '2026-03-09 00:00+00'),
    ('nothing known', 'open', 0, 0, NULL, '2026-03-09 00:00+00'),
    ('late and nothing known', 'open', 0, 0, NULL, '2026-03-11 00:00+00'),
    ('everything arrived', 'open', 2, 3, '2026-03-11 12:00+00', '2026-03-12 00:00+00'),
    ('over', 'closed', 0, 3, '2026-03-11 12:00+00', '2026-03-12 00:00+00'))
    AS t (what, state, cancelled, delivered, expected_at, as_of);

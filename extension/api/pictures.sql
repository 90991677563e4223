-- Pictures in text, and the arithmetic of what a channel is told.

CREATE OR REPLACE FUNCTION fulfillment.bar(part numeric, whole numeric, width int DEFAULT 10) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT repeat('█', n) || repeat('░', width - n)
	  FROM (SELECT CASE WHEN whole > 0 THEN least(width, greatest(0, round(coalesce(part, 0) / whole * width)))::int ELSE 0 END) b (n)
$$;
COMMENT ON FUNCTION fulfillment.bar(numeric, numeric, int) IS 'A share as a bar of blocks';

CREATE OR REPLACE FUNCTION fulfillment.sparkline(figures int[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT string_agg(substr('▁▂▃▄▅▆▇█', 1 + CASE WHEN b.most > b.least
	                                              THEN ((f.value - b.least)::numeric * 7 / (b.most - b.least))::int ELSE 3 END, 1),
	                  '' ORDER BY f.n)
	  FROM unnest(figures) WITH ORDINALITY AS f (value, n),
	       (SELECT min(value), max(value) FROM unnest(figures) AS v (value)) b (least, most)
$$;
COMMENT ON FUNCTION fulfillment.sparkline(int[]) IS 'Figures as a curve of blocks, from the lowest to the highest';

CREATE OR REPLACE FUNCTION fulfillment.offered(available bigint, share numeric, buffer int, guard int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT CASE WHEN floor(available * share) - buffer > guard
	            THEN least(floor(available * share) - buffer, 2147483647)::int ELSE 0 END
$$;
COMMENT ON FUNCTION fulfillment.offered(bigint, numeric, int, int) IS
	'What a channel is told: its share of what is available, rounded down, less its buffer; 0 when no more than the guard is left';

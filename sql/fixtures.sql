-- Replays every conversation below tests/fixtures without a network: what each connector
-- sends and what it understands.  The format stands in tests/fixtures/README.md.
\getenv sources PG_ABS_SRCDIR
\set setup :sources '/sql/include/fixtures.sql'
\i :setup

-- Differences; there must be none.
SELECT files.connector, files.file, failure.*
FROM (SELECT DISTINCT connector, file FROM fixture_parts ORDER BY 1, 2) AS files,
     pg_temp.replay(files.connector, files.file) AS failure;

-- Operations of which no conversation shows both sides; there must be none.
SELECT connectors.name, operation, part
FROM fulfillment.connectors, unnest(operations) AS operation,
     unnest('{request,outcome}'::text[]) AS part
EXCEPT
SELECT connector, operation, part FROM replayed
ORDER BY 1, 2, 3;

-- Directories that belong to no connector; there must be none.
SELECT DISTINCT connector FROM fixture_parts
WHERE connector NOT IN (SELECT name FROM fulfillment.connectors);

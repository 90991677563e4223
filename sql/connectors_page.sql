-- docs/connectors.md says what the connectors are; "make docs" writes it anew.
CREATE TEMP TABLE page (position int GENERATED ALWAYS AS IDENTITY, line text);
\copy page (line) from program 'cat "${PG_ABS_SRCDIR:-.}/docs/connectors.md"' with (format csv, delimiter E'\001', quote E'\002')
\set script `cat "${PG_ABS_SRCDIR:-.}/tests/tools/connectors.sql"`
CREATE FUNCTION pg_temp.page() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE current_setting('pages.script');
END $$;
SELECT set_config('pages.script', rtrim(:'script', E'; \n'), false) <> '' AS is_read;
WITH made AS (
    SELECT row_number() OVER () AS position, line
    FROM pg_temp.page() AS block, regexp_split_to_table(block, E'\n') AS line
)
SELECT 'docs/connectors.md is not what the connectors say of themselves: run "make docs"' AS problem,
       position AS line, page.line AS stands, made.line AS should_stand
FROM page FULL JOIN made USING (position)
WHERE coalesce(page.line, '') <> coalesce(made.line, '')
ORDER BY position LIMIT 1;
-- Who asks for a secret says how to get it.
SELECT name AS "credentials are missing" FROM fulfillment.connectors
WHERE credentials IS NULL AND settings @> '[{"secret": true, "required": true}]';
-- A limit per hour is told as one.
SELECT name, limits FROM fulfillment.connectors WHERE limits ? 'rate_per_hour';

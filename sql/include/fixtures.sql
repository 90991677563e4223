-- What replays the conversations below tests/fixtures without a network; their format stands in
-- tests/fixtures/README.md.  pg_temp.replay(connector, file) answers the differences;
-- replay(connector, file, another) has another connector hold the same conversation.
\set ECHO none
\set QUIET on

CREATE TEMP TABLE fixture_lines (id int GENERATED ALWAYS AS IDENTITY, line text);
\copy fixture_lines (line) from program 'cd "${PG_ABS_SRCDIR:-.}/tests/fixtures" && grep -an "" */*.txt /dev/null' with (format csv, delimiter E'\001', quote E'\002')

-- The parts of every file in order: one row per part, numbered within the file.
CREATE TEMP TABLE fixture_parts AS
WITH lines AS (
    SELECT found[1] AS connector, found[2] AS file, found[3]::int AS number,
           replace(found[4], '␍', E'\r') AS line,
           substring(found[4] FROM '^--(call|request|reply|outcome|error)\s*$') AS opens
    FROM fixture_lines, regexp_match(line, '^([^/:]+)/([^/:]+)\.txt:(\d+):(.*)$') AS found
), numbered AS (
    SELECT *, count(opens) OVER (PARTITION BY connector, file ORDER BY number) AS part
    FROM lines
)
SELECT connector, file, part, max(opens) AS kind,
       btrim(coalesce(string_agg(line, E'\n' ORDER BY number) FILTER (WHERE opens IS NULL), ''),
             E'\n') AS content
FROM numbered
WHERE part > 0
GROUP BY connector, file, part;

CREATE TEMP TABLE replayed (connector text, operation text, part text);

-- "Name: value" lines as an object; a name that stands twice gives a list.
CREATE FUNCTION pg_temp.headers(head text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_object_agg(name, CASE WHEN jsonb_array_length(list) = 1 THEN list -> 0 ELSE list END), '{}')
    FROM (SELECT btrim(split_part(line, ':', 1)) AS name,
                 jsonb_agg(btrim(substring(line FROM position(':' IN line) + 1)) ORDER BY number) AS list
          FROM regexp_split_to_table(head, E'\n') WITH ORDINALITY AS lines (line, number)
          WHERE number > 1 GROUP BY 1) AS headers
$$;

-- Head and body of a message are separated by an empty line.
CREATE FUNCTION pg_temp.body(content text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN position(E'\n\n' IN content) > 0
                THEN substring(content FROM position(E'\n\n' IN content) + 2) END
$$;

CREATE FUNCTION pg_temp.same_body(expected text, got text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    -- files end with a line break, which ends a part of a fixture as well
    IF btrim(coalesce(expected, ''), E'\n') = btrim(coalesce(got, ''), E'\n') THEN
        RETURN true;
    END IF;
    -- an element without content may be written in two ways
    IF expected ~ '^\s*<' THEN
        RETURN regexp_replace(expected, '<(\w+)></\1>', '<\1/>', 'g') = regexp_replace(got, '<(\w+)></\1>', '<\1/>', 'g');
    END IF;
    RETURN expected::jsonb = got::jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END $$;

CREATE FUNCTION pg_temp.replay(peer text, name text, tested text DEFAULT NULL)
    RETURNS TABLE (what text, expected text, got text) LANGUAGE plpgsql AS $$
DECLARE
    step record;
    document jsonb;
    operation text;
    request record;
    outcome jsonb;
    detail text;
    hint text;
BEGIN
    tested := coalesce(tested, peer);
    FOR step IN SELECT kind, content, split_part(content, E'\n\n', 1) AS head, part
                FROM fixture_parts WHERE connector = peer AND file = name ORDER BY part LOOP
        INSERT INTO replayed VALUES (peer, operation, step.kind);
        IF step.kind = 'call' THEN
            document := step.content::jsonb;
            operation := document ->> 'operation';
            INSERT INTO replayed
            SELECT peer, operation, 'request' WHERE operation = 'receive';
        ELSIF step.kind = 'request' THEN
            request := fulfillment.connector_request(tested, operation, document);
            what := format('part %s: method and url', step.part);
            expected := split_part(step.content, E'\n', 1);
            got := request.method || ' ' || request.url;
            IF expected IS DISTINCT FROM got THEN
                RETURN NEXT;
            END IF;
            what := format('part %s: headers', step.part);
            expected := pg_temp.headers(step.head);
            got := request.headers;
            IF expected::jsonb IS DISTINCT FROM request.headers THEN
                RETURN NEXT;
            END IF;
            what := format('part %s: body', step.part);
            expected := pg_temp.body(step.content);
            got := request.body;
            IF NOT pg_temp.same_body(expected, got) THEN
                RETURN NEXT;
            END IF;
        ELSIF step.kind = 'reply' THEN
            outcome := fulfillment.connector_outcome(tested, operation, document,
                split_part(step.content, E'\n', 1)::int, pg_temp.headers(step.head),
                coalesce(pg_temp.body(step.content), ''));
            -- a request that follows without a call of its own continues this one
            document := CASE outcome ->> 'result'
                WHEN 'continue' THEN document || jsonb_build_object('state', outcome -> 'next')
                WHEN 'retry' THEN document || jsonb_build_object('state',
                                               coalesce(outcome -> 'next', document -> 'state'))
                ELSE document - 'state' END;
        ELSIF step.kind = 'outcome' THEN
            what := format('part %s: outcome', step.part);
            expected := step.content::jsonb;
            got := outcome;
            IF expected::jsonb IS DISTINCT FROM outcome THEN
                RETURN NEXT;
            END IF;
        ELSIF step.kind = 'error' THEN
            what := format('part %s: error', step.part);
            expected := replace(step.content, format('connector "%s"', peer), format('connector "%s"', tested));
            BEGIN
                request := fulfillment.connector_request(tested, operation, document);
                got := 'no error';
            EXCEPTION WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
                got := concat_ws(E'\n', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
            END;
            IF position(expected IN got) = 0 THEN
                RETURN NEXT;
            END IF;
        END IF;
    END LOOP;
EXCEPTION WHEN OTHERS THEN
    what := 'the replay stopped';
    expected := NULL;
    got := sqlstate || ' ' || sqlerrm;
    RETURN NEXT;
END $$;
\set QUIET off
\set ECHO all

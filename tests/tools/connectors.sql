-- docs/connectors.md, made from the view fulfillment.connectors; one row per line.

WITH described AS (
    SELECT c.*,
           (SELECT string_agg(format('| `%s` | %s | %s | %s | %s |', s ->> 'name', s ->> 'type',
                CASE WHEN (s -> 'required')::boolean THEN 'yes' ELSE '' END,
                coalesce('`' || replace(s ->> 'default', '|', '\|') || '`', ''),
                replace(s ->> 'description', '|', '\|')), E'\n' ORDER BY position)
            FROM jsonb_array_elements(settings) WITH ORDINALITY AS setting (s, position)
            WHERE NOT (s -> 'secret')::boolean) AS setting_rows,
           (SELECT string_agg(format('| `%s` | %s | %s |', s ->> 'name',
                CASE WHEN (s -> 'required')::boolean THEN 'yes' ELSE '' END,
                replace(s ->> 'description', '|', '\|')), E'\n' ORDER BY position)
            FROM jsonb_array_elements(settings) WITH ORDINALITY AS setting (s, position)
            WHERE (s -> 'secret')::boolean) AS secret_rows,
           (SELECT string_agg(format(words, limits ->> key), ', ' ORDER BY position)
            FROM (VALUES (1, 'rate_per_second', '%s calls per second'), (2, 'rate_per_hour', '%s calls per hour'),
                         (3, 'burst', '%s at once after a pause'), (4, 'max_concurrency', '%s calls at once'),
                         (5, 'timeout_ms', '%s ms for an answer')) AS known (position, key, words)
            WHERE limits ? key) AS limit_words
    FROM fulfillment.connectors c
)
SELECT $$# The connectors

This page is made by `make docs` from the view `fulfillment.connectors`; change the connector, not the page.

A connection names its connector and holds its settings; secrets are set apart and can be read by nobody:

```sql
INSERT INTO fulfillment.connections (code, connector, config) VALUES ('fedex', 'fedex', '{"account_number": "123456789"}');
SELECT fulfillment.set_secret('fedex', '{"client_id": "…", "client_secret": "…"}');
SELECT fulfillment.test_connection('fedex');
```

Limits are defaults: `rate_per_second`, `max_concurrency` and `timeout_ms` of the connection come before them. `receive` among the
operations means that the connector takes webhooks. What the operations do stands in the
[README of the connectors](../src/connectors/README.md).

| connector | | roles |
|---|---|---|
$$ || string_agg(format('| [`%s`](#%s) | %s | %s |', name, replace(name, '`', ''), title,
                        replace(array_to_string(roles, ', '), '_', ' ')), E'\n' ORDER BY name)
FROM described
UNION ALL
(SELECT concat_ws(E'\n\n',
            E'\n## ' || name,
            title || ': ' || replace(array_to_string(roles, ', '), '_', ' ') || '.' ||
                coalesce(' By default ' || limit_words || '.', ''),
            'Operations: `' || array_to_string(operations, '`, `') || '`',
            E'| setting | type | required | default | |\n|---|---|---|---|---|\n' || setting_rows,
            E'| secret | required | |\n|---|---|---|\n' || secret_rows,
            'Credentials: ' || credentials)
 FROM described ORDER BY name);

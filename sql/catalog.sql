-- What every object of the extension must be, read from the catalog.  Each query lists the
-- objects that break a rule, so each answers no row.

-- Members of the extension.
CREATE TEMP VIEW members AS
    SELECT classid, objid, pg_describe_object(classid, objid, 0) AS object
    FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
      AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'fulfillment');
CREATE TEMP VIEW relations AS
    SELECT c.* FROM pg_class c
    JOIN members ON classid = 'pg_class'::regclass AND objid = c.oid;
CREATE TEMP VIEW tables AS
    SELECT * FROM relations WHERE relkind IN ('r', 'p');
CREATE TEMP VIEW functions AS
    SELECT p.*, p.oid::regprocedure AS signature FROM pg_proc p
    JOIN members ON classid = 'pg_proc'::regclass AND objid = p.oid;

SELECT count(*) > 0 AS there_are_members FROM members;

-- Everything has a comment: functions, relations, types and columns.
SELECT object AS "has no comment" FROM members
WHERE obj_description(objid, CASE classid WHEN 'pg_type'::regclass THEN 'pg_type'
                                          WHEN 'pg_proc'::regclass THEN 'pg_proc'
                                          ELSE 'pg_class' END) IS NULL
  AND (classid = 'pg_proc'::regclass
       OR EXISTS (SELECT FROM relations c WHERE c.oid = objid AND c.relkind NOT IN ('S', 'i', 'c')
                  AND NOT c.relispartition)
       -- not the row and array types that relations and types bring along
       OR EXISTS (SELECT FROM pg_type t WHERE classid = 'pg_type'::regclass AND t.oid = objid
                  AND (t.typrelid = 0 OR EXISTS (SELECT FROM relations c
                                                 WHERE c.oid = t.typrelid AND c.relkind = 'c'))
                  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)))
ORDER BY 1;

SELECT format('%s.%s', c.relname, a.attname) AS "column has no comment"
FROM relations c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
  AND col_description(c.oid, a.attnum) IS NULL
ORDER BY c.relname, a.attnum;

-- merchant_id leads every primary key, unique key and foreign key.  (Merchants have a code too.)
-- Of partitioned tables the partitions have it.
SELECT relname AS "has no primary key" FROM tables t
WHERE relkind <> 'p' AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = t.oid AND indisprimary)
ORDER BY 1;
SELECT i.indexrelid::regclass AS "index that keeps a dump from being restored"
FROM tables t JOIN pg_index i ON i.indrelid = t.oid
WHERE relkind = 'p'
ORDER BY 1;

SELECT t.relname AS "table", i.indexrelid::regclass AS "does not begin with merchant_id"
FROM tables t
JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
WHERE a.attname IS DISTINCT FROM 'merchant_id'
  AND i.indexrelid <> to_regclass('fulfillment.merchants_code_key')
ORDER BY 1, 2;

SELECT t.relname AS "table", k.conname AS "does not begin with merchant_id"
FROM tables t
JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1]
WHERE a.attname <> 'merchant_id'
ORDER BY 1, 2;

SELECT t.relname AS "merchant_id may be null or is no integer"
FROM tables t
WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.oid AND attname = 'merchant_id'
                  AND attnotnull AND atttypid = 'int'::regtype)
ORDER BY 1;

-- Row-level security keeps merchants apart, in views too.  Two tables nobody reads but functions.
SELECT relname AS "has no row-level security" FROM tables t
WHERE NOT relispartition AND relname NOT IN ('activations', 'secrets')
  AND NOT (relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid))
ORDER BY 1;

SELECT DISTINCT v.relname AS "reads a table with the rights of its owner"
FROM relations v
JOIN pg_rewrite r ON r.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_class'::regclass
JOIN tables t ON t.oid = d.refobjid
WHERE v.relkind = 'v'
  AND NOT coalesce(v.reloptions && '{security_invoker=true,security_invoker=on}', false)
ORDER BY 1;

-- pg_dump takes the rows and the positions of sequences.  (Partitioned tables have no rows.)
SELECT relname AS "is not dumped" FROM relations
WHERE relkind IN ('r', 'S')
  AND oid <> ALL ((SELECT coalesce(extconfig, '{}') FROM pg_extension
                   WHERE extname = 'fulfillment')::oid[])
ORDER BY 1;

-- Our own tables have no triggers, rules or identity columns.
SELECT t.relname AS "table", g.tgname AS "is a trigger"
FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
ORDER BY 1, 2;

SELECT t.relname AS "table", a.attname AS "is an identity column"
FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attidentity <> ''
ORDER BY 1, 2;

-- Who acts with another's rights says where names are looked up, and lets nobody in unasked.  The
-- policies call functions for whoever reads.
SELECT signature AS "does not pin its search_path" FROM functions
WHERE prosecdef
  AND NOT coalesce(proconfig @> '{"search_path=pg_catalog, fulfillment, pg_temp"}', false)
ORDER BY signature::text;

SELECT signature AS "can be called by everybody" FROM functions p
WHERE (prosecdef AND proname NOT IN ('access_level', 'visible_merchants', 'managed_merchants') OR provolatile = 'v')
  AND EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
              WHERE grantee = 0 AND privilege_type = 'EXECUTE')
ORDER BY signature::text;

SELECT relname AS "can be read or written by everybody" FROM relations c
WHERE relkind IN ('r', 'p', 'S')
  AND EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0)
ORDER BY 1;

-- The arguments of functions have names, and merchant_id is the last of those that are given.
SELECT signature AS "has arguments without a name" FROM functions p
WHERE pronargs > 0 AND prorettype <> 'trigger'::regtype
  AND (proargnames IS NULL OR '' = ANY (proargnames))
ORDER BY signature::text;

SELECT signature AS "takes merchant_id before other arguments" FROM functions
WHERE array_position(proargnames, 'merchant_id') < pronargs
ORDER BY signature::text;

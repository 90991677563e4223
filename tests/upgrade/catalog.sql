-- Everything the catalog knows of an extension's members, one line of text per fact, so that two
-- databases can be compared line by line.  psql variable: extension.  The order of columns is
-- left out, since a column added later stands last.
\pset format unaligned
\pset tuples_only on

WITH members AS (
    SELECT d.classid, d.objid FROM pg_depend d
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE d.deptype = 'e' AND e.extname = :'extension'
), relations AS (
    SELECT c.* FROM pg_class c
    JOIN members ON classid = 'pg_class'::regclass AND objid = c.oid
), facts AS (
    SELECT pg_describe_object(classid, objid, 0) AS object, 'member' AS fact FROM members
    UNION ALL
    SELECT format('dumped %s', unnest(extconfig)::regclass), unnest(extcondition)
    FROM pg_extension WHERE extname = :'extension'
    UNION ALL
    SELECT oid::regclass::text,
           format('kind %s, row security %s %s, options %s, rights %s, comment %s', relkind,
                  relrowsecurity, relforcerowsecurity, reloptions, relacl, obj_description(oid))
    FROM relations
    UNION ALL
    SELECT format('%s.%s', c.oid::regclass, attname),
           format('%s, not null %s, default %s, generated %s, identity %s, rights %s, comment %s',
                  format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid),
                  attgenerated, attidentity, attacl, col_description(c.oid, attnum))
    FROM relations c
    JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
    WHERE c.relkind <> 'i'
    UNION ALL
    SELECT c.oid::regclass::text, format('constraint %s: %s', conname, pg_get_constraintdef(k.oid))
    FROM relations c JOIN pg_constraint k ON conrelid = c.oid
    UNION ALL
    SELECT c.oid::regclass::text, pg_get_indexdef(indexrelid)
    FROM relations c JOIN pg_index ON indrelid = c.oid
    UNION ALL
    SELECT c.oid::regclass::text, pg_get_triggerdef(t.oid)
    FROM relations c JOIN pg_trigger t ON tgrelid = c.oid AND NOT tgisinternal
    UNION ALL
    SELECT c.oid::regclass::text, format('policy %s for %s to %s using %s check %s', polname, polcmd,
                                         polroles, pg_get_expr(polqual, polrelid),
                                         pg_get_expr(polwithcheck, polrelid))
    FROM relations c JOIN pg_policy ON polrelid = c.oid
    UNION ALL
    SELECT c.oid::regclass::text, pg_get_partkeydef(c.oid) FROM relations c WHERE relkind = 'p'
    UNION ALL
    SELECT c.oid::regclass::text, pg_get_expr(relpartbound, c.oid)
    FROM relations c WHERE relispartition
    UNION ALL
    SELECT c.oid::regclass::text, pg_get_viewdef(c.oid) FROM relations c WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT c.oid::regclass::text, format('%s %s %s..%s by %s', format_type(seqtypid, NULL),
                                         seqstart, seqmin, seqmax, seqincrement)
    FROM relations c JOIN pg_sequence ON seqrelid = c.oid
    UNION ALL
    SELECT p.oid::regprocedure::text,
           format('rights %s, comment %s, %s', proacl, obj_description(p.oid, 'pg_proc'),
                  CASE WHEN prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END)
    FROM pg_proc p JOIN members ON classid = 'pg_proc'::regclass AND objid = p.oid
    UNION ALL
    SELECT format_type(t.oid, NULL),
           format('kind %s, base %s, not null %s, default %s, rights %s, comment %s', typtype,
                  format_type(typbasetype, typtypmod), typnotnull, typdefault, typacl,
                  obj_description(t.oid, 'pg_type'))
    FROM pg_type t JOIN members ON classid = 'pg_type'::regclass AND objid = t.oid
    UNION ALL
    SELECT format_type(enumtypid, NULL), string_agg(enumlabel, ', ' ORDER BY enumsortorder)
    FROM pg_enum JOIN members ON classid = 'pg_type'::regclass AND objid = enumtypid
    GROUP BY enumtypid
    UNION ALL
    SELECT format_type(contypid, NULL), pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN members ON classid = 'pg_type'::regclass AND objid = contypid
    UNION ALL
    SELECT format('schema %I', nspname),
           format('rights %s, comment %s', nspacl, obj_description(n.oid, 'pg_namespace'))
    FROM pg_namespace n JOIN members ON classid = 'pg_namespace'::regclass AND objid = n.oid
)
SELECT format('%s: %s', object, regexp_replace(fact, '\s+', ' ', 'g')) FROM facts
ORDER BY object COLLATE "C", fact COLLATE "C";

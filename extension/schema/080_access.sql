-- Who may see and do what, which rows a dump carries, row-level security.

CREATE TABLE fulfillment.access (
	merchant_id int NOT NULL,
	role_name name NOT NULL,
	level text NOT NULL CHECK (level IN ('viewer', 'operator', 'admin')),
	granted_at timestamptz NOT NULL DEFAULT now(),
	granted_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (merchant_id, role_name)
);
COMMENT ON TABLE fulfillment.access IS 'Roles and the merchants they may work for; merchant 0 is every merchant';
COMMENT ON COLUMN fulfillment.access.level IS 'viewer reads, operator acts, admin also sets up connections, rules and secrets';

CREATE FUNCTION fulfillment.access_level(merchant_id int) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_access_level' LANGUAGE C STABLE STRICT PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.access_level(int) IS
	'What the calling role may do for a merchant: viewer, operator, admin, or NULL for nothing';

CREATE FUNCTION fulfillment.visible_merchants() RETURNS int[]
AS 'MODULE_PATHNAME', 'fulfillment_visible_merchants' LANGUAGE C STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.visible_merchants() IS
	'Merchants whose rows the calling role may see; {0} is every merchant';

-- One policy for every table, sequences into the dump, nothing for PUBLIC.
-- The list is the catalog's: a table that is a member is covered.
DO $$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT c.oid::regclass AS name, c.relkind, c.relispartition, c.relname
		  FROM pg_catalog.pg_class c
		 WHERE c.relnamespace = 'fulfillment'::regnamespace AND c.relkind IN ('r', 'p', 'S')
		 ORDER BY c.relname
	LOOP
		IF member.relkind <> 'p' THEN
			PERFORM pg_catalog.pg_extension_config_dump(member.name, '');
		END IF;
		CONTINUE WHEN member.relkind = 'S' OR member.relname IN ('access', 'secrets', 'activations');
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', member.name);
		EXECUTE format($policy$
			CREATE POLICY merchant ON %s USING (
				merchant_id = ANY ((SELECT fulfillment.visible_merchants())::int[])
				OR 0 = ANY ((SELECT fulfillment.visible_merchants())::int[]))$policy$, member.name);
	END LOOP;
END
$$;
REVOKE ALL ON ALL TABLES IN SCHEMA fulfillment FROM PUBLIC;

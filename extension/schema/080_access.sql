-- Who may see and do what, which rows a dump carries, row-level security.

CREATE TABLE fulfillment.access (
	merchant_id int NOT NULL,
	role_name name NOT NULL,
	level text NOT NULL CHECK (level IN ('viewer', 'operator', 'admin', 'worker')),
	granted_at timestamptz NOT NULL DEFAULT now(),
	granted_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (merchant_id, role_name),
	CHECK (level <> 'worker' OR merchant_id = 0)
);
COMMENT ON TABLE fulfillment.access IS 'Roles and the merchants they may work for; merchant 0 is every merchant';
COMMENT ON COLUMN fulfillment.access.level IS
	'viewer reads, operator acts, admin also sets up connections, rules and secrets; worker is what workers connect as';

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

CREATE FUNCTION fulfillment.managed_merchants() RETURNS int[]
AS 'MODULE_PATHNAME', 'fulfillment_managed_merchants' LANGUAGE C STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.managed_merchants() IS
	'Merchants whose rows the calling role may write where it has the privilege: those it is admin of; {0} is every merchant';

-- Sequences and rows into the dump, and the same policies for every table:
-- read what you may see, write what you manage.  The list is the catalog's: a
-- table that is a member is covered.  Secrets and activations have no policy,
-- because no role is ever granted them but the workers'.
DO $$
DECLARE
	member record;
	which text;
	command text;
BEGIN
	FOR member IN
		SELECT c.oid::regclass AS name, c.relkind, c.relname
		  FROM pg_catalog.pg_class c
		 WHERE c.relnamespace = 'fulfillment'::regnamespace AND c.relkind IN ('r', 'p', 'S')
		 ORDER BY c.relname
	LOOP
		IF member.relkind <> 'p' THEN
			PERFORM pg_catalog.pg_extension_config_dump(member.name, '');
		END IF;
		CONTINUE WHEN member.relkind = 'S' OR member.relname IN ('secrets', 'activations');
		-- who else works for a merchant is for its admins
		which := CASE member.relname WHEN 'access' THEN 'managed_merchants' ELSE 'visible_merchants' END;
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', member.name);
		EXECUTE format($policy$
			CREATE POLICY "select" ON %s FOR SELECT USING (
				merchant_id = ANY ((SELECT fulfillment.%2$I())::int[])
				OR 0 = ANY ((SELECT fulfillment.%2$I())::int[]))$policy$, member.name, which);
		FOREACH command IN ARRAY '{INSERT,UPDATE,DELETE}'::text[] LOOP
			EXECUTE format($policy$
				CREATE POLICY %s ON %s FOR %s %s (
					merchant_id = ANY ((SELECT fulfillment.managed_merchants())::int[])
					OR 0 = ANY ((SELECT fulfillment.managed_merchants())::int[]))$policy$,
				quote_ident(lower(command)), member.name, command, CASE command WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END);
		END LOOP;
	END LOOP;
END
$$;
REVOKE ALL ON ALL TABLES IN SCHEMA fulfillment FROM PUBLIC;

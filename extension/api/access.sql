-- Access: what each level may do, and who has which.  Rights are read from the catalog, so an object
-- that is new is covered as soon as somebody is granted access again; doctor() tells who lacks one.

CREATE OR REPLACE FUNCTION fulfillment.access_rights(level text,
	OUT kind text, OUT object text, OUT privilege text) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	WITH levels (name, rank) AS (
		VALUES ('viewer', 1), ('operator', 2), ('admin', 3), ('worker', 4)
	), setup_tables (name, privilege, sequence) AS (
		VALUES ('merchants', 'UPDATE (name, attributes)', NULL),
		       ('connections', 'INSERT, UPDATE, DELETE', 'connection_id_seq'),
		       ('providers', 'INSERT, UPDATE, DELETE', 'provider_id_seq'),
		       ('services', 'INSERT, UPDATE, DELETE', 'service_id_seq'),
		       ('service_prices', 'INSERT, UPDATE, DELETE', 'service_price_id_seq'),
		       -- whose numbers are the truth is changed by set_inventory_mode, which asks and records why
		       ('locations', (SELECT format('INSERT, DELETE, UPDATE (%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
		                        FROM pg_attribute a
		                       WHERE a.attrelid = 'fulfillment.locations'::regclass AND a.attnum > 0 AND NOT a.attisdropped
		                         AND a.attname <> 'inventory_mode'), 'location_id_seq'),
		       ('location_carriers', 'INSERT, UPDATE, DELETE', NULL),
		       ('items', 'INSERT, UPDATE, DELETE', 'item_id_seq'),
		       ('kit_components', 'INSERT, UPDATE, DELETE', NULL),
		       ('stock_levels', 'INSERT (merchant_id, location_id, item_id, safety_stock), UPDATE (safety_stock)', NULL),
		       ('channels', 'INSERT, UPDATE, DELETE', 'channel_id_seq'),
		       ('listings', 'INSERT, UPDATE, DELETE', 'listing_id_seq'),
		       ('reconcile_policies', 'INSERT, UPDATE, DELETE', NULL),
		       ('routing_rules', 'INSERT, UPDATE, DELETE', 'rule_id_seq'),
		       ('routing_settings', 'INSERT, UPDATE, DELETE', NULL),
		       ('templates', 'INSERT, UPDATE, DELETE', NULL),
		       ('suppressions', 'INSERT, UPDATE, DELETE', NULL)
	), special_functions (name, lowest) AS (
		-- the others: whoever changes something is an operator, whoever only reads a viewer
		VALUES ('supported_actions', 'viewer'), ('check_stock', 'viewer'), ('worker_status', 'viewer'),
		       ('connection_state', 'viewer'), ('engine_facts', 'viewer'), ('doctor', 'viewer'),
		       ('set_secret', 'admin'), ('test_connection', 'admin'), ('pause_connection', 'admin'),
		       ('resume_connection', 'admin'), ('schedule_jobs', 'admin'), ('unschedule_jobs', 'admin'),
		       ('attach_orders', 'admin'), ('set_inventory_mode', 'admin'), ('detach_orders', 'admin'), ('note_order', 'admin'),
		       ('take_orders', 'admin'), ('resume_workers', 'admin'),
		       ('register_connector', 'admin'), ('unregister_connector', 'admin'),
		       ('grant_access', 'admin'), ('revoke_access', 'admin'), ('set_up_sandbox', 'admin')
	), relations AS (
		SELECT c.oid, c.relname, c.relkind FROM pg_class c
		 WHERE c.relnamespace = 'fulfillment'::regnamespace AND NOT c.relispartition
	), rights (lowest, kind, object, privilege) AS (
		SELECT 'viewer', 'schema', 'fulfillment', 'USAGE'
		UNION ALL
		SELECT CASE WHEN relname IN ('secrets', 'activations') THEN 'worker'
		            WHEN relname = 'access' THEN 'admin' ELSE 'viewer' END,
		       'table', oid::regclass::text, 'SELECT'
		  FROM relations WHERE relkind IN ('r', 'p', 'v')
		UNION ALL
		SELECT 'admin', 'table', format('fulfillment.%I', name), privilege FROM setup_tables
		UNION ALL
		SELECT 'admin', 'sequence', format('fulfillment.%I', sequence), 'USAGE'
		  FROM setup_tables WHERE sequence IS NOT NULL
		UNION ALL
		SELECT 'worker', 'table', oid::regclass::text, 'INSERT, UPDATE, DELETE'
		  FROM relations WHERE relkind IN ('r', 'p') AND relname <> 'own_connectors'
		UNION ALL
		SELECT 'worker', 'sequence', oid::regclass::text, 'USAGE' FROM relations WHERE relkind = 'S'
		UNION ALL
		-- What everybody may call needs no grant; what acts without being its owner is a part of other
		-- functions.
		SELECT coalesce(f.lowest, CASE WHEN p.provolatile <> 'v' THEN 'viewer' WHEN p.prosecdef THEN 'operator'
		                               ELSE 'worker' END),
		       'function', p.oid::regprocedure::text, 'EXECUTE'
		  FROM pg_proc p
		  LEFT JOIN special_functions f ON f.name = p.proname
		 WHERE p.pronamespace = 'fulfillment'::regnamespace
		   AND NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
		                    WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')
	)
	SELECT r.kind, r.object, r.privilege
	  FROM rights r
	  JOIN levels needed ON needed.name = r.lowest
	  JOIN levels had ON had.name = $1
	 WHERE needed.rank <= had.rank
$$;
COMMENT ON FUNCTION fulfillment.access_rights(text) IS
	'What a role of this level is granted: viewer reads, operator also acts, admin also sets up, worker writes every table';

CREATE OR REPLACE FUNCTION fulfillment.renew_access(role text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
DECLARE
	highest text := (SELECT a.level FROM fulfillment.access a WHERE a.role_name = renew_access.role
	                  ORDER BY array_position('{viewer,operator,admin,worker}', a.level) DESC LIMIT 1);
	held record;
BEGIN
	EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA fulfillment FROM %I', role);
	EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA fulfillment FROM %I', role);
	EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA fulfillment FROM %I', role);
	EXECUTE format('REVOKE ALL ON SCHEMA fulfillment FROM %I', role);
	FOR held IN SELECT * FROM fulfillment.access_rights(highest) LOOP
		EXECUTE format('GRANT %s ON %s %s TO %I', held.privilege, held.kind, held.object, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION fulfillment.renew_access(text) IS
	'Brings the privileges of a role in line with table access; what was granted by hand is revoked';

CREATE OR REPLACE FUNCTION fulfillment.require_access(level text, merchant_id int) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_require_access' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.require_access(text, int) IS
	'An error unless the calling role has at least this level for the merchant';

CREATE OR REPLACE FUNCTION fulfillment.grant_access(role text, level text,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	for_merchant int := CASE grant_access.level WHEN 'worker' THEN 0 ELSE grant_access.merchant_id END;
BEGIN
	PERFORM fulfillment.require_access('admin', for_merchant);
	IF grant_access.level IS NULL OR grant_access.level NOT IN ('viewer', 'operator', 'admin', 'worker') THEN
		RAISE EXCEPTION 'there is no level "%"', grant_access.level USING ERRCODE = 'OF002',
			HINT = 'Levels are viewer, operator, admin and worker.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = grant_access.role) THEN
		RAISE EXCEPTION 'there is no role "%"', grant_access.role USING ERRCODE = 'OF002',
			HINT = 'Create it with CREATE ROLE first.';
	END IF;
	IF for_merchant <> 0 AND NOT EXISTS (SELECT FROM fulfillment.merchants WHERE merchant_id = for_merchant) THEN
		RAISE EXCEPTION 'there is no merchant %', for_merchant USING ERRCODE = 'OF002';
	END IF;
	LOCK TABLE fulfillment.access IN SHARE ROW EXCLUSIVE MODE;
	INSERT INTO fulfillment.access (merchant_id, role_name, level)
	VALUES (for_merchant, grant_access.role, grant_access.level)
	ON CONFLICT (merchant_id, role_name) DO UPDATE
	SET level = excluded.level, granted_at = excluded.granted_at, granted_by = excluded.granted_by;
	PERFORM fulfillment.renew_access(grant_access.role);
END
$$;
COMMENT ON FUNCTION fulfillment.grant_access(text, text, int) IS
	'Lets a role work for a merchant (0: for all): viewer reads, operator acts, admin sets up; worker is for fulfillment.worker_role. Only an admin of the merchant may';

CREATE OR REPLACE FUNCTION fulfillment.revoke_access(role text,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM fulfillment.require_access('admin', revoke_access.merchant_id);
	LOCK TABLE fulfillment.access IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM fulfillment.access
	 WHERE merchant_id = revoke_access.merchant_id AND role_name = revoke_access.role;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'role "%" has no access to merchant %', revoke_access.role, revoke_access.merchant_id
			USING ERRCODE = 'OF002';
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = revoke_access.role) THEN
		PERFORM fulfillment.renew_access(revoke_access.role);
	END IF;
END
$$;
COMMENT ON FUNCTION fulfillment.revoke_access(text, int) IS
	'Ends what a role may do for a merchant (0: what it was granted for all)';

REVOKE ALL ON FUNCTION fulfillment.renew_access(text), fulfillment.require_access(text, int),
	fulfillment.grant_access(text, text, int), fulfillment.revoke_access(text, int) FROM PUBLIC;

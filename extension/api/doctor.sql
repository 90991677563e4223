-- doctor.sql: what is wrong with this installation, and the command that mends it.
--
-- A finding is a row of one of two functions: of the server and this database, or of a merchant.
-- A check that finds nothing says nothing.

CREATE OR REPLACE FUNCTION fulfillment.server_findings(
	OUT severity text, OUT finding text, OUT command text) RETURNS SETOF record
LANGUAGE sql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	WITH facts AS MATERIALIZED (
		SELECT f.*, current_database() AS database, pg_is_in_recovery() AS standby,
		       current_setting('fulfillment.worker_role', true) AS worker_role,
		       e.extversion AS installed
		  FROM fulfillment.engine_facts() f, pg_extension e WHERE e.extname = 'fulfillment'
	), worker AS (
		SELECT f.worker_role AS name, r.oid, r.rolsuper, r.rolcanlogin,
		       EXISTS (SELECT FROM fulfillment.access a
		                WHERE a.merchant_id = 0 AND a.level = 'worker' AND a.role_name = f.worker_role) AS granted
		  FROM facts f LEFT JOIN pg_roles r ON r.rolname = f.worker_role
		 WHERE f.worker_role <> ''
	), lacking AS (
		SELECT a.role_name, a.level, a.merchant_id
		  FROM fulfillment.access a
		  JOIN pg_roles r ON r.rolname = a.role_name
		 WHERE EXISTS (
			SELECT FROM fulfillment.access_rights(a.level) x
			 WHERE CASE x.kind
			       WHEN 'function' THEN NOT has_function_privilege(r.oid, x.object::regprocedure, 'EXECUTE')
			       WHEN 'sequence' THEN NOT has_sequence_privilege(r.oid, x.object::regclass, 'USAGE')
			       WHEN 'table' THEN NOT has_any_column_privilege(r.oid, x.object::regclass,
			                                                      regexp_replace(split_part(x.privilege, ',', 1), '\W.*', ''))
			       ELSE NOT has_schema_privilege(r.oid, x.object, 'USAGE') END)
	)
	SELECT 'error', 'the library is not preloaded, so no worker can run: calls wait',
	       format('ALTER SYSTEM SET shared_preload_libraries = %s;  -- then restart the server',
	              concat_ws(', ', nullif(current_setting('shared_preload_libraries'), ''), 'fulfillment'))
	  FROM facts WHERE NOT preloaded
	UNION ALL
	SELECT 'error', format('no worker serves database %I: it is not in fulfillment.databases', database),
	       format('ALTER SYSTEM SET fulfillment.databases = %L; SELECT pg_reload_conf();',
	              concat_ws(', ', nullif(current_setting('fulfillment.databases', true), ''), quote_ident(database)))
	  FROM facts WHERE preloaded AND NOT listed
	UNION ALL
	SELECT 'error', CASE WHEN copied THEN 'this database is a copy of another one, so its workers wait: nothing may ship twice'
	                     ELSE 'the workers of this database were never let go' END,
	       'SELECT fulfillment.resume_workers();  -- only if this database is the one to go on'
	  FROM facts WHERE NOT activated
	UNION ALL
	SELECT 'note', 'this server is a standby: its workers start when it is promoted', NULL FROM facts WHERE standby
	UNION ALL
	SELECT 'warning', format('%s of %s workers run; the server''s log says why', running, wanted),
	       CASE WHEN wanted - running > 0 THEN 'SHOW max_worker_processes;  -- each worker needs one, and the launcher' END
	  FROM facts WHERE preloaded AND listed AND activated AND NOT standby AND running < wanted
	UNION ALL
	SELECT 'error', format('the library is of version %s, the objects in this database of %s', library, installed),
	       'ALTER EXTENSION fulfillment UPDATE;  -- after the server was restarted with the new library'
	  FROM facts WHERE library <> installed
	UNION ALL
	SELECT 'error', 'secrets cannot be read: ' || key_problem,
	       'SHOW fulfillment.key_file;  -- put the file with the right key there, mode 0600, or set the secrets again'
	  FROM facts WHERE key_problem IS NOT NULL AND EXISTS (SELECT FROM fulfillment.secrets)
	UNION ALL
	SELECT 'warning', 'workers connect as the superuser that created the cluster',
	       'CREATE ROLE fulfillment_worker LOGIN; SELECT fulfillment.grant_access(''fulfillment_worker'', ''worker''); '
	       'ALTER SYSTEM SET fulfillment.worker_role = ''fulfillment_worker''; SELECT pg_reload_conf();'
	  FROM facts WHERE worker_role = ''
	UNION ALL
	SELECT 'error', format('fulfillment.worker_role is "%s", a role that does not exist', name),
	       format('CREATE ROLE %1$I LOGIN; SELECT fulfillment.grant_access(%1$L, ''worker'');', name)
	  FROM worker WHERE oid IS NULL
	UNION ALL
	SELECT 'error', format('role "%s", which workers connect as, may not log in', name), format('ALTER ROLE %I LOGIN;', name)
	  FROM worker WHERE NOT rolcanlogin
	UNION ALL
	SELECT 'warning', format('role "%s", which workers connect as, is a superuser', name),
	       format('ALTER ROLE %1$I NOSUPERUSER; SELECT fulfillment.grant_access(%1$L, ''worker'');', name)
	  FROM worker WHERE rolsuper
	UNION ALL
	SELECT 'error', format('role "%s", which workers connect as, has no access', name),
	       format('SELECT fulfillment.grant_access(%L, ''worker'');', name)
	  FROM worker WHERE oid IS NOT NULL AND NOT rolsuper AND NOT granted
	UNION ALL
	SELECT 'error', format('role "%s" lacks a right that level %s has', role_name, level),
	       format('SELECT fulfillment.grant_access(%L, %L, %s);', role_name, level, merchant_id)
	  FROM lacking
	UNION ALL
	SELECT 'warning', format('access is granted to role "%s", which does not exist', a.role_name),
	       format('SELECT fulfillment.revoke_access(%L, %s);', a.role_name, a.merchant_id)
	  FROM fulfillment.access a WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = a.role_name)
	UNION ALL
	SELECT 'warning', 'calls to private addresses and plain http are allowed, which is for tests',
	       'ALTER SYSTEM RESET fulfillment.allow_private_addresses; SELECT pg_reload_conf();'
	 WHERE current_setting('fulfillment.allow_private_addresses', true)::boolean
	UNION ALL
	SELECT 'warning', format('the encoding of this database is %s: names and addresses of the world need UTF8',
	                         getdatabaseencoding()),
	       format('CREATE DATABASE %I ENCODING ''UTF8'' TEMPLATE template0;  -- then move', current_database() || '_utf8')
	 WHERE getdatabaseencoding() <> 'UTF8'
	UNION ALL
	SELECT 'note', format('table fulfillment.%s has no partition for next month yet', name),
	       'SELECT fulfillment.maintain_storage();  -- the job retention does it'
	  FROM unnest('{calls,history,stock_movements}'::text[]) AS name
	 WHERE to_regclass('fulfillment.' || name || to_char(now() + interval '1 month', '_YYYY_MM')) IS NULL
	   AND EXISTS (SELECT FROM fulfillment.schedules WHERE last_at IS NOT NULL)
	UNION ALL
	SELECT 'warning', format('session %s has kept its snapshot for %s: dead rows of busy tables stay', pid,
	                         date_trunc('second', now() - xact_start)),
	       format('SELECT pg_terminate_backend(%s);', pid)
	  FROM pg_stat_activity
	 WHERE datname = current_database() AND backend_xmin IS NOT NULL AND xact_start < now() - interval '1 hour'
	   AND backend_type = 'client backend'
	UNION ALL
	SELECT 'warning', format('prepared transaction "%s" has been open since %s: dead rows of busy tables stay', gid,
	                         date_trunc('second', prepared)),
	       format('ROLLBACK PREPARED %L;', gid)
	  FROM pg_prepared_xacts WHERE database = current_database() AND prepared < now() - interval '1 hour'
	UNION ALL
	SELECT 'warning', format('replication slot "%s" is not used and keeps dead rows of busy tables', slot_name),
	       format('SELECT pg_drop_replication_slot(%L);', slot_name)
	  FROM pg_replication_slots WHERE NOT active AND (xmin IS NOT NULL OR catalog_xmin IS NOT NULL)
$$;
COMMENT ON FUNCTION fulfillment.server_findings() IS 'What doctor() finds out about the server and this database';

CREATE OR REPLACE FUNCTION fulfillment.merchant_findings(merchant_id int,
	OUT severity text, OUT finding text, OUT command text) RETURNS SETOF record
LANGUAGE sql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	WITH connections AS MATERIALIZED (
		SELECT c.*, k.name IS NOT NULL AS known, k.settings, k.roles, s.names AS secret_names, b.breaker, b.last_error,
		       b.open_until
		  FROM fulfillment.connections c
		  LEFT JOIN fulfillment.connectors k ON k.name = c.connector
		  LEFT JOIN fulfillment.secrets s ON s.merchant_id = c.merchant_id AND s.connection_id = c.connection_id
		  LEFT JOIN fulfillment.connection_state() b ON b.merchant_id = c.merchant_id AND b.connection_id = c.connection_id
		 WHERE c.merchant_id = $1
	), missing AS (
		SELECT c.code, (s.value ->> 'secret')::boolean AS secret, string_agg(s.value ->> 'name', ', ') AS names,
		       jsonb_object_agg(s.value ->> 'name', '…') AS example
		  FROM connections c, jsonb_array_elements(c.settings) s
		 WHERE (s.value ->> 'required')::boolean
		   AND CASE WHEN (s.value ->> 'secret')::boolean THEN s.value ->> 'name' <> ALL (coalesce(c.secret_names, '{}'))
		            ELSE c.config -> (s.value ->> 'name') IS NULL END
		 GROUP BY 1, 2
	), locations AS MATERIALIZED (
		SELECT * FROM fulfillment.locations l WHERE l.merchant_id = $1 AND l.active
	), carriers AS (
		SELECT p.provider_id FROM fulfillment.providers p WHERE p.merchant_id = $1 AND p.active AND p.kind = 'carrier'
	), tasks AS (
		SELECT count(*) FILTER (WHERE t.state = 'parked') AS parked,
		       count(*) FILTER (WHERE t.state = 'ready' AND t.due_at < now() - interval '15 minutes'
		                              AND c.state = 'active' AND coalesce(c.breaker, 'closed') = 'closed') AS late,
		       count(*) FILTER (WHERE t.state = 'leased' AND t.leased_until < now() - interval '10 minutes') AS lost
		  FROM fulfillment.tasks t JOIN connections c USING (connection_id) WHERE t.merchant_id = $1
	), schedules AS (
		SELECT * FROM fulfillment.schedules s WHERE s.merchant_id = $1
	)
	SELECT 'error', format('connection "%s" names connector "%s", which does not exist', code, connector),
	       'SELECT name FROM fulfillment.connectors;'
	  FROM connections WHERE NOT known
	UNION ALL
	SELECT 'error', format('connection "%s" lacks %s %s', code, CASE WHEN secret THEN 'secret' ELSE 'setting' END, names),
	       CASE WHEN secret THEN format('SELECT fulfillment.set_secret(%L, %L);', code, example)
	            ELSE format('UPDATE fulfillment.connections SET config = config || %L WHERE merchant_id = %s AND code = %L;',
	                        example, $1, code) END
	  FROM missing
	UNION ALL
	SELECT 'warning', format('connection "%s" is paused%s: its calls wait', code, ' (' || paused_reason || ')'),
	       format('SELECT fulfillment.resume_connection(%L);', code)
	  FROM connections WHERE state = 'paused'
	UNION ALL
	SELECT 'warning', format('connection "%s" failed so often that it is left alone until %s: %s', code,
	                         date_trunc('second', open_until), last_error),
	       format('SELECT fulfillment.test_connection(%L);', code)
	  FROM connections WHERE breaker <> 'closed'
	UNION ALL
	SELECT 'note', format('channel "%s" has no connection: nobody is told what becomes of its orders', h.code), NULL
	  FROM fulfillment.channels h
	 WHERE h.merchant_id = $1 AND h.active AND h.connection_id IS NULL
	   AND NOT EXISTS (SELECT FROM fulfillment.attachments a WHERE a.merchant_id = $1 AND a.channel_id = h.channel_id)
	UNION ALL
	SELECT 'error', format('provider "%s" uses connection "%s", whose connector "%s" is no %s', p.code, c.code, c.connector, p.kind),
	       'SELECT name, roles FROM fulfillment.connectors;'
	  FROM fulfillment.providers p JOIN connections c USING (connection_id)
	 WHERE p.merchant_id = $1 AND p.active AND c.known AND p.kind <> ALL (c.roles)
	UNION ALL
	SELECT 'warning', format('provider "%s" has no active service with a price, so it is never chosen', p.code),
	       'INSERT INTO fulfillment.services …; INSERT INTO fulfillment.service_prices …;'
	  FROM fulfillment.providers p
	 WHERE p.merchant_id = $1 AND p.active
	   AND NOT EXISTS (SELECT FROM fulfillment.services s
	                     JOIN fulfillment.service_prices r ON r.merchant_id = s.merchant_id AND r.service_id = s.service_id
	                    WHERE s.merchant_id = $1 AND s.provider_id = p.provider_id AND s.active)
	UNION ALL
	SELECT 'warning', format('provider "%s" is to quote live rates, which its connection cannot: the price table counts', p.code),
	       format('UPDATE fulfillment.providers SET live_rates = false WHERE merchant_id = %s AND code = %L;', $1, p.code)
	  FROM fulfillment.providers p
	 WHERE p.merchant_id = $1 AND p.active AND p.live_rates
	   AND NOT EXISTS (SELECT FROM fulfillment.connections n
	                    WHERE n.merchant_id = $1 AND n.connection_id = p.connection_id
	                      AND fulfillment.connector_can(n.connector, 'quote_rates', n.config))
	UNION ALL
	SELECT 'error', 'there is no active location: nothing can be assigned', 'INSERT INTO fulfillment.locations …;'
	 WHERE NOT EXISTS (SELECT FROM locations) AND EXISTS (SELECT FROM fulfillment.channels h WHERE h.merchant_id = $1)
	UNION ALL
	SELECT 'error', format('location "%s" has no active carrier', l.code),
	       format('INSERT INTO fulfillment.location_carriers SELECT merchant_id, l.location_id, p.provider_id'
	              ' FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)'
	              ' WHERE merchant_id = %s AND l.code = %L AND p.code = ''…'';', $1, l.code)
	  FROM locations l
	 WHERE l.provider_id IS NULL
	   AND NOT EXISTS (SELECT FROM carriers k
	                    WHERE EXISTS (SELECT FROM fulfillment.location_carriers x
	                                   WHERE x.merchant_id = $1 AND x.location_id = l.location_id AND x.provider_id = k.provider_id)
	                       OR NOT EXISTS (SELECT FROM fulfillment.location_carriers x
	                                       WHERE x.merchant_id = $1 AND x.location_id = l.location_id))
	UNION ALL
	SELECT 'note', format('location "%s" has no stock', l.code), format('SELECT fulfillment.receive_stock(%L, …, …);', l.code)
	  FROM locations l
	 WHERE NOT EXISTS (SELECT FROM fulfillment.stock_levels v
	                    WHERE v.merchant_id = $1 AND v.location_id = l.location_id AND v.on_hand > 0)
	UNION ALL
	SELECT 'error', format('location "%s" is in time zone "%s", which does not exist', l.code, l.time_zone),
	       format('UPDATE fulfillment.locations SET time_zone = ''UTC'' WHERE merchant_id = %s AND code = %L;', $1, l.code)
	  FROM locations l WHERE l.time_zone NOT IN (SELECT name FROM pg_timezone_names)
	UNION ALL
	SELECT 'warning', format('%s active items have no weight: parcels and prices are guessed, and carriers refuse', count(*)),
	       'SELECT sku FROM fulfillment.items WHERE active AND weight_g = 0;'
	  FROM fulfillment.items i WHERE i.merchant_id = $1 AND i.active AND i.weight_g = 0 HAVING count(*) > 0
	UNION ALL
	SELECT 'warning', format('%s calls are parked until a person decides', parked),
	       'SELECT * FROM fulfillment.task_queue WHERE status = ''parked'';'
	  FROM tasks WHERE parked > 0
	UNION ALL
	SELECT 'warning', format('%s calls have been due for more than 15 minutes', late),
	       'SELECT * FROM fulfillment.task_queue WHERE status = ''due'' ORDER BY overdue DESC;'
	  FROM tasks WHERE late > 0
	UNION ALL
	SELECT 'warning', format('%s calls were lost with their worker and are not taken up', lost),
	       'SELECT * FROM fulfillment.worker_status();'
	  FROM tasks WHERE lost > 0
	UNION ALL
	SELECT 'note', format('%s things wait for a person, the oldest for %s', count(*), date_trunc('minute', now() - min(a.opened_at))),
	       'SELECT * FROM fulfillment.attention_list ORDER BY age DESC;'
	  FROM fulfillment.attention a WHERE a.merchant_id = $1 AND a.resolved_at IS NULL HAVING count(*) > 0
	UNION ALL
	SELECT 'warning', 'the clock does not run: nothing is fetched, polled or expired', 'SELECT fulfillment.schedule_jobs();'
	 WHERE NOT EXISTS (SELECT FROM schedules)
	UNION ALL
	SELECT 'note', 'the workers keep the clock; pg_cron is not installed in this database and need not be', NULL
	 WHERE EXISTS (SELECT FROM schedules s WHERE NOT s.by_cron)
	   AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')
	UNION ALL
	SELECT 'note', 'pg_cron is installed, but the workers keep the clock', 'SELECT fulfillment.schedule_jobs();'
	 WHERE EXISTS (SELECT FROM schedules s WHERE NOT s.by_cron)
	   AND EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')
	UNION ALL
	SELECT 'error', 'pg_cron was to keep the clock, and is not installed in this database any more',
	       'SELECT fulfillment.schedule_jobs();'
	 WHERE EXISTS (SELECT FROM schedules s WHERE s.by_cron)
	   AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')
	UNION ALL
	SELECT 'warning', format('job %s failed: %s', s.job, s.last_error), format('SELECT fulfillment.run_job(%L);', s.job)
	  FROM schedules s WHERE s.last_error IS NOT NULL
	UNION ALL
	SELECT 'error', format('table %s is attached and does not exist any more', a.source::oid),
	       format('SELECT fulfillment.detach_orders(%s);', a.source::oid)
	  FROM fulfillment.attachments a
	 WHERE a.merchant_id = $1 AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = a.source)
	UNION ALL
	SELECT 'error', format('table %s is attached, and its triggers are gone or disabled', a.source),
	       format('SELECT fulfillment.detach_orders(%L); SELECT fulfillment.attach_orders(…);', a.source)
	  FROM fulfillment.attachments a
	  JOIN pg_class c ON c.oid = a.source
	 WHERE a.merchant_id = $1
	   AND 3 > (SELECT count(*) FROM pg_trigger t
	             WHERE t.tgrelid = a.source AND t.tgenabled IN ('O', 'A')
	               AND t.tgname ~ format('^fulfillment_%s_', a.attachment_id))
	UNION ALL
	SELECT 'error', format('role "%s", with whose rights attached table %s is read, does not exist any more', a.created_by, a.source),
	       format('SELECT fulfillment.detach_orders(%L); SELECT fulfillment.attach_orders(…);', a.source)
	  FROM fulfillment.attachments a
	 WHERE a.merchant_id = $1 AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = a.created_by)
$$;
COMMENT ON FUNCTION fulfillment.merchant_findings(int) IS 'What doctor() finds out about a merchant';

CREATE OR REPLACE FUNCTION fulfillment.doctor(merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT severity text, OUT finding text, OUT command text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
BEGIN
	PERFORM fulfillment.require_access('viewer', merchant_id);
	RETURN QUERY
		WITH found (severity, finding, command) AS MATERIALIZED (
			SELECT * FROM fulfillment.server_findings()
			UNION ALL
			-- for another merchant than the session's, a command says for which
			SELECT m.severity, m.finding,
			       CASE WHEN doctor.merchant_id <> fulfillment.current_merchant()
			            THEN format('SET fulfillment.merchant_id = %s; ', doctor.merchant_id) ELSE '' END || m.command
			  FROM fulfillment.merchant_findings(doctor.merchant_id) m
		)
		SELECT f.* FROM (
			SELECT * FROM found
			UNION ALL
			SELECT 'ok', 'all is well', NULL
			 WHERE NOT EXISTS (SELECT FROM found o WHERE o.severity IN ('error', 'warning'))) f
		 ORDER BY array_position('{error,warning,ok,note}', f.severity), f.finding;
END
$$;
COMMENT ON FUNCTION fulfillment.doctor(int) IS
	'What is wrong with this installation, and the command that mends it; error: something stands still, warning: something may, note: to know; ok stands alone or with notes';

REVOKE ALL ON FUNCTION fulfillment.server_findings(), fulfillment.merchant_findings(int), fulfillment.doctor(int) FROM PUBLIC;

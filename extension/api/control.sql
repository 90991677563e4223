-- control.sql: what people do to calls, connections, webhooks and the clock.

CREATE OR REPLACE FUNCTION fulfillment.retry_task(task_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_retry_task'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.retry_task(bigint, int) IS
    'makes a task that waits due at once, with its attempts forgotten; a call in doubt is still looked up before it is repeated';
REVOKE ALL ON FUNCTION fulfillment.retry_task(bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.resolve_attention(attention_id bigint, resolution text, provider_reference text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_resolve_attention'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.resolve_attention(bigint, text, text, int) IS
    'closes what waited for a person; of a parked call: created (with its reference there), not_created or retry (it is sent again), abandoned; any other word only notes how it ended, and the call leaves';
REVOKE ALL ON FUNCTION fulfillment.resolve_attention(bigint, text, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.pause_connection(connection text, reason text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_pause_connection'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.pause_connection(text, text, int) IS
    'stops calling a connection, named by code or id; its tasks wait';
REVOKE ALL ON FUNCTION fulfillment.pause_connection(text, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.resume_connection(connection text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_resume_connection'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.resume_connection(text, int) IS
    'calls a connection again and forgets its earlier failures';
REVOKE ALL ON FUNCTION fulfillment.resume_connection(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.set_secret(connection text, secret jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_set_secret'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.set_secret(text, jsonb, int) IS
    'encrypts the credentials of a connection, an object with the secrets its connector names; replaces those set before';
REVOKE ALL ON FUNCTION fulfillment.set_secret(text, jsonb, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.test_connection(connection text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
    AS 'MODULE_PATHNAME', 'fulfillment_test_connection'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.test_connection(text, int) IS
    'writes a test call and answers its task; the outcome stands in calls and, when it failed, in attention';
REVOKE ALL ON FUNCTION fulfillment.test_connection(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.receive_webhook(connection text, headers jsonb, body bytea, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_receive_webhook'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.receive_webhook(text, jsonb, bytea, int) IS
    'verifies and stores a webhook once and answers the HTTP status for its sender: 200, 401 or 413; a worker applies it';
REVOKE ALL ON FUNCTION fulfillment.receive_webhook(text, jsonb, bytea, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.replay_webhook(inbox_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_replay_webhook'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.replay_webhook(bigint, int) IS
    'has a stored webhook applied again';
REVOKE ALL ON FUNCTION fulfillment.replay_webhook(bigint, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.fetch_orders(channel text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_fetch_orders'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.fetch_orders(text, int) IS
    'writes the calls that fetch new orders of a channel, or of all; answers how many';
REVOKE ALL ON FUNCTION fulfillment.fetch_orders(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.sync_inventory(location text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_sync_inventory'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.sync_inventory(text, int) IS
    'writes the calls that ask a location, or the locations of a provider, for their stock, or all; answers how many';
REVOKE ALL ON FUNCTION fulfillment.sync_inventory(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.fetch_files(connection text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_fetch_files'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.fetch_files(text, int) IS
    'writes the calls that look for the files of a connection, or of all that bring files; answers how many';
REVOKE ALL ON FUNCTION fulfillment.fetch_files(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.push_inventory(channel text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_push_inventory'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.push_inventory(text, int) IS
    'writes the calls that tell a channel what it may sell, where that has changed, or all; answers how many';
REVOKE ALL ON FUNCTION fulfillment.push_inventory(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.poll_tracking(merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_poll_tracking'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.poll_tracking(int) IS
    'writes the calls that ask for shipments and parcels that are due to be asked for; answers how many';
REVOKE ALL ON FUNCTION fulfillment.poll_tracking(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.schedule_jobs(merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
    AS 'MODULE_PATHNAME', 'fulfillment_schedule_jobs'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.schedule_jobs(int) IS
    'starts the clock of a merchant: fetching, polling, pushing, expiry, retention; by pg_cron where it is installed in this database, else by the workers; answers by whom';
REVOKE ALL ON FUNCTION fulfillment.schedule_jobs(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.unschedule_jobs(merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_unschedule_jobs'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.unschedule_jobs(int) IS
    'stops the clock of a merchant';
REVOKE ALL ON FUNCTION fulfillment.unschedule_jobs(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.run_job(job text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_run_job'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.run_job(text, int) IS
    'runs one job of the clock now; pg_cron calls this';
REVOKE ALL ON FUNCTION fulfillment.run_job(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.maintain_storage(merchant_id int DEFAULT fulfillment.current_merchant())
    RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp SET timezone = 'UTC'
    AS $function$
DECLARE
    kept record;
    part record;
    month timestamptz;
    cutoff timestamptz;
BEGIN
    IF fulfillment.access_level(merchant_id) IS DISTINCT FROM 'admin'
        AND fulfillment.access_level(merchant_id) IS DISTINCT FROM 'operator' THEN
        RAISE EXCEPTION USING ERRCODE = 'OF007',
            MESSAGE = format('role "%s" may not act for merchant %s', session_user, merchant_id),
            DETAIL = 'This needs level "operator".',
            HINT = 'Ask an administrator for fulfillment.grant_access.';
    END IF;
    FOR kept IN
        SELECT * FROM (VALUES
            ('calls', 'started_at', current_setting('fulfillment.retention_calls')::int),
            ('history', 'at', current_setting('fulfillment.retention_history')::int),
            ('stock_movements', 'moved_at', 0)) AS v (name, moment, days)
    LOOP
        -- Partitions for this month and the two after it, unless the default one holds rows of them.
        FOR i IN 0 .. 2 LOOP
            month := date_trunc('month', now(), 'UTC') + make_interval(months => i);
            CONTINUE WHEN to_regclass(format('fulfillment.%I', kept.name || to_char(month, '_YYYY_MM'))) IS NOT NULL;
            EXECUTE format('SELECT 1 FROM fulfillment.%I WHERE %I >= $1 AND %I < $2 LIMIT 1',
                kept.name || '_default', kept.moment, kept.moment)
                INTO part USING month, month + interval '1 month';
            CONTINUE WHEN part IS NOT NULL;
            -- Like the default one, with keys and indexes of its own, so that a dump can be restored.
            EXECUTE format('CREATE TABLE fulfillment.%I (LIKE fulfillment.%I INCLUDING ALL)',
                kept.name || to_char(month, '_YYYY_MM'), kept.name || '_default');
            EXECUTE format('ALTER TABLE fulfillment.%I ATTACH PARTITION fulfillment.%I FOR VALUES FROM (%L) TO (%L)',
                kept.name, kept.name || to_char(month, '_YYYY_MM'), month, month + interval '1 month');
        END LOOP;
        CONTINUE WHEN kept.days = 0;
        cutoff := now() - make_interval(days => kept.days);
        FOR part IN
            SELECT c.oid::regclass AS name
              FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = format('fulfillment.%I', kept.name)::regclass
               AND c.relname ~ '_\d{4}_\d{2}$'
               AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= cutoff
        LOOP
            EXECUTE format('DROP TABLE %s', part.name);
        END LOOP;
        EXECUTE format('DELETE FROM fulfillment.%I WHERE merchant_id = $1 AND ctid IN (
            SELECT ctid FROM fulfillment.%I WHERE merchant_id = $1 AND %I < $2 LIMIT 50000)',
            kept.name || '_default', kept.name || '_default', kept.moment)
            USING maintain_storage.merchant_id, cutoff;
    END LOOP;
    IF current_setting('fulfillment.retention_calls')::int > 0 THEN
        cutoff := now() - make_interval(days => current_setting('fulfillment.retention_calls')::int);
        DELETE FROM fulfillment.inbox i
         WHERE i.merchant_id = maintain_storage.merchant_id AND i.state IN ('applied', 'ignored')
           AND i.received_at < cutoff;
        DELETE FROM fulfillment.attention a
         WHERE a.merchant_id = maintain_storage.merchant_id AND a.resolved_at < cutoff;
        DELETE FROM fulfillment.rate_requests r
         WHERE r.merchant_id = maintain_storage.merchant_id
           AND greatest(r.asked_at, r.answered_at) < least(cutoff, now() - interval '1 day');
        DELETE FROM fulfillment.notifications n
         WHERE n.merchant_id = maintain_storage.merchant_id AND n.created_at < cutoff
           AND NOT EXISTS (SELECT 1 FROM fulfillment.tasks t
                            WHERE t.merchant_id = maintain_storage.merchant_id
                              AND t.subject_kind = 'event' AND t.subject_id = n.event_id);
    END IF;
END
$function$;
COMMENT ON FUNCTION fulfillment.maintain_storage(int) IS
    'makes the partitions of the coming months and removes what is older than the settings fulfillment.retention_… allow; the job retention';
REVOKE ALL ON FUNCTION fulfillment.maintain_storage(int) FROM PUBLIC;

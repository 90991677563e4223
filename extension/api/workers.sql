-- workers.sql: the engine as DBAs see it: workers, limits of connections, and the one
-- command that lets a restored copy go on.

CREATE OR REPLACE FUNCTION fulfillment.worker_status(
    OUT pid int, OUT number int, OUT state text, OUT started_at timestamptz, OUT worked_at timestamptz,
    OUT in_flight int, OUT calls bigint, OUT errors bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_worker_status'
    LANGUAGE C VOLATILE ROWS 4;
COMMENT ON FUNCTION fulfillment.worker_status() IS
    'the workers of this database: what each does or waits for, calls on the wire, calls made and rounds that failed since it started';
REVOKE ALL ON FUNCTION fulfillment.worker_status() FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.connection_state(
    OUT merchant_id int, OUT connection_id bigint, OUT breaker text, OUT open_until timestamptz,
    OUT blocked_until timestamptz, OUT failures_in_row int, OUT in_flight int, OUT ok bigint, OUT failed bigint,
    OUT refused bigint, OUT busy bigint, OUT ok_at timestamptz, OUT failed_at timestamptz, OUT last_error text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_connection_state'
    LANGUAGE C VOLATILE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.connection_state() IS
    'limits and breaker of the connections called since the server started, of merchants the calling role may see; counters are those of all workers';
REVOKE ALL ON FUNCTION fulfillment.connection_state() FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.engine_facts(
    OUT preloaded boolean, OUT listed boolean, OUT wanted int, OUT running int, OUT activated boolean,
    OUT copied boolean, OUT key_problem text, OUT library text)
    AS 'MODULE_PATHNAME', 'fulfillment_engine_facts'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.engine_facts() IS
    'whether workers can run here: library preloaded, database listed, workers wanted and running, let go here, copy of another database, why secrets cannot be read (NULL: they can), version of the library';
REVOKE ALL ON FUNCTION fulfillment.engine_facts() FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.resume_workers() RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_resume_workers'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.resume_workers() IS
    'lets the workers go on in this database, after it was restored or copied: from now on it ships for real';
REVOKE ALL ON FUNCTION fulfillment.resume_workers() FROM PUBLIC;

CREATE OR REPLACE FUNCTION fulfillment.wake_workers() RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_wake_workers'
    LANGUAGE C VOLATILE;
COMMENT ON FUNCTION fulfillment.wake_workers() IS
    'makes the workers of this database look for work at the end of the transaction; never needed, never wrong';
REVOKE ALL ON FUNCTION fulfillment.wake_workers() FROM PUBLIC;

-- Workers that waited for the extension to appear, or to be of their version, look at once.
SELECT fulfillment.wake_workers();

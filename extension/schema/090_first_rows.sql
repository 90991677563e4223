-- The rows of a fresh installation: merchant 1 and the leave for workers to
-- run here.  A dump carries both tables, so nothing is made while one is being
-- restored; pg_dump turns row_security off before it creates extensions.  A
-- restored or cloned database therefore has no leave, and its workers wait.

INSERT INTO fulfillment.merchants (merchant_id, code, name)
SELECT 1, 'main', 'Main' WHERE current_setting('row_security')::boolean;

INSERT INTO fulfillment.activations (system_identifier, database_oid)
SELECT s.system_identifier, d.oid
  FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d
 WHERE d.datname = pg_catalog.current_database() AND current_setting('row_security')::boolean;

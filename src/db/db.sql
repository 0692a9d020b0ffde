-- The schema's own versions; see migrate.c.

-- name: db_lock_migrations
-- One runner at a time. The primary key is the judge all the same.
SELECT true AS locked FROM (SELECT pg_advisory_xact_lock(7310574689302847566)) AS lock;

-- name: db_has_migrations
SELECT to_regclass('schema_migration') IS NOT NULL AS present;

-- name: db_make_migrations
CREATE TABLE IF NOT EXISTS schema_migration (
    version    bigint PRIMARY KEY,
    name       text NOT NULL,
    sha256     bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: db_list_migrations
SELECT version, sha256 FROM schema_migration ORDER BY version LIMIT 10000;

-- name: db_add_migration
INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3);

-- name: db_find_telling_setting
-- A setting of the server by which its log repeats parameters; "" without one.
SELECT CASE
           WHEN current_setting('log_parameter_max_length_on_error') <> '0'
               THEN 'log_parameter_max_length_on_error'
           WHEN current_setting('log_parameter_max_length') <> '0'
                AND (current_setting('log_statement') IN ('mod', 'all')
                     OR current_setting('log_min_duration_statement') <> '-1'
                     OR current_setting('log_min_duration_sample') <> '-1'
                     OR current_setting('log_transaction_sample_rate') <> '0')
               THEN 'log_parameter_max_length'
           WHEN current_setting('auto_explain.log_min_duration', true) <> '-1'
                AND current_setting('auto_explain.log_parameter_max_length', true) <> '0'
               THEN 'auto_explain.log_parameter_max_length'
           WHEN current_setting('pgaudit.log_parameter', true) = 'on' THEN 'pgaudit.log_parameter'
           ELSE ''
       END AS setting;

-- name: db_find_own_id
-- Of the transaction at hand; 0 where it has written nothing.
SELECT COALESCE(pg_current_xact_id_if_assigned()::text::bigint, 0) AS id;

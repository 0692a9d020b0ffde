-- The role that the daemon takes: it reads, appends and keeps derived rows; it can neither update,
-- delete nor truncate the ledger.
DO $$
BEGIN
    CREATE ROLE phial_daemon NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- roles belong to the whole cluster
END $$;

GRANT USAGE ON SCHEMA public TO phial_daemon;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO phial_daemon;
GRANT UPDATE ON customer, catalog_item, catalog_revision, subscription, api_key, token_key,
    idempotency, test_clock, refusal_count, ledger_head, invoice, invoice_series, export
    TO phial_daemon;
GRANT DELETE ON idempotency TO phial_daemon;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO phial_daemon;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;

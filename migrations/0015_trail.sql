-- The audit trail: who changed or saw what. Its log is that of customer 0, whom nobody is: entries,
-- nodes and head stand where every log's do, under the same guards.
ALTER TABLE ledger_head DROP CONSTRAINT ledger_head_customer_id_fkey;
ALTER TABLE export DROP CONSTRAINT export_customer_id_fkey;
INSERT INTO ledger_head (customer_id, size, nodes, last_at) VALUES (0, 0, '', to_timestamp(0));

-- Written by the transaction that it tells of, and appended to the log within a second.
CREATE TABLE trail_staged (
    staged_id text PRIMARY KEY,
    at        timestamptz NOT NULL, -- by the clock that the deed went by
    actor     text NOT NULL,
    action    text NOT NULL,
    object    text NOT NULL, -- "invoices/0190…"; '' without
    customer  text NOT NULL, -- whose records; '*' everybody's, '' nobody's
    is_read   boolean NOT NULL,
    marks     integer[] NOT NULL, -- of actor, action, object and customer: two bytes of SHA-256 each
    document  bytea NOT NULL, -- canonical: the member `audit` of the entry
    staged_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX trail_staged_in_order ON trail_staged (staged_at, staged_id);

-- What an entry of the trail is found by. Derived from the log. What is looked for may be anything
-- that was sent, so the database is told its mark alone.
CREATE TABLE trail_entry (
    entry_index bigint PRIMARY KEY,
    staged_id   text NOT NULL UNIQUE,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    action      text NOT NULL,
    object      text NOT NULL,
    customer    text NOT NULL,
    is_read     boolean NOT NULL,
    marks       integer[] NOT NULL CHECK (cardinality(marks) = 4)
);
CREATE INDEX trail_entry_by_actor ON trail_entry ((marks[1]), entry_index);
CREATE INDEX trail_entry_by_action ON trail_entry ((marks[2]), entry_index);
CREATE INDEX trail_entry_by_object ON trail_entry ((marks[3]), entry_index);
CREATE INDEX trail_entry_by_customer ON trail_entry ((marks[4]), entry_index);
CREATE INDEX trail_entry_by_time ON trail_entry (at);

-- What waits leaves only for the log.
CREATE FUNCTION trail_staged_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE'
       OR NOT EXISTS (SELECT FROM trail_entry WHERE staged_id = OLD.staged_id) THEN
        RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER trail_staged_guard BEFORE UPDATE OR DELETE ON trail_staged
    FOR EACH ROW EXECUTE FUNCTION trail_staged_is_kept();
CREATE TRIGGER trail_staged_guard_truncate BEFORE TRUNCATE ON trail_staged
    FOR EACH STATEMENT EXECUTE FUNCTION trail_staged_is_kept();
CREATE TRIGGER trail_entry_guard BEFORE UPDATE OR DELETE ON trail_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER trail_entry_guard_truncate BEFORE TRUNCATE ON trail_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
ALTER TABLE trail_staged ENABLE ALWAYS TRIGGER trail_staged_guard;
ALTER TABLE trail_staged ENABLE ALWAYS TRIGGER trail_staged_guard_truncate;
ALTER TABLE trail_entry ENABLE ALWAYS TRIGGER trail_entry_guard;
ALTER TABLE trail_entry ENABLE ALWAYS TRIGGER trail_entry_guard_truncate;

-- A second person's signature, bound to what was signed. What was approved before has none.
ALTER TABLE approval ADD COLUMN signed boolean NOT NULL DEFAULT false;
GRANT UPDATE (signed) ON approval TO phial_daemon;
CREATE TABLE signature (
    approval_id text PRIMARY KEY REFERENCES approval,
    document    bytea NOT NULL,  -- canonical: what was signed, by whom, when, and what it means
    sha256      bytea NOT NULL   -- of the document
);
CREATE TRIGGER signature_guard BEFORE UPDATE OR DELETE ON signature
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER signature_guard_truncate BEFORE TRUNCATE ON signature
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
ALTER TABLE signature ENABLE ALWAYS TRIGGER signature_guard;
ALTER TABLE signature ENABLE ALWAYS TRIGGER signature_guard_truncate;

GRANT SELECT, INSERT ON trail_staged, trail_entry, signature TO phial_daemon;
GRANT DELETE ON trail_staged TO phial_daemon;
REVOKE ALL ON trail_staged, trail_entry, signature FROM PUBLIC;

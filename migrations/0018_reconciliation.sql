-- What customers count themselves, while it is compared with the ledger, and what sources sign.

CREATE TABLE reconciliation (
    reconciliation_id text PRIMARY KEY,
    customer_id       bigint NOT NULL REFERENCES customer,
    question          text NOT NULL,
    ids               bigint NOT NULL DEFAULT 0, -- kept
    sent              bigint NOT NULL DEFAULT 0, -- with those that were refused
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL,
    CHECK (ids >= 0 AND ids <= sent)
);
CREATE INDEX reconciliation_by_age ON reconciliation (created_at);

-- The ids of one that is sent in parts. They go when it goes.
CREATE TABLE reconciled_id (
    customer_id       bigint NOT NULL,
    reconciliation_id text NOT NULL,
    number            bigint NOT NULL, -- from 0, in the order sent
    id                text NOT NULL,
    source            text,            -- NULL: none was named
    quantity          text,
    event_time        timestamptz,
    PRIMARY KEY (customer_id, reconciliation_id, number)
);

GRANT SELECT, INSERT, DELETE ON reconciliation, reconciled_id TO phial_daemon;
GRANT UPDATE ON reconciliation TO phial_daemon;

-- The key that a source of events signs its batches with: the newest is in force.
CREATE TABLE source_key (
    customer_id bigint NOT NULL REFERENCES customer,
    source      text NOT NULL,
    number      bigint NOT NULL, -- from 1
    public_key  bytea NOT NULL CHECK (length(public_key) = 32),
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    reason      text NOT NULL DEFAULT '',
    PRIMARY KEY (customer_id, source, number)
);

-- A batch of a source's events, signed by it: the events numbered first_seq to last_seq.
CREATE TABLE attestation (
    attestation_id text PRIMARY KEY,
    customer_id    bigint NOT NULL REFERENCES customer,
    source         text NOT NULL,
    first_seq      bigint NOT NULL CHECK (first_seq >= 0),
    last_seq       bigint NOT NULL,
    root           bytea NOT NULL CHECK (length(root) = 32),
    signature      bytea NOT NULL CHECK (length(signature) = 64),
    public_key     bytea NOT NULL CHECK (length(public_key) = 32),
    created_at     timestamptz NOT NULL,
    created_by     text NOT NULL,
    CHECK (first_seq <= last_seq),
    UNIQUE (customer_id, source, first_seq)
);

-- Which entries of the log it covers.
CREATE TABLE attested_entry (
    customer_id    bigint NOT NULL,
    entry_index    bigint NOT NULL,
    attestation_id text NOT NULL REFERENCES attestation,
    PRIMARY KEY (customer_id, entry_index)
);

CREATE FUNCTION attestation_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'attestations are append-only' USING ERRCODE = 'restrict_violation';
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['source_key', 'attestation', 'attested_entry'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW '
                       'EXECUTE FUNCTION attestation_is_append_only()', name || '_guard', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                       'EXECUTE FUNCTION attestation_is_append_only()', name || '_guard_truncate', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', name, name || '_guard');
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', name, name || '_guard_truncate');
    END LOOP;
END $$;

GRANT SELECT, INSERT ON source_key, attestation, attested_entry TO phial_daemon;

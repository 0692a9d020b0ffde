-- One append-only log per customer.

CREATE TABLE ledger_head (
    customer_id bigint PRIMARY KEY REFERENCES customer,
    size        bigint NOT NULL CHECK (size >= 0),
    nodes       bytea NOT NULL, -- the compact range: 32 bytes a node
    last_at     timestamptz NOT NULL
);

-- The stored bytes of `leaf` are the truth; the columns beside them are derived.
CREATE TABLE ledger_entry (
    customer_id bigint NOT NULL,
    entry_index bigint NOT NULL,
    kind        smallint NOT NULL, -- the position in entry_kinds.def
    identity    bytea,             -- 16 bytes, of usage entries
    event_time  timestamptz,       -- of usage entries
    reference   bigint,            -- the original's index, of voids and amendments
    leaf        bytea NOT NULL,
    PRIMARY KEY (customer_id, entry_index)
) PARTITION BY HASH (customer_id);

ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_identity UNIQUE (customer_id, identity);
CREATE UNIQUE INDEX ledger_entry_void ON ledger_entry (customer_id, reference) WHERE kind = 1;
CREATE INDEX ledger_entry_reference ON ledger_entry (customer_id, reference)
    WHERE reference IS NOT NULL;

-- Roots of full subtrees of 256, 65536, ... leaves.
CREATE TABLE ledger_node (
    customer_id bigint NOT NULL,
    level       smallint NOT NULL,
    number      bigint NOT NULL,
    hash        bytea NOT NULL,
    PRIMARY KEY (customer_id, level, number)
);

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_entry_guard BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_entry_guard_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_node_guard BEFORE UPDATE OR DELETE ON ledger_node
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_node_guard_truncate BEFORE TRUNCATE ON ledger_node
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_head_guard BEFORE DELETE ON ledger_head
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_head_guard_truncate BEFORE TRUNCATE ON ledger_head
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

-- TRUNCATE triggers are not inherited: each partition has its own. ALWAYS: a replica role does not
-- switch them off.
DO $$
DECLARE
    part text;
BEGIN
    FOR i IN 0..15 LOOP
        part := 'ledger_entry_' || lpad(i::text, 2, '0');
        EXECUTE format('CREATE TABLE %I PARTITION OF ledger_entry '
                       'FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, i);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER ledger_entry_guard', part);
        EXECUTE format('CREATE TRIGGER ledger_entry_guard_truncate BEFORE TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()', part);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER ledger_entry_guard_truncate', part);
    END LOOP;
END $$;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER ledger_node_guard;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER ledger_node_guard_truncate;
ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_guard;
ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_guard_truncate;

-- The log of all customers' heads, what is outside the database of it, the keys that sign, the
-- epochs.

-- An installation that lost entries which were signed goes on under another name: its second epoch,
-- and so on. The first one has no row.
CREATE TABLE ledger_epoch (
    number bigint PRIMARY KEY CHECK (number > 1),
    server text NOT NULL, -- begins the origin of every checkpoint from then on
    reason text NOT NULL,
    began_at timestamptz NOT NULL
);

-- Every public key that signed, in order. Each but the first was announced by the one before it.
CREATE TABLE ledger_key (
    number             bigint PRIMARY KEY CHECK (number > 0),
    public_key         bytea NOT NULL,
    previous_signature bytea, -- of the announcement, by the key before
    signature          bytea, -- of the announcement, by this one
    server             text NOT NULL,
    reason             text NOT NULL,
    at                 timestamptz NOT NULL,
    CHECK ((number = 1) = (previous_signature IS NULL AND signature IS NULL))
);

-- One log an epoch; a leaf for every head that a customer's log was seen to have.
CREATE TABLE heads_log (
    epoch   bigint PRIMARY KEY,
    size    bigint NOT NULL CHECK (size >= 0),
    nodes   bytea NOT NULL, -- the compact range: 32 bytes a node
    last_at timestamptz NOT NULL
);

CREATE TABLE heads_entry (
    epoch       bigint NOT NULL,
    entry_index bigint NOT NULL,
    customer_id bigint, -- NULL: the leaf tells of a key or an epoch
    head_size   bigint,
    leaf        bytea NOT NULL,
    PRIMARY KEY (epoch, entry_index)
);
CREATE INDEX heads_entry_customer ON heads_entry (customer_id, epoch, entry_index);

CREATE TABLE heads_node (
    epoch  bigint NOT NULL,
    level  smallint NOT NULL,
    number bigint NOT NULL,
    hash   bytea NOT NULL,
    PRIMARY KEY (epoch, level, number)
);

-- The size of each customer's log that was entered last: derived, so that what has changed is found
-- without reading the log.
CREATE TABLE heads_mark (
    customer_id bigint PRIMARY KEY, -- 0: the audit trail
    epoch       bigint NOT NULL,
    size        bigint NOT NULL
) WITH (fillfactor = 50);

-- What was published, and what others said of it.
CREATE TABLE heads_checkpoint (
    epoch bigint NOT NULL,
    size  bigint NOT NULL,
    note  text NOT NULL, -- as signed; a time stamp is of its body
    at    timestamptz NOT NULL,
    PRIMARY KEY (epoch, size)
);
CREATE TABLE heads_cosignature (
    epoch   bigint NOT NULL,
    size    bigint NOT NULL,
    witness text NOT NULL, -- its verifier key
    line    text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (epoch, size, witness)
);
CREATE TABLE heads_timestamp (
    epoch bigint NOT NULL,
    size  bigint NOT NULL,
    reply bytea NOT NULL, -- RFC 3161, as the authority sent it
    at    timestamptz NOT NULL,
    PRIMARY KEY (epoch, size)
);

GRANT SELECT, INSERT ON ledger_epoch, ledger_key, heads_log, heads_entry, heads_node, heads_mark,
    heads_checkpoint, heads_cosignature, heads_timestamp TO phial_daemon;
GRANT UPDATE ON heads_log, heads_mark TO phial_daemon;
REVOKE ALL ON ledger_epoch, ledger_key, heads_log, heads_entry, heads_node, heads_mark,
    heads_checkpoint, heads_cosignature, heads_timestamp FROM PUBLIC;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['ledger_epoch', 'ledger_key', 'heads_entry', 'heads_node',
                                'heads_checkpoint', 'heads_cosignature', 'heads_timestamp'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW '
                       'EXECUTE FUNCTION ledger_is_append_only()', kept || '_guard', kept);
    END LOOP;
    CREATE TRIGGER heads_log_guard BEFORE DELETE ON heads_log
        FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
    FOREACH kept IN ARRAY ARRAY['ledger_epoch', 'ledger_key', 'heads_log', 'heads_entry',
                                'heads_node', 'heads_checkpoint', 'heads_cosignature',
                                'heads_timestamp'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                       'EXECUTE FUNCTION ledger_is_append_only()', kept || '_guard_truncate', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_guard');
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_guard_truncate');
    END LOOP;
END $$;

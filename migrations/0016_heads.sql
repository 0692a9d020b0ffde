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

-- How the stored bytes were found when they were hashed again last: derived, and of no use without
-- a look at them.
CREATE TABLE ledger_scrub (
    customer_id   bigint PRIMARY KEY, -- 0: the audit trail
    whole_at      timestamptz, -- the whole log
    recent_at     timestamptz, -- its last day
    claimed_until timestamptz NOT NULL, -- by the daemon that looks at it
    fault         text,        -- NULL: sound
    fault_index   bigint,
    found_at      timestamptz,
    CHECK ((fault IS NULL) = (fault_index IS NULL) AND (fault IS NULL) = (found_at IS NULL))
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON ledger_scrub TO phial_daemon;
REVOKE ALL ON ledger_scrub FROM PUBLIC;

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

-- Who owns, who reads, who changes the schema. None can log in: a login is given membership, the
-- last one's for as long as a change takes.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['phial_owner', 'phial_reader', 'phial_signer', 'phial_migrator'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- roles belong to the whole cluster
        END;
    END LOOP;
    IF NOT pg_has_role('phial_migrator', 'phial_owner', 'MEMBER') THEN
        GRANT phial_owner TO phial_migrator;
    END IF;
    IF NOT pg_has_role(current_user, 'phial_owner', 'MEMBER') THEN
        EXECUTE format('GRANT phial_owner TO %I', current_user);
    END IF;
END $$;

GRANT USAGE ON SCHEMA public TO phial_owner, phial_reader, phial_signer;
GRANT CREATE ON SCHEMA public TO phial_owner;
GRANT SELECT ON customer, ledger_head, ledger_entry, ledger_node, ledger_epoch, ledger_key,
    heads_log, heads_entry, heads_node, heads_mark, heads_checkpoint, heads_cosignature,
    heads_timestamp TO phial_reader, phial_signer;
GRANT INSERT ON heads_log, heads_entry, heads_node, heads_mark, heads_checkpoint,
    heads_cosignature, heads_timestamp TO phial_signer;
GRANT UPDATE ON heads_log, heads_mark TO phial_signer;

DO $$
DECLARE
    owned text;
BEGIN
    FOR owned IN SELECT relname FROM pg_class
                 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                   AND relname ~ '^(ledger_(entry|head|node|key|epoch)|heads_)' LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO phial_owner', owned);
    END LOOP;
END $$;

-- Where the server lets us: nobody but a superuser's migration changes what is named ledger_ or
-- heads_, be he its owner. A superuser who means to can switch this off as well; that leaves the
-- roots, the signer's state and the witnesses.
CREATE FUNCTION ledger_refuse_change() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('phial.migrating', true) = 'on'
       AND current_setting('is_superuser') = 'on' THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'the ledger''s tables, triggers and functions are not changed'
        USING ERRCODE = 'restrict_violation', HINT = 'phial migrate up, as a superuser';
END $$;

-- By name, and where a name was taken off, by what the guards are tied to.
CREATE FUNCTION ledger_guard_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS command
               WHERE command.object_identity ~ '(^|[ (,])public\.(ledger_|heads_)'
                  OR EXISTS (SELECT FROM pg_trigger AS guard
                             JOIN pg_proc AS refusal ON refusal.oid = guard.tgfoid
                             WHERE command.classid = 'pg_class'::regclass
                               AND guard.tgrelid IN (command.objid,
                                                     (SELECT indrelid FROM pg_index
                                                      WHERE indexrelid = command.objid))
                               AND refusal.proname = 'ledger_is_append_only')
                  OR EXISTS (SELECT FROM pg_trigger AS guard
                             WHERE command.classid = 'pg_proc'::regclass
                               AND guard.tgfoid = command.objid
                               AND guard.tgname ~ '^(ledger_|heads_)')
                  OR EXISTS (SELECT FROM pg_event_trigger AS guard
                             WHERE command.classid = 'pg_proc'::regclass
                               AND guard.evtfoid = command.objid)) THEN
        PERFORM public.ledger_refuse_change();
    END IF;
END $$;

CREATE FUNCTION ledger_guard_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() AS gone
               WHERE gone.object_identity ~ '(^|[ (,])public\.(ledger_|heads_)') THEN
        PERFORM public.ledger_refuse_change();
    END IF;
END $$;

DO $$
BEGIN
    CREATE EVENT TRIGGER phial_guard_ddl ON ddl_command_end EXECUTE FUNCTION ledger_guard_ddl();
    CREATE EVENT TRIGGER phial_guard_drop ON sql_drop EXECUTE FUNCTION ledger_guard_drop();
    ALTER EVENT TRIGGER phial_guard_ddl ENABLE ALWAYS;
    ALTER EVENT TRIGGER phial_guard_drop ENABLE ALWAYS;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'no superuser: the ledger''s tables have no guard against their owner''s DDL';
END $$;

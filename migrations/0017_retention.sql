-- Classes, holds and runs: bodies of entries whose time is past are removed, their leaf hashes stay.

-- A removed entry's row stays where it is, with its columns: its identity is taken for good, its
-- `leaf` is ''. What its hash was stands here; retention_index is the position of the entry of the
-- same log that says who removed it, when and why.
CREATE TABLE ledger_removed (
    customer_id     bigint NOT NULL,
    entry_index     bigint NOT NULL,
    leaf_hash       bytea NOT NULL CHECK (length(leaf_hash) = 32),
    made_at         timestamptz NOT NULL, -- what its `at` said
    event_type      text NOT NULL,        -- of a correction: its original's
    retention_index bigint NOT NULL,
    PRIMARY KEY (customer_id, entry_index)
);

-- What lies before cannot be measured from entries any more: the end of the last period that a
-- removed event lay in. `series` are those of usage_series whose sums hold all that was removed; they
-- are folded on and never dropped.
CREATE TABLE ledger_seal (
    customer_id bigint PRIMARY KEY REFERENCES customer,
    before      timestamptz NOT NULL,
    last_index  bigint NOT NULL, -- of what was removed
    series      bigint[] NOT NULL
);

CREATE TABLE retention_hold (
    hold_id        text PRIMARY KEY,
    customer_id    bigint NOT NULL REFERENCES customer,
    event_types    text[] NOT NULL, -- empty: all
    from_time      timestamptz,     -- of events, half-open; NULL: no bound
    to_time        timestamptz,
    matter         text NOT NULL,
    made_index     bigint NOT NULL, -- of its entry
    created_at     timestamptz NOT NULL,
    created_by     text NOT NULL,
    reason         text NOT NULL,
    released_index bigint,
    released_at    timestamptz,
    released_by    text,
    release_reason text,
    CHECK (from_time IS NULL OR to_time IS NULL OR from_time < to_time),
    CHECK ((released_at IS NULL) = (released_index IS NULL))
);
CREATE INDEX retention_hold_by_customer ON retention_hold (customer_id, hold_id);

CREATE TABLE retention_run (
    run_id       text PRIMARY KEY,
    as_of        timestamptz NOT NULL,
    plan         text NOT NULL, -- JSON, as it was answered
    status       text NOT NULL CHECK (status IN ('waiting', 'exporting', 'done')),
    created_at   timestamptz NOT NULL,
    requested_by text NOT NULL,
    reason       text NOT NULL,
    approval_id  text,
    approved_by  text,
    finished_at  timestamptz
);

-- What a run removes from one log: so many events in a transaction, once each of its parts is exported,
-- and again until nothing is left.
CREATE TABLE retention_share (
    run_id          text NOT NULL REFERENCES retention_run,
    customer_id     bigint NOT NULL REFERENCES customer,
    due             bigint NOT NULL, -- events, when it was planned
    status          text NOT NULL CHECK (status IN ('waiting', 'exporting', 'done', 'failed')),
    why             text NOT NULL DEFAULT '',
    removed         bigint,
    retention_index bigint,
    PRIMARY KEY (run_id, customer_id)
);
CREATE INDEX retention_share_open ON retention_share (customer_id) WHERE status = 'exporting';

-- A stretch of a log in which no body is missing yet, and its export.
CREATE TABLE retention_part (
    run_id      text NOT NULL,
    customer_id bigint NOT NULL,
    from_index  bigint NOT NULL,
    to_index    bigint NOT NULL,
    export_id   text NOT NULL REFERENCES export,
    done        boolean NOT NULL DEFAULT false, -- what of it was to go is gone; there may be more
    PRIMARY KEY (run_id, customer_id, export_id),
    FOREIGN KEY (run_id, customer_id) REFERENCES retention_share,
    CHECK (from_index < to_index)
);

-- ---- what may be removed

-- From when on no bill is made any more of what lies before: the earliest beginning of a period that
-- has no issued invoice yet, or is still to be credited. Infinity where there is none.
CREATE FUNCTION retention_closed_before(customer bigint) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT LEAST(
        (SELECT min(period_start) FROM invoice WHERE customer_id = customer AND status = 'draft'),
        (SELECT min(gone.period_start)
         FROM invoice AS gone
         WHERE gone.customer_id = customer AND gone.status = 'void'
           AND NOT EXISTS (SELECT
                           FROM invoice AS standing
                           WHERE standing.subscription_id = gone.subscription_id
                             AND standing.period_number = gone.period_number
                             AND standing.status <> 'void')),
        (SELECT min(invoice.period_start)
         FROM late_period
         JOIN invoice USING (subscription_id, period_number)
         WHERE late_period.customer_id = customer AND late_period.touched > late_period.credited
           AND invoice.status = 'issued'
           AND invoice.period_start >= COALESCE((SELECT before FROM ledger_seal
                                                 WHERE customer_id = customer), '-infinity')),
        (SELECT min(GREATEST(billed.to_time, subscription.starts_at))
         FROM subscription
         LEFT JOIN LATERAL (SELECT max(period_end) AS to_time
                            FROM invoice
                            WHERE invoice.subscription_id = subscription.subscription_id
                              AND invoice.status <> 'void') AS billed ON true
         WHERE subscription.customer_id = customer
           AND (subscription.ends_at IS NULL
                OR subscription.ends_at > COALESCE(billed.to_time, '-infinity'))),
        'infinity')
$$;

-- Every event with a body, old enough for the shortest class, and whether it may go: `due`, or what
-- keeps it. rule_types, rule_years, rule_starts say the classes that a type has had, all of which have to
-- be over; years 0 keep for good, and so does a type that is not among them. kept_types are measured by
-- what was before a period. Of the positions from from_index on and below to_index.
CREATE FUNCTION retention_judge(customer bigint, as_of timestamptz, rule_types text[],
                                rule_years bigint[], rule_starts text[], kept_types text[],
                                from_index bigint, to_index bigint)
RETURNS TABLE (entry_index bigint, event_type text, verdict text)
LANGUAGE sql STABLE AS $$
    WITH terms AS MATERIALIZED (
        SELECT person.time_zone AS zone, retention_closed_before(customer) AS closed_before,
               (SELECT CASE WHEN bool_or(ends_at IS NULL) THEN 'infinity' ELSE max(ends_at) END
                FROM subscription WHERE customer_id = customer) AS contract_end
        FROM customer AS person
        WHERE person.customer_id = customer
    ), corrected AS MATERIALIZED ( -- the years count from the latest that is said of an event
        SELECT correction.reference,
               max(GREATEST((convert_from(correction.leaf, 'UTF8')::json ->> 'at')::timestamptz,
                            (convert_from(correction.leaf, 'UTF8')::json -> 'set' ->> 'time')::timestamptz))
                   AS latest
        FROM ledger_entry AS correction
        WHERE correction.customer_id = customer AND correction.reference IS NOT NULL
          AND correction.leaf <> ''
        GROUP BY correction.reference
    ), holds AS MATERIALIZED (
        SELECT event_types, from_time, to_time
        FROM retention_hold
        WHERE customer_id = customer AND released_at IS NULL
    ), aged AS MATERIALIZED (
        SELECT entry.entry_index, entry.event_time,
               convert_from(entry.leaf, 'UTF8')::json -> 'event' ->> 'type' AS type,
               GREATEST(entry.event_time, corrected.latest) AS latest
        FROM ledger_entry AS entry
        LEFT JOIN corrected ON corrected.reference = entry.entry_index
        WHERE entry.customer_id = customer AND entry.kind = 0 AND entry.leaf <> ''
          AND entry.entry_index >= from_index AND entry.entry_index < to_index
          AND entry.event_time <= as_of - interval '6 years'
    )
    SELECT aged.entry_index, aged.type,
           CASE
               WHEN rules.for_good IS NOT FALSE THEN 'permanent'
               WHEN rules.due_at AT TIME ZONE terms.zone > as_of THEN 'class'
               WHEN EXISTS (SELECT
                            FROM holds
                            WHERE (holds.event_types = '{}' OR aged.type = ANY (holds.event_types))
                              AND (holds.from_time IS NULL OR aged.event_time >= holds.from_time)
                              AND (holds.to_time IS NULL OR aged.event_time < holds.to_time)) THEN 'hold'
               WHEN aged.latest >= terms.closed_before THEN 'open_period'
               WHEN aged.type = ANY (kept_types) THEN 'carried'
               ELSE 'due'
           END
    FROM aged
    CROSS JOIN terms
    CROSS JOIN LATERAL (
        SELECT bool_or(rule.years = 0) AS for_good,
               max(CASE rule.start
                       WHEN 'event' THEN aged.latest AT TIME ZONE terms.zone
                       WHEN 'contract_end'
                           THEN GREATEST(aged.latest, terms.contract_end) AT TIME ZONE terms.zone
                       ELSE date_trunc('year', aged.latest AT TIME ZONE terms.zone) + interval '1 year'
                   END + make_interval(years => rule.years::int)) AS due_at
        FROM unnest(rule_types, rule_years, rule_starts) AS rule (type, years, start)
        WHERE rule.type = aged.type
    ) AS rules
    ORDER BY aged.entry_index
$$;

-- ---- the guards

-- A row of ledger_removed is taken only for the body of an event, or of a void or amendment of one,
-- that is older than the shortest class by the log's own time, is not held, and whose removal an entry
-- of the log says. All of a statement are looked up together, each by its index however small the tables
-- were when it was planned.
CREATE FUNCTION ledger_removed_are_due() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT
        FROM added
        LEFT JOIN ledger_entry AS entry
          ON entry.customer_id = added.customer_id AND entry.entry_index = added.entry_index
        LEFT JOIN ledger_entry AS original
          ON original.customer_id = added.customer_id
         AND original.entry_index = COALESCE(entry.reference, added.entry_index)
        LEFT JOIN ledger_entry AS said
          ON said.customer_id = added.customer_id AND said.entry_index = added.retention_index
        LEFT JOIN ledger_head AS head ON head.customer_id = added.customer_id
        WHERE (entry.kind IN (0, 1, 2) AND entry.leaf <> '' AND original.kind = 0
               AND added.leaf_hash = sha256('\x00'::bytea || entry.leaf)
               AND head.last_at >= original.event_time + interval '6 years'
               AND said.kind = 10 AND said.entry_index > added.entry_index) IS NOT TRUE
           OR EXISTS (SELECT
                      FROM retention_hold AS hold
                      WHERE hold.customer_id = added.customer_id AND hold.released_at IS NULL
                        AND (hold.event_types = '{}' OR added.event_type = ANY (hold.event_types))
                        AND (hold.from_time IS NULL OR original.event_time >= hold.from_time)
                        AND (hold.to_time IS NULL OR original.event_time < hold.to_time)))
    THEN
        RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- As before, but for one change: a body gives way to the hash that has been put aside.
CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME ~ '^ledger_entry_[0-9]+$' THEN
        IF NEW.leaf = '' AND OLD.leaf <> ''
           AND (NEW.customer_id, NEW.entry_index, NEW.kind, NEW.identity, NEW.event_time, NEW.reference)
               IS NOT DISTINCT FROM
               (OLD.customer_id, OLD.entry_index, OLD.kind, OLD.identity, OLD.event_time, OLD.reference)
           AND EXISTS (SELECT
                       FROM ledger_removed AS removed
                       WHERE removed.customer_id = OLD.customer_id
                         AND removed.entry_index = OLD.entry_index
                         AND removed.leaf_hash = sha256('\x00'::bytea || OLD.leaf))
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_removed_due AFTER INSERT ON ledger_removed REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_removed_are_due();
CREATE TRIGGER ledger_removed_guard BEFORE UPDATE OR DELETE ON ledger_removed
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_removed_guard_truncate BEFORE TRUNCATE ON ledger_removed
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
ALTER TABLE ledger_removed ENABLE ALWAYS TRIGGER ledger_removed_due;
ALTER TABLE ledger_removed ENABLE ALWAYS TRIGGER ledger_removed_guard;
ALTER TABLE ledger_removed ENABLE ALWAYS TRIGGER ledger_removed_guard_truncate;

-- ---- the one way in

-- What the removal of these events, and of what was done to them, would seal: everything that may have
-- counted stands before it, the events that stay among what is removed too.
CREATE FUNCTION retention_seal_of(customer bigint, events bigint[])
RETURNS TABLE (before timestamptz, last_index bigint) LANGUAGE sql STABLE AS $$
    WITH gone AS (
        SELECT max(entry_index) AS last
        FROM ledger_entry
        WHERE customer_id = customer AND (entry_index = ANY (events) OR reference = ANY (events))
    ), latest AS (
        SELECT gone.last,
               GREATEST((SELECT max(event_time)
                         FROM ledger_entry
                         WHERE customer_id = customer AND kind = 0 AND entry_index <= gone.last),
                        (SELECT max((convert_from(leaf, 'UTF8')::json -> 'set' ->> 'time')::timestamptz)
                         FROM ledger_entry
                         WHERE customer_id = customer AND kind = 2 AND leaf <> ''
                           AND reference <= gone.last)) AS at
        FROM gone
    )
    SELECT GREATEST(latest.at + interval '1 microsecond',
                    (SELECT max(period_end)
                     FROM invoice
                     WHERE customer_id = customer AND status <> 'void' AND period_start <= latest.at)),
           latest.last
    FROM latest
$$;

-- Puts the hashes of these events, and of what was done to them, aside, removes their bodies and
-- seals what lies before. The entry at said_at tells of it. Answers how many bodies went. The daemon's
-- role can do nothing else to them than call this.
CREATE FUNCTION ledger_remove(customer bigint, events bigint[], said_at bigint, sealed timestamptz)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone bigint[];
    last bigint;
BEGIN
    SELECT array_agg(entry_index), max(entry_index) INTO gone, last
    FROM ledger_entry
    WHERE customer_id = customer AND leaf <> ''
      AND (entry_index = ANY (events) OR reference = ANY (events));

    INSERT INTO ledger_removed (customer_id, entry_index, leaf_hash, made_at, event_type, retention_index)
    SELECT customer, entry.entry_index, sha256('\x00'::bytea || entry.leaf),
           (convert_from(entry.leaf, 'UTF8')::json ->> 'at')::timestamptz,
           convert_from(original.leaf, 'UTF8')::json -> 'event' ->> 'type', said_at
    FROM ledger_entry AS entry
    JOIN ledger_entry AS original
      ON original.customer_id = customer
     AND original.entry_index = COALESCE(entry.reference, entry.entry_index)
    WHERE entry.customer_id = customer AND entry.entry_index = ANY (gone);

    UPDATE ledger_entry SET leaf = '' WHERE customer_id = customer AND entry_index = ANY (gone);

    INSERT INTO ledger_seal AS seal (customer_id, before, last_index, series)
    VALUES (customer, sealed, last,
            COALESCE((SELECT mark.series FROM usage_mark AS mark WHERE mark.customer_id = customer), '{}'))
    ON CONFLICT (customer_id) DO UPDATE
    SET before = GREATEST(seal.before, excluded.before),
        last_index = GREATEST(seal.last_index, excluded.last_index),
        series = ARRAY(SELECT unnest(seal.series) INTERSECT SELECT unnest(excluded.series));
    RETURN cardinality(gone);
END $$;

REVOKE ALL ON FUNCTION ledger_remove(bigint, bigint[], bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_remove(bigint, bigint[], bigint, timestamptz) TO phial_daemon;
GRANT SELECT ON ledger_removed, ledger_seal TO phial_daemon;
GRANT SELECT, INSERT ON retention_hold, retention_run, retention_share, retention_part TO phial_daemon;
GRANT UPDATE (released_index, released_at, released_by, release_reason) ON retention_hold TO phial_daemon;
GRANT UPDATE (status, approval_id, approved_by, finished_at) ON retention_run TO phial_daemon;
GRANT UPDATE (status, why, removed, retention_index) ON retention_share TO phial_daemon;
GRANT UPDATE (done) ON retention_part TO phial_daemon;
REVOKE ALL ON ledger_removed, ledger_seal, retention_hold, retention_run, retention_share, retention_part
    FROM PUBLIC;

-- ---- erasures outlive a restored backup: see audit/erasure_file.h

ALTER TABLE token_key ADD COLUMN erased_at timestamptz; -- by the machine's clock; NULL: never, or before this

-- ---- where the ledger's tables have an owner without a login, what is above is his as well, and the
-- function that removes runs with his rights and no more

DO $$
BEGIN
    IF (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'ledger_entry'::regclass) = 'phial_owner' THEN
        ALTER TABLE ledger_removed OWNER TO phial_owner;
        ALTER TABLE ledger_seal OWNER TO phial_owner;
        ALTER FUNCTION ledger_remove(bigint, bigint[], bigint, timestamptz) OWNER TO phial_owner;
        GRANT SELECT ON retention_hold, usage_mark TO phial_owner;
        GRANT SELECT ON ledger_removed, ledger_seal TO phial_reader, phial_signer;
    END IF;
END $$;

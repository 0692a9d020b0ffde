-- Staged loads of events: they count for nothing until they are committed to the ledger.

CREATE TABLE backfill (
    backfill_id    text PRIMARY KEY,
    customer_id    bigint NOT NULL REFERENCES customer,
    from_time      timestamptz NOT NULL,
    to_time        timestamptz NOT NULL,
    reason         text NOT NULL,
    status         text NOT NULL CHECK (status IN ('open', 'committed', 'abandoned')),
    events         bigint NOT NULL DEFAULT 0, -- staged; stays when the rows have gone
    created_at     timestamptz NOT NULL,
    created_by     text NOT NULL,
    closed_at      timestamptz,
    closed_by      text,
    closing_reason text NOT NULL DEFAULT '',
    accepted       bigint, -- of a commit, as the next four
    duplicates     bigint,
    conflicts      bigint,
    from_index     bigint, -- positions in the customer's log, half-open
    to_index       bigint,
    CHECK (from_time < to_time),
    CHECK ((status = 'open') = (closed_at IS NULL)),
    CHECK ((status = 'committed') = (to_index IS NOT NULL))
);
CREATE INDEX backfill_by_customer ON backfill (customer_id, backfill_id);

-- An event as the ledger would hold it: canonical, with tokens in the place of what they stand for.
CREATE TABLE staged_event (
    customer_id bigint NOT NULL,
    backfill_id text NOT NULL,
    number      bigint NOT NULL, -- from 0, in the order sent
    identity    bytea NOT NULL,
    event_time  timestamptz NOT NULL,
    event       bytea NOT NULL,
    PRIMARY KEY (customer_id, backfill_id, number)
);
-- The identity before the backfill: a look-up by it can then take no other index, see
-- ingest_find_staged.
ALTER TABLE staged_event
    ADD CONSTRAINT staged_event_identity UNIQUE (customer_id, identity, backfill_id);
CREATE INDEX staged_event_by_time ON staged_event (customer_id, backfill_id, event_time);

GRANT SELECT, INSERT ON backfill, staged_event TO phial_daemon;
GRANT UPDATE ON backfill TO phial_daemon;
GRANT DELETE ON staged_event TO phial_daemon;

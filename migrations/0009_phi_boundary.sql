-- What the boundary to patients' data keeps: look-ups that do not say what is looked for.

-- A key that does not exist may be anything that was sent; see src/catalog/known.c.
CREATE INDEX customer_by_bucket ON customer (substr(sha256(key::bytea), 1, 2));
CREATE INDEX catalog_item_by_bucket ON catalog_item (kind, substr(sha256(key::bytea), 1, 2));

-- Refusals by the hour that they fell in; what was counted by days stands at each day's first. An
-- event's type and the pointer of what was refused, '' for a type that is not declared; of other
-- requests the pointer is their route.
ALTER TABLE refusal_count RENAME COLUMN day TO hour;
ALTER TABLE refusal_count ALTER COLUMN hour TYPE timestamptz USING hour::timestamp AT TIME ZONE 'UTC';

-- What waits for a second person, and what became of it.
CREATE TABLE approval (
    approval_id     text PRIMARY KEY,
    action          text NOT NULL,
    subject         text NOT NULL, -- what it is about: an event type's key
    document        text NOT NULL, -- JSON: what is to be done
    requested_by    text NOT NULL,
    requested_at    timestamptz NOT NULL,
    reason          text NOT NULL,
    status          text NOT NULL CHECK (status IN ('pending', 'approved', 'refused')),
    decided_by      text,
    decided_at      timestamptz,
    decision_reason text,
    meaning         text, -- of the signature
    CHECK ((status = 'pending') = (decided_by IS NULL)),
    CHECK (status <> 'approved' OR (decided_by <> requested_by AND meaning <> ''))
);
CREATE INDEX approval_by_status ON approval (status, approval_id);
GRANT SELECT, INSERT ON approval TO phial_daemon;
GRANT UPDATE (status, decided_by, decided_at, decision_reason, meaning) ON approval TO phial_daemon;
REVOKE ALL ON approval FROM PUBLIC;

-- Invoices, their numbers, and signed exports.

CREATE TABLE invoice (
    invoice_id      text PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,
    subscription_id text NOT NULL REFERENCES subscription,
    period_number   bigint NOT NULL,
    period_start    timestamptz NOT NULL,
    period_end      timestamptz NOT NULL,
    grace_ends_at   timestamptz NOT NULL,
    status          text NOT NULL CHECK (status IN ('draft', 'issued', 'void')),
    number          text UNIQUE,
    statement       bytea,  -- canonical, once issued
    total           text NOT NULL, -- of a draft: as of ledger_size
    currency        text NOT NULL,
    ledger_size     bigint NOT NULL, -- what the total was computed on; -1: not yet
    customer_sha256 bytea,           -- of the customer's document then
    terms_seen      text NOT NULL DEFAULT '', -- the subscription's changes when it was looked at last
    next_period_end timestamptz,     -- by those terms: until then no further period is due
    ledger_index    bigint, -- of the invoice entry
    created_at      timestamptz NOT NULL,
    issued_at       timestamptz,
    due_at          timestamptz,
    voided_at       timestamptz,
    actor           text NOT NULL,
    reason          text NOT NULL,
    CHECK ((status = 'draft') = (number IS NULL))
);
-- One period, one invoice.
CREATE UNIQUE INDEX invoice_one_per_period ON invoice (subscription_id, period_number)
    WHERE status <> 'void';
CREATE INDEX invoice_by_customer ON invoice (customer_id, invoice_id);
CREATE INDEX invoice_void ON invoice (subscription_id, period_number) WHERE status = 'void';
CREATE INDEX invoice_drafts ON invoice (grace_ends_at) WHERE status = 'draft';

-- The last number given in a series and year; the row is locked by the issuing transaction.
CREATE TABLE invoice_series (
    series text NOT NULL,
    year   bigint NOT NULL,
    last   bigint NOT NULL,
    PRIMARY KEY (series, year)
);

CREATE TABLE export (
    export_id    text PRIMARY KEY,
    customer_id  bigint NOT NULL REFERENCES customer,
    request      text NOT NULL, -- JSON
    requested_by text NOT NULL,
    purpose      text NOT NULL,
    status       text NOT NULL CHECK (status IN ('queued', 'running', 'ready', 'failed')),
    path         text,
    bytes        bigint,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz
);
CREATE INDEX export_waiting ON export (created_at) WHERE status IN ('queued', 'running');

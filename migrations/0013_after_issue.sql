-- What follows the issue of an invoice, and what reduces it. Every row but those of late_watch and
-- late_period stands in its customer's log as well; what a statement used up stands in the statement.

ALTER TABLE invoice ADD COLUMN due text; -- amount_due, once issued
UPDATE invoice
SET due = convert_from(statement, 'UTF8')::json ->> 'amount_due'
WHERE statement IS NOT NULL;

CREATE TABLE discount (
    discount_id text PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer,
    document    text NOT NULL, -- what its entry says
    periods     bigint NOT NULL, -- statements that it is for; 0: no end
    made_index  bigint NOT NULL, -- of its entry; the order in which discounts are made
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    actor       text NOT NULL,
    reason      text NOT NULL
);
CREATE INDEX discount_by_customer ON discount (customer_id, made_index);

-- Which statement names which discount.
CREATE TABLE discount_use (
    discount_id text NOT NULL REFERENCES discount,
    invoice_id  text NOT NULL REFERENCES invoice,
    PRIMARY KEY (discount_id, invoice_id)
);

CREATE TABLE wallet_credit (
    credit_id   text PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer,
    minor       bigint NOT NULL CHECK (minor > 0),
    currency    text NOT NULL,
    expires_at  timestamptz,
    paid        boolean NOT NULL,
    made_index  bigint NOT NULL,
    created_at  timestamptz NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL
);
CREATE INDEX wallet_credit_by_customer ON wallet_credit (customer_id, made_index);

-- What a statement took. A void invoice's count no more.
CREATE TABLE wallet_use (
    credit_id  text NOT NULL REFERENCES wallet_credit,
    invoice_id text NOT NULL REFERENCES invoice,
    minor      bigint NOT NULL CHECK (minor > 0),
    PRIMARY KEY (credit_id, invoice_id)
);
CREATE INDEX wallet_use_by_invoice ON wallet_use (invoice_id);

CREATE TABLE payment (
    payment_id  text PRIMARY KEY,
    invoice_id  text NOT NULL REFERENCES invoice,
    customer_id bigint NOT NULL REFERENCES customer,
    minor       bigint NOT NULL CHECK (minor > 0),
    currency    text NOT NULL,
    reference   text NOT NULL,
    paid_at     timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    reversed_at timestamptz,
    actor       text NOT NULL,
    reason      text NOT NULL
);
CREATE INDEX payment_by_invoice ON payment (invoice_id, payment_id);

CREATE TABLE credit_note (
    credit_note_id  text PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,
    invoice_id      text NOT NULL REFERENCES invoice, -- its own statement's, of one below zero
    number          text NOT NULL UNIQUE,
    document        text NOT NULL, -- as it is answered
    currency        text NOT NULL,
    minor           bigint NOT NULL, -- its total
    subscription_id text,   -- of one that corrects a period's usage
    period_number   bigint, -- the period
    own_statement   boolean NOT NULL,
    ledger_index    bigint NOT NULL,
    issued_at       timestamptz NOT NULL,
    actor           text NOT NULL,
    reason          text NOT NULL
);
CREATE INDEX credit_note_by_customer ON credit_note (customer_id, credit_note_id);
CREATE INDEX credit_note_by_invoice ON credit_note (invoice_id);
CREATE INDEX credit_note_by_period ON credit_note (subscription_id, period_number)
    WHERE subscription_id IS NOT NULL;

CREATE TABLE credit_note_line (
    credit_note_id text NOT NULL REFERENCES credit_note,
    key            text NOT NULL,
    minor          bigint NOT NULL,
    PRIMARY KEY (credit_note_id, key)
);

-- The adjustment lines of issued statements: what they billed of an earlier period.
CREATE TABLE invoice_adjustment (
    invoice_id      text NOT NULL REFERENCES invoice, -- the one that has the line
    subscription_id text NOT NULL,
    period_number   bigint NOT NULL, -- the earlier one
    key             text NOT NULL,
    minor           bigint NOT NULL,
    PRIMARY KEY (invoice_id, period_number, key)
);
CREATE INDEX invoice_adjustment_by_period ON invoice_adjustment (subscription_id, period_number);

-- How far a log has been looked through for usage of periods that are issued.
CREATE TABLE late_watch (
    customer_id bigint PRIMARY KEY REFERENCES customer,
    checked     bigint NOT NULL
);
-- Periods that usage came to, changed in or went from after their issue; `touched` is the log's size
-- when that was seen, `credited` the one up to which what is owed back has been credited.
CREATE TABLE late_period (
    subscription_id text NOT NULL REFERENCES subscription,
    period_number   bigint NOT NULL,
    customer_id     bigint NOT NULL REFERENCES customer,
    touched         bigint NOT NULL,
    credited        bigint NOT NULL DEFAULT -1,
    PRIMARY KEY (subscription_id, period_number)
);
CREATE INDEX late_period_open ON late_period (customer_id) WHERE touched > credited;

-- Of a plan that holds late usage: up to which size of the log an operator has released it.
CREATE TABLE late_release (
    invoice_id  text NOT NULL REFERENCES invoice,
    made_index  bigint NOT NULL,
    released_at timestamptz NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL,
    PRIMARY KEY (invoice_id, made_index)
);

-- What is no event is looked for by itself.
CREATE INDEX ledger_entry_documents ON ledger_entry (customer_id, entry_index) WHERE kind > 2;

INSERT INTO late_watch (customer_id, checked)
SELECT customer_id, min(ledger_index) + 1
FROM invoice
WHERE status = 'issued'
GROUP BY customer_id;

GRANT SELECT, INSERT ON discount, discount_use, wallet_credit, wallet_use, payment, credit_note,
    credit_note_line, invoice_adjustment, late_watch, late_period, late_release TO phial_daemon;
GRANT UPDATE ON discount, payment, late_watch, late_period TO phial_daemon;

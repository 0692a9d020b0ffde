-- Facts that others are told of, where to, and the alerts that are such facts.

CREATE TABLE webhook (
    webhook_id    text PRIMARY KEY,
    url           text NOT NULL,
    types         text[] NOT NULL,
    status        text NOT NULL CHECK (status IN ('enabled', 'disabled', 'deleted')),
    disabled_why  text CHECK (disabled_why IN ('gone', 'failing')),
    secret        bytea NOT NULL, -- sealed, see src/webhooks/secret.c; '' once deleted
    old_secret    bytea,          -- sealed; signs as well until old_until
    sealed_by     bytea NOT NULL, -- the id of the master key that seals both
    old_until     timestamptz,    -- of the machine's clock, as every time of a delivery
    failing_since timestamptz,    -- no delivery has succeeded since
    created_at    timestamptz NOT NULL,
    actor         text NOT NULL,
    reason        text NOT NULL,
    CHECK ((status = 'disabled') = (disabled_why IS NOT NULL))
);

-- What happened, once, as it is sent; written by the transaction in which it happened.
CREATE TABLE outbox (
    message_id text PRIMARY KEY,
    type       text NOT NULL,
    body       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_by_age ON outbox (created_at);

-- A row for each webhook that is told. A lease is a next attempt that lies ahead.
CREATE TABLE webhook_delivery (
    webhook_id      text NOT NULL REFERENCES webhook,
    message_id      text NOT NULL REFERENCES outbox,
    status          text NOT NULL CHECK (status IN ('pending', 'held', 'delivered', 'failed')),
    attempts        bigint NOT NULL DEFAULT 0, -- begun
    last_status     bigint,
    last_error      text,
    next_attempt_at timestamptz,
    give_up_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    PRIMARY KEY (webhook_id, message_id),
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((status IN ('delivered', 'failed')) = (finished_at IS NOT NULL))
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_attempt_at)
    WHERE status = 'pending';
CREATE INDEX webhook_delivery_of ON webhook_delivery (message_id);
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (created_at);

-- How much of it event.rejected has told of.
ALTER TABLE refusal_count ADD COLUMN told bigint NOT NULL DEFAULT 0;
CREATE INDEX refusal_count_untold ON refusal_count (event_type, code) WHERE told < refusals;

CREATE TABLE alert (
    alert_id        text PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,
    name            text NOT NULL,
    measures        text NOT NULL CHECK (measures IN ('metric', 'amount', 'commitment')),
    metric          text,
    subscription_id text REFERENCES subscription, -- NULL: each of the customer's
    threshold       text NOT NULL,
    created_at      timestamptz NOT NULL,
    actor           text NOT NULL,
    reason          text NOT NULL,
    deleted         boolean NOT NULL DEFAULT false,
    seen_size       bigint NOT NULL DEFAULT -1, -- of the customer's log, when it was looked at last
    seen_at         timestamptz NOT NULL,
    due_at          timestamptz, -- a period ends or begins then
    CHECK ((measures = 'metric') = (metric IS NOT NULL))
);
CREATE INDEX alert_by_customer ON alert (customer_id, alert_id) WHERE NOT deleted;

-- Once a period.
CREATE TABLE alert_firing (
    alert_id        text NOT NULL REFERENCES alert,
    subscription_id text NOT NULL REFERENCES subscription,
    period_start    timestamptz NOT NULL,
    period_end      timestamptz NOT NULL,
    value           text NOT NULL,
    fired_at        timestamptz NOT NULL,
    PRIMARY KEY (alert_id, subscription_id, period_start)
);

GRANT SELECT, INSERT ON webhook, outbox, webhook_delivery, alert, alert_firing TO phial_daemon;
GRANT UPDATE ON webhook, webhook_delivery, alert TO phial_daemon;
GRANT DELETE ON outbox, webhook_delivery TO phial_daemon;

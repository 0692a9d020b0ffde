-- Customers, and what events may say, how they are measured and priced.
-- What may be updated is updated by the daemon's role alone; see 0004_rights.sql.

CREATE TABLE customer (
    customer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         text NOT NULL UNIQUE,
    document    text NOT NULL, -- as it was put
    sha256      bytea NOT NULL,
    currency    text NOT NULL,
    time_zone   text NOT NULL,
    archived    boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

-- Every document a customer ever had.
CREATE TABLE customer_version (
    customer_id bigint NOT NULL REFERENCES customer,
    version     bigint NOT NULL,
    document    text NOT NULL,
    sha256      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL,
    PRIMARY KEY (customer_id, version)
);

CREATE TABLE catalog_item (
    kind     text NOT NULL CHECK (kind IN ('event_type', 'metric', 'plan')),
    key      text NOT NULL,
    version  bigint NOT NULL, -- the current one
    archived boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, key)
);

CREATE TABLE catalog_version (
    kind       text NOT NULL,
    key        text NOT NULL,
    version    bigint NOT NULL,
    document   text NOT NULL, -- as it was put
    sha256     bytea NOT NULL, -- of its canonical form
    created_at timestamptz NOT NULL,
    actor      text NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (kind, key, version),
    FOREIGN KEY (kind, key) REFERENCES catalog_item DEFERRABLE INITIALLY DEFERRED
);

-- One row, one more with every change above: what a cache compares itself with.
CREATE TABLE catalog_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint NOT NULL
);
INSERT INTO catalog_revision (revision) VALUES (1);

CREATE TABLE subscription (
    subscription_id text PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,
    anniversary     boolean NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz,
    created_at      timestamptz NOT NULL,
    CHECK (ends_at IS NULL OR ends_at >= starts_at)
);
CREATE INDEX subscription_by_customer ON subscription (customer_id, subscription_id);

-- The plan version in force from an instant on.
CREATE TABLE subscription_segment (
    subscription_id text NOT NULL REFERENCES subscription,
    starts_at       timestamptz NOT NULL,
    plan_key        text NOT NULL,
    plan_version    bigint NOT NULL,
    metrics         text NOT NULL, -- JSON: key to version of every metric that the plan names
    actor           text NOT NULL,
    reason          text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (subscription_id, starts_at)
);

CREATE TABLE api_key (
    key_id      text PRIMARY KEY,
    name        text NOT NULL,
    sha256      bytea NOT NULL, -- of the whole key
    scopes      bigint NOT NULL, -- bit per row of scopes.def, by name in scope_names
    scope_names text NOT NULL,
    customer_id bigint REFERENCES customer,
    expires_at  timestamptz,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    reason      text NOT NULL,
    revoked_at  timestamptz,
    revoked_by  text
);

-- Keys of tokens, wrapped by the master key. period is '' for a scope that lasts with the customer.
CREATE TABLE token_key (
    customer_id bigint NOT NULL REFERENCES customer,
    period      text NOT NULL,
    sealed      bytea, -- NULL once destroyed
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (customer_id, period)
);

CREATE TABLE idempotency (
    key_id      text NOT NULL,
    sha256      bytea NOT NULL, -- of the Idempotency-Key, method and path
    fingerprint bytea NOT NULL, -- of the whole request
    status      bigint,         -- NULL until the answer is known
    media_type  text,
    body        bytea,
    headers     text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key_id, sha256)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE test_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    now      timestamptz NOT NULL
);

-- Counts of refusals; never a value.
CREATE TABLE refusal_count (
    day        date NOT NULL,
    event_type text NOT NULL,
    pointer    text NOT NULL,
    code       text NOT NULL,
    detector   text NOT NULL,
    refusals   bigint NOT NULL,
    PRIMARY KEY (day, event_type, pointer, code, detector)
);

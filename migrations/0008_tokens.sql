-- A key per scope: 'customer', 'event' or a month, and one more for the crosswalk of its surrogates. Until
-- now customer and event had the row '' in common; both go on with its key. wrapped_by is the master key's
-- id, NULL for what was sealed before there was one. erased_index is the position of the last erasure entry
-- that destroyed a key of the scope: what the log holds before it cannot be compared any more.
ALTER TABLE token_key RENAME COLUMN period TO scope;
ALTER TABLE token_key
    ADD COLUMN purpose text NOT NULL DEFAULT 'token' CHECK (purpose IN ('token', 'crosswalk')),
    ADD COLUMN generation bigint NOT NULL DEFAULT 1,
    ADD COLUMN wrapped_by bytea,
    ADD COLUMN erased_index bigint NOT NULL DEFAULT -1,
    DROP CONSTRAINT token_key_pkey,
    ADD PRIMARY KEY (customer_id, scope, purpose);
ALTER TABLE token_key ALTER COLUMN purpose DROP DEFAULT;
INSERT INTO token_key (customer_id, scope, purpose, sealed, created_at)
SELECT customer_id, 'event', 'token', sealed, created_at FROM token_key WHERE scope = '';
UPDATE token_key SET scope = 'customer' WHERE scope = '';

-- The codes of surrogates, by the HMAC of what they stand for under the scope's crosswalk key.
CREATE TABLE token_code (
    customer_id bigint NOT NULL REFERENCES customer,
    scope       text NOT NULL,
    mac         bytea NOT NULL,
    code        text NOT NULL, -- without "tok_"
    PRIMARY KEY (customer_id, scope, mac)
);

-- A constant sealed with each master key that has been in use: it tells a wrong one at once.
CREATE TABLE master_key (
    key_id     bytea PRIMARY KEY,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE idempotency ADD COLUMN sealed_by bytea; -- the master key's id; NULL as above

GRANT SELECT, INSERT ON token_code, master_key TO phial_daemon;
GRANT DELETE ON token_code TO phial_daemon;
REVOKE ALL ON token_code, master_key FROM PUBLIC;

-- Usage folded from the ledger: derived rows, which can be made again from the entries at any time.

-- Every version of a metric there ever was, by a short name.
CREATE TABLE usage_series (
    series_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric    text NOT NULL,
    version   bigint NOT NULL,
    UNIQUE (metric, version)
);

-- How far a customer's log is folded: each series up to the position beside it. 0 stands for the
-- places below. A fold holds the row's lock, and commits sums and positions in one transaction.
CREATE TABLE usage_mark (
    customer_id bigint PRIMARY KEY REFERENCES customer,
    latest      bigint NOT NULL, -- the latest series there was when they were looked at last
    folded_to   bigint NOT NULL, -- the least of the positions
    series      bigint[] NOT NULL,
    folded      bigint[] NOT NULL
) WITH (fillfactor = 50);

-- What a group's events of one weight come to in a bucket: see rating/tally.h.
CREATE TABLE usage_sum (
    customer_id    bigint NOT NULL,
    series_id      bigint NOT NULL,
    level          smallint NOT NULL, -- 0: a quarter of an hour, 1: an hour, 2: a day, of UTC
    bucket         timestamptz NOT NULL,
    groups         text NOT NULL,
    weight         bigint NOT NULL,
    events         bigint NOT NULL,
    first_index    bigint NOT NULL,
    last_index     bigint NOT NULL,
    total          numeric NOT NULL,
    moment         numeric NOT NULL,
    extreme        numeric NOT NULL,
    extreme_events bigint NOT NULL,
    extreme_at     timestamptz NOT NULL,
    extreme_index  bigint NOT NULL,
    PRIMARY KEY (customer_id, series_id, level, bucket, groups, weight)
) WITH (fillfactor = 80);

-- How many events of a bucket have a value.
CREATE TABLE usage_value (
    customer_id bigint NOT NULL,
    series_id   bigint NOT NULL,
    level       smallint NOT NULL,
    bucket      timestamptz NOT NULL,
    groups      text NOT NULL,
    value       text NOT NULL,
    events      bigint NOT NULL,
    PRIMARY KEY (customer_id, series_id, level, bucket, groups, value)
) WITH (fillfactor = 80);

-- In which blocks of 64 positions the events of a quarter of an hour stand: an index by time that
-- costs a row a block, not a row an event, and nothing to whoever writes the log.
CREATE TABLE usage_place (
    customer_id bigint NOT NULL,
    bucket      timestamptz NOT NULL,
    block       bigint NOT NULL,
    PRIMARY KEY (customer_id, bucket, block)
);

GRANT SELECT, INSERT ON usage_series TO phial_daemon;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO phial_daemon;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_mark, usage_sum, usage_value, usage_place
    TO phial_daemon;

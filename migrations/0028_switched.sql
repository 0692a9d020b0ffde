-- What the values of a metric that goes by switches had been switched to before a time, so that a question
-- need not read them since the beginning: of each value that was on in some group, its last switch in each.
-- Derived, as the other sums are. held: as in usage_sum.
CREATE TABLE usage_switched (
    customer_id bigint NOT NULL,
    series_id   bigint NOT NULL,
    before      timestamptz NOT NULL, -- the first instant of a day of UTC
    groups      text NOT NULL,
    part        bigint NOT NULL,
    switches    bigint NOT NULL,
    held        bytea NOT NULL,
    PRIMARY KEY (customer_id, series_id, before, groups, part)
);
ALTER TABLE usage_switched ALTER COLUMN held SET STORAGE MAIN;
ALTER TABLE usage_switched SET (toast_tuple_target = 8160);

GRANT SELECT, INSERT, DELETE ON usage_switched TO phial_daemon;

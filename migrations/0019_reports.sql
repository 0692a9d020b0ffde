-- Reports as they were given out: what they showed, never what they withheld. A restatement is a
-- further version.
CREATE TABLE report_publication (
    scope          text NOT NULL,   -- "customer:42", "group:north"
    metric         text NOT NULL,
    metric_version bigint NOT NULL,
    axes           text NOT NULL,   -- the names that the table is crossed by, with commas between
    from_at        timestamptz NOT NULL,
    to_at          timestamptz NOT NULL,
    version        bigint NOT NULL CHECK (version >= 1),
    cells          text NOT NULL,   -- {"values": [[...]], "labels": [...]}
    sha256         bytea NOT NULL CHECK (length(sha256) = 32), -- of cells
    as_of          text NOT NULL,
    actor          text NOT NULL,
    published_at   timestamptz NOT NULL,
    PRIMARY KEY (scope, metric, metric_version, axes, from_at, to_at, version),
    CHECK (from_at < to_at)
);

CREATE FUNCTION refuse_report_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a report that was given out is never changed';
END $$;
CREATE TRIGGER report_publication_guard BEFORE UPDATE OR DELETE ON report_publication
    FOR EACH ROW EXECUTE FUNCTION refuse_report_change();
CREATE TRIGGER report_publication_guard_all BEFORE TRUNCATE ON report_publication
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_report_change();
ALTER TABLE report_publication ENABLE ALWAYS TRIGGER report_publication_guard;
ALTER TABLE report_publication ENABLE ALWAYS TRIGGER report_publication_guard_all;

GRANT SELECT, INSERT ON report_publication TO phial_daemon;

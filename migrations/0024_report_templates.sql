-- Templates of reports stand in the catalog, in versions like all of it.
ALTER TABLE catalog_item DROP CONSTRAINT catalog_item_kind_check;
ALTER TABLE catalog_item ADD CONSTRAINT catalog_item_kind_check
    CHECK (kind IN ('event_type', 'metric', 'plan', 'report_template'));

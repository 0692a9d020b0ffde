-- What the boundary to patients' data keeps: look-ups that do not say what is looked for.

-- A key that does not exist may be anything that was sent; see src/catalog/known.c.
CREATE INDEX customer_by_bucket ON customer (substr(sha256(key::bytea), 1, 2));
CREATE INDEX catalog_item_by_bucket ON catalog_item (kind, substr(sha256(key::bytea), 1, 2));

-- Refusals by the hour that they fell in; what was counted by days stands at each day's first. An
-- event's type and the pointer of what was refused, '' for a type that is not declared; of other
-- requests the pointer is their route.
ALTER TABLE refusal_count RENAME COLUMN day TO hour;
ALTER TABLE refusal_count ALTER COLUMN hour TYPE timestamptz USING hour::timestamp AT TIME ZONE 'UTC';

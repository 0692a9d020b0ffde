-- The values of a bucket stand in its line as long as they are few: a window then reads a row of each
-- bucket, not one of each value of each bucket.

-- A mark, then for each value, in the order of their bytes: its length in two bytes, how many events
-- have it in four, the value. Empty: its values, if it has any, are rows of usage_value.
ALTER TABLE usage_sum ADD COLUMN held bytea NOT NULL DEFAULT '';
ALTER TABLE usage_sum ALTER COLUMN held SET STORAGE MAIN;
ALTER TABLE usage_sum SET (toast_tuple_target = 8160);

WITH few AS (
    SELECT customer_id, series_id, level, bucket, groups,
           '\x01'::bytea || string_agg(int2send(octet_length(value)::smallint)
                                       || int4send(LEAST(events, 2147483647)::integer)
                                       || convert_to(value, 'UTF8'), ''::bytea
                                       ORDER BY value COLLATE "C") AS held
    FROM usage_value
    GROUP BY customer_id, series_id, level, bucket, groups
    HAVING sum(6 + octet_length(value)) < 4000 AND max(events) <= 2147483647
)
UPDATE usage_sum AS line
SET held = few.held
FROM few
WHERE line.customer_id = few.customer_id AND line.series_id = few.series_id
  AND line.level = few.level AND line.bucket = few.bucket AND line.groups = few.groups
  AND line.weight = 0;

DELETE FROM usage_value AS row
USING usage_sum AS line
WHERE line.customer_id = row.customer_id AND line.series_id = row.series_id
  AND line.level = row.level AND line.bucket = row.bucket AND line.groups = row.groups
  AND line.weight = 0 AND line.held <> '';

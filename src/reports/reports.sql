-- name: reports_group_customers
-- By the begin of the group's hash: what is asked for may be anybody's text.
SELECT customer_id, document::jsonb ->> 'group' AS name
  FROM customer
 WHERE substring(sha256(convert_to(document::jsonb ->> 'group', 'UTF8')) FROM 1 FOR 2) = $1
   AND NOT archived
 ORDER BY key COLLATE "C";

-- name: reports_find_latest
SELECT version, cells, published_at
  FROM report_publication
 WHERE scope = $1 AND metric = $2 AND metric_version = $3 AND axes = $4
   AND from_at = $5 AND to_at = $6
 ORDER BY version DESC
 LIMIT 1;

-- name: reports_find_version
SELECT cells
  FROM report_publication
 WHERE scope = $1 AND metric = $2 AND metric_version = $3 AND axes = $4
   AND from_at = $5 AND to_at = $6 AND version = $7;

-- name: reports_publish
-- No row comes back where somebody else has just given out this version.
INSERT INTO report_publication (scope, metric, metric_version, axes, from_at, to_at, version,
                                cells, sha256, as_of, actor, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT DO NOTHING
RETURNING version;

-- name: reports_list_windows
-- The last version of each other time that a table was given out of, the nearest first.
SELECT from_at, to_at, cells
  FROM (SELECT DISTINCT ON (from_at, to_at) from_at, to_at, cells
          FROM report_publication
         WHERE scope = $1 AND metric = $2 AND metric_version = $3 AND axes = $4
           AND NOT (from_at = $5 AND to_at = $6)
         ORDER BY from_at, to_at, version DESC) AS others
 ORDER BY greatest(from_at - $6, $5 - to_at)
 LIMIT $7;

-- name: reports_list_crossing
-- The last version of each other table of these, the nearest times first.
SELECT scope, from_at, to_at, cells
  FROM (SELECT DISTINCT ON (scope, from_at, to_at) scope, from_at, to_at, cells
          FROM report_publication
         WHERE scope = ANY ($1::text[]) AND metric = $2 AND metric_version = $3 AND axes = $4
           AND NOT (scope = $5 AND from_at = $6 AND to_at = $7)
         ORDER BY scope, from_at, to_at, version DESC) AS others
 ORDER BY greatest(from_at - $7, $6 - to_at)
 LIMIT $8;

-- name: reports_list_scopes
-- The last version of the same table of others.
SELECT DISTINCT ON (scope) scope, cells
  FROM report_publication
 WHERE scope = ANY ($1::text[]) AND metric = $2 AND metric_version = $3 AND axes = $4
   AND from_at = $5 AND to_at = $6
 ORDER BY scope, version DESC;

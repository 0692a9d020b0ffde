-- name: ingest_count_refusals
INSERT INTO refusal_count (hour, event_type, pointer, code, detector, refusals)
SELECT $1::timestamptz, reason.event_type, reason.pointer, reason.code, reason.detector,
       reason.refusals
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
     AS reason (event_type, pointer, code, detector, refusals)
ON CONFLICT (hour, event_type, pointer, code, detector)
DO UPDATE SET refusals = refusal_count.refusals + EXCLUDED.refusals;

-- name: ingest_insert_backfill
INSERT INTO backfill (backfill_id, customer_id, from_time, to_time, reason, status, created_at,
                      created_by)
VALUES ($1, $2, $3, $4, $5, 'open', $6, $7);

-- name: ingest_find_backfill
SELECT backfill.backfill_id, backfill.customer_id, customer.key AS customer, customer.archived,
       backfill.from_time, backfill.to_time, backfill.reason, backfill.status, backfill.events,
       backfill.created_at, backfill.created_by, backfill.closed_at, backfill.closed_by,
       backfill.closing_reason, backfill.accepted, backfill.duplicates, backfill.conflicts,
       backfill.from_index, backfill.to_index
FROM backfill
JOIN customer USING (customer_id)
WHERE backfill_id = $1 AND ($2 = 0 OR backfill.customer_id = $2);

-- name: ingest_lock_backfill
-- To stage: others who stage wait, who only looks does not.
SELECT status, events
FROM backfill
WHERE backfill_id = $1
FOR NO KEY UPDATE;

-- name: ingest_lock_backfill_to_close
-- Who is looking at its events, with invoicing_lock_backfill, is waited for.
SELECT backfill.backfill_id, backfill.customer_id, customer.key AS customer, customer.archived,
       backfill.from_time, backfill.to_time, backfill.reason, backfill.status, backfill.events,
       backfill.created_at, backfill.created_by, backfill.closed_at, backfill.closed_by,
       backfill.closing_reason, backfill.accepted, backfill.duplicates, backfill.conflicts,
       backfill.from_index, backfill.to_index
FROM backfill
JOIN customer USING (customer_id)
WHERE backfill_id = $1 AND ($2 = 0 OR backfill.customer_id = $2)
FOR UPDATE OF backfill;

-- name: ingest_list_backfills
SELECT backfill.backfill_id, backfill.customer_id, customer.key AS customer, customer.archived,
       backfill.from_time, backfill.to_time, backfill.reason, backfill.status, backfill.events,
       backfill.created_at, backfill.created_by, backfill.closed_at, backfill.closed_by,
       backfill.closing_reason, backfill.accepted, backfill.duplicates, backfill.conflicts,
       backfill.from_index, backfill.to_index
FROM backfill
JOIN customer USING (customer_id)
WHERE ($1 = 0 OR backfill.customer_id = $1)
  AND ($2::text IS NULL OR status = $2)
  AND backfill_id COLLATE "C" > $3
ORDER BY backfill_id COLLATE "C"
LIMIT $4;

-- name: ingest_find_staged
-- As ledger_find_identities: one index look-up an identity. OFFSET keeps the condition on the
-- backfill out of it: while the table has no statistics any index that begins with customer and
-- backfill looks as good as the right one, and leads through all that is staged.
SELECT wanted.place, found.event
FROM unnest($3::bytea[]) WITH ORDINALITY AS wanted (identity, place)
CROSS JOIN LATERAL (
    SELECT backfill_id, event
    FROM staged_event
    WHERE customer_id = $1 AND identity = wanted.identity
    OFFSET 0
) AS found
WHERE found.backfill_id = $2;

-- name: ingest_count_staged
UPDATE backfill
SET events = $2
WHERE backfill_id = $1;

-- name: ingest_list_staged
SELECT number, identity, event_time, event
FROM staged_event
WHERE customer_id = $1 AND backfill_id = $2 AND number >= $3
ORDER BY number
LIMIT $4;

-- name: ingest_drop_staged
DELETE FROM staged_event
WHERE customer_id = $1 AND backfill_id = $2;

-- name: ingest_commit_backfill
UPDATE backfill
SET status = 'committed', closed_at = $2, closed_by = $3, closing_reason = $4, accepted = $5,
    duplicates = $6, conflicts = $7, from_index = $8, to_index = $9
WHERE backfill_id = $1;

-- name: ingest_abandon_backfill
UPDATE backfill
SET status = 'abandoned', closed_at = $2, closed_by = $3, closing_reason = $4
WHERE backfill_id = $1;

-- name: ingest_find_erased
-- The scopes whose keys were destroyed after each of these positions.
SELECT DISTINCT wanted.place, erased.scope
FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS wanted (customer_id, entry_index, place)
JOIN token_key AS erased
  ON erased.customer_id = wanted.customer_id AND erased.erased_index > wanted.entry_index;

-- name: ingest_read_leaves
SELECT wanted.place, entry.leaf
FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS wanted (customer_id, entry_index, place)
JOIN ledger_entry AS entry USING (customer_id, entry_index)
WHERE wanted.entry_index >= 0;

-- name: ingest_tell_refusals
-- What is being counted this moment is told of next time; nobody waits for the other. Refusals of other
-- requests than events stand under their route.
WITH untold AS MATERIALIZED (
    SELECT ctid, event_type, pointer, code, refusals - told AS count
    FROM refusal_count
    WHERE told < refusals
    LIMIT $1
    FOR UPDATE SKIP LOCKED),
counted AS (
    UPDATE refusal_count
    SET told = refusals
    FROM untold
    WHERE refusal_count.ctid = untold.ctid)
SELECT event_type, code, sum(count)::bigint AS count
FROM untold
WHERE pointer = '' OR pointer LIKE '/%'
GROUP BY event_type, code
ORDER BY event_type, code;

-- name: trail_stage
-- A change is recorded where the transaction has written; its row locks count as that.
INSERT INTO trail_staged (staged_id, at, actor, action, object, customer, is_read, marks, document)
SELECT $1, $2, $3, $4, $5, $6, $7, $8::bigint[], $9
WHERE $10 OR pg_current_xact_id_if_assigned() IS NOT NULL;

-- name: trail_any_waits
SELECT EXISTS (SELECT FROM trail_staged) AS waits;

-- name: trail_list_waiting
-- In the order in which they were written. Who holds the log's head is alone here.
SELECT staged_id, actor, document
FROM trail_staged
ORDER BY staged_at, staged_id
LIMIT $1;

-- name: trail_insert_entries
INSERT INTO trail_entry (entry_index, staged_id, at, actor, action, object, customer, is_read,
                         marks)
SELECT appended.entry_index, staged_id, at, actor, action, object, customer, is_read, marks
FROM unnest($1::text[], $2::bigint[]) AS appended (staged_id, entry_index)
JOIN trail_staged USING (staged_id);

-- name: trail_delete_waiting
DELETE FROM trail_staged WHERE staged_id = ANY ($1::text[]);

-- name: trail_each
-- By marks, which others may share: who reads compares the rest.
SELECT found.entry_index, found.actor, found.action, found.object, found.customer, entry.leaf,
       COALESCE(api_key.name, '') AS actor_name
FROM (SELECT entry_index, actor, action, object, customer
      FROM trail_entry
      WHERE ($1::int IS NULL OR marks[1] = $1)
        AND ($2::int IS NULL OR marks[2] = $2)
        AND ($3::int IS NULL OR marks[3] = $3)
        AND ($4::int IS NULL OR marks[4] = $4 OR ($5 AND customer = '*'))
        AND (NOT $5 OR is_read)
        AND ($6::timestamptz IS NULL OR at >= $6)
        AND ($7::timestamptz IS NULL OR at < $7)
        AND entry_index < $8
      ORDER BY entry_index DESC
      LIMIT $9) AS found
JOIN ledger_entry AS entry ON entry.customer_id = 0 AND entry.entry_index = found.entry_index
LEFT JOIN api_key ON 'key:' || api_key.key_id = found.actor
ORDER BY found.entry_index DESC;

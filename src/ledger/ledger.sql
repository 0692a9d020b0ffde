-- name: ledger_open
INSERT INTO ledger_head (customer_id, size, nodes, last_at)
VALUES ($1, 0, '', to_timestamp(0));

-- name: ledger_head
SELECT customer_id, size, nodes, last_at
FROM ledger_head
WHERE customer_id = $1;

-- name: ledger_sizes
-- In the order given; 0 where there is no log.
SELECT COALESCE(head.size, 0) AS size
FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (customer_id, position)
LEFT JOIN ledger_head AS head USING (customer_id)
ORDER BY asked.position;

-- name: ledger_head_lock
SELECT customer_id, size, nodes, last_at
FROM ledger_head
WHERE customer_id = $1
FOR UPDATE;

-- name: ledger_partition
SELECT part.number
FROM generate_series(0, 15) AS part (number)
WHERE satisfies_hash_partition('ledger_entry'::regclass, 16, part.number, $1::bigint);

-- name: ledger_plan_by_index
-- What follows in the transaction looks identities up by index: planned once, since planning over
-- all partitions costs more than the look-up, and never by a scan, however small the table was then,
-- nor by a bitmap, which costs as much again where an identity is thought to have more rows than one.
SELECT set_config('enable_seqscan', 'off', true) AS by_index,
       set_config('enable_bitmapscan', 'off', true) AS by_no_bitmap,
       set_config('plan_cache_mode', 'force_generic_plan', true) AS planned_once;

-- name: ledger_lock_heads
-- In the order of customer_id, so that two writers never wait for each other.
SELECT customer_id, size, nodes, last_at
FROM ledger_head
WHERE customer_id = ANY($1::bigint[])
ORDER BY customer_id
FOR UPDATE;

-- name: ledger_update_heads
UPDATE ledger_head AS head
SET size = grown.size, nodes = grown.nodes, last_at = GREATEST(head.last_at, $4)
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS grown (customer_id, size, nodes)
WHERE head.customer_id = grown.customer_id;

-- name: ledger_move_heads
-- Only where each is where the writer left it. Locks them in the order given, one index look-up each.
WITH grown AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])
                  AS grown (customer_id, before, size, nodes)
), moved AS (
    UPDATE ledger_head AS head
    SET size = grown.size, nodes = grown.nodes, last_at = GREATEST(head.last_at, $5)
    FROM grown
    WHERE head.customer_id = grown.customer_id AND head.size = grown.before
    RETURNING head.customer_id
)
SELECT phial_require((SELECT count(*) FROM moved) = cardinality($1::bigint[]), 'PH001') AS holds;

-- name: ledger_insert_usage
INSERT INTO ledger_entry (customer_id, entry_index, kind, identity, event_time, leaf)
SELECT customer_id, entry_index, 0, identity, event_time, leaf
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::bytea[])
     AS entry (customer_id, entry_index, identity, event_time, leaf);

-- name: ledger_insert_nodes
INSERT INTO ledger_node (customer_id, level, number, hash)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[]);

-- name: ledger_find_identities
-- The LIMIT makes it one index look-up an identity, however many there are.
SELECT wanted.place, found.entry_index, found.leaf
FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS wanted (customer_id, identity, place)
CROSS JOIN LATERAL (
    SELECT entry_index, leaf
    FROM ledger_entry
    WHERE customer_id = wanted.customer_id AND identity = wanted.identity
    LIMIT 1
) AS found;

-- name: ledger_await_standbys
-- A commit whose wait for the standbys was cut short is seen here without being there. Where commits
-- wait for one, this makes the commit of a transaction that only reads wait too.
SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
            THEN pg_logical_emit_message(true, 'phial', '') END AS position;

-- name: ledger_find_void
SELECT entry_index
FROM ledger_entry
WHERE customer_id = $1 AND reference = $2 AND kind = 1;

-- name: ledger_entry
SELECT entry_index, kind, leaf
FROM ledger_entry
WHERE customer_id = $1 AND entry_index = $2;

-- name: ledger_find
SELECT entry_index, kind, leaf
FROM ledger_entry
WHERE customer_id = $1 AND identity = $2;

-- name: ledger_each
SELECT entry_index, kind, leaf
FROM ledger_entry
WHERE customer_id = $1 AND entry_index >= $2 AND entry_index < $3
ORDER BY entry_index;

-- name: ledger_leaves
-- leaf_hash stands in for a body that is not there any more.
SELECT entry.entry_index, entry.leaf, removed.leaf_hash
FROM ledger_entry AS entry
LEFT JOIN ledger_removed AS removed USING (customer_id, entry_index)
WHERE entry.customer_id = $1 AND entry.entry_index >= $2 AND entry.entry_index < $3
ORDER BY entry.entry_index;

-- name: ledger_each_usage
SELECT entry_index, kind, leaf
FROM ledger_entry
WHERE customer_id = $1 AND entry_index < $2 AND leaf <> ''
  AND ((kind = 0 AND event_time >= $3 AND event_time < $4)
       OR kind IN (1, 2)
       OR entry_index IN (SELECT correction.reference
                          FROM ledger_entry AS correction
                          WHERE correction.customer_id = $1 AND correction.entry_index < $2
                            AND correction.reference IS NOT NULL))
ORDER BY entry_index;

-- name: ledger_each_reference
SELECT entry_index, kind, leaf
FROM ledger_entry
WHERE customer_id = $1 AND reference = $2
ORDER BY entry_index;

-- name: ledger_each_event
SELECT entry_index, kind, leaf
FROM ledger_entry
WHERE customer_id = $1 AND entry_index >= $2 AND kind = 0 AND leaf <> ''
  AND event_time >= $4 AND event_time < $5
ORDER BY entry_index
LIMIT $3;

-- name: ledger_each_node
SELECT number, hash
FROM ledger_node
WHERE customer_id = $1 AND level = $2 AND number >= $3 AND number < $4
ORDER BY number;

-- name: ledger_position
SELECT entry.entry_index, entry.kind, entry.leaf, removed.leaf_hash,
       COALESCE(removed.made_at, to_timestamp(0)) AS made_at,
       COALESCE(removed.retention_index, -1) AS retention_index
FROM ledger_entry AS entry
LEFT JOIN ledger_removed AS removed USING (customer_id, entry_index)
WHERE entry.customer_id = $1 AND entry.entry_index = $2;

-- name: ledger_each_position
SELECT entry.entry_index, entry.kind, entry.leaf, removed.leaf_hash,
       COALESCE(removed.made_at, to_timestamp(0)) AS made_at,
       COALESCE(removed.retention_index, -1) AS retention_index
FROM ledger_entry AS entry
LEFT JOIN ledger_removed AS removed USING (customer_id, entry_index)
WHERE entry.customer_id = $1 AND entry.entry_index >= $2 AND entry.entry_index < $3
ORDER BY entry.entry_index;

-- name: ledger_last_removed
SELECT COALESCE(max(entry_index), -1) AS entry_index
FROM ledger_removed
WHERE customer_id = $1 AND entry_index < $2;

-- name: ledger_seal
SELECT before
FROM ledger_seal
WHERE customer_id = $1;

-- name: ledger_remove
SELECT ledger_remove($1, $2::bigint[], $3, $4) AS removed;

-- name: ledger_find_customer
SELECT customer_id
FROM customer
WHERE key = $1;

-- name: epoch_last
SELECT number, server
FROM ledger_epoch
ORDER BY number DESC
LIMIT 1;

-- name: heads_head
SELECT size, nodes, last_at
FROM heads_log
WHERE epoch = $1;

-- name: heads_open
INSERT INTO heads_log (epoch, size, nodes, last_at)
VALUES ($1, 0, '', to_timestamp(0))
ON CONFLICT DO NOTHING;

-- name: heads_lock
SELECT size, nodes, last_at
FROM heads_log
WHERE epoch = $1
FOR UPDATE;

-- name: heads_move
UPDATE heads_log
SET size = $2, nodes = $3, last_at = GREATEST(last_at, $4)
WHERE epoch = $1;

-- name: heads_changed
-- A scan of one row a customer, and the audit trail's, which has no key; `before` is 0 where nothing
-- was entered in this epoch.
SELECT head.customer_id, COALESCE(customer.key, '') AS key, head.size, head.nodes,
       COALESCE(mark.size, 0) AS before
FROM ledger_head AS head
LEFT JOIN customer USING (customer_id)
LEFT JOIN heads_mark AS mark ON mark.customer_id = head.customer_id AND mark.epoch = $1
WHERE head.size <> COALESCE(mark.size, 0)
ORDER BY head.customer_id
LIMIT $2;

-- name: heads_mark_sizes
INSERT INTO heads_mark AS mark (customer_id, epoch, size)
SELECT customer_id, $1, size
FROM unnest($2::bigint[], $3::bigint[]) AS entered (customer_id, size)
ON CONFLICT (customer_id) DO UPDATE SET epoch = excluded.epoch, size = excluded.size
WHERE mark.epoch < excluded.epoch OR mark.size < excluded.size;

-- name: heads_insert_entries
INSERT INTO heads_entry (epoch, entry_index, customer_id, head_size, leaf)
SELECT $1, $2 + place - 1, customer_id, size, leaf
FROM unnest($3::bigint[], $4::bigint[], $5::bytea[]) WITH ORDINALITY
     AS entered (customer_id, size, leaf, place);

-- name: heads_insert_leaf
INSERT INTO heads_entry (epoch, entry_index, leaf)
VALUES ($1, $2, $3);

-- name: heads_insert_nodes
INSERT INTO heads_node (epoch, level, number, hash)
SELECT $1, level, number, hash
FROM unnest($2::bigint[], $3::bigint[], $4::bytea[]) AS node (level, number, hash);

-- name: heads_each
SELECT entry_index, leaf, NULL::bytea AS leaf_hash
FROM heads_entry
WHERE epoch = $1 AND entry_index >= $2 AND entry_index < $3
ORDER BY entry_index;

-- name: heads_each_node
SELECT number, hash
FROM heads_node
WHERE epoch = $1 AND level = $2 AND number >= $3 AND number < $4
ORDER BY number;

-- name: heads_leaf
SELECT entry_index, leaf
FROM heads_entry
WHERE epoch = $1 AND entry_index = $2;

-- name: heads_latest
SELECT entry_index, leaf
FROM heads_entry
WHERE epoch = $1 AND customer_id = $2 AND entry_index < $3
ORDER BY entry_index DESC
LIMIT 1;

-- name: heads_keep_checkpoint
INSERT INTO heads_checkpoint (epoch, size, note, at)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;

-- name: heads_last_checkpoint
SELECT size, note, at,
       COALESCE((SELECT string_agg(line, '' ORDER BY witness)
                 FROM heads_cosignature AS cosignature
                 WHERE cosignature.epoch = last.epoch AND cosignature.size = last.size), '') AS lines
FROM heads_checkpoint AS last
WHERE epoch = $1
ORDER BY size DESC
LIMIT 1;

-- name: heads_keep_cosignature
INSERT INTO heads_cosignature (epoch, size, witness, line, at)
VALUES ($1, $2, $3, $4, now())
ON CONFLICT DO NOTHING;

-- name: heads_keep_timestamp
INSERT INTO heads_timestamp (epoch, size, reply, at)
VALUES ($1, $2, $3, now())
ON CONFLICT DO NOTHING;

-- name: heads_timestamp
SELECT reply
FROM heads_timestamp
WHERE epoch = $1 AND size = $2;

-- name: ledger_key_last
SELECT number, public_key, previous_signature, signature, server
FROM ledger_key
ORDER BY number DESC
LIMIT 1;

-- name: ledger_key_each
SELECT number, public_key, previous_signature, signature, server
FROM ledger_key
ORDER BY number;

-- name: ledger_key_insert
INSERT INTO ledger_key (number, public_key, previous_signature, signature, server, reason, at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: ledger_key_enroll
-- Another daemon may have been quicker.
INSERT INTO ledger_key (number, public_key, server, reason, at)
VALUES (1, $1, $2, '', $3)
ON CONFLICT DO NOTHING;

-- name: ledger_key_list_logs
SELECT head.customer_id, customer.key
FROM ledger_head AS head
JOIN customer USING (customer_id)
WHERE head.customer_id > $1 AND head.size > 0
ORDER BY head.customer_id
LIMIT $2;

-- name: epoch_insert
INSERT INTO ledger_epoch (number, server, reason, began_at)
VALUES ($1, $2, $3, $4);

-- name: heads_each_checkpoint
SELECT size, note, at
FROM heads_checkpoint
WHERE epoch = $1 AND size > $2
ORDER BY size
LIMIT 1000;

-- name: heads_witnessed
SELECT max(size) AS size
FROM heads_cosignature
WHERE epoch = $1 AND witness = $2;

-- name: heads_last_timestamp
SELECT max(at) AS at
FROM heads_timestamp;

-- name: scrub_notice
-- Logs that were never seen are due in $1 seconds.
INSERT INTO ledger_scrub (customer_id, claimed_until)
SELECT head.customer_id, now() + make_interval(secs => $1)
FROM ledger_head AS head
LEFT JOIN ledger_scrub AS scrub USING (customer_id)
WHERE head.size > 0 AND scrub.customer_id IS NULL
ON CONFLICT DO NOTHING;

-- name: scrub_claim_whole
-- The log whose bytes were looked at the longest ago, if that is more than $1 seconds.
WITH due AS (
    SELECT customer_id
    FROM ledger_scrub
    WHERE claimed_until < now()
      AND (whole_at IS NULL OR whole_at < now() - make_interval(secs => $1)
           OR (fault IS NOT NULL AND whole_at < now() - interval '1 hour'))
    ORDER BY whole_at NULLS FIRST, customer_id
    LIMIT 1
)
UPDATE ledger_scrub AS scrub
SET claimed_until = now() + interval '6 hours'
FROM due
WHERE scrub.customer_id = due.customer_id AND scrub.claimed_until < now()
RETURNING scrub.customer_id;

-- name: scrub_claim_recent
-- One that has grown since $2, and was not looked at for $1 seconds.
WITH due AS (
    SELECT head.customer_id
    FROM ledger_head AS head
    JOIN ledger_scrub AS scrub USING (customer_id)
    WHERE head.last_at >= $2 AND scrub.claimed_until < now()
      AND GREATEST(scrub.recent_at, scrub.whole_at) < now() - make_interval(secs => $1)
    ORDER BY GREATEST(scrub.recent_at, scrub.whole_at), head.customer_id
    LIMIT 1
)
UPDATE ledger_scrub AS scrub
SET claimed_until = now() + interval '6 hours'
FROM due
WHERE scrub.customer_id = due.customer_id AND scrub.claimed_until < now()
RETURNING scrub.customer_id;

-- name: scrub_settle
-- What was found wrong stays until the whole log is found sound.
UPDATE ledger_scrub
SET claimed_until = now() - interval '1 second',
    whole_at = CASE WHEN $2 THEN now() ELSE whole_at END,
    recent_at = CASE WHEN $2 THEN recent_at ELSE now() END,
    fault = CASE WHEN $3::text IS NOT NULL THEN $3 WHEN $2 THEN NULL ELSE fault END,
    fault_index = CASE WHEN $3::text IS NOT NULL THEN $4 WHEN $2 THEN NULL ELSE fault_index END,
    found_at = CASE WHEN $3::text IS NOT NULL THEN COALESCE(found_at, now()) WHEN $2 THEN NULL
                    ELSE found_at END
WHERE customer_id = $1;

-- name: scrub_nodes
-- The first of the nodes made that is not the one kept.
SELECT made.number << made.level::int AS entry_index
FROM unnest($2::bigint[], $3::bigint[], $4::bytea[]) AS made (level, number, hash)
LEFT JOIN ledger_node AS kept
       ON kept.customer_id = $1 AND kept.level = made.level AND kept.number = made.number
WHERE kept.hash IS DISTINCT FROM made.hash
ORDER BY 1
LIMIT 1;

-- name: scrub_entered
-- The heads of a log that were entered, of sizes beyond $2 and up to $3.
SELECT head_size, leaf
FROM heads_entry
WHERE customer_id = $1 AND head_size > $2 AND head_size <= $3
ORDER BY head_size
LIMIT 4096;

-- name: scrub_figures
SELECT count(*) FILTER (WHERE fault IS NOT NULL) AS unsound,
       COALESCE(EXTRACT(epoch FROM now() - min(whole_at))::bigint, 0) AS oldest
FROM ledger_scrub;

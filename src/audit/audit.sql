-- name: audit_insert_export
INSERT INTO export (export_id, customer_id, request, requested_by, purpose, status, created_at)
VALUES ($1, $2, $3, $4, $5, 'queued', $6);

-- name: audit_find_export
SELECT export.export_id, COALESCE(customer.key, '') AS customer, export.customer_id, export.status,
       export.path, COALESCE(export.bytes, 0) AS bytes, export.purpose, export.created_at
FROM export
LEFT JOIN customer USING (customer_id)
WHERE export.export_id = $1;

-- name: audit_claim_export
-- A run that goes on holds its row; one that a crash cut off is taken up again after a minute of the
-- machine's time.
UPDATE export
SET status = 'running', started_at = now()
WHERE export_id = (
    SELECT export_id
    FROM export
    WHERE status = 'queued' OR (status = 'running' AND started_at < now() - interval '1 minute')
    ORDER BY created_at
    FOR UPDATE SKIP LOCKED
    LIMIT 1)
RETURNING export_id, customer_id, request, requested_by, purpose;

-- name: audit_hold_export
SELECT status FROM export WHERE export_id = $1 FOR UPDATE;

-- name: audit_finish_export
UPDATE export
SET status = $2, path = $3, bytes = $4, finished_at = now()
WHERE export_id = $1;

-- name: audit_find_customer_key
SELECT key FROM customer WHERE customer_id = $1;

-- name: audit_list_terms
-- The plan, subscription and adjustment entries of a log below a size.
SELECT entry_index, leaf
FROM ledger_entry
WHERE customer_id = $1 AND kind IN (3, 4, 7) AND entry_index < $2
ORDER BY entry_index;

-- name: audit_list_invoices
-- The invoice and credit note entries of a range.
SELECT entry_index, leaf
FROM ledger_entry
WHERE customer_id = $1 AND kind IN (5, 6) AND entry_index >= $2 AND entry_index < $3
ORDER BY entry_index;

-- name: audit_first_reference
-- The earliest original before a range that a void or an amendment of it refers to.
SELECT COALESCE(MIN(reference), $2) AS reference
FROM ledger_entry
WHERE customer_id = $1 AND reference < $2 AND entry_index >= $2 AND entry_index < $3;

-- name: audit_first_event
-- The earliest usage entry below a size whose event lies in a time.
SELECT COALESCE(MIN(entry_index), $2) AS entry_index
FROM ledger_entry
WHERE customer_id = $1 AND kind = 0 AND entry_index < $2
  AND event_time >= $3 AND event_time < $4;

-- name: audit_invoice_index
SELECT COALESCE(ledger_index, -1) AS ledger_index
FROM invoice
WHERE invoice_id = $1 AND customer_id = $2;

-- name: audit_first_amended
-- The earliest event that was amended below a size: an amendment may have moved it into a period.
SELECT COALESCE(MIN(reference), $2) AS reference
FROM ledger_entry
WHERE customer_id = $1 AND kind = 2 AND entry_index < $2;

-- name: audit_first_voided
-- The earliest invoice that an adjustment of a range voids.
SELECT COALESCE(MIN(invoice.ledger_index), $2) AS ledger_index
FROM ledger_entry AS entry
JOIN invoice
  ON invoice.customer_id = entry.customer_id
 AND invoice.invoice_id = convert_from(entry.leaf, 'UTF8')::json -> 'adjustment' ->> 'invoice'
WHERE entry.customer_id = $1 AND entry.kind = 7 AND entry.entry_index >= $2
  AND entry.entry_index < $3;

-- name: audit_list_carried
-- What is never removed and stands before a range, and removals that stand behind it.
SELECT entry_index, leaf
FROM ledger_entry
WHERE customer_id = $1 AND kind IN (3, 4, 5, 6, 7, 10)
  AND (entry_index < $2 OR (entry_index >= $3 AND kind = 10))
ORDER BY entry_index;

-- name: audit_lock_token_keys
-- The keys of a scope that are left: 'all', 'customer', 'event', or 'period' with a month or '' for any.
SELECT scope, purpose = 'crosswalk' AS crosswalk, generation
FROM token_key
WHERE customer_id = $1 AND sealed IS NOT NULL
  AND ($2 = 'all' OR scope = $2
       OR ($2 = 'period' AND scope NOT IN ('customer', 'event') AND ($3 = '' OR scope = $3)))
ORDER BY scope, purpose
LIMIT $4
FOR UPDATE;

-- name: audit_delete_codes
WITH gone AS (DELETE FROM token_code WHERE customer_id = $1 AND scope = $2 RETURNING 1)
SELECT count(*) AS codes FROM gone;

-- name: audit_destroy_token_keys
UPDATE token_key
SET sealed = NULL, wrapped_by = NULL, erased_index = $3, erased_at = now()
WHERE customer_id = $1 AND scope = ANY ($2::text[]) AND sealed IS NOT NULL;

-- name: audit_list_erased_scopes
-- Those whose key has come anew since are among them.
SELECT customer.key AS customer, scope, erased_index, max(COALESCE(erased_at, now())) AS erased_at
FROM token_key
JOIN customer USING (customer_id)
WHERE erased_index >= 0
GROUP BY customer.key, scope, erased_index
ORDER BY customer.key COLLATE "C", scope COLLATE "C";

-- name: audit_list_restored
-- Scopes with a key that was destroyed once: older than that, and this database knows nothing of it.
SELECT DISTINCT customer.customer_id, customer.key AS customer, held.scope
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) AS noted (customer, scope, index, at)
JOIN customer ON customer.key = noted.customer
JOIN token_key AS held ON held.customer_id = customer.customer_id AND held.scope = noted.scope
WHERE held.sealed IS NOT NULL AND held.created_at <= noted.at AND held.erased_index < noted.index
ORDER BY customer.customer_id, held.scope;

-- name: audit_lock_staged
-- Whether an open backfill of the customer holds events. None is staged until this transaction ends.
WITH held AS (
    SELECT events FROM backfill WHERE customer_id = $1 AND status = 'open' FOR NO KEY UPDATE)
SELECT coalesce(bool_or(events > 0), false) AS staged FROM held;

-- name: audit_list_due_periods
-- Months before one that have a key yet. A key that followed a destroyed one is left for a day, so that
-- late events do not bring an erasure each.
SELECT DISTINCT k.customer_id, c.key AS customer, k.scope
FROM token_key k
JOIN customer c USING (customer_id)
WHERE k.sealed IS NOT NULL AND k.scope NOT IN ('customer', 'event') AND k.scope < $1
  AND (k.generation = 1 OR k.created_at < now() - interval '1 day')
  AND (k.customer_id, k.scope) > ($2::bigint, $3)
ORDER BY k.customer_id, k.scope
LIMIT $4;

-- name: audit_insert_approval
INSERT INTO approval (approval_id, action, subject, document, requested_by, requested_at, reason,
                      status)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending');

-- name: audit_find_same_approval
SELECT approval_id
FROM approval
WHERE status = 'pending' AND action = $1 AND subject = $2 AND document = $3 AND requested_by = $4
ORDER BY approval_id
LIMIT 1;

-- name: audit_find_approval
SELECT approval_id, action, subject, document, requested_by, requested_at, reason, status,
       decided_by, decided_at, decision_reason, meaning,
       (SELECT convert_from(signature.document, 'UTF8')
        FROM signature
        WHERE signature.approval_id = approval.approval_id) AS signature
FROM approval
WHERE approval_id = $1 AND ($2 = '' OR requested_by = $2);

-- name: audit_lock_approval
SELECT approval_id, action, subject, document, requested_by, requested_at, reason, status,
       decided_by, decided_at, decision_reason, meaning,
       (SELECT convert_from(signature.document, 'UTF8')
        FROM signature
        WHERE signature.approval_id = approval.approval_id) AS signature
FROM approval
WHERE approval_id = $1 AND ($2 = '' OR requested_by = $2)
FOR NO KEY UPDATE;

-- name: audit_decide_approval
UPDATE approval
SET status = $2, decided_by = $3, decided_at = $4, decision_reason = $5, meaning = $6
WHERE approval_id = $1 AND status = 'pending';

-- name: audit_insert_signature
WITH signed AS (
    INSERT INTO signature (approval_id, document, sha256) VALUES ($1, $2, $3) RETURNING approval_id)
UPDATE approval
SET signed = true
FROM signed
WHERE approval.approval_id = signed.approval_id;

-- name: audit_list_approvals
SELECT approval_id, action, subject, document, requested_by, requested_at, reason, status,
       decided_by, decided_at, decision_reason, meaning,
       (SELECT convert_from(signature.document, 'UTF8')
        FROM signature
        WHERE signature.approval_id = approval.approval_id) AS signature
FROM approval
WHERE ($1 = '' OR requested_by = $1)
  AND ($2 = '' OR status = $2)
  AND approval_id COLLATE "C" > $3
ORDER BY approval_id COLLATE "C"
LIMIT $4;

-- name: audit_list_corrected
-- Every void and amendment below a size, and the events that they name.
WITH correction AS MATERIALIZED (
    SELECT entry_index, reference, leaf
    FROM ledger_entry
    WHERE customer_id = $1 AND reference IS NOT NULL AND entry_index < $2)
SELECT entry_index, leaf FROM correction
UNION ALL
SELECT original.entry_index, original.leaf
FROM (SELECT DISTINCT reference FROM correction) AS named
JOIN ledger_entry AS original
  ON original.customer_id = $1 AND original.entry_index = named.reference AND original.kind = 0;

-- name: audit_list_counting
-- The events sent with a time, and those that were amended: their time may have become another.
SELECT entry_index, leaf, attested.entry_index IS NOT NULL AS attested
FROM ledger_entry
LEFT JOIN attested_entry AS attested USING (customer_id, entry_index)
WHERE customer_id = $1 AND entry_index < $2 AND kind = 0
  AND ((event_time >= $3 AND event_time < $4)
       OR entry_index IN (SELECT amendment.reference
                          FROM ledger_entry AS amendment
                          WHERE amendment.customer_id = $1 AND amendment.entry_index < $2
                            AND amendment.reference IS NOT NULL AND amendment.kind = 2))
ORDER BY entry_index;

-- name: audit_find_identities
-- One index look-up an identity. Which of them the ledger has, by their place.
SELECT wanted.place
FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (identity, place)
CROSS JOIN LATERAL (
    SELECT 1
    FROM ledger_entry
    WHERE customer_id = $1 AND identity = wanted.identity
    LIMIT 1
) AS found;

-- name: audit_insert_reconciliation
INSERT INTO reconciliation (reconciliation_id, customer_id, question, created_at, created_by)
VALUES ($1, $2, $3, $4, $5);

-- name: audit_find_reconciliation
SELECT reconciliation_id, customer_id, question, ids, sent, created_at
FROM reconciliation
WHERE reconciliation_id = $1 AND ($2 = 0 OR customer_id = $2);

-- name: audit_lock_reconciliation
SELECT reconciliation_id, customer_id, question, ids, sent, created_at
FROM reconciliation
WHERE reconciliation_id = $1 AND ($2 = 0 OR customer_id = $2)
FOR NO KEY UPDATE;

-- name: audit_hold_reconciliation
-- Parts may still come; its ids do not go.
SELECT reconciliation_id, customer_id, question, ids, sent, created_at
FROM reconciliation
WHERE reconciliation_id = $1 AND ($2 = 0 OR customer_id = $2)
FOR KEY SHARE;

-- name: audit_grow_reconciliation
UPDATE reconciliation SET ids = $2, sent = $3 WHERE reconciliation_id = $1;

-- name: audit_list_reconciled_ids
SELECT id, source, quantity, event_time
FROM reconciled_id
WHERE customer_id = $1 AND reconciliation_id = $2 AND number < $3
ORDER BY number;

-- name: audit_name_reconciled_ids
SELECT id, coalesce(source, '') AS source
FROM reconciled_id
WHERE customer_id = $1 AND reconciliation_id = $2 AND number = ANY($3::bigint[])
ORDER BY number;

-- name: audit_find_old_reconciliations
SELECT reconciliation_id, customer_id
FROM reconciliation
WHERE created_at < $1
ORDER BY created_at
LIMIT 10
FOR UPDATE SKIP LOCKED;

-- name: audit_drop_reconciled_ids
DELETE FROM reconciled_id WHERE customer_id = $1 AND reconciliation_id = $2;

-- name: audit_drop_reconciliation
DELETE FROM reconciliation WHERE reconciliation_id = $1;

-- name: audit_find_source_key
SELECT number, public_key, created_at
FROM source_key
WHERE customer_id = $1 AND source = $2
ORDER BY number DESC
LIMIT 1;

-- name: audit_insert_source_key
INSERT INTO source_key (customer_id, source, number, public_key, created_at, created_by, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: audit_find_events
-- Those that the ledger has, in the order asked for.
SELECT wanted.place, found.entry_index, found.leaf
FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (identity, place)
CROSS JOIN LATERAL (
    SELECT entry_index, leaf
    FROM ledger_entry
    WHERE customer_id = $1 AND identity = wanted.identity
    LIMIT 1
) AS found
ORDER BY wanted.place;

-- name: audit_is_attested
SELECT EXISTS (SELECT
               FROM attestation
               WHERE customer_id = $1 AND source = $2 AND first_seq <= $4 AND last_seq >= $3) AS overlaps;

-- name: audit_insert_attestation
INSERT INTO attestation (attestation_id, customer_id, source, first_seq, last_seq, root, signature,
                         public_key, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: audit_insert_attested
INSERT INTO attested_entry (customer_id, attestation_id, entry_index)
SELECT $1, $2, unnest($3::bigint[]);

-- name: audit_list_attestations
SELECT attestation_id, customer.key AS customer, source, first_seq, last_seq, root, signature,
       attestation.created_at
FROM attestation
JOIN customer USING (customer_id)
WHERE ($1 = 0 OR customer_id = $1) AND attestation_id COLLATE "C" > $2
ORDER BY attestation_id COLLATE "C"
LIMIT $3;

-- name: audit_list_attested_sources
-- Every source with a key, signed anything or not.
SELECT source_key.source, COALESCE(MIN(first_seq), 0) AS first_seq,
       COALESCE(MAX(last_seq), -1) AS last_seq,
       COALESCE(MAX(last_seq) - MIN(first_seq) + 1 - SUM(last_seq - first_seq + 1)::bigint, 0) AS absent
FROM source_key
LEFT JOIN attestation USING (customer_id, source)
WHERE customer_id = $1 AND number = 1
GROUP BY source_key.source
ORDER BY source_key.source COLLATE "C"
LIMIT 1000;
-- name: audit_insert_hold
INSERT INTO retention_hold (hold_id, customer_id, event_types, from_time, to_time, matter, made_index,
                            created_at, created_by, reason)
VALUES ($1, $2, ARRAY(SELECT json_array_elements_text($3::text::json)), $4, $5, $6, $7, $8, $9, $10);

-- name: audit_find_hold
SELECT hold_id, hold.customer_id, customer.key AS customer, to_json(event_types)::text AS event_types,
       from_time, to_time, matter, made_index, hold.created_at, created_by, reason, released_index,
       released_at, released_by, release_reason
FROM retention_hold AS hold
JOIN customer USING (customer_id)
WHERE hold_id = $1;

-- name: audit_release_hold
UPDATE retention_hold
SET released_index = $2, released_at = $3, released_by = $4, release_reason = $5
WHERE hold_id = $1;

-- name: audit_list_holds
SELECT hold_id, hold.customer_id, customer.key AS customer, to_json(event_types)::text AS event_types,
       from_time, to_time, matter, made_index, hold.created_at, created_by, reason, released_index,
       released_at, released_by, release_reason
FROM retention_hold AS hold
JOIN customer USING (customer_id)
WHERE ($1 = 0 OR hold.customer_id = $1) AND (NOT $2 OR released_at IS NULL)
  AND hold_id COLLATE "C" > $3
ORDER BY hold_id COLLATE "C"
LIMIT $4;

-- name: audit_list_kept_versions
-- What event types ever said of their retention, and metrics of what they measure.
SELECT kind = 'metric' AS is_metric, key, document
FROM catalog_version
WHERE kind IN ('event_type', 'metric')
ORDER BY kind, key, version;

-- name: audit_list_logs
SELECT customer.customer_id, customer.key AS customer
FROM customer
JOIN ledger_head AS head USING (customer_id)
WHERE head.size > 0 AND ($1 = 0 OR customer.customer_id = $1) AND customer.customer_id > $2
ORDER BY customer.customer_id
LIMIT $3;

-- name: audit_plan_removal
SELECT event_type, verdict, count(*) AS events
FROM retention_judge($1, $2, $3::text[], $4::bigint[], $5::text[], $6::text[], $7, $8)
GROUP BY event_type, verdict
ORDER BY event_type COLLATE "C", verdict COLLATE "C";

-- name: audit_insert_retention
INSERT INTO retention_run (run_id, as_of, plan, status, created_at, requested_by, reason, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: audit_insert_share
INSERT INTO retention_share (run_id, customer_id, due, status)
VALUES ($1, $2, $3, 'waiting');

-- name: audit_ask_retention
UPDATE retention_run SET approval_id = $2 WHERE run_id = $1;

-- name: audit_approve_retention
UPDATE retention_run SET status = 'exporting', approved_by = $2 WHERE run_id = $1 AND status = 'waiting';

-- name: audit_find_retention
SELECT run_id, as_of, plan, COALESCE(approval_id, '') AS approval_id, created_at, retention.requested_by,
       retention.reason, COALESCE(approved_by, '') AS approved_by, finished_at,
       CASE WHEN approval.status = 'refused' THEN 'refused' ELSE retention.status END AS status,
       (SELECT COALESCE(json_agg(json_strip_nulls(json_build_object(
                   'customer', customer.key, 'status', share.status, 'why', NULLIF(share.why, ''),
                   'removed', share.removed, 'index', share.retention_index,
                   'exports', (SELECT json_agg(json_build_object('id', part.export_id, 'from', part.from_index,
                                                                 'to', part.to_index)
                                               ORDER BY part.from_index)
                               FROM retention_part AS part
                               WHERE part.run_id = share.run_id AND part.customer_id = share.customer_id)))
                   ORDER BY customer.key COLLATE "C"), '[]')::text
        FROM retention_share AS share
        JOIN customer USING (customer_id)
        WHERE share.run_id = retention.run_id) AS shares
FROM retention_run AS retention
LEFT JOIN approval USING (approval_id)
WHERE run_id = $1;

-- name: audit_list_retention
SELECT run_id, as_of, plan, COALESCE(approval_id, '') AS approval_id, created_at, retention.requested_by,
       retention.reason, COALESCE(approved_by, '') AS approved_by, finished_at,
       CASE WHEN approval.status = 'refused' THEN 'refused' ELSE retention.status END AS status,
       (SELECT COALESCE(json_agg(json_strip_nulls(json_build_object(
                   'customer', customer.key, 'status', share.status, 'why', NULLIF(share.why, ''),
                   'removed', share.removed, 'index', share.retention_index))
                   ORDER BY customer.key COLLATE "C"), '[]')::text
        FROM retention_share AS share
        JOIN customer USING (customer_id)
        WHERE share.run_id = retention.run_id) AS shares
FROM retention_run AS retention
LEFT JOIN approval USING (approval_id)
WHERE run_id COLLATE "C" > $1
ORDER BY run_id COLLATE "C"
LIMIT $2;

-- name: audit_list_open_shares
-- Of runs that are approved: those whose exports are still to be asked for, and those whose are made.
SELECT share.run_id, share.customer_id, share.status = 'waiting' AS uncut
FROM retention_share AS share
JOIN retention_run AS retention USING (run_id)
WHERE retention.status = 'exporting'
  AND (share.status = 'waiting'
       OR (share.status = 'exporting'
           AND NOT EXISTS (SELECT
                           FROM retention_part AS part
                           JOIN export USING (export_id)
                           WHERE part.run_id = share.run_id AND part.customer_id = share.customer_id
                             AND NOT part.done AND export.status IN ('queued', 'running'))))
ORDER BY share.run_id, share.customer_id
LIMIT $1;

-- name: audit_lock_share
-- No row where somebody else has it, or had it.
SELECT customer.key AS customer, retention.as_of, retention.requested_by, retention.reason,
       COALESCE(retention.approved_by, '') AS approved_by, COALESCE(share.removed, 0) AS removed_before
FROM retention_share AS share
JOIN retention_run AS retention USING (run_id)
JOIN customer USING (customer_id)
WHERE share.run_id = $1 AND share.customer_id = $2 AND share.status = $3
FOR UPDATE OF share SKIP LOCKED;

-- name: audit_cut_removal
-- Stretches of the log in which no body is missing, from the first to the last that is to go.
WITH due AS MATERIALIZED (
    SELECT entry_index
    FROM retention_judge($1, $2, $3::text[], $4::bigint[], $5::text[], $6::text[], $7, $8)
    WHERE verdict = 'due'
    ORDER BY entry_index
    LIMIT $9
), marked AS (
    SELECT entry_index, false AS removed FROM due
    UNION ALL
    SELECT correction.entry_index, false
    FROM due
    JOIN ledger_entry AS correction ON correction.customer_id = $1 AND correction.reference = due.entry_index
    UNION ALL
    SELECT entry_index, true FROM ledger_removed WHERE customer_id = $1
), numbered AS (
    SELECT entry_index, removed,
           count(*) FILTER (WHERE removed) OVER (ORDER BY entry_index) AS stretch
    FROM marked
)
SELECT min(entry_index) AS from_index, max(entry_index) + 1 AS to_index
FROM numbered
WHERE NOT removed
GROUP BY stretch
ORDER BY stretch;

-- name: audit_insert_part
INSERT INTO retention_part (run_id, customer_id, from_index, to_index, export_id)
VALUES ($1, $2, $3, $4, $5);

-- name: audit_set_share
UPDATE retention_share
SET status = $3, why = $4, removed = CASE WHEN $5 > 0 THEN COALESCE(removed, 0) + $5 ELSE removed END,
    retention_index = COALESCE($6, retention_index)
WHERE run_id = $1 AND customer_id = $2;

-- name: audit_finish_retention
UPDATE retention_run AS retention
SET status = 'done', finished_at = $2
WHERE run_id = $1 AND status = 'exporting'
  AND NOT EXISTS (SELECT
                  FROM retention_share AS share
                  WHERE share.run_id = retention.run_id AND share.status IN ('waiting', 'exporting'));

-- name: audit_list_parts
SELECT part.from_index, part.to_index, part.export_id, export.status, COALESCE(export.path, '') AS path
FROM retention_part AS part
JOIN export USING (export_id)
WHERE part.run_id = $1 AND part.customer_id = $2 AND NOT part.done
ORDER BY part.from_index;

-- name: audit_finish_parts
UPDATE retention_part SET done = true WHERE run_id = $1 AND customer_id = $2;

-- name: audit_is_folded
-- Whether the sums of every series hold what lies below a position, and all corrections: for one of
-- what stays, they may have to make again what they hold of what goes.
SELECT COALESCE((SELECT mark.folded_to >= $2
                        AND mark.latest = (SELECT COALESCE(max(series_id), 0) FROM usage_series)
                        AND NOT EXISTS (SELECT
                                        FROM ledger_entry AS correction
                                        WHERE correction.customer_id = mark.customer_id
                                          AND correction.entry_index >= mark.folded_to
                                          AND correction.kind IN (1, 2))
                 FROM usage_mark AS mark
                 WHERE mark.customer_id = $1), false) AS folded;

-- name: audit_list_due
-- What may go now, as far as the parts of the run hold it.
SELECT judged.entry_index, judged.event_type
FROM retention_judge($1, $2, $3::text[], $4::bigint[], $5::text[], $6::text[], $7, $8) AS judged
WHERE judged.verdict = 'due'
  AND EXISTS (SELECT
              FROM retention_part AS part
              WHERE part.run_id = $9 AND part.customer_id = $1 AND NOT part.done
                AND judged.entry_index >= part.from_index AND judged.entry_index < part.to_index)
  AND NOT EXISTS (SELECT
                  FROM ledger_entry AS correction
                  WHERE correction.customer_id = $1 AND correction.reference = judged.entry_index
                    AND NOT EXISTS (SELECT
                                    FROM retention_part AS part
                                    WHERE part.run_id = $9 AND part.customer_id = $1 AND NOT part.done
                                      AND correction.entry_index >= part.from_index
                                      AND correction.entry_index < part.to_index))
ORDER BY judged.entry_index
LIMIT $10;

-- name: audit_seal_of
-- To the end of a quarter of an hour: running sums hold what is removed of one, and it could not be
-- made again where what is left of it is corrected.
SELECT date_bin('15 minutes', before - interval '1 microsecond', to_timestamp(0))
       + interval '15 minutes' AS before
FROM retention_seal_of($1, $2::bigint[]);

-- name: audit_list_going
SELECT entry_index, leaf
FROM (SELECT entry_index, leaf
      FROM ledger_entry
      WHERE customer_id = $1 AND entry_index = ANY ($2::bigint[])
      UNION ALL
      SELECT entry_index, leaf
      FROM ledger_entry
      WHERE customer_id = $1 AND reference = ANY ($2::bigint[])) AS going
ORDER BY entry_index;

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
-- The earliest original that a void or an amendment of a range refers to.
SELECT COALESCE(MIN(reference), $2) AS reference
FROM ledger_entry
WHERE customer_id = $1 AND reference IS NOT NULL AND entry_index >= $2 AND entry_index < $3;

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
SET sealed = NULL, wrapped_by = NULL, erased_index = $3
WHERE customer_id = $1 AND scope = ANY ($2::text[]) AND sealed IS NOT NULL;

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

-- What the audit trail keeps of a thing before and after a change of it: its document, nothing secret.

-- name: audit_state_alert
SELECT json_build_object('customer', customer.key, 'name', name, 'measures', measures, 'metric', metric,
                         'subscription', subscription_id, 'threshold', threshold,
                         'deleted', deleted)::text AS document
FROM alert
JOIN customer USING (customer_id)
WHERE alert_id = $1;

-- name: audit_state_approval
SELECT json_build_object('action', action, 'subject', subject, 'status', status,
                         'requested_by', requested_by, 'decided_by', decided_by,
                         'meaning', meaning, 'document', document::json)::text AS document
FROM approval
WHERE approval_id = $1;

-- name: audit_state_backfill
SELECT json_build_object('customer', customer.key, 'from', from_time, 'to', to_time, 'status', status,
                         'events', events, 'from_index', from_index,
                         'to_index', to_index)::text AS document
FROM backfill
JOIN customer USING (customer_id)
WHERE backfill_id = $1;

-- name: audit_state_clock
SELECT json_build_object('now', now)::text AS document
FROM test_clock
WHERE $1 = '';

-- name: audit_state_credit
SELECT json_build_object('customer', customer.key, 'minor', minor, 'currency', wallet_credit.currency,
                         'expires', expires_at, 'paid', paid)::text AS document
FROM wallet_credit
JOIN customer USING (customer_id)
WHERE credit_id = $1;

-- name: audit_state_credit_note
SELECT document
FROM credit_note
WHERE credit_note_id = $1;

-- name: audit_state_delivery
SELECT json_build_object('type', outbox.type, 'status', delivery.status, 'attempts', attempts,
                         'last_status', last_status)::text AS document
FROM webhook_delivery AS delivery
JOIN outbox USING (message_id)
WHERE message_id = $1
LIMIT 1;

-- name: audit_state_discount
SELECT json_build_object('document', document::json, 'ended_at', ended_at)::text AS document
FROM discount
WHERE discount_id = $1;

-- name: audit_state_export
SELECT json_build_object('customer', customer.key, 'request', request::json, 'purpose', purpose,
                         'requested_by', requested_by)::text AS document
FROM export
LEFT JOIN customer USING (customer_id)
WHERE export_id = $1;

-- name: audit_state_invoice
SELECT json_build_object('status', status, 'number', number, 'total', total, 'currency', currency,
                         'due', due, 'subscription', subscription_id, 'period_number', period_number,
                         'ledger_index', ledger_index, 'issued_at', issued_at,
                         'voided_at', voided_at,
                         'statement_sha256', encode(sha256(statement), 'hex'),
                         'releases', (SELECT count(*) FROM late_release
                                      WHERE late_release.invoice_id = invoice.invoice_id))::text
       AS document
FROM invoice
WHERE invoice_id = $1;

-- name: audit_state_key
SELECT json_build_object('name', name, 'scopes', scope_names, 'customer', customer.key,
                         'expires', expires_at, 'revoked_at', revoked_at,
                         'revoked_by', revoked_by)::text AS document
FROM api_key
LEFT JOIN customer USING (customer_id)
WHERE key_id = $1;

-- name: audit_state_payment
SELECT json_build_object('invoice', invoice_id, 'minor', minor, 'currency', currency,
                         'reference', reference, 'at', paid_at,
                         'reversed_at', reversed_at)::text AS document
FROM payment
WHERE payment_id = $1;

-- name: audit_state_subscription
SELECT json_build_object('customer', customer.key, 'start', starts_at, 'end', ends_at,
                         'anniversary', anniversary,
                         'segments', (SELECT json_agg(json_build_object('start', segment.starts_at,
                                                                        'plan', plan_key,
                                                                        'version', plan_version)
                                                      ORDER BY segment.starts_at)
                                      FROM subscription_segment AS segment
                                      WHERE segment.subscription_id = subscription.subscription_id)
                        )::text AS document
FROM subscription
JOIN customer USING (customer_id)
WHERE subscription_id = $1;

-- name: audit_state_webhook
SELECT json_build_object('url', url, 'types', types, 'status', status,
                         'old_until', old_until)::text AS document
FROM webhook
WHERE webhook_id = $1;

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

-- name: audit_grow_reconciliation
UPDATE reconciliation SET ids = $2, sent = $3 WHERE reconciliation_id = $1;

-- name: audit_list_reconciled_ids
SELECT id, source, quantity, event_time
FROM reconciled_id
WHERE customer_id = $1 AND reconciliation_id = $2 AND number < $3
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

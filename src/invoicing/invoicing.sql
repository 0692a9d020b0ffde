-- name: invoicing_find
SELECT invoice.invoice_id, customer.key AS customer, invoice.customer_id, invoice.subscription_id,
       invoice.period_number, invoice.period_start, invoice.period_end, invoice.status,
       invoice.number, invoice.total, invoice.currency, invoice.ledger_index, invoice.ledger_size,
       invoice.due_at, invoice.voided_at, invoice.statement,
       COALESCE(invoice.customer_sha256 = customer.sha256, false) AS same_customer,
       customer.sha256 AS customer_sha256
FROM invoice
JOIN customer USING (customer_id)
WHERE invoice.invoice_id = $1;

-- name: invoicing_lock
SELECT invoice.invoice_id, customer.key AS customer, invoice.customer_id, invoice.subscription_id,
       invoice.period_number, invoice.period_start, invoice.period_end, invoice.status,
       invoice.number, invoice.total, invoice.currency, invoice.ledger_index, invoice.ledger_size,
       invoice.due_at, invoice.voided_at, invoice.statement,
       COALESCE(invoice.customer_sha256 = customer.sha256, false) AS same_customer,
       customer.sha256 AS customer_sha256
FROM invoice
JOIN customer USING (customer_id)
WHERE invoice.invoice_id = $1
FOR UPDATE OF invoice;

-- name: invoicing_list
-- Without the statements: a list shows none.
SELECT invoice.invoice_id, customer.key AS customer, invoice.customer_id, invoice.subscription_id,
       invoice.period_number, invoice.period_start, invoice.period_end, invoice.status,
       invoice.number, invoice.total, invoice.currency, invoice.ledger_index, invoice.ledger_size,
       invoice.due_at, invoice.voided_at, ''::bytea AS statement,
       COALESCE(invoice.customer_sha256 = customer.sha256, false) AS same_customer,
       customer.sha256 AS customer_sha256
FROM invoice
JOIN customer USING (customer_id)
WHERE ($1 = 0 OR invoice.customer_id = $1)
  AND ($2::text IS NULL OR invoice.status = $2)
  AND ($3::timestamptz IS NULL OR invoice.period_start >= $3)
  AND ($4::timestamptz IS NULL OR invoice.period_start < $4)
  AND invoice.invoice_id > $5
ORDER BY invoice.invoice_id
LIMIT $6;

-- name: invoicing_list_candidates
-- Subscriptions of which a period may have ended without an invoice: those that were never looked
-- at, changed since, reached the end of their next period, or had an invoice voided.
SELECT subscription.subscription_id
FROM subscription
LEFT JOIN LATERAL (
    SELECT next_period_end, terms_seen
    FROM invoice
    WHERE invoice.subscription_id = subscription.subscription_id AND status <> 'void'
    ORDER BY period_number DESC
    LIMIT 1
) AS last ON true
WHERE subscription.starts_at <= $1 AND subscription.subscription_id > $2
  AND (last.terms_seen IS DISTINCT FROM (
           SELECT count(*) || '/' || COALESCE(subscription.ends_at::text, '')
           FROM subscription_segment AS segment
           WHERE segment.subscription_id = subscription.subscription_id)
       OR last.next_period_end <= $1
       OR EXISTS (
           SELECT 1
           FROM invoice AS voided
           WHERE voided.subscription_id = subscription.subscription_id AND voided.status = 'void'
             AND NOT EXISTS (
                 SELECT 1
                 FROM invoice AS live
                 WHERE live.subscription_id = voided.subscription_id
                   AND live.period_number = voided.period_number AND live.status <> 'void')))
ORDER BY subscription.subscription_id
LIMIT $3;

-- name: invoicing_list_periods
SELECT period_number
FROM invoice
WHERE subscription_id = $1 AND status <> 'void'
ORDER BY period_number;

-- name: invoicing_insert_draft
-- No row comes back when the period has its invoice: the unique index decides every race.
INSERT INTO invoice (invoice_id, customer_id, subscription_id, period_number, period_start,
                     period_end, grace_ends_at, status, total, currency, ledger_size, created_at,
                     actor, reason)
SELECT $1, customer_id, subscription_id, $3, $4, $5, $6, 'draft', $7, $8, -1, $9, $10, ''
FROM subscription
WHERE subscription_id = $2
ON CONFLICT (subscription_id, period_number) WHERE status <> 'void' DO NOTHING
RETURNING invoice_id;

-- name: invoicing_mark_looked_at
-- On the latest invoice of the subscription. Nothing is due until $2 unless the terms change.
UPDATE invoice
SET next_period_end = $2, terms_seen = (
    SELECT count(*) || '/' || COALESCE(subscription.ends_at::text, '')
    FROM subscription
    JOIN subscription_segment USING (subscription_id)
    WHERE subscription.subscription_id = $1
    GROUP BY subscription.subscription_id)
WHERE subscription_id = $1 AND status <> 'void' AND period_number = (
    SELECT max(period_number)
    FROM invoice AS latest
    WHERE latest.subscription_id = $1 AND latest.status <> 'void');

-- name: invoicing_list_due
-- Drafts past their grace, in the order of their periods: a statement settles what the one before
-- it billed ahead.
SELECT invoice_id, period_end
FROM invoice
WHERE status = 'draft' AND grace_ends_at <= $1 AND (period_end, invoice_id) > ($2, $3)
ORDER BY period_end, invoice_id
LIMIT $4;

-- name: invoicing_keep_total
UPDATE invoice
SET total = $2, ledger_size = $3, customer_sha256 = $4
WHERE invoice_id = $1 AND status = 'draft';

-- name: invoicing_find_before
-- The statement of a period, as it was issued and stands.
SELECT statement
FROM invoice
WHERE subscription_id = $1 AND period_number = $2 AND status = 'issued';

-- name: invoicing_next_number
-- The row stays locked until the issue commits or is undone: numbers have no gap.
INSERT INTO invoice_series (series, year, last)
VALUES ($1, $2, 1)
ON CONFLICT (series, year) DO UPDATE SET last = invoice_series.last + 1
RETURNING last;

-- name: invoicing_issue
UPDATE invoice
SET status = 'issued', number = $2, statement = $3, total = $4, ledger_size = $5, ledger_index = $6,
    issued_at = $7, due_at = $8, actor = $9, reason = $10
WHERE invoice_id = $1;

-- name: invoicing_void
UPDATE invoice
SET status = 'void', voided_at = $2, actor = $3, reason = $4
WHERE invoice_id = $1;

-- name: invoicing_lock_backfill
-- Whoever stages more goes on meanwhile; whoever commits or abandons waits.
SELECT customer_id, events
FROM backfill
WHERE backfill_id = $1 AND status = 'open'
FOR KEY SHARE;

-- name: invoicing_each_staged
-- What would be accepted if the log of size $4 were appended to. In the order of the index to take.
-- LIMIT makes what the log has one index look-up an event.
SELECT staged.number, staged.event
FROM staged_event AS staged
WHERE staged.customer_id = $1 AND staged.backfill_id = $2 AND staged.number < $3
  AND staged.event_time >= $5 AND staged.event_time < $6
  AND NOT EXISTS (SELECT 1
                  FROM (SELECT entry_index
                        FROM ledger_entry
                        WHERE customer_id = $1 AND identity = staged.identity
                        LIMIT 1) AS stored
                  WHERE stored.entry_index < $4)
ORDER BY staged.event_time;

-- name: invoicing_next_staged
-- The time of the first of those from $5 on.
SELECT staged.event_time
FROM staged_event AS staged
WHERE staged.customer_id = $1 AND staged.backfill_id = $2 AND staged.number < $3
  AND staged.event_time >= $5
  AND NOT EXISTS (SELECT 1
                  FROM (SELECT entry_index
                        FROM ledger_entry
                        WHERE customer_id = $1 AND identity = staged.identity
                        LIMIT 1) AS stored
                  WHERE stored.entry_index < $4)
ORDER BY staged.event_time
LIMIT 1;

-- name: invoicing_find_period
SELECT invoice_id, number, status
FROM invoice
WHERE subscription_id = $1 AND period_number = $2 AND status <> 'void';

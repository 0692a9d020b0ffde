-- name: invoicing_find
SELECT invoice.invoice_id, customer.key AS customer, invoice.customer_id, invoice.subscription_id,
       invoice.period_number, invoice.period_start, invoice.period_end, invoice.status,
       invoice.number, invoice.total, invoice.currency, invoice.ledger_index, invoice.ledger_size,
       invoice.due_at, invoice.voided_at, invoice.statement,
       COALESCE(invoice.customer_sha256 = customer.sha256, false) AS same_customer,
       customer.sha256 AS customer_sha256, invoice.due,
       COALESCE((SELECT sum(payment.minor)
                 FROM payment
                 WHERE payment.invoice_id = invoice.invoice_id AND payment.reversed_at IS NULL),
                0)::bigint AS paid,
       COALESCE((SELECT sum(credit_note.minor)
                 FROM credit_note
                 WHERE credit_note.invoice_id = invoice.invoice_id AND NOT credit_note.own_statement),
                0)::bigint AS credited
FROM invoice
JOIN customer USING (customer_id)
WHERE invoice.invoice_id = $1;

-- name: invoicing_lock
SELECT invoice_id FROM invoice WHERE invoice_id = $1 FOR UPDATE;

-- name: invoicing_list
-- Without the statements: a list shows none.
SELECT invoice.invoice_id, customer.key AS customer, invoice.customer_id, invoice.subscription_id,
       invoice.period_number, invoice.period_start, invoice.period_end, invoice.status,
       invoice.number, invoice.total, invoice.currency, invoice.ledger_index, invoice.ledger_size,
       invoice.due_at, invoice.voided_at, ''::bytea AS statement,
       COALESCE(invoice.customer_sha256 = customer.sha256, false) AS same_customer,
       customer.sha256 AS customer_sha256, invoice.due,
       COALESCE((SELECT sum(payment.minor)
                 FROM payment
                 WHERE payment.invoice_id = invoice.invoice_id AND payment.reversed_at IS NULL),
                0)::bigint AS paid,
       COALESCE((SELECT sum(credit_note.minor)
                 FROM credit_note
                 WHERE credit_note.invoice_id = invoice.invoice_id AND NOT credit_note.own_statement),
                0)::bigint AS credited
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
-- Subscriptions of which a period may have ended without an invoice: those that changed since they
-- were looked at, if ever, or reached the end of their next period. From one id to another, both
-- included.
SELECT subscription_id
FROM subscription_seen
WHERE starts_at <= $1 AND subscription_id >= $2 AND subscription_id <= $3
  AND (has_changed OR next_period_end <= $1)
ORDER BY subscription_id
LIMIT $4;

-- name: invoicing_claim_candidates
-- Those of $2 that still are, but for what another run has.
WITH claimed AS MATERIALIZED (
    SELECT subscription_id
    FROM subscription
    WHERE subscription_id = ANY ($2::text[])
    ORDER BY subscription_id
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT subscription_id
FROM claimed
JOIN subscription_seen USING (subscription_id)
WHERE has_changed OR next_period_end <= $1;

-- name: invoicing_claim_subscription
-- Nothing where another run has it.
SELECT subscription_id AS claimed
FROM subscription
WHERE subscription_id = $1
FOR NO KEY UPDATE SKIP LOCKED;

-- name: invoicing_list_periods
SELECT period_number
FROM invoice
WHERE subscription_id = $1 AND status <> 'void'
ORDER BY period_number;

-- name: invoicing_find_closing
-- How many of the statements up to the last period's are issued, whether any is open, and the first
-- number behind them that is free.
SELECT (SELECT count(*)
        FROM invoice
        WHERE subscription_id = $1 AND status = 'issued' AND period_number <= $2) AS issued,
       EXISTS (SELECT
               FROM invoice
               WHERE subscription_id = $1 AND status = 'draft') AS open,
       (SELECT min(behind.number)
        FROM (SELECT $2::bigint + 1 AS number
              UNION ALL
              SELECT period_number + 1
              FROM invoice
              WHERE subscription_id = $1 AND status <> 'void' AND period_number > $2) AS behind
        WHERE NOT EXISTS (SELECT
                          FROM invoice AS taken
                          WHERE taken.subscription_id = $1 AND taken.status <> 'void'
                            AND taken.period_number = behind.number)) AS number;

-- name: invoicing_look_again
-- At the subscription of an invoice, if it has ended: it may be owed a closing statement.
UPDATE invoice
SET terms_seen = ''
FROM (SELECT subscription.subscription_id
      FROM invoice AS late
      JOIN subscription USING (subscription_id)
      WHERE late.invoice_id = $1 AND subscription.ends_at <= $2) AS ended
WHERE invoice.subscription_id = ended.subscription_id AND invoice.status <> 'void'
  AND invoice.period_number = (
    SELECT max(period_number)
    FROM invoice AS latest
    WHERE latest.subscription_id = ended.subscription_id AND latest.status <> 'void');

-- name: invoicing_drop_draft
DELETE FROM invoice WHERE invoice_id = $1 AND status = 'draft';

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
-- On the latest invoice of the subscription, unless it says so. Nothing is due until $2 unless the
-- terms change.
UPDATE invoice
SET next_period_end = $2, terms_seen = now_seen.terms
FROM (SELECT count(*) || '/' || COALESCE(subscription.ends_at::text, '') AS terms
      FROM subscription
      JOIN subscription_segment USING (subscription_id)
      WHERE subscription.subscription_id = $1
      GROUP BY subscription.subscription_id) AS now_seen
WHERE subscription_id = $1 AND status <> 'void' AND period_number = (
    SELECT max(period_number)
    FROM invoice AS latest
    WHERE latest.subscription_id = $1 AND latest.status <> 'void')
  AND (terms_seen, next_period_end) IS DISTINCT FROM (now_seen.terms, $2);

-- name: invoicing_note_look
-- At a subscription without an invoice: until $2 nothing is due of it, unless the terms change.
INSERT INTO subscription_look AS look (subscription_id, terms_seen, next_period_end)
SELECT subscription.subscription_id, count(*) || '/' || COALESCE(subscription.ends_at::text, ''), $2
FROM subscription
JOIN subscription_segment USING (subscription_id)
WHERE subscription.subscription_id = $1
GROUP BY subscription.subscription_id
ON CONFLICT (subscription_id) DO UPDATE
SET terms_seen = excluded.terms_seen, next_period_end = excluded.next_period_end
WHERE (look.terms_seen, look.next_period_end)
      IS DISTINCT FROM (excluded.terms_seen, excluded.next_period_end);

-- name: invoicing_find_unbilled
-- Whose a subscription is, by its id or an invoice's.
SELECT subscription.subscription_id, customer.key AS customer
FROM subscription
JOIN customer USING (customer_id)
WHERE subscription.subscription_id
      = COALESCE((SELECT subscription_id FROM invoice WHERE invoice_id = $1), $1);

-- name: invoicing_list_due
-- Drafts past their grace, in the order of their periods: a statement settles what the one before
-- it billed ahead. Those of a customer stand together.
SELECT invoice_id, customer_id, period_end
FROM invoice
WHERE status = 'draft' AND grace_ends_at <= $1
  AND (period_end, customer_id, invoice_id) > ($2, $3, $4)
ORDER BY period_end, customer_id, invoice_id
LIMIT $5;

-- name: invoicing_claim_many
-- Of one customer's drafts those that nobody has, nor the period before them.
SELECT invoice.invoice_id, customer.key AS customer, invoice.customer_id, invoice.subscription_id,
       invoice.period_number, invoice.period_start, invoice.period_end
FROM invoice
JOIN customer USING (customer_id)
WHERE invoice.invoice_id = ANY ($1::text[]) AND invoice.status = 'draft'
  AND NOT EXISTS (SELECT 1
                  FROM invoice AS earlier
                  WHERE earlier.subscription_id = invoice.subscription_id
                    AND earlier.period_number < invoice.period_number AND earlier.status = 'draft')
ORDER BY invoice.invoice_id
FOR UPDATE OF invoice SKIP LOCKED;

-- name: invoicing_has_standing
-- Whether a customer has discounts or was ever given prepaid credit.
SELECT EXISTS (SELECT FROM discount WHERE customer_id = $1 AND ended_at IS NULL)
    OR EXISTS (SELECT FROM wallet_credit WHERE customer_id = $1) AS has;

-- name: invoicing_list_corrected
-- Of these subscriptions those that have what invoicing_list_late lists.
SELECT DISTINCT invoice.subscription_id
FROM invoice
WHERE invoice.subscription_id = ANY ($1::text[]) AND invoice.status = 'issued'
  AND invoice.period_start < invoice.period_end AND invoice.ledger_index < $2
  AND NOT EXISTS (SELECT
                  FROM ledger_seal AS seal
                  WHERE seal.customer_id = invoice.customer_id AND invoice.period_start < seal.before)
  AND (invoice.period_end > $3
       OR EXISTS (SELECT
                  FROM late_period
                  WHERE late_period.subscription_id = invoice.subscription_id
                    AND late_period.period_number = invoice.period_number));

-- name: invoicing_claim
-- Nothing where another run has it, or the period before it.
SELECT invoice_id AS claimed
FROM invoice
WHERE invoice_id = $1 AND status = 'draft'
  AND NOT EXISTS (SELECT 1
                  FROM invoice AS earlier
                  WHERE earlier.subscription_id = invoice.subscription_id
                    AND earlier.period_number < invoice.period_number AND earlier.status = 'draft')
FOR UPDATE SKIP LOCKED;

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
-- The last of $3 numbers. The row stays locked until the issue commits or is undone: they have no gap.
INSERT INTO invoice_series AS series (series, year, last)
VALUES ($1, $2, $3)
ON CONFLICT (series, year) DO UPDATE SET last = series.last + excluded.last
RETURNING last;

-- name: invoicing_issue_many
UPDATE invoice
SET status = 'issued', number = made.number, statement = made.statement, total = made.total,
    ledger_size = made.ledger_index, ledger_index = made.ledger_index, issued_at = $1, due_at = $2,
    actor = $3, reason = $4, due = made.due
FROM unnest($5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[], $10::bigint[])
     AS made (invoice_id, number, statement, total, due, ledger_index)
WHERE invoice.invoice_id = made.invoice_id;

-- name: invoicing_issue
UPDATE invoice
SET status = 'issued', number = $2, statement = $3, total = $4, ledger_size = $5, ledger_index = $6,
    issued_at = $7, due_at = $8, actor = $9, reason = $10, due = $11
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

-- ---- running sums

-- name: sums_find_latest
SELECT COALESCE(max(series_id), 0) AS latest
FROM usage_series;

-- name: sums_add_series
INSERT INTO usage_series (metric, version)
SELECT key, version
FROM catalog_version
WHERE kind = 'metric'
  AND NOT EXISTS (SELECT 1
                  FROM usage_series
                  WHERE usage_series.metric = catalog_version.key
                    AND usage_series.version = catalog_version.version)
ON CONFLICT (metric, version) DO NOTHING;

-- name: sums_list_candidates
-- Customers whose log has grown by so much, or who may have new metrics.
SELECT head.customer_id
FROM ledger_head AS head
LEFT JOIN usage_mark AS mark USING (customer_id)
WHERE head.customer_id > $1 AND head.size > 0
  AND (mark.customer_id IS NULL OR mark.folded_to + $4 <= head.size OR mark.latest <> $2)
ORDER BY head.customer_id
LIMIT $3;

-- name: sums_open_mark
INSERT INTO usage_mark (customer_id, latest, folded_to, series, folded)
VALUES ($1, -1, 0, '{}', '{}')
ON CONFLICT (customer_id) DO NOTHING;

-- name: sums_lock_mark
-- No row while somebody else folds this customer.
SELECT customer_id
FROM usage_mark
WHERE customer_id = $1
FOR UPDATE SKIP LOCKED;

-- name: sums_share_mark
SELECT customer_id
FROM usage_mark
WHERE customer_id = $1
FOR SHARE;

-- name: sums_list_marks
SELECT marked.series_id, marked.folded
FROM usage_mark AS mark
CROSS JOIN LATERAL unnest(mark.series, mark.folded) AS marked (series_id, folded)
WHERE mark.customer_id = $1;

-- name: sums_find_mark
-- How far one series and the places are folded; what retention has sealed of the log, and whether the
-- series holds all of that.
SELECT COALESCE(min(marked.folded) FILTER (WHERE marked.series_id = 0), 0) AS places,
       COALESCE(min(marked.folded) FILTER (WHERE marked.series_id = series.series_id), 0) AS folded,
       COALESCE(min(series.series_id), 0) AS series_id,
       COALESCE(min(seal.before), to_timestamp(0)) AS sealed_before,
       COALESCE(bool_and(COALESCE(series.series_id = ANY (seal.series), true)), true) AS whole
FROM usage_mark AS mark
CROSS JOIN LATERAL unnest(mark.series, mark.folded) AS marked (series_id, folded)
LEFT JOIN usage_series AS series ON series.metric = $2 AND series.version = $3
LEFT JOIN ledger_seal AS seal ON seal.customer_id = mark.customer_id
WHERE mark.customer_id = $1;

-- name: sums_set_mark
UPDATE usage_mark
SET latest = $2, folded_to = $3, series = $4, folded = $5
WHERE customer_id = $1;

-- name: sums_list_wanted
-- The metrics that there are, those that a subscription of the customer has pinned, and those that hold
-- what retention has removed.
SELECT series.series_id, series.metric, series.version, item.document
FROM usage_series AS series
JOIN catalog_version AS item
  ON item.kind = 'metric' AND item.key = series.metric AND item.version = series.version
WHERE EXISTS (SELECT 1
              FROM catalog_item AS current
              WHERE current.kind = 'metric' AND current.key = series.metric
                AND current.version = series.version AND NOT current.archived)
   OR EXISTS (SELECT 1
              FROM subscription
              JOIN subscription_segment AS segment USING (subscription_id)
              WHERE subscription.customer_id = $1
                AND segment.metrics::json ->> series.metric = series.version::text)
   OR EXISTS (SELECT
              FROM ledger_seal AS seal
              WHERE seal.customer_id = $1 AND series.series_id = ANY (seal.series))
ORDER BY series.series_id;

-- name: sums_drop_series
WITH sums AS (
    DELETE FROM usage_sum WHERE customer_id = $1 AND series_id = ANY($2::bigint[])
), switched AS (
    DELETE FROM usage_switched WHERE customer_id = $1 AND series_id = ANY($2::bigint[])
)
DELETE FROM usage_value WHERE customer_id = $1 AND series_id = ANY($2::bigint[]);

-- name: sums_each_entry
-- Events of a time, or to which something was done, and corrections.
SELECT entry_index, COALESCE(reference, -1) AS reference, leaf
FROM ledger_entry
WHERE customer_id = $1 AND entry_index >= $2 AND entry_index < $3 AND kind IN (0, 1, 2)
  AND (event_time >= $4 AND event_time < $5 OR kind <> 0
       OR entry_index IN (SELECT correction.reference
                          FROM ledger_entry AS correction
                          WHERE correction.customer_id = $1 AND correction.reference >= $2
                            AND correction.reference < $3))
ORDER BY entry_index;

-- name: sums_each_correction
-- What was done further on to the originals of a stretch, below a position.
SELECT entry_index, reference, leaf
FROM ledger_entry
WHERE customer_id = $1 AND reference >= $2 AND reference < $3
  AND entry_index >= $3 AND entry_index < $4 AND kind IN (1, 2);

-- name: sums_list_changed
-- Originals to which something was done in a stretch.
SELECT DISTINCT reference
FROM ledger_entry
WHERE customer_id = $1 AND reference = ANY($2::bigint[]) AND entry_index >= $3 AND entry_index < $4
  AND kind IN (1, 2) AND leaf <> ''
ORDER BY reference;

-- name: sums_each_older
-- Originals, with what had been done to them below a position.
SELECT entry_index, -1::bigint AS reference, leaf
FROM ledger_entry
WHERE customer_id = $1 AND entry_index = ANY($2::bigint[])
UNION ALL
SELECT entry_index, reference, leaf
FROM ledger_entry
WHERE customer_id = $1 AND reference = ANY($2::bigint[]) AND entry_index < $3;

-- name: sums_each_placed
-- The events of a time and what was done to them, below a position: out of the blocks that have any.
WITH placed AS (
    SELECT entry.entry_index, entry.leaf
    FROM (SELECT DISTINCT block
          FROM usage_place
          WHERE customer_id = $1 AND bucket >= $2 AND bucket < $3) AS place
    CROSS JOIN LATERAL (
        SELECT entry_index, leaf
        FROM ledger_entry
        WHERE customer_id = $1 AND entry_index >= place.block * 64
          AND entry_index < place.block * 64 + 64 AND entry_index < $4 AND kind = 0
          AND (event_time >= $2 AND event_time < $3
               OR entry_index IN (SELECT reference
                                  FROM ledger_entry AS amendment
                                  WHERE amendment.customer_id = $1 AND amendment.kind = 2
                                    AND amendment.reference >= place.block * 64
                                    AND amendment.reference < place.block * 64 + 64))
        OFFSET 0
    ) AS entry
)
SELECT entry_index, -1::bigint AS reference, leaf
FROM placed
UNION ALL
SELECT correction.entry_index, correction.reference, correction.leaf
FROM placed
CROSS JOIN LATERAL (
    SELECT entry_index, reference, leaf
    FROM ledger_entry
    WHERE customer_id = $1 AND reference = placed.entry_index AND entry_index < $4
    OFFSET 0
) AS correction;

-- name: sums_add_places
INSERT INTO usage_place (customer_id, bucket, block)
SELECT $1::bigint, bucket, block
FROM unnest($2::timestamptz[], $3::bigint[]) AS place (bucket, block)
ON CONFLICT (customer_id, bucket, block) DO NOTHING;

-- name: sums_list_latest
-- The latest bucket of a series in a level. The LIMIT makes it one index look-up each.
SELECT wanted.place, latest.bucket
FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS wanted (series_id, level, place)
CROSS JOIN LATERAL (
    SELECT bucket
    FROM usage_sum
    WHERE customer_id = $1 AND series_id = wanted.series_id AND level = wanted.level
    ORDER BY bucket DESC
    LIMIT 1
) AS latest;

-- name: sums_insert
-- Of lines that there are none of: half as dear as looking for a conflict.
INSERT INTO usage_sum (customer_id, series_id, level, bucket, groups, weight, events, first_index,
                       last_index, total, moment, extreme, extreme_events, extreme_at,
                       extreme_index, held)
SELECT $1::bigint, *
FROM unnest($2::bigint[], $3::smallint[], $4::timestamptz[], $5::text[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::numeric[], $11::numeric[], $12::numeric[],
            $13::bigint[], $14::timestamptz[], $15::bigint[], $16::bytea[]) AS made;

-- name: sums_load
-- The LIMIT makes it one index look-up a line.
SELECT wanted.place, found.events, found.first_index, found.last_index, found.total::text,
       found.moment::text, found.extreme::text, found.extreme_events, found.extreme_at,
       found.extreme_index, found.held
FROM unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::bigint[])
     WITH ORDINALITY AS wanted (series_id, level, bucket, groups, weight, place)
CROSS JOIN LATERAL (
    SELECT *
    FROM usage_sum
    WHERE customer_id = $1 AND series_id = wanted.series_id AND level = wanted.level
      AND bucket = wanted.bucket AND groups = wanted.groups AND weight = wanted.weight
    LIMIT 1
) AS found;

-- name: sums_store
INSERT INTO usage_sum (customer_id, series_id, level, bucket, groups, weight, events, first_index,
                       last_index, total, moment, extreme, extreme_events, extreme_at,
                       extreme_index, held)
SELECT $1::bigint, *
FROM unnest($2::bigint[], $3::smallint[], $4::timestamptz[], $5::text[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::numeric[], $11::numeric[], $12::numeric[],
            $13::bigint[], $14::timestamptz[], $15::bigint[], $16::bytea[]) AS made
ON CONFLICT (customer_id, series_id, level, bucket, groups, weight) DO UPDATE
SET events = excluded.events, first_index = excluded.first_index,
    last_index = excluded.last_index, total = excluded.total, moment = excluded.moment,
    extreme = excluded.extreme, extreme_events = excluded.extreme_events,
    extreme_at = excluded.extreme_at, extreme_index = excluded.extreme_index, held = excluded.held;

-- name: sums_add
-- Of lines that nothing is taken from and that have no extreme and no values: what is there is not
-- read first.
INSERT INTO usage_sum AS there (customer_id, series_id, level, bucket, groups, weight, events,
                                first_index, last_index, total, moment, extreme, extreme_events,
                                extreme_at, extreme_index)
SELECT $1::bigint, *
FROM unnest($2::bigint[], $3::smallint[], $4::timestamptz[], $5::text[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::numeric[], $11::numeric[],
            $12::numeric[], $13::bigint[], $14::timestamptz[], $15::bigint[]) AS made
ON CONFLICT (customer_id, series_id, level, bucket, groups, weight) DO UPDATE
SET events = there.events + excluded.events,
    first_index = LEAST(there.first_index, excluded.first_index),
    last_index = GREATEST(there.last_index, excluded.last_index),
    total = there.total + excluded.total, moment = there.moment + excluded.moment;

-- name: sums_remove
-- Looked up one by one, as above: joined, all of the customer's rows might be read.
DELETE FROM usage_sum
WHERE ctid = ANY (ARRAY(
    SELECT found.ctid
    FROM unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::bigint[])
         AS gone (series_id, level, bucket, groups, weight)
    CROSS JOIN LATERAL (
        SELECT ctid
        FROM usage_sum
        WHERE customer_id = $1 AND series_id = gone.series_id AND level = gone.level
          AND bucket = gone.bucket AND groups = gone.groups AND weight = gone.weight
        LIMIT 1
    ) AS found));

-- name: sums_each_of_group
-- One group's quarters of a time.
SELECT events, first_index, last_index, total::text, moment::text, extreme::text, extreme_events,
       extreme_at, extreme_index, bucket
FROM usage_sum
WHERE customer_id = $1 AND series_id = $2 AND level = 0 AND bucket >= $3 AND bucket < $4
  AND groups = $5 AND weight = $6;

-- name: sums_each_line
SELECT bucket, groups, weight, events, first_index, last_index, total::text, moment::text,
       extreme::text, extreme_events, extreme_at, extreme_index, held
FROM usage_sum
WHERE customer_id = $1 AND series_id = $2 AND level = $3 AND bucket >= $4 AND bucket < $5
ORDER BY bucket, groups, weight;

-- name: sums_add_values
INSERT INTO usage_value (customer_id, series_id, level, bucket, groups, value, events)
SELECT $1::bigint, *
FROM unnest($2::bigint[], $3::smallint[], $4::timestamptz[], $5::text[], $6::text[], $7::bigint[])
     AS made
ON CONFLICT (customer_id, series_id, level, bucket, groups, value) DO UPDATE
SET events = usage_value.events + excluded.events;

-- name: sums_remove_values
DELETE FROM usage_value
WHERE ctid = ANY (ARRAY(
    SELECT found.ctid
    FROM unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[])
         AS gone (series_id, level, bucket, groups, value)
    CROSS JOIN LATERAL (
        SELECT ctid
        FROM usage_value
        WHERE customer_id = $1 AND series_id = gone.series_id AND level = gone.level
          AND bucket = gone.bucket AND groups = gone.groups AND value = gone.value AND events = 0
        LIMIT 1
    ) AS found));

-- name: sums_each_value
SELECT bucket, groups, value, events
FROM usage_value
WHERE customer_id = $1 AND series_id = $2 AND level = $3 AND bucket >= $4 AND bucket < $5
ORDER BY bucket;

-- name: sums_each_switch
-- The values of a metric that goes by switches, in no order.
SELECT groups, value
FROM usage_value
WHERE customer_id = $1 AND series_id = $2 AND level = $3 AND bucket >= $4 AND bucket < $5
  AND events > 0;

-- name: sums_each_held
-- The lines of a metric that goes by switches, in no order.
SELECT groups, held
FROM usage_sum
WHERE customer_id = $1 AND series_id = $2 AND level = $3 AND bucket >= $4 AND bucket < $5;

-- name: sums_find_switched
-- The latest time up to another that it is known of what had been switched before, and how many
-- switches say so.
SELECT before, sum(switches)::bigint AS switches
FROM usage_switched
WHERE customer_id = $1 AND series_id = $2
  AND before = (SELECT before
                FROM usage_switched
                WHERE customer_id = $1 AND series_id = $2 AND before <= $3
                ORDER BY before DESC
                LIMIT 1)
GROUP BY before;

-- name: sums_each_switched
SELECT groups, held
FROM usage_switched
WHERE customer_id = $1 AND series_id = $2 AND before = $3;

-- name: sums_add_switched
INSERT INTO usage_switched (customer_id, series_id, before, groups, part, switches, held)
SELECT $1::bigint, $2::bigint, $3::timestamptz, *
FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bytea[]) AS made;

-- name: sums_drop_switched
-- Switches at or after a time have come or gone.
DELETE FROM usage_switched
WHERE customer_id = $1 AND series_id = $2 AND before > $3;

-- name: sums_each_day
SELECT bucket, sum(events)::bigint AS events
FROM usage_sum
WHERE customer_id = $1 AND series_id = $2 AND level = 2 AND bucket >= $3
GROUP BY bucket
ORDER BY bucket;

-- name: sums_progress
-- Of one version of a metric: the customers with a log, and the entries below their positions.
SELECT count(*) AS customers,
       count(*) FILTER (WHERE marked.folded = head.size) AS customers_folded,
       COALESCE(sum(head.size), 0)::bigint AS entries,
       COALESCE(sum(marked.folded), 0)::bigint AS entries_folded
FROM ledger_head AS head
LEFT JOIN usage_series AS series ON series.metric = $1 AND series.version = $2
LEFT JOIN usage_mark AS mark USING (customer_id)
LEFT JOIN LATERAL (
    SELECT of_all.folded
    FROM unnest(mark.series, mark.folded) AS of_all (series_id, folded)
    WHERE of_all.series_id = series.series_id
) AS marked ON true
WHERE head.size > 0 AND head.customer_id <> 0;

-- name: sums_sample_customers
-- At random: whoever looks often has looked at all.
SELECT mark.customer_id, customer.key
FROM usage_mark AS mark
JOIN customer USING (customer_id)
WHERE mark.folded_to > 0
ORDER BY random()
LIMIT $1;

-- name: sums_sample_bucket
SELECT bucket
FROM usage_sum
WHERE customer_id = $1 AND level = 0
  AND bucket >= COALESCE((SELECT before FROM ledger_seal WHERE customer_id = $1), '-infinity')
ORDER BY random()
LIMIT 1;

-- name: sums_list_checked
-- The metrics that are folded up to where the places are.
SELECT marked.series_id, series.metric, item.document, places.folded
FROM usage_mark AS mark
CROSS JOIN LATERAL unnest(mark.series, mark.folded) AS places (series_id, folded)
CROSS JOIN LATERAL unnest(mark.series, mark.folded) AS marked (series_id, folded)
JOIN usage_series AS series ON series.series_id = marked.series_id
JOIN catalog_version AS item
  ON item.kind = 'metric' AND item.key = series.metric AND item.version = series.version
WHERE mark.customer_id = $1 AND places.series_id = 0 AND marked.folded = places.folded;

-- name: invoicing_count_discounts
SELECT count(*) AS count
FROM discount
WHERE customer_id = $1 AND ended_at IS NULL;

-- name: invoicing_insert_discount
INSERT INTO discount (discount_id, customer_id, document, periods, made_index, created_at, actor,
                      reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: invoicing_find_discount
SELECT discount_id, document, periods, created_at, ended_at,
       (SELECT count(*)
        FROM discount_use
        JOIN invoice USING (invoice_id)
        WHERE discount_use.discount_id = discount.discount_id AND invoice.status = 'issued') AS used
FROM discount
WHERE customer_id = $1 AND discount_id = $2;

-- name: invoicing_list_discounts
SELECT discount_id, document, periods, created_at, ended_at,
       (SELECT count(*)
        FROM discount_use
        JOIN invoice USING (invoice_id)
        WHERE discount_use.discount_id = discount.discount_id AND invoice.status = 'issued') AS used
FROM discount
WHERE customer_id = $1 AND discount_id > $2
ORDER BY discount_id
LIMIT $3;

-- name: invoicing_end_discount
UPDATE discount SET ended_at = $2 WHERE discount_id = $1;

-- name: invoicing_list_discounts_in_force
-- In the order made. Statements that were voided do not count.
SELECT document
FROM discount
WHERE customer_id = $1 AND ended_at IS NULL
  AND (periods = 0
       OR periods > (SELECT count(*)
                     FROM discount_use
                     JOIN invoice USING (invoice_id)
                     WHERE discount_use.discount_id = discount.discount_id
                       AND invoice.status = 'issued'))
ORDER BY made_index
LIMIT $2;

-- name: invoicing_note_discounts
-- What a statement, given as JSON, names.
INSERT INTO discount_use (discount_id, invoice_id)
SELECT detail ->> 'id', $1
FROM json_array_elements($2::text::json -> 'discount_details') AS detail;

-- name: invoicing_credits_have_room
-- Whether all that was ever given, and $3 more, can be told in one number.
SELECT COALESCE(sum(minor), 0) + $3::bigint <= 9223372036854775807 AS have_room
FROM wallet_credit
WHERE customer_id = $1 AND currency = $2;

-- name: invoicing_insert_credit
INSERT INTO wallet_credit (credit_id, customer_id, minor, currency, expires_at, paid, made_index,
                           created_at, actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: invoicing_list_credits
SELECT credit_id, minor, currency, expires_at, paid, created_at,
       (minor - COALESCE((SELECT sum(wallet_use.minor)
                          FROM wallet_use
                          JOIN invoice USING (invoice_id)
                          WHERE wallet_use.credit_id = wallet_credit.credit_id
                            AND invoice.status = 'issued'), 0))::bigint AS left_minor
FROM wallet_credit
WHERE customer_id = $1 AND credit_id > $2
ORDER BY credit_id
LIMIT $3;

-- name: invoicing_list_credits_left
-- Earliest expiry first, then in the order made; what has expired at $2 is gone.
SELECT credit_id, left_minor
FROM (SELECT credit_id, expires_at, made_index,
             (minor - COALESCE((SELECT sum(wallet_use.minor)
                                FROM wallet_use
                                JOIN invoice USING (invoice_id)
                                WHERE wallet_use.credit_id = wallet_credit.credit_id
                                  AND invoice.status = 'issued'), 0))::bigint AS left_minor
      FROM wallet_credit
      WHERE customer_id = $1 AND (expires_at IS NULL OR expires_at > $2) AND currency = $3) AS credit
WHERE left_minor > 0
ORDER BY expires_at NULLS LAST, made_index
LIMIT $4;

-- name: invoicing_sum_credits
SELECT COALESCE(sum(minor - COALESCE((SELECT sum(wallet_use.minor)
                                      FROM wallet_use
                                      JOIN invoice USING (invoice_id)
                                      WHERE wallet_use.credit_id = wallet_credit.credit_id
                                        AND invoice.status = 'issued'), 0)), 0)::bigint AS left_minor
FROM wallet_credit
WHERE customer_id = $1 AND (expires_at IS NULL OR expires_at > $2) AND currency = $3;

-- name: invoicing_note_credits
INSERT INTO wallet_use (credit_id, invoice_id, minor)
SELECT taken ->> 'id', $1, replace(taken ->> 'amount', '.', '')::bigint
FROM json_array_elements($2::text::json -> 'credits_applied') AS taken;

-- name: invoicing_note_adjustments
INSERT INTO invoice_adjustment (invoice_id, subscription_id, period_number, key, minor)
SELECT $1, $3, (line -> 'period' ->> 'number')::bigint, line ->> 'key',
       replace(line ->> 'amount', '.', '')::bigint
FROM json_array_elements($2::text::json -> 'lines') AS line
WHERE line ->> 'kind' = 'adjustment';

-- name: invoicing_watch
INSERT INTO late_watch (customer_id, checked)
VALUES ($1, $2)
ON CONFLICT (customer_id) DO NOTHING;

-- name: invoicing_find_watch
SELECT checked FROM late_watch WHERE customer_id = $1;

-- name: invoicing_first_late
-- The earliest event from $2 on and below $3 in a log, and whether something is corrected there.
SELECT min(event_time) AS at, COALESCE(bool_or(kind <> 0), false) AS corrects
FROM ledger_entry
WHERE customer_id = $1 AND entry_index >= $2 AND entry_index < $3 AND kind <= 2;

-- name: invoicing_first_corrected
-- The earliest time of an event that a correction of those positions names, or to which such an
-- event was ever moved.
WITH recent AS MATERIALIZED (
    SELECT reference
    FROM ledger_entry
    WHERE customer_id = $1 AND entry_index >= $2 AND entry_index < $3 AND kind IN (1, 2)
)
SELECT LEAST((SELECT min(original.event_time)
              FROM ledger_entry AS original
              WHERE original.customer_id = $1
                AND original.entry_index IN (SELECT reference FROM recent)),
             (SELECT min((convert_from(NULLIF(amended.leaf, ''), 'UTF8')::json -> 'set' ->> 'time')::timestamptz)
              FROM ledger_entry AS amended
              WHERE amended.customer_id = $1 AND amended.kind = 2
                AND amended.reference IN (SELECT reference FROM recent))) AS at;

-- name: invoicing_list_late
-- The issued periods of a subscription, but for one, that something after their issue may concern.
-- Statements without days have no usage. What retention has sealed is not rated again.
SELECT invoice.invoice_id, invoice.period_number, invoice.period_start, invoice.period_end,
       invoice.statement,
       (SELECT max(made_index)
        FROM late_release
        WHERE late_release.invoice_id = invoice.invoice_id) AS released
FROM invoice
WHERE invoice.subscription_id = $1 AND invoice.status = 'issued'
  AND invoice.period_start < invoice.period_end AND invoice.period_number <> $2
  AND invoice.ledger_index < $3
  AND NOT EXISTS (SELECT
                  FROM ledger_seal AS seal
                  WHERE seal.customer_id = invoice.customer_id AND invoice.period_start < seal.before)
  AND (invoice.period_end > $4
       OR EXISTS (SELECT
                  FROM late_period
                  WHERE late_period.subscription_id = invoice.subscription_id
                    AND late_period.period_number = invoice.period_number))
ORDER BY invoice.period_number;

-- name: invoicing_find_late
SELECT invoice.invoice_id, invoice.period_number, invoice.period_start, invoice.period_end,
       invoice.statement,
       (SELECT max(made_index)
        FROM late_release
        WHERE late_release.invoice_id = invoice.invoice_id) AS released
FROM invoice
WHERE invoice.invoice_id = $1 AND invoice.status = 'issued';

-- name: invoicing_find_release
SELECT max(made_index) AS released FROM late_release WHERE invoice_id = $1;

-- name: invoicing_find_before_issue
-- The statement of the period before an invoice's that stood when the invoice was issued.
SELECT earlier.statement
FROM invoice
JOIN invoice AS earlier
  ON earlier.subscription_id = invoice.subscription_id
 AND earlier.period_number = invoice.period_number - 1 AND earlier.ledger_index < invoice.ledger_index
WHERE invoice.invoice_id = $1
  AND NOT EXISTS (
      SELECT
      FROM ledger_entry AS entry
      WHERE entry.customer_id = invoice.customer_id AND entry.kind > 2 AND entry.kind = 7
        AND entry.entry_index > earlier.ledger_index AND entry.entry_index < invoice.ledger_index
        AND convert_from(entry.leaf, 'UTF8')::json -> 'adjustment' ->> 'action' = 'void'
        AND convert_from(entry.leaf, 'UTF8')::json -> 'adjustment' ->> 'invoice' = earlier.invoice_id)
ORDER BY earlier.ledger_index DESC
LIMIT 1;

-- name: invoicing_list_booked
-- What standing statements and credit notes have billed, or given back, of a period's difference.
SELECT key, sum(minor)::bigint AS minor
FROM (SELECT invoice_adjustment.key, invoice_adjustment.minor
      FROM invoice_adjustment
      JOIN invoice USING (invoice_id)
      WHERE invoice_adjustment.subscription_id = $1 AND invoice_adjustment.period_number = $2
        AND invoice.status = 'issued'
      UNION ALL
      SELECT credit_note_line.key, -credit_note_line.minor
      FROM credit_note
      JOIN credit_note_line USING (credit_note_id)
      WHERE credit_note.subscription_id = $1 AND credit_note.period_number = $2) AS booked
GROUP BY key
ORDER BY key COLLATE "C";

-- name: invoicing_touch_late
UPDATE late_period SET touched = GREATEST(touched, $2) WHERE subscription_id = $1;

-- name: invoicing_list_billed_late
-- The standing statements that billed what came late of the periods that hold a time.
SELECT DISTINCT invoice.invoice_id, invoice.number, invoice.status, invoice.ledger_index
FROM invoice AS late
JOIN invoice_adjustment USING (subscription_id, period_number)
JOIN invoice ON invoice.invoice_id = invoice_adjustment.invoice_id
WHERE late.customer_id = $1 AND late.period_start <= $2 AND late.period_end > $2
  AND invoice.ledger_index > $3 AND invoice.status = 'issued'
ORDER BY invoice.ledger_index;

-- name: invoicing_insert_payment
INSERT INTO payment (payment_id, invoice_id, customer_id, minor, currency, reference, paid_at,
                     created_at, actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: invoicing_find_payment
SELECT payment_id, invoice_id, minor, currency, reference, paid_at, created_at, reversed_at
FROM payment
WHERE invoice_id = $1 AND payment_id = $2;

-- name: invoicing_list_payments
SELECT payment_id, invoice_id, minor, currency, reference, paid_at, created_at, reversed_at
FROM payment
WHERE invoice_id = $1 AND payment_id > $2
ORDER BY payment_id
LIMIT $3;

-- name: invoicing_reverse_payment
UPDATE payment SET reversed_at = $2 WHERE payment_id = $1;

-- name: invoicing_insert_credit_note
INSERT INTO credit_note (credit_note_id, customer_id, invoice_id, number, document, currency, minor,
                         subscription_id, period_number, own_statement, ledger_index, issued_at,
                         actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: invoicing_insert_credit_note_lines
-- Of a note's document; an amount without its point is in the currency's smallest units.
INSERT INTO credit_note_line (credit_note_id, key, minor)
SELECT $1, line ->> 'key', sum(replace(line ->> 'amount', '.', '')::bigint)
FROM json_array_elements($2::text::json -> 'lines') AS line
GROUP BY line ->> 'key';

-- name: invoicing_find_credit_note
SELECT credit_note.credit_note_id, credit_note.customer_id, credit_note.document,
       credit_note.own_statement AND invoice.status = 'void' AS void
FROM credit_note
JOIN invoice USING (invoice_id)
WHERE credit_note_id = $1;

-- name: invoicing_list_credit_notes
SELECT credit_note.credit_note_id, credit_note.customer_id, credit_note.document,
       credit_note.own_statement AND invoice.status = 'void' AS void
FROM credit_note
JOIN invoice USING (invoice_id)
WHERE ($1 = 0 OR credit_note.customer_id = $1) AND credit_note_id > $2
ORDER BY credit_note_id
LIMIT $3;

-- name: invoicing_list_credit_notes_of
-- In the order of the log.
SELECT document
FROM credit_note
WHERE invoice_id = $1 AND NOT own_statement
ORDER BY ledger_index;

-- name: invoicing_list_unwatched
SELECT customer_id
FROM ledger_head
JOIN late_watch USING (customer_id)
WHERE ledger_head.size > late_watch.checked AND customer_id > $1
ORDER BY customer_id
LIMIT $2;

-- name: invoicing_mark_late
INSERT INTO late_period (subscription_id, period_number, customer_id, touched)
SELECT subscription_id, period_number, customer_id, $2
FROM invoice
WHERE customer_id = $1 AND status = 'issued' AND period_start < period_end AND ledger_index < $2
  AND period_end > $3
  AND NOT EXISTS (SELECT
                  FROM ledger_seal AS seal
                  WHERE seal.customer_id = invoice.customer_id AND invoice.period_start < seal.before)
ON CONFLICT (subscription_id, period_number)
DO UPDATE SET touched = GREATEST(late_period.touched, excluded.touched);

-- name: invoicing_mark_watched
UPDATE late_watch SET checked = GREATEST(checked, $2) WHERE customer_id = $1;

-- name: invoicing_list_uncredited
SELECT invoice.invoice_id
FROM late_period
JOIN invoice USING (subscription_id, period_number)
WHERE late_period.touched > late_period.credited AND invoice.status = 'issued'
  AND invoice.invoice_id > $1
  AND NOT EXISTS (SELECT
                  FROM ledger_seal AS seal
                  WHERE seal.customer_id = invoice.customer_id AND invoice.period_start < seal.before)
ORDER BY invoice.invoice_id
LIMIT $2;

-- name: invoicing_mark_credited
UPDATE late_period
SET credited = GREATEST(credited, $3)
WHERE subscription_id = $1 AND period_number = $2;

-- name: invoicing_list_carriers
-- The standing statements that billed something of a period's difference, in the order of the log.
SELECT DISTINCT invoice.invoice_id, invoice.ledger_index
FROM invoice_adjustment
JOIN invoice USING (invoice_id)
WHERE invoice_adjustment.subscription_id = $1 AND invoice_adjustment.period_number = $2
  AND invoice.status = 'issued'
ORDER BY invoice.ledger_index;

-- name: invoicing_release_late
INSERT INTO late_release (invoice_id, made_index, released_at, actor, reason)
VALUES ($1, $2, $3, $4, $5);

-- name: invoicing_mark_released
INSERT INTO late_period (subscription_id, period_number, customer_id, touched)
SELECT subscription_id, period_number, customer_id, $2
FROM invoice
WHERE invoice_id = $1
ON CONFLICT (subscription_id, period_number)
DO UPDATE SET touched = GREATEST(late_period.touched, excluded.touched);

-- What `phial doctor` asks. Each check yields a row for what is not as it should be: `subject` names
-- it by a customer's key, an invoice's number or id, an index of a log; never by content.

-- name: doctor_server_clock
SELECT clock_timestamp() AS now;

-- name: doctor_list_drafts
SELECT invoice.invoice_id, customer.key AS customer, invoice.subscription_id
FROM invoice
JOIN customer USING (customer_id)
WHERE invoice.status = 'draft'
ORDER BY invoice.period_end, invoice.customer_id, invoice.invoice_id
LIMIT $1;

-- name: doctor_commits_are_flushed
SELECT name AS subject
FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off';

-- name: doctor_statements_are_not_logged
SELECT name AS subject
FROM pg_settings
WHERE (name = 'log_statement' AND setting IN ('all', 'mod'))
   OR (name IN ('log_min_duration_statement', 'log_min_duration_sample') AND setting <> '-1'
       AND current_setting('log_parameter_max_length') <> '0')
   OR (name = 'log_parameter_max_length_on_error' AND setting <> '0');

-- name: doctor_role_cannot_rewrite
SELECT class.relname || ': ' || lower(forbidden.privilege) AS subject
FROM pg_class AS class
CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS forbidden (privilege)
WHERE class.relkind IN ('r', 'p')
  AND (class.relname ~ '^(ledger_(entry(_[0-9]+)?|node|key|epoch|removed|seal)|trail_entry|signature)$'
       OR class.relname ~ '^heads_(entry|node|checkpoint|cosignature|timestamp)$'
       OR (class.relname IN ('ledger_head', 'heads_log') AND forbidden.privilege <> 'UPDATE'))
  AND has_table_privilege('phial_daemon', class.oid, forbidden.privilege)
UNION ALL
SELECT class.relname || ': insert'
FROM pg_class AS class
WHERE class.relname IN ('ledger_removed', 'ledger_seal') AND has_table_privilege('phial_daemon', class.oid, 'INSERT')
ORDER BY 1
LIMIT 20;

-- name: doctor_guards_stand
-- Two a table: of rows and of TRUNCATE. The partitioned table's own fire for nobody, being on its
-- partitions.
SELECT class.relname AS subject
FROM pg_class AS class
WHERE class.relkind = 'r'
  AND (class.relname ~ '^(ledger_(entry_[0-9]+|node|head|key|epoch|removed)|trail_entry|signature)$'
       OR class.relname ~ '^heads_(log|entry|node|checkpoint|cosignature|timestamp)$')
  AND (SELECT count(*)
       FROM pg_trigger AS guard
       JOIN pg_proc AS refusal ON refusal.oid = guard.tgfoid
       WHERE guard.tgrelid = class.oid AND guard.tgenabled = 'A'
         AND refusal.proname = 'ledger_is_append_only') < 2
UNION ALL
SELECT 'ledger_removed'
WHERE NOT EXISTS (SELECT
                  FROM pg_trigger
                  WHERE tgrelid = 'ledger_removed'::regclass AND tgname = 'ledger_removed_due' AND tgenabled = 'A')
UNION ALL
SELECT 'ledger_entry'
WHERE (SELECT count(*) FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass) <> 16
LIMIT 20;

-- name: doctor_schema_is_guarded
-- Where the server let migrations make them.
SELECT wanted.name AS subject
FROM (VALUES ('phial_guard_ddl'), ('phial_guard_drop')) AS wanted (name)
WHERE EXISTS (SELECT FROM pg_event_trigger WHERE evtname ~ '^phial_guard_')
  AND NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtname = wanted.name AND evtenabled = 'A')
UNION ALL
SELECT 'no guard; migrations are run by a superuser'
WHERE NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtname ~ '^phial_guard_')
  AND EXISTS (SELECT
              FROM pg_proc AS made
              JOIN pg_roles AS owner ON owner.oid = made.proowner
              WHERE made.proname = 'ledger_guard_ddl' AND owner.rolsuper)
LIMIT 20;

-- name: doctor_unique_keys_stand
SELECT wanted.name AS subject
FROM (VALUES ('ledger_entry_pkey'), ('ledger_entry_identity'), ('ledger_entry_void'),
             ('ledger_head_pkey'), ('invoice_one_per_period'), ('invoice_number_key'),
             ('invoice_series_pkey'), ('credit_note_number_key'), ('wallet_use_pkey'),
             ('discount_use_pkey'), ('invoice_adjustment_pkey'), ('token_key_pkey'), ('token_code_pkey'), ('staged_event_identity'))
     AS wanted (name)
WHERE NOT EXISTS (SELECT
                  FROM pg_class AS class
                  JOIN pg_index AS key ON key.indexrelid = class.oid
                  WHERE class.relname = wanted.name AND key.indisunique AND key.indisvalid)
UNION ALL
SELECT class.relname
FROM pg_index AS key
JOIN pg_class AS class ON class.oid = key.indexrelid
JOIN pg_class AS held ON held.oid = key.indrelid
WHERE held.relname ~ '^(ledger_|invoice|staged_event|token_)' AND NOT (key.indisvalid AND key.indisready)
LIMIT 20;

-- name: doctor_ledger_has_no_gap
SELECT COALESCE(customer.key, 'audit') AS subject
FROM ledger_head AS head
LEFT JOIN customer USING (customer_id)
LEFT JOIN (SELECT customer_id, count(*) AS entries, min(entry_index) AS first, max(entry_index) AS last
           FROM ledger_entry
           GROUP BY customer_id) AS log USING (customer_id)
WHERE COALESCE(log.entries, 0) <> head.size
   OR (log.entries > 0 AND (log.first <> 0 OR log.last <> head.size - 1))
ORDER BY 1
LIMIT 20;

-- name: doctor_heads_are_entered_in_order
-- The log of all heads: no gap, each customer's sizes rise and stay within his log, a checkpoint
-- is of a size that it had.
SELECT 'epoch ' || log.epoch AS subject
FROM heads_log AS log
LEFT JOIN (SELECT epoch, count(*) AS entries, max(entry_index) AS last
           FROM heads_entry
           GROUP BY epoch) AS held USING (epoch)
WHERE log.size <> COALESCE(held.entries, 0) OR log.size <> COALESCE(held.last + 1, 0)
   OR EXISTS (SELECT FROM heads_checkpoint AS published
              WHERE published.epoch = log.epoch AND published.size > log.size)
UNION ALL
SELECT COALESCE(customer.key, 'the audit trail')
FROM (SELECT customer_id, max(head_size) AS size,
             bool_or(head_size <= before) AS fell
      FROM (SELECT customer_id, epoch, head_size,
                   lag(head_size) OVER (PARTITION BY customer_id, epoch ORDER BY entry_index) AS before
            FROM heads_entry
            WHERE customer_id IS NOT NULL) AS entry
      WHERE epoch = (SELECT max(epoch) FROM heads_log)
      GROUP BY customer_id) AS entered
LEFT JOIN customer USING (customer_id)
JOIN ledger_head AS head USING (customer_id)
WHERE entered.fell OR entered.size > head.size
LIMIT 20;

-- name: doctor_ledger_has_its_heads
SELECT DISTINCT entry.customer_id::text AS subject
FROM ledger_entry AS entry
LEFT JOIN ledger_head AS head USING (customer_id)
WHERE entry.entry_index = 0 AND head.customer_id IS NULL
LIMIT 20;

-- name: doctor_scrubbed_bytes_are_sound
SELECT COALESCE(customer.key, 'the audit trail') || '/' || scrub.fault_index || ': ' || scrub.fault AS subject
FROM ledger_scrub AS scrub
LEFT JOIN customer USING (customer_id)
WHERE scrub.fault IS NOT NULL
LIMIT 20;

-- name: doctor_corrections_refer_back
SELECT customer.key || '/' || correction.entry_index AS subject
FROM ledger_entry AS correction
JOIN customer USING (customer_id)
LEFT JOIN ledger_entry AS original
       ON original.customer_id = correction.customer_id AND original.entry_index = correction.reference
WHERE correction.reference IS NOT NULL
  AND (original.kind IS DISTINCT FROM 0 OR original.entry_index >= correction.entry_index)
LIMIT 20;

-- name: doctor_list_logs
-- The audit trail's is nobody's.
SELECT head.customer_id, COALESCE(customer.key, '') AS key, head.size, head.nodes
FROM ledger_head AS head
LEFT JOIN customer USING (customer_id)
WHERE head.customer_id > $1
ORDER BY head.customer_id
LIMIT $2;

-- name: doctor_each_entry
SELECT entry.entry_index, entry.kind, entry.identity, entry.event_time, entry.reference, entry.leaf,
       removed.leaf_hash
FROM ledger_entry AS entry
LEFT JOIN ledger_removed AS removed USING (customer_id, entry_index)
WHERE entry.customer_id = $1 AND entry.entry_index >= $2 AND entry.entry_index < $3
ORDER BY entry.entry_index;

-- name: doctor_removals_are_told
-- A missing body has its hash, and an entry that says so; of each of its parts, and of them together,
-- as many are gone as it says.
WITH told AS (
    SELECT said.customer_id, said.entry_index, (part ->> 'from')::bigint AS from_index,
           (part ->> 'to')::bigint AS to_index, (part ->> 'entries')::bigint AS entries
    FROM ledger_entry AS said
    CROSS JOIN LATERAL json_array_elements(convert_from(said.leaf, 'UTF8')::json -> 'retention' -> 'parts')
                       AS part
    WHERE said.kind = 10
), gone AS (
    SELECT customer_id, retention_index AS entry_index, count(*) AS entries
    FROM ledger_removed
    GROUP BY customer_id, retention_index
), said AS (
    SELECT customer_id, entry_index, sum(entries) AS entries
    FROM told
    GROUP BY customer_id, entry_index
)
SELECT customer.key || '/' || entry.entry_index AS subject
FROM ledger_entry AS entry
JOIN customer USING (customer_id)
LEFT JOIN ledger_removed AS removed USING (customer_id, entry_index)
WHERE (entry.leaf = '') <> (removed.entry_index IS NOT NULL)
UNION ALL
SELECT customer.key || '/' || entry_index
FROM gone
FULL JOIN said USING (customer_id, entry_index)
JOIN customer USING (customer_id)
WHERE gone.entries IS DISTINCT FROM said.entries
UNION ALL
SELECT customer.key || '/' || told.entry_index
FROM told
JOIN customer USING (customer_id)
WHERE told.entries <> (SELECT count(*)
                       FROM ledger_removed AS removed
                       WHERE removed.customer_id = told.customer_id
                         AND removed.retention_index = told.entry_index
                         AND removed.entry_index >= told.from_index AND removed.entry_index < told.to_index)
LIMIT 20;

-- name: doctor_holds_are_kept
-- A hold and its release stand in the log, and nothing went while it was held.
SELECT hold.hold_id AS subject
FROM retention_hold AS hold
LEFT JOIN ledger_entry AS made ON made.customer_id = hold.customer_id AND made.entry_index = hold.made_index
LEFT JOIN ledger_entry AS freed ON freed.customer_id = hold.customer_id AND freed.entry_index = hold.released_index
WHERE made.kind IS DISTINCT FROM 10
   OR convert_from(made.leaf, 'UTF8')::json -> 'retention' ->> 'hold' IS DISTINCT FROM hold.hold_id
   OR (hold.released_index IS NOT NULL
       AND (freed.kind IS DISTINCT FROM 10
            OR convert_from(freed.leaf, 'UTF8')::json -> 'retention' ->> 'hold' IS DISTINCT FROM hold.hold_id))
   OR EXISTS (SELECT
              FROM ledger_removed AS removed
              JOIN ledger_entry AS entry
                ON entry.customer_id = removed.customer_id AND entry.entry_index = removed.entry_index
              WHERE removed.customer_id = hold.customer_id AND entry.kind = 0
                AND removed.retention_index > hold.made_index
                AND (hold.released_index IS NULL OR removed.retention_index < hold.released_index)
                AND (hold.event_types = '{}' OR removed.event_type = ANY (hold.event_types))
                AND (hold.from_time IS NULL OR entry.event_time >= hold.from_time)
                AND (hold.to_time IS NULL OR entry.event_time < hold.to_time))
LIMIT 20;

-- name: doctor_find_node
SELECT hash
FROM ledger_node
WHERE customer_id = $1 AND level = $2 AND number = $3;

-- name: doctor_logs_are_of_customers
SELECT head.customer_id::text AS subject
FROM ledger_head AS head
LEFT JOIN customer USING (customer_id)
WHERE customer.customer_id IS NULL AND head.customer_id <> 0
UNION ALL
SELECT 'audit'
WHERE NOT EXISTS (SELECT FROM ledger_head WHERE customer_id = 0)
LIMIT 20;

-- name: doctor_trail_is_its_log
-- Nothing is found that the log does not hold, and nothing is held that cannot be found.
SELECT 'audit/' || COALESCE(found.entry_index, entry.entry_index) AS subject
FROM trail_entry AS found
FULL JOIN (SELECT entry_index, actor, document ->> 'action' AS action,
                  COALESCE(document ->> 'object', '') AS object,
                  COALESCE(document ->> 'customer', '') AS customer,
                  (document ->> 'read')::boolean AS is_read,
                  (document ->> 'time')::timestamptz AS at
           FROM (SELECT entry_index, convert_from(leaf, 'UTF8')::json ->> 'actor' AS actor,
                        convert_from(leaf, 'UTF8')::json -> 'audit' AS document
                 FROM ledger_entry
                 WHERE customer_id = 0) AS leaves) AS entry
       ON entry.entry_index = found.entry_index AND entry.actor = found.actor
      AND entry.action = found.action AND entry.object = found.object
      AND entry.customer = found.customer AND entry.is_read = found.is_read
      AND entry.at = found.at
WHERE found.entry_index IS NULL OR entry.entry_index IS NULL
UNION ALL
SELECT 'audit/' || entry_index
FROM trail_entry
WHERE marks <> (SELECT array_agg(get_byte(hash, 0) * 256 + get_byte(hash, 1) ORDER BY place)
                FROM unnest(ARRAY[actor, action, object, customer]) WITH ORDINALITY AS named (name, place)
                CROSS JOIN LATERAL (SELECT sha256(convert_to(name, 'UTF8')) AS hash) AS hashed)
ORDER BY 1
LIMIT 20;

-- name: doctor_trail_flows
SELECT 'waits since ' || min(staged_at)::text AS subject
FROM trail_staged
HAVING min(staged_at) < now() - interval '1 minute';

-- name: doctor_approvals_are_signed
SELECT approval.approval_id AS subject
FROM approval
LEFT JOIN signature USING (approval_id)
WHERE approval.status = 'approved' AND approval.signed
  AND (signature.approval_id IS NULL OR signature.sha256 <> sha256(signature.document)
       OR convert_from(signature.document, 'UTF8')::json ->> 'document_sha256'
          <> encode(sha256(convert_to(approval.document, 'UTF8')), 'hex'))
LIMIT 20;

-- name: doctor_customer_is_its_last_version
SELECT customer.key AS subject
FROM customer
LEFT JOIN LATERAL (SELECT document
                   FROM customer_version AS version
                   WHERE version.customer_id = customer.customer_id
                   ORDER BY version DESC
                   LIMIT 1) AS last ON true
WHERE last.document IS DISTINCT FROM customer.document
LIMIT 20;

-- name: doctor_catalog_versions_exist
SELECT item.kind || ' ' || item.key AS subject
FROM catalog_item AS item
LEFT JOIN catalog_version AS version USING (kind, key, version)
WHERE version.version IS NULL
UNION ALL
SELECT 'subscription ' || segment.subscription_id
FROM subscription_segment AS segment
LEFT JOIN catalog_version AS version
       ON version.kind = 'plan' AND version.key = segment.plan_key AND version.version = segment.plan_version
WHERE version.version IS NULL
UNION ALL
SELECT 'subscription ' || segment.subscription_id
FROM subscription_segment AS segment
CROSS JOIN LATERAL jsonb_each_text(segment.metrics::jsonb) AS pinned (key, version)
LEFT JOIN catalog_version AS version
       ON version.kind = 'metric' AND version.key = pinned.key AND version.version = pinned.version::bigint
WHERE version.version IS NULL
LIMIT 20;

-- name: doctor_subscription_starts_with_a_plan
SELECT subscription_id AS subject
FROM subscription
LEFT JOIN subscription_segment AS segment USING (subscription_id)
GROUP BY subscription_id
HAVING min(segment.starts_at) IS DISTINCT FROM subscription.starts_at
LIMIT 20;

-- name: doctor_one_invoice_a_period
SELECT subscription_id || '/' || period_number AS subject
FROM invoice
WHERE status <> 'void'
GROUP BY subscription_id, period_number
HAVING count(*) > 1
LIMIT 20;

-- name: doctor_periods_meet
SELECT subscription_id || '/' || period_number AS subject
FROM (SELECT subscription_id, period_number, period_start,
             lag(period_number) OVER periods AS number_before, lag(period_end) OVER periods AS end_before
      FROM invoice
      WHERE status <> 'void'
      WINDOW periods AS (PARTITION BY subscription_id ORDER BY period_number)) AS following
WHERE number_before = period_number - 1 AND period_start <> end_before
LIMIT 20;

-- name: doctor_closings_bill_what_was_late
-- Statements without days behind the first period.
SELECT invoice.number AS subject
FROM invoice
JOIN subscription USING (subscription_id)
CROSS JOIN LATERAL (
    SELECT convert_from(invoice.statement, 'UTF8')::jsonb -> 'lines' AS lines OFFSET 0) AS said
WHERE invoice.status = 'issued' AND invoice.period_number > 1
  AND invoice.period_start = invoice.period_end
  AND (subscription.ends_at IS DISTINCT FROM invoice.period_end
       OR jsonb_array_length(said.lines) = 0
       OR EXISTS (SELECT
                  FROM jsonb_array_elements(said.lines) AS line
                  WHERE line ->> 'kind' <> 'adjustment'))
LIMIT 20;

-- name: doctor_drafts_have_no_number
SELECT invoice_id AS subject
FROM invoice
WHERE (status = 'draft') <> (number IS NULL) OR (status = 'draft') <> (statement IS NULL)
   OR (status = 'draft') <> (ledger_index IS NULL) OR (status = 'draft') <> (issued_at IS NULL)
   OR (status = 'void') <> (voided_at IS NOT NULL)
LIMIT 20;

-- name: doctor_numbers_have_no_gap
-- A statement below zero has a credit note's number, and stands among the notes too.
WITH given AS (
    SELECT 'invoice' AS series, number
    FROM invoice
    WHERE number NOT LIKE 'CN-%'
    UNION ALL
    SELECT 'credit_note', substr(number, 4)
    FROM credit_note
), counted AS (
    SELECT series, split_part(number, '-', 1)::bigint AS year, count(DISTINCT number) AS numbers,
           count(*) AS holders, min(split_part(number, '-', 2)::bigint) AS first,
           max(split_part(number, '-', 2)::bigint) AS last
    FROM given
    GROUP BY 1, 2
)
SELECT series || 's of ' || year AS subject
FROM counted
FULL JOIN (SELECT series, year, last AS taken FROM invoice_series) AS taken USING (series, year)
WHERE counted.last IS DISTINCT FROM taken.taken OR counted.numbers <> counted.last
   OR counted.holders <> counted.numbers OR counted.first <> 1
LIMIT 20;

-- name: doctor_numbers_are_of_their_year
SELECT number AS subject
FROM (SELECT number, issued_at, total LIKE '-%' AS note FROM invoice WHERE number IS NOT NULL
      UNION ALL
      SELECT number, issued_at, true FROM credit_note) AS given
CROSS JOIN LATERAL (SELECT CASE WHEN note THEN substr(number, 4) ELSE number END AS plain) AS parsed
WHERE plain !~ '^[0-9]{4,}-[0-9]{6,}$' OR (note AND number NOT LIKE 'CN-%')
   OR split_part(plain, '-', 1) <> extract(year FROM issued_at AT TIME ZONE 'UTC')::text
LIMIT 20;

-- name: doctor_issued_after_its_period
SELECT number AS subject
FROM invoice
WHERE issued_at < period_end
LIMIT 20;

-- name: doctor_row_is_its_statement
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
WHERE statement IS NOT NULL
  AND (said->>'number' IS DISTINCT FROM number OR said->>'id' IS DISTINCT FROM invoice_id
       OR said->>'total' IS DISTINCT FROM total OR said->>'currency' IS DISTINCT FROM currency
       OR said->>'subscription' IS DISTINCT FROM subscription_id
       OR (said->'period'->>'start')::timestamptz IS DISTINCT FROM period_start
       OR (said->'period'->>'end')::timestamptz IS DISTINCT FROM period_end
       OR (said->'ledger'->>'size')::bigint IS DISTINCT FROM ledger_size)
LIMIT 20;

-- name: doctor_statement_is_its_entry
SELECT invoice.number AS subject
FROM invoice
LEFT JOIN ledger_entry AS entry
       ON entry.customer_id = invoice.customer_id AND entry.entry_index = invoice.ledger_index
WHERE invoice.statement IS NOT NULL
  AND (entry.kind IS DISTINCT FROM CASE WHEN invoice.number LIKE 'CN-%' THEN 6 ELSE 5 END
       OR convert_from(entry.leaf, 'UTF8')::jsonb
          -> CASE WHEN invoice.number LIKE 'CN-%' THEN 'credit_note' ELSE 'invoice' END
          IS DISTINCT FROM convert_from(invoice.statement, 'UTF8')::jsonb)
LIMIT 20;

-- name: doctor_statement_is_of_its_log
SELECT number AS subject
FROM invoice
WHERE statement IS NOT NULL AND ledger_size IS DISTINCT FROM ledger_index
LIMIT 20;

-- name: doctor_void_is_in_the_log
SELECT COALESCE(invoice.number, logged.number) AS subject
FROM (SELECT number, invoice_id, customer_id FROM invoice WHERE status = 'void') AS invoice
FULL JOIN (SELECT customer_id, convert_from(leaf, 'UTF8')::jsonb->'adjustment'->>'invoice' AS invoice_id,
                  convert_from(leaf, 'UTF8')::jsonb->'adjustment'->>'number' AS number
           FROM ledger_entry
           WHERE kind = 7 AND convert_from(leaf, 'UTF8')::jsonb->'adjustment'->>'action' = 'void') AS logged
     USING (customer_id, invoice_id)
WHERE invoice.number IS DISTINCT FROM logged.number
LIMIT 20;

-- name: doctor_money_has_its_digits
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
CROSS JOIN LATERAL (
    SELECT said->>member AS amount
    FROM unnest(ARRAY['subtotal', 'discounts', 'total', 'credits', 'amount_due']) AS member
    UNION ALL
    SELECT line->>member
    FROM jsonb_array_elements(said->'lines') AS line, unnest(ARRAY['amount', 'discount']) AS member
    UNION ALL
    SELECT tax->>member
    FROM jsonb_array_elements(said->'tax') AS tax, unnest(ARRAY['base', 'amount']) AS member
) AS amounts
WHERE statement IS NOT NULL AND amount IS NOT NULL
GROUP BY number, said->>'total'
HAVING count(DISTINCT scale(amount::numeric)) > 1 OR min(scale(amount::numeric)) <> scale((said->>'total')::numeric)
LIMIT 20;

-- name: doctor_lines_add_up
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
WHERE statement IS NOT NULL
  AND (said->>'subtotal')::numeric
      <> (SELECT COALESCE(sum((line->>'amount')::numeric), 0) FROM jsonb_array_elements(said->'lines') AS line)
LIMIT 20;

-- name: doctor_tiers_add_up
-- Of models whose tiers share the quantity out; the first units may have been free.
SELECT number || ' ' || (line->>'key') AS subject
FROM invoice
CROSS JOIN LATERAL jsonb_array_elements(convert_from(statement, 'UTF8')::jsonb->'lines') AS line
WHERE statement IS NOT NULL AND line->>'model' IN ('graduated', 'graduated_percentage') AND line->'tiers' IS NOT NULL
  AND (SELECT COALESCE(sum((tier->>'quantity')::numeric), 0) FROM jsonb_array_elements(line->'tiers') AS tier)
      > (line->>'quantity')::numeric
  AND (line->>'quantity')::numeric >= 0
LIMIT 20;

-- name: doctor_discounts_add_up
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
WHERE statement IS NOT NULL
  AND (said->>'discounts')::numeric
      <> (SELECT COALESCE(sum((line->>'discount')::numeric), 0) FROM jsonb_array_elements(said->'lines') AS line)
LIMIT 20;

-- name: doctor_discounts_stay_within_lines
SELECT number || ' ' || (line->>'key') AS subject
FROM invoice
CROSS JOIN LATERAL jsonb_array_elements(convert_from(statement, 'UTF8')::jsonb->'lines') AS line
WHERE statement IS NOT NULL
  AND abs((line->>'discount')::numeric) > abs((line->>'amount')::numeric)
LIMIT 20;

-- name: doctor_tax_base_is_what_was_charged
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
CROSS JOIN LATERAL jsonb_array_elements(said->'tax') AS tax
WHERE statement IS NOT NULL
  AND (tax->>'base')::numeric <> (said->>'subtotal')::numeric - (said->>'discounts')::numeric
LIMIT 20;

-- name: doctor_tax_is_its_share
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL jsonb_array_elements(convert_from(statement, 'UTF8')::jsonb->'tax') AS tax
WHERE statement IS NOT NULL
  AND abs((tax->>'base')::numeric * (tax->>'percent')::numeric / 100 - (tax->>'amount')::numeric)
      > 0.5 * power(10::numeric, - scale((tax->>'amount')::numeric))
LIMIT 20;

-- name: doctor_exempt_pays_no_tax
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
WHERE statement IS NOT NULL AND said->>'exempt_reason' IS NOT NULL AND jsonb_array_length(said->'tax') > 0
LIMIT 20;

-- name: doctor_total_adds_up
SELECT number AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
WHERE statement IS NOT NULL
  AND ((said->>'total')::numeric
       <> (said->>'subtotal')::numeric - (said->>'discounts')::numeric
          + (SELECT COALESCE(sum((tax->>'amount')::numeric), 0) FROM jsonb_array_elements(said->'tax') AS tax)
       OR (said->>'amount_due')::numeric <> (said->>'total')::numeric - (said->>'credits')::numeric)
LIMIT 20;

-- name: doctor_below_zero_is_a_note
SELECT invoice.number AS subject
FROM invoice
LEFT JOIN credit_note AS note ON note.invoice_id = invoice.invoice_id AND note.own_statement
WHERE invoice.statement IS NOT NULL
  AND ((invoice.total LIKE '-%') <> (invoice.number LIKE 'CN-%')
       OR (invoice.total LIKE '-%') <> (note.number IS NOT NULL)
       OR note.number <> invoice.number
       OR note.minor <> - replace(invoice.total, '.', '')::bigint)
LIMIT 20;

-- name: doctor_discounts_are_used_as_named
SELECT COALESCE(named.number, invoice.number) AS subject
FROM (SELECT invoice_id, number, detail->>'id' AS discount_id
      FROM invoice
      CROSS JOIN LATERAL jsonb_array_elements(convert_from(statement, 'UTF8')::jsonb->'discount_details') AS detail
      WHERE statement IS NOT NULL) AS named
FULL JOIN discount_use USING (invoice_id, discount_id)
LEFT JOIN invoice ON invoice.invoice_id = discount_use.invoice_id
WHERE named.number IS NULL OR discount_use.invoice_id IS NULL
LIMIT 20;

-- name: doctor_discounts_end
SELECT discount.discount_id AS subject
FROM discount
JOIN discount_use USING (discount_id)
JOIN invoice USING (invoice_id)
WHERE invoice.status = 'issued' AND discount.periods > 0
GROUP BY discount.discount_id, discount.periods
HAVING count(*) > discount.periods
LIMIT 20;

-- name: doctor_wallets_are_never_negative
SELECT credit.credit_id AS subject
FROM wallet_credit AS credit
JOIN wallet_use AS taken USING (credit_id)
JOIN invoice USING (invoice_id)
WHERE invoice.status = 'issued'
GROUP BY credit.credit_id, credit.minor
HAVING sum(taken.minor) > credit.minor
LIMIT 20;

-- name: doctor_credit_is_taken_as_stated
SELECT COALESCE(stated.number, invoice.number) AS subject
FROM (SELECT invoice_id, number, taken->>'id' AS credit_id,
             replace(taken->>'amount', '.', '')::bigint AS minor
      FROM invoice
      CROSS JOIN LATERAL jsonb_array_elements(convert_from(statement, 'UTF8')::jsonb->'credits_applied') AS taken
      WHERE statement IS NOT NULL) AS stated
FULL JOIN wallet_use USING (invoice_id, credit_id)
LEFT JOIN invoice ON invoice.invoice_id = wallet_use.invoice_id
WHERE stated.minor IS DISTINCT FROM wallet_use.minor
UNION
SELECT number
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
WHERE statement IS NOT NULL
  AND (said->>'credits')::numeric
      <> (SELECT COALESCE(sum((taken->>'amount')::numeric), 0)
          FROM jsonb_array_elements(said->'credits_applied') AS taken)
LIMIT 20;

-- name: doctor_expired_credit_is_gone
SELECT invoice.number AS subject
FROM wallet_use
JOIN wallet_credit USING (credit_id)
JOIN invoice USING (invoice_id)
WHERE wallet_credit.expires_at <= invoice.issued_at OR wallet_credit.customer_id <> invoice.customer_id
LIMIT 20;

-- name: doctor_payments_stay_within_what_is_due
SELECT invoice.number AS subject
FROM invoice
JOIN payment USING (invoice_id)
WHERE payment.reversed_at IS NULL
GROUP BY invoice.invoice_id
HAVING sum(payment.minor) > replace(invoice.due, '.', '')::bigint OR invoice.status <> 'issued'
LIMIT 20;

-- name: doctor_due_is_stated
SELECT number AS subject
FROM invoice
WHERE statement IS NOT NULL
  AND due IS DISTINCT FROM convert_from(statement, 'UTF8')::jsonb->>'amount_due'
LIMIT 20;

-- name: doctor_notes_stay_within_invoices
SELECT invoice.number AS subject
FROM invoice
JOIN credit_note AS note USING (invoice_id)
WHERE NOT note.own_statement
GROUP BY invoice.invoice_id
HAVING sum(note.minor) > replace(invoice.total, '.', '')::bigint OR invoice.status <> 'issued'
UNION
SELECT invoice.number
FROM invoice
JOIN (SELECT note.invoice_id, line.key, sum(line.minor) AS minor
      FROM credit_note AS note
      JOIN credit_note_line AS line USING (credit_note_id)
      WHERE NOT note.own_statement
      GROUP BY 1, 2) AS credited USING (invoice_id)
WHERE credited.minor > (SELECT COALESCE(sum(replace(line->>'amount', '.', '')::bigint
                                            - replace(line->>'discount', '.', '')::bigint), 0)
                        FROM jsonb_array_elements(convert_from(invoice.statement, 'UTF8')::jsonb->'lines') AS line
                        WHERE line->>'key' = credited.key)
LIMIT 20;

-- name: doctor_notes_are_their_entries
SELECT note.number AS subject
FROM credit_note AS note
LEFT JOIN ledger_entry AS entry
       ON entry.customer_id = note.customer_id AND entry.entry_index = note.ledger_index
WHERE entry.kind IS DISTINCT FROM 6
   OR (NOT note.own_statement
       AND convert_from(entry.leaf, 'UTF8')::jsonb->'credit_note' IS DISTINCT FROM note.document::jsonb)
   OR note.document::jsonb->>'number' <> note.number
   OR (SELECT jsonb_object_agg(key, minor) FROM credit_note_line AS line WHERE line.credit_note_id = note.credit_note_id)
      IS DISTINCT FROM
      (SELECT jsonb_object_agg(line->>'key', replace(line->>'amount', '.', '')::bigint)
       FROM jsonb_array_elements(note.document::jsonb->'lines') AS line)
LIMIT 20;

-- name: doctor_notes_add_up
SELECT note.number AS subject
FROM credit_note AS note
CROSS JOIN LATERAL (SELECT note.document::jsonb AS said) AS parsed
WHERE (said->>'subtotal')::numeric
      <> (SELECT COALESCE(sum((line->>'amount')::numeric), 0) FROM jsonb_array_elements(said->'lines') AS line)
   OR (said->>'total')::numeric
      <> (said->>'subtotal')::numeric
         + (SELECT COALESCE(sum((tax->>'amount')::numeric), 0) FROM jsonb_array_elements(said->'tax') AS tax)
   OR replace(said->>'total', '.', '')::bigint <> note.minor
LIMIT 20;

-- name: doctor_adjustments_are_their_lines
SELECT COALESCE(stated.number, invoice.number) AS subject
FROM (SELECT invoice_id, number, (line->'period'->>'number')::bigint AS period_number, line->>'key' AS key,
             replace(line->>'amount', '.', '')::bigint AS minor
      FROM invoice
      CROSS JOIN LATERAL jsonb_array_elements(convert_from(statement, 'UTF8')::jsonb->'lines') AS line
      WHERE statement IS NOT NULL AND line->>'kind' = 'adjustment') AS stated
FULL JOIN invoice_adjustment AS kept USING (invoice_id, period_number, key)
LEFT JOIN invoice ON invoice.invoice_id = kept.invoice_id
WHERE stated.minor IS DISTINCT FROM kept.minor
LIMIT 20;

-- name: doctor_adjustments_name_a_statement
SELECT DISTINCT invoice.number AS subject
FROM invoice_adjustment AS kept
JOIN invoice USING (invoice_id)
LEFT JOIN invoice AS corrected
       ON corrected.subscription_id = kept.subscription_id AND corrected.period_number = kept.period_number
      AND corrected.ledger_index < invoice.ledger_index
WHERE corrected.invoice_id IS NULL OR invoice.subscription_id <> kept.subscription_id
LIMIT 20;

-- name: doctor_settlements_are_in_the_log
WITH logged AS (
    SELECT customer_id, convert_from(leaf, 'UTF8')::jsonb->'adjustment' AS said
    FROM ledger_entry
    WHERE kind = 7
), stated AS (
    SELECT customer_id, said->>'action' AS action, said->>'id' AS id,
           replace(said->>'amount', '.', '') AS minor
    FROM logged
    WHERE said->>'action' IN ('credit', 'discount', 'discount_end', 'payment', 'payment_reversal')
), kept AS (
    SELECT customer_id, 'credit' AS action, credit_id AS id, minor::text AS minor FROM wallet_credit
    UNION ALL
    SELECT customer_id, 'discount', discount_id, replace(document::jsonb->>'amount', '.', '') FROM discount
    UNION ALL
    SELECT customer_id, 'discount_end', discount_id, NULL FROM discount WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT customer_id, 'payment', payment_id, minor::text FROM payment
    UNION ALL
    SELECT customer_id, 'payment_reversal', payment_id, NULL FROM payment WHERE reversed_at IS NOT NULL
)
SELECT DISTINCT COALESCE(kept.id, stated.id) AS subject
FROM stated
FULL JOIN kept USING (customer_id, action, id)
WHERE kept.id IS NULL OR stated.id IS NULL
   OR ltrim(kept.minor, '0') IS DISTINCT FROM ltrim(stated.minor, '0')
LIMIT 20;

-- name: doctor_books_balance
SELECT min(journal_number) AS subject
FROM accounting_posting
GROUP BY document, document_id
HAVING sum(minor) <> 0 OR min(currency) <> max(currency)
LIMIT 20;

-- name: doctor_receivables_are_what_is_owed
-- By the log alone.
WITH logged AS (
    SELECT customer_id, convert_from(leaf, 'UTF8')::jsonb AS said
    FROM ledger_entry
    WHERE kind IN (5, 6, 7)
), done AS (
    SELECT customer_id, said -> 'adjustment' ->> 'action' AS action, said -> 'adjustment' AS said
    FROM logged
    WHERE said ? 'adjustment'
), statement AS (
    SELECT customer_id, COALESCE(said -> 'invoice', said -> 'credit_note') AS said
    FROM logged
    WHERE said ? 'invoice' OR said -> 'credit_note' ? 'amount_due'
), part AS (
    SELECT customer_id, said ->> 'currency' AS currency, said ->> 'amount_due' AS amount, 1 AS sign
    FROM statement
    WHERE NOT EXISTS (SELECT FROM done WHERE action = 'void' AND done.said -> 'invoice' = statement.said -> 'id')
    UNION ALL
    SELECT customer_id, said -> 'credit_note' ->> 'currency', said -> 'credit_note' ->> 'total', -1
    FROM logged
    WHERE said ? 'credit_note' AND NOT said -> 'credit_note' ? 'amount_due'
    UNION ALL
    SELECT customer_id, said ->> 'currency', said ->> 'amount', -1
    FROM done
    WHERE action = 'payment'
      AND NOT EXISTS (SELECT FROM done AS back
                      WHERE back.action = 'payment_reversal' AND back.said -> 'id' = done.said -> 'id')
), owed AS (
    SELECT customer_id, currency, sum(sign * replace(amount, '.', '')::bigint) AS minor
    FROM part
    GROUP BY 1, 2
), posted AS (
    SELECT customer_id, currency, sum(minor) AS minor
    FROM accounting_posting
    WHERE account = 'receivable'
    GROUP BY 1, 2
)
SELECT customer.key || ' ' || COALESCE(posted.currency, owed.currency) AS subject
FROM posted
FULL JOIN owed USING (customer_id, currency)
JOIN customer USING (customer_id)
WHERE COALESCE(posted.minor, 0) <> COALESCE(owed.minor, 0)
LIMIT 20;

-- name: doctor_prepaid_is_what_is_left
-- When all that can expire has: so no clock is asked.
WITH posted AS (
    SELECT customer_id, currency, - sum(minor) AS minor
    FROM accounting_posting
    WHERE account = 'prepaid'
    GROUP BY 1, 2
), kept AS (
    SELECT credit.customer_id, credit.currency,
           sum(credit.minor - COALESCE((SELECT sum(taken.minor)
                                        FROM wallet_use AS taken
                                        JOIN invoice USING (invoice_id)
                                        WHERE taken.credit_id = credit.credit_id AND invoice.status = 'issued'),
                                       0)) AS minor
    FROM wallet_credit AS credit
    WHERE credit.paid AND credit.expires_at IS NULL
    GROUP BY 1, 2
)
SELECT customer.key || ' ' || COALESCE(posted.currency, kept.currency) AS subject
FROM posted
FULL JOIN kept USING (customer_id, currency)
JOIN customer USING (customer_id)
WHERE COALESCE(posted.minor, 0) <> COALESCE(kept.minor, 0)
LIMIT 20;

-- name: doctor_line_events_lie_in_the_log
SELECT number || ' ' || (line->>'key') AS subject
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(statement, 'UTF8')::jsonb AS said) AS parsed
CROSS JOIN LATERAL jsonb_array_elements(said->'lines') AS line
WHERE statement IS NOT NULL AND line->'events' IS NOT NULL
  AND ((line->'events'->>'to_index')::bigint > (said->'ledger'->>'size')::bigint
       OR (line->'events'->>'count')::bigint
          > (line->'events'->>'to_index')::bigint - (line->'events'->>'from_index')::bigint)
LIMIT 20;

-- name: doctor_wrapped_keys_name_their_master
SELECT DISTINCT customer.key AS subject
FROM token_key
JOIN customer USING (customer_id)
WHERE token_key.sealed IS NOT NULL AND token_key.wrapped_by IS NOT NULL
  AND NOT EXISTS (SELECT FROM master_key WHERE master_key.key_id = token_key.wrapped_by)
LIMIT 20;

-- name: doctor_codes_have_their_key
SELECT customer.key AS subject
FROM customer
WHERE EXISTS (SELECT
              FROM token_code AS code
              WHERE code.customer_id = customer.customer_id
                AND NOT EXISTS (SELECT
                                FROM token_key
                                WHERE token_key.customer_id = code.customer_id AND token_key.scope = code.scope
                                  AND token_key.purpose = 'crosswalk' AND token_key.sealed IS NOT NULL))
LIMIT 20;

-- name: doctor_backfills_are_whole
SELECT backfill.backfill_id AS subject
FROM backfill
WHERE backfill.status = 'committed'
  AND EXISTS (SELECT
              FROM staged_event AS staged
              WHERE staged.customer_id = backfill.customer_id AND staged.backfill_id = backfill.backfill_id)
LIMIT 20;

-- name: doctor_attestations_are_of_events
SELECT attestation_id AS subject
FROM attestation
WHERE last_seq - first_seq + 1 <> (SELECT count(*)
                                   FROM attested_entry AS attested
                                   JOIN ledger_entry AS entry USING (customer_id, entry_index)
                                   WHERE attested.attestation_id = attestation.attestation_id
                                     AND attested.customer_id = attestation.customer_id
                                     AND entry.kind = 0)
LIMIT 20;

-- name: doctor_reconciliations_are_whole
SELECT reconciliation.reconciliation_id AS subject
FROM reconciliation
WHERE ids <> (SELECT count(*)
              FROM reconciled_id AS kept
              WHERE kept.customer_id = reconciliation.customer_id
                AND kept.reconciliation_id = reconciliation.reconciliation_id)
LIMIT 20;

-- name: doctor_exports_are_kept
SELECT export_id AS subject
FROM export
WHERE (status = 'ready') <> (path IS NOT NULL AND bytes > 0 AND finished_at IS NOT NULL)
  AND status <> 'failed'
LIMIT 20;

-- name: doctor_reports_are_as_given_out
SELECT scope || ' ' || metric || ' ' || version AS subject
FROM report_publication AS report
WHERE sha256 <> sha256(convert_to(cells, 'UTF8'))
   OR (version > 1
       AND NOT EXISTS (SELECT
                       FROM report_publication AS before
                       WHERE before.scope = report.scope AND before.metric = report.metric
                         AND before.metric_version = report.metric_version AND before.axes = report.axes
                         AND before.from_at = report.from_at AND before.to_at = report.to_at
                         AND before.version = report.version - 1))
LIMIT 20;

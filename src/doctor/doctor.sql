-- What `phial doctor` asks. Each check yields a row for what is not as it should be: `subject` names
-- it by a customer's key, an invoice's number or id, an index of a log; never by content.

-- name: doctor_server_clock
SELECT clock_timestamp() AS now;

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
  AND (class.relname ~ '^ledger_(entry(_[0-9]+)?|node)$'
       OR (class.relname = 'ledger_head' AND forbidden.privilege <> 'UPDATE'))
  AND has_table_privilege('phial_daemon', class.oid, forbidden.privilege)
ORDER BY 1
LIMIT 20;

-- name: doctor_guards_stand
-- Two a table: of rows and of TRUNCATE. The partitioned table's own fire for nobody, being on its
-- partitions.
SELECT class.relname AS subject
FROM pg_class AS class
WHERE class.relkind = 'r' AND class.relname ~ '^ledger_(entry_[0-9]+|node|head)$'
  AND (SELECT count(*)
       FROM pg_trigger AS guard
       JOIN pg_proc AS refusal ON refusal.oid = guard.tgfoid
       WHERE guard.tgrelid = class.oid AND guard.tgenabled = 'A'
         AND refusal.proname = 'ledger_is_append_only') < 2
UNION ALL
SELECT 'ledger_entry'
WHERE (SELECT count(*) FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass) <> 16
LIMIT 20;

-- name: doctor_unique_keys_stand
SELECT wanted.name AS subject
FROM (VALUES ('ledger_entry_pkey'), ('ledger_entry_identity'), ('ledger_entry_void'),
             ('ledger_head_pkey'), ('invoice_one_per_period'), ('invoice_number_key'),
             ('invoice_series_pkey'), ('token_key_pkey'), ('token_code_pkey'), ('staged_event_identity'))
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
SELECT customer.key AS subject
FROM ledger_head AS head
JOIN customer USING (customer_id)
LEFT JOIN (SELECT customer_id, count(*) AS entries, min(entry_index) AS first, max(entry_index) AS last
           FROM ledger_entry
           GROUP BY customer_id) AS log USING (customer_id)
WHERE COALESCE(log.entries, 0) <> head.size
   OR (log.entries > 0 AND (log.first <> 0 OR log.last <> head.size - 1))
ORDER BY 1
LIMIT 20;

-- name: doctor_ledger_has_its_heads
SELECT DISTINCT entry.customer_id::text AS subject
FROM ledger_entry AS entry
LEFT JOIN ledger_head AS head USING (customer_id)
WHERE entry.entry_index = 0 AND head.customer_id IS NULL
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
SELECT head.customer_id, customer.key, head.size, head.nodes
FROM ledger_head AS head
JOIN customer USING (customer_id)
WHERE head.customer_id > $1
ORDER BY head.customer_id
LIMIT $2;

-- name: doctor_each_entry
SELECT entry_index, kind, identity, event_time, reference, leaf
FROM ledger_entry
WHERE customer_id = $1 AND entry_index >= $2 AND entry_index < $3
ORDER BY entry_index;

-- name: doctor_find_node
SELECT hash
FROM ledger_node
WHERE customer_id = $1 AND level = $2 AND number = $3;

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

-- name: doctor_drafts_have_no_number
SELECT invoice_id AS subject
FROM invoice
WHERE (status = 'draft') <> (number IS NULL) OR (status = 'draft') <> (statement IS NULL)
   OR (status = 'draft') <> (ledger_index IS NULL) OR (status = 'draft') <> (issued_at IS NULL)
   OR (status = 'void') <> (voided_at IS NOT NULL)
LIMIT 20;

-- name: doctor_numbers_have_no_gap
SELECT 'invoices of ' || COALESCE(given.year, series.year) AS subject
FROM (SELECT split_part(number, '-', 1)::bigint AS year, count(DISTINCT number) AS numbers,
             count(*) AS invoices, min(split_part(number, '-', 2)::bigint) AS first,
             max(split_part(number, '-', 2)::bigint) AS last
      FROM invoice
      WHERE number IS NOT NULL
      GROUP BY 1) AS given
FULL JOIN (SELECT year, last FROM invoice_series WHERE series = 'invoice') AS series USING (year)
WHERE given.last IS DISTINCT FROM series.last OR given.numbers <> given.last
   OR given.invoices <> given.numbers OR given.first <> 1
LIMIT 20;

-- name: doctor_numbers_are_of_their_year
SELECT number AS subject
FROM invoice
WHERE number IS NOT NULL
  AND (number !~ '^[0-9]{4,}-[0-9]{6,}$'
       OR split_part(number, '-', 1)::int <> extract(year FROM issued_at AT TIME ZONE 'UTC')::int)
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
  AND (entry.kind IS DISTINCT FROM 5
       OR convert_from(entry.leaf, 'UTF8')::jsonb->'invoice'
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

-- name: doctor_exports_are_kept
SELECT export_id AS subject
FROM export
WHERE (status = 'ready') <> (path IS NOT NULL AND bytes > 0 AND finished_at IS NOT NULL)
  AND status <> 'failed'
LIMIT 20;

-- What the views of migrations/0020_accounting.sql are asked for.

-- name: accounting_journal
-- The currencies, then the accounts, then the postings in the order of their documents, all of one
-- snapshot.
WITH chosen AS MATERIALIZED (
    SELECT posting.document, posting.document_id, posting.invoice_id, posting.number,
           posting.journal_number, posting.note, posting.at, posting.place, posting.currency, posting.minor,
           posting.account, customer.key AS customer, customer.document::json ->> 'name' AS customer_name,
           to_char(posting.at AT TIME ZONE posting.time_zone, 'YYYY-MM-DD') AS date,
           CASE WHEN posting.account IN ('receivable', 'prepaid') THEN customer.key ELSE posting.part END AS part
    FROM accounting_posting AS posting
    JOIN customer USING (customer_id)
    WHERE ($1 = 0 OR posting.customer_id = $1)
      AND ($2::text IS NULL OR posting.currency = $2)
      AND posting.at <= $6
      AND CASE WHEN $3 THEN posting.recorded_at ELSE posting.at END >= COALESCE($4::timestamptz, '-infinity')
      AND CASE WHEN $3 THEN posting.recorded_at ELSE posting.at END < COALESCE($5::timestamptz, 'infinity')
)
SELECT line.*
FROM (
    SELECT 0 AS section, currency, '' AS account, '' AS part, '' AS document, '' AS document_id, '' AS invoice_id,
           '' AS number, '' AS journal_number, '' AS note, NULL::timestamptz AS at, '' AS customer,
           '' AS customer_name, '' AS date, 0::bigint AS place, 0::bigint AS minor
    FROM chosen
    GROUP BY currency
    UNION ALL
    SELECT 1, '', account, part, '', '', '', '', '', '', NULL, '', '', '', 0, 0
    FROM chosen
    GROUP BY account, part
    UNION ALL
    SELECT 2, currency, account, part, document, document_id, invoice_id, number, journal_number, note, at,
           customer, customer_name, date, place, minor
    FROM chosen
) AS line
ORDER BY section, date COLLATE "C", at, document_id COLLATE "C", document COLLATE "C", place, account COLLATE "C",
         part COLLATE "C", currency COLLATE "C";

-- name: accounting_revenue
-- Income is a credit: the signs are turned.
SELECT (CASE WHEN $7 THEN customer.key ELSE '' END) COLLATE "C" AS customer,
       (CASE WHEN $8 THEN posting.plan ELSE '' END) COLLATE "C" AS plan,
       (CASE WHEN $9 THEN posting.part ELSE '' END) COLLATE "C" AS charge,
       (CASE WHEN $10 THEN posting.metric ELSE '' END) COLLATE "C" AS metric,
       (CASE WHEN $11 THEN to_char(posting.at AT TIME ZONE posting.time_zone, 'YYYY-MM') ELSE '' END) COLLATE "C" AS month,
       posting.currency,
       COALESCE(- sum(posting.minor) FILTER (WHERE posting.document = 'invoice' AND posting.account <> 'discount'), 0)::bigint AS billed,
       COALESCE(- sum(posting.minor) FILTER (WHERE posting.document = 'invoice' AND posting.account = 'discount'), 0)::bigint AS discounts,
       COALESCE(- sum(posting.minor) FILTER (WHERE posting.document = 'credit_note'), 0)::bigint AS credited,
       COALESCE(- sum(posting.minor) FILTER (WHERE posting.document = 'void' AND posting.account <> 'breakage'), 0)::bigint AS voided,
       COALESCE(- sum(posting.minor) FILTER (WHERE posting.account = 'breakage'), 0)::bigint AS breakage,
       (- sum(posting.minor))::bigint AS revenue
FROM accounting_posting AS posting
JOIN customer USING (customer_id)
WHERE ($1 = 0 OR posting.customer_id = $1)
  AND ($2::text IS NULL OR posting.currency = $2)
  AND posting.at >= COALESCE($3::timestamptz, '-infinity')
  AND posting.at < COALESCE($4::timestamptz, 'infinity')
  AND posting.at <= $5
  AND posting.account IN ('usage', 'fixed', 'commitment', 'adjustment', 'discount', 'breakage')
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6
LIMIT $6;

-- name: accounting_aging
-- What was open at $3, by how many local days it was past due then. What is owed to a customer is
-- apart: it is of no age.
SELECT customer.key AS customer, open.currency,
       COALESCE(sum(open.minor) FILTER (WHERE open.minor > 0 AND open.days <= 0), 0)::bigint AS current,
       COALESCE(sum(open.minor) FILTER (WHERE open.minor > 0 AND open.days BETWEEN 1 AND 30), 0)::bigint AS days_1_30,
       COALESCE(sum(open.minor) FILTER (WHERE open.minor > 0 AND open.days BETWEEN 31 AND 60), 0)::bigint AS days_31_60,
       COALESCE(sum(open.minor) FILTER (WHERE open.minor > 0 AND open.days BETWEEN 61 AND 90), 0)::bigint AS days_61_90,
       COALESCE(sum(open.minor) FILTER (WHERE open.minor > 0 AND open.days > 90), 0)::bigint AS days_over_90,
       COALESCE(sum(open.minor) FILTER (WHERE open.minor < 0), 0)::bigint AS unapplied,
       sum(open.minor)::bigint AS total
FROM (
    SELECT invoice.customer_id, invoice.currency,
           ($3 AT TIME ZONE zone.name)::date - (invoice.due_at AT TIME ZONE zone.name)::date AS days,
           replace(invoice.due, '.', '')::bigint
           - COALESCE((SELECT sum(payment.minor)
                       FROM payment
                       WHERE payment.invoice_id = invoice.invoice_id AND payment.paid_at <= $3
                         AND (payment.reversed_at IS NULL OR payment.reversed_at > $3)), 0)::bigint
           - COALESCE((SELECT sum(note.minor)
                       FROM credit_note AS note
                       WHERE note.invoice_id = invoice.invoice_id AND NOT note.own_statement
                         AND note.issued_at <= $3), 0)::bigint AS minor
    FROM invoice
    CROSS JOIN LATERAL (
        SELECT convert_from(invoice.statement, 'UTF8')::json -> 'period' ->> 'time_zone' AS name OFFSET 0) AS zone
    WHERE invoice.issued_at <= $3
      AND (invoice.status = 'issued' OR GREATEST(invoice.voided_at, invoice.issued_at) > $3)
      AND ($1 = 0 OR invoice.customer_id = $1)
      AND ($2::text IS NULL OR invoice.currency = $2)
) AS open
JOIN customer USING (customer_id)
WHERE open.minor <> 0
GROUP BY customer.key, open.currency
ORDER BY customer.key COLLATE "C", open.currency COLLATE "C"
LIMIT $4;

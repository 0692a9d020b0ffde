-- What every document means to the books, as views over what is kept already: nothing here is a
-- second truth. A posting's `minor` is in the currency's smallest units, a debit above zero; the
-- postings of a document add up to zero. `part` is what the account is divided by: a customer's key,
-- a line's key, a tax's name and percentage.

-- What a statement posts when it is issued. `place` is its order within the statement; a credit that
-- was taken says when it expires.
CREATE VIEW accounting_statement AS
SELECT invoice.invoice_id, invoice.customer_id, invoice.number, invoice.currency, invoice.status,
       invoice.issued_at, GREATEST(invoice.voided_at, invoice.issued_at) AS voided_at,
       parsed.said -> 'period' ->> 'time_zone' AS time_zone, parsed.said -> 'plan' ->> 'key' AS plan,
       part.account, part.part, part.metric, part.expires_at, part.place, part.minor
FROM invoice
CROSS JOIN LATERAL (SELECT convert_from(invoice.statement, 'UTF8')::jsonb AS said OFFSET 0) AS parsed
CROSS JOIN LATERAL (
    SELECT 'receivable' AS account, '' AS part, '' AS metric, NULL::timestamptz AS expires_at,
           0::bigint AS place, replace(invoice.due, '.', '')::bigint AS minor
    UNION ALL
    SELECT CASE WHEN credit.paid THEN 'prepaid' ELSE 'promotion' END, '', '', credit.expires_at,
           1000000 + credit.made_index, taken.minor
    FROM wallet_use AS taken
    JOIN wallet_credit AS credit USING (credit_id)
    WHERE taken.invoice_id = invoice.invoice_id
    UNION ALL
    SELECT CASE line.value ->> 'kind' WHEN 'usage' THEN 'usage' WHEN 'fixed' THEN 'fixed'
               WHEN 'adjustment' THEN 'adjustment' ELSE 'commitment' END,
           line.value ->> 'key', COALESCE(min(line.value ->> 'metric'), ''), NULL,
           2000000000000 + min(line.place), - sum(replace(line.value ->> 'amount', '.', '')::bigint)::bigint
    FROM jsonb_array_elements(parsed.said -> 'lines') WITH ORDINALITY AS line (value, place)
    GROUP BY 1, 2
    UNION ALL
    SELECT 'discount', line.value ->> 'key', COALESCE(min(line.value ->> 'metric'), ''), NULL,
           3000000000000 + min(line.place), sum(replace(line.value ->> 'discount', '.', '')::bigint)::bigint
    FROM jsonb_array_elements(parsed.said -> 'lines') WITH ORDINALITY AS line (value, place)
    GROUP BY 2
    UNION ALL
    SELECT 'tax', tax.part, '', NULL, 4000000000000 + min(tax.place), - sum(tax.minor)::bigint
    FROM (SELECT ltrim(trim('-' FROM lower(regexp_replace(rate.value ->> 'name', '[^A-Za-z0-9]+', '-', 'g')))
                       || '-' || (rate.value ->> 'percent'), '-') AS part,
                 rate.place, replace(rate.value ->> 'amount', '.', '')::bigint AS minor
          FROM jsonb_array_elements(parsed.said -> 'tax') WITH ORDINALITY AS rate (value, place)) AS tax
    GROUP BY tax.part
) AS part
WHERE invoice.statement IS NOT NULL AND part.minor <> 0;

-- What a credit note on an invoice posts. A line goes to where the invoice's first line of its key went.
CREATE VIEW accounting_note AS
SELECT note.credit_note_id, note.invoice_id, note.customer_id, note.number, note.currency, note.issued_at,
       billed.said -> 'period' ->> 'time_zone' AS time_zone, billed.said -> 'plan' ->> 'key' AS plan,
       part.account, part.part, part.metric, part.place, part.minor
FROM credit_note AS note
JOIN invoice USING (invoice_id)
CROSS JOIN LATERAL (SELECT convert_from(invoice.statement, 'UTF8')::jsonb AS said OFFSET 0) AS billed
CROSS JOIN LATERAL (SELECT note.document::jsonb AS said OFFSET 0) AS parsed
CROSS JOIN LATERAL (
    SELECT 'receivable' AS account, '' AS part, '' AS metric, 0::bigint AS place, - note.minor AS minor
    UNION ALL
    SELECT CASE line.kind WHEN 'usage' THEN 'usage' WHEN 'fixed' THEN 'fixed'
               WHEN 'adjustment' THEN 'adjustment' ELSE 'commitment' END,
           credited.value ->> 'key', COALESCE(line.metric, ''), 2000000000000 + credited.place,
           replace(credited.value ->> 'amount', '.', '')::bigint
    FROM jsonb_array_elements(parsed.said -> 'lines') WITH ORDINALITY AS credited (value, place)
    LEFT JOIN LATERAL (
        SELECT of_key.value ->> 'kind' AS kind, of_key.value ->> 'metric' AS metric
        FROM jsonb_array_elements(billed.said -> 'lines') WITH ORDINALITY AS of_key (value, place)
        WHERE of_key.value ->> 'key' = credited.value ->> 'key'
        ORDER BY of_key.place
        LIMIT 1) AS line ON true
    UNION ALL
    SELECT 'tax', tax.part, '', 4000000000000 + min(tax.place), sum(tax.minor)::bigint
    FROM (SELECT ltrim(trim('-' FROM lower(regexp_replace(rate.value ->> 'name', '[^A-Za-z0-9]+', '-', 'g')))
                       || '-' || (rate.value ->> 'percent'), '-') AS part,
                 rate.place, replace(rate.value ->> 'amount', '.', '')::bigint AS minor
          FROM jsonb_array_elements(parsed.said -> 'tax') WITH ORDINALITY AS rate (value, place)) AS tax
    GROUP BY tax.part
) AS part
WHERE NOT note.own_statement AND part.minor <> 0;

-- What was bought of prepaid credit, and what was left of it when it expired. Credit that was given
-- owes nothing to anybody: it posts where it is taken.
CREATE VIEW accounting_credit AS
SELECT credit.credit_id, credit.customer_id, credit.currency, credit.created_at, credit.expires_at,
       credit.minor,
       credit.minor - COALESCE((SELECT sum(taken.minor)
                                FROM wallet_use AS taken
                                JOIN invoice USING (invoice_id)
                                WHERE taken.credit_id = credit.credit_id
                                  AND (invoice.status = 'issued'
                                       OR GREATEST(invoice.voided_at, invoice.issued_at) > credit.expires_at)),
                               0)::bigint AS expired_minor,
       COALESCE((SELECT version.document::json ->> 'time_zone'
                 FROM customer_version AS version
                 WHERE version.customer_id = credit.customer_id AND version.created_at <= credit.created_at
                 ORDER BY version.version DESC
                 LIMIT 1), 'UTC') AS time_zone
FROM wallet_credit AS credit
WHERE credit.paid;

-- Every posting. `at` is when the document takes effect, `recorded_at` when it became known: they
-- differ for a payment that was made earlier than it was recorded.
CREATE VIEW accounting_posting AS
SELECT customer_id, CASE WHEN number LIKE 'CN-%' THEN 'credit_note' ELSE 'invoice' END AS document,
       invoice_id AS document_id, invoice_id, number, number AS journal_number, '' AS note,
       issued_at AS at, issued_at AS recorded_at, time_zone, plan, account, part, metric, place, currency,
       minor
FROM accounting_statement
UNION ALL
-- Credit that would come back after it has expired is gone.
SELECT customer_id, 'void', invoice_id, invoice_id, number, 'VOID-' || number, '', voided_at, voided_at,
       time_zone, plan, CASE WHEN account = 'prepaid' AND expires_at < voided_at THEN 'breakage' ELSE account END,
       part, metric, place, currency, - minor
FROM accounting_statement
WHERE status = 'void'
UNION ALL
SELECT customer_id, 'credit_note', credit_note_id, invoice_id, number, number, '', issued_at, issued_at,
       time_zone, plan, account, part, metric, place, currency, minor
FROM accounting_note
UNION ALL
SELECT payment.customer_id, 'payment', payment.payment_id, payment.invoice_id, invoice.number,
       'PAY-' || right(payment.payment_id, 12), payment.reference, payment.paid_at, payment.created_at,
       convert_from(invoice.statement, 'UTF8')::json -> 'period' ->> 'time_zone', '', side.account, '', '',
       side.place, payment.currency, side.sign * payment.minor
FROM payment
JOIN invoice USING (invoice_id)
CROSS JOIN (VALUES ('bank', 0::bigint, 1), ('receivable', 1, -1)) AS side (account, place, sign)
UNION ALL
SELECT payment.customer_id, 'payment_reversal', payment.payment_id, payment.invoice_id, invoice.number,
       'REV-' || right(payment.payment_id, 12), payment.reference, payment.reversed_at, payment.reversed_at,
       convert_from(invoice.statement, 'UTF8')::json -> 'period' ->> 'time_zone', '', side.account, '', '',
       side.place, payment.currency, side.sign * payment.minor
FROM payment
JOIN invoice USING (invoice_id)
CROSS JOIN (VALUES ('receivable', 0::bigint, 1), ('bank', 1, -1)) AS side (account, place, sign)
WHERE payment.reversed_at IS NOT NULL
UNION ALL
SELECT credit.customer_id, 'credit', credit.credit_id, '', '', 'CREDIT-' || right(credit.credit_id, 12), '',
       credit.created_at, credit.created_at, credit.time_zone, '', side.account, '', '', side.place,
       credit.currency, side.sign * credit.minor
FROM accounting_credit AS credit
CROSS JOIN (VALUES ('bank', 0::bigint, 1), ('prepaid', 1, -1)) AS side (account, place, sign)
UNION ALL
SELECT credit.customer_id, 'credit_expiry', credit.credit_id, '', '', 'EXPIRY-' || right(credit.credit_id, 12), '',
       credit.expires_at, credit.expires_at, credit.time_zone, '', side.account, '', '', side.place,
       credit.currency, side.sign * credit.expired_minor
FROM accounting_credit AS credit
CROSS JOIN (VALUES ('prepaid', 0::bigint, 1), ('breakage', 1, -1)) AS side (account, place, sign)
WHERE credit.expires_at IS NOT NULL AND credit.expired_minor > 0;

CREATE INDEX invoice_issued_at ON invoice (issued_at) WHERE issued_at IS NOT NULL;

GRANT SELECT ON accounting_posting TO phial_daemon;

-- Until when nothing is due of a subscription that has no invoice, by the terms it was looked at with:
-- of those that have one, their latest invoice says so.
CREATE TABLE subscription_look (
    subscription_id text PRIMARY KEY REFERENCES subscription,
    terms_seen      text NOT NULL,
    next_period_end timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON subscription_look TO phial_daemon;

-- What the last look at a subscription found, and whether it has to be looked at again before then: it was
-- never looked at, changed since, or had a period's invoice voided.
CREATE VIEW subscription_seen AS
SELECT subscription.subscription_id, subscription.starts_at,
       COALESCE(last.next_period_end, look.next_period_end) AS next_period_end,
       COALESCE(last.terms_seen, look.terms_seen) IS DISTINCT FROM (
           SELECT count(*) || '/' || COALESCE(subscription.ends_at::text, '')
           FROM subscription_segment AS segment
           WHERE segment.subscription_id = subscription.subscription_id)
       OR EXISTS (
           SELECT 1
           FROM invoice AS voided
           WHERE voided.subscription_id = subscription.subscription_id AND voided.status = 'void'
             AND (voided.period_start < voided.period_end OR voided.period_number <= 1)
             AND NOT EXISTS (
                 SELECT 1
                 FROM invoice AS live
                 WHERE live.subscription_id = voided.subscription_id
                   AND live.period_number = voided.period_number AND live.status <> 'void'))
       AS has_changed
FROM subscription
LEFT JOIN LATERAL (
    SELECT next_period_end, terms_seen
    FROM invoice
    WHERE invoice.subscription_id = subscription.subscription_id AND status <> 'void'
    ORDER BY period_number DESC
    LIMIT 1
) AS last ON true
LEFT JOIN subscription_look AS look
  ON look.subscription_id = subscription.subscription_id AND last.terms_seen IS NULL;
GRANT SELECT ON subscription_seen TO phial_daemon;

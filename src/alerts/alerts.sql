-- name: alerts_insert
INSERT INTO alert (alert_id, customer_id, name, measures, metric, subscription_id, threshold,
                   created_at, actor, reason, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8);

-- name: alerts_find
SELECT alert.alert_id, alert.customer_id, customer.key AS customer, alert.name, alert.measures,
       alert.metric, alert.subscription_id, alert.threshold, alert.created_at
FROM alert
JOIN customer USING (customer_id)
WHERE alert.alert_id = $1 AND NOT alert.deleted AND ($2 = 0 OR alert.customer_id = $2);

-- name: alerts_list
SELECT alert.alert_id, alert.customer_id, customer.key AS customer, alert.name, alert.measures,
       alert.metric, alert.subscription_id, alert.threshold, alert.created_at
FROM alert
JOIN customer USING (customer_id)
WHERE NOT alert.deleted AND ($1 = 0 OR alert.customer_id = $1) AND alert.alert_id > $2
ORDER BY alert.alert_id
LIMIT $3;

-- name: alerts_delete
UPDATE alert
SET deleted = true
WHERE alert_id = $1 AND NOT deleted AND ($2 = 0 OR customer_id = $2)
RETURNING alert_id;

-- name: alerts_list_firings
SELECT subscription_id, period_start, period_end, value, fired_at
FROM alert_firing
WHERE alert_id = $1
ORDER BY fired_at DESC, period_start DESC, subscription_id
LIMIT $2;

-- name: alerts_claim
SELECT alert.alert_id, alert.customer_id, customer.key AS customer, alert.name, alert.measures,
       alert.metric, alert.subscription_id, alert.threshold, alert.created_at, alert.seen_at
FROM alert
JOIN customer USING (customer_id)
JOIN ledger_head USING (customer_id)
WHERE NOT alert.deleted AND alert.alert_id > $2
  AND (alert.seen_size <> ledger_head.size OR alert.due_at <= $1)
ORDER BY alert.alert_id
LIMIT 1
FOR UPDATE OF alert SKIP LOCKED;

-- name: alerts_claim_waiting
SELECT alert.alert_id, alert.customer_id, customer.key AS customer, alert.name, alert.measures,
       alert.metric, alert.subscription_id, alert.threshold, alert.created_at, alert.seen_at
FROM alert
JOIN customer USING (customer_id)
JOIN ledger_head USING (customer_id)
WHERE NOT alert.deleted AND alert.alert_id > $2
  AND (alert.seen_size <> ledger_head.size OR alert.due_at <= $1)
ORDER BY alert.alert_id
LIMIT 1
FOR UPDATE OF alert;

-- name: alerts_mark_seen
-- Whoever went by an earlier time does not set it back.
UPDATE alert
SET seen_size = $2, seen_at = GREATEST(seen_at, $3), due_at = $4
WHERE alert_id = $1;

-- name: alerts_has_fired
SELECT EXISTS (SELECT 1
               FROM alert_firing
               WHERE alert_id = $1 AND subscription_id = $2 AND period_start = $3) AS fired;

-- name: alerts_fire
INSERT INTO alert_firing (alert_id, subscription_id, period_start, period_end, value, fired_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
RETURNING alert_id;

-- name: webhooks_count
SELECT count(*) AS count FROM webhook WHERE status <> 'deleted';

-- name: webhooks_insert
INSERT INTO webhook (webhook_id, url, types, status, secret, sealed_by, created_at, actor, reason)
VALUES ($1, $2, $3, 'enabled', $4, $5, $6, $7, $8);

-- name: webhooks_find
SELECT webhook_id, url, array_to_string(types, ',') AS types, status, disabled_why, created_at,
       CASE WHEN old_until > now() THEN old_until END AS old_until
FROM webhook
WHERE webhook_id = $1 AND status <> 'deleted';

-- name: webhooks_list
SELECT webhook_id, url, array_to_string(types, ',') AS types, status, disabled_why, created_at,
       CASE WHEN old_until > now() THEN old_until END AS old_until
FROM webhook
WHERE status <> 'deleted' AND webhook_id > $1
ORDER BY webhook_id
LIMIT $2;

-- name: webhooks_delete
UPDATE webhook
SET status = 'deleted', disabled_why = NULL, secret = '', old_secret = NULL, old_until = NULL
WHERE webhook_id = $1 AND status <> 'deleted'
RETURNING webhook_id;

-- name: webhooks_drop_waiting
UPDATE webhook_delivery
SET status = 'failed', last_error = 'webhook_deleted', next_attempt_at = NULL, finished_at = now()
WHERE webhook_id = $1 AND status IN ('pending', 'held');

-- name: webhooks_lock_secret
SELECT secret
FROM webhook
WHERE webhook_id = $1 AND status <> 'deleted'
FOR NO KEY UPDATE;

-- name: webhooks_rotate
UPDATE webhook
SET old_secret = $2, old_until = now() + interval '1 day', secret = $3, sealed_by = $4
WHERE webhook_id = $1;

-- name: webhooks_list_sealed
SELECT webhook_id, secret, old_secret
FROM webhook
WHERE status <> 'deleted' AND sealed_by = $1
ORDER BY webhook_id
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED;

-- name: webhooks_reseal
UPDATE webhook
SET secret = $2, old_secret = $3, sealed_by = $4
WHERE webhook_id = $1;

-- name: webhooks_enable
UPDATE webhook
SET status = 'enabled', disabled_why = NULL, failing_since = NULL
WHERE webhook_id = $1 AND status <> 'deleted'
RETURNING webhook_id;

-- name: webhooks_release_held
UPDATE webhook_delivery
SET status = 'pending', next_attempt_at = now(), give_up_at = now() + interval '3 days'
WHERE webhook_id = $1 AND status = 'held';

-- name: webhooks_list_deliveries
SELECT delivery.message_id, outbox.type, delivery.status, delivery.attempts, delivery.last_status,
       delivery.last_error, delivery.next_attempt_at, delivery.created_at, delivery.finished_at
FROM webhook_delivery AS delivery
JOIN outbox USING (message_id)
WHERE delivery.webhook_id = $1 AND ($2::text IS NULL OR delivery.status = $2)
  AND ($3::text IS NULL OR delivery.message_id < $3)
ORDER BY delivery.message_id DESC
LIMIT $4;

-- name: webhooks_find_delivery
SELECT delivery.message_id, outbox.type, delivery.status, delivery.attempts, delivery.last_status,
       delivery.last_error, delivery.next_attempt_at, delivery.created_at, delivery.finished_at
FROM webhook_delivery AS delivery
JOIN outbox USING (message_id)
WHERE delivery.webhook_id = $1 AND delivery.message_id = $2;

-- name: webhooks_replay
UPDATE webhook_delivery
SET status = 'pending', next_attempt_at = now(), give_up_at = now() + interval '3 days',
    finished_at = NULL
WHERE webhook_id = $1 AND message_id = $2;

-- name: webhooks_claim
-- Of each webhook as many as it has room for, so that none waits for another. A claim is a lease: who
-- dies over it leaves it to be claimed again. MATERIALIZED: the rows are locked once.
WITH due AS MATERIALIZED (
    SELECT waiting.webhook_id, waiting.message_id
    FROM webhook
    CROSS JOIN LATERAL (
        SELECT webhook_delivery.webhook_id, webhook_delivery.message_id
        FROM webhook_delivery
        WHERE webhook_delivery.webhook_id = webhook.webhook_id
          AND webhook_delivery.status = 'pending' AND webhook_delivery.next_attempt_at <= now()
        ORDER BY webhook_delivery.next_attempt_at
        LIMIT $1 - COALESCE((SELECT flying.count
                             FROM unnest($2::text[], $3::bigint[]) AS flying (webhook_id, count)
                             WHERE flying.webhook_id = webhook.webhook_id), 0)
        FOR UPDATE SKIP LOCKED) AS waiting
    WHERE webhook.status = 'enabled')
UPDATE webhook_delivery AS delivery
SET attempts = delivery.attempts + 1,
    next_attempt_at = now() + $4 * interval '1 millisecond'
FROM due
JOIN webhook USING (webhook_id)
JOIN outbox USING (message_id)
WHERE delivery.webhook_id = due.webhook_id AND delivery.message_id = due.message_id
RETURNING delivery.webhook_id, delivery.message_id, delivery.attempts, webhook.url, webhook.secret,
          CASE WHEN webhook.old_until > now() THEN webhook.old_secret END AS old_secret, outbox.body;

-- name: webhooks_note_success
-- An attempt that another one has overtaken changes nothing.
UPDATE webhook_delivery
SET status = 'delivered', last_status = $4, last_error = NULL, next_attempt_at = NULL,
    finished_at = now()
WHERE webhook_id = $1 AND message_id = $2 AND attempts = $3 AND status IN ('pending', 'held');

-- name: webhooks_note_working
UPDATE webhook
SET failing_since = NULL
WHERE webhook_id = $1 AND failing_since IS NOT NULL;

-- name: webhooks_note_failure
-- last_error: timeout, connection, tls, resolve, address_refused, egress_refused, redirect, status,
-- secret, webhook_deleted. The last attempt is made when the three days are over.
UPDATE webhook_delivery
SET last_status = $4, last_error = $5,
    status = CASE WHEN now() >= give_up_at THEN 'failed' ELSE 'pending' END,
    finished_at = CASE WHEN now() >= give_up_at THEN now() END,
    next_attempt_at = CASE WHEN now() < give_up_at
                           THEN LEAST(now() + $6 * interval '1 millisecond', give_up_at) END
WHERE webhook_id = $1 AND message_id = $2 AND attempts = $3 AND status = 'pending'
RETURNING status = 'failed' AS given_up;

-- name: webhooks_note_failing
UPDATE webhook
SET failing_since = now()
WHERE webhook_id = $1 AND failing_since IS NULL;

-- name: webhooks_disable
-- For what fails: only where nothing has succeeded since the message given up was new, three days ago but
-- for the time that its first attempt took.
UPDATE webhook
SET status = 'disabled', disabled_why = $2
WHERE webhook_id = $1 AND status = 'enabled'
  AND ($2 = 'gone' OR failing_since <= now() - interval '71 hours')
RETURNING webhook_id, now() AS at;

-- name: webhooks_hold_waiting
UPDATE webhook_delivery
SET status = 'held', next_attempt_at = NULL
WHERE webhook_id = $1 AND status = 'pending';

-- name: webhooks_forget_deliveries
-- What is over, or held, for thirty days.
DELETE FROM webhook_delivery
WHERE (webhook_id, message_id) IN (
    SELECT webhook_id, message_id
    FROM webhook_delivery
    WHERE created_at < now() - interval '30 days'
      AND (status = 'held' OR finished_at < now() - interval '30 days')
    LIMIT $1);

-- name: webhooks_forget_messages
DELETE FROM outbox
WHERE message_id IN (
    SELECT message_id
    FROM outbox
    WHERE created_at < now() - interval '30 days'
      AND NOT EXISTS (SELECT 1
                      FROM webhook_delivery
                      WHERE webhook_delivery.message_id = outbox.message_id)
    LIMIT $1);

-- name: outbox_insert
-- A webhook that is disabled gets it when it is enabled again. The time is the machine's: deliveries
-- take no notice of a test clock.
WITH told AS (
    SELECT webhook_id, status
    FROM webhook
    WHERE status <> 'deleted' AND $2::text = ANY (types)),
message AS (
    INSERT INTO outbox (message_id, type, body)
    SELECT $1, $2, $3
    WHERE EXISTS (SELECT 1 FROM told)
    RETURNING message_id)
INSERT INTO webhook_delivery (webhook_id, message_id, status, next_attempt_at, give_up_at)
SELECT told.webhook_id, message.message_id,
       CASE told.status WHEN 'enabled' THEN 'pending' ELSE 'held' END,
       CASE told.status WHEN 'enabled' THEN now() END, now() + interval '3 days'
FROM told
CROSS JOIN message;

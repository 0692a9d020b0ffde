-- What src/catalog/*.c asks of the database. Changes take the revision's row lock first, so that a
-- metric cannot be checked against an event type that is being changed beside it.

-- name: catalog_lock
SELECT revision FROM catalog_revision FOR UPDATE;

-- name: catalog_bump
UPDATE catalog_revision SET revision = revision + 1;

-- name: catalog_read_revision
SELECT revision FROM catalog_revision;

-- name: catalog_require_revision
SELECT phial_require(revision = $1, 'PH002') AS holds FROM catalog_revision;

-- name: catalog_list_item_keys
-- Those whose hash begins with two bytes: what was asked for stays here, see known.c.
SELECT key FROM catalog_item WHERE kind = $1 AND substr(sha256(key::bytea), 1, 2) = $2 LIMIT 10000;

-- name: catalog_find_item
SELECT i.key, i.version, i.archived, v.document, encode(v.sha256, 'hex') AS sha256, v.created_at
  FROM catalog_item i
  JOIN catalog_version v ON v.kind = i.kind AND v.key = i.key AND v.version = i.version
 WHERE i.kind = $1 AND i.key = $2;

-- name: catalog_find_version
SELECT i.key, v.version, i.archived, v.document, encode(v.sha256, 'hex') AS sha256, v.created_at
  FROM catalog_item i
  JOIN catalog_version v ON v.kind = i.kind AND v.key = i.key
 WHERE i.kind = $1 AND i.key = $2 AND v.version = $3;

-- name: catalog_list_pinned
-- A plan version and, $3, the versions of its metrics. The names are the catalog's own.
SELECT kind = 'plan' AS is_plan, key, version, document, encode(sha256, 'hex') AS sha256
  FROM catalog_version
 WHERE kind = 'plan' AND key = $1 AND version = $2
 UNION ALL
SELECT false, v.key, v.version, v.document, encode(v.sha256, 'hex')
  FROM json_each_text($3::json) AS wanted
  JOIN catalog_version v
    ON v.kind = 'metric' AND v.key = wanted.key AND v.version = wanted.value::bigint;

-- name: catalog_list_items
SELECT i.key, i.version, i.archived, v.document, encode(v.sha256, 'hex') AS sha256, v.created_at
  FROM catalog_item i
  JOIN catalog_version v ON v.kind = i.kind AND v.key = i.key AND v.version = i.version
 WHERE i.kind = $1 AND i.key COLLATE "C" > $2 AND NOT i.archived
 ORDER BY i.key COLLATE "C"
 LIMIT $3;

-- name: catalog_write_item
INSERT INTO catalog_item (kind, key, version)
VALUES ($1, $2, $3)
ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, archived = false;

-- name: catalog_insert_version
INSERT INTO catalog_version (kind, key, version, document, sha256, created_at, actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: catalog_archive_item
UPDATE catalog_item SET archived = true WHERE kind = $1 AND key = $2 AND NOT archived RETURNING key;

-- name: catalog_list_customers_alike
-- Those the hash of whose key begins with two bytes: which one was asked for stays here, see known.c.
SELECT customer_id, key, document, encode(sha256, 'hex') AS sha256, currency, time_zone, archived,
       created_at
  FROM customer
 WHERE substr(sha256(key::bytea), 1, 2) = $1
 LIMIT 10000;

-- name: catalog_list_carried_customers
SELECT wanted.place, customer.currency, customer.time_zone, customer.archived
  FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (customer_id, place)
  JOIN customer USING (customer_id);

-- name: catalog_find_customer_by_id
SELECT customer_id, key, document, encode(sha256, 'hex') AS sha256, currency, time_zone, archived,
       created_at
  FROM customer
 WHERE customer_id = $1;

-- name: catalog_find_customer_document_at
-- The document in force then; of a customer that came later, its first.
SELECT document
  FROM customer_version
 WHERE customer_id = $1
 ORDER BY created_at <= $2 DESC, CASE WHEN created_at <= $2 THEN -version ELSE version END
 LIMIT 1;

-- name: catalog_list_customers
SELECT customer_id, key, document, encode(sha256, 'hex') AS sha256, currency, time_zone, archived,
       created_at
  FROM customer
 WHERE key COLLATE "C" > $1 AND NOT archived
 ORDER BY key COLLATE "C"
 LIMIT $2;

-- name: catalog_insert_customer
INSERT INTO customer (key, document, sha256, currency, time_zone, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
RETURNING customer_id;

-- name: catalog_update_customer
UPDATE customer
   SET document = $2, sha256 = $3, currency = $4, time_zone = $5, updated_at = $6, archived = false
 WHERE customer_id = $1;

-- name: catalog_insert_customer_version
INSERT INTO customer_version (customer_id, version, document, sha256, created_at, actor, reason)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6
  FROM customer_version
 WHERE customer_id = $1;

-- name: catalog_archive_customer
UPDATE customer SET archived = true, updated_at = $2 WHERE customer_id = $1;

-- name: catalog_customer_has_subscription
SELECT EXISTS (SELECT 1 FROM subscription WHERE customer_id = $1) AS found;

-- name: catalog_customer_has_running_subscription
SELECT EXISTS (SELECT 1 FROM subscription
                WHERE customer_id = $1 AND (ends_at IS NULL OR ends_at > $2)) AS found;

-- name: catalog_insert_subscription
INSERT INTO subscription (subscription_id, customer_id, anniversary, starts_at, ends_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: catalog_insert_segment
-- One that begins at the same instant takes the other's place.
INSERT INTO subscription_segment
       (subscription_id, starts_at, plan_key, plan_version, metrics, overrides, actor, reason,
        created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (subscription_id, starts_at) DO UPDATE
   SET plan_key = excluded.plan_key, plan_version = excluded.plan_version,
       metrics = excluded.metrics, overrides = excluded.overrides, actor = excluded.actor,
       reason = excluded.reason, created_at = excluded.created_at;

-- name: catalog_end_subscription
UPDATE subscription SET ends_at = $2 WHERE subscription_id = $1;

-- name: catalog_find_subscription
SELECT * FROM subscriptions_at($2, $3) WHERE subscription_id = $1;

-- name: catalog_list_subscriptions
SELECT *
  FROM subscriptions_at($4, $5)
 WHERE ($1::bigint = 0 OR customer_id = $1) AND subscription_id COLLATE "C" > $2
 ORDER BY subscription_id COLLATE "C"
 LIMIT $3;

-- name: catalog_list_segments
SELECT starts_at, plan_key, plan_version, metrics, overrides
  FROM subscription_segment
 WHERE subscription_id = $1
 ORDER BY starts_at
 LIMIT $2;

-- Whether a statement stands in the way of a change from $2 on: an issued one of a period that ends
-- later, or any at all of a period that would begin no earlier.
-- name: catalog_find_statement_after
SELECT EXISTS (SELECT 1
                 FROM invoice
                WHERE subscription_id = $1 AND period_number > 0
                  AND ((status = 'issued' AND period_end > $2)
                       OR ($3 AND status = 'draft' AND period_start >= $2
                           AND period_start < period_end))) AS found;

-- name: catalog_lock_closing
SELECT invoice_id
  FROM invoice
 WHERE subscription_id = $1 AND status = 'draft' AND period_number > 1
   AND period_start = period_end
   FOR UPDATE;

-- name: catalog_drop_closing
-- The open closing statement: it is made anew where one is due by the new terms.
DELETE FROM invoice
 WHERE subscription_id = $1 AND status = 'draft' AND period_number > 1
   AND period_start = period_end;

-- name: catalog_insert_key
INSERT INTO api_key (key_id, name, sha256, scopes, scope_names, customer_id, expires_at, created_at,
                     created_by, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: catalog_revoke_key
UPDATE api_key
   SET revoked_at = $2, revoked_by = $3
 WHERE key_id = $1 AND revoked_at IS NULL
RETURNING key_id;

-- name: catalog_find_key
SELECT k.key_id, k.name, k.sha256, k.scope_names, k.customer_id, c.key AS customer, k.expires_at,
       k.revoked_at IS NOT NULL AS revoked, k.created_at
  FROM api_key k
  LEFT JOIN customer c ON c.customer_id = k.customer_id
 WHERE k.key_id = $1;

-- name: catalog_list_keys
SELECT k.key_id, k.name, k.scope_names, k.customer_id, c.key AS customer, k.expires_at,
       k.revoked_at IS NOT NULL AS revoked, k.created_at
  FROM api_key k
  LEFT JOIN customer c ON c.customer_id = k.customer_id
 WHERE k.key_id COLLATE "C" > $2 AND k.revoked_at IS NULL
   AND ($1::bigint = 0 OR k.customer_id = $1)
 ORDER BY k.key_id COLLATE "C"
 LIMIT $3;

-- name: catalog_find_token_key
SELECT sealed, wrapped_by, generation
  FROM token_key
 WHERE customer_id = $1 AND scope = $2 AND purpose = $3;

-- The first key of its scope, or one that follows a destroyed one.
-- name: catalog_insert_token_key
INSERT INTO token_key (customer_id, scope, purpose, sealed, wrapped_by)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (customer_id, scope, purpose) DO UPDATE
   SET sealed = excluded.sealed, wrapped_by = excluded.wrapped_by,
       generation = token_key.generation + 1, created_at = now()
 WHERE token_key.sealed IS NULL
RETURNING sealed, wrapped_by, generation;

-- name: catalog_list_carried_token_keys
SELECT wanted.place
  FROM unnest($2::bigint[], $3::text[], $4::bigint[]) WITH ORDINALITY
       AS wanted (customer_id, scope, generation, place)
  JOIN token_key key USING (customer_id, scope, generation)
 WHERE key.purpose = $1 AND key.sealed IS NOT NULL;

-- name: catalog_find_codes
SELECT wanted.place, code.code
  FROM unnest($1::bigint[], $2::text[], $3::bytea[]) WITH ORDINALITY
       AS wanted (customer_id, scope, mac, place)
  JOIN token_code code USING (customer_id, scope, mac);

-- How many of the keys are not what they were. Those that are stay so until the transaction ends.
-- name: catalog_hold_crosswalk_keys
WITH wanted AS (SELECT DISTINCT customer_id, scope, generation
                  FROM unnest($1::bigint[], $2::text[], $3::bigint[])
                       AS wanted (customer_id, scope, generation)),
     held AS (SELECT 1
                FROM token_key k
                JOIN wanted USING (customer_id, scope, generation)
               WHERE k.purpose = 'crosswalk' AND k.sealed IS NOT NULL
                 FOR SHARE OF k)
SELECT (SELECT count(*) FROM wanted) - (SELECT count(*) FROM held) AS gone;

-- In one order, so that two who insert the same ones do not wait for each other.
-- name: catalog_insert_codes
INSERT INTO token_code (customer_id, scope, mac, code)
SELECT customer_id, scope, mac, code
  FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[])
       AS fresh (customer_id, scope, mac, code)
 ORDER BY customer_id, scope, mac
    ON CONFLICT (customer_id, scope, mac) DO NOTHING;

-- name: catalog_find_master_key
SELECT sealed FROM master_key WHERE key_id = $1;

-- name: catalog_insert_master_key
INSERT INTO master_key (key_id, sealed) VALUES ($1, $2);

-- Ids of the keys that something in use is wrapped by; '' for what names none.
-- name: catalog_list_wrapping_keys
SELECT coalesce(wrapped_by, ''::bytea) AS key_id FROM token_key WHERE sealed IS NOT NULL
UNION
SELECT coalesce(sealed_by, ''::bytea)
  FROM idempotency
 WHERE body IS NOT NULL AND created_at > now() - interval '24 hours'
UNION
SELECT sealed_by FROM webhook WHERE status <> 'deleted';

-- name: catalog_list_master_keys
SELECT key_id FROM master_key;

-- name: catalog_first_legacy_token_key
SELECT customer_id, scope, purpose, sealed
  FROM token_key
 WHERE sealed IS NOT NULL AND wrapped_by IS NULL
 ORDER BY customer_id, scope, purpose
 LIMIT 1;

-- Whoever else rewraps takes other rows.
-- name: catalog_rewrap_token_keys
SELECT customer_id, scope, purpose, sealed, wrapped_by
  FROM token_key
 WHERE sealed IS NOT NULL AND (wrapped_by IS NULL OR wrapped_by = $1)
 ORDER BY customer_id, scope, purpose
 LIMIT $2
   FOR UPDATE SKIP LOCKED;

-- name: catalog_rewrapped_token_keys
UPDATE token_key k
   SET sealed = fresh.sealed, wrapped_by = $5
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[])
       AS fresh (customer_id, scope, purpose, sealed)
 WHERE k.customer_id = fresh.customer_id AND k.scope = fresh.scope AND k.purpose = fresh.purpose;

-- name: catalog_rewrap_answers
SELECT key_id, sha256, body
  FROM idempotency
 WHERE body IS NOT NULL AND (sealed_by IS NULL OR sealed_by = $1)
   AND created_at > now() - interval '24 hours'
 ORDER BY key_id, sha256
 LIMIT $2
   FOR UPDATE SKIP LOCKED;

-- name: catalog_rewrapped_answers
UPDATE idempotency i
   SET body = fresh.body, sealed_by = $4
  FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS fresh (key_id, sha256, body)
 WHERE i.key_id = fresh.key_id AND i.sha256 = fresh.sha256;

-- name: catalog_read_clock
SELECT now FROM test_clock;

-- Never back; but the first setting may lie anywhere as long as no event has been taken.
-- name: catalog_set_clock
INSERT INTO test_clock (now)
SELECT $1::timestamptz
 WHERE EXISTS (SELECT 1 FROM test_clock)
    OR NOT EXISTS (SELECT 1
                     FROM ledger_head h
                    WHERE h.last_at > $1
                      AND EXISTS (SELECT 1
                                    FROM ledger_entry e
                                   WHERE e.customer_id = h.customer_id AND e.kind = 0))
    ON CONFLICT (only_row) DO UPDATE SET now = excluded.now WHERE test_clock.now <= excluded.now
RETURNING now;

-- name: catalog_claim
SELECT pg_try_advisory_xact_lock(hashtextextended($1 || encode($2, 'hex'), 0)) AS locked;

-- name: catalog_claim_by_session
SELECT pg_try_advisory_lock(hashtextextended($1 || encode($2, 'hex'), 0)) AS locked;

-- name: catalog_unclaim
SELECT pg_advisory_unlock(hashtextextended($1 || encode($2, 'hex'), 0)) AS unlocked;

-- name: catalog_find_answer
SELECT fingerprint, status, media_type, body, headers
  FROM idempotency
 WHERE key_id = $1 AND sha256 = $2
   AND status IS NOT NULL AND created_at >= now() - interval '24 hours';

-- name: catalog_keep_answer
INSERT INTO idempotency (key_id, sha256, fingerprint, status, media_type, body, headers, sealed_by,
                         created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())
    ON CONFLICT (key_id, sha256) DO UPDATE
   SET fingerprint = excluded.fingerprint, status = excluded.status,
       media_type = excluded.media_type, body = excluded.body, headers = excluded.headers,
       sealed_by = excluded.sealed_by, created_at = excluded.created_at;

-- name: catalog_add_refusals
INSERT INTO refusal_count (hour, event_type, pointer, code, detector, refusals)
SELECT counted.hour, counted.event_type, counted.pointer, counted.code, counted.detector,
       counted.refusals
  FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
       AS counted (hour, event_type, pointer, code, detector, refusals)
    ON CONFLICT (hour, event_type, pointer, code, detector)
    DO UPDATE SET refusals = refusal_count.refusals + excluded.refusals;

-- name: catalog_list_refusals
SELECT part.at, r.event_type, r.pointer, r.code, r.detector, sum(r.refusals)::bigint AS refusals
  FROM refusal_count r
 CROSS JOIN LATERAL (SELECT CASE $3 WHEN 'hour' THEN r.hour
                                    WHEN 'day' THEN date_trunc('day', r.hour, 'UTC')
                                    ELSE $1 END AS at) part
 WHERE r.hour >= $1 AND r.hour < $2
 GROUP BY part.at, r.event_type, r.pointer, r.code, r.detector
 ORDER BY part.at, r.event_type, r.pointer, r.code, r.detector
 LIMIT $4;

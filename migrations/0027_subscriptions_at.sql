-- Subscriptions with the plan in force at an instant: of one that has ended the last, before its start the
-- first. `changes`, only where they are asked for: all of its plans.
CREATE FUNCTION subscriptions_at(at timestamptz, with_changes boolean)
RETURNS TABLE (subscription_id text, customer_id bigint, customer text, anniversary boolean, starts_at timestamptz,
               ends_at timestamptz, created_at timestamptz, plan_start timestamptz, plan_key text,
               plan_version bigint, overrides text, changes text)
LANGUAGE sql STABLE AS $$
    SELECT held.subscription_id, held.customer_id, payer.key, held.anniversary, held.starts_at, held.ends_at,
           held.created_at, plan.starts_at, plan.plan_key, plan.plan_version, plan.overrides,
           CASE WHEN with_changes
                THEN (SELECT json_agg(json_build_object('plan', segment.plan_key, 'version', segment.plan_version,
                                                        'at', segment.starts_at, 'overrides', segment.overrides)
                                      ORDER BY segment.starts_at)
                      FROM subscription_segment AS segment
                      WHERE segment.subscription_id = held.subscription_id)::text
                ELSE '' END
    FROM subscription AS held
    JOIN customer AS payer ON payer.customer_id = held.customer_id
    CROSS JOIN LATERAL (
        SELECT segment.starts_at, segment.plan_key, segment.plan_version, segment.overrides
        FROM subscription_segment AS segment
        WHERE segment.subscription_id = held.subscription_id
        ORDER BY CASE WHEN segment.starts_at <= LEAST(at, held.ends_at - interval '1 microsecond')
                      THEN segment.starts_at END DESC NULLS LAST, segment.starts_at
        LIMIT 1
    ) AS plan
$$;

-- name: ingest_count_refusals
INSERT INTO refusal_count (day, event_type, pointer, code, detector, refusals)
SELECT $1::text::date, reason.event_type, reason.pointer, reason.code, reason.detector,
       reason.refusals
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
     AS reason (event_type, pointer, code, detector, refusals)
ON CONFLICT (day, event_type, pointer, code, detector)
DO UPDATE SET refusals = refusal_count.refusals + EXCLUDED.refusals;

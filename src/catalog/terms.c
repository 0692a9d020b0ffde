// SPDX-License-Identifier: Apache-2.0
// A subscription as rating takes it: every plan and metric at the version that was pinned.
#include "catalog.sql.h"
#include "phial/catalog/catalog.h"
#include "subscription_parts.h"

struct segment_rows {
    struct arena *arena;
    struct segment_row row;
    struct segment_row *kept;
    size_t count;
};

static result keep_segment(void *context)
{
    struct segment_rows *rows = context;
    rows->row.plan_key = str_copy(rows->arena, rows->row.plan_key);
    rows->row.metrics = str_copy(rows->arena, rows->row.metrics);
    rows->row.overrides = str_copy(rows->arena, rows->row.overrides);
    rows->kept[rows->count++] = rows->row;
    return OK;
}

result segments_read(struct db_tx *tx, str subscription_id, struct segment_row **segments,
                     size_t *count)
{
    struct segment_rows rows = {
        .arena = db_arena(tx),
        .kept = arena_array(db_arena(tx), struct segment_row, SEGMENTS_MAX),
    };
    TRY(db_each(tx, &catalog_list_segments_sql,
                PARAMS(db_text(subscription_id), db_i64(SEGMENTS_MAX)),
                COLUMNS(db_into_instant("starts_at", &rows.row.starts_at),
                        db_into_text("plan_key", &rows.row.plan_key),
                        db_into_i64("plan_version", &rows.row.plan_version),
                        db_into_text("metrics", &rows.row.metrics),
                        db_into_text("overrides", &rows.row.overrides)),
                keep_segment, &rows));
    *segments = rows.kept;
    *count = rows.count;
    return OK;
}

result segment_pinned(struct db_tx *tx, const struct segment_row *segment, json_t *held,
                      struct pinned_plan *pinned)
{
    struct catalog_item item = {0};
    TRY(catalog_get_version(tx, CATALOG_PLAN, segment->plan_key, segment->plan_version, &item));
    return pinned_plan_read(tx, &item, (struct pin){segment->metrics, segment->overrides}, held,
                            pinned);
}

static result read_segments(struct db_tx *tx, str id, json_t *held,
                            struct subscription_terms *terms)
{
    struct segment_row *rows = NULL;
    TRY(segments_read(tx, id, &rows, &terms->segment_count));
    struct segment *segments = arena_array(db_arena(tx), struct segment, terms->segment_count);
    for (size_t i = 0; i < terms->segment_count; i++) {
        struct pinned_plan pinned = {0};
        TRY(segment_pinned(tx, &rows[i], held, &pinned));
        segments[i] = (struct segment){
            .from = rows[i].starts_at,
            .plan = pinned.plan,
            .metrics = pinned.metrics,
            .metric_count = pinned.metric_count,
        };
    }
    terms->segments = segments;
    return OK;
}

result subscription_terms_read(struct db_tx *tx, str id, struct subscription_terms *terms,
                               json_t **held)
{
    struct subscription subscription = {0};
    struct customer customer = {0};
    struct customer_billing billing = {0};
    OWNED(json_release) json_t *documents = json_array();
    TRY(subscription_get(tx, id, (instant){0}, &subscription));
    TRY(customer_get_by_id(tx, subscription.customer_id, &customer));
    TRY(customer_billing_read(db_arena(tx), &customer, &billing));
    struct subscription_terms read = {
        .id = subscription.id,
        .customer = customer.key,
        .zone_name = customer.zone_name,
        .currency = customer.currency,
        .anniversary = subscription.anniversary,
        .start = subscription.start,
        .has_end = subscription.has_end,
        .end = subscription.end,
        .taxes = billing.taxes,
        .tax_count = billing.tax_count,
        .exempt_reason = billing.exempt_reason,
    };
    TRY(zone_load(db_arena(tx), customer.zone_name, &read.zone));
    TRY(read_segments(tx, id, documents, &read));
    *terms = read;
    *held = json_incref(documents);
    return OK;
}

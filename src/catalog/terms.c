// SPDX-License-Identifier: Apache-2.0
// A subscription as rating takes it: every plan and metric at the version that was pinned.
#include "catalog.sql.h"
#include "phial/catalog/catalog.h"
#include "phial/crypto/crypto.h"
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

// The rows are there with the next statement that is waited for.
static result defer_segments(struct db_tx *tx, str subscription_id, struct segment_rows **segments)
{
    struct segment_rows *rows = arena_new(db_arena(tx), struct segment_rows);
    rows->arena = db_arena(tx);
    rows->kept = arena_array(db_arena(tx), struct segment_row, SEGMENTS_MAX);
    *segments = rows;
    return db_defer(tx, &catalog_list_segments_sql,
                    PARAMS(db_text(subscription_id), db_i64(SEGMENTS_MAX)),
                    COLUMNS(db_into_instant("starts_at", &rows->row.starts_at),
                            db_into_text("plan_key", &rows->row.plan_key),
                            db_into_i64("plan_version", &rows->row.plan_version),
                            db_into_text("metrics", &rows->row.metrics),
                            db_into_text("overrides", &rows->row.overrides)),
                    keep_segment, rows);
}

result segments_read(struct db_tx *tx, str subscription_id, struct segment_row **segments,
                     size_t *count)
{
    struct segment_rows *rows = NULL;
    TRY(defer_segments(tx, subscription_id, &rows));
    TRY(db_flush(tx));
    *segments = rows->kept;
    *count = rows->count;
    return OK;
}

// A segment's plan and its metrics, as they were put.
struct documents {
    struct arena *arena;
    bool is_plan; // of the row that is being read, as the next
    struct catalog_item row;
    struct catalog_item plan;
    struct catalog_item *metrics;
    size_t metric_count;
    size_t metric_room;
};

static result keep_document(void *context)
{
    struct documents *documents = context;
    struct catalog_item item = documents->row;
    item.key = str_copy(documents->arena, item.key);
    item.sha256 = str_copy(documents->arena, item.sha256);
    item.document = str_copy(documents->arena, item.document);
    if (documents->is_plan) {
        documents->plan = item;
        return OK;
    }
    documents->metrics = arena_grow(documents->arena, documents->metrics, documents->metric_count,
                                    &documents->metric_room, sizeof item);
    documents->metrics[documents->metric_count++] = item;
    return OK;
}

static result defer_documents(struct db_tx *tx, const struct segment_row *segment,
                              struct documents *documents)
{
    documents->arena = db_arena(tx);
    return db_defer(tx, &catalog_list_pinned_sql,
                    PARAMS(db_text(segment->plan_key), db_i64(segment->plan_version),
                           db_text(segment->metrics)),
                    COLUMNS(db_into_bool("is_plan", &documents->is_plan),
                            db_into_text("key", &documents->row.key),
                            db_into_i64("version", &documents->row.version),
                            db_into_text("sha256", &documents->row.sha256),
                            db_into_text("document", &documents->row.document)),
                    keep_document, documents);
}

static result read_documents(struct db_tx *tx, const struct segment_row *segment,
                             const struct documents *documents, json_t *held,
                             struct pinned_plan *pinned)
{
    if (documents->plan.version == 0)
        return FAIL(INTERNAL, "a pinned plan is not there");
    return pinned_plan_read(tx, &documents->plan,
                            (struct pin){
                                .versions = segment->metrics,
                                .overrides = segment->overrides,
                                .metrics = documents->metrics,
                                .metric_count = documents->metric_count,
                            },
                            held, pinned);
}

result segment_pinned(struct db_tx *tx, const struct segment_row *segment, json_t *held,
                      struct pinned_plan *pinned)
{
    struct documents *documents = arena_new(db_arena(tx), struct documents);
    TRY(defer_documents(tx, segment, documents));
    TRY(db_flush(tx));
    return read_documents(tx, segment, documents, held, pinned);
}

static result read_segments(struct db_tx *tx, const struct segment_rows *rows,
                            const struct documents *documents, json_t *held,
                            struct subscription_terms *terms)
{
    struct segment *segments = arena_array(db_arena(tx), struct segment, rows->count);
    terms->segment_count = rows->count;
    for (size_t i = 0; i < terms->segment_count; i++) {
        struct pinned_plan pinned = {0};
        TRY(read_documents(tx, &rows->kept[i], &documents[i], held, &pinned));
        segments[i] = (struct segment){
            .from = rows->kept[i].starts_at,
            .plan = pinned.plan,
            .metrics = pinned.metrics,
            .metric_count = pinned.metric_count,
        };
    }
    terms->segments = segments;
    return OK;
}

result subscription_terms_read(struct db_tx *tx, str id, struct subscription_terms *terms,
                               json_t **kept)
{
    struct subscription subscription = {0};
    struct customer customer = {0};
    struct customer_billing billing = {0};
    OWNED(json_release) json_t *held = json_array();
    struct segment_rows *rows = NULL;
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(defer_segments(tx, id, &rows));
    TRY(subscription_get(tx, id, (instant){0}, &subscription));
    struct documents *documents = arena_array(db_arena(tx), struct documents, rows->count);
    for (size_t i = 0; i < rows->count; i++)
        TRY(defer_documents(tx, &rows->kept[i], &documents[i]));
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
    TRY(read_segments(tx, rows, documents, held, &read));
    *terms = read;
    *kept = json_incref(held);
    return OK;
}

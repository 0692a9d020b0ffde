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

// ---- in common

struct common_plan {
    struct segment_row of; // but for its start
    struct pinned_plan pinned;
};

struct common_customer {
    int64_t id;
    struct customer customer;
    struct customer_billing billing;
    const struct zone *zone;
};

struct terms_common {
    json_t *held;
    struct common_plan *plans;
    size_t plan_count;
    size_t plan_room;
    struct common_customer *customers;
    size_t customer_count;
    size_t customer_room;
};

struct terms_common *terms_common_new(struct db_tx *tx)
{
    struct terms_common *common = arena_new(db_arena(tx), struct terms_common);
    common->held = json_array();
    return common;
}

void terms_common_release(struct terms_common **common)
{
    if (*common != NULL)
        json_release(&(*common)->held);
}

static const struct pinned_plan *find_plan(const struct terms_common *common,
                                           const struct segment_row *segment)
{
    for (size_t i = 0; i < common->plan_count; i++) {
        const struct segment_row *of = &common->plans[i].of;
        if (of->plan_version == segment->plan_version && str_eq(of->plan_key, segment->plan_key) &&
            str_eq(of->metrics, segment->metrics) && str_eq(of->overrides, segment->overrides))
            return &common->plans[i].pinned;
    }
    return NULL;
}

static void keep_plan(struct arena *arena, struct terms_common *common,
                      const struct segment_row *segment, const struct pinned_plan *pinned)
{
    common->plans = arena_grow(arena, common->plans, common->plan_count, &common->plan_room,
                               sizeof *common->plans);
    common->plans[common->plan_count++] = (struct common_plan){*segment, *pinned};
}

static result find_customer(struct db_tx *tx, struct terms_common *common, int64_t id,
                            const struct common_customer **found)
{
    struct arena *arena = db_arena(tx);
    struct common_customer made = {.id = id};
    for (size_t i = 0; i < common->customer_count; i++) {
        *found = &common->customers[i];
        if ((*found)->id == id)
            return OK;
    }
    TRY(customer_get_by_id(tx, id, &made.customer));
    TRY(customer_billing_read(arena, &made.customer, &made.billing));
    TRY(zone_load(arena, made.customer.zone_name, &made.zone));
    common->customers = arena_grow(arena, common->customers, common->customer_count,
                                   &common->customer_room, sizeof *common->customers);
    common->customers[common->customer_count] = made;
    *found = &common->customers[common->customer_count++];
    return OK;
}

static result read_segments(struct db_tx *tx, const struct segment_rows *rows,
                            const struct documents *documents, struct terms_common *common,
                            struct subscription_terms *terms)
{
    struct segment *segments = arena_array(db_arena(tx), struct segment, rows->count);
    terms->segment_count = rows->count;
    for (size_t i = 0; i < terms->segment_count; i++) {
        struct pinned_plan made = {0};
        const struct pinned_plan *pinned = find_plan(common, &rows->kept[i]);
        if (pinned == NULL) {
            TRY(read_documents(tx, &rows->kept[i], &documents[i], common->held, &made));
            keep_plan(db_arena(tx), common, &rows->kept[i], &made);
            pinned = &made;
        }
        segments[i] = (struct segment){
            .from = rows->kept[i].starts_at,
            .plan = pinned->plan,
            .metrics = pinned->metrics,
            .metric_count = pinned->metric_count,
        };
    }
    terms->segments = segments;
    return OK;
}

result subscription_terms_read_common(struct db_tx *tx, str id, struct terms_common *common,
                                      struct subscription_terms *terms)
{
    struct subscription subscription = {0};
    const struct common_customer *customer = NULL;
    struct segment_rows *rows = NULL;
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(defer_segments(tx, id, &rows));
    TRY(subscription_get(tx, id, (instant){0}, &subscription));
    struct documents *documents = arena_array(db_arena(tx), struct documents, rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        if (find_plan(common, &rows->kept[i]) == NULL)
            TRY(defer_documents(tx, &rows->kept[i], &documents[i]));
    }
    TRY(find_customer(tx, common, subscription.customer_id, &customer));
    TRY(db_flush(tx));
    struct subscription_terms read = {
        .id = subscription.id,
        .customer = customer->customer.key,
        .zone = customer->zone,
        .zone_name = customer->customer.zone_name,
        .currency = customer->customer.currency,
        .anniversary = subscription.anniversary,
        .start = subscription.start,
        .has_end = subscription.has_end,
        .end = subscription.end,
        .taxes = customer->billing.taxes,
        .tax_count = customer->billing.tax_count,
        .exempt_reason = customer->billing.exempt_reason,
    };
    TRY(read_segments(tx, rows, documents, common, &read));
    *terms = read;
    return OK;
}

result subscription_terms_read(struct db_tx *tx, str id, struct subscription_terms *terms,
                               json_t **held)
{
    OWNED(terms_common_release) struct terms_common *common = terms_common_new(tx);
    TRY(subscription_terms_read_common(tx, id, common, terms));
    *held = json_incref(common->held);
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
// A sample of running sums, counted again from the entries.
#include "invoicing.sql.h"
#include "phial/invoicing/sums.h"
#include "phial/rating/aggregation.h"
#include "sums_rows.h"
#include "sums_stretch.h"
#include "sums_switched.h"

#include <stdlib.h>

enum { METRICS_MAX = 500, SAMPLE_MAX = 100, FEW_ENTRIES = 50000 };

struct checking {
    struct sums_sample *sample;
    struct db_tx *tx;
    int64_t customer_id;
    str customer;
    json_t *held;
    int64_t *ids;
    str *keys;
    const struct metric **metrics;
    size_t metric_count;
    int64_t folded;
    instant bucket;
    struct usage_tally *tally; // of the bucket, from the entries
    // a row
    int64_t id;
    str key;
    str document;
};

static result take_metric(void *context)
{
    struct checking *checking = context;
    struct arena *arena = db_arena(checking->tx);
    struct faults *faults = arena_new(arena, struct faults);
    json_t *document = NULL;
    if (checking->metric_count == METRICS_MAX)
        return OK;
    TRY(json_parse(checking->document, &document));
    if (json_array_append_new(checking->held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    faults->arena = arena;
    const struct metric *metric = metric_parse((struct json_at){document, STR(""), faults}, true);
    if (metric == NULL)
        return OK;
    checking->ids[checking->metric_count] = checking->id;
    checking->keys[checking->metric_count] = str_copy(arena, checking->key);
    checking->metrics[checking->metric_count++] = metric;
    return OK;
}

static result tally_events(const struct checking *checking, const struct usage *usage)
{
    instant end = usage_tally_bucket_end(TALLY_QUARTER, checking->bucket);
    for (size_t i = 0; i < usage->count; i++) {
        if (usage->events[i].time.us >= checking->bucket.us && usage->events[i].time.us < end.us)
            TRY(usage_tally_add(checking->tally, &usage->events[i], false));
    }
    return OK;
}

// Of a short log all entries are read, so that the places are checked as well.
static result count_again(const struct checking *checking)
{
    OWNED(stretch_release) struct stretch all = {0};
    OWNED(usage_fold_release) struct usage_fold *fold = NULL;
    struct usage usage = {0};
    struct placed_span span = {checking->customer_id, checking->folded, checking->bucket,
                               usage_tally_bucket_end(TALLY_QUARTER, checking->bucket)};
    if (checking->folded <= FEW_ENTRIES) {
        struct grown grown = grown_of_all_time(checking->customer_id, 0, checking->folded);
        TRY(stretch_read(checking->tx, &grown, 0, checking->folded, &all));
        return tally_events(checking, &all.added);
    }
    TRY(placed_read(checking->tx, &span, &fold, &usage));
    return tally_events(checking, &usage);
}

struct comparing {
    const struct checking *checking;
    size_t metric;
    struct sum_row row;
    str group;
    int64_t weight;
    instant bucket;
    str held;
    size_t rows;
    bool right;
};

static bool same_sum(const struct metric *metric, const struct usage_tally_sum *a,
                     const struct usage_tally_sum *b)
{
    enum folding folds = metric_folding(metric);
    bool extreme = folds == FOLDS_MOST || folds == FOLDS_LEAST || folds == FOLDS_LATEST;
    return a->events == b->events && a->first_index == b->first_index &&
           a->last_index == b->last_index && decimal_compare(a->total, b->total) == 0 &&
           exact_compare(a->moment, b->moment) == 0 &&
           (!extreme || decimal_compare(a->extreme, b->extreme) == 0);
}

static int by_value(const void *left, const void *right)
{
    return str_compare(((const struct usage_tally_value *)left)->value,
                       ((const struct usage_tally_value *)right)->value);
}

// Whether a row holds the values that the bucket's events have; where they are rows of their own,
// they are not looked at.
static bool same_values(const struct comparing *comparing)
{
    struct arena *arena = comparing->row.arena;
    size_t count = 0;
    size_t found = 0;
    const struct usage_tally_value *all = usage_tally_values(comparing->checking->tally, &count);
    struct usage_tally_value *values = arena_array(arena, struct usage_tally_value, count);
    if (comparing->held.len == 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        if (all[i].metric == comparing->metric && str_eq(all[i].group, comparing->group))
            values[found++] = all[i];
    }
    if (found > 1)
        qsort(values, found, sizeof *values, by_value);
    return str_eq(comparing->held, usage_tally_held_print(arena, values, found));
}

static result compare_row(void *context)
{
    struct comparing *comparing = context;
    const struct metric *metric = comparing->checking->metrics[comparing->metric];
    size_t count = 0;
    bool found = false;
    const struct usage_tally_line *lines = usage_tally_lines(comparing->checking->tally, &count);
    TRY(sum_row_read(&comparing->row));
    for (size_t i = 0; i < count && !found; i++)
        found = lines[i].metric == comparing->metric &&
                (int64_t)lines[i].weight == comparing->weight &&
                str_eq(lines[i].group, comparing->group) &&
                same_sum(metric, &lines[i].added, &comparing->row.sum) && same_values(comparing);
    comparing->rows++;
    comparing->right = comparing->right && found;
    return OK;
}

static size_t lines_of(const struct checking *checking, size_t metric)
{
    size_t count = 0;
    size_t found = 0;
    const struct usage_tally_line *lines = usage_tally_lines(checking->tally, &count);
    for (size_t i = 0; i < count; i++)
        found += lines[i].metric == metric;
    return found;
}

static result compare_metric(const struct checking *checking, size_t metric)
{
    struct arena *arena = db_arena(checking->tx);
    struct comparing comparing = {
        .checking = checking, .metric = metric, .row = {.arena = arena}, .right = true};
    TRY(db_each(checking->tx, &sums_each_line_sql,
                PARAMS(db_i64(checking->customer_id), db_i64(checking->ids[metric]),
                       db_i64(TALLY_QUARTER), db_instant(checking->bucket),
                       db_instant(usage_tally_bucket_end(TALLY_QUARTER, checking->bucket))),
                COLUMNS(db_into_instant("bucket", &comparing.bucket),
                        db_into_text("groups", &comparing.group),
                        db_into_i64("weight", &comparing.weight), SUM_COLUMNS(&comparing.row),
                        db_into_bytes("held", &comparing.held)),
                compare_row, &comparing));
    checking->sample->compared++;
    if (comparing.right && metric_folding(checking->metrics[metric]) == FOLDS_SWITCHES)
        TRY(switched_check(
            &(struct switched_series){checking->tx, checking->customer_id, checking->ids[metric]},
            &comparing.right));
    if (!comparing.right || comparing.rows != lines_of(checking, metric))
        checking->sample->differs(checking->sample->context,
                                  str_printf(arena, "%" STR_FMT "/%" STR_FMT " at %" STR_FMT,
                                             STR_ARG(checking->customer),
                                             STR_ARG(checking->keys[metric]),
                                             STR_ARG(instant_print(arena, checking->bucket))));
    return OK;
}

static result check_customer(struct db_tx *tx, void *context)
{
    struct checking *checking = context;
    struct arena *arena = db_arena(tx);
    int64_t locked = 0;
    OWNED(json_release) json_t *held = json_array();
    checking->tx = tx;
    checking->held = held;
    checking->metric_count = 0;
    checking->ids = arena_array(arena, int64_t, METRICS_MAX);
    checking->keys = arena_array(arena, str, METRICS_MAX);
    checking->metrics = arena_array(arena, const struct metric *, METRICS_MAX);
    TRY(db_one(tx, &sums_share_mark_sql, PARAMS(db_i64(checking->customer_id)),
               COLUMNS(db_into_i64("customer_id", &locked))));
    result sampled = db_one(tx, &sums_sample_bucket_sql, PARAMS(db_i64(checking->customer_id)),
                            COLUMNS(db_into_instant("bucket", &checking->bucket)));
    if (sampled.code == ERR_NOT_FOUND)
        return OK;
    TRY(sampled);
    TRY(db_each(tx, &sums_list_checked_sql, PARAMS(db_i64(checking->customer_id)),
                COLUMNS(db_into_i64("series_id", &checking->id),
                        db_into_text("metric", &checking->key),
                        db_into_text("document", &checking->document),
                        db_into_i64("folded", &checking->folded)),
                take_metric, checking));
    checking->tally = usage_tally_new(arena, checking->metrics, checking->metric_count, 1);
    TRY(count_again(checking));
    for (size_t i = 0; i < checking->metric_count; i++)
        TRY(compare_metric(checking, i));
    return OK;
}

struct sampled {
    struct arena *arena;
    int64_t wanted;
    int64_t id;
    str key;
    int64_t ids[SAMPLE_MAX];
    str keys[SAMPLE_MAX];
    size_t count;
};

static result take_customer(void *context)
{
    struct sampled *sampled = context;
    sampled->ids[sampled->count] = sampled->id;
    sampled->keys[sampled->count++] = str_copy(sampled->arena, sampled->key);
    return OK;
}

static result sample_customers(struct db_tx *tx, void *context)
{
    struct sampled *sampled = context;
    sampled->count = 0;
    return db_each(
        tx, &sums_sample_customers_sql, PARAMS(db_i64(sampled->wanted)),
        COLUMNS(db_into_i64("customer_id", &sampled->id), db_into_text("key", &sampled->key)),
        take_customer, sampled);
}

result sums_check(struct db *db, struct arena *arena, struct sums_sample *sample)
{
    struct sampled sampled = {
        .arena = arena,
        .wanted = sample->customers < SAMPLE_MAX ? sample->customers : SAMPLE_MAX,
    };
    TRY(db_transact(db, arena, sample_customers, &sampled));
    for (size_t i = 0; i < sampled.count; i++) {
        struct arena scratch = {0};
        struct checking checking = {
            .sample = sample, .customer_id = sampled.ids[i], .customer = sampled.keys[i]};
        result checked = db_transact(db, &scratch, check_customer, &checking);
        arena_reset(&scratch);
        TRY(checked);
    }
    return OK;
}

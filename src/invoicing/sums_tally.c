// SPDX-License-Identifier: Apache-2.0
#include "sums_tally.h"

#include "invoicing.sql.h"
#include "phial/rating/aggregation.h"
#include "sums_stretch.h"
#include "sums_switched.h"

#include <assert.h>
#include <stdlib.h>

// ---- worn lines are made again

// The one key among a tally's lines. NULL when none of its events are left.
static const struct usage_tally_line *find_line(const struct usage_tally *tally,
                                                const struct usage_tally_line *like)
{
    size_t count = 0;
    const struct usage_tally_line *lines = usage_tally_lines(tally, &count);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].metric == like->metric && lines[i].weight == like->weight &&
            str_eq(lines[i].group, like->group))
            return &lines[i];
    }
    return NULL;
}

// From the events of its quarter of an hour.
static result renew_quarter(const struct sums_stretch *stretch, struct usage_tally_line *line)
{
    OWNED(usage_fold_release) struct usage_fold *events = NULL;
    struct usage usage = {0};
    instant end = usage_tally_bucket_end(TALLY_QUARTER, line->bucket);
    struct placed_span span = {stretch->at.customer_id, stretch->to, line->bucket, end};
    struct usage_tally *tally =
        usage_tally_new(db_arena(stretch->at.tx), stretch->at.metrics, stretch->metric_count, 1);
    TRY(placed_read(stretch->at.tx, &span, &events, &usage));
    for (size_t i = 0; i < usage.count; i++) {
        if (usage.events[i].time.us >= line->bucket.us && usage.events[i].time.us < end.us)
            TRY(usage_tally_add(tally, &usage.events[i], false));
    }
    const struct usage_tally_line *made = find_line(tally, line);
    line->added = made == NULL ? (struct usage_tally_sum){0} : made->added;
    return OK;
}

struct joining {
    const struct metric *metric;
    struct usage_tally_sum sum;
    instant begins;
    instant bucket;
    struct sum_row row;
};

static result join_quarter(void *context)
{
    struct joining *joining = context;
    TRY(sum_row_read(&joining->row));
    struct usage_tally_sum sum = joining->row.sum;
    int64_t later = joining->bucket.us - joining->begins.us;
    struct arena *arena = joining->row.arena;
    // Its moment counts from the quarter, the line's from its own bucket.
    if (metric_folding(joining->metric) == FOLDS_MOMENT)
        sum.moment = exact_add(
            arena, sum.moment,
            exact_mul(arena, exact_from_decimal(arena, sum.total), exact_from_i64(arena, later)));
    return usage_tally_sum_add(arena, joining->metric, &joining->sum, &sum);
}

// From its quarters, which are stored by then.
static result renew_longer(const struct sums_stretch *stretch, struct usage_tally_line *line)
{
    struct joining joining = {
        .metric = stretch->at.metrics[line->metric],
        .begins = line->bucket,
        .row = {.arena = db_arena(stretch->at.tx)},
    };
    TRY(db_each(stretch->at.tx, &sums_each_of_group_sql,
                PARAMS(db_i64(stretch->at.customer_id), db_i64(stretch->at.series[line->metric]),
                       db_instant(line->bucket),
                       db_instant(usage_tally_bucket_end(line->level, line->bucket)),
                       db_text(line->group), db_i64((int64_t)line->weight)),
                COLUMNS(db_into_instant("bucket", &joining.bucket), SUM_COLUMNS(&joining.row)),
                join_quarter, &joining));
    line->added = joining.sum;
    return OK;
}

static result renew_worn(const struct sums_stretch *stretch, struct usage_tally_line *lines,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!usage_tally_sum_is_worn(stretch->at.metrics[lines[i].metric], &lines[i].added))
            continue;
        TRY(lines[i].level == TALLY_QUARTER ? renew_quarter(stretch, &lines[i])
                                            : renew_longer(stretch, &lines[i]));
    }
    return OK;
}

// ---- parts of lines, and values

// In the order of the rows' key, but for the series: what is written together stands together.
static int by_bucket(const void *left, const void *right)
{
    const struct usage_tally_line *a = left;
    const struct usage_tally_line *b = right;
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    if (a->metric != b->metric)
        return a->metric < b->metric ? -1 : 1;
    if (a->bucket.us != b->bucket.us)
        return a->bucket.us < b->bucket.us ? -1 : 1;
    int order = str_compare(a->group, b->group);
    return order != 0 ? order : (a->weight > b->weight) - (a->weight < b->weight);
}

static bool only_adds(const struct sums_stretch *stretch, const struct usage_tally_line *line)
{
    const struct metric *metric = stretch->at.metrics[line->metric];
    enum folding folds = metric_folding(metric);
    return line->removed.events == 0 && !metric_folds_values(metric) && folds != FOLDS_MOST &&
           folds != FOLDS_LEAST && folds != FOLDS_LATEST;
}

enum part { PART_NEW, PART_ADDING, PART_OTHERS, PARTS };

// Nothing is stored of what lies behind the latest bucket.
static enum part part_of(const struct sums_stretch *stretch, const instant *latest,
                         const struct usage_tally_line *line)
{
    instant stored = latest[line->metric * TALLY_LEVELS + line->level];
    if (line->removed.events == 0 && line->bucket.us > stored.us)
        return PART_NEW;
    return only_adds(stretch, line) ? PART_ADDING : PART_OTHERS;
}

// Part after part, each in its order. Answers how many of each there are.
static void part_lines(const struct sums_stretch *stretch, const instant *latest,
                       struct usage_tally_line *lines, size_t count, size_t counts[PARTS])
{
    struct usage_tally_line *parted =
        arena_array(db_arena(stretch->at.tx), struct usage_tally_line, count);
    size_t next[PARTS] = {0};
    if (count > 1)
        qsort(lines, count, sizeof *lines, by_bucket);
    for (size_t i = 0; i < count; i++)
        counts[part_of(stretch, latest, &lines[i])]++;
    for (int part = 1; part < PARTS; part++)
        next[part] = next[part - 1] + counts[part - 1];
    for (size_t i = 0; i < count; i++)
        parted[next[part_of(stretch, latest, &lines[i])]++] = lines[i];
    for (size_t i = 0; i < count; i++)
        lines[i] = parted[i];
}

// What a tally has of values, and what of it is left for rows of its own.
struct values {
    struct usage_tally_value *all; // in the order of lines, then of their bytes
    size_t count;
    size_t taken;
    struct usage_tally_value *left;
    size_t left_count;
    size_t left_room;
};

static int compare_places(const struct usage_tally_value *value,
                          const struct usage_tally_line *line)
{
    struct usage_tally_line like = {
        .level = value->level,
        .metric = value->metric,
        .bucket = value->bucket,
        .group = value->group,
        .weight = line->weight,
    };
    return by_bucket(&like, line);
}

static int by_value(const void *left, const void *right)
{
    const struct usage_tally_value *a = left;
    const struct usage_tally_value *b = right;
    struct usage_tally_line like = {
        .level = b->level, .metric = b->metric, .bucket = b->bucket, .group = b->group};
    int order = compare_places(a, &like);
    return order != 0 ? order : str_compare(a->value, b->value);
}

static void leave(const struct sums_stretch *stretch, struct values *values,
                  const struct usage_tally_value *left, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values->left = arena_grow(db_arena(stretch->at.tx), values->left, values->left_count,
                                  &values->left_room, sizeof *values->left);
        values->left[values->left_count++] = left[i];
    }
}

// The line's values are `count` from the first.
static size_t find_values(const struct values *values, const struct usage_tally_line *line,
                          size_t *count)
{
    size_t first = 0;
    size_t end = values->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_places(&values->all[middle], line) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    for (end = first; end < values->count && compare_places(&values->all[end], line) == 0;)
        end++;
    *count = end - first;
    return first;
}

// A line holds its values until they are too many: then, and from then on, they are rows.
static result hold_values(const struct sums_stretch *stretch, struct usage_tally_line *line,
                          struct values *values)
{
    struct arena *arena = db_arena(stretch->at.tx);
    size_t count = 0;
    size_t first = find_values(values, line, &count);
    struct usage_tally_value *merged = NULL;
    size_t merged_count = 0;
    values->taken += count;
    if (count == 0)
        return OK;
    if (line->held.len == 0) {
        leave(stretch, values, &values->all[first], count);
        return OK;
    }
    TRY(usage_tally_held_merge(arena, line->held, &values->all[first], count, &merged,
                               &merged_count));
    line->held = usage_tally_held_print(arena, merged, merged_count);
    if (line->held.len == 0)
        leave(stretch, values, merged, merged_count);
    return OK;
}

static result write_new_lines(const struct sums_stretch *stretch, struct usage_tally_line *lines,
                              size_t count, struct values *values)
{
    for (size_t i = 0; i < count; i++) {
        if (!metric_folds_values(stretch->at.metrics[lines[i].metric]))
            continue;
        lines[i].held = USAGE_TALLY_HELD_NONE;
        TRY(hold_values(stretch, &lines[i], values));
    }
    return sums_insert(&stretch->at, lines, count);
}

static result write_other_lines(const struct sums_stretch *stretch, struct usage_tally_line *lines,
                                size_t count, struct values *values)
{
    size_t quarters = 0;
    while (quarters < count && lines[quarters].level == TALLY_QUARTER)
        quarters++;
    TRY(sums_merge(&stretch->at, lines, count));
    for (size_t i = 0; i < count; i++)
        TRY(hold_values(stretch, &lines[i], values));
    TRY(renew_worn(stretch, lines, quarters));
    TRY(sums_write(&stretch->at, lines, quarters));
    TRY(renew_worn(stretch, lines + quarters, count - quarters));
    return sums_write(&stretch->at, lines + quarters, count - quarters);
}

static result write_lines(const struct sums_stretch *stretch, struct usage_tally_line *lines,
                          size_t count, struct values *values)
{
    instant *latest = NULL;
    size_t counts[PARTS] = {0};
    TRY(sums_latest(&stretch->at, stretch->metric_count, &latest));
    part_lines(stretch, latest, lines, count, counts);
    TRY(write_new_lines(stretch, lines, counts[PART_NEW], values));
    lines += counts[PART_NEW];
    TRY(sums_add(&stretch->at, lines, counts[PART_ADDING]));
    lines += counts[PART_ADDING];
    TRY(write_other_lines(stretch, lines, counts[PART_OTHERS], values));
    assert(values->taken == values->count); // each has its line
    return OK;
}

// What is known of switches lasts up to the first that came or went.
static result advance_switched(const struct sums_stretch *stretch,
                               const struct usage_tally_line *lines, size_t count)
{
    instant *since = arena_array(db_arena(stretch->at.tx), instant, stretch->metric_count);
    bool *touched = arena_array(db_arena(stretch->at.tx), bool, stretch->metric_count);
    for (size_t i = 0; i < count; i++) {
        size_t metric = lines[i].metric;
        bool first = !touched[metric] || lines[i].bucket.us < since[metric].us;
        if (lines[i].level == TALLY_QUARTER && first)
            since[metric] = lines[i].bucket;
        touched[metric] = touched[metric] || lines[i].level == TALLY_QUARTER;
    }
    for (size_t i = 0; i < stretch->metric_count; i++) {
        struct switched_series series = {stretch->at.tx, stretch->at.customer_id,
                                         stretch->at.series[i]};
        // Nothing is known of a series that begins: who has emptied its sums may have left that.
        bool begins = stretch->from == 0;
        if (metric_folding(stretch->at.metrics[i]) != FOLDS_SWITCHES || !(begins || touched[i]))
            continue;
        TRY(switched_drop(&series, begins ? (instant){FIRST_INSTANT_US} : since[i]));
        if (touched[i])
            TRY(switched_advance(&series));
    }
    return OK;
}

result sums_store_tally(const struct sums_stretch *stretch, const struct usage_tally *tally)
{
    size_t count = 0;
    struct values values = {0};
    struct usage_tally_line *lines = usage_tally_lines(tally, &count);
    values.all = usage_tally_values(tally, &values.count);
    if (values.count > 1)
        qsort(values.all, values.count, sizeof *values.all, by_value);
    if (count > 0)
        TRY(write_lines(stretch, lines, count, &values));
    TRY(sums_write_values(&stretch->at, values.left, values.left_count));
    return advance_switched(stretch, lines, count);
}

// SPDX-License-Identifier: Apache-2.0
#include "sums_rows.h"

#include "invoicing.sql.h"
#include "phial/rating/aggregation.h"

#include <stdlib.h>

enum { DIGITS_AT_ONCE = 18 };

// A decimal of any length.
static exact parse_exact(struct arena *arena, str text)
{
    bool negative = str_starts_with(text, STR("-"));
    exact value = exact_zero();
    exact tenths = exact_from_i64(arena, 1);
    bool behind = false;
    for (size_t at = negative; at < text.len;) {
        int64_t chunk = 0;
        int64_t scale = 1;
        for (int n = 0; n < DIGITS_AT_ONCE && at < text.len && text.ptr[at] != '.'; n++) {
            chunk = chunk * 10 + (text.ptr[at++] - '0');
            scale *= 10;
        }
        value = exact_add(arena, exact_mul(arena, value, exact_from_i64(arena, scale)),
                          exact_from_i64(arena, chunk));
        if (behind)
            tenths = exact_mul(arena, tenths, exact_from_i64(arena, scale));
        if (at < text.len && text.ptr[at] == '.') {
            behind = true;
            at++;
        }
    }
    value = exact_div(arena, value, tenths);
    return negative ? exact_sub(arena, exact_zero(), value) : value;
}

result sum_row_read(struct sum_row *row)
{
    TRY(decimal_parse(row->total, &row->sum.total));
    TRY(decimal_parse(row->extreme, &row->sum.extreme));
    row->sum.moment =
        str_eq(row->moment, STR("0")) ? exact_zero() : parse_exact(row->arena, row->moment);
    return OK;
}

// The keys of lines, a column each.
struct keys {
    int64_t *series;
    int64_t *levels;
    instant *buckets;
    str *groups;
    int64_t *weights;
    size_t count;
};

static struct keys keys_new(struct arena *arena, size_t room)
{
    return (struct keys){
        .series = arena_array(arena, int64_t, room),
        .levels = arena_array(arena, int64_t, room),
        .buckets = arena_array(arena, instant, room),
        .groups = arena_array(arena, str, room),
        .weights = arena_array(arena, int64_t, room),
    };
}

static void keys_add(struct keys *keys, const struct sums_place *at,
                     const struct usage_tally_line *line)
{
    size_t i = keys->count++;
    keys->series[i] = at->series[line->metric];
    keys->levels[i] = line->level;
    keys->buckets[i] = line->bucket;
    keys->groups[i] = line->group;
    keys->weights[i] = (int64_t)line->weight;
}

#define KEY_PARAMS(keys)                                                                  \
    db_i64_array((keys).series, (keys).count), db_i64_array((keys).levels, (keys).count), \
        db_instant_array((keys).buckets, (keys).count),                                   \
        db_text_array((keys).groups, (keys).count), db_i64_array((keys).weights, (keys).count)

struct latest_row {
    instant *latest;
    int64_t place; // from 1
    instant bucket;
};

static result take_latest(void *context)
{
    struct latest_row *row = context;
    row->latest[row->place - 1] = row->bucket;
    return OK;
}

result sums_latest(const struct sums_place *at, size_t metric_count, instant **latest)
{
    struct arena *arena = db_arena(at->tx);
    size_t count = metric_count * TALLY_LEVELS;
    int64_t *series = arena_array(arena, int64_t, count);
    int64_t *levels = arena_array(arena, int64_t, count);
    struct latest_row row = {.latest = arena_array(arena, instant, count)};
    for (size_t i = 0; i < count; i++) {
        series[i] = at->series[i / TALLY_LEVELS];
        levels[i] = (int64_t)(i % TALLY_LEVELS);
        row.latest[i] = (instant){INT64_MIN};
    }
    *latest = row.latest;
    return db_each(
        at->tx, &sums_list_latest_sql,
        PARAMS(db_i64(at->customer_id), db_i64_array(series, count), db_i64_array(levels, count)),
        COLUMNS(db_into_i64("place", &row.place), db_into_instant("bucket", &row.bucket)),
        take_latest, &row);
}

struct merging {
    const struct sums_place *at;
    struct usage_tally_line *lines;
    int64_t place; // from 1
    struct sum_row row;
    str held;
};

static result merge_row(void *context)
{
    struct merging *merging = context;
    struct usage_tally_line *line = &merging->lines[merging->place - 1];
    TRY(sum_row_read(&merging->row));
    struct usage_tally_sum there = merging->row.sum;
    TRY(usage_tally_sum_add(merging->row.arena, merging->at->metrics[line->metric], &there,
                            &line->added));
    line->added = there;
    line->held = str_copy(merging->row.arena, merging->held);
    return OK;
}

result sums_merge(const struct sums_place *at, struct usage_tally_line *lines, size_t count)
{
    struct merging merging = {.at = at, .lines = lines, .row = {.arena = db_arena(at->tx)}};
    struct keys keys = keys_new(db_arena(at->tx), count);
    for (size_t i = 0; i < count; i++) {
        keys_add(&keys, at, &lines[i]);
        if (metric_folds_values(at->metrics[lines[i].metric]))
            lines[i].held = USAGE_TALLY_HELD_NONE;
    }
    if (count == 0)
        return OK;
    TRY(db_each(at->tx, &sums_load_sql, PARAMS(db_i64(at->customer_id), KEY_PARAMS(keys)),
                COLUMNS(db_into_i64("place", &merging.place), SUM_COLUMNS(&merging.row),
                        db_into_bytes("held", &merging.held)),
                merge_row, &merging));
    for (size_t i = 0; i < count; i++) {
        TRY(usage_tally_sum_remove(db_arena(at->tx), at->metrics[lines[i].metric], &lines[i].added,
                                   &lines[i].removed));
        lines[i].removed = (struct usage_tally_sum){0};
    }
    return OK;
}

// What is stored of sums, a column each.
struct stored {
    struct keys keys;
    int64_t *events;
    int64_t *first;
    int64_t *last;
    str *totals;
    str *moments;
    str *extremes;
    int64_t *extreme_events;
    instant *extreme_at;
    int64_t *extreme_index;
    str *held; // of sums_store and sums_insert
};

static void stored_add(struct arena *arena, struct stored *stored, const struct sums_place *at,
                       const struct usage_tally_line *line)
{
    size_t i = stored->keys.count;
    const struct usage_tally_sum *sum = &line->added;
    keys_add(&stored->keys, at, line);
    stored->events[i] = sum->events;
    stored->first[i] = sum->first_index;
    stored->last[i] = sum->last_index;
    stored->totals[i] = decimal_print(arena, sum->total);
    stored->moments[i] = exact_print(arena, sum->moment);
    stored->extremes[i] = decimal_print(arena, sum->extreme);
    stored->extreme_events[i] = sum->extreme_events;
    stored->extreme_at[i] = sum->extreme_at;
    stored->extreme_index[i] = sum->extreme_index;
    stored->held[i] = line->held;
}

#define STORED_PARAMS(stored, count)                                                           \
    KEY_PARAMS((stored).keys), db_i64_array((stored).events, count),                           \
        db_i64_array((stored).first, count), db_i64_array((stored).last, count),               \
        db_text_array((stored).totals, count), db_text_array((stored).moments, count),         \
        db_text_array((stored).extremes, count), db_i64_array((stored).extreme_events, count), \
        db_instant_array((stored).extreme_at, count), db_i64_array((stored).extreme_index, count)

static struct stored stored_new(struct arena *arena, size_t room)
{
    return (struct stored){
        .keys = keys_new(arena, room),
        .events = arena_array(arena, int64_t, room),
        .first = arena_array(arena, int64_t, room),
        .last = arena_array(arena, int64_t, room),
        .totals = arena_array(arena, str, room),
        .moments = arena_array(arena, str, room),
        .extremes = arena_array(arena, str, room),
        .extreme_events = arena_array(arena, int64_t, room),
        .extreme_at = arena_array(arena, instant, room),
        .extreme_index = arena_array(arena, int64_t, room),
        .held = arena_array(arena, str, room),
    };
}

static struct stored stored_of(const struct sums_place *at, const struct usage_tally_line *lines,
                               size_t count)
{
    struct stored stored = stored_new(db_arena(at->tx), count);
    for (size_t i = 0; i < count; i++)
        stored_add(db_arena(at->tx), &stored, at, &lines[i]);
    return stored;
}

result sums_add(const struct sums_place *at, const struct usage_tally_line *lines, size_t count)
{
    struct stored stored = stored_of(at, lines, count);
    return count == 0 ? OK
                      : db_exec(at->tx, &sums_add_sql,
                                PARAMS(db_i64(at->customer_id), STORED_PARAMS(stored, count)));
}

result sums_insert(const struct sums_place *at, const struct usage_tally_line *lines, size_t count)
{
    struct stored stored = stored_of(at, lines, count);
    return count == 0 ? OK
                      : db_exec(at->tx, &sums_insert_sql,
                                PARAMS(db_i64(at->customer_id), STORED_PARAMS(stored, count),
                                       db_bytes_array(stored.held, count)));
}

result sums_write(const struct sums_place *at, const struct usage_tally_line *lines, size_t count)
{
    struct arena *arena = db_arena(at->tx);
    struct keys gone = keys_new(arena, count);
    struct stored stored = stored_new(arena, count);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].added.events == 0)
            keys_add(&gone, at, &lines[i]);
        else
            stored_add(arena, &stored, at, &lines[i]);
    }
    size_t kept = stored.keys.count;
    if (kept > 0)
        TRY(db_exec(at->tx, &sums_store_sql,
                    PARAMS(db_i64(at->customer_id), STORED_PARAMS(stored, kept),
                           db_bytes_array(stored.held, kept))));
    return gone.count == 0 ? OK
                           : db_exec(at->tx, &sums_remove_sql,
                                     PARAMS(db_i64(at->customer_id), KEY_PARAMS(gone)));
}

struct value_keys {
    struct keys keys;
    str *texts;
};

static struct value_keys value_keys_new(struct arena *arena, size_t room)
{
    return (struct value_keys){keys_new(arena, room), arena_array(arena, str, room)};
}

static void value_keys_add(struct value_keys *keys, const struct sums_place *at,
                           const struct usage_tally_value *value)
{
    struct usage_tally_line line = {.metric = value->metric,
                                    .level = value->level,
                                    .bucket = value->bucket,
                                    .group = value->group};
    keys->texts[keys->keys.count] = value->value;
    keys_add(&keys->keys, at, &line);
}

#define VALUE_PARAMS(at, value)                                                       \
    db_i64((at)->customer_id), db_i64_array((value).keys.series, (value).keys.count), \
        db_i64_array((value).keys.levels, (value).keys.count),                        \
        db_instant_array((value).keys.buckets, (value).keys.count),                   \
        db_text_array((value).keys.groups, (value).keys.count),                       \
        db_text_array((value).texts, (value).keys.count)

// Only of what something is taken from may none be left.
result sums_write_values(const struct sums_place *at, const struct usage_tally_value *values,
                         size_t count)
{
    struct arena *arena = db_arena(at->tx);
    struct value_keys written = value_keys_new(arena, count);
    struct value_keys lessened = value_keys_new(arena, count);
    int64_t *events = arena_array(arena, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        if (values[i].events == 0)
            continue;
        events[written.keys.count] = values[i].events;
        value_keys_add(&written, at, &values[i]);
        if (values[i].events < 0)
            value_keys_add(&lessened, at, &values[i]);
    }
    if (written.keys.count > 0)
        TRY(db_exec(at->tx, &sums_add_values_sql,
                    PARAMS(VALUE_PARAMS(at, written), db_i64_array(events, written.keys.count))));
    return lessened.keys.count == 0
               ? OK
               : db_exec(at->tx, &sums_remove_values_sql, PARAMS(VALUE_PARAMS(at, lessened)));
}

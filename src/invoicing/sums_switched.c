// SPDX-License-Identifier: Apache-2.0
#include "sums_switched.h"

#include "invoicing.sql.h"
#include "phial/rating/tally.h"

#include <stdlib.h>

enum {
    SWITCHES_MIN = 5000, // between one time that is known of and the next
    SWITCHES_A_VALUE = 4,
    DAYS_A_FOLD = 4,
    VALUE_HEAD = 6,
};
#define LATEST_US INT64_C(253402300799000000) // 9999-12-31

// ---- reading

struct held_row {
    struct switches *switches;
    str groups;
    str held;
    bool rows; // the values of some line are rows of their own
};

static result take_held(void *context)
{
    struct held_row *row = context;
    row->rows = row->rows || row->held.len == 0;
    return switches_add_held(row->switches, switches_group(row->switches, row->groups), row->held);
}

static result take_value(void *context)
{
    struct held_row *row = context;
    return switches_add_folded(row->switches, switches_group(row->switches, row->groups),
                               row->held);
}

static result find_known(const struct switched_series *series, instant limit, instant *before,
                         int64_t *switches)
{
    return db_one(series->tx, &sums_find_switched_sql,
                  PARAMS(db_i64(series->customer_id), db_i64(series->id), db_instant(limit)),
                  COLUMNS(db_into_instant("before", before), db_into_i64("switches", switches)));
}

static instant beginning(void)
{
    return usage_tally_bucket(TALLY_DAY, (instant){FIRST_INSTANT_US});
}

static result load(const struct switched_series *series, instant before, struct switches *switches)
{
    struct held_row row = {.switches = switches};
    return db_each(series->tx, &sums_each_switched_sql,
                   PARAMS(db_i64(series->customer_id), db_i64(series->id), db_instant(before)),
                   COLUMNS(db_into_text("groups", &row.groups), db_into_bytes("held", &row.held)),
                   take_held, &row);
}

result switched_start(const struct switched_series *series, instant limit, instant *since,
                      struct switches *switches)
{
    int64_t count = 0;
    result found = find_known(series, limit, since, &count);
    *since = found.code == ERR_NOT_FOUND ? beginning() : *since;
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    return load(series, *since, switches);
}

result switched_read(const struct switched_series *series, instant from, instant to,
                     struct switches *switches)
{
    struct held_row row = {.switches = switches};
    if (from.us >= to.us)
        return OK;
    struct db_params of = PARAMS(db_i64(series->customer_id), db_i64(series->id),
                                 db_i64(TALLY_QUARTER), db_instant(from), db_instant(to));
    TRY(db_each(series->tx, &sums_each_held_sql, of,
                COLUMNS(db_into_text("groups", &row.groups), db_into_bytes("held", &row.held)),
                take_held, &row));
    return !row.rows ? OK
                     : db_each(series->tx, &sums_each_switch_sql, of,
                               COLUMNS(db_into_text("groups", &row.groups),
                                       db_into_text("value", &row.held)),
                               take_value, &row);
}

// ---- making

result switched_drop(const struct switched_series *series, instant since)
{
    return db_exec(series->tx, &sums_drop_switched_sql,
                   PARAMS(db_i64(series->customer_id), db_i64(series->id), db_instant(since)));
}

struct day_row {
    int64_t wanted;
    int64_t so_far;
    bool is_enough;
    instant enough; // the day that makes it so
    instant latest; // the latest day there is
    instant bucket;
    int64_t events;
};

static result take_day(void *context)
{
    struct day_row *row = context;
    row->so_far += row->events;
    row->latest = row->bucket;
    if (!row->is_enough)
        row->enough = row->bucket;
    row->is_enough = row->so_far >= row->wanted;
    return OK;
}

// Whole days with enough switches, the latest day not among them: what is late comes there most.
static result find_next(const struct switched_series *series, instant since, int64_t wanted,
                        bool *found, instant *before)
{
    struct day_row row = {.wanted = wanted};
    TRY(db_each(series->tx, &sums_each_day_sql,
                PARAMS(db_i64(series->customer_id), db_i64(series->id), db_instant(since)),
                COLUMNS(db_into_instant("bucket", &row.bucket), db_into_i64("events", &row.events)),
                take_day, &row));
    *before = usage_tally_bucket_end(TALLY_DAY, row.enough);
    *found = row.is_enough && before->us <= row.latest.us;
    return OK;
}

// Rows as they are stored, a column each.
struct parts {
    str *groups;
    int64_t *numbers;
    int64_t *switches;
    str *held;
    size_t count;
};

static void add_part(struct arena *arena, struct parts *parts, str group,
                     const struct usage_tally_value *values, size_t count)
{
    parts->groups[parts->count] = group;
    parts->numbers[parts->count] = (int64_t)parts->count;
    parts->switches[parts->count] = (int64_t)count;
    parts->held[parts->count++] = usage_tally_held_print(arena, values, count);
}

// As many switches a row as a line holds, of one group. None where one alone is too long.
static struct parts parts_of(struct arena *arena, struct switches *switches)
{
    size_t count = 0;
    size_t first = 0;
    size_t bytes = 1;
    const struct switched *all = switches_before(switches, arena, &count);
    struct usage_tally_value *values = arena_array(arena, struct usage_tally_value, count);
    struct parts parts = {
        .groups = arena_array(arena, str, count + 1),
        .numbers = arena_array(arena, int64_t, count + 1),
        .switches = arena_array(arena, int64_t, count + 1),
        .held = arena_array(arena, str, count + 1),
    };
    for (size_t i = 0; i <= count; i++) {
        size_t len = i == count ? 0 : VALUE_HEAD + all[i].text.len;
        if (len >= USAGE_TALLY_HELD_MAX)
            return (struct parts){0};
        if (i == count || all[i].group != all[first].group || bytes + len > USAGE_TALLY_HELD_MAX) {
            str group = count == 0 ? STR("") : switches_group_at(switches, all[first].group);
            add_part(arena, &parts, group, values + first, i - first);
            first = i;
            bytes = 1;
        }
        if (i < count)
            values[i] = (struct usage_tally_value){.value = all[i].text, .events = 1};
        bytes += len;
    }
    return parts;
}

static result make_known(const struct switched_series *series, bool is_known, instant known,
                         instant before, bool *made)
{
    OWNED(arena_reset) struct arena arena = {0};
    struct switches *switches = switches_new(&arena, before);
    if (is_known)
        TRY(load(series, known, switches));
    TRY(switched_read(series, known, before, switches));
    struct parts parts = parts_of(&arena, switches);
    *made = parts.count > 0;
    return !*made ? OK
                  : db_exec(series->tx, &sums_add_switched_sql,
                            PARAMS(db_i64(series->customer_id), db_i64(series->id),
                                   db_instant(before), db_text_array(parts.groups, parts.count),
                                   db_i64_array(parts.numbers, parts.count),
                                   db_i64_array(parts.switches, parts.count),
                                   db_bytes_array(parts.held, parts.count)));
}

result switched_advance(const struct switched_series *series)
{
    bool found = true;
    for (int i = 0; i < DAYS_A_FOLD && found; i++) {
        instant known = beginning();
        instant before = {0};
        int64_t switches = 0;
        result looked = find_known(series, (instant){LATEST_US}, &known, &switches);
        bool is_known = looked.code != ERR_NOT_FOUND;
        if (is_known)
            TRY(looked);
        int64_t wanted = SWITCHES_A_VALUE * switches;
        TRY(find_next(series, known, wanted > SWITCHES_MIN ? wanted : SWITCHES_MIN, &found,
                      &before));
        if (found)
            TRY(make_known(series, is_known, known, before, &found));
    }
    return OK;
}

// ---- checking

struct named_switch {
    str group;
    str text;
};

static int by_name(const void *left, const void *right)
{
    const struct named_switch *a = left;
    const struct named_switch *b = right;
    int order = str_compare(a->group, b->group);
    return order != 0 ? order : str_compare(a->text, b->text);
}

static struct named_switch *sorted_before(struct arena *arena, struct switches *switches,
                                          size_t *count)
{
    const struct switched *all = switches_before(switches, arena, count);
    struct named_switch *sorted = arena_array(arena, struct named_switch, *count);
    for (size_t i = 0; i < *count; i++)
        sorted[i] = (struct named_switch){switches_group_at(switches, all[i].group), all[i].text};
    if (*count > 1)
        qsort(sorted, *count, sizeof *sorted, by_name);
    return sorted;
}

static bool same_before(struct arena *arena, struct switches *a, struct switches *b)
{
    size_t a_count = 0;
    size_t b_count = 0;
    const struct named_switch *of_a = sorted_before(arena, a, &a_count);
    const struct named_switch *of_b = sorted_before(arena, b, &b_count);
    for (size_t i = 0; a_count == b_count && i < a_count; i++) {
        if (by_name(&of_a[i], &of_b[i]) != 0)
            return false;
    }
    return a_count == b_count;
}

result switched_check(const struct switched_series *series, bool *right)
{
    OWNED(arena_reset) struct arena arena = {0};
    instant latest = {0};
    instant known = beginning();
    int64_t count = 0;
    result looked = find_known(series, (instant){LATEST_US}, &latest, &count);
    *right = true;
    if (looked.code == ERR_NOT_FOUND)
        return OK;
    TRY(looked);
    struct switches *stored = switches_new(&arena, latest);
    struct switches *made = switches_new(&arena, latest);
    TRY(load(series, latest, stored));
    TRY(switched_start(series, (instant){latest.us - 1}, &known, made));
    TRY(switched_read(series, known, latest, made));
    *right = same_before(&arena, stored, made);
    return OK;
}

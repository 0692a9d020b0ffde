// SPDX-License-Identifier: Apache-2.0
#include "sums_read.h"

#include "invoicing.sql.h"
#include "phial/rating/aggregation.h"
#include "sums_reading.h"
#include "sums_rows.h"
#include "sums_stretch.h"
#include "sums_switched.h"

#include <stdlib.h>

enum { TRIES = 3 };

void sums_reading_release(struct sums_reading **reading)
{
    if (*reading == NULL)
        return;
    arena_reset(&(*reading)->arena);
    *reading = NULL;
}

// Without anything of an earlier try.
static void begin(struct sums_reading *reading)
{
    arena_reset(&reading->arena);
    *reading = (struct sums_reading){
        .tx = reading->tx,
        .customer_id = reading->customer_id,
        .series = reading->series,
        .size = reading->size,
        .folded = reading->folded,
        .sealed_before = reading->sealed_before,
        .metric = reading->metric,
        .from = reading->from,
        .to = reading->to,
        .asked = reading->asked,
        .told_since = reading->from,
    };
    reading->single = usage_tally_new_between(&reading->arena, reading->metric,
                                              reading->asked.bounds, reading->asked.bound_count);
    if (metric_folding(reading->metric) == FOLDS_SWITCHES)
        reading->switches = switches_new(&reading->arena, reading->from);
}

// ---- single events

// Switches of before the time count as such, and not among its events.
static result take_event(struct sums_reading *reading, const struct usage_event *event,
                         bool removed)
{
    bool is_earlier = event->time.us < reading->from.us;
    if (event->time.us >= reading->to.us)
        return OK;
    if (is_earlier && (reading->switches != NULL || !metric_carries(reading->metric)))
        return OK;
    return usage_tally_add(reading->single, event, removed);
}

static void omit(struct sums_reading *reading, int64_t index)
{
    reading->omitted = arena_grow(&reading->arena, reading->omitted, reading->omitted_count,
                                  &reading->omitted_room, sizeof *reading->omitted);
    reading->omitted[reading->omitted_count++] = index;
}

static result take_tail_event(struct sums_reading *reading, const struct usage_event *event,
                              bool removed)
{
    if (reading->switches != NULL && event->time.us < reading->to.us &&
        metric_takes(reading->metric, event)) {
        if (event->time.us < reading->told_since.us)
            reading->told_since = event->time;
        if (removed)
            omit(reading, event->index);
        else
            switches_add_event(reading->switches, reading->metric, event, false);
    }
    return take_event(reading, event, removed);
}

static result take_stretch(void *context, const struct stretch *stretch)
{
    for (size_t i = 0; i < stretch->added.count; i++)
        TRY(take_tail_event(context, &stretch->added.events[i], false));
    for (size_t i = 0; i < stretch->removed.count; i++)
        TRY(take_tail_event(context, &stretch->removed.events[i], true));
    return OK;
}

static result read_tail(struct sums_reading *reading)
{
    struct grown grown = {
        .customer_id = reading->customer_id,
        .from = reading->folded,
        .to = reading->size,
        .earliest = usage_since(reading->metric, reading->from),
        .latest = reading->to,
    };
    return stretches_each(reading->tx, &grown, take_stretch, reading);
}

struct edge {
    struct sums_reading *reading;
    instant from;
    instant to;
};

static result take_edge(struct db_tx *tx, void *context)
{
    const struct edge *edge = context;
    struct sums_reading *reading = edge->reading;
    OWNED(usage_fold_release) struct usage_fold *fold = NULL;
    struct placed_span span = {reading->customer_id, reading->folded, edge->from, edge->to};
    struct usage usage = {0};
    TRY(placed_read(tx, &span, &fold, &usage));
    for (size_t i = 0; i < usage.count; i++) {
        const struct usage_event *event = &usage.events[i];
        if (event->time.us < edge->from.us || event->time.us >= edge->to.us)
            continue;
        if (reading->switches != NULL)
            switches_add_event(reading->switches, reading->metric, event, true);
        TRY(take_event(reading, event, false));
    }
    return OK;
}

static result read_edge(struct sums_reading *reading, instant from, instant to)
{
    struct edge edge = {reading, from, to};
    if (from.us >= to.us || reading->of_values)
        return OK;
    if (from.us < reading->sealed_before.us)
        return FAIL(ENTRY_REMOVED, "Retention has removed entries of that time.");
    return db_scratch(reading->tx, take_edge, &edge);
}

// ---- rows

struct row {
    struct sums_reading *reading;
    enum usage_tally_level level;
    instant bucket;
    str groups;
    int64_t weight;
    struct sum_row sum;
    str held;
    str value;
    int64_t events;
};

// Rows of one group often follow each other: the text of the last is kept once.
static str kept_group(const struct row *row, str last)
{
    return str_eq(row->groups, last) ? last : str_copy(&row->reading->arena, row->groups);
}

static result take_line(void *context)
{
    struct row *row = context;
    struct sums_reading *reading = row->reading;
    struct arena *arena = &reading->arena;
    reading->rows = reading->rows || row->held.len == 0;
    if (reading->switches != NULL) {
        size_t group = switches_group(reading->switches, row->groups);
        TRY(switches_add_held(reading->switches, group, row->held));
        row->held = STR("");
    }
    TRY(sum_row_read(&row->sum));
    reading->lines = arena_grow(arena, reading->lines, reading->line_count, &reading->line_room,
                                sizeof *reading->lines);
    reading->lines[reading->line_count++] = (struct usage_tally_line){
        .level = row->level,
        .bucket = row->bucket,
        .group = kept_group(row, reading->line_count == 0
                                     ? STR("")
                                     : reading->lines[reading->line_count - 1].group),
        .weight = (size_t)row->weight,
        .added = row->sum.sum,
        .held = str_copy(arena, row->held),
    };
    return OK;
}

static result take_value(void *context)
{
    struct row *row = context;
    struct sums_reading *reading = row->reading;
    struct arena *arena = &reading->arena;
    reading->values = arena_grow(arena, reading->values, reading->value_count, &reading->value_room,
                                 sizeof *reading->values);
    reading->values[reading->value_count++] = (struct usage_tally_value){
        .level = row->level,
        .bucket = row->bucket,
        .group = kept_group(row, reading->value_count == 0
                                     ? STR("")
                                     : reading->values[reading->value_count - 1].group),
        .value = str_copy(arena, row->value),
        .events = row->events,
    };
    return OK;
}

static result take_switch(void *context)
{
    struct row *row = context;
    struct switches *switches = row->reading->switches;
    return switches_add_folded(switches, switches_group(switches, row->groups), row->value);
}

// There with the next statement that is waited for; switches are taken row by row, whatever many.
static result read_lines(struct sums_reading *reading, enum usage_tally_level level, instant from,
                         instant to)
{
    struct row *row = arena_new(&reading->arena, struct row);
    row->reading = reading;
    row->level = level;
    row->sum.arena = &reading->arena;
    struct db_params of = PARAMS(db_i64(reading->customer_id), db_i64(reading->series),
                                 db_i64(level), db_instant(from), db_instant(to));
    struct db_columns into =
        COLUMNS(db_into_instant("bucket", &row->bucket), db_into_text("groups", &row->groups),
                db_into_i64("weight", &row->weight), SUM_COLUMNS(&row->sum),
                db_into_bytes("held", &row->held));
    return reading->switches != NULL
               ? db_each(reading->tx, &sums_each_line_sql, of, into, take_line, row)
               : db_defer(reading->tx, &sums_each_line_sql, of, into, take_line, row);
}

static result read_values(struct sums_reading *reading, enum usage_tally_level level, instant from,
                          instant to)
{
    struct row row = {.reading = reading, .level = level};
    struct db_params of = PARAMS(db_i64(reading->customer_id), db_i64(reading->series),
                                 db_i64(level), db_instant(from), db_instant(to));
    if (reading->switches != NULL)
        return db_each(
            reading->tx, &sums_each_switch_sql, of,
            COLUMNS(db_into_text("groups", &row.groups), db_into_text("value", &row.value)),
            take_switch, &row);
    return db_each(reading->tx, &sums_each_value_sql, of,
                   COLUMNS(db_into_instant("bucket", &row.bucket),
                           db_into_text("groups", &row.groups), db_into_text("value", &row.value),
                           db_into_i64("events", &row.events)),
                   take_value, &row);
}

static result read_level(struct sums_reading *reading, enum usage_tally_level level, instant from,
                         instant to)
{
    if (from.us >= to.us)
        return OK;
    return reading->of_values ? read_values(reading, level, from, to)
                              : read_lines(reading, level, from, to);
}

// The first bucket that begins at or after an instant.
static instant bucket_since(enum usage_tally_level level, instant at)
{
    instant bucket = usage_tally_bucket(level, at);
    return bucket.us == at.us ? at : usage_tally_bucket_end(level, at);
}

// Whole quarters of an hour; longer buckets, up to a level, where they fit.
// NOLINTNEXTLINE(misc-no-recursion): once a level
static result read_buckets(struct sums_reading *reading, enum usage_tally_level level, instant from,
                           instant to)
{
    instant first = bucket_since(level, from);
    instant last = usage_tally_bucket(level, to);
    if (level == TALLY_QUARTER)
        return read_level(reading, level, from, to);
    if (first.us >= last.us)
        return read_buckets(reading, level - 1, from, to);
    TRY(read_buckets(reading, level - 1, from, first));
    TRY(read_level(reading, level, first, last));
    return read_buckets(reading, level - 1, last, to);
}

static result read_time(struct sums_reading *reading, enum usage_tally_level level, instant from,
                        instant to)
{
    instant first = bucket_since(TALLY_QUARTER, from);
    instant last = usage_tally_bucket(TALLY_QUARTER, to);
    if (first.us > last.us)
        return read_edge(reading, from, to);
    TRY(read_edge(reading, from, first));
    TRY(read_buckets(reading, metric_folds_by_quarters(reading->metric) ? TALLY_QUARTER : level,
                     first, last));
    return read_edge(reading, last, to);
}

static result read_times(struct sums_reading *reading, enum usage_tally_level level)
{
    static const instant beginning = {FIRST_INSTANT_US};
    if (metric_carries(reading->metric) && reading->switches == NULL)
        TRY(read_time(reading, TALLY_DAY, usage_tally_bucket(TALLY_DAY, beginning), reading->from));
    return read_time(reading, level, reading->from, reading->to);
}

static int by_number(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

// What had been switched before the time that is asked for. What is known of an earlier time counts
// where nothing behind the sums lies before that.
static result read_switched(struct sums_reading *reading)
{
    struct switched_series series = {reading->tx, reading->customer_id, reading->series};
    instant last = usage_tally_bucket(TALLY_QUARTER, reading->from);
    instant since = {0};
    TRY(switched_start(&series, reading->told_since, &since, reading->switches));
    TRY(switched_read(&series, since, last, reading->switches));
    return read_edge(reading, last, reading->from);
}

// The tail comes first: it says which of the switches that the sums hold do not count.
static result begin_switches(struct sums_reading *reading)
{
    TRY(read_tail(reading));
    if (reading->omitted_count > 1)
        qsort(reading->omitted, reading->omitted_count, sizeof *reading->omitted, by_number);
    switches_omit(reading->switches, reading->omitted, reading->omitted_count);
    return read_switched(reading);
}

static result read_all(struct sums_reading *reading)
{
    begin(reading);
    if (reading->switches != NULL)
        TRY(begin_switches(reading));
    result read = read_times(reading, reading->asked.level);
    TRY(db_flush(reading->tx)); // whatever came of it: what is deferred is read into the reading
    TRY(read);
    reading->of_values = true;
    if (reading->rows && metric_folds_values(reading->metric))
        TRY(read_times(reading, reading->asked.level));
    return OK;
}

// ---- as of one position

struct mark {
    int64_t series;
    int64_t folded;
    int64_t places;
    instant sealed_before;
    bool whole; // it holds what was removed
};

static result find_mark(struct db_tx *tx, int64_t customer_id, const struct metric *metric,
                        struct mark *mark)
{
    return db_one(tx, &sums_find_mark_sql,
                  PARAMS(db_i64(customer_id), db_text(metric->key), db_i64(metric->version)),
                  COLUMNS(db_into_i64("series_id", &mark->series),
                          db_into_i64("folded", &mark->folded),
                          db_into_i64("places", &mark->places),
                          db_into_instant("sealed_before", &mark->sealed_before),
                          db_into_bool("whole", &mark->whole)));
}

// A metric that was folded anew after entries were removed does not know them.
static result check_sealed(const struct sums_reading *reading, const struct mark *mark)
{
    bool reaches = reading->from.us < mark->sealed_before.us || metric_carries(reading->metric);
    return !mark->whole && reaches
               ? FAIL(ENTRY_REMOVED, "Retention had removed entries before the metric was made.")
               : OK;
}

// A fold may commit between two statements: what was read counts when the mark stands where it
// stood. At the last try no fold can.
static result read_stable(struct sums_reading *reading, bool *stable)
{
    *stable = false;
    for (int tries = 0; tries < TRIES && !*stable; tries++) {
        struct mark before = {0};
        struct mark after = {0};
        int64_t customer_id = 0;
        if (tries == TRIES - 1)
            TRY(db_one(reading->tx, &sums_share_mark_sql, PARAMS(db_i64(reading->customer_id)),
                       COLUMNS(db_into_i64("customer_id", &customer_id))));
        TRY(find_mark(reading->tx, reading->customer_id, reading->metric, &before));
        if (before.folded == 0)
            return OK;
        TRY(check_sealed(reading, &before));
        reading->series = before.series;
        reading->folded = before.folded;
        reading->sealed_before = before.sealed_before;
        TRY(read_all(reading));
        TRY(find_mark(reading->tx, reading->customer_id, reading->metric, &after));
        *stable = before.folded == after.folded;
    }
    return OK;
}

// ---- put together

static int compare_places(instant a, str a_group, instant b, str b_group)
{
    if (a.us != b.us)
        return a.us < b.us ? -1 : 1;
    return str_compare(a_group, b_group);
}

static int by_place_of_line(const void *left, const void *right)
{
    const struct usage_tally_line *a = left;
    const struct usage_tally_line *b = right;
    return compare_places(a->bucket, a->group, b->bucket, b->group);
}

static int by_place_of_value(const void *left, const void *right)
{
    const struct usage_tally_value *a = left;
    const struct usage_tally_value *b = right;
    return compare_places(a->bucket, a->group, b->bucket, b->group);
}

// What single events come to stands in the order of time, then group by group: the lines among the
// rows; the values, of which there may be many, beside them.
static void place_single(struct sums_reading *reading)
{
    size_t count = 0;
    const struct usage_tally_line *lines = usage_tally_lines(reading->single, &count);
    for (size_t i = 0; i < count; i++) {
        reading->lines = arena_grow(&reading->arena, reading->lines, reading->line_count,
                                    &reading->line_room, sizeof *reading->lines);
        reading->lines[reading->line_count++] = lines[i];
    }
    if (count > 0)
        qsort(reading->lines, reading->line_count, sizeof *reading->lines, by_place_of_line);
    reading->single_values = usage_tally_values(reading->single, &reading->single_value_count);
    if (reading->single_value_count > 1)
        qsort(reading->single_values, reading->single_value_count, sizeof *reading->single_values,
              by_place_of_value);
}

static struct sums_reading *reading_new(struct db_tx *tx, const struct head *head,
                                        const struct sums_asked *asked)
{
    struct sums_reading *reading = arena_new(db_arena(tx), struct sums_reading);
    *reading = (struct sums_reading){
        .tx = tx,
        .customer_id = head->customer_id,
        .size = head->size,
        .metric = asked->what.metric,
        .from = asked->what.from,
        .to = asked->what.to,
        .asked = *asked,
    };
    return reading;
}

struct sums_asked sums_asked_of(const struct measurement *what)
{
    return (struct sums_asked){*what, &what->from, 1, TALLY_DAY};
}

result sums_read(struct db_tx *tx, const struct head *head, const struct sums_asked *asked,
                 struct sums_reading **reading)
{
    OWNED(sums_reading_release) struct sums_reading *made = NULL;
    bool stable = false;
    *reading = NULL;
    if (!usage_tally_serves(&asked->what))
        return OK;
    made = reading_new(tx, head, asked);
    TRY(read_stable(made, &stable));
    if (!stable || made->folded > head->size)
        return OK;
    if (made->switches == NULL)
        TRY(read_tail(made));
    place_single(made);
    *reading = made;
    made = NULL;
    return OK;
}

// ---- out of the entries

// As though the metric had the filters and the groups that are asked for.
static const struct metric *metric_asked(struct arena *arena, const struct measurement *what)
{
    struct metric *metric = arena_new(arena, struct metric);
    size_t count = what->metric->filter_count;
    struct filter *filters = arena_array(arena, struct filter, count + what->filter_count);
    *metric = *what->metric;
    for (size_t i = 0; i < count; i++)
        filters[i] = metric->filters[i];
    for (size_t i = 0; i < what->filter_count; i++)
        filters[count + i] = what->filters[i];
    metric->filters = filters;
    metric->filter_count = count + what->filter_count;
    metric->group_by = what->group_by;
    metric->group_by_count = what->group_by_count;
    return metric;
}

struct together {
    struct sums_reading **readings;
    size_t count;
};

static result take_stretch_together(void *context, const struct stretch *stretch)
{
    const struct together *together = context;
    for (size_t i = 0; i < together->count; i++)
        TRY(take_stretch(together->readings[i], stretch));
    return OK;
}

// Of a time that holds the times of all.
static result read_together(struct db_tx *tx, const struct head *head, struct together *together)
{
    struct grown grown = {
        .customer_id = head->customer_id,
        .to = head->size,
        .earliest = {END_INSTANT_US},
        .latest = {FIRST_INSTANT_US},
    };
    for (size_t i = 0; i < together->count; i++) {
        struct sums_reading *reading = together->readings[i];
        instant since = usage_since(reading->metric, reading->from);
        grown.earliest = since.us < grown.earliest.us ? since : grown.earliest;
        grown.latest = reading->to.us > grown.latest.us ? reading->to : grown.latest;
        begin(reading);
    }
    TRY(stretches_each(tx, &grown, take_stretch_together, together));
    for (size_t i = 0; i < together->count; i++)
        place_single(together->readings[i]);
    return OK;
}

result sums_read_entries(struct db_tx *tx, const struct head *head, const struct sums_asked *asked,
                         size_t count, struct sums_reading **readings)
{
    struct together together = {readings, count};
    for (size_t i = 0; i < count; i++) {
        readings[i] = reading_new(tx, head, &asked[i]);
        readings[i]->metric = metric_asked(db_arena(tx), &asked[i].what);
    }
    result read = read_together(tx, head, &together);
    for (size_t i = 0; failed(read) && i < count; i++)
        sums_reading_release(&readings[i]);
    return read;
}

// SPDX-License-Identifier: Apache-2.0
#include "sums_read.h"

#include "invoicing.sql.h"
#include "phial/rating/aggregation.h"
#include "phial/rating/switches.h"
#include "sums_rows.h"
#include "sums_switched.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 3, EDGES = 4 };

struct sums_reading {
    struct db_tx *tx;
    int64_t customer_id;
    int64_t series;
    int64_t size;          // of the log
    int64_t folded;        // the sums hold what lies below
    instant sealed_before; // single events of before that are not to be had
    const struct metric *metric;
    instant from;
    instant to;
    struct usage_tally_line *lines;
    size_t line_count;
    size_t line_room;
    bool rows;      // a line's values are rows of their own
    bool of_values; // it is they that are read, the lines have been
    struct usage_tally_value *values;
    size_t value_count;
    size_t value_room;
    struct switches *switches; // instead of values, where the metric goes by them; else NULL
    // Of time_weighted: each group's total of the first `carried_to` lines.
    struct usage_tally_line *carried;
    size_t carried_count;
    size_t carried_room;
    size_t carried_to;
    // The quarters of an hour that a bound cuts: their events, as of `folded`.
    struct usage_fold *edge_folds[EDGES];
    struct usage edges[EDGES];
    instant edge_from[EDGES];
    instant edge_to[EDGES];
    size_t edge_count;
    struct stretch tail;
};

void sums_reading_release(struct sums_reading **reading)
{
    if (*reading == NULL)
        return;
    for (size_t i = 0; i < (*reading)->edge_count; i++)
        usage_fold_release(&(*reading)->edge_folds[i]);
    stretch_release(&(*reading)->tail);
    *reading = NULL;
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
    return str_eq(row->groups, last) ? last : str_copy(db_arena(row->reading->tx), row->groups);
}

static result take_line(void *context)
{
    struct row *row = context;
    struct sums_reading *reading = row->reading;
    struct arena *arena = db_arena(reading->tx);
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
    struct arena *arena = db_arena(reading->tx);
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
    struct row *row = arena_new(db_arena(reading->tx), struct row);
    row->reading = reading;
    row->level = level;
    row->sum.arena = db_arena(reading->tx);
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

static result read_edge(struct sums_reading *reading, instant from, instant to)
{
    if (from.us >= to.us || reading->of_values)
        return OK;
    if (from.us < reading->sealed_before.us)
        return FAIL(ENTRY_REMOVED, "Retention has removed entries of that time.");
    size_t edge = reading->edge_count++;
    struct placed_span span = {reading->customer_id, reading->folded, from, to};
    reading->edge_from[edge] = from;
    reading->edge_to[edge] = to;
    return placed_read(reading->tx, &span, &reading->edge_folds[edge], &reading->edges[edge]);
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

// What is known of an earlier time counts where nothing behind the sums lies before that.
static void lower_limit(const struct sums_reading *reading, const struct usage *usage,
                        instant *limit)
{
    for (size_t i = 0; i < usage->count; i++) {
        const struct usage_event *event = &usage->events[i];
        if (event->time.us < limit->us && metric_takes(reading->metric, event))
            *limit = event->time;
    }
}

// What had been switched before the time that is asked for.
static result read_switched(struct sums_reading *reading)
{
    struct switched_series series = {reading->tx, reading->customer_id, reading->series};
    instant last = usage_tally_bucket(TALLY_QUARTER, reading->from);
    instant limit = reading->from;
    instant since = {0};
    lower_limit(reading, &reading->tail.added, &limit);
    lower_limit(reading, &reading->tail.removed, &limit);
    TRY(switched_start(&series, limit, &since, reading->switches));
    TRY(switched_read(&series, since, last, reading->switches));
    return read_edge(reading, last, reading->from);
}

// What lies behind the sums comes first: it says which of the switches that they hold do not count.
static result begin_switches(struct sums_reading *reading)
{
    struct arena *arena = db_arena(reading->tx);
    const struct usage *removed = &reading->tail.removed;
    stretch_release(&reading->tail);
    TRY(stretch_read(reading->tx, reading->customer_id, reading->folded, reading->size,
                     &reading->tail));
    int64_t *omitted = arena_array(arena, int64_t, removed->count);
    for (size_t i = 0; i < removed->count; i++)
        omitted[i] = removed->events[i].index;
    if (removed->count > 1)
        qsort(omitted, removed->count, sizeof *omitted, by_number);
    reading->switches = switches_new(arena, reading->from, omitted, removed->count);
    return read_switched(reading);
}

static bool in_edge(const struct sums_reading *reading, size_t edge, instant at)
{
    return at.us >= reading->edge_from[edge].us && at.us < reading->edge_to[edge].us;
}

// Those of single events.
static void end_switches(struct sums_reading *reading)
{
    for (size_t i = 0; i < reading->edge_count; i++) {
        for (size_t k = 0; k < reading->edges[i].count; k++) {
            const struct usage_event *event = &reading->edges[i].events[k];
            if (in_edge(reading, i, event->time))
                switches_add_event(reading->switches, reading->metric, event, true);
        }
    }
    for (size_t i = 0; i < reading->tail.added.count; i++) {
        const struct usage_event *event = &reading->tail.added.events[i];
        if (event->time.us < reading->to.us)
            switches_add_event(reading->switches, reading->metric, event, false);
    }
}

static result read_all(struct sums_reading *reading, enum usage_tally_level level)
{
    reading->rows = false;
    reading->of_values = false;
    reading->line_count = 0;
    reading->value_count = 0;
    reading->carried_count = 0;
    reading->carried_to = 0;
    for (size_t i = 0; i < reading->edge_count; i++)
        usage_fold_release(&reading->edge_folds[i]);
    reading->edge_count = 0;
    if (metric_folding(reading->metric) == FOLDS_SWITCHES)
        TRY(begin_switches(reading));
    TRY(read_times(reading, level));
    TRY(db_flush(reading->tx));
    reading->of_values = true;
    if (reading->rows && metric_folds_values(reading->metric))
        TRY(read_times(reading, level));
    if (reading->switches != NULL)
        end_switches(reading);
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
static result read_stable(struct sums_reading *reading, enum usage_tally_level level, bool *stable)
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
        TRY(read_all(reading, level));
        TRY(find_mark(reading->tx, reading->customer_id, reading->metric, &after));
        *stable = before.folded == after.folded;
    }
    return OK;
}

result sums_read(struct db_tx *tx, const struct head *head, const struct measurement *what,
                 enum usage_tally_level level, struct sums_reading **reading)
{
    bool stable = false;
    *reading = NULL;
    if (!usage_tally_serves(what) || what->from.us >= what->to.us)
        return OK;
    struct sums_reading *made = arena_new(db_arena(tx), struct sums_reading);
    *made = (struct sums_reading){
        .tx = tx,
        .customer_id = head->customer_id,
        .size = head->size,
        .metric = what->metric,
        .from = what->from,
        .to = what->to,
    };
    result read = read_stable(made, level, &stable);
    stable = stable && made->folded <= head->size;
    if (!failed(read) && stable && made->switches == NULL)
        read = stretch_read(tx, head->customer_id, made->folded, head->size, &made->tail);
    *reading = made;
    if (failed(read) || !stable)
        sums_reading_release(reading);
    return read;
}

// ---- measuring

struct feeding {
    struct sums_reading *reading;
    const struct measurement *what;
    struct usage_tally_window *window;
    struct usage_tally *in; // of single events: in the window, and before it
    struct usage_tally *before;
};

static result feed_event(const struct feeding *feeding, const struct usage_event *event,
                         bool removed)
{
    const struct measurement *what = feeding->what;
    if (event->time.us >= what->to.us)
        return OK;
    if (event->time.us >= what->from.us)
        return usage_tally_add(feeding->in, event, removed);
    return metric_carries(what->metric) && feeding->reading->switches == NULL
               ? usage_tally_add(feeding->before, event, removed)
               : OK;
}

static result feed_events(const struct feeding *feeding)
{
    const struct sums_reading *reading = feeding->reading;
    for (size_t i = 0; i < reading->edge_count; i++) {
        for (size_t k = 0; k < reading->edges[i].count; k++) {
            const struct usage_event *event = &reading->edges[i].events[k];
            if (in_edge(reading, i, event->time))
                TRY(feed_event(feeding, event, false));
        }
    }
    for (size_t i = 0; i < reading->tail.added.count; i++)
        TRY(feed_event(feeding, &reading->tail.added.events[i], false));
    for (size_t i = 0; i < reading->tail.removed.count; i++)
        TRY(feed_event(feeding, &reading->tail.removed.events[i], true));
    return OK;
}

static result feed_tally(const struct feeding *feeding, const struct usage_tally *tally,
                         bool earlier)
{
    struct usage_tally_window *window = feeding->window;
    bool switched = feeding->reading->switches != NULL;
    size_t count = 0;
    size_t value_count = 0;
    const struct usage_tally_line *lines = usage_tally_lines(tally, &count);
    const struct usage_tally_value *values = usage_tally_values(tally, &value_count);
    for (size_t i = 0; i < count; i++)
        TRY(usage_tally_window_line(window, &lines[i], earlier));
    for (size_t i = 0; !switched && i < value_count; i++)
        TRY(usage_tally_window_value(window, &values[i], earlier));
    return OK;
}

// The first row of a bucket at or after an instant: rows stand in the order of time.
#define FIRST_SINCE(rows, row_count, at, first)              \
    do {                                                     \
        size_t end_ = (row_count);                           \
        (first) = 0;                                         \
        while ((first) < end_) {                             \
            size_t middle_ = (first) + (end_ - (first)) / 2; \
            if ((rows)[middle_].bucket.us < (at).us)         \
                (first) = middle_ + 1;                       \
            else                                             \
                end_ = middle_;                              \
        }                                                    \
    } while (0)

static struct usage_tally_line *carried_line(struct sums_reading *reading,
                                             const struct usage_tally_line *like)
{
    for (size_t i = 0; i < reading->carried_count; i++) {
        if (str_eq(reading->carried[i].group, like->group))
            return &reading->carried[i];
    }
    reading->carried = arena_grow(db_arena(reading->tx), reading->carried, reading->carried_count,
                                  &reading->carried_room, sizeof *reading->carried);
    reading->carried[reading->carried_count] = *like;
    reading->carried[reading->carried_count].added = (struct usage_tally_sum){0};
    return &reading->carried[reading->carried_count++];
}

// Of what lies before a window only each group's total counts. Window after window it grows.
static result carry_lines(struct sums_reading *reading, size_t first)
{
    if (first < reading->carried_to)
        reading->carried_count = reading->carried_to = 0;
    for (; reading->carried_to < first; reading->carried_to++) {
        const struct usage_tally_line *line = &reading->lines[reading->carried_to];
        struct usage_tally_line *carried = carried_line(reading, line);
        TRY(decimal_add(carried->added.total, line->added.total, &carried->added.total));
    }
    return OK;
}

// A bucket lies on one side of a bound, or was not read. Of those before it, what values they hold
// may count.
static result feed_lines(const struct feeding *feeding)
{
    struct sums_reading *reading = feeding->reading;
    size_t first = 0;
    FIRST_SINCE(reading->lines, reading->line_count, feeding->what->from, first);
    if (metric_folding(reading->metric) == FOLDS_MOMENT) {
        TRY(carry_lines(reading, first));
        for (size_t i = 0; i < reading->carried_count; i++)
            TRY(usage_tally_window_line(feeding->window, &reading->carried[i], true));
    }
    bool earlier = metric_carries(reading->metric) && metric_folds_values(reading->metric) &&
                   reading->switches == NULL;
    for (size_t i = earlier ? 0 : first;
         i < reading->line_count && reading->lines[i].bucket.us < feeding->what->to.us; i++)
        TRY(usage_tally_window_line(feeding->window, &reading->lines[i], i < first));
    return OK;
}

static result feed_values(const struct feeding *feeding)
{
    const struct sums_reading *reading = feeding->reading;
    size_t first = 0;
    FIRST_SINCE(reading->values, reading->value_count, feeding->what->from, first);
    for (size_t i = metric_carries(reading->metric) ? 0 : first;
         i < reading->value_count && reading->values[i].bucket.us < feeding->what->to.us; i++)
        TRY(usage_tally_window_value(feeding->window, &reading->values[i], i < first));
    return OK;
}

result sums_measure(struct sums_reading *reading, struct arena *arena,
                    const struct measurement *what, struct sums_answer *answer)
{
    const struct metric *const metrics[] = {what->metric};
    const struct metric *const *kept =
        memcpy(arena_array(arena, const struct metric *, 1), metrics, sizeof metrics);
    struct feeding feeding = {
        .reading = reading,
        .what = what,
        .window = usage_tally_window_new(arena, what, answer->bounds),
        .in = usage_tally_new(arena, kept, 1, 1),
        .before = usage_tally_new(arena, kept, 1, 1),
    };
    bool worn = false;
    TRY(feed_lines(&feeding));
    TRY(feed_values(&feeding));
    TRY(feed_events(&feeding));
    TRY(feed_tally(&feeding, feeding.in, false));
    TRY(feed_tally(&feeding, feeding.before, true));
    if (reading->switches != NULL)
        TRY(usage_tally_window_switches(feeding.window, reading->switches));
    TRY(usage_tally_window_measure(feeding.window, &worn, &answer->groups, &answer->count));
    answer->answered = !worn;
    return OK;
}

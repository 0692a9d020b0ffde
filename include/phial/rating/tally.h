// SPDX-License-Identifier: Apache-2.0
// tally.h - running sums: what events add to a metric, bucket by bucket, and what the buckets of a
// window come to. Pure; the same filters, properties and numbers as metric_measure, whose figures
// they give.
//
// A bucket is a quarter of an hour, an hour or a day of UTC: the hours, days and months of every
// zone since 1972 begin at a quarter of an hour. A line is what one group's events of one weight
// come to in one bucket. A line that had an extreme taken from it is worn: its least and greatest
// are no longer known, and it must be made again from its events.
#pragma once

#include "phial/money/money.h"
#include "phial/rating/metric.h"
#include "phial/rating/usage.h"

enum usage_tally_level { TALLY_QUARTER, TALLY_HOUR, TALLY_DAY, TALLY_LEVELS };
instant usage_tally_bucket(enum usage_tally_level level, instant at); // its first instant
instant usage_tally_bucket_end(enum usage_tally_level level,
                               instant at); // the first of the next one

struct usage_tally_sum {
    int64_t events;
    int64_t first_index; // of the events: their least and greatest position; when there are any
    int64_t last_index;
    decimal total;   // of the numbers
    exact moment;    // of each number times its microseconds after the bucket's first instant
    decimal extreme; // max, min, latest
    int64_t extreme_events; // so many have it
    instant extreme_at;     // latest: of the event
    int64_t extreme_index;
    bool worn_bounds; // first_index and last_index are not known
    bool worn;        // nor is the extreme
};

struct usage_tally_line {
    size_t metric; // its place among the tally's
    enum usage_tally_level level;
    instant bucket;
    str group;     // the values of the metric's group_by, each followed by a slash
    size_t weight; // as in struct sample
    struct usage_tally_sum added;
    struct usage_tally_sum removed;
    str held; // its values, see below; "" where they stand beside it, or there are none
};

// A value of the property, of aggregations that go by values.
struct usage_tally_value {
    size_t metric;
    enum usage_tally_level level;
    instant bucket;
    str group;
    str value;
    int64_t events; // added less removed
};

// Of an event, in memory that is used again for the next one.
str usage_tally_group(struct buf *group, const struct metric *metric,
                      const struct usage_event *event);

struct usage_tally;
// In every level up to `levels`.
struct usage_tally *usage_tally_new(struct arena *arena, const struct metric *const *metrics,
                                    size_t count, int levels);
// Of one metric, for windows that begin at bounds, in ascending order: a bucket each, in the least
// level, and one for all that lies before the first. What a metric that goes by local days has of
// values stands by quarters of an hour; one that goes by switches has none here.
struct usage_tally *usage_tally_new_between(struct arena *arena, const struct metric *metric,
                                            const instant *bounds, size_t count);
// An event as it counts from now on, or as it counted until now. AMOUNT_OVERFLOW.
result usage_tally_add(struct usage_tally *tally, const struct usage_event *event, bool removed);
struct usage_tally_line *usage_tally_lines(const struct usage_tally *tally, size_t *count);
struct usage_tally_value *usage_tally_values(const struct usage_tally *tally, size_t *count);

// Whether running sums answer: for a measurement without filters of its own, grouped by what the
// metric is grouped by.
bool usage_tally_serves(const struct measurement *what);
// What was there, and what comes and goes.
result usage_tally_sum_add(struct arena *arena, const struct metric *metric,
                           struct usage_tally_sum *into, const struct usage_tally_sum *added);
result usage_tally_sum_remove(struct arena *arena, const struct metric *metric,
                              struct usage_tally_sum *from, const struct usage_tally_sum *removed);
// Whether a line so worn can still answer, and whether it must be made again.
bool usage_tally_sum_is_worn(const struct metric *metric, const struct usage_tally_sum *sum);

// ---- values that a line holds

// A mark, then for each value, in the order of their bytes: its length in two bytes, how many
// events have it in four, the value.
#define USAGE_TALLY_HELD_NONE STR("\1")
enum { USAGE_TALLY_HELD_MAX = 4000 };
// What is held and what comes and goes of the same line, whose values stand in the order of their
// bytes, once each: what they come to, without those of no events.
result usage_tally_held_merge(struct arena *arena, str held, const struct usage_tally_value *values,
                              size_t count, struct usage_tally_value **merged,
                              size_t *merged_count);
// "" where it would be longer than USAGE_TALLY_HELD_MAX.
str usage_tally_held_print(struct arena *arena, const struct usage_tally_value *values,
                           size_t count);

// ---- from lines and values to a quantity

// One window's figures while its lines and values are put together; group by group, or all in one.
struct usage_tally_window;
// bounds: the groups' from_index and to_index are asked for; they may be worn.
struct usage_tally_window *usage_tally_window_new(struct arena *arena,
                                                  const struct measurement *what, bool bounds);
// What lies in the window, or `earlier` with a metric that carries; what is removed counts against
// what any line adds. The texts of values, held or not, outlive the window.
result usage_tally_window_line(struct usage_tally_window *window,
                               const struct usage_tally_line *line, bool earlier);
// Of metrics that go by switches: what stands for the values of all lines, which hold none then.
struct switches;
result usage_tally_window_switches(struct usage_tally_window *window, struct switches *switches);
result usage_tally_window_value(struct usage_tally_window *window,
                                const struct usage_tally_value *value, bool earlier);
// As metric_measure. worn: what was taken away leaves a figure unknown; nothing else is set then.
result usage_tally_window_measure(struct usage_tally_window *window, bool *worn,
                                  struct usage_group **groups, size_t *count);

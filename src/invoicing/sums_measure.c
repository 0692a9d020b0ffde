// SPDX-License-Identifier: Apache-2.0
// From what was read to quantities.
#include "phial/rating/aggregation.h"
#include "sums_reading.h"

struct feeding {
    struct sums_reading *reading;
    const struct measurement *what;
    struct usage_tally_window *window;
};

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
    reading->carried = arena_grow(&reading->arena, reading->carried, reading->carried_count,
                                  &reading->carried_room, sizeof *reading->carried);
    reading->carried[reading->carried_count] = *like;
    reading->carried[reading->carried_count].added = (struct usage_tally_sum){0};
    reading->carried[reading->carried_count].removed = (struct usage_tally_sum){0};
    return &reading->carried[reading->carried_count++];
}

// Of what lies before a window only each group's totals count. Window after window they grow.
static result carry_lines(struct sums_reading *reading, size_t first)
{
    if (first < reading->carried_to)
        reading->carried_count = reading->carried_to = 0;
    for (; reading->carried_to < first; reading->carried_to++) {
        const struct usage_tally_line *line = &reading->lines[reading->carried_to];
        struct usage_tally_line *carried = carried_line(reading, line);
        TRY(decimal_add(carried->added.total, line->added.total, &carried->added.total));
        TRY(decimal_add(carried->removed.total, line->removed.total, &carried->removed.total));
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

static result feed_values(const struct feeding *feeding, const struct usage_tally_value *values,
                          size_t count)
{
    size_t first = 0;
    FIRST_SINCE(values, count, feeding->what->from, first);
    for (size_t i = metric_carries(feeding->reading->metric) ? 0 : first;
         i < count && values[i].bucket.us < feeding->what->to.us; i++)
        TRY(usage_tally_window_value(feeding->window, &values[i], i < first));
    return OK;
}

result sums_measure(struct sums_reading *reading, struct arena *arena,
                    const struct measurement *what, struct sums_answer *answer)
{
    struct measurement own = *what; // of the metric as it was read
    own.metric = reading->metric;
    struct feeding feeding = {
        .reading = reading,
        .what = what,
        .window = usage_tally_window_new(arena, &own, answer->bounds),
    };
    bool worn = false;
    TRY(feed_lines(&feeding));
    TRY(feed_values(&feeding, reading->values, reading->value_count));
    TRY(feed_values(&feeding, reading->single_values, reading->single_value_count));
    if (reading->switches != NULL)
        TRY(usage_tally_window_switches(feeding.window, reading->switches));
    TRY(usage_tally_window_measure(feeding.window, &worn, &answer->groups, &answer->count));
    answer->answered = !worn;
    return OK;
}

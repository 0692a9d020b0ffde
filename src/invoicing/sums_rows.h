// SPDX-License-Identifier: Apache-2.0
// sums_rows.h - rows of usage_sum and usage_value.
#pragma once

#include "phial/db/db.h"
#include "phial/rating/tally.h"

// A row of usage_sum while it is read.
struct sum_row {
    struct arena *arena;
    struct usage_tally_sum sum;
    str total;
    str moment;
    str extreme;
};
#define SUM_COLUMNS(row)                                                                         \
    db_into_i64("events", &(row)->sum.events),                                                   \
        db_into_i64("first_index", &(row)->sum.first_index),                                     \
        db_into_i64("last_index", &(row)->sum.last_index), db_into_text("total", &(row)->total), \
        db_into_text("moment", &(row)->moment), db_into_text("extreme", &(row)->extreme),        \
        db_into_i64("extreme_events", &(row)->sum.extreme_events),                               \
        db_into_instant("extreme_at", &(row)->sum.extreme_at),                                   \
        db_into_i64("extreme_index", &(row)->sum.extreme_index)
result sum_row_read(struct sum_row *row); // the texts into the sum

// Lines whose `added` is what there is now, with what they hold of values. The series' ids stand
// beside the tally's metrics.
struct sums_place {
    struct db_tx *tx;
    int64_t customer_id;
    const int64_t *series;
    const struct metric *const *metrics;
};
// The latest bucket stored of each of the metrics in each level, before all time where there is
// none: TALLY_LEVELS of the first metric, then of the next.
result sums_latest(const struct sums_place *at, size_t metric_count, instant **latest);
// Stores lines that are not stored yet.
result sums_insert(const struct sums_place *at, const struct usage_tally_line *lines, size_t count);
// Puts what is stored before `added`, and takes `removed` off. What is held is as it is stored; a
// line that is not holds no value yet.
result sums_merge(const struct sums_place *at, struct usage_tally_line *lines, size_t count);
// Adds lines to what is stored: for those that nothing is taken from and that have no extreme and
// no values.
result sums_add(const struct sums_place *at, const struct usage_tally_line *lines, size_t count);
// Stores lines, or removes those without events.
result sums_write(const struct sums_place *at, const struct usage_tally_line *lines, size_t count);
// Adds values to the rows that stand for one each.
result sums_write_values(const struct sums_place *at, const struct usage_tally_value *values,
                         size_t count);

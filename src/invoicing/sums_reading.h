// SPDX-License-Identifier: Apache-2.0
// sums_reading.h - what sums_read.c has read, for sums_measure.c.
#pragma once

#include "phial/rating/switches.h"
#include "sums_read.h"

struct sums_reading {
    struct arena arena; // of all that is read
    struct db_tx *tx;
    int64_t customer_id;
    int64_t series;
    int64_t size;                // of the log
    int64_t folded;              // the sums hold what lies below
    instant sealed_before;       // single events of before that are not to be had
    const struct metric *metric; // with the filters and groups asked for
    instant from;
    instant to;
    struct sums_asked asked;
    struct usage_tally_line *lines; // in the order of time
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
    // What single events come to: those of the quarters of an hour that a bound cuts, as of
    // `folded`, and those of the tail, which is what lies behind the sums.
    struct usage_tally *single;
    struct usage_tally_value *single_values;
    size_t single_value_count;
    // Of the tail, where the metric goes by switches: when it first says anything, and the
    // positions of events that do not count any more.
    instant told_since;
    int64_t *omitted;
    size_t omitted_count;
    size_t omitted_room;
};

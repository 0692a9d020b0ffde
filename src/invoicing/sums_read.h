// SPDX-License-Identifier: Apache-2.0
// sums_read.h - measurements out of running sums: what is folded, and the entries behind it.
//
// Entries that no sum holds are read in stretches and added up at once: of however many of them an
// answer holds a line a group and part of the time, and what the aggregation cannot do without:
// each different value of those that go by values, each switch of the time asked for, in a few
// bytes.
#pragma once

#include "compute.h"
#include "phial/rating/tally.h"

// What answers for one metric over some time at a head's size.
struct sums_reading;

// A measurement of a time that is not empty, cut into parts that can be measured as well.
struct sums_asked {
    struct measurement what;
    const instant *bounds; // where the parts begin, the first of them the time, in ascending order
    size_t bound_count;
    enum usage_tally_level level; // none of them cuts such a bucket
};
struct sums_asked sums_asked_of(const struct measurement *what); // no parts; borrows from it

// The reading of it. NULL where running sums do not answer, or have moved beyond the head.
result sums_read(struct db_tx *tx, const struct head *head, const struct sums_asked *asked,
                 struct sums_reading **reading);
// Readings beside what is asked, out of the entries alone, which are read once for all; no level is
// asked for. Of any measurement but of ITEMS_EVENTS.
result sums_read_entries(struct db_tx *tx, const struct head *head, const struct sums_asked *asked,
                         size_t count, struct sums_reading **readings);
void sums_reading_release(struct sums_reading **reading); // NULL is allowed
// As metric_measure, of the time that was read or some of its parts; the groups lie in the arena.
// answered: false where a figure is not known without the entries.
struct sums_answer {
    bool bounds; // the groups' positions are asked for
    bool answered;
    struct usage_group *groups;
    size_t count;
};
result sums_measure(struct sums_reading *reading, struct arena *arena,
                    const struct measurement *what, struct sums_answer *answer);

// Answers a statement's measurements out of running sums where they do, else out of the entries:
// when these are first needed, all that the statement asks is answered out of one pass over them.
// Where it asks for ITEMS_EVENTS or counts what is staged, the events of [from, to) are held.
struct sums_source {
    struct usage_source base;
    struct db_tx *tx;
    struct usage_span span;
    // Asks of a usage all that the statement does, whatever is answered. NULL: it is asked for one
    // by one.
    result (*ask_all)(void *context, const struct usage *usage);
    void *context;
    struct sums_entries *entries;
    struct sums_answers *known;
};
struct sums_source sums_source_of(struct db_tx *tx, struct usage_span span);
void sums_source_release(struct sums_source *source);

// What was answered of one customer at one head, for statements whose terms are read
// in common: they ask with the same metrics, filters and zone. Lives in the transaction's arena.
struct sums_answers *sums_answers_new(struct db_tx *tx);

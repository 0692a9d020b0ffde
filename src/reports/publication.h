// SPDX-License-Identifier: Apache-2.0
// publication.h - reports as they were given out, and what they forbid of the next.
#pragma once

#include "cube.h"

// Which table: scope, metric and axes; and its time.
struct publication {
    struct db_tx *tx;
    const struct report_question *question;
    str scope; // "customer:42"
    str axes;
    int64_t version; // of the last one given out; 0 for none
    instant published_at;
    str cells;
    struct report_table table; // where there is one
};

str publication_scope(struct arena *arena, const struct customer *customer, str group);
// Cells as they are kept, on the axes of `like`.
result publication_read(struct arena *arena, str text, const struct report_table *like,
                        struct report_table *table);
result publication_find(struct db_tx *tx, const struct report_question *question,
                        const struct report_table *table, struct publication *last);
// Adds a version unless the last one shows the same. *report: version, time, what was before.
// HEAD_MOVED when somebody else has just done so.
result publication_add(struct publication *last, const struct report_table *table,
                       struct report *report);

// Marks what, beside the tables of other times that were given out, would yield a small figure by
// subtraction.
result publication_guard(const struct publication *last, const struct cube *cube, int64_t threshold,
                         bool *telling);

// SPDX-License-Identifier: Apache-2.0
// retention_rules.h - by which classes the events of each type are kept: all that any version of
// the type ever named, so that a change of its declaration shortens nothing.
#pragma once

#include "phial/db/db.h"
#include "phial/phi/retention.h"

struct retention_rules {
    struct arena *arena;
    const struct retention_terms *terms;
    // a row a type and class
    str *types;
    int64_t *years;
    str *starts;
    str *classes;
    size_t count;
    size_t room;
    str *kept; // types that a metric measures by what was before a period
    size_t kept_count;
    size_t kept_room;
};
result retention_rules_read(struct db_tx *tx, const struct retention_terms *terms,
                            struct retention_rules *rules);
// The name of the longest; "" for a type that nobody declared.
str retention_rules_class(const struct retention_rules *rules, str type);

// What retention_judge takes: of the positions [from, to).
#define RETENTION_PARAMS(customer, as_of, rules, from, to)                              \
    db_i64(customer), db_instant(as_of), db_text_array((rules)->types, (rules)->count), \
        db_i64_array((rules)->years, (rules)->count),                                   \
        db_text_array((rules)->starts, (rules)->count),                                 \
        db_text_array((rules)->kept, (rules)->kept_count), db_i64(from), db_i64(to)

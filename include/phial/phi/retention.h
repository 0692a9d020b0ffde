// SPDX-License-Identifier: Apache-2.0
// retention.h - the classes by which the bodies of events are kept. Values alone: what is removed,
// and when, is audit/retention.h's.
#pragma once

#include "phial/util/str.h"

#include <stdint.h>
#include <stdio.h>

enum retention_start {
    RETENTION_NEVER, // kept for good
    RETENTION_EVENT, // from the event's time
    RETENTION_YEAR_END,
    RETENTION_CONTRACT_END, // of the last subscription; while one runs it has not begun
};

enum retention_class {
#define RETENTION_CLASS(id, name, years, start, ground) RETENTION_CLASS_##id,
#include "phial/phi/retention_classes.def"
#undef RETENTION_CLASS
    RETENTION_CLASS_COUNT
};

// No class is shorter: the database itself refuses to remove what is younger.
enum { RETENTION_YEARS_LEAST = 6 };

struct retention_rule {
    const char *name;
    int64_t years; // the legal floor; 0: for good
    enum retention_start start;
    const char *ground;
};
const struct retention_rule *retention_rule(enum retention_class number);
// "event", "year_end", "contract_end", "never".
const char *retention_start_name(enum retention_start start);
// RETENTION_CLASS_COUNT for a name that is none; "" is the default, standard-10y.
enum retention_class retention_class_find(str name);

// How many years each class is kept here: at least its rule's; 0 for good.
struct retention_terms {
    int64_t years[RETENTION_CLASS_COUNT];
};

void retention_print_markdown(FILE *out); // becomes docs/retention.md

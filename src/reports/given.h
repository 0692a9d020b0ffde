// SPDX-License-Identifier: Apache-2.0
// given.h - the tables that were given out of times that a new one crosses, of the group and of
// each of its customers, laid beside each other and beside the new one.
#pragma once

#include "publication.h"

// A cell of a table, to whoever reads it.
enum given_state { GIVEN_SHOWN, GIVEN_WITHHELD, GIVEN_UNKNOWN };

struct given {
    instant from, to;
    size_t whom; // of the customers; behind the last one the group
    struct report_table table;
    bool is_sum;              // of several of its customer's, only of what is little in each
    enum given_state *states; // of the cells of `all`
};

struct crossing {
    struct arena *arena;
    const struct cube *cube;   // the new table
    struct report_scope group; // that it is of or that its customer belongs to; or he alone
    bool grouped;              // else the others are nothing to him
    struct given *items;
    size_t count;            // 0: it crosses none
    struct given *new;       // one of them, of which nothing is withheld yet
    instant *points;         // where a time begins or ends
    size_t time_count;       // between them
    struct report_table all; // with the values of all tables
};

// INVALID where they are too large to be laid beside each other.
result crossing_read(const struct publication *last, const struct cube *cube, int64_t threshold,
                     struct crossing *crossing);
result crossing_too_much(void);

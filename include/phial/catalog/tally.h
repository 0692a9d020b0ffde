// SPDX-License-Identifier: Apache-2.0
// tally.h - counts of what was refused outside a transaction of events, and of what was dropped, in
// memory until they are written: the jobs thread does so at every look, and a daemon that is killed
// loses what it had not written. Never a value: rows are made of declared names and constants.
#pragma once

#include "phial/db/db.h"
#include "phial/time/time.h"

struct tally_row {
    instant at;           // counts for its hour
    str type;             // of events, a declared one; "" for none
    str pointer;          // of a declared place, or a route
    const char *code;     // a constant
    const char *detector; // a constant, or NULL
};

struct tally;
struct tally *tally_new(void);
void tally_free(struct tally *tally);
// Thread-safe, on a NULL tally as well. Beyond its bound rows are one: what is not told apart.
void tally_add(struct tally *tally, const struct tally_row *row, int64_t count);
// Writes what there is; it stays where that fails.
result tally_flush(struct tally *tally, struct db *db, struct arena *arena);

static inline instant tally_hour(instant at)
{
    static const int64_t hour_us = INT64_C(3600) * 1000000;
    int64_t rest = at.us % hour_us;
    return (instant){at.us - (rest < 0 ? rest + hour_us : rest)};
}

struct refusal_filter {
    instant from; // of an hour each
    instant to;
    const char *by; // "hour", "day" (of UTC), "" for the whole
    int64_t limit;
};
struct refusal_count {
    instant at; // of `from` where by is ""
    str type;
    str pointer;
    str code;
    str detector; // "" for none
    int64_t refusals;
};
result refusals_each(struct db_tx *tx, const struct refusal_filter *filter,
                     result (*row)(void *context, const struct refusal_count *count),
                     void *context);

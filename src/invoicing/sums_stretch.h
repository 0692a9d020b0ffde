// SPDX-License-Identifier: Apache-2.0
// sums_stretch.h - stretches of a log as events that come and go, and the places of events of a
// time.
#pragma once

#include "phial/db/db.h"
#include "phial/rating/usage.h"

// What has come to a log between two of its sizes: the events that count at the later one and did
// not at the earlier, as they do; and those that counted at the earlier one and have been changed,
// as they did.
struct grown {
    int64_t customer_id;
    int64_t from; // sizes
    int64_t to;
    instant earliest; // events are only wanted of [earliest, latest): others may be left out
    instant latest;
};
struct grown grown_of_all_time(int64_t customer_id, int64_t from, int64_t to);
// A part of it: of the entries of [begin, end) the events, as of the later size; and the older
// events that are first changed there. So each event is in one part, whatever was done to it when.
struct stretch {
    struct usage_fold *after;
    struct usage_fold *before;
    struct usage added;
    struct usage removed;
};
void stretch_release(struct stretch *stretch);
result stretch_read(struct db_tx *tx, const struct grown *grown, int64_t begin, int64_t end,
                    struct stretch *stretch);
// All parts, one after the other, each of a bounded number of entries. What a part takes of
// memory, db_arena among it, is given back before the next.
result stretches_each(struct db_tx *tx, const struct grown *grown,
                      result (*take)(void *context, const struct stretch *stretch), void *context);

// The events of [from, to) of time as of a position, found by places; the time is widened to whole
// quarters of an hour. The fold owns them.
struct placed_span {
    int64_t customer_id;
    int64_t position;
    instant from;
    instant to;
};
result placed_read(struct db_tx *tx, const struct placed_span *span, struct usage_fold **fold,
                   struct usage *usage);
result places_add(struct db_tx *tx, int64_t customer_id, const struct usage *usage);

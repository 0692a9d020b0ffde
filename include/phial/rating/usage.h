// SPDX-License-Identifier: Apache-2.0
// usage.h - from ledger entries to the events that count: originals folded with voids and
// amendments.
#pragma once

#include "phial/json/json.h"
#include "phial/money/money.h"
#include "phial/time/time.h"
#include "phial/util/arena.h"

struct usage_event {
    int64_t index; // of the original in its log
    str type;
    str source;
    str id;
    instant time;
    decimal quantity;
    // Its properties after amendments: as canonical text, or where that is "" as an object; NULL
    // when it has none.
    str plain;
    const json_t *properties;
    bool voided;
};

struct measurement;
struct usage_group;

// Answers measurements in the place of events: out of running sums.
struct usage_source {
    result (*measure)(const struct usage_source *source, struct arena *arena,
                      const struct measurement *what, struct usage_group **groups, size_t *count);
};

// The live events, in the order of time, then index; or who answers for them.
struct usage {
    const struct usage_event *events;
    size_t count;
    const struct usage_source *source; // NULL: the events do
};

// The event of a usage entry as it was sent; its index is left as it is. Its texts lie in the leaf,
// or where that had to be parsed in *held, which the caller releases. INVALID when malformed.
result usage_leaf_read(str leaf, struct usage_event *event, json_t **held, bool *is_usage);

// A usage entry in the form that nearly all have, its texts as they stand there: nothing is escaped
// in it, and no property is an object or a number. False for any other text, good or bad.
struct plain_usage {
    str actor;
    str at;
    str customer;
    str quantity;
    str time;
    struct usage_event event; // with `plain` for its properties, and no index
};
bool usage_plain_read(str leaf, struct plain_usage *usage);
// The next property of its canonical text, from behind the brace on; the value is the text of a
// string, "true" or "false". False behind the last.
bool usage_plain_property(str *rest, str *name, str *value);

// The caller owns the object. NULL when there are no properties.
json_t *usage_event_properties(const struct usage_event *event);

struct usage_fold; // takes entries in any order of index, once each
struct usage_fold *usage_fold_new(struct arena *arena);
void usage_fold_release(struct usage_fold **fold); // its json; the usage is invalid afterwards
// A leaf's bytes; kinds other than usage, void and amend are passed over. INVALID when malformed.
result usage_fold_add(struct usage_fold *fold, int64_t index, str leaf);
// VERIFICATION_FAILED when a void or an amendment refers to no live event that was added.
result usage_fold_end(struct usage_fold *fold, struct usage *usage);
// One original by its index, voided or not; NULL when it was not added.
const struct usage_event *usage_fold_find(const struct usage_fold *fold, int64_t index);

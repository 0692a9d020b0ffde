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
    const json_t *properties; // after amendments
    bool voided;
};

// The live events, in the order of time, then index.
struct usage {
    const struct usage_event *events;
    size_t count;
};

struct usage_fold; // takes entries in any order of index, once each
struct usage_fold *usage_fold_new(struct arena *arena);
void usage_fold_release(struct usage_fold **fold); // its json; the usage is invalid afterwards
// A leaf's bytes; kinds other than usage, void and amend are passed over. INVALID when malformed.
result usage_fold_add(struct usage_fold *fold, int64_t index, str leaf);
// VERIFICATION_FAILED when a void or an amendment refers to no live event that was added.
result usage_fold_end(struct usage_fold *fold, struct usage *usage);
// One original by its index, voided or not; NULL when it was not added.
const struct usage_event *usage_fold_find(const struct usage_fold *fold, int64_t index);

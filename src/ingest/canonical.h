// SPDX-License-Identifier: Apache-2.0
// canonical.h - quantity and properties against their declaration, and the event's canonical bytes.
#pragma once

#include "decode.h"
#include "tokens.h"

// What the events of one request share.
struct canonical {
    struct arena *arena;
    enum event_dialect dialect;
    // of the last event: many have the same
    instant printed_time;
    str printed;
    struct tokeniser tokeniser;
};

struct canonical_event {
    const struct cached_customer *customer;
    const struct event_type *type;
    str id;
    str source;
    instant at; // as sent
    // answers
    instant time; // as stored
    str json;
    int64_t dropped; // properties
};

// Fails for the database alone; a refused event is OK with a verdict. The bytes have blanks where
// surrogates are to be found yet, until tokens_fill.
result canonical_make(struct canonical *canonical, const struct raw_event *raw,
                      struct canonical_event *event, struct verdict *verdict);

// SPDX-License-Identifier: Apache-2.0
// canonical.h - an event's canonical bytes, with tokens in the place of what they stand for.
#pragma once

#include "declared.h"
#include "tokens.h"

// What the events of one request share.
struct canonical {
    struct arena *arena;
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
};

// Raw texts of tokens are replaced in `declared`. Fails for the database alone. The bytes have
// blanks where surrogates are to be found yet, until tokens_fill.
result canonical_make(struct canonical *canonical, struct declared *declared,
                      struct canonical_event *event);

// SPDX-License-Identifier: Apache-2.0
// declared.h - what an event has to keep to by itself and by its type: no customer, key or clock.
//
// Admission and `phial phi scan` ask the same, in the same order.
#pragma once

#include "decode.h"

// What is known of an event beside its text.
struct envelope {
    const struct event_type *type; // NULL when unknown
    bool knows_customer;
    enum event_dialect dialect;
};
// Everything but the values: who, whose, of what kind. Yields the id where it may be repeated to
// the caller, and leaves *id alone otherwise.
struct verdict envelope_check(const struct raw_event *raw, const struct envelope *envelope,
                              str *id);

struct verdict time_check(const struct raw_event *raw, instant *at);

// Canonical values. A token's is its raw text, without quotes.
struct declared {
    str quantity;
    str properties[PROPERTIES_MAX]; // in the order of the declaration; "" where there is none
    int64_t dropped;                // properties
};
struct verdict declared_check(struct arena *arena, const struct envelope *envelope,
                              const struct raw_event *raw, struct declared *declared);

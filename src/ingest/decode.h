// SPDX-License-Identifier: Apache-2.0
// decode.h - one event as it stood in the body: its members and properties, undecided.
#pragma once

#include "phial/phi/event_type.h"
#include "reader.h"

#include <stdbool.h>
#include <stddef.h>

enum { EVENT_PROPERTIES_MAX = 1024 }; // of which a type declares at most 64

enum event_member {
    MEMBER_ID,
    MEMBER_SOURCE,
    MEMBER_CUSTOMER,
    MEMBER_TYPE,
    MEMBER_TIME,
    MEMBER_QUANTITY,
    MEMBER_PROPERTIES,
    MEMBER_SPECVERSION, // of CloudEvents, as the next
    MEMBER_DATA_BASE64,
    EVENT_MEMBER_COUNT
};

enum event_dialect { DIALECT_PHIAL, DIALECT_CLOUDEVENTS };

// Where a member stands in the caller's document: "/customer", or "/subject" of a CloudEvent.
str member_pointer(enum event_dialect dialect, enum event_member member);

// Why an event is refused: a code of the contract, NULL when it is not.
struct verdict {
    const char *code;
    const char *detector; // NULL unless a PHI detector spoke
    str pointer;
};

struct raw_property {
    str name;
    struct raw_value value;
};

struct raw_event {
    struct raw_value members[EVENT_MEMBER_COUNT];
    const struct raw_property *properties;
    size_t property_count;
    struct verdict verdict; // on its structure
};

struct decoder {
    struct reader reader;
    enum event_dialect dialect;
    struct raw_property *pool; // properties of several events
    size_t pool_used;
    size_t pool_size;
};

// Reads the value at the reader's place; false where the text is not JSON.
bool decode_event(struct decoder *decoder, struct raw_event *event);

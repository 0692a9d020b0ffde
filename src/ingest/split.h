// SPDX-License-Identifier: Apache-2.0
// split.h - cuts a body into its events and decodes them, in one pass over its bytes.
#pragma once

#include "decode.h"
#include "phial/ingest/ingest.h"

struct raw_events {
    struct raw_event *items;
    size_t count;
    enum event_dialect dialect;
    bool is_single; // one object by itself, not a list of one
};

// INVALID_JSON, TOO_MANY_EVENTS, NO_EVENTS. A line of NDJSON that is not JSON is an event that is
// refused; anywhere else it spoils the body.
result split_body(struct arena *arena, enum event_format format, str body,
                  struct raw_events *events);

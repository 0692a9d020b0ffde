// SPDX-License-Identifier: Apache-2.0
// bounds.h - every bound of the HTTP floor that is not an option; tests shorten the times.
#pragma once

#include "framing.h"

struct http_limits {
    struct framing_limits framing; // body_max is http_options.body_bytes_max
    int64_t head_us;               // to a connection's first byte; from there to the headers' end
    int64_t body_window_us;        // in each such time a body must bring body_window_bytes
    uint64_t body_window_bytes;
    unsigned idle_seconds;     // without a byte either way
    int64_t linger_us;         // how long what a refused client still sends is read and dropped
    int64_t stop_us;           // how long http_stop waits for requests that are being served
    int64_t stop_client_us;    // and for clients that still send, or do not read their answer
    int64_t tick_us;           // how often the times above are looked at
    uint64_t bodies_bytes_max; // collected bodies of all requests together; beyond it 503
};

extern const struct http_limits http_limits_default;

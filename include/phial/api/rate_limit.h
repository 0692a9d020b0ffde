// SPDX-License-Identifier: Apache-2.0
// rate_limit.h - how many requests a key may send: a token bucket for each, in this daemon's
// memory.
//
// A bucket holds `burst` tokens when full and fills by `per_second`; a request takes one. The table
// is of one size: a bucket that has filled up is forgotten without loss, and where more keys than
// it holds are active at once, the fullest gives way.
#pragma once

#include "phial/util/str.h"

struct rate_limit;

// What became of one request, and what the headers say.
struct rate_verdict {
    bool allowed;
    int64_t burst;
    int64_t window_seconds; // from empty to full
    int64_t left;
    int64_t full_seconds;  // until it is full again
    int64_t retry_seconds; // until there is a token; 0 when allowed
};

struct rate_limit *rate_limit_open(int64_t per_second, int64_t burst); // NULL for 0 a second
void rate_limit_close(struct rate_limit *limit);

// From any thread. now_us: since whenever, and never going back.
struct rate_verdict rate_limit_take(struct rate_limit *limit, str key_id, int64_t now_us);

// SPDX-License-Identifier: Apache-2.0
// queue.h - the deliveries that are due, and what the database keeps of an attempt.
#pragma once

#include "phial/webhooks/webhooks.h"

enum { IN_FLIGHT_MAX = 8 }; // of a webhook; of all, WEBHOOKS_MAX times as many

// One attempt that is to be made.
struct attempt {
    str webhook;
    str message;
    int64_t number;
    str url;
    str secret;     // sealed
    str old_secret; // sealed; "" for none
    str body;
};

struct claim {
    // Of each webhook how many attempts are under way here.
    const str *webhooks;
    const int64_t *flying;
    size_t count;
    int64_t lease_ms;
    result (*row)(void *context, const struct attempt *attempt);
    void *context;
};
result queue_claim(struct db_tx *tx, const struct claim *claim);

struct attempt_outcome {
    str webhook;
    str message;
    int64_t number;
    int64_t status;    // HTTP; 0 without an answer
    const char *error; // NULL: it was delivered
    int64_t wait_ms;   // until the next attempt
};
// disabled: whether the webhook is now. A 410 disables, and so does the end of three days without
// any success.
result queue_settle(struct db_tx *tx, const struct attempt_outcome *outcome, bool *disabled);
result queue_forget(struct db_tx *tx); // what is over for long, a portion

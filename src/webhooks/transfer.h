// SPDX-License-Identifier: Apache-2.0
// transfer.h - one attempt over HTTP: what is sent, to whom, and how it ended.
#pragma once

#include "queue.h"
#include "wire.h"

struct transfer {
    struct transfer *next;
    struct arena arena; // holds the texts
    struct attempt attempt;
    struct wire wire; // without a handle: nothing is sent, for the reason in `error`
    size_t received;
    const char *error;
};

struct transfer_options {
    const struct egress *egress;
    const struct keyring *keyring;
    int64_t timeout_ms;
    instant now; // the machine's
};
// Of a copy of the attempt. Never fails: what forbids the attempt stands in `error`.
struct transfer *transfer_open(const struct transfer_options *options,
                               const struct attempt *attempt);
void transfer_close(struct transfer *transfer);
// What `code`, which ended the transfer, comes to. wait_ms is what the receiver asked for, or 0.
struct attempt_outcome transfer_outcome(const struct transfer *transfer, CURLcode code);

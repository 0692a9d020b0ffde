// SPDX-License-Identifier: Apache-2.0
// backfill.h - staged loads: events of a time that their types' windows have left behind wait in a
// table of their own and count for nothing until they are committed to the customer's log, all in
// one transaction.
//
// Invariants: what is staged is what the ledger would hold, byte for byte: tokens, never what they
// stand for. An identity is staged once in a backfill (a unique constraint). Who stages, commits or
// abandons holds the backfill's row, so that it ends once.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/ledger/ledger.h"

// What a commit appends at once: while it lasts, some two seconds, nobody else writes to the
// customer's log. A preview holds them all in memory, as any statement does its events.
enum { BACKFILL_EVENTS_MAX = 100000 };

struct backfill {
    str id;
    int64_t customer_id;
    str customer;
    bool customer_archived;
    instant from; // event time, half-open
    instant to;
    str reason;
    str status;     // "open", "committed", "abandoned"
    int64_t events; // staged; of one that is closed: that were
    instant created_at;
    str created_by;
    bool is_closed;
    instant closed_at;
    str closed_by;
    str closing_reason; // "" without
    bool is_committed;  // then:
    int64_t accepted;
    int64_t duplicates;
    int64_t conflicts;
    int64_t from_index; // of the log, half-open
    int64_t to_index;
};

// Of `wanted` the customer_id, the time and the reason count; the caller has checked them.
result backfill_open(struct db_tx *tx, const struct backfill *wanted, const struct change *change,
                     struct backfill *opened);
// only_customer: 0, or the customer that the key is bound to; NOT_FOUND for another one's.
result backfill_get(struct db_tx *tx, str id, int64_t only_customer, struct backfill *backfill);
// In the order of ids.
struct backfill_filter {
    int64_t customer_id; // 0: all
    str status;          // "": all
    str after;
    int64_t limit;
};
result backfill_each(struct db_tx *tx, const struct backfill_filter *filter,
                     result (*row)(void *context, const struct backfill *backfill), void *context);

// Both answer what is there when it was done before, and BACKFILL_CLOSED when the other one was.
result backfill_commit(struct db_tx *tx, str id, int64_t only_customer, const struct change *change,
                       struct backfill *backfill);
result backfill_abandon(struct db_tx *tx, str id, int64_t only_customer,
                        const struct change *change, struct backfill *backfill);

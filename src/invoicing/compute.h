// SPDX-License-Identifier: Apache-2.0
// compute.h - a statement out of the ledger at a size, and the terms of its subscription.
#pragma once

#include "phial/db/db.h"
#include "phial/invoicing/invoicing.h"
#include "phial/ledger/ledger.h"
#include "phial/rating/statement.h"

// Events of a backfill that are not in the log, measured as if they stood behind it: the first
// `count`, but for those whose identity the log has.
struct staged {
    str backfill;
    int64_t count;
};

// The usage of [from, to) at the head's size. The fold owns what the usage holds.
struct usage_span {
    const struct head *head;
    const struct staged *staged; // NULL: the log alone
    instant from;
    instant to;
};
result usage_read(struct db_tx *tx, const struct usage_span *span, struct usage_fold **fold,
                  struct usage *usage);
// From where on events count for what a metric measures from then on.
instant usage_since(const struct metric *metric, instant from);
// ENTRY_REMOVED when retention has removed events of that time on. What carries over from all the
// time before is never removed.
result usage_check_unsealed(struct db_tx *tx, const struct head *head, instant since);

// The statement's members, `ledger` among them, without those that only an invoice has. The terms,
// which may have changed the period's bounds, are read here. The caller owns the statement.
struct computation {
    str subscription;
    int64_t number; // of the period
    const struct head *head;
    const struct period *stretch;  // some days of that period alone; NULL: all of it
    const struct staged *staged;   // counts as well; NULL: the log alone
    const instant *projected_from; // usage goes on from here at its pace; NULL: as it is
    instant at;                    // credit that has expired by then is not taken
    bool alone;                    // without adjustments for other periods and prepaid credit
};
result statement_of(struct db_tx *tx, const struct computation *what, json_t **statement);

// Statements of one customer on one head, none of which has discounts, prepaid credit or
// adjustments: what they have in common is read once. Without `ledger`, which the caller adds.
struct computing {
    struct terms_common *terms;
    struct sums_answers *answers;
};
struct computing computing_new(struct db_tx *tx);
void computing_release(struct computing *computing);
result statement_of_plain(struct db_tx *tx, const struct computation *what,
                          const struct computing *computing, json_t **statement);
// The log that it was computed on.
result statement_add_ledger(struct arena *arena, str customer, const struct head *head,
                            json_t *statement);

// Sets a member of a statement. INTERNAL when out of memory, or for a text that is not UTF-8.
result statement_set(json_t *statement, const char *name, json_t *value);
// The answer's `as_of`: up to which index of the log it counts, and that prefix's root.
result usage_as_of(struct arena *arena, const struct head *head, json_t *answer);

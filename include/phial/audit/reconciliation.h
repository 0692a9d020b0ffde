// SPDX-License-Identifier: Apache-2.0
// reconciliation.h - a customer's own count beside the ledger's: totals, windows, event by event.
//
// What counts is what a bill would count: the effective value of events that are not voided, by
// their stored time. Nothing is written but the lists of ids that are sent in parts; those wait in
// a table of their own until they are dropped, a week at most.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/db/db.h"

enum {
    RECONCILED_IDS_MAX = 2000000,   // of one reconciliation
    RECONCILED_LISTED_MAX = 100000, // of each list in an answer; beyond it they are counted alone
    RECONCILED_WINDOWS_MAX = 10000,
    RECONCILED_SINGLE_WINDOWS_MAX = 100, // those that are no hours, days or months, of a metric
};

// An event as the customer has it.
struct claimed_event {
    str id;
    str source;
    bool any_source; // none was named: the id stands for itself
    bool has_quantity;
    decimal quantity;
    bool has_time;
    instant time;
};

// All of the customer's, in the order sent: those of one request, or what was staged.
struct claimed {
    int64_t sent;                               // with those that were refused
    int64_t refused;                            // by the boundary: neither kept nor compared
    const struct staged_reconciliation *staged; // NULL: they are the events
    struct claimed_event *events;
    size_t count;
    size_t room;
};
// Where they go as they are read.
struct claim_sink {
    result (*take)(void *context, const struct claimed_event *event);
    void *context;
    int64_t sent;
    int64_t refused;
};
// Into claimed->events: at most so many, whose texts outlive it.
struct claim_sink claimed_sink(struct claimed *claimed, struct arena *arena, size_t most);

struct compared_window {
    instant start;
    instant end;
    decimal yours;
    exact ledger; // an answer
    int64_t events;
};

struct reconciliation {
    const struct customer *customer;
    const struct metric *metric; // NULL: every event of the type
    str type;
    enum time_precision precision; // the coarsest that the types store
    instant from;
    instant to;
    bool has_total;
    decimal total;
    struct compared_window *windows; // in order, none overlaps
    size_t window_count;
    const struct claimed *claimed; // NULL: no event is compared
};

struct compared_event {
    struct compared_event *next;
    str id;
    str source;
    bool differs; // of `different`: it has the next three
    struct claimed_event yours;
    decimal quantity;
    instant time;
};
struct compared_list {
    struct compared_event *first;
    struct compared_event *last;
    int64_t count; // listed or not
    int64_t listed;
};

struct reconciled {
    int64_t size; // of the log, and its root
    sha256 root;
    exact ledger; // the metric's quantity; of a type the number of events
    int64_t events;
    bool looked_through; // event by event
    int64_t attested;    // then: of these, those that a source has signed; see attestation.h
    bool has_yours;
    exact yours;
    bool matches;
    int64_t repeated;                   // ids that were sent more than once, beyond their first
    struct compared_list missing_here;  // the ledger does not count them
    struct compared_list missing_there; // the customer has not named them
    struct compared_list different;     // both, with another quantity or time
    struct compared_list voided;        // of missing_here: in the ledger, and voided
    struct compared_list elsewhere;     // of missing_here: in the ledger, of another time or kind
};
result reconcile(struct db_tx *tx, struct reconciliation *what, struct reconciled *reconciled);

// One whose ids come in parts.
struct staged_reconciliation {
    str id;
    int64_t customer_id;
    str question; // the document that it was opened with
    int64_t ids;  // kept so far
    int64_t sent;
    instant created_at;
};
// Drops what is older than a week on the way.
result reconciliation_open(struct db_tx *tx, int64_t customer_id, str question,
                           const struct change *change, struct staged_reconciliation *opened);
// only_customer: 0, or the one that the key is bound to. NOT_FOUND.
result reconciliation_get(struct db_tx *tx, str id, int64_t only_customer,
                          struct staged_reconciliation *staged);
// Keeps the part that `read` gives to the sink, whole or not at all, in constant memory. CONFLICT
// where there would be too many. `read` may not use the transaction.
result reconciliation_add(struct db_tx *tx, struct staged_reconciliation *staged,
                          result (*read)(void *context, struct claim_sink *sink), void *context);
result reconciliation_drop(struct db_tx *tx, str id, int64_t only_customer);

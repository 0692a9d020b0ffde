// SPDX-License-Identifier: Apache-2.0
// trail.h - the audit trail: who changed or saw what, from where, why, and what it was before and
// after.
//
// Invariants: a record commits with the change that it tells of, and that of a read before the
// answer leaves; records are appended, in the order in which they were written, to an RFC 6962 log
// of their own, and leave the place where they wait for nowhere else. No record holds a secret or
// a patient's identifier: it is made of what was accepted, never of what was refused.
#pragma once

#include "phial/db/db.h"
#include "phial/json/json.h"

// The trail's log is that of customer 0, whose key is "": nobody's.
enum { TRAIL_LOG = 0 };

// A request that is to be recorded. Whoever watches fills in the first part; it outlives the watch.
struct trail_request {
    instant at;
    str actor;      // "key:7f2a"
    str address;    // "" where nobody is
    str request_id; // likewise
    str action;     // "invoices.void"
    str object;     // "invoices/0190…"
    str customer;   // whose records: a key, "*" everybody's, "" nobody's
    str reason;
    // Money, events or reports, and changes nothing. A change whose document stays as it was is
    // recorded as a read too: of one that was asked for again.
    bool reads;
    // The document of what is changed, canonical or not, "" where there is none: asked for in front
    // of the work and behind it. NULL: what the work itself leaves in `before` and `after`, each
    // transaction anew.
    result (*state)(struct db_tx *tx, const struct trail_request *request, str *document);
    void *context; // for it
    str before;    // "" without
    str after;
    // the trail's own
    bool recorded; // committed
    bool pending;  // by a transaction that has not committed yet
    struct db_witness witness;
};
// From now on every transaction of the connection that writes is recorded, and of one that reads
// the first.
void trail_watch(struct db *db, struct trail_request *request);
void trail_unwatch(struct db *db);
// Records it now: where no transaction did.
result trail_record(struct db_tx *tx, struct trail_request *request);

// Something that happens in a transaction whoever asks for it: a record of its own, by the actor of
// the request that is being watched, else by the system.
struct trail_fact {
    instant at;
    str actor;  // "": as above
    str action; // "invoice.issued"
    str object;
    str customer;
    const json_t *after; // NULL without
};
result trail_put(struct db_tx *tx, const struct trail_fact *fact);

// Appends to the log what waits, all of it, in this transaction.
result trail_append_whole(struct db_tx *tx, instant now);
// Likewise, in batches, each in a transaction of its own.
result trail_append_all(struct db *db, instant now);

// An entry of the trail, as its leaf says.
struct trail_entry {
    int64_t index;
    str leaf;
    str actor_name; // of a key, as it is called now; "" for others
};
struct trail_filter {
    str actor, action, object, customer; // "" for any
    bool has_from, has_to;
    instant from, to; // half-open, of `at`
    bool reads_alone; // of the customer's records or of everybody's
    int64_t before;   // entries below this index
    int64_t limit;
};
// The newest first.
result trail_each(struct db_tx *tx, const struct trail_filter *filter,
                  result (*row)(void *context, const struct trail_entry *entry), void *context);

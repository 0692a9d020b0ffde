// SPDX-License-Identifier: Apache-2.0
// record.h - what the audit trail keeps of requests. Which ones, and under which names, follows
// from their routes, so that none can be forgotten.
#pragma once

#include "phial/http/http.h"
#include "phial/trail/trail.h"

// Of a caller.
struct record {
    bool on;
    struct trail_request trail;
    str collection; // "invoices"; "credits" of a customer's
    str key;        // of the one that is changed
    bool has_key;
    bool makes;       // the key is that of what the request makes
    str parent;       // its object without it
    str asked_object; // what the request itself is about
    const struct request *request;
};

enum recorded_as { RECORDED_NOT, RECORDED_READ, RECORDED_CHANGE };
// By the route alone: every change but of events, which the ledger holds, and every read of money,
// events and reports.
enum recorded_as record_kind(const struct route *route);
// "" of what is not recorded; "invoices.list", "invoices.read", "invoices.void",
// "customers.credits.create".
str record_action(struct arena *arena, const struct route *route);

// Watches what the handler does.
void record_enter(struct request *request);
// The request makes one of another collection instead: an approval.
void record_becomes(const struct request *request, str collection);
// What follows is not the request's own any more.
void record_end(const struct request *request);
// A read that no transaction recorded is recorded now. TRAIL_AWAY where something could not be.
result record_leave(const struct request *request, result outcome);

// What the handler alone knows: the id of what it makes, whose records they are, what for.
void record_made(const struct request *request, str id);
void record_customer(const struct request *request, str customer);
void record_purpose(const struct request *request, str purpose);
// Whether what a change asks for was there before: a read then.
void record_unchanged(const struct request *request, bool unchanged);
// Of what no table of states knows: its document before and after, in the transaction of the
// change. NULL without; both are released.
void record_states(const struct request *request, json_t *before, json_t *after);

// SPDX-License-Identifier: Apache-2.0
// caller.h - who asks, what they may see, and when it is: made by api_enter for every request.
#pragma once

#include "phial/api/api.h"
#include "phial/catalog/clock.h"
#include "phial/catalog/idempotency.h"
#include "record.h"

// How often one request is decided anew where the catalog has changed meanwhile. Many keys that are
// destroyed together, or a file of customers that is applied, change it often in a second.
enum { CATALOG_TURNS_MAX = 64 };

struct worker {
    struct api *api;
    struct catalog_cache *cache;
};

struct caller {
    struct api_key key; // without an id where the route needs none
    int64_t revision;   // of the catalog that the key was valid at, on routes that take it on trust
    struct change change; // actor, reason ("" without) and now
    bool claimed;         // an Idempotency-Key waits for this answer
    bool held;            // in the transaction that all of the request is then
    struct idempotency claim;
    void (*afterwards)(const struct request *request);
    void *work; // the handler's own, while the request waits
    struct record record;
    bool rated; // it has taken of the key's rate
    struct rate_verdict rate;
};

static inline struct worker *worker_of(const struct request *request)
{
    return request->worker;
}

static inline struct api *api_of(const struct request *request)
{
    return worker_of(request)->api;
}

static inline struct caller *caller_of(const struct request *request)
{
    return request->caller;
}

// Called once what the request does is committed, which may be after its handler; not where it
// fails.
static inline void caller_afterwards(const struct request *request,
                                     void (*work)(const struct request *request))
{
    caller_of(request)->afterwards = work;
}
void caller_nudge_jobs(const struct request *request);

static inline int64_t bound_customer(const struct request *request) // 0: any
{
    return caller_of(request)->key.customer_id;
}

// Authenticates again, by the database: for who was let in on what the cache knew, and finds the
// catalog at another revision than then.
result caller_again(const struct request *request);

// The API key as the request presents it; UNAUTHENTICATED without one.
result caller_presented(const struct request *request, str *key);

// FORBIDDEN for a key that is bound to one customer: for what concerns them all.
result caller_unbound(const struct request *request);
// The customer, unless the key is bound to another one: NOT_FOUND then as well.
result caller_customer(struct db_tx *tx, const struct request *request, str key,
                       struct customer *customer);
// Whom a list is narrowed to: the customer that is named, else the key's own; 0 for all.
result caller_narrow(struct db_tx *tx, const struct request *request, str key,
                     int64_t *customer_id);
result caller_has_reason(const struct request *request); // REASON_REQUIRED

// The body; its faults are forgotten, for a transaction that is run again.
struct json_at document_of(const struct request *request);
result document_required(const struct request *request); // INVALID_JSON without a body
// The body of a route that works without one: an empty object then. The caller owns *document.
struct json_at document_optional(const struct request *request, json_t **document);

bool is_read(const struct request *request); // GET or HEAD

// ETag and If-Match.
void reply_etag(const struct request *request, struct reply *reply, str tag);
// The caller's change, with what If-Match and If-None-Match say.
result precondition_read(const struct request *request, struct change *change);
// The same with what If-Match alone says: for a DELETE, which may do without.
result precondition_of_delete(const struct request *request, struct change *change);
// Of what is tagged by its own document, which it takes: PRECONDITION_FAILED where If-Match names
// another.
result precondition_on(const struct request *request, json_t *json);
// Whether If-None-Match names the tag: the reply is a 304 then, and done.
bool reply_not_modified(const struct request *request, struct reply *reply, str tag);
// A document with the hash of its bytes as its tag.
str json_tag(const struct request *request, const json_t *json);
result reply_tagged(const struct request *request, struct reply *reply, int status, json_t *json);

// Query parameters; BAD_PARAMETER.
result parameter_instant(const struct request *request, const char *name, bool *present,
                         instant *at);
result parameter_i64(const struct request *request, const char *name, int64_t most, bool *present,
                     int64_t *number);

// ?format=: json, which it is without, or csv.
result parameter_csv(const struct request *request, bool *csv);

static inline json_t *json_instant_text(const struct request *request, instant at)
{
    return json_from_str(instant_print(request->arena, at));
}

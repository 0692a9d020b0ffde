// SPDX-License-Identifier: Apache-2.0
// catalog.h - customers, and event types, metrics, plans and report templates in immutable
// versions.
#pragma once

#include "phial/db/db.h"
#include "phial/json/json.h"
#include "phial/phi/event_type.h"
#include "phial/rating/metric.h"
#include "phial/rating/plan.h"
#include "phial/rating/report_template.h"
#include "phial/rating/statement.h"

// What a put must find; {0} for who does not care.
struct precondition {
    str if_match; // bare tags with commas between them, "*" for any
    bool create_only;
};

// For what may do without: OK where no tag is named, PRECONDITION_FAILED where not the current one
// is.
result precondition_check_named(struct precondition precondition, str current);

// Who changes something, when and why: goes into every row a change makes.
struct change {
    str actor; // "key:7f2a"
    str reason;
    instant now;
    struct precondition precondition; // of a put or an archiving
    // A put that switches detectors off is APPROVAL_REQUIRED, and changes nothing.
    bool asks_approval;
};

enum catalog_kind { CATALOG_EVENT_TYPE, CATALOG_METRIC, CATALOG_PLAN, CATALOG_REPORT_TEMPLATE };
const char *catalog_kind_name(enum catalog_kind kind); // "event_type", as in the database

enum put_made { MADE_NOTHING, MADE_VERSION, MADE_RESOURCE };

struct catalog_item {
    str key;
    int64_t version;
    str sha256;   // lower-case hexadecimal, of the canonical document
    str document; // as it was put
    instant created_at;
    bool archived;
    enum put_made made; // by a put
};

// 1-64 of [a-z0-9._-].
bool catalog_key_valid(str key);
// Checks the document (faults of `document`), and makes a version unless the current one has the
// same canonical form, which is fine whatever the precondition but create_only.
// PRECONDITION_REQUIRED where content would be replaced without If-Match, PRECONDITION_FAILED where
// it is not what was named.
result catalog_put(struct db_tx *tx, enum catalog_kind kind, str key, struct json_at document,
                   const struct change *change, struct catalog_item *item);
result catalog_get(struct db_tx *tx, enum catalog_kind kind, str key, struct catalog_item *item);
result catalog_get_version(struct db_tx *tx, enum catalog_kind kind, str key, int64_t version,
                           struct catalog_item *item);
// PRECONDITION_FAILED where another version than the current one is named.
result catalog_archive(struct db_tx *tx, enum catalog_kind kind, str key,
                       const struct change *change);
// In the order of keys, after `after`; archived ones left out.
result catalog_each(struct db_tx *tx, enum catalog_kind kind, str after, int64_t limit,
                    result (*row)(void *context, const struct catalog_item *item), void *context);

// The metric's current version, parsed; it borrows from a document that is added to `held`, an
// array.
result catalog_metric(struct db_tx *tx, str key, json_t *held, const struct metric **metric);
// And a report's template; NOT_FOUND for one that is archived, too.
result catalog_report_template(struct db_tx *tx, str key, json_t *held,
                               struct report_template *form);

// Adds a fault where a plan that is not put compares a property with a number that no event
// carries so. Charges by one of `metrics`, or by none of the catalog, are passed over.
result plan_numbers_check(struct db_tx *tx, const struct plan *plan, struct json_at document,
                          const json_t *metrics);

struct customer {
    int64_t id;
    str key;
    str document; // as it was put
    str sha256;
    str zone_name;
    enum currency currency;
    bool archived;
    instant created_at;
    enum put_made made; // by a put
};
result customer_put(struct db_tx *tx, str key, struct json_at document, const struct change *change,
                    struct customer *customer);
result customer_get(struct db_tx *tx, str key, struct customer *customer); // NOT_FOUND
result customer_get_by_id(struct db_tx *tx, int64_t id, struct customer *customer);
// What the customer's document said then: an issued invoice keeps the address it was issued to.
result customer_document_at(struct db_tx *tx, int64_t id, instant at, str *document);
result customer_archive(struct db_tx *tx, str key, const struct change *change);
result customer_each(struct db_tx *tx, str after, int64_t limit,
                     result (*row)(void *context, const struct customer *customer), void *context);
// What an invoice needs of the document.
struct customer_billing {
    str name;
    int64_t payment_terms_days;
    const struct tax_rate *taxes;
    size_t tax_count;
    str exempt_reason;
};
result customer_billing_read(struct arena *arena, const struct customer *customer,
                             struct customer_billing *billing);

// Subscriptions. start, end and at are cut to local midnights here.
struct subscription {
    str id;
    int64_t customer_id;
    str customer;
    str status; // "active", "ended", "scheduled" as of `now`
    bool anniversary;
    instant start;
    bool has_end;
    instant end;
    instant created_at;
    str plan; // in force at `now`, before the start the first; in a change's answer the new one
    instant plan_start; // likewise
    int64_t plan_version;
    str overrides; // of that plan: JSON as it was given, "" without
    str changes; // [{"plan", "version", "at", "overrides"}] in order, "" where it was not asked for
    bool changed; // by this request, from plan_start on
};
// {"customer","plan","version"?,"start","end"?,"anchor"?,"overrides"?}; appends plan and
// subscription entries to the customer's log. only_customer: 0 or the customer that the key is
// bound to (NOT_FOUND otherwise).
result subscription_create(struct db_tx *tx, struct json_at document, int64_t only_customer,
                           const struct change *change, struct subscription *subscription);
// {"plan","version"?,"at"?,"overrides"?}; at is now without; earlier overrides end with their plan.
// A change at the start of the last plan takes that one's place.
result subscription_change(struct db_tx *tx, str id, struct json_at document, int64_t only_customer,
                           const struct change *change, struct subscription *subscription);
// {"at"}
result subscription_cancel(struct db_tx *tx, str id, struct json_at document, int64_t only_customer,
                           const struct change *change, struct subscription *subscription);
result subscription_get(struct db_tx *tx, str id, instant now, struct subscription *subscription);
// The same, with its changes.
result subscription_get_whole(struct db_tx *tx, str id, instant now,
                              struct subscription *subscription);
// In the order of ids.
struct subscription_filter {
    int64_t customer_id; // 0: all
    str after;
    int64_t limit;
    instant now;  // for their status and plan
    bool changes; // with them
};
result subscription_each(struct db_tx *tx, const struct subscription_filter *filter,
                         result (*row)(void *context, const struct subscription *subscription),
                         void *context);
// Everything statement_compute needs, taxes included; lives in the transaction's arena. Documents
// parsed on the way are owned by `held`, which the caller releases.
result subscription_terms_read(struct db_tx *tx, str id, struct subscription_terms *terms,
                               json_t **held);
// What the terms of several subscriptions have in common, the plans and metrics that they pinned
// and their customers, is read once in a transaction: what is parsed of it is theirs together.
struct terms_common;
struct terms_common *terms_common_new(struct db_tx *tx);
void terms_common_release(struct terms_common **common); // what was read by it is gone then
result subscription_terms_read_common(struct db_tx *tx, str id, struct terms_common *common,
                                      struct subscription_terms *terms);

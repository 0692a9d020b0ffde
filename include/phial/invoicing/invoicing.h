// SPDX-License-Identifier: Apache-2.0
// invoicing.h - periods become drafts, drafts become issued statements with gapless numbers.
//
// A draft is a pure function of the ledger at its present size and the subscription; it is computed
// when it is read. Issuing locks the customer's head, computes, takes the next number and appends
// the statement to the ledger, in one transaction. One period, one invoice: a unique index.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/db/db.h"
#include "phial/json/json.h"

struct invoice {
    str id;
    str customer;
    int64_t customer_id;
    str subscription;
    int64_t period_number;
    instant period_start;
    instant period_end;
    str status; // "draft", "issued", "void"
    str number; // "" for a draft
    str total;  // money text; of a draft as of now, "" where it cannot be computed
    str currency;
    str payment_status;
    bool has_ledger_index;
    int64_t ledger_index; // of the invoice entry
};

// Everything due at `now`: credit notes for usage of issued periods that went or changed, drafts of
// ended periods, issue of drafts past their grace. Each invoice
// in a transaction of its own; safe to run twice and in parallel. The counts are of what this run
// did.
struct billing_run {
    int64_t drafted;
    int64_t issued;
    int64_t credited; // credit notes for what came too late
};
result billing_run(struct db *db, struct arena *arena, instant now, str actor,
                   struct billing_run *run);

// The draft of the opening statement, where the subscription has begun and has one. What a
// subscription is made with, so that the statement is there at once.
result opening_draft(struct db_tx *tx, str subscription, const struct change *change);

result invoice_get(struct db_tx *tx, str id, struct invoice *invoice);
// What its row alone says, computing nothing: the total of a draft is the last one that was kept.
struct invoice_marks {
    struct invoice invoice; // without its payment status
    bool has_due;
    instant due_at;
    bool has_voided;
    instant voided_at;
    str statement_sha256; // in hexadecimal; "" of a draft
    bool has_released;
    int64_t released_index; // the log's size when late usage was released last
};
result invoice_marks_get(struct db_tx *tx, str id, struct invoice_marks *marks);
// The whole statement as it is answered: stored bytes of an issued one, computed for a draft.
result invoice_statement(struct db_tx *tx, const struct invoice *invoice, instant now,
                         json_t **statement);
str invoice_csv(struct arena *arena, const json_t *statement);
struct invoice_filter {
    int64_t customer_id; // 0: all
    str status;          // "": all
    bool has_from, has_to;
    instant from, to; // period starts in [from, to)
    str after;        // id
    int64_t limit;
};
result invoice_each(struct db_tx *tx, const struct invoice_filter *filter, instant now,
                    result (*row)(void *context, const struct invoice *invoice), void *context);
// The standing statements behind a position of the log that billed what came late of the periods
// that hold an instant: their ids, numbers and status alone.
result invoice_each_late(struct db_tx *tx, int64_t customer_id, instant at, int64_t index,
                         result (*row)(void *context, const struct invoice *invoice),
                         void *context);
// Issuing an issued one changes nothing. CONFLICT for a void one.
result invoice_issue(struct db_tx *tx, str id, const struct change *change,
                     struct invoice *invoice);
// Frees its period for a new one. CONFLICT for what is not issued.
result invoice_void(struct db_tx *tx, str id, const struct change *change, struct invoice *invoice);
// What any period of a customer's subscription would come to now.
result invoice_preview(struct db_tx *tx, str subscription, instant at, instant now,
                       json_t **statement);
// The same of some days, cut to local midnights and to the subscription's own start and end: the
// period with these bounds, or a stretch of one. NOT_FOUND when none is left, INVALID when they lie
// in more than one period.
result invoice_preview_stretch(struct db_tx *tx, str subscription, instant start, instant end,
                               instant now, json_t **statement);

// Usage of a customer over [from, to) on a metric's current version, as the API answers it.
struct usage_query {
    const struct customer *customer;
    const struct metric *metric;
    instant from;
    instant to;
    str window;          // "", "hour", "day", "month"
    const str *group_by; // NULL without
    size_t group_by_count;
};
result usage_query_run(struct db_tx *tx, const struct usage_query *query, json_t **answer);
// Its quantity alone, not rounded to the digits that are written; *size: of the log.
result usage_query_measure(struct db_tx *tx, const struct usage_query *query, exact *quantity,
                           int64_t *size);

// The running period of each subscription of a customer: quantity and amount so far, per charge.
// `until`: when the first of these periods ends; `now` without one.
result usage_current(struct db_tx *tx, const struct customer *customer, instant now,
                     json_t **answer, instant *until);

// What a plan in force grants of a name. A flag or a text has no limit, a number no use of its own.
struct entitlement {
    exact limit;
    exact used;          // the metric's quantity in the subscription's running period
    int64_t as_of_index; // of what was measured
    str value;           // of a text
    bool granted;
    bool has_limit;
    bool has_used;
};
// Of several subscriptions the one that leaves most. Not granted where no plan in force has it.
result entitlement_find(struct db_tx *tx, const struct customer *customer, str name, instant now,
                        struct entitlement *entitlement);

// The events behind a statement's usage lines of a key, as they counted then: in the order of the
// log from `after` on, at most `limit`. NOT_FOUND when it has no line of the key.
struct line_query {
    const struct invoice *invoice;
    const json_t *statement;
    str key;
    int64_t after; // the first index
    int64_t limit;
};
result line_events_each(struct db_tx *tx, const struct line_query *query,
                        result (*row)(void *context, const struct usage_event *event),
                        void *context);

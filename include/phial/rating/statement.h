// SPDX-License-Identifier: Apache-2.0
// statement.h - periods, and what one period of a subscription comes to. Pure: the invoice, the
// preview and the offline verification all call statement_compute.
#pragma once

#include "phial/json/json.h"
#include "phial/rating/metric.h"
#include "phial/rating/plan.h"
#include "phial/rating/usage.h"
#include "phial/time/time.h"

enum {
    SEGMENTS_MAX = 100,
    TAX_RATES_MAX = 20,
    PLAN_METRICS_MAX = 200,
    DISCOUNTS_MAX = 100,
    PREPAID_MAX = 500
};

// The plan that is in force from an instant on.
struct segment {
    instant from;
    const struct plan *plan;
    const struct metric *const *metrics; // every metric that the plan names, beside nothing else
    size_t metric_count;
};

struct tax_rate {
    str name;
    decimal percent;
    str category; // "" when none
};

// Percent or amount, of every usage and fixed line or of those that are named.
struct discount {
    str id; // "" of a simulation; a statement names those that have one
    bool is_percent;
    decimal percent; // 0 to 100
    decimal amount;  // in the statement's currency
    const str *charges;
    size_t charge_count; // 0: all lines
    int64_t periods;     // 0: no end
};
// As it is posted. Adds a fault for everything wrong; false then.
bool discount_parse(struct json_at at, struct discount *discount);
// The same out of a log's entry or a statement, which say more of it. INVALID. Texts borrow.
result discount_read(struct arena *arena, const json_t *document, struct discount *discount);

// What is left of a credit that was paid for before. Taken in the order given.
struct prepaid {
    str id;
    money left;
};

// A customer's member `tax`.
struct taxation {
    const struct tax_rate *rates;
    size_t count;
    str exempt_reason;
};
bool taxation_parse(struct json_at at, struct taxation *taxation);

struct period {
    int64_t
        number; // 1, 2, ...; 0 is the opening statement: start == end == the subscription's start
    instant start;
    instant end;
};

// By how much a key of a statement that was issued is off by now; the next statement bills it.
struct adjustment {
    str key;
    str name;
    money amount;
    str invoice; // the statement's id
    struct period period;
};

struct subscription_terms {
    str id;
    str customer;
    const struct zone *zone;
    str zone_name;
    enum currency currency;
    bool anniversary; // else calendar
    instant start;    // a local midnight
    bool has_end;
    instant end;                    // a local midnight
    const struct segment *segments; // rising; the first begins at `start`
    size_t segment_count;
    const struct tax_rate *taxes;
    size_t tax_count;
    str exempt_reason;                // "" when none; then no tax
    const struct discount *discounts; // in the order they were made
    size_t discount_count;
    bool projects; // usage is taken to go on at its pace from `projected_from` to the period's end
    instant projected_from;
    const struct prepaid *prepaid;
    size_t prepaid_count;
    const struct adjustment *adjustments;
    size_t adjustment_count;
    // The statement of the period before, as it was issued: what it billed ahead is settled with
    // what is due by now. NULL where it is still open, and so says what these terms say.
    const json_t *before;
};

// Local midnight of the instant's local day: how start, end and at count.
instant subscription_instant(const struct zone *zone, instant at);
// The period of a number. NOT_FOUND when it would begin at or after the subscription's end; but one
// that ended at its start, after an opening statement, still has a first period without days, which
// gives back what was billed ahead.
result period_find(const struct subscription_terms *terms, int64_t number, struct period *period);
// The one that holds an instant. NOT_FOUND outside the subscription.
result period_holding(const struct subscription_terms *terms, instant at, struct period *period);
// A period's local days over those of the uncut period that it is cut from; 0 without days.
result period_share(struct arena *arena, const struct subscription_terms *terms, int64_t number,
                    exact *share);
// Whether the subscription has an opening statement: its first plan has a fee in advance.
bool period_opening(const struct subscription_terms *terms);
// Whether a number lies behind those of the periods of a subscription that has an end: a closing
// statement bills what came too late for the last one, and nothing else. It has no days.
bool period_closing(const struct subscription_terms *terms, int64_t number);
// As period_find; a closing statement's is at the subscription's end.
result period_of_statement(const struct subscription_terms *terms, int64_t number,
                           struct period *period);
// What the plans of a period commit to, each by its share of the whole period; zero without any.
result period_commitment(struct arena *arena, const struct subscription_terms *terms,
                         int64_t number, exact *amount);

// Whether a metric of the terms goes by the events before a period as well.
bool statement_carries(const struct subscription_terms *terms);

// The plan in force at a period's end.
const struct plan *plan_at_end(const struct subscription_terms *terms, const struct period *period);

// The statement's own members: customer, subscription, currency, period, plan, lines, subtotal,
// discounts, tax, total, credits, amount_due, rounding, and, where there are any, exempt_reason,
// discount_details and credits_applied.
// `usage` must hold every event of the period, and with terms that carry every one before it. The
// caller owns *statement.
result statement_compute(struct arena *arena, const struct subscription_terms *terms,
                         const struct period *period, const struct usage *usage,
                         json_t **statement);
// The same of some days of a period, [start, end) at local midnights: fees and limits by their
// share of the whole period, fees billed ahead only where the stretch reaches the period's end.
// INVALID when it does not lie in the period of its number.
result statement_of_stretch(struct arena *arena, const struct subscription_terms *terms,
                            const struct period *stretch, const struct usage *usage,
                            json_t **statement);

// Amounts by the keys of lines, each key once.
struct key_amount {
    str key;
    str name;
    money amount;
};
struct key_amounts {
    struct key_amount *items;
    size_t count;
};
result keys_add(struct arena *arena, struct key_amounts *keys, struct key_amount amount);
result keys_sum(const struct key_amounts *keys, enum currency currency, money *sum);
// Of a statement's lines, less their discounts; texts borrow. INVALID for what is no statement.
enum statement_lines { LINES_ALL, LINES_WITHOUT_ADJUSTMENTS };
result keys_of_statement(struct arena *arena, const json_t *statement, enum statement_lines which,
                         enum currency currency, struct key_amounts *keys);
// By how much a statement's own lines would be others with the usage that there is now: its period
// rated again, with the discounts that it names and what it billed ahead as it did. Keys without a
// difference are there as well.
result statement_difference(struct arena *arena, const struct subscription_terms *terms,
                            const struct period *period, const struct usage *usage,
                            const json_t *issued, struct key_amounts *difference);

// SPDX-License-Identifier: Apache-2.0
// reports.h - what may be told of a customer's, or a group's, usage: tables with all their totals
// and without their small cells.
//
// One table for a metric and a time, crossed by everything that the metric can be grouped by; every
// question about it shows a part of that one, so that answers to several cannot be subtracted. What
// was given out is kept as it was given out, and never more than that: it makes a restatement known
// as one, and keeps withheld what was withheld.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/reports/templates.h"

enum { REPORT_CELLS_MAX = 5000, REPORT_MEMBERS_MAX = 200 };

// The customer's own; 11 without.
result report_threshold(const struct customer *customer, int64_t *threshold);
// The event types of a metric, as they are declared now.
result report_types_each(struct db_tx *tx, const struct metric *metric,
                         void (*row)(void *context, const struct event_type *type), void *context);

// Who is reported of: one customer, or the customers of a group.
struct report_scope {
    str group; // "" of a customer
    const struct customer *customers;
    size_t customer_count;
    const struct zone *zone; // by which months are counted: the customer's; of a group UTC
};
// The group's customers that are not archived. NOT_FOUND without one; INVALID for more than
// REPORT_MEMBERS_MAX.
result report_group(struct db_tx *tx, str group, struct report_scope *scope);

struct report_question {
    const struct report_scope *scope;
    const struct metric *metric;
    instant from; // half-open on event time
    instant to;
    const str *by; // names out of the metric's group_by
    size_t by_count;
    str actor;
    instant now;
};

// A table's cells, the last axis fastest; place 0 of an axis is its total.
struct report_table {
    size_t axis_count;
    str axes[GROUP_BY_MAX];
    size_t lengths[GROUP_BY_MAX];
    const str *values[GROUP_BY_MAX]; // of an axis: beside its places
    size_t cell_count;
    const str *labels; // "37", "<11", "*"
};

struct report {
    int64_t threshold; // the strictest of the customers'
    struct report_table table;
    int64_t version; // 1 when first given out, one more whenever a figure has changed since
    instant published_at;
    bool restated;
    struct report_table before; // of the version before
    json_t *as_of;              // the caller's: a size and root for each customer
};
// INVALID for a metric that neither counts nor sums, a figure below zero, too many cells;
// TABLE_TOO_SMALL where nothing that could be withheld would do.
result report_utilization(struct db_tx *tx, const struct report_question *question,
                          struct report *report);

// The label of a cell by its values; "0" where the table has no such place.
str report_label(const struct report_table *table, const struct report_table *like, size_t cell);

// Members, for rates. withheld: their number may not be told, and no rate either.
struct report_members {
    bool given;
    bool withheld;
    exact count;
    exact months; // of the time that is asked for
};
// Of [from, to) in local months; a part of one counts by its days' share.
exact report_months(struct arena *arena, const struct zone *zone, instant from, instant to);

struct report_paper {
    const struct report_question *question;
    const struct report *report;
    struct report_members members;
    const struct report_template *form; // NULL: as it is
};
// The whole answer, and with a template its rows too.
result report_json(struct arena *arena, const struct report_paper *paper, json_t **answer);
result report_csv(struct arena *arena, const struct report_paper *paper, str *csv);

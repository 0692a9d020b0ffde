// SPDX-License-Identifier: Apache-2.0
// accounting.h - what invoices, credit notes, payments and prepaid credit mean to the books: a
// double-entry journal for other programs, revenue, and what is owed since when.
//
// Owns no row: all of it is read from views over what invoicing keeps. Every document is one
// transaction whose postings add up to zero in its currency; the same rows make the same bytes.
// Changes nothing.
#pragma once

#include "phial/db/db.h"
#include "phial/money/money.h"

enum account {
#define ACCOUNT(name, is) ACCOUNT_##name,
#include "phial/accounting/accounts.def"
#undef ACCOUNT
    ACCOUNT_COUNT
};
const char *account_name(enum account account); // "receivable"
const char *account_is(enum account account);   // what it is

// What the accounts are called where the journal goes to.
struct chart {
    struct account_title {
        str name; // "Assets:Receivable"; accounts below it are divided by ':'
        str code; // "1100", for programs that go by codes; "" without one
    } accounts[ACCOUNT_COUNT];
    str tax_rate; // Xero's name of a rate of no tax
};
// "NAME" or "NAME | CODE", as options have it.
struct account_title account_title_of(str option);

// Where bytes go; a failure ends what makes them.
struct sink {
    result (*put)(void *context, str bytes);
    void *context;
};

struct books_period {
    int64_t customer_id; // 0: all
    str currency;        // "": all
    bool has_from, has_to;
    instant from, to; // half-open
    instant now;      // what is to come is left out
};

enum { JOURNAL_POSTINGS_MAX = 2000000, BOOK_ROWS_MAX = 1000000 };

// ---- the journal

struct journal_format {
    const char *name;
    const char *media_type;
    const char *extension;
};
const struct journal_format *journal_format_find(str name);   // NULL for none
const struct journal_format *journal_format_at(size_t place); // NULL behind the last

struct journal_query {
    struct books_period period;
    bool by_recorded; // the period is of when documents became known, not of their dates
    const struct chart *chart;
    const struct journal_format *format;
};
// REPORT_TOO_LARGE beyond JOURNAL_POSTINGS_MAX. CONFLICT where the format cannot say it: an account
// without what it needs, or more than one currency.
result journal_write(struct db_tx *tx, const struct journal_query *query, struct sink sink);

// ---- reports, as JSON or CSV

// Revenue of a period by some of "customer plan charge metric month", comma-separated, and always
// by currency. BAD_PARAMETER for any other.
struct revenue_query {
    struct books_period period;
    str by;
    bool csv;
};
result revenue_write(struct db_tx *tx, const struct revenue_query *query, struct sink sink);

// What was open at an instant, by customer and currency.
struct aging_query {
    int64_t customer_id;
    str currency;
    instant as_of;
    bool csv;
};
result aging_write(struct db_tx *tx, const struct aging_query *query, struct sink sink);

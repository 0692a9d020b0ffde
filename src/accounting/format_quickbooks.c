// SPDX-License-Identifier: Apache-2.0
// Journal entries as QuickBooks Online imports them: an account is named as in its chart, and what
// is owed names the customer.
#include "journal.h"
#include "phial/util/array.h"

static void begin(struct journal *journal)
{
    static const char *const columns[] = {"JournalNo", "JournalDate", "AccountName", "Debits",
                                          "Credits",   "Description", "Name",        "Currency"};
    csv_header(journal->out, columns, COUNT_OF(columns));
}

// 2026-11-03 as 11/03/2026
static str print_date(struct arena *arena, str date)
{
    return str_printf(arena, "%.2s/%.2s/%.4s", date.ptr + 5, date.ptr + 8, date.ptr);
}

static void post(struct journal *journal, const struct posting *posting)
{
    struct csv_row row = {.into = journal->out};
    csv_text(&row, posting->journal_number);
    csv_text(&row, print_date(journal->scratch, posting->date));
    csv_text(&row, journal->chart->accounts[posting->account].name);
    csv_sides(&row, journal->scratch, posting->amount);
    csv_text(&row, posting_description(journal->scratch, posting));
    csv_text(&row, posting->customer_name);
    csv_text(&row, str_from(currency_code(posting->amount.currency)));
    csv_end(&row);
}

const struct journal_writer journal_writer_quickbooks = {
    .format = {"quickbooks", "text/csv; charset=utf-8", "csv"},
    .begin = begin,
    .post = post,
};

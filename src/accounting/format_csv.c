// SPDX-License-Identifier: Apache-2.0
// Every posting in full, a row each.
#include "journal.h"
#include "phial/util/array.h"

static void begin(struct journal *journal)
{
    static const char *const columns[] = {
        "date",    "at",       "document",      "number",  "journal_number", "id",
        "invoice", "customer", "customer_name", "account", "name",           "code",
        "part",    "currency", "debit",         "credit",  "note",
    };
    csv_header(journal->out, columns, COUNT_OF(columns));
}

static void post(struct journal *journal, const struct posting *posting)
{
    struct csv_row row = {.into = journal->out};
    const struct account_title *title = &journal->chart->accounts[posting->account];
    csv_text(&row, posting->date);
    csv_text(&row, instant_print(journal->scratch, posting->at));
    csv_text(&row, posting->document);
    csv_text(&row, posting->number);
    csv_text(&row, posting->journal_number);
    csv_text(&row, posting->document_id);
    csv_text(&row, posting->invoice_id);
    csv_text(&row, posting->customer);
    csv_text(&row, posting->customer_name);
    csv_text(&row, str_from(account_name(posting->account)));
    csv_text(&row, account_path(journal->scratch, journal, posting->account, posting->part));
    csv_text(&row, title->code);
    csv_text(&row, posting->part);
    csv_text(&row, str_from(currency_code(posting->amount.currency)));
    csv_sides(&row, journal->scratch, posting->amount);
    csv_text(&row, posting->note);
    csv_end(&row);
}

const struct journal_writer journal_writer_csv = {
    .format = {"csv", "text/csv; charset=utf-8", "csv"},
    .begin = begin,
    .post = post,
};

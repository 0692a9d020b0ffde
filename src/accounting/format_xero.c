// SPDX-License-Identifier: Apache-2.0
// Manual journals as Xero imports them: accounts by their codes, a debit above zero, the base
// currency alone. Tax has its account, so that no rate is to add any.
#include "journal.h"
#include "phial/util/array.h"

static result check(const struct account_title *title)
{
    if (title->code.len == 0)
        return FAIL(CONFLICT, "An account in [accounting] has no code, by which Xero goes.");
    return OK;
}

static void begin(struct journal *journal)
{
    static const char *const columns[] = {
        "*Narration", "*Date",         "Description",     "*AccountCode",  "*TaxRate",
        "*Amount",    "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2",
    };
    csv_header(journal->out, columns, COUNT_OF(columns));
}

// 2026-11-03 as 03/11/2026
static str print_date(struct arena *arena, str date)
{
    return str_printf(arena, "%.2s/%.2s/%.4s", date.ptr + 8, date.ptr + 5, date.ptr);
}

// Rows of one narration and date are one journal: it begins with what no other has.
static void post(struct journal *journal, const struct posting *posting)
{
    struct csv_row row = {.into = journal->out};
    str narration = posting_narration(journal->scratch, posting, "");
    csv_text(&row, str_printf(journal->scratch, "%" STR_FMT " %" STR_FMT " %" STR_FMT,
                              STR_ARG(posting->journal_number), STR_ARG(posting->customer),
                              STR_ARG(narration)));
    csv_text(&row, print_date(journal->scratch, posting->date));
    csv_text(&row, posting_description(journal->scratch, posting));
    csv_text(&row, journal->chart->accounts[posting->account].code);
    csv_text(&row, journal->chart->tax_rate);
    csv_number(&row, money_print(journal->scratch, posting->amount));
    for (int i = 0; i < 4; i++)
        csv_number(&row, STR(""));
    csv_end(&row);
}

const struct journal_writer journal_writer_xero = {
    .format = {"xero", "text/csv; charset=utf-8", "csv"},
    .one_currency = true,
    .check = check,
    .begin = begin,
    .post = post,
};

// SPDX-License-Identifier: Apache-2.0
// hledger's journal: every account and commodity is declared, so that `hledger check --strict`
// holds.
#include "journal.h"

static void begin(struct journal *journal)
{
    buf_add(journal->out, STR("decimal-mark .\n\n"));
}

// "commodity 1000.00 USD": the number shows how many digits there are, and needs a point.
static void declare_currency(struct journal *journal, enum currency currency)
{
    buf_add(journal->out, STR("commodity 1000."));
    for (int i = 0; i < currency_digits(currency); i++)
        buf_add_char(journal->out, '0');
    buf_addf(journal->out, " %s\n", currency_code(currency));
}

static void declare_account(struct journal *journal, enum account account, str part)
{
    buf_add(journal->out, STR("account "));
    buf_add(journal->out, account_path(journal->scratch, journal, account, part));
    buf_add_char(journal->out, '\n');
}

// A semicolon would begin a comment, in which "date:" and the like mean something; a bar would end
// the payee.
static void open(struct journal *journal, const struct posting *posting)
{
    struct buf *out = journal->out;
    buf_add_char(out, '\n');
    buf_add(out, posting->date);
    buf_addf(out, " * (%" STR_FMT ") ", STR_ARG(posting->journal_number));
    buf_add(out, journal_plain(journal->scratch, posting->customer_name, ";|"));
    buf_add(out, STR(" | "));
    buf_add(out, posting_narration(journal->scratch, posting, ";|"));
    buf_addf(out, "\n    ; document:%" STR_FMT ", id:%" STR_FMT ", customer:%" STR_FMT "\n",
             STR_ARG(posting->document), STR_ARG(posting->document_id), STR_ARG(posting->customer));
}

static void post(struct journal *journal, const struct posting *posting)
{
    if (posting->first)
        open(journal, posting);
    buf_add(journal->out, STR("    "));
    buf_add(journal->out, account_path(journal->scratch, journal, posting->account, posting->part));
    buf_addf(journal->out, "  %" STR_FMT " %s\n",
             STR_ARG(money_print(journal->scratch, posting->amount)),
             currency_code(posting->amount.currency));
}

const struct journal_writer journal_writer_hledger = {
    .format = {"hledger", "text/plain; charset=utf-8", "journal"},
    .begin = begin,
    .declare_currency = declare_currency,
    .declare_account = declare_account,
    .post = post,
};

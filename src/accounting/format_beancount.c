// SPDX-License-Identifier: Apache-2.0
// Beancount's journal. Its accounts are of one of five roots, and each part of a name begins with a
// capital letter or a digit and goes on in letters, digits and '-'.
#include "journal.h"
#include "phial/util/array.h"

// Before any document; the same in every export.
#define OPENED "1970-01-01"

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_component(str text)
{
    return text.len != 0 && str_all_in(str_slice(text, 0, 1), CAPITALS DIGITS) &&
           str_all_in(text, CAPITALS "abcdefghijklmnopqrstuvwxyz" DIGITS "-");
}

static result check(const struct account_title *title)
{
    static const char *const roots[] = {"Assets", "Equity", "Expenses", "Income", "Liabilities"};
    str rest = title->name;
    str part = {0};
    bool fits = str_cut(rest, ':', &part, &rest);
    bool rooted = false;
    for (size_t i = 0; i < COUNT_OF(roots); i++)
        rooted = rooted || (fits && str_eq(part, str_from(roots[i])));
    while (fits && str_contains(rest, ':')) {
        (void)str_cut(rest, ':', &part, &rest);
        fits = is_component(part);
    }
    if (!fits || !rooted || !is_component(rest))
        return FAIL(CONFLICT, "An account's name in [accounting] is none that Beancount takes.");
    return OK;
}

// A key or a rate as a component, no two as the same: all that is not theirs is two capitals, which
// keys do not have.
static void add_component(struct buf *out, str part)
{
    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];
        bool first = i == 0;
        if (c == '.')
            buf_add(out, STR("XD"));
        else if (c == '_')
            buf_add(out, STR("XU"));
        else if (c == '-' && first)
            buf_add(out, STR("XH"));
        else if (first && c >= 'a' && c <= 'z')
            buf_add_char(out, (char)(c - 'a' + 'A'));
        else
            buf_add_char(out, c);
    }
}

static void add_account(struct journal *journal, enum account account, str part)
{
    buf_add(journal->out, journal->chart->accounts[account].name);
    if (part.len == 0)
        return;
    buf_add_char(journal->out, ':');
    add_component(journal->out, part);
}

static void add_string(struct journal *journal, str text)
{
    str plain = journal_plain(journal->scratch, text, "");
    buf_add_char(journal->out, '"');
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.ptr[i] == '"' || plain.ptr[i] == '\\')
            buf_add_char(journal->out, '\\');
        buf_add_char(journal->out, plain.ptr[i]);
    }
    buf_add_char(journal->out, '"');
}

static void begin(struct journal *journal)
{
    buf_add(journal->out, STR("option \"title\" \"Phial\"\n\n"));
}

static void declare_currency(struct journal *journal, enum currency currency)
{
    buf_addf(journal->out, OPENED " commodity %s\n", currency_code(currency));
}

static void declare_account(struct journal *journal, enum account account, str part)
{
    buf_add(journal->out, STR(OPENED " open "));
    add_account(journal, account, part);
    buf_add_char(journal->out, '\n');
}

static void open(struct journal *journal, const struct posting *posting)
{
    struct buf *out = journal->out;
    buf_add_char(out, '\n');
    buf_add(out, posting->date);
    buf_add(out, STR(" * "));
    add_string(journal, posting->customer_name);
    buf_add_char(out, ' ');
    add_string(journal, posting_narration(journal->scratch, posting, ""));
    buf_addf(out,
             "\n  kind: \"%" STR_FMT "\"\n  id: \"%" STR_FMT "\"\n  customer: \"%" STR_FMT "\"\n",
             STR_ARG(posting->document), STR_ARG(posting->document_id), STR_ARG(posting->customer));
}

static void post(struct journal *journal, const struct posting *posting)
{
    if (posting->first)
        open(journal, posting);
    buf_add(journal->out, STR("  "));
    add_account(journal, posting->account, posting->part);
    buf_addf(journal->out, "  %" STR_FMT " %s\n",
             STR_ARG(money_print(journal->scratch, posting->amount)),
             currency_code(posting->amount.currency));
}

const struct journal_writer journal_writer_beancount = {
    .format = {"beancount", "text/plain; charset=utf-8", "beancount"},
    .check = check,
    .begin = begin,
    .declare_currency = declare_currency,
    .declare_account = declare_account,
    .post = post,
};

// SPDX-License-Identifier: Apache-2.0
#include "accounting.sql.h"
#include "journal.h"
#include "phial/util/array.h"
#include "test_database.h"

static struct chart chart_of(void)
{
    struct chart chart = {.tax_rate = STR("Tax Exempt")};
    for (size_t i = 0; i < ACCOUNT_COUNT; i++)
        chart.accounts[i] = account_title_of(STR("Income:Other | 4999"));
    chart.accounts[ACCOUNT_receivable] = account_title_of(STR("Assets:Receivable|1100"));
    return chart;
}

// What each format makes of one posting, the first of its document.
static str written(struct arena *arena, const struct journal_writer *writer, struct posting posting)
{
    struct chart chart = chart_of();
    struct buf out = {.arena = arena};
    struct journal journal = {.chart = &chart, .scratch = arena, .out = &out};
    writer->post(&journal, &posting);
    return buf_str(&out);
}

static struct posting sample(void)
{
    return (struct posting){
        .first = true,
        .document = STR("payment"),
        .document_id = STR("id-1"),
        .invoice_id = STR("id-0"),
        .number = STR("2031-000001"),
        .journal_number = STR("PAY-0123456789ab"),
        .note = STR("-1; \"date:x\"\n|"),
        .date = STR("2031-02-03"),
        .customer = STR("_a.b"),
        .customer_name = STR("=A;|\"\\\r\n"),
        .account = ACCOUNT_receivable,
        .part = STR("_a.b"),
        .amount = {-1001, CURRENCY_BHD},
    };
}

START_TEST(writes_no_text_of_others_as_syntax)
{
    static const struct {
        const struct journal_writer *writer;
        const char *text;
    } cases[] = {
        {&journal_writer_hledger,
         "\n2031-02-03 * (PAY-0123456789ab) =A  \"\\ | Payment of 2031-000001, -1  \"date:x\"\n"
         "    ; document:payment, id:id-1, customer:_a.b\n"
         "    Assets:Receivable:_a.b  -1.001 BHD\n"},
        {&journal_writer_beancount,
         "\n2031-02-03 * \"=A;|\\\"\\\\\" \"Payment of 2031-000001, -1; \\\"date:x\\\" |\"\n"
         "  kind: \"payment\"\n  id: \"id-1\"\n  customer: \"_a.b\"\n"
         "  Assets:Receivable:XUaXDb  -1.001 BHD\n"},
        {&journal_writer_csv,
         "2031-02-03,1970-01-01T00:00:00Z,payment,2031-000001,PAY-0123456789ab,id-1,id-0,_a.b,"
         "\"'=A;|\"\"\\\r\n\",receivable,Assets:Receivable:_a.b,1100,_a.b,BHD,,1.001,"
         "\"'-1; \"\"date:x\"\"\n|\"\r\n"},
        {&journal_writer_quickbooks,
         "PAY-0123456789ab,02/03/2031,Assets:Receivable,,1.001,"
         "\"Payment of 2031-000001, -1; \"\"date:x\"\" |: what customers owe\",\"'=A;|\"\"\\\r\n\","
         "BHD\r\n"},
        {&journal_writer_xero,
         "\"PAY-0123456789ab _a.b Payment of 2031-000001, -1; \"\"date:x\"\" |\",03/02/2031,"
         "\"Payment of 2031-000001, -1; \"\"date:x\"\" |: what customers owe\",1100,Tax Exempt,"
         "-1.001,,,,\r\n"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_str_eq(str_to_c(&arena, written(&arena, cases[i].writer, sample())),
                         cases[i].text);
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_debits_as_debits)
{
    struct arena arena = {0};
    struct posting posting = sample();
    posting.first = false;
    posting.part = STR("");
    posting.amount = (money){100, CURRENCY_JPY};
    str hledger = written(&arena, &journal_writer_hledger, posting);
    str quickbooks = written(&arena, &journal_writer_quickbooks, posting);
    ck_assert_str_eq(str_to_c(&arena, hledger), "    Assets:Receivable  100 JPY\n");
    ck_assert(
        str_starts_with(quickbooks, STR("PAY-0123456789ab,02/03/2031,Assets:Receivable,100,,")));
    arena_reset(&arena);
}
END_TEST

START_TEST(gives_no_two_keys_the_same_component)
{
    static const char *const keys[] = {"a.b", "a_b", "a-b", "ab", "xd",  ".d",   "x.d",
                                       "-a",  "_a",  ".a",  "xh", "1.a", "1_a",  "xua",
                                       "x_a", "x",   ".",   "_",  "-",   "xx.a", "a"};
    struct arena arena = {0};
    str made[COUNT_OF(keys)];
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct posting posting = sample();
        posting.first = false;
        posting.part = str_from(keys[i]);
        made[i] = written(&arena, &journal_writer_beancount, posting);
        for (size_t j = 0; j < i; j++)
            ck_assert(!str_eq(made[i], made[j]));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_names_that_a_format_cannot_say)
{
    static const struct {
        const char *option;
        bool beancount;
        bool xero;
    } cases[] = {
        {"Assets:Receivable | 1100", true, true},
        {"Income:Sales:2031-A|200", true, true},
        {"Assets:Receivable", true, false},
        {"Accounts Receivable (A/R) | 1100", false, true},
        {"Assets", false, false},
        {"Assets:", false, false},
        {"Assets::Bank", false, false},
        {"Assets:bank", false, false},
        {"Money:Bank", false, false},
        {"Assets:A:B_C", false, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct account_title title = account_title_of(str_from(cases[i].option));
        result beancount = journal_writer_beancount.check(&title);
        result xero = journal_writer_xero.check(&title);
        ck_assert_int_eq(!failed(beancount), cases[i].beancount);
        ck_assert_int_eq(!failed(xero), cases[i].xero);
        ck_assert(!failed(beancount) || beancount.code == ERR_CONFLICT);
    }
}
END_TEST

START_TEST(finds_formats_by_their_names_alone)
{
    for (size_t i = 0; journal_format_at(i) != NULL; i++)
        ck_assert_ptr_eq(journal_format_find(str_from(journal_format_at(i)->name)),
                         journal_format_at(i));
    ck_assert_ptr_null(journal_format_find(STR("")));
    ck_assert_ptr_null(journal_format_find(STR("ledger")));
}
END_TEST

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; accounting_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, accounting_statements[i]));
    db_close(db);
}
END_TEST

TEST_MAIN("journal", writes_no_text_of_others_as_syntax, takes_debits_as_debits,
          gives_no_two_keys_the_same_component, refuses_names_that_a_format_cannot_say,
          finds_formats_by_their_names_alone, every_statement_fits_the_schema)

// SPDX-License-Identifier: Apache-2.0
#include "books.h"
#include "check_main.h"

static const char *const texts[] = {"customer", "month"};
static const char *const amounts[] = {"billed", "revenue"};

struct kept {
    struct buf text;
    bool full; // takes nothing more
};

static result keep(void *context, str bytes)
{
    struct kept *kept = context;
    if (kept->full)
        return FAIL(INTERNAL, "full");
    buf_add(&kept->text, bytes);
    return OK;
}

static struct book *book_of(struct arena *arena, struct kept *kept, bool csv)
{
    struct book *book = arena_new(arena, struct book);
    kept->text.arena = arena;
    book->csv = csv;
    book->texts = texts;
    book->text_count = COUNT_OF(texts);
    book->shown[0] = true;
    book->amounts = amounts;
    book->amount_count = COUNT_OF(amounts);
    book->arena = arena;
    book->sink = (struct sink){keep, kept};
    return book;
}

static result add(struct book *book, const char *customer, const char *currency, int64_t minor)
{
    book->cells[0] = str_from(customer);
    book->currency = str_from(currency);
    book->minors[0] = minor;
    book->minors[1] = -minor;
    return book_row(book);
}

START_TEST(writes_what_is_shown_and_adds_up_by_currency)
{
    struct arena arena = {0};
    struct kept json = {0};
    struct kept csv = {0};
    for (int i = 0; i < 2; i++) {
        struct book *book = book_of(&arena, i == 0 ? &json : &csv, i == 1);
        book_begin(book, STR("\"as_of\":\"now\","));
        ck_assert_ok(add(book, "a\"b", "USD", 150));
        ck_assert_ok(add(book, "=c,d", "JPY", -7));
        ck_assert_ok(add(book, "e", "USD", 1));
        ck_assert_ok(book_end(book, OK));
    }
    ck_assert_str_eq(
        str_to_c(&arena, buf_str(&json.text)),
        "{\"as_of\":\"now\",\"rows\":["
        "{\"customer\":\"a\\\"b\",\"currency\":\"USD\",\"billed\":\"1.50\",\"revenue\":\"-1.50\"},"
        "{\"customer\":\"=c,d\",\"currency\":\"JPY\",\"billed\":\"-7\",\"revenue\":\"7\"},"
        "{\"customer\":\"e\",\"currency\":\"USD\",\"billed\":\"0.01\",\"revenue\":\"-0.01\"}],"
        "\"totals\":[{\"currency\":\"JPY\",\"billed\":\"-7\",\"revenue\":\"7\"},"
        "{\"currency\":\"USD\",\"billed\":\"1.51\",\"revenue\":\"-1.51\"}]}");
    ck_assert_str_eq(str_to_c(&arena, buf_str(&csv.text)),
                     "customer,currency,billed,revenue\r\n\"a\"\"b\",USD,1.50,-1.50\r\n"
                     "\"'=c,d\",JPY,-7,7\r\ne,USD,0.01,-0.01\r\n");
    arena_reset(&arena);
}
END_TEST

START_TEST(of_nothing_is_whole)
{
    struct arena arena = {0};
    struct kept kept = {0};
    struct book *book = book_of(&arena, &kept, false);
    book_begin(book, STR(""));
    ck_assert_ok(book_end(book, OK));
    ck_assert_str_eq(str_to_c(&arena, buf_str(&kept.text)), "{\"rows\":[],\"totals\":[]}");
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_cannot_be_added_up_or_is_no_money)
{
    struct arena arena = {0};
    struct kept kept = {0};
    struct book *book = book_of(&arena, &kept, false);
    book_begin(book, STR(""));
    ck_assert_ok(add(book, "a", "USD", INT64_MAX));
    ck_assert_fails(AMOUNT_OVERFLOW, add(book, "b", "USD", 1));
    ck_assert_fails(INVALID, add(book, "c", "QQQ", 1));
    book->rows = BOOK_ROWS_MAX;
    ck_assert_fails(REPORT_TOO_LARGE, add(book, "d", "EUR", 1));
    ck_assert_fails(NOT_FOUND, book_end(book, FAIL(NOT_FOUND, "")));
    ck_assert_uint_eq(kept.text.len, 0); // a failed report puts no end
    arena_reset(&arena);
}
END_TEST

START_TEST(a_full_sink_ends_it)
{
    struct arena arena = {0};
    struct kept kept = {.full = true};
    struct book *book = book_of(&arena, &kept, true);
    result outcome = OK;
    book_begin(book, STR(""));
    for (int i = 0; i < 10000 && !failed(outcome); i++)
        outcome = add(book, "a customer of some length", "USD", 1);
    ck_assert_int_eq(outcome.code, ERR_INTERNAL);
    ck_assert_fails(INTERNAL, book_end(book, outcome));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("books", writes_what_is_shown_and_adds_up_by_currency, of_nothing_is_whole,
          refuses_what_cannot_be_added_up_or_is_no_money, a_full_sink_ends_it)

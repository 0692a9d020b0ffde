// SPDX-License-Identifier: Apache-2.0
#include "accounting.sql.h"
#include "books.h"
#include "phial/json/json.h"
#include "phial/util/array.h"

static const char *const dimensions[] = {"customer", "plan", "charge", "metric", "month"};
static const char *const amounts[] = {"billed", "discounts", "credited",
                                      "voided", "breakage",  "revenue"};
_Static_assert(COUNT_OF(dimensions) <= BOOK_TEXTS_MAX && COUNT_OF(amounts) <= BOOK_AMOUNTS_MAX,
               "a book has room");

static result read_by(str by, struct book *book)
{
    str rest = by;
    while (rest.len != 0) {
        str one = rest;
        str tail = STR("");
        bool known = false;
        if (!str_cut(rest, ',', &one, &tail))
            one = rest;
        for (size_t i = 0; i < COUNT_OF(dimensions); i++) {
            bool is = str_eq(one, str_from(dimensions[i]));
            book->shown[i] = book->shown[i] || is;
            known = known || is;
        }
        if (!known && !str_eq(one, STR("currency")))
            return FAIL(BAD_PARAMETER,
                        "by is a comma list of customer, plan, charge, metric, month, currency.");
        rest = tail;
    }
    return OK;
}

static str print_head(struct arena *arena, const struct revenue_query *query,
                      const struct book *book)
{
    struct buf head = {.arena = arena};
    const struct books_period *period = &query->period;
    buf_add(&head, STR("\"from\":"));
    if (period->has_from)
        json_quote(&head, instant_print(arena, period->from));
    else
        buf_add(&head, STR("null"));
    buf_add(&head, STR(",\"to\":"));
    json_quote(&head, instant_print(arena, period->has_to ? period->to : period->now));
    buf_add(&head, STR(",\"by\":["));
    for (size_t i = 0; i < COUNT_OF(dimensions); i++) {
        if (book->shown[i])
            buf_addf(&head, "\"%s\",", dimensions[i]);
    }
    buf_add(&head, STR("\"currency\"],"));
    return buf_str(&head);
}

static result take_row(void *context)
{
    return book_row(context);
}

static result read_rows(struct db_tx *tx, const struct books_period *period, struct book *book)
{
    return db_each(
        tx, &accounting_revenue_sql,
        PARAMS(db_i64(period->customer_id), db_text_or_null(period->currency),
               period->has_from ? db_instant(period->from) : db_null(),
               period->has_to ? db_instant(period->to) : db_null(), db_instant(period->now),
               db_i64(BOOK_ROWS_MAX + 1), db_bool(book->shown[0]), db_bool(book->shown[1]),
               db_bool(book->shown[2]), db_bool(book->shown[3]), db_bool(book->shown[4])),
        COLUMNS(db_into_text("customer", &book->cells[0]), db_into_text("plan", &book->cells[1]),
                db_into_text("charge", &book->cells[2]), db_into_text("metric", &book->cells[3]),
                db_into_text("month", &book->cells[4]), db_into_text("currency", &book->currency),
                db_into_i64("billed", &book->minors[0]), db_into_i64("discounts", &book->minors[1]),
                db_into_i64("credited", &book->minors[2]), db_into_i64("voided", &book->minors[3]),
                db_into_i64("breakage", &book->minors[4]),
                db_into_i64("revenue", &book->minors[5])),
        take_row, book);
}

result revenue_write(struct db_tx *tx, const struct revenue_query *query, struct sink sink)
{
    struct book *book = arena_new(db_arena(tx), struct book);
    book->csv = query->csv;
    book->texts = dimensions;
    book->text_count = COUNT_OF(dimensions);
    book->amounts = amounts;
    book->amount_count = COUNT_OF(amounts);
    book->arena = db_arena(tx);
    book->sink = sink;
    TRY(read_by(query->by, book));
    book_begin(book, print_head(book->arena, query, book));
    return book_end(book, read_rows(tx, &query->period, book));
}

// SPDX-License-Identifier: Apache-2.0
#include "accounting.sql.h"
#include "books.h"
#include "phial/json/json.h"
#include "phial/util/array.h"

static const char *const texts[] = {"customer"};
static const char *const amounts[] = {"current",      "days_1_30", "days_31_60", "days_61_90",
                                      "days_over_90", "unapplied", "total"};
_Static_assert(COUNT_OF(texts) <= BOOK_TEXTS_MAX && COUNT_OF(amounts) <= BOOK_AMOUNTS_MAX,
               "a book has room");

static result take_row(void *context)
{
    return book_row(context);
}

static result read_rows(struct db_tx *tx, const struct aging_query *query, struct book *book)
{
    return db_each(
        tx, &accounting_aging_sql,
        PARAMS(db_i64(query->customer_id), db_text_or_null(query->currency),
               db_instant(query->as_of), db_i64(BOOK_ROWS_MAX + 1)),
        COLUMNS(db_into_text("customer", &book->cells[0]),
                db_into_text("currency", &book->currency), db_into_i64("current", &book->minors[0]),
                db_into_i64("days_1_30", &book->minors[1]),
                db_into_i64("days_31_60", &book->minors[2]),
                db_into_i64("days_61_90", &book->minors[3]),
                db_into_i64("days_over_90", &book->minors[4]),
                db_into_i64("unapplied", &book->minors[5]), db_into_i64("total", &book->minors[6])),
        take_row, book);
}

result aging_write(struct db_tx *tx, const struct aging_query *query, struct sink sink)
{
    struct book *book = arena_new(db_arena(tx), struct book);
    struct buf head = {.arena = db_arena(tx)};
    book->csv = query->csv;
    book->texts = texts;
    book->text_count = COUNT_OF(texts);
    book->shown[0] = true;
    book->amounts = amounts;
    book->amount_count = COUNT_OF(amounts);
    book->arena = db_arena(tx);
    book->sink = sink;
    buf_add(&head, STR("\"as_of\":"));
    json_quote(&head, instant_print(head.arena, query->as_of));
    buf_add_char(&head, ',');
    book_begin(book, buf_str(&head));
    return book_end(book, read_rows(tx, query, book));
}

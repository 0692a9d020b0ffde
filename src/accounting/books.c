// SPDX-License-Identifier: Apache-2.0
#include "books.h"

#include "phial/json/json.h"
#include "phial/util/csv.h"

enum { FLUSH_BYTES = 65536 };

void book_begin(struct book *book, str head)
{
    book->out.arena = book->arena;
    if (!book->csv) {
        buf_add(&book->out, STR("{"));
        buf_add(&book->out, head);
        buf_add(&book->out, STR("\"rows\":["));
        return;
    }
    struct csv_row row = {.into = &book->out};
    for (size_t i = 0; i < book->text_count; i++) {
        if (book->shown[i])
            csv_text(&row, str_from(book->texts[i]));
    }
    csv_text(&row, STR("currency"));
    for (size_t i = 0; i < book->amount_count; i++)
        csv_text(&row, str_from(book->amounts[i]));
    csv_end(&row);
}

static void add_member(struct buf *out, const char *name, str text)
{
    buf_addf(out, "\"%s\":", name);
    json_quote(out, text);
}

static void add_amounts(struct book *book, enum currency currency, const int64_t *minors)
{
    add_member(&book->out, "currency", str_from(currency_code(currency)));
    for (size_t i = 0; i < book->amount_count; i++) {
        buf_add_char(&book->out, ',');
        add_member(&book->out, book->amounts[i],
                   money_print(&book->scratch, (money){minors[i], currency}));
    }
}

static void add_json(struct book *book, enum currency currency)
{
    buf_add(&book->out, book->rows == 1 ? STR("{") : STR(",{"));
    for (size_t i = 0; i < book->text_count; i++) {
        if (!book->shown[i])
            continue;
        add_member(&book->out, book->texts[i], book->cells[i]);
        buf_add_char(&book->out, ',');
    }
    add_amounts(book, currency, book->minors);
    buf_add_char(&book->out, '}');
}

static void add_csv(struct book *book, enum currency currency)
{
    struct csv_row row = {.into = &book->out};
    for (size_t i = 0; i < book->text_count; i++) {
        if (book->shown[i])
            csv_text(&row, book->cells[i]);
    }
    csv_text(&row, str_from(currency_code(currency)));
    for (size_t i = 0; i < book->amount_count; i++)
        csv_number(&row, money_print(&book->scratch, (money){book->minors[i], currency}));
    csv_end(&row);
}

static result add_up(struct book *book, enum currency currency)
{
    book->seen[currency] = true;
    for (size_t i = 0; i < book->amount_count; i++) {
        money total = {book->totals[currency][i], currency};
        TRY(money_add(total, (money){book->minors[i], currency}, &total));
        book->totals[currency][i] = total.minor;
    }
    return OK;
}

static result flush(struct book *book, size_t at_least)
{
    if (book->out.len < at_least)
        return OK;
    TRY(book->sink.put(book->sink.context, buf_str(&book->out)));
    book->out.len = 0;
    return OK;
}

result book_row(struct book *book)
{
    enum currency currency = CURRENCY_USD;
    if (++book->rows > BOOK_ROWS_MAX)
        return FAIL(REPORT_TOO_LARGE, "Ask for less: a shorter period, or one customer.");
    TRY(currency_parse(book->currency, &currency));
    TRY(add_up(book, currency));
    if (book->csv)
        add_csv(book, currency);
    else
        add_json(book, currency);
    arena_reset(&book->scratch);
    return flush(book, FLUSH_BYTES);
}

static void add_totals(struct book *book)
{
    bool first = true;
    buf_add(&book->out, STR("],\"totals\":["));
    for (size_t i = 0; i < CURRENCY_COUNT; i++) {
        if (!book->seen[i])
            continue;
        buf_add(&book->out, first ? STR("{") : STR(",{"));
        add_amounts(book, (enum currency)i, book->totals[i]);
        buf_add_char(&book->out, '}');
        first = false;
    }
    buf_add(&book->out, STR("]}"));
}

result book_end(struct book *book, result so_far)
{
    if (!failed(so_far) && !book->csv)
        add_totals(book);
    arena_reset(&book->scratch);
    TRY(so_far);
    return flush(book, 1);
}

// SPDX-License-Identifier: Apache-2.0
#include "journal.h"

#include "accounting.sql.h"
#include "phial/util/array.h"

#include <assert.h>
#include <string.h>

enum { FLUSH_BYTES = 65536, ID_BYTES_MAX = 64 };

static const struct journal_writer *const writers[] = {
    &journal_writer_beancount,  &journal_writer_csv,  &journal_writer_hledger,
    &journal_writer_quickbooks, &journal_writer_xero,
};

static const struct {
    const char *name;
    const char *is;
} accounts[] = {
#define ACCOUNT(name, is) {#name, is},
#include "phial/accounting/accounts.def"
#undef ACCOUNT
};
_Static_assert(COUNT_OF(accounts) == ACCOUNT_COUNT, "a row an account");

// What a document is called in a narration.
static const struct {
    const char *document;
    const char *title;
} documents[] = {
    {"credit", "Credit bought"},
    {"credit_expiry", "Credit expired"},
    {"credit_note", "Credit note"},
    {"invoice", "Invoice"},
    {"payment", "Payment of"},
    {"payment_reversal", "Payment reversed of"},
    {"void", "Void of"},
};

const char *account_name(enum account account)
{
    return accounts[account].name;
}

const char *account_is(enum account account)
{
    return accounts[account].is;
}

struct account_title account_title_of(str option)
{
    str name = {0};
    str code = {0};
    if (!str_cut(option, '|', &name, &code))
        return (struct account_title){str_trim(option), STR("")};
    return (struct account_title){str_trim(name), str_trim(code)};
}

const struct journal_format *journal_format_at(size_t place)
{
    return place < COUNT_OF(writers) ? &writers[place]->format : NULL;
}

const struct journal_format *journal_format_find(str name)
{
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        if (str_eq(name, str_from(writers[i]->format.name)))
            return &writers[i]->format;
    }
    return NULL;
}

static const struct journal_writer *writer_of(const struct journal_format *format)
{
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        if (&writers[i]->format == format)
            return writers[i];
    }
    assert(false);
    return NULL;
}

str journal_plain(struct arena *arena, str text, const char *without)
{
    struct buf plain = {.arena = arena};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool out = (unsigned char)c < ' ' || c == 0x7f || strchr(without, c) != NULL;
        if (out)
            c = ' ';
        buf_add_char(&plain, c);
    }
    return str_trim(buf_str(&plain));
}

str posting_narration(struct arena *arena, const struct posting *posting, const char *without)
{
    struct buf text = {.arena = arena};
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        if (str_eq(posting->document, str_from(documents[i].document)))
            buf_add(&text, str_from(documents[i].title));
    }
    assert(text.len != 0);
    if (posting->number.len != 0) {
        buf_add_char(&text, ' ');
        buf_add(&text, posting->number);
    }
    if (posting->note.len != 0) {
        buf_add(&text, STR(", "));
        buf_add(&text, posting->note);
    }
    return journal_plain(arena, buf_str(&text), without);
}

str account_path(struct arena *arena, const struct journal *journal, enum account account, str part)
{
    str name = journal->chart->accounts[account].name;
    return part.len == 0 ? name : str_concat(arena, name, STR(":"), part);
}

str posting_description(struct arena *arena, const struct posting *posting)
{
    str narration = posting_narration(arena, posting, "");
    str part = posting->part.len != 0 && !str_eq(posting->part, posting->customer)
                   ? posting->part
                   : str_from(account_is(posting->account));
    return str_concat(arena, narration, STR(": "), part);
}

void csv_sides(struct csv_row *row, struct arena *arena, money amount)
{
    money credit = {0, amount.currency};
    bool is_debit = amount.minor > 0;
    result turned = money_sub(credit, amount, &credit);
    assert(is_debit || !failed(turned)); // the views refuse what has no opposite
    (void)turned;
    csv_number(row, is_debit ? money_print(arena, amount) : STR(""));
    csv_number(row, is_debit ? STR("") : money_print(arena, credit));
}

void csv_header(struct buf *out, const char *const *columns, size_t count)
{
    struct csv_row row = {.into = out};
    for (size_t i = 0; i < count; i++)
        csv_number(&row, str_from(columns[i]));
    csv_end(&row);
}

// What is read, and how far the writing is.
struct writing {
    const struct journal_writer *writer;
    struct journal journal;
    struct sink sink;
    int64_t section;
    str currency;
    str account;
    struct posting row;
    bool has_at;
    int64_t place;
    int64_t postings;
    size_t currencies;
    char last_id[ID_BYTES_MAX]; // of the document before
    size_t last_id_len;
    char last_document[ID_BYTES_MAX];
    size_t last_document_len;
};

static result flush(struct writing *writing, size_t at_least)
{
    struct buf *out = writing->journal.out;
    if (out->len < at_least || out->len == 0)
        return OK;
    TRY(writing->sink.put(writing->sink.context, buf_str(out)));
    out->len = 0;
    return OK;
}

static result account_parse(str name, enum account *account)
{
    for (size_t i = 0; i < COUNT_OF(accounts); i++) {
        if (str_eq(name, str_from(accounts[i].name))) {
            *account = (enum account)i;
            return OK;
        }
    }
    return FAIL(INTERNAL, "the views name an account that nobody knows");
}

static bool is_first(struct writing *writing)
{
    const struct posting *row = &writing->row;
    str last_id = {writing->last_id, writing->last_id_len};
    str last_document = {writing->last_document, writing->last_document_len};
    if (str_eq(row->document_id, last_id) && str_eq(row->document, last_document))
        return false;
    assert(row->document_id.len <= ID_BYTES_MAX && row->document.len <= ID_BYTES_MAX);
    memcpy(writing->last_id, row->document_id.ptr, row->document_id.len);
    memcpy(writing->last_document, row->document.ptr, row->document.len);
    writing->last_id_len = row->document_id.len;
    writing->last_document_len = row->document.len;
    return true;
}

static result declare_currency(struct writing *writing)
{
    const struct journal_writer *writer = writing->writer;
    enum currency currency = CURRENCY_USD;
    TRY(currency_parse(writing->currency, &currency));
    if (++writing->currencies > 1 && writer->one_currency)
        return FAIL(CONFLICT, "The format knows one currency: name it with currency=.");
    if (writer->declare_currency != NULL)
        writer->declare_currency(&writing->journal, currency);
    return OK;
}

static result declare_account(struct writing *writing)
{
    const struct journal_writer *writer = writing->writer;
    enum account account = ACCOUNT_COUNT;
    TRY(account_parse(writing->account, &account));
    if (writer->check != NULL)
        TRY(writer->check(&writing->journal.chart->accounts[account]));
    if (writer->declare_account != NULL)
        writer->declare_account(&writing->journal, account, writing->row.part);
    return OK;
}

static result post(struct writing *writing)
{
    struct posting *row = &writing->row;
    if (++writing->postings > JOURNAL_POSTINGS_MAX)
        return FAIL(REPORT_TOO_LARGE, "Ask for a shorter period.");
    TRY(currency_parse(writing->currency, &row->amount.currency));
    TRY(account_parse(writing->account, &row->account));
    row->first = is_first(writing);
    writing->writer->post(&writing->journal, row);
    return flush(writing, FLUSH_BYTES);
}

static result take_row(void *context)
{
    static result (*const sections[])(struct writing *) = {declare_currency, declare_account, post};
    struct writing *writing = context;
    assert(writing->section >= 0 && writing->section < (int64_t)COUNT_OF(sections));
    result taken = sections[writing->section](writing);
    arena_reset(writing->journal.scratch);
    return taken;
}

static result read_rows(struct db_tx *tx, const struct journal_query *query,
                        struct writing *writing)
{
    const struct books_period *period = &query->period;
    struct posting *row = &writing->row;
    return db_each(
        tx, &accounting_journal_sql,
        PARAMS(db_i64(period->customer_id), db_text_or_null(period->currency),
               db_bool(query->by_recorded), period->has_from ? db_instant(period->from) : db_null(),
               period->has_to ? db_instant(period->to) : db_null(), db_instant(period->now)),
        COLUMNS(
            db_into_i64("section", &writing->section), db_into_text("currency", &writing->currency),
            db_into_text("account", &writing->account), db_into_text("part", &row->part),
            db_into_text("document", &row->document),
            db_into_text("document_id", &row->document_id),
            db_into_text("invoice_id", &row->invoice_id), db_into_text("number", &row->number),
            db_into_text("journal_number", &row->journal_number), db_into_text("note", &row->note),
            db_if_present(db_into_instant("at", &row->at), &writing->has_at),
            db_into_text("customer", &row->customer),
            db_into_text("customer_name", &row->customer_name), db_into_text("date", &row->date),
            db_into_i64("place", &writing->place), db_into_i64("minor", &row->amount.minor)),
        take_row, writing);
}

result journal_write(struct db_tx *tx, const struct journal_query *query, struct sink sink)
{
    struct arena scratch = {0};
    struct buf out = {.arena = db_arena(tx)};
    struct writing writing = {
        .writer = writer_of(query->format),
        .journal = {.chart = query->chart, .scratch = &scratch, .out = &out},
        .sink = sink,
    };
    writing.writer->begin(&writing.journal);
    result written = read_rows(tx, query, &writing);
    arena_reset(&scratch);
    TRY(written);
    return flush(&writing, 1);
}

// SPDX-License-Identifier: Apache-2.0
// Credit notes as they are asked for, and their list.
#include "compute.h"
#include "credit.h"
#include "invoicing.sql.h"
#include "phial/phi/phi.h"

enum { REASON_CODE_MAX = 64 };

struct wanted_note {
    str invoice;
    str reason_code;
    const json_t *lines; // NULL: all that is left
};

static void read_wanted(struct json_at document, struct wanted_note *wanted)
{
    struct json_at code = json_member(document, "reason_code");
    if (!json_read(document, FIELDS(json_text("invoice", &wanted->invoice),
                                    json_text("reason_code", &wanted->reason_code),
                                    json_optional(json_items("lines", &wanted->lines)))))
        return;
    const struct phi_detector *hit = phi_find(wanted->reason_code, 0);
    if (wanted->reason_code.len == 0 || wanted->reason_code.len > REASON_CODE_MAX ||
        !str_all_in(wanted->reason_code, "abcdefghijklmnopqrstuvwxyz0123456789_-."))
        json_wrong(code, "invalid", "A code has 1 to 64 of a-z, 0-9, '_', '-' and '.'.");
    else if (hit != NULL)
        faults_add_phi(code.faults, code.pointer, hit->name);
    else if (phi_ambiguous_number(wanted->reason_code))
        json_wrong(code, "phi_ambiguous_number", "Digits alone may be a patient's number.");
}

static bool has_key(const struct key_amounts *keys, str key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (str_eq(keys->items[i].key, key))
            return true;
    }
    return false;
}

static result read_line(struct json_at at, const struct creditable *left, struct key_amounts *lines)
{
    decimal amount = {0};
    struct arena *arena = at.faults->arena;
    struct key_amount line = {.amount = {0, left->currency}};
    struct json_at wrong = json_member(at, "amount");
    if (!json_read(at, FIELDS(json_text("key", &line.key), json_decimal("amount", &amount))))
        return OK;
    if (!has_key(&left->keys, line.key) || has_key(lines, line.key)) {
        json_wrong(json_member(at, "key"), "invalid",
                   has_key(lines, line.key) ? "A key is credited once a note."
                                            : "The invoice has no line of this key.");
        return OK;
    }
    if (amount.units <= 0 ||
        failed(money_parse(decimal_print(arena, amount), left->currency, &line.amount)))
        json_wrong(wrong, "invalid", "An amount above zero, of the currency's digits.");
    else if (line.amount.minor > creditable_key(left, line.key).minor)
        json_wrong(wrong, "exceeds_invoice", "The amount is more than is left to credit.");
    for (size_t i = 0; i < left->keys.count; i++) {
        if (str_eq(left->keys.items[i].key, line.key))
            line.name = left->keys.items[i].name;
    }
    return keys_add(arena, lines, line);
}

static result read_lines(struct json_at list, const struct creditable *left,
                         struct key_amounts *lines)
{
    size_t size = json_array_size(list.value);
    money sum = {0};
    if (size == 0)
        json_wrong(list, "invalid", "A note has a line.");
    for (size_t i = 0; i < size; i++)
        TRY(read_line(json_item(list, i), left, lines));
    TRY(faults_result(list.faults));
    TRY(keys_sum(lines, left->currency, &sum));
    if (sum.minor > left->base.minor)
        json_wrong(list, "exceeds_invoice", "Together more than is left to credit.");
    return faults_result(list.faults);
}

static result find_lines(struct json_at document, const struct wanted_note *wanted,
                         const struct creditable *left, struct key_amounts *lines)
{
    if (wanted->lines != NULL)
        return read_lines(json_member(document, "lines"), left, lines);
    TRY(creditable_cap(document.faults->arena, left, &left->keys, left->base, lines));
    if (lines->count == 0)
        json_wrong(document, "exceeds_invoice", "Nothing is left to credit of the invoice.");
    return faults_result(document.faults);
}

result credit_note_make(struct db_tx *tx, struct json_at document, int64_t only_customer,
                        const struct change *change, struct credit_note *note)
{
    OWNED(json_release) json_t *held = json_array();
    struct wanted_note wanted = {0};
    struct invoice_row row = {0};
    struct head head = {0};
    struct creditable left = {0};
    struct crediting crediting = {.row = &row, .left = &left};
    read_wanted(document, &wanted);
    TRY(faults_result(document.faults));
    result found = invoice_row_lock(tx, wanted.invoice, &row);
    if (found.code == ERR_NOT_FOUND ||
        (!failed(found) && only_customer != 0 && row.invoice.customer_id != only_customer)) {
        json_wrong(json_member(document, "invoice"), "unknown_invoice",
                   "There is no such invoice.");
        return faults_result(document.faults);
    }
    TRY(found);
    if (!str_eq(row.invoice.status, STR("issued")))
        return FAIL(CONFLICT, "Only an issued invoice can be credited.");
    TRY(ledger_head_lock(tx, row.invoice.customer_id, &head));
    TRY(invoice_row_find(tx, row.invoice.id, &row)); // other notes are made under the head's lock
    TRY(credit_open(tx, &row, held, &left));
    TRY(find_lines(document, &wanted, &left, &crediting.lines));
    crediting.reason_code = wanted.reason_code;
    return credit_issue(tx, &crediting, change, note);
}

static struct db_columns columns_of(struct arena *arena, struct credit_note *note)
{
    db_column *columns = arena_array(arena, db_column, 4);
    columns[0] = db_into_text("credit_note_id", &note->id);
    columns[1] = db_into_i64("customer_id", &note->customer_id);
    columns[2] = db_into_text("document", &note->document);
    columns[3] = db_into_bool("void", &note->void_);
    return (struct db_columns){columns, 4};
}

result credit_note_get(struct db_tx *tx, str id, struct credit_note *note)
{
    struct credit_note read = {0};
    TRY(db_one(tx, &invoicing_find_credit_note_sql, PARAMS(db_text(id)),
               columns_of(db_arena(tx), &read)));
    *note = read;
    return OK;
}

result credit_note_json(const struct credit_note *note, json_t **json)
{
    OWNED(json_release) json_t *read = NULL;
    TRY(json_parse(note->document, &read));
    if (note->void_)
        TRY(statement_set(read, "status", json_string("void")));
    *json = json_incref(read);
    return OK;
}

struct note_rows {
    struct credit_note row;
    result (*hand)(void *context, const struct credit_note *note);
    void *context;
};

static result hand_row(void *context)
{
    struct note_rows *rows = context;
    return rows->hand(rows->context, &rows->row);
}

result credit_note_each(struct db_tx *tx, const struct settlement_filter *filter,
                        result (*row)(void *context, const struct credit_note *note), void *context)
{
    struct note_rows rows = {.hand = row, .context = context};
    return db_each(
        tx, &invoicing_list_credit_notes_sql,
        PARAMS(db_i64(filter->customer_id), db_text(filter->after), db_i64(filter->limit)),
        columns_of(db_arena(tx), &rows.row), hand_row, &rows);
}

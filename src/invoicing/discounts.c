// SPDX-License-Identifier: Apache-2.0
#include "append.h"
#include "invoicing.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/invoicing/settlement.h"
#include "phial/phi/phi.h"

static str amount_text(struct arena *arena, const struct discount *discount, enum currency currency)
{
    money amount = {0, currency};
    if (failed(money_parse(decimal_print(arena, discount->amount), currency, &amount)))
        return STR("");
    return money_print(arena, amount);
}

// What its entry says. NULL when out of memory.
static json_t *print_discount(struct arena *arena, str id, const struct discount *discount,
                              enum currency currency)
{
    json_t *charges = discount->charge_count == 0 ? NULL : json_array();
    for (size_t i = 0; i < discount->charge_count; i++)
        (void)json_array_append_new(charges, json_from_str(discount->charges[i]));
    str percent = decimal_print(arena, discount->percent);
    str amount = amount_text(arena, discount, currency);
    return json_pack("{s:s, s:o, s:s, s:o, s:o*, s:o*}", "action", "discount", "id",
                     json_from_str(id), "currency", currency_code(currency),
                     discount->is_percent ? "percent" : "amount",
                     json_from_str(discount->is_percent ? percent : amount), "charges", charges,
                     "periods", discount->periods == 0 ? NULL : json_integer(discount->periods));
}

static result check_room(struct db_tx *tx, int64_t customer_id)
{
    int64_t count = 0;
    TRY(db_one(tx, &invoicing_count_discounts_sql, PARAMS(db_i64(customer_id)),
               COLUMNS(db_into_i64("count", &count))));
    if (count >= DISCOUNTS_MAX)
        return FAIL(CONFLICT, "As many discounts are in force as a customer can have.");
    return OK;
}

// Keys of charges to come too, so they need not be any plan's.
static void scan_charges(struct json_at list)
{
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        const struct phi_detector *hit = phi_find(json_str(json_array_get(list.value, i)), 0);
        if (hit != NULL)
            faults_add_phi(list.faults, json_item(list, i).pointer, hit->name);
    }
}

result discount_make(struct db_tx *tx, const struct customer *customer, struct json_at document,
                     const struct change *change, struct discount_row *discount)
{
    struct discount parsed = {0};
    struct head head = {0};
    int64_t index = 0;
    struct owner owner = {customer->id, customer->key};
    str id = crypto_id(db_arena(tx));
    bool right = discount_parse(document, &parsed);
    scan_charges(json_member(document, "charges"));
    if (right && !parsed.is_percent &&
        amount_text(db_arena(tx), &parsed, customer->currency).len == 0)
        json_wrong(json_member(document, "amount"), "invalid",
                   "The amount has more digits than its currency takes.");
    TRY(faults_result(document.faults));
    TRY(ledger_head_lock(tx, customer->id, &head));
    TRY(check_room(tx, customer->id));
    OWNED(json_release)
    json_t *entry = print_discount(db_arena(tx), id, &parsed, customer->currency);
    TRY(adjustment_append(tx, owner, json_incref(entry), change, &index));
    str text = json_print(db_arena(tx), entry);
    TRY(db_exec(tx, &invoicing_insert_discount_sql,
                PARAMS(db_text(id), db_i64(customer->id), db_text(text), db_i64(parsed.periods),
                       db_i64(index), db_instant(change->now), db_text(change->actor),
                       db_text(change->reason))));
    return discount_get(tx, customer->id, id, discount);
}

static struct db_columns columns_of(struct arena *arena, struct discount_row *row)
{
    db_column *columns = arena_array(arena, db_column, 6);
    columns[0] = db_into_text("discount_id", &row->id);
    columns[1] = db_into_text("document", &row->document);
    columns[2] = db_into_i64("periods", &row->periods);
    columns[3] = db_into_i64("used", &row->used);
    columns[4] = db_into_instant("created_at", &row->created_at);
    columns[5] = db_if_present(db_into_instant("ended_at", &row->ended_at), &row->has_ended);
    return (struct db_columns){columns, 6};
}

result discount_get(struct db_tx *tx, int64_t customer_id, str id, struct discount_row *discount)
{
    struct discount_row row = {0};
    TRY(db_one(tx, &invoicing_find_discount_sql, PARAMS(db_i64(customer_id), db_text(id)),
               columns_of(db_arena(tx), &row)));
    *discount = row;
    return OK;
}

result discount_end(struct db_tx *tx, const struct customer *customer, str id,
                    const struct change *change)
{
    struct discount_row row = {0};
    struct head head = {0};
    int64_t index = 0;
    struct owner owner = {customer->id, customer->key};
    TRY(ledger_head_lock(tx, customer->id, &head));
    TRY(discount_get(tx, customer->id, id, &row));
    if (row.has_ended)
        return OK;
    TRY(adjustment_append(
        tx, owner, json_pack("{s:s, s:o}", "action", "discount_end", "id", json_from_str(id)),
        change, &index));
    return db_exec(tx, &invoicing_end_discount_sql, PARAMS(db_text(id), db_instant(change->now)));
}

struct discount_rows {
    struct discount_row row;
    result (*hand)(void *context, const struct discount_row *discount);
    void *context;
};

static result hand_row(void *context)
{
    struct discount_rows *rows = context;
    return rows->hand(rows->context, &rows->row);
}

result discount_each(struct db_tx *tx, const struct settlement_filter *filter,
                     result (*row)(void *context, const struct discount_row *discount),
                     void *context)
{
    struct discount_rows rows = {.hand = row, .context = context};
    return db_each(
        tx, &invoicing_list_discounts_sql,
        PARAMS(db_i64(filter->customer_id), db_text(filter->after), db_i64(filter->limit)),
        columns_of(db_arena(tx), &rows.row), hand_row, &rows);
}

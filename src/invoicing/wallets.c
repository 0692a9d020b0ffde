// SPDX-License-Identifier: Apache-2.0
#include "append.h"
#include "invoicing.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/invoicing/settlement.h"

static void read_credit(struct json_at document, const struct change *change,
                        struct wallet_credit *credit)
{
    decimal amount = {0};
    struct json_at expires = json_member(document, "expires");
    struct arena *arena = document.faults->arena;
    if (!json_read(document, FIELDS(json_decimal("amount", &amount),
                                    json_optional_seen(json_instant("expires", &credit->expires_at),
                                                       &credit->has_expiry),
                                    json_optional(json_flag("paid", &credit->paid)))))
        return;
    if (amount.units <= 0)
        json_wrong(json_member(document, "amount"), "invalid", "The amount must be above zero.");
    else if (failed(money_parse(decimal_print(arena, amount), credit->amount.currency,
                                &credit->amount)))
        json_wrong(json_member(document, "amount"), "invalid",
                   "The amount has more digits than its currency takes.");
    if (credit->has_expiry && credit->expires_at.us <= change->now.us)
        json_wrong(expires, "invalid", "A credit expires after now.");
}

static json_t *print_credit(struct arena *arena, const struct wallet_credit *credit)
{
    str expires = instant_print_canonical(arena, credit->expires_at);
    return json_pack("{s:s, s:o, s:o, s:s, s:b, s:o*}", "action", "credit", "id",
                     json_from_str(credit->id), "amount",
                     json_from_str(money_print(arena, credit->amount)), "currency",
                     currency_code(credit->amount.currency), "paid", credit->paid, "expires",
                     credit->has_expiry ? json_from_str(expires) : NULL);
}

// Under the head's lock: what is left, and what comes back of a voided statement, can be added up.
static result check_room(struct db_tx *tx, const struct customer *customer, struct json_at document,
                         money amount)
{
    bool have_room = false;
    TRY(db_one(tx, &invoicing_credits_have_room_sql,
               PARAMS(db_i64(customer->id), db_text(str_from(currency_code(amount.currency))),
                      db_i64(amount.minor)),
               COLUMNS(db_into_bool("have_room", &have_room))));
    if (!have_room)
        json_wrong(json_member(document, "amount"), "invalid",
                   "With the credits before it the amount is more than can be told.");
    return faults_result(document.faults);
}

result wallet_credit_make(struct db_tx *tx, const struct customer *customer,
                          struct json_at document, const struct change *change,
                          struct wallet_credit *credit)
{
    int64_t index = 0;
    struct head head = {0};
    struct owner owner = {customer->id, customer->key};
    struct wallet_credit made = {
        .amount = {0, customer->currency}, .created_at = change->now, .id = STR("")};
    read_credit(document, change, &made);
    TRY(faults_result(document.faults));
    TRY(ledger_head_lock(tx, customer->id, &head));
    TRY(check_room(tx, customer, document, made.amount));
    made.id = crypto_id(db_arena(tx));
    made.left = made.amount;
    TRY(adjustment_append(tx, owner, print_credit(db_arena(tx), &made), change, &index));
    TRY(db_exec(tx, &invoicing_insert_credit_sql,
                PARAMS(db_text(made.id), db_i64(customer->id), db_i64(made.amount.minor),
                       db_text(str_from(currency_code(customer->currency))),
                       made.has_expiry ? db_instant(made.expires_at) : db_null(),
                       db_bool(made.paid), db_i64(index), db_instant(change->now),
                       db_text(change->actor), db_text(change->reason))));
    *credit = made;
    return OK;
}

struct credit_rows {
    struct wallet_credit row;
    str currency;
    result (*hand)(void *context, const struct wallet_credit *credit);
    void *context;
};

static result hand_row(void *context)
{
    struct credit_rows *rows = context;
    TRY(currency_parse(rows->currency, &rows->row.amount.currency));
    rows->row.left.currency = rows->row.amount.currency;
    return rows->hand(rows->context, &rows->row);
}

result wallet_credit_each(struct db_tx *tx, const struct settlement_filter *filter,
                          result (*row)(void *context, const struct wallet_credit *credit),
                          void *context)
{
    struct credit_rows rows = {.hand = row, .context = context};
    struct wallet_credit *into = &rows.row;
    return db_each(
        tx, &invoicing_list_credits_sql,
        PARAMS(db_i64(filter->customer_id), db_text(filter->after), db_i64(filter->limit)),
        COLUMNS(
            db_into_text("credit_id", &into->id), db_into_i64("minor", &into->amount.minor),
            db_into_i64("left_minor", &into->left.minor), db_into_text("currency", &rows.currency),
            db_if_present(db_into_instant("expires_at", &into->expires_at), &into->has_expiry),
            db_into_bool("paid", &into->paid), db_into_instant("created_at", &into->created_at)),
        hand_row, &rows);
}

result wallet_balance(struct db_tx *tx, const struct customer *customer, instant now,
                      money *balance)
{
    money sum = {0, customer->currency};
    TRY(db_one(tx, &invoicing_sum_credits_sql,
               PARAMS(db_i64(customer->id), db_instant(now),
                      db_text(str_from(currency_code(customer->currency)))),
               COLUMNS(db_into_i64("left_minor", &sum.minor))));
    *balance = sum;
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "measure.h"

#include "phial/invoicing/invoicing.h"
#include "phial/invoicing/settlement.h"

enum { CREDITS_A_PAGE = 100 };

static result read_exact(struct arena *arena, const json_t *text, exact *value)
{
    decimal number = {0};
    TRY(decimal_parse(json_str(text), &number));
    *value = exact_from_decimal(arena, number);
    return OK;
}

static result measure_metric(struct db_tx *tx, const struct measuring *what, exact *value)
{
    OWNED(json_release) json_t *held = json_array();
    struct customer customer = {0};
    int64_t size = 0;
    struct usage_query query = {.customer = &customer,
                                .from = what->period->start,
                                .to = what->period->end,
                                .window = STR("")};
    TRY(customer_get_by_id(tx, what->alert->customer_id, &customer));
    TRY(catalog_metric(tx, what->alert->metric, held, &query.metric));
    return usage_query_measure(tx, &query, value, &size);
}

// Usage lines after discounts: what a commitment compares with.
static result sum_usage(struct arena *arena, const json_t *statement, exact *sum)
{
    const json_t *lines = json_object_get(statement, "lines");
    exact total = exact_zero();
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const json_t *discount = json_object_get(line, "discount");
        exact amount = exact_zero();
        exact off = exact_zero();
        if (!str_eq(json_str(json_object_get(line, "kind")), STR("usage")))
            continue;
        TRY(read_exact(arena, json_object_get(line, "amount"), &amount));
        if (json_is_string(discount))
            TRY(read_exact(arena, discount, &off));
        total = exact_add(arena, total, exact_sub(arena, amount, off));
    }
    *sum = total;
    return OK;
}

static result measure_statement(struct db_tx *tx, const struct measuring *what, bool *has_value,
                                exact *value)
{
    struct arena *arena = db_arena(tx);
    OWNED(json_release) json_t *statement = NULL;
    exact committed = exact_zero();
    bool by_amount = str_eq(what->alert->measures, STR("amount"));
    if (!by_amount) {
        TRY(period_commitment(arena, what->terms, what->period->number, &committed));
        *has_value = exact_sign(committed) > 0;
        if (!*has_value)
            return OK;
    }
    TRY(invoice_preview(tx, what->terms->id, what->period->start, what->now, &statement));
    if (by_amount)
        return read_exact(arena, json_object_get(statement, "total"), value);
    exact used = exact_zero();
    TRY(sum_usage(arena, statement, &used));
    *value = exact_div(arena, exact_mul(arena, used, exact_from_i64(arena, 100)), committed);
    return OK;
}

struct credits {
    struct arena *arena;
    struct measured *measured;
    instant now;
    str after;
    int64_t seen; // of the page
};

static result see_credit(void *context, const struct wallet_credit *credit)
{
    struct credits *credits = context;
    struct measured *measured = credits->measured;
    bool expires = credit->has_expiry && credit->expires_at.us > credits->now.us;
    credits->seen++;
    credits->after = str_copy(credits->arena, credit->id);
    measured->has_value = true;
    if (expires && (!measured->has_change || credit->expires_at.us < measured->changes_at.us))
        measured->changes_at = credit->expires_at;
    measured->has_change = measured->has_change || expires;
    return OK;
}

// As it is now: of a period that is over nobody knows any more what was left in it.
static result measure_balance(struct db_tx *tx, const struct measuring *what,
                              struct measured *measured)
{
    struct customer customer = {0};
    struct credits credits = {db_arena(tx), measured, what->now, STR(""), 0};
    money balance = {0};
    measured->falls = true;
    measured->has_value = false;
    if (what->period->end.us <= what->now.us)
        return OK;
    do {
        struct settlement_filter filter = {what->alert->customer_id, credits.after, CREDITS_A_PAGE};
        credits.seen = 0;
        TRY(wallet_credit_each(tx, &filter, see_credit, &credits));
    } while (credits.seen == CREDITS_A_PAGE);
    TRY(customer_get_by_id(tx, what->alert->customer_id, &customer));
    TRY(wallet_balance(tx, &customer, what->now, &balance));
    measured->value = money_to_exact(db_arena(tx), balance);
    return OK;
}

result alert_measure(struct db_tx *tx, const struct measuring *what, struct measured *measured)
{
    *measured = (struct measured){.has_value = true, .value = exact_zero()};
    if (str_eq(what->alert->measures, STR("metric")))
        return measure_metric(tx, what, &measured->value);
    if (str_eq(what->alert->measures, STR("balance")))
        return measure_balance(tx, what, measured);
    return measure_statement(tx, what, &measured->has_value, &measured->value);
}

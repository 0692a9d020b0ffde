// SPDX-License-Identifier: Apache-2.0
#include "measure.h"

#include "phial/invoicing/invoicing.h"

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
    OWNED(json_release) json_t *usage = NULL;
    struct customer customer = {0};
    struct usage_query query = {.customer = &customer,
                                .from = what->period->start,
                                .to = what->period->end,
                                .window = STR("")};
    TRY(customer_get_by_id(tx, what->alert->customer_id, &customer));
    TRY(catalog_metric(tx, what->alert->metric, held, &query.metric));
    TRY(usage_query_run(tx, &query, &usage));
    return read_exact(db_arena(tx), json_object_get(usage, "quantity"), value);
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

result alert_measure(struct db_tx *tx, const struct measuring *what, bool *has_value, exact *value)
{
    *has_value = true;
    if (str_eq(what->alert->measures, STR("metric")))
        return measure_metric(tx, what, value);
    return measure_statement(tx, what, has_value, value);
}

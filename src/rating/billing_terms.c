// SPDX-License-Identifier: Apache-2.0
// What a customer's document says of taxes, and what a discount is.
#include "phial/rating/statement.h"
#include "phial/util/array.h"
#include "read.h"

enum { PERCENT_MAX = 100, DISCOUNT_PERIODS_MAX = 1200 };

static bool is_percent(decimal percent)
{
    return percent.units >= 0 && decimal_compare(percent, decimal_from_i64(PERCENT_MAX)) <= 0;
}

static bool read_rate(struct json_at at, struct tax_rate *rate)
{
    if (!json_read(at,
                   FIELDS(json_text("name", &rate->name), json_decimal("percent", &rate->percent),
                          json_optional(json_text("category", &rate->category)))))
        return false;
    return is_percent(rate->percent) || json_wrong(json_member(at, "percent"), "invalid",
                                                   "A rate lies between 0 and 100 percent.");
}

bool taxation_parse(struct json_at at, struct taxation *taxation)
{
    const json_t *rates = NULL;
    str tax_id = {0};
    bool right =
        json_read(at, FIELDS(json_optional(json_items("rates", &rates)),
                             json_optional(json_text("exempt_reason", &taxation->exempt_reason)),
                             json_optional(json_text("id", &tax_id))));
    size_t count = json_array_size(rates);
    struct json_at list = json_member(at, "rates");
    if (count > TAX_RATES_MAX)
        return json_wrong(list, "invalid", "There are at most 20 rates.");
    struct tax_rate *read = arena_array(at.faults->arena, struct tax_rate, count);
    for (size_t i = 0; i < count; i++)
        right = read_rate(json_item(list, i), &read[i]) && right;
    taxation->rates = read;
    taxation->count = count;
    return right;
}

static bool read_charges(struct json_at list, struct discount *discount)
{
    size_t size = json_array_size(list.value);
    if (size > CHARGES_MAX + FIXED_MAX)
        return json_wrong(list, "invalid", "At most 200 keys.");
    str *charges = arena_array(list.faults->arena, str, size);
    for (size_t i = 0; i < size; i++) {
        charges[i] = json_str(json_item(list, i).value);
        if (!item_key_valid(charges[i]))
            return json_wrong(json_item(list, i), "invalid", "Not the key of a charge.");
    }
    discount->charges = charges;
    discount->charge_count = size;
    return true;
}

bool discount_parse(struct json_at at, struct discount *discount)
{
    bool has_amount = false;
    bool has_periods = false;
    const json_t *charges = NULL;
    *discount = (struct discount){0};
    if (!json_read(
            at, FIELDS(json_optional_seen(json_decimal("percent", &discount->percent),
                                          &discount->is_percent),
                       json_optional_seen(json_decimal("amount", &discount->amount), &has_amount),
                       json_optional(json_items("charges", &charges)),
                       json_optional_seen(json_i64("periods", &discount->periods), &has_periods))))
        return false;
    if (discount->is_percent == has_amount)
        return json_wrong(at, "invalid", "A discount has either a percent or an amount.");
    if (discount->is_percent && !is_percent(discount->percent))
        return json_wrong(json_member(at, "percent"), "invalid", "0 to 100 percent.");
    if (discount->amount.units < 0)
        return json_wrong(json_member(at, "amount"), "invalid", "Not below zero.");
    if (has_periods && (discount->periods < 1 || discount->periods > DISCOUNT_PERIODS_MAX))
        return json_wrong(json_member(at, "periods"), "invalid", "1 to 1200 periods.");
    return charges == NULL || read_charges(json_member(at, "charges"), discount);
}

result discount_read(struct arena *arena, const json_t *document, struct discount *discount)
{
    static const char *const members[] = {"percent", "amount", "charges", "periods"};
    struct faults faults = {.arena = arena};
    OWNED(json_release) json_t *posted = json_object();
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        json_t *value = json_object_get(document, members[i]);
        if (value != NULL && json_object_set(posted, members[i], value) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    if (!discount_parse((struct json_at){posted, STR(""), &faults}, discount))
        return FAIL(INVALID, "a discount cannot be read");
    discount->id = json_str(json_object_get(document, "id"));
    return OK;
}

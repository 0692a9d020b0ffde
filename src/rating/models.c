// SPDX-License-Identifier: Apache-2.0
#include "models.h"

#include "phial/util/array.h"

static const struct charge_model *const models[] = {
#define CHARGE_MODEL(name) &charge_model_##name,
#include "phial/rating/charge_models.def"
#undef CHARGE_MODEL
};

const struct charge_model *charge_model_find(str name)
{
    for (size_t i = 0; i < COUNT_OF(models); i++) {
        if (str_eq(name, str_from(models[i]->name)))
            return models[i];
    }
    return NULL;
}

bool charge_decimal(struct json_at charge, const char *name, bool required, decimal *into)
{
    struct json_at at = json_member(charge, name);
    if (at.value == NULL || json_is_null(at.value))
        return !required || json_wrong(at, "missing_member", "This member is required.");
    if (json_is_integer(at.value)) {
        *into = decimal_from_i64(json_integer_value(at.value));
        return true;
    }
    if (!json_is_string(at.value) || failed(decimal_parse(json_str(at.value), into)))
        return json_wrong(at, "decimal_expected",
                          "This must be a decimal in a string, or a whole number.");
    return true;
}

static bool read_tier(struct json_at at, const char *price, struct tier *tier)
{
    bool closed = false;
    json_field fields[] = {
        json_optional_seen(json_decimal("up_to", &tier->up_to), &closed),
        json_optional(json_decimal("flat_amount", &tier->flat_amount)),
        json_optional(json_decimal(price, &tier->unit_amount)),
    };
    size_t count = COUNT_OF(fields) - (price == NULL ? 1 : 0);
    if (!json_read(at, (struct json_fields){fields, count}))
        return false;
    tier->open = !closed;
    return true;
}

void charge_tiers(struct json_at charge, const char *price, struct charge *terms)
{
    struct json_at list = json_member(charge, "tiers");
    size_t size = json_array_size(list.value);
    if (!json_is_array(list.value) || size == 0 || size > TIERS_MAX) {
        (void)json_wrong(list, list.value == NULL ? "missing_member" : "invalid",
                         "A list of 1 to 100 tiers.");
        return;
    }
    struct tier *tiers = arena_array(list.faults->arena, struct tier, size);
    decimal last = {0};
    for (size_t i = 0; i < size; i++) {
        struct json_at at = json_item(list, i);
        if (!read_tier(at, price, &tiers[i]))
            return;
        if (tiers[i].open != (i + 1 == size)) {
            (void)json_wrong(json_member(at, "up_to"), "invalid",
                             "The last tier, and it alone, has no upper bound.");
            return;
        }
        if (!tiers[i].open && decimal_compare(tiers[i].up_to, last) <= 0) {
            (void)json_wrong(json_member(at, "up_to"), "invalid",
                             "Bounds are above zero and rise from tier to tier.");
            return;
        }
        last = tiers[i].up_to;
    }
    terms->tiers = tiers;
    terms->tier_count = size;
}

const struct tier *tier_of(struct arena *arena, const struct charge *terms, exact quantity)
{
    size_t last = terms->tier_count - 1;
    for (size_t i = 0; i < last; i++) {
        if (exact_compare(quantity, exact_from_decimal(arena, terms->tiers[i].up_to)) <= 0)
            return &terms->tiers[i];
    }
    return &terms->tiers[last];
}

void rate_in_tier(struct arena *arena, const struct charge *terms, const struct metered *metered,
                  struct rated *rated)
{
    exact quantity = metered->quantity;
    const struct tier *tier = tier_of(arena, terms, quantity);
    exact units = exact_mul(arena, quantity, exact_from_decimal(arena, tier->unit_amount));
    rated->amount = exact_add(arena, units, exact_from_decimal(arena, tier->flat_amount));
    rated->tier_count = 1;
    rated->tiers[0] = (struct rated_tier){.open = tier->open,
                                          .up_to = tier->up_to,
                                          .quantity = quantity,
                                          .unit_amount = tier->unit_amount,
                                          .flat_amount = tier->flat_amount,
                                          .amount = rated->amount};
}

void rate_through_tiers(struct arena *arena, const struct charge *terms, exact quantity,
                        exact (*price)(struct arena *, decimal), struct rated *rated)
{
    exact below = exact_zero(); // what the earlier tiers hold
    exact total = exact_zero();
    for (size_t i = 0; i < terms->tier_count && exact_compare(below, quantity) < 0; i++) {
        const struct tier *tier = &terms->tiers[i];
        exact upper = quantity;
        if (!tier->open) {
            exact bound = exact_from_decimal(arena, tier->up_to);
            upper = exact_compare(quantity, bound) < 0 ? quantity : bound;
        }
        exact held = exact_sub(arena, upper, below);
        exact units = exact_mul(arena, held, price(arena, tier->unit_amount));
        exact amount = exact_add(arena, units, exact_from_decimal(arena, tier->flat_amount));
        rated->tiers[rated->tier_count++] = (struct rated_tier){.open = tier->open,
                                                                .up_to = tier->up_to,
                                                                .quantity = held,
                                                                .unit_amount = tier->unit_amount,
                                                                .flat_amount = tier->flat_amount,
                                                                .amount = amount};
        total = exact_add(arena, total, amount);
        below = upper;
    }
    rated->amount = total;
}

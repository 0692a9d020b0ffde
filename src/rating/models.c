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

static bool read_tier(struct json_at at, bool priced, struct tier *tier)
{
    bool closed = false;
    json_field fields[] = {
        json_optional_seen(json_decimal("up_to", &tier->up_to), &closed),
        json_optional(json_decimal("flat_amount", &tier->flat_amount)),
        json_optional(json_decimal("unit_amount", &tier->unit_amount)),
    };
    if (!json_read(at, (struct json_fields){fields, COUNT_OF(fields) - (priced ? 0 : 1)}))
        return false;
    tier->open = !closed;
    return true;
}

void charge_tiers(struct json_at charge, bool priced, struct charge *terms)
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
        if (!read_tier(at, priced, &tiers[i]))
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

void rate_in_tier(struct arena *arena, const struct charge *terms, exact quantity,
                  struct rated *rated)
{
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

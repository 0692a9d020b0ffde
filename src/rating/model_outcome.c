// SPDX-License-Identifier: Apache-2.0
// A price per outcome: an event that none of the prices matches is no outcome. With `exclusive` a
// subject has one outcome a period, that of the first price in order which any of its events
// matches; an event without a subject is then left out.
#include "models.h"

#include <stdlib.h>

static void read(struct json_at charge, struct charge *terms)
{
    struct json_at exclusive = json_member(charge, "exclusive");
    if (exclusive.value != NULL && !json_is_null(exclusive.value) &&
        !json_is_boolean(exclusive.value))
        (void)json_wrong(exclusive, "invalid", "This must be true or false.");
    terms->exclusive = json_is_true(exclusive.value);
    charge_subject(charge, terms);
    charge_prices(charge, terms);
}

// An outcome of a subject, in the order of which one counts.
struct outcome {
    str subject;
    size_t price;
};

static int by_subject(const void *left, const void *right)
{
    const struct outcome *a = left;
    const struct outcome *b = right;
    int order = str_compare(a->subject, b->subject);
    return order != 0 ? order : (a->price > b->price) - (a->price < b->price);
}

static void rate_exclusive(struct arena *arena, const struct charge *terms,
                           const struct metered *metered, struct rated *rated)
{
    struct outcome *outcomes = arena_array(arena, struct outcome, metered->item_count);
    int64_t paid[PRICES_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < metered->item_count; i++) {
        const struct usage_item *item = &metered->items[i];
        size_t price = price_of(terms, item);
        if (price < terms->price_count && item->values[0].len > 0 && exact_sign(item->quantity) > 0)
            outcomes[count++] = (struct outcome){item->values[0], price};
    }
    if (count > 1)
        qsort(outcomes, count, sizeof *outcomes, by_subject);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !str_eq(outcomes[i].subject, outcomes[i - 1].subject))
            paid[outcomes[i].price]++;
    }
    for (size_t i = 0; i < terms->price_count; i++) {
        rated->cells[i].quantity = exact_from_i64(arena, paid[i]);
        cell_pays(arena, terms, i, rated->cells[i].quantity, rated);
    }
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    cells_open(terms, rated);
    if (terms->exclusive) {
        rate_exclusive(arena, terms, metered, rated);
        return;
    }
    for (size_t i = 0; i < metered->item_count; i++) {
        size_t price = price_of(terms, &metered->items[i]);
        if (price == terms->price_count || exact_sign(metered->items[i].quantity) <= 0)
            continue;
        struct rated_cell *cell = &rated->cells[price];
        cell->quantity = exact_add(arena, cell->quantity, metered->items[i].quantity);
    }
    for (size_t i = 0; i < terms->price_count; i++)
        cell_pays(arena, terms, i, rated->cells[i].quantity, rated);
}

const struct charge_model charge_model_outcome = {
    .name = "outcome",
    .read = read,
    .rate = rate,
    .members = "subject prices exclusive",
    .items = ITEMS_EVENTS,
    .without_free_units = true,
};

// SPDX-License-Identifier: Apache-2.0
// A price a cell: the first that matches, else the default, else nothing. Free units are taken off
// the cells in the order of the prices.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    charge_properties(charge, terms);
    charge_prices(charge, terms);
    (void)charge_decimal(charge, "default", false, &terms->fallback);
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    cells_open(terms, rated);
    for (size_t i = 0; i < metered->item_count; i++) {
        struct rated_cell *cell = &rated->cells[price_of(terms, &metered->items[i])];
        cell->quantity = exact_add(arena, cell->quantity, metered->items[i].quantity);
    }
    exact left = exact_from_decimal(arena, terms->free_units);
    for (size_t i = 0; i < rated->cell_count; i++) {
        exact paid = rated->cells[i].quantity;
        exact taken = exact_compare(paid, left) < 0 ? paid : left;
        if (exact_sign(paid) <= 0)
            continue;
        left = exact_sub(arena, left, taken);
        cell_pays(arena, terms, i, exact_sub(arena, paid, taken), rated);
    }
}

const struct charge_model charge_model_matrix = {
    .name = "matrix",
    .read = read,
    .rate = rate,
    .members = "property properties prices default",
    .items = ITEMS_CELLS,
    .takes_free_units = true,
};

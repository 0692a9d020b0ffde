// SPDX-License-Identifier: Apache-2.0
#include "items.h"

#include "filter.h"

// What an event adds to the metric's quantity: its number times its weight, or 1 where events are
// counted.
static exact added_by(struct arena *arena, const struct metric *metric, const struct sample *sample)
{
    if (!metric->aggregation->numeric)
        return exact_from_i64(arena, 1);
    exact number = exact_from_decimal(arena, sample->number);
    if (!metric->weighted)
        return number;
    decimal weight = sample->weight < metric->weight_count ? metric->weights[sample->weight]
                                                           : metric->weight_default;
    return exact_mul(arena, number, exact_from_decimal(arena, weight));
}

void items_of_events(struct arena *arena, const struct measurement *what,
                     const struct sample *samples, struct usage_group *group)
{
    size_t count = (size_t)group->events;
    struct usage_item *items = arena_array(arena, struct usage_item, count);
    for (size_t i = 0; i < count; i++) {
        str *values = arena_array(arena, str, what->item_property_count);
        for (size_t j = 0; j < what->item_property_count; j++)
            (void)event_property(samples[i].event, what->item_properties[j], &values[j]);
        items[i] = (struct usage_item){values, added_by(arena, what->metric, &samples[i])};
    }
    group->items = items;
    group->item_count = count;
}

// Groups and cells stand in the same order: each group's cells follow those of the one before. A
// group that comes to nothing is not there: if its cells do not, it is put in, for they are priced.
static void take_cells(struct arena *arena, const struct charge *charge,
                       const struct usage_group *cells, size_t cell_count,
                       struct usage_group **groups, size_t *group_count)
{
    struct usage_item *items = arena_array(arena, struct usage_item, cell_count);
    struct usage_group *all = arena_array(arena, struct usage_group, *group_count + cell_count);
    size_t by = charge->group_by_count;
    size_t count = 0;
    size_t next = 0;
    for (size_t at = 0; at < cell_count || next < *group_count; count++) {
        bool missing = at < cell_count &&
                       (next == *group_count ||
                        str_compare_lists(cells[at].values, (*groups)[next].values, by) < 0);
        struct usage_group *group = &all[count];
        *group = missing ? (struct usage_group){.values = cells[at].values} : (*groups)[next++];
        group->items = items + at;
        for (; at < cell_count && str_compare_lists(cells[at].values, group->values, by) == 0; at++)
            items[at] = (struct usage_item){cells[at].values + by, cells[at].quantity};
        group->item_count = (size_t)(items + at - group->items);
    }
    *groups = all;
    *group_count = count;
}

static result measure_cells(struct arena *arena, const struct measurement *lines,
                            const struct charge *charge, const struct usage *usage,
                            struct usage_group **cells, size_t *count)
{
    struct measurement what = *lines;
    str *names = arena_array(arena, str, charge->group_by_count + charge->property_count);
    for (size_t i = 0; i < charge->group_by_count; i++)
        names[i] = charge->group_by[i];
    for (size_t i = 0; i < charge->property_count; i++)
        names[charge->group_by_count + i] = charge->properties[i];
    what.group_by = names;
    what.group_by_count = charge->group_by_count + charge->property_count;
    what.items = ITEMS_NONE;
    return metric_measure(arena, &what, usage, cells, count);
}

result charge_measure(struct arena *arena, const struct charge_usage *what,
                      const struct usage *usage, struct usage_group **groups, size_t *count)
{
    const struct charge *charge = what->charge;
    struct measurement lines = {
        .metric = what->metric,
        .filters = charge->filters,
        .filter_count = charge->filter_count,
        .group_by = charge->group_by_count > 0 ? charge->group_by : NULL,
        .group_by_count = charge->group_by_count,
        .from = what->from,
        .to = what->to,
        .zone = what->zone,
        .items = charge->model->items,
        .item_properties = charge->properties,
        .item_property_count = charge->property_count,
    };
    TRY(metric_measure(arena, &lines, usage, groups, count));
    if (charge->model->items != ITEMS_CELLS)
        return OK;
    struct usage_group *cells = NULL;
    size_t cell_count = 0;
    TRY(measure_cells(arena, &lines, charge, usage, &cells, &cell_count));
    take_cells(arena, charge, cells, cell_count, groups, count);
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "value_runs.h"

#include <stdlib.h>

static int by_value(const void *left, const void *right)
{
    const struct sample *a = *(const struct sample *const *)left;
    const struct sample *b = *(const struct sample *const *)right;
    int order = str_compare(a->text, b->text);
    if (order != 0)
        return order;
    if (a->event->time.us != b->event->time.us)
        return a->event->time.us < b->event->time.us ? -1 : 1;
    return (a->event->index > b->event->index) - (a->event->index < b->event->index);
}

struct value_runs value_runs_of(const struct aggregating *what)
{
    size_t count = what->earlier_count + what->count;
    struct value_runs runs = {
        .sorted = arena_array(what->arena, const struct sample *, count),
        .count = count,
        .from = what->from,
    };
    for (size_t i = 0; i < what->earlier_count; i++)
        runs.sorted[i] = &what->earlier[i];
    for (size_t i = 0; i < what->count; i++)
        runs.sorted[what->earlier_count + i] = &what->samples[i];
    if (count > 1)
        qsort(runs.sorted, count, sizeof(const struct sample *), by_value);
    return runs;
}

bool value_runs_next(struct value_runs *runs, struct value_run *run)
{
    if (runs->at == runs->count)
        return false;
    const struct sample *const *first = &runs->sorted[runs->at];
    *run = (struct value_run){.samples = first};
    while (runs->at < runs->count && str_eq(runs->sorted[runs->at]->text, first[0]->text)) {
        run->earlier += runs->sorted[runs->at]->event->time.us < runs->from.us;
        run->count++;
        runs->at++;
    }
    return true;
}

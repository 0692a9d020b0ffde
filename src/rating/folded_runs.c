// SPDX-License-Identifier: Apache-2.0
#include "folded_runs.h"

#include <stdlib.h>

static int by_value(const void *left, const void *right)
{
    const struct folded_value *a = left;
    const struct folded_value *b = right;
    int order = str_compare(a->value, b->value);
    if (order != 0)
        return order;
    return (a->bucket.us > b->bucket.us) - (a->bucket.us < b->bucket.us);
}

// As those of one bucket are.
static bool in_order(const struct folded *folded)
{
    for (size_t i = 1; i < folded->value_count; i++) {
        if (by_value(&folded->values[i - 1], &folded->values[i]) > 0)
            return false;
    }
    return true;
}

struct folded_runs folded_runs_of(const struct folded *folded)
{
    if (!in_order(folded))
        qsort(folded->values, folded->value_count, sizeof *folded->values, by_value);
    return (struct folded_runs){.folded = folded};
}

bool folded_runs_next(struct folded_runs *runs, struct folded_run *run)
{
    const struct folded *folded = runs->folded;
    while (runs->at < folded->value_count) {
        const struct folded_value *first = &folded->values[runs->at];
        *run = (struct folded_run){.values = first};
        while (runs->at < folded->value_count &&
               str_eq(folded->values[runs->at].value, first->value)) {
            const struct folded_value *value = &folded->values[runs->at++];
            *(value->earlier ? &run->earlier : &run->count) += value->events;
            run->value_count++;
        }
        if (run->count > 0 || (runs->earlier_too && run->earlier > 0))
            return true;
    }
    return false;
}

int64_t folded_run_days(const struct folded *folded, const struct folded_run *run)
{
    int64_t days = 0;
    for (size_t i = 0; i < run->value_count;) {
        int64_t events = 0;
        day today = zone_day(folded->zone, run->values[i].bucket);
        for (; i < run->value_count &&
               zone_day(folded->zone, run->values[i].bucket).number == today.number;
             i++)
            events += run->values[i].events;
        days += events > 0;
    }
    return days;
}

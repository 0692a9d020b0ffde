// SPDX-License-Identifier: Apache-2.0
// Any text as a metric: it is refused with a fault, or an event can be measured by it.
#include "phial/rating/metric.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void measure(struct arena *arena, const struct metric *metric, const json_t *properties)
{
    struct usage_event event = {
        .type = metric->event_types[0],
        .quantity = decimal_from_i64(3),
        .properties = properties,
    };
    struct usage usage = {.events = &event, .count = 1};
    struct measurement what = {
        .metric = metric,
        .group_by = metric->group_by,
        .group_by_count = metric->group_by_count,
        .to = {1},
        .zone = zone_utc(),
    };
    struct usage_group *groups = NULL;
    size_t count = 0;
    if (!failed(metric_measure(arena, &what, &usage, &groups, &count)) && count > 0)
        (void)exact_print(arena, groups[0].quantity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct faults *faults = arena_new(&arena, struct faults);
    OWNED(json_release) json_t *root = NULL;
    faults->arena = &arena;
    if (!failed(json_parse((str){(const char *)data, size}, &root))) {
        const struct metric *metric = metric_parse((struct json_at){root, STR(""), faults}, true);
        assert((metric == NULL) == (faults->count > 0));
        if (metric != NULL)
            measure(&arena, metric, root);
    }
    arena_reset(&arena);
    return 0;
}

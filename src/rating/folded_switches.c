// SPDX-License-Identifier: Apache-2.0
#include "folded_switches.h"

#include "folded_runs.h"

#include <stdlib.h>

enum { DIGITS = 16, SUFFIX = 1 + 2 * DIGITS, HEX = 16 };

str folded_switch_print(struct arena *arena, const struct folded_switch *folded)
{
    return str_printf(arena, "%" STR_FMT "%c%016llx%016llx", STR_ARG(folded->value),
                      folded->removes ? '-' : '+', (unsigned long long)folded->at.us,
                      (unsigned long long)folded->index);
}

static bool read_number(str digits, int64_t *number)
{
    char text[DIGITS + 1] = "";
    char *end = NULL;
    for (size_t i = 0; i < DIGITS; i++)
        text[i] = digits.ptr[i];
    *number = (int64_t)strtoull(text, &end, HEX);
    return end == text + DIGITS;
}

bool folded_switch_parse(str text, struct folded_switch *folded)
{
    if (text.len < SUFFIX)
        return false;
    size_t len = text.len - SUFFIX;
    *folded =
        (struct folded_switch){.value = str_slice(text, 0, len), .removes = text.ptr[len] == '-'};
    return read_number(str_slice(text, len + 1, len + 1 + DIGITS), &folded->at.us) &&
           read_number(str_slice(text, len + 1 + DIGITS, text.len), &folded->index);
}

static bool read_switch(struct arena *arena, str text, struct sample *sample)
{
    struct folded_switch folded = {0};
    if (!folded_switch_parse(text, &folded))
        return false;
    struct usage_event *event = arena_new(arena, struct usage_event);
    event->time = folded.at;
    event->index = folded.index;
    *sample = (struct sample){.event = event, .text = folded.value, .removes = folded.removes};
    return true;
}

result folded_switches_read(const struct folded *folded, struct aggregating *what)
{
    struct folded_runs runs = folded_runs_of(folded);
    struct folded_run run = {0};
    struct sample *samples = arena_array(folded->arena, struct sample, folded->value_count);
    *what = (struct aggregating){
        .arena = folded->arena,
        .metric = folded->metric,
        .zone = folded->zone,
        .from = folded->from,
        .to = folded->to,
        .samples = samples,
    };
    runs.earlier_too = true;
    while (folded_runs_next(&runs, &run)) {
        if (!read_switch(folded->arena, run.values[0].value, &samples[what->count++]))
            return FAIL(INTERNAL, "a folded switch cannot be read");
    }
    return OK;
}

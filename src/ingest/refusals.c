// SPDX-License-Identifier: Apache-2.0
#include "refusals.h"

#include "answer.h"
#include "ingest.sql.h"
#include "phial/catalog/tally.h"

#include <stdlib.h>

struct reason {
    str type; // "" when unknown
    str pointer;
    str code;
    str detector; // "" for none
};

static int compare(const void *left, const void *right)
{
    const struct reason *a = left;
    const struct reason *b = right;
    int order = str_compare(a->type, b->type);
    if (order == 0)
        order = str_compare(a->pointer, b->pointer);
    if (order == 0)
        order = str_compare(a->code, b->code);
    return order == 0 ? str_compare(a->detector, b->detector) : order;
}

static size_t collect(const struct admission *admission, struct reason *reasons)
{
    size_t count = 0;
    for (size_t i = 0; i < admission->events.count; i++) {
        const struct candidate *candidate = &admission->candidates[i];
        struct outcome outcome = outcome_of(candidate, false);
        if (outcome.verdict.code == NULL)
            continue;
        reasons[count++] = (struct reason){
            .type = candidate->type_key,
            .pointer = outcome.verdict.pointer,
            .code = str_from(outcome.verdict.code),
            .detector = str_from(outcome.verdict.detector),
        };
    }
    return count;
}

struct columns {
    str *types;
    str *pointers;
    str *codes;
    str *detectors;
    int64_t *refusals;
    size_t count;
};

// Sorted, so that two requests that count the same reasons lock their rows in the same order.
static void group(struct reason *reasons, size_t count, struct columns *columns)
{
    qsort(reasons, count, sizeof *reasons, compare);
    for (size_t i = 0; i < count; i++) {
        if (i != 0 && compare(&reasons[i - 1], &reasons[i]) == 0) {
            columns->refusals[columns->count - 1]++;
            continue;
        }
        columns->types[columns->count] = reasons[i].type;
        columns->pointers[columns->count] = reasons[i].pointer;
        columns->codes[columns->count] = reasons[i].code;
        columns->detectors[columns->count] = reasons[i].detector;
        columns->refusals[columns->count++] = 1;
    }
}

result refusals_count(struct db_tx *tx, const struct admission *admission)
{
    struct arena *arena = db_arena(tx);
    size_t events = admission->events.count;
    struct reason *reasons = arena_array(arena, struct reason, events);
    size_t count = collect(admission, reasons);
    if (count == 0)
        return OK;
    struct columns columns = {.types = arena_array(arena, str, count),
                              .pointers = arena_array(arena, str, count),
                              .codes = arena_array(arena, str, count),
                              .detectors = arena_array(arena, str, count),
                              .refusals = arena_array(arena, int64_t, count)};
    group(reasons, count, &columns);
    return db_exec(tx, &ingest_count_refusals_sql,
                   PARAMS(db_instant(tally_hour(admission->ingest->now)),
                          db_text_array(columns.types, columns.count),
                          db_text_array(columns.pointers, columns.count),
                          db_text_array(columns.codes, columns.count),
                          db_text_array(columns.detectors, columns.count),
                          db_i64_array(columns.refusals, columns.count)));
}

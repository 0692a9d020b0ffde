// SPDX-License-Identifier: Apache-2.0
// A statement's measurements: out of running sums where they answer, else out of the entries.
#include "sums_read.h"

struct sums_entries {
    bool read;
    struct usage_fold *fold;
    struct usage usage;
};

struct known_answer {
    struct measurement what;
    struct usage_group *groups;
    size_t count;
};

struct sums_answers {
    struct arena *arena;
    struct known_answer *items;
    size_t count;
    size_t room;
};

struct sums_answers *sums_answers_new(struct db_tx *tx)
{
    struct sums_answers *answers = arena_new(db_arena(tx), struct sums_answers);
    answers->arena = db_arena(tx);
    return answers;
}

// By where they stand: a charge's filters and names are its plan's own.
static bool asks_the_same(const struct measurement *a, const struct measurement *b)
{
    return a->metric == b->metric && a->filters == b->filters &&
           a->filter_count == b->filter_count && a->group_by == b->group_by &&
           a->group_by_count == b->group_by_count && a->from.us == b->from.us &&
           a->to.us == b->to.us && a->zone == b->zone && a->items == b->items;
}

static const struct known_answer *find_known(const struct sums_source *source,
                                             const struct measurement *what)
{
    for (size_t i = 0; source->known != NULL && i < source->known->count; i++) {
        if (asks_the_same(&source->known->items[i].what, what))
            return &source->known->items[i];
    }
    return NULL;
}

static void keep_known(const struct sums_source *source, const struct measurement *what,
                       const struct sums_answer *answer)
{
    struct sums_answers *known = source->known;
    if (known == NULL)
        return;
    known->items =
        arena_grow(known->arena, known->items, known->count, &known->room, sizeof *known->items);
    known->items[known->count++] = (struct known_answer){*what, answer->groups, answer->count};
}

static result measure_entries(const struct sums_source *source, struct arena *arena,
                              const struct measurement *what, struct usage_group **groups,
                              size_t *count)
{
    struct sums_entries *entries = source->entries;
    if (!entries->read)
        TRY(usage_read(source->tx, &source->span, &entries->fold, &entries->usage));
    entries->read = true;
    return metric_measure(arena, what, &entries->usage, groups, count);
}

static result measure(const struct usage_source *base, struct arena *arena,
                      const struct measurement *what, struct usage_group **groups, size_t *count)
{
    const struct sums_source *source = (const struct sums_source *)base;
    OWNED(sums_reading_release) struct sums_reading *reading = NULL;
    struct sums_answer answer = {.bounds = true};
    if (what->from.us >= what->to.us) { // a trial
        const struct usage none = {0};
        return metric_measure(arena, what, &none, groups, count);
    }
    const struct known_answer *known = find_known(source, what);
    if (known != NULL) {
        *groups = known->groups;
        *count = known->count;
        return OK;
    }
    if (source->span.staged == NULL && !source->entries->read)
        TRY(sums_read(source->tx, source->span.head, what,
                      &(struct sums_time){&what->from, 1, TALLY_DAY}, &reading));
    if (reading != NULL)
        TRY(sums_measure(reading, arena, what, &answer));
    if (!answer.answered)
        return measure_entries(source, arena, what, groups, count);
    *groups = answer.groups;
    *count = answer.count;
    keep_known(source, what, &answer);
    return OK;
}

struct sums_source sums_source_of(struct db_tx *tx, struct usage_span span)
{
    return (struct sums_source){
        .base = {.measure = measure},
        .tx = tx,
        .span = span,
        .entries = arena_new(db_arena(tx), struct sums_entries),
    };
}

void sums_source_release(struct sums_source *source)
{
    if (source->entries != NULL)
        usage_fold_release(&source->entries->fold);
}

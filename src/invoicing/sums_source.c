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

static bool same_names(const str *a, size_t a_count, const str *b, size_t b_count)
{
    return (a == NULL) == (b == NULL) && a_count == b_count &&
           (a == NULL || str_compare_lists(a, b, a_count) == 0);
}

// Filters by where they stand: they are the plan's own.
static bool asks_the_same(const struct measurement *a, const struct measurement *b)
{
    return a->metric == b->metric && a->filters == b->filters &&
           a->filter_count == b->filter_count && a->from.us == b->from.us && a->to.us == b->to.us &&
           a->zone == b->zone && a->items == b->items &&
           same_names(a->group_by, a->group_by_count, b->group_by, b->group_by_count);
}

static const struct known_answer *find_known(const struct sums_source *source,
                                             const struct measurement *what)
{
    for (size_t i = 0; i < source->known->count; i++) {
        if (asks_the_same(&source->known->items[i].what, what))
            return &source->known->items[i];
    }
    return NULL;
}

static void keep_known(const struct sums_source *source, const struct measurement *what,
                       const struct sums_answer *answer)
{
    struct sums_answers *known = source->known;
    known->items =
        arena_grow(known->arena, known->items, known->count, &known->room, sizeof *known->items);
    known->items[known->count++] = (struct known_answer){*what, answer->groups, answer->count};
}

static result answer_from_sums(const struct sums_source *source, struct arena *arena,
                               const struct measurement *what, struct sums_answer *answer)
{
    OWNED(sums_reading_release) struct sums_reading *reading = NULL;
    struct sums_asked asked = sums_asked_of(what);
    *answer = (struct sums_answer){.bounds = true};
    TRY(sums_read(source->tx, source->span.head, &asked, &reading));
    return reading == NULL ? OK : sums_measure(reading, arena, what, answer);
}

// ---- what the entries alone answer

// What a statement asks, each once, that is not known yet.
struct asked_list {
    const struct sums_source *source;
    struct measurement *items;
    size_t count;
    size_t room;
    bool of_events; // one of them wants its events one by one
};

struct listing_source {
    struct usage_source base;
    struct asked_list *list;
};

static void list_asked(struct asked_list *list, const struct measurement *what)
{
    list->of_events = list->of_events || what->items == ITEMS_EVENTS;
    if (what->from.us >= what->to.us || find_known(list->source, what) != NULL)
        return;
    for (size_t i = 0; i < list->count; i++) {
        if (asks_the_same(&list->items[i], what))
            return;
    }
    list->items = arena_grow(list->source->known->arena, list->items, list->count, &list->room,
                             sizeof *list->items);
    list->items[list->count++] = *what;
}

// Answers nothing, and lists what it was.
static result list_measurement(const struct usage_source *base, struct arena *arena,
                               const struct measurement *what, struct usage_group **groups,
                               size_t *count)
{
    list_asked(((const struct listing_source *)base)->list, what);
    *groups = arena_new(arena, struct usage_group);
    *count = what->group_by == NULL;
    return OK;
}

// Those that sums answer are answered on the way: there is no other time to ask.
static result list_open(const struct sums_source *source, struct asked_list *list)
{
    struct arena *arena = source->known->arena;
    size_t open = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct sums_answer answer = {0};
        if (i > 0) // the first is why entries are needed
            TRY(answer_from_sums(source, arena, &list->items[i], &answer));
        if (answer.answered)
            keep_known(source, &list->items[i], &answer);
        else
            list->items[open++] = list->items[i];
    }
    list->count = open;
    return OK;
}

static result measure_open(const struct sums_source *source, const struct asked_list *list)
{
    struct arena *arena = source->known->arena;
    struct sums_asked *asked = arena_array(arena, struct sums_asked, list->count);
    struct sums_reading **readings = arena_array(arena, struct sums_reading *, list->count);
    result measured = OK;
    for (size_t i = 0; i < list->count; i++)
        asked[i] = sums_asked_of(&list->items[i]);
    TRY(usage_check_unsealed(source->tx, source->span.head, source->span.from));
    TRY(sums_read_entries(source->tx, source->span.head, asked, list->count, readings));
    for (size_t i = 0; i < list->count; i++) {
        struct sums_answer answer = {.bounds = true};
        if (!failed(measured))
            measured = sums_measure(readings[i], arena, &list->items[i], &answer);
        if (!failed(measured))
            keep_known(source, &list->items[i], &answer);
        sums_reading_release(&readings[i]);
    }
    return measured;
}

// All that the statement asks, from this one on. Not where events are wanted one by one: then they
// are held, and answer the rest as well.
static result answer_all(const struct sums_source *source, const struct measurement *first)
{
    struct asked_list list = {.source = source};
    struct listing_source listing = {{list_measurement}, &list};
    struct usage usage = {.source = &listing.base};
    list_asked(&list, first);
    if (source->ask_all != NULL)
        TRY(source->ask_all(source->context, &usage));
    if (list.of_events)
        return OK;
    TRY(list_open(source, &list));
    return measure_open(source, &list);
}

static result measure_entries(const struct sums_source *source, struct arena *arena,
                              const struct measurement *what, struct usage_group **groups,
                              size_t *count)
{
    struct sums_entries *entries = source->entries;
    const struct known_answer *known = NULL;
    if (!entries->read && source->span.staged == NULL)
        TRY(answer_all(source, what));
    known = find_known(source, what);
    if (known != NULL) {
        *groups = known->groups;
        *count = known->count;
        return OK;
    }
    if (!entries->read)
        TRY(usage_read(source->tx, &source->span, &entries->fold, &entries->usage));
    entries->read = true;
    return metric_measure(arena, what, &entries->usage, groups, count);
}

static result measure(const struct usage_source *base, struct arena *arena,
                      const struct measurement *what, struct usage_group **groups, size_t *count)
{
    const struct sums_source *source = (const struct sums_source *)base;
    struct sums_answer answer = {0};
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
        TRY(answer_from_sums(source, arena, what, &answer));
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
        .known = sums_answers_new(tx),
    };
}

void sums_source_release(struct sums_source *source)
{
    if (source->entries != NULL)
        usage_fold_release(&source->entries->fold);
}

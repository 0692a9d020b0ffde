// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/switches.h"

#include "filter.h"
#include "fnv.h"
#include "folded_switches.h"
#include "held_values.h"
#include "phial/rating/aggregation.h"
#include "phial/rating/tally.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };
#define STEPS_MAX (INT64_MAX / 2) // no window is as long by far

// A value, told apart by a number beside it: its group, or its place.
struct named {
    size_t number;
    str text;
};

// Names in the order in which they came, found by a hash; 0 is no name.
struct names {
    struct arena *arena;
    struct named *items;
    size_t count;
    size_t room;
    size_t *slots;
    size_t slot_count;
};

// Of one value of one group.
struct one_switch {
    size_t pair; // the place of its group and value among the pairs
    int64_t at_us;
    int64_t index;
    bool removes;
};

// A value's last switch before all that is kept.
struct last_switch {
    int64_t at_us;
    int64_t index;
    bool there;
    bool removes;
};

// A value while windows are measured.
struct state {
    bool carried;  // on when the window begins
    bool on;       // what follows is of the window `number` says
    bool counted;  // among the active
    bool added;    // in the window
    size_t number; // of the window that touched it last
};

// Where measuring stands, for one choice of places.
struct progress {
    size_t *places;
    size_t place_count;
    size_t *state_of; // of each pair
    struct state *states;
    size_t state_count;
    int64_t *on; // so many values of each place
    size_t at;   // the first switch that is not carried in
    instant from;
    size_t number;
};

struct switches {
    struct arena *arena;
    instant from;
    const int64_t *omitted;
    size_t omitted_count;
    struct names groups;
    struct names pairs;
    struct last_switch *lasts; // of each pair
    size_t last_room;
    struct one_switch *items;
    size_t count;
    size_t room;
    bool sorted;
    struct buf group; // of the event at hand
    struct progress *progress;
};

// ---- names

static size_t *find_slot(const struct names *names, size_t number, str text)
{
    uint64_t hash = fnv_end(fnv_add((FNV_BASIS ^ number) * FNV_PRIME, text));
    size_t at = hash & (names->slot_count - 1);
    while (names->slots[at] != 0) {
        assert(names->items != NULL); // what a slot names
        const struct named *there = &names->items[names->slots[at] - 1];
        if (there->number == number && str_eq(there->text, text))
            break;
        at = (at + 1) & (names->slot_count - 1);
    }
    return &names->slots[at];
}

// Never more than half full.
static void make_room(struct names *names)
{
    if (2 * (names->count + 1) <= names->slot_count)
        return;
    names->slot_count = names->slot_count == 0 ? FIRST_SLOTS : names->slot_count * 2;
    names->slots = arena_array(names->arena, size_t, names->slot_count);
    for (size_t i = 0; i < names->count; i++)
        *find_slot(names, names->items[i].number, names->items[i].text) = i + 1;
}

// The place of a name, which is kept when it is new.
static size_t name_of(struct names *names, size_t number, str text, bool copy)
{
    make_room(names);
    size_t *slot = find_slot(names, number, text);
    if (*slot == 0) {
        names->items = arena_grow(names->arena, names->items, names->count, &names->room,
                                  sizeof *names->items);
        names->items[names->count++] =
            (struct named){number, copy ? str_copy(names->arena, text) : text};
        *slot = names->count;
    }
    return *slot - 1;
}

// ---- what is kept

struct switches *switches_new(struct arena *arena, instant from)
{
    struct switches *switches = arena_new(arena, struct switches);
    *switches = (struct switches){
        .arena = arena,
        .from = from,
        .groups = {.arena = arena},
        .pairs = {.arena = arena},
        .group = {.arena = arena},
    };
    return switches;
}

void switches_omit(struct switches *switches, const int64_t *omitted, size_t count)
{
    switches->omitted = omitted;
    switches->omitted_count = count;
}

size_t switches_group(struct switches *switches, str group)
{
    return name_of(&switches->groups, 0, group, true);
}

size_t switches_group_count(const struct switches *switches)
{
    return switches->groups.count;
}

str switches_group_at(const struct switches *switches, size_t group)
{
    assert(group < switches->groups.count);
    return switches->groups.items[group].text;
}

static int by_number(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static bool is_omitted(const struct switches *switches, int64_t index)
{
    return switches->omitted_count > 0 &&
           bsearch(&index, switches->omitted, switches->omitted_count, sizeof index, by_number) !=
               NULL;
}

static int compare_moments(int64_t a_us, int64_t a_index, int64_t b_us, int64_t b_index)
{
    if (a_us != b_us)
        return a_us < b_us ? -1 : 1;
    return (a_index > b_index) - (a_index < b_index);
}

static void keep_last(struct switches *switches, const struct one_switch *item)
{
    struct last_switch *last = &switches->lasts[item->pair];
    if (last->there && compare_moments(last->at_us, last->index, item->at_us, item->index) > 0)
        return;
    *last = (struct last_switch){item->at_us, item->index, true, item->removes};
}

static void keep(struct switches *switches, const struct one_switch *item)
{
    switches->items = arena_grow(switches->arena, switches->items, switches->count, &switches->room,
                                 sizeof *switches->items);
    switches->items[switches->count++] = *item;
}

static void add(struct switches *switches, size_t group, str value, struct one_switch item)
{
    size_t pairs = switches->pairs.count;
    assert(!switches->sorted); // nothing is measured yet
    item.pair = name_of(&switches->pairs, group, value, true);
    if (item.pair == pairs) {
        switches->lasts = arena_grow(switches->arena, switches->lasts, pairs, &switches->last_room,
                                     sizeof *switches->lasts);
        switches->lasts[pairs] = (struct last_switch){0};
    }
    if (item.at_us < switches->from.us)
        keep_last(switches, &item);
    else
        keep(switches, &item);
}

result switches_add_folded(struct switches *switches, size_t group, str text)
{
    struct folded_switch folded = {0};
    if (!folded_switch_parse(text, &folded))
        return FAIL(INTERNAL, "a folded switch cannot be read");
    if (!is_omitted(switches, folded.index))
        add(switches, group, folded.value,
            (struct one_switch){0, folded.at.us, folded.index, folded.removes});
    return OK;
}

result switches_add_held(struct switches *switches, size_t group, str held)
{
    struct held_values values = held_values_of(held);
    str text = {0};
    int64_t events = 0;
    while (held_values_next(&values, &text, &events))
        TRY(switches_add_folded(switches, group, text));
    return held_values_end(&values);
}

void switches_add_event(struct switches *switches, const struct metric *metric,
                        const struct usage_event *event, bool stored)
{
    struct measurement what = {.metric = metric};
    struct sample sample = {0};
    if ((stored && is_omitted(switches, event->index)) || !sample_take(&what, event, &sample))
        return;
    size_t group = switches_group(switches, usage_tally_group(&switches->group, metric, event));
    add(switches, group, sample.text,
        (struct one_switch){0, event->time.us, event->index, sample.removes});
}

static int by_group(const void *left, const void *right)
{
    const struct switched *a = left;
    const struct switched *b = right;
    return (a->group > b->group) - (a->group < b->group);
}

struct switched *switches_before(struct switches *switches, struct arena *arena, size_t *count)
{
    struct names values = {.arena = arena};
    size_t pairs = switches->pairs.count;
    size_t *value_of = arena_array(arena, size_t, pairs);
    bool *on = arena_array(arena, bool, pairs);
    struct switched *made = arena_array(arena, struct switched, pairs);
    *count = 0;
    for (size_t i = 0; i < pairs; i++) {
        const struct last_switch *last = &switches->lasts[i];
        value_of[i] = name_of(&values, 0, switches->pairs.items[i].text, false);
        on[value_of[i]] = on[value_of[i]] || (last->there && !last->removes);
    }
    for (size_t i = 0; i < pairs; i++) {
        const struct last_switch *last = &switches->lasts[i];
        const struct named *pair = &switches->pairs.items[i];
        if (last->there && on[value_of[i]])
            made[(*count)++] = (struct switched){
                pair->number,
                folded_switch_print(
                    arena,
                    &(struct folded_switch){pair->text, {last->at_us}, last->index, last->removes}),
            };
    }
    if (*count > 1)
        qsort(made, *count, sizeof *made, by_group);
    return made;
}

static int by_moment(const void *left, const void *right)
{
    const struct one_switch *a = left;
    const struct one_switch *b = right;
    return compare_moments(a->at_us, a->index, b->at_us, b->index);
}

// The last ones before it stand before all of the rest.
static void sort(struct switches *switches)
{
    if (switches->sorted)
        return;
    switches->sorted = true;
    for (size_t i = 0; i < switches->pairs.count; i++) {
        const struct last_switch *last = &switches->lasts[i];
        if (last->there)
            keep(switches, &(struct one_switch){i, last->at_us, last->index, last->removes});
    }
    if (switches->count > 1)
        qsort(switches->items, switches->count, sizeof *switches->items, by_moment);
}

// ---- measuring

static struct progress *start_progress(struct switches *switches,
                                       const struct switches_window *window)
{
    struct arena *arena = switches->arena;
    struct names values = {.arena = arena};
    struct progress *progress = arena_new(arena, struct progress);
    *progress = (struct progress){
        .places = arena_array(arena, size_t, switches->groups.count),
        .place_count = window->place_count,
        .state_of = arena_array(arena, size_t, switches->pairs.count),
        .on = arena_array(arena, int64_t, window->place_count),
        .from = switches->from,
    };
    for (size_t i = 0; i < switches->groups.count; i++)
        progress->places[i] = window->places[i];
    for (size_t i = 0; i < switches->pairs.count; i++) {
        const struct named *pair = &switches->pairs.items[i];
        progress->state_of[i] = name_of(&values, window->places[pair->number], pair->text, false);
    }
    progress->state_count = values.count;
    progress->states = arena_array(arena, struct state, values.count);
    return progress;
}

static bool goes_on(const struct switches *switches, const struct switches_window *window)
{
    const struct progress *progress = switches->progress;
    if (progress == NULL || progress->from.us > window->from.us ||
        progress->place_count != window->place_count)
        return false;
    for (size_t i = 0; i < switches->groups.count; i++) {
        if (progress->places[i] != window->places[i])
            return false;
    }
    return true;
}

static size_t place_of(const struct switches *switches, const struct one_switch *item)
{
    return switches->progress->places[switches->pairs.items[item->pair].number];
}

static struct state *state_of(const struct switches *switches, const struct one_switch *item)
{
    return &switches->progress->states[switches->progress->state_of[item->pair]];
}

// What lies before a window.
static void carry(struct switches *switches, instant from)
{
    struct progress *progress = switches->progress;
    for (; progress->at < switches->count && switches->items[progress->at].at_us < from.us;
         progress->at++) {
        const struct one_switch *item = &switches->items[progress->at];
        struct state *state = state_of(switches, item);
        if (state->carried == item->removes)
            progress->on[place_of(switches, item)] += item->removes ? -1 : 1;
        state->carried = !item->removes;
    }
    progress->from = from;
    progress->number++;
}

// A removal at the window's first instant comes before it; an addition counts in any case.
static int64_t active_step(const struct switches_window *window, struct state *state,
                           const struct one_switch *item)
{
    bool counted = state->counted;
    if (!item->removes)
        state->counted = state->added = true;
    else if (item->at_us == window->from.us && !state->added)
        state->counted = false;
    return (int64_t)state->counted - (int64_t)counted;
}

static int64_t area_step(const struct switches_window *window, struct state *state,
                         const struct one_switch *item)
{
    int64_t left = window->to.us - item->at_us;
    int64_t step = 0;
    if (state->on == item->removes)
        step = state->on ? -left : left;
    state->on = !item->removes;
    return step;
}

// Where the window begins: what the carried values come to.
static void start_quantities(const struct progress *progress, struct arena *arena,
                             const struct switches_window *window, exact *quantities)
{
    int64_t each = window->area ? window->to.us - window->from.us : 1;
    for (size_t i = 0; i < window->place_count; i++)
        quantities[i] =
            exact_mul(arena, exact_from_i64(arena, progress->on[i]), exact_from_i64(arena, each));
}

static int64_t step_of(const struct switches *switches, const struct switches_window *window,
                       const struct one_switch *item)
{
    struct state *state = state_of(switches, item);
    size_t number = switches->progress->number;
    if (state->number != number) {
        bool carried = state->carried;
        *state =
            (struct state){.carried = carried, .on = carried, .counted = carried, .number = number};
    }
    return window->area ? area_step(window, state, item) : active_step(window, state, item);
}

static void add_steps(struct switches *switches, struct arena *arena,
                      const struct switches_window *window, exact *quantities)
{
    int64_t *steps = arena_array(arena, int64_t, window->place_count);
    for (size_t i = switches->progress->at;
         i < switches->count && switches->items[i].at_us < window->to.us; i++) {
        size_t place = place_of(switches, &switches->items[i]);
        steps[place] += step_of(switches, window, &switches->items[i]);
        if (steps[place] > STEPS_MAX || steps[place] < -STEPS_MAX) {
            quantities[place] =
                exact_add(arena, quantities[place], exact_from_i64(arena, steps[place]));
            steps[place] = 0;
        }
    }
    for (size_t i = 0; i < window->place_count; i++)
        quantities[i] = exact_add(arena, quantities[i], exact_from_i64(arena, steps[i]));
}

exact *switches_measure(struct switches *switches, struct arena *arena,
                        const struct switches_window *window)
{
    exact *quantities = arena_array(arena, exact, window->place_count);
    assert(window->from.us >= switches->from.us && window->from.us < window->to.us);
    sort(switches);
    if (!goes_on(switches, window))
        switches->progress = start_progress(switches, window);
    carry(switches, window->from);
    start_quantities(switches->progress, arena, window, quantities);
    add_steps(switches, arena, window, quantities);
    return quantities;
}

// SPDX-License-Identifier: Apache-2.0
// Switches held compactly: random ones, in any order and from every side, come to what the events
// come to.
#include "documents.h"
#include "filter.h"
#include "folded_switches.h"
#include "phial/rating/aggregation.h"
#include "phial/rating/switches.h"
#include "phial/rating/tally.h"

#include <stdlib.h>

enum { EVENTS = 60, SEATS = 5, MOMENTS = 25, ROUNDS = 60, WINDOWS = 12, FIRST = 8, GROUPS = 3 };

static const char *const group_names[GROUPS] = {"a/", "b/", "/"};

struct trial {
    struct documents documents;
    const struct metric *metric;
    struct usage_event events[EVENTS]; // in the order of time
    size_t groups[EVENTS];
    bool gone[EVENTS];
    struct usage usage; // those that are not gone
    struct switches *switches;
};

static int below(int count)
{
    return rand() % count; // NOLINT(cert-msc30-c,cert-msc50-cpp)
}

static void make_event(struct trial *trial, size_t i, int64_t moment)
{
    struct usage_event *event = &trial->events[i];
    trial->groups[i] = (size_t)below(GROUPS);
    // Positions are not in the order of time, but those of one time are.
    *event = (struct usage_event){.index = (int64_t)(i * 7 % EVENTS), .type = STR("t")};
    if (i > 0 && trial->events[i - 1].time.us == moment &&
        trial->events[i - 1].index > event->index)
        moment++;
    event->time.us = moment;
    const char *group = trial->groups[i] == 0   ? "'g':'a',"
                        : trial->groups[i] == 1 ? "'g':'b',"
                                                : "";
    str text = str_printf(&trial->documents.arena, "{%s'seat':'s%d','operation':'%s'}", group,
                          below(SEATS), below(2) == 0 ? "add" : "remove");
    event->properties = document(&trial->documents, str_to_c(&trial->documents.arena, text)).value;
    trial->gone[i] = below(6) == 0;
}

// As a row of its own, in a line, or as a single event; what is gone was stored once.
static void hand_over(struct trial *trial, size_t i)
{
    struct arena *arena = &trial->documents.arena;
    const struct usage_event *event = &trial->events[i];
    struct folded_switch folded = {.at = event->time, .index = event->index};
    str operation = {0};
    int way = below(trial->gone[i] ? 3 : 4);
    ck_assert(event_property(event, STR("seat"), &folded.value));
    ck_assert(event_property(event, STR("operation"), &operation));
    folded.removes = str_eq(operation, STR("remove"));
    size_t group = switches_group(trial->switches, str_from(group_names[trial->groups[i]]));
    struct usage_tally_value value = {.value = folded_switch_print(arena, &folded), .events = 1};
    if (way == 0)
        ck_assert_ok(switches_add_folded(trial->switches, group, value.value));
    else if (way == 1)
        ck_assert_ok(
            switches_add_held(trial->switches, group, usage_tally_held_print(arena, &value, 1)));
    else
        switches_add_event(trial->switches, trial->metric, event, way == 2);
}

static void open_trial(struct trial *trial, const char *aggregation)
{
    *trial = (struct trial){0};
    documents_open(&trial->documents);
    struct arena *arena = &trial->documents.arena;
    str text = str_printf(
        arena, "{'event_types':['t'],'aggregation':'%s','property':'seat','group_by':['g']}",
        aggregation);
    trial->metric = metric_of(&trial->documents, str_to_c(arena, text));
    struct usage_event *live = arena_array(arena, struct usage_event, EVENTS);
    int64_t *omitted = arena_array(arena, int64_t, EVENTS);
    size_t omitted_count = 0;
    int64_t moment = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        moment += (int64_t)below(3) * (MOMENTS * 1000 / EVENTS) / 2;
        make_event(trial, i, moment);
        moment = trial->events[i].time.us;
        if (!trial->gone[i])
            live[trial->usage.count++] = trial->events[i];
    }
    for (int64_t index = 0; index < EVENTS; index++) {
        for (size_t i = 0; i < EVENTS; i++) {
            if (trial->events[i].index == index && trial->gone[i])
                omitted[omitted_count++] = index;
        }
    }
    trial->usage.events = live;
    trial->switches = switches_new(arena, (instant){FIRST * 1000});
    switches_omit(trial->switches, omitted, omitted_count);
    for (size_t i = 0; i < EVENTS; i++)
        hand_over(trial, i * 13 % EVENTS);
}

static void check_window(struct trial *trial, const struct switches_window *window, bool grouped)
{
    struct arena *arena = &trial->documents.arena;
    static const str names[] = {{"g", 1}};
    struct usage_group *groups = NULL;
    size_t count = 0;
    struct measurement what = {.metric = trial->metric,
                               .from = window->from,
                               .to = window->to,
                               .group_by = grouped ? names : NULL,
                               .group_by_count = grouped ? 1 : 0};
    ck_assert_ok(metric_measure(arena, &what, &trial->usage, &groups, &count));
    exact *made = switches_measure(trial->switches, arena, window);
    for (size_t place = 0; place < window->place_count; place++) {
        exact wanted = exact_zero();
        exact got = made[place];
        for (size_t i = 0; i < count; i++) {
            str group =
                grouped ? str_concat(arena, groups[i].values[0], STR("/"), STR("")) : STR("");
            if (!grouped || str_eq(group, switches_group_at(trial->switches, place)))
                wanted = groups[i].quantity;
        }
        if (window->area)
            got = exact_div(arena, got, exact_from_i64(arena, window->to.us - window->from.us));
        ck_assert_msg(exact_sign(exact_sub(arena, got, wanted)) == 0, "%s, not %s",
                      str_to_c(arena, exact_print(arena, got)),
                      str_to_c(arena, exact_print(arena, wanted)));
    }
}

static void check_trial(const char *aggregation, bool area)
{
    struct trial trial;
    size_t places[GROUPS] = {0};
    open_trial(&trial, aggregation);
    int64_t from = FIRST * 1000;
    for (int i = 0; i < WINDOWS; i++) {
        bool grouped = below(3) == 0;
        size_t count = switches_group_count(trial.switches);
        ck_assert_uint_le(count, GROUPS);
        for (size_t k = 0; k < count; k++)
            places[k] = grouped ? k : 0;
        // One behind the other, then anywhere; many begin at a switch.
        const struct usage_event *near = &trial.events[below(EVENTS)];
        if (i >= WINDOWS / 2)
            from = near->time.us < FIRST * 1000 ? FIRST * 1000 : near->time.us;
        struct switches_window window = {.area = area,
                                         .from = {from},
                                         .to = {from + 1 + below(4000)},
                                         .places = places,
                                         .place_count = grouped ? count : 1};
        check_window(&trial, &window, grouped);
        from = window.to.us;
    }
    documents_close(&trial.documents);
}

START_TEST(comes_to_what_the_events_come_to)
{
    srand(11); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    for (int round = 0; round < ROUNDS; round++) {
        check_trial("active", false);
        check_trial("time_weighted", true);
    }
}
END_TEST

START_TEST(refuses_what_is_no_switch)
{
    struct arena arena = {0};
    struct switches *switches = switches_new(&arena, (instant){0});
    size_t group = switches_group(switches, STR(""));
    ck_assert_fails(INTERNAL, switches_add_folded(switches, group, STR("s1+12")));
    ck_assert_fails(INTERNAL, switches_add_held(switches, group, STR("\1\1")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("switches", comes_to_what_the_events_come_to, refuses_what_is_no_switch)

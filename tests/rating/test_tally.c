// SPDX-License-Identifier: Apache-2.0
// Events added up between bounds: each window comes to what its events come to, whatever bounds
// there are and in whatever order the events come, some of them taken away again.
#include "documents.h"
#include "phial/rating/aggregation.h"
#include "phial/rating/tally.h"

#include <stdlib.h>

enum { EVENTS = 80, BOUNDS = 5, ROUNDS = 20, SPAN_US = 40 };
#define HOUR_US INT64_C(3600000000)

static const char *const metrics[] = {
    "'aggregation':'count'",
    "'aggregation':'sum','weights':{'property':'g','values':{'a':'3'},'default':'-0.5'}",
    "'aggregation':'max'",
    "'aggregation':'min','filters':[{'property':'v','in':['v1','v2']}]",
    "'aggregation':'latest'",
    "'aggregation':'unique','property':'v'",
    "'aggregation':'unique_new','property':'v'",
    "'aggregation':'unique_days','property':'v','days':2",
    "'aggregation':'percentile','percent':'75'",
    "'aggregation':'time_weighted'",
    "'aggregation':'active','property':'v'", // of which there are no values
};

struct trial {
    struct documents documents;
    const struct zone *zone;
    struct usage_event events[EVENTS]; // in the order of time
    instant bounds[BOUNDS];
    instant to;
};

static const struct metric *metric_at(struct trial *trial, size_t place)
{
    str text = str_printf(&trial->documents.arena, "{'event_types':['t'],'group_by':['g'],%s}",
                          metrics[place]);
    return metric_of(&trial->documents, str_to_c(&trial->documents.arena, text));
}

static int below(int count)
{
    return rand() % count; // NOLINT(cert-msc30-c,cert-msc50-cpp)
}

// Within two days; an hour may have several, and a bound may cut it.
static void open_trial(struct trial *trial)
{
    documents_open(&trial->documents);
    struct arena *arena = &trial->documents.arena;
    ck_assert_ok(zone_load(arena, STR("America/New_York"), &trial->zone));
    int64_t us = at("2031-11-01T00:00:00Z").us;
    for (size_t i = 0; i < EVENTS; i++) {
        us += below(SPAN_US) * HOUR_US / 20;
        str text = str_printf(arena, "{%s'v':'v%d'}", below(3) == 0 ? "" : "'g':'a',", below(6));
        trial->events[i] = (struct usage_event){
            .index = (int64_t)(i * 7 % EVENTS),
            .type = STR("t"),
            .time = {us},
            .quantity = decimal_from_i64(below(20) - 5),
            .properties = document(&trial->documents, str_to_c(arena, text)).value,
        };
    }
    size_t next = 0;
    for (size_t i = 0; i < BOUNDS; i++) {
        next += 1 + (size_t)below(EVENTS / BOUNDS - 1);
        trial->bounds[i] = (instant){trial->events[next].time.us + below(2)};
        if (i > 0 && trial->bounds[i].us <= trial->bounds[i - 1].us)
            trial->bounds[i].us = trial->bounds[i - 1].us + 1;
    }
    trial->to = (instant){us + 1};
}

// Every fifth comes and goes, but for what an extreme would be left unknown by.
static struct usage_tally *tally_of(struct trial *trial, const struct metric *metric)
{
    struct usage_tally *tally =
        usage_tally_new_between(&trial->documents.arena, metric, trial->bounds, BOUNDS);
    enum folding folds = metric_folding(metric);
    bool takes_away = folds != FOLDS_MOST && folds != FOLDS_LEAST && folds != FOLDS_LATEST;
    for (size_t i = 0; i < EVENTS; i++) {
        const struct usage_event *event = &trial->events[i * 13 % EVENTS];
        ck_assert_ok(usage_tally_add(tally, event, false));
        if (takes_away && i % 5 == 0) {
            ck_assert_ok(usage_tally_add(tally, event, true));
            ck_assert_ok(usage_tally_add(tally, event, false));
        }
    }
    return tally;
}

static void measure_tally(struct trial *trial, const struct usage_tally *tally,
                          const struct measurement *what, struct usage_group **groups,
                          size_t *count)
{
    struct usage_tally_window *window =
        usage_tally_window_new(&trial->documents.arena, what, false);
    size_t rows = 0;
    bool worn = true;
    const struct usage_tally_line *lines = usage_tally_lines(tally, &rows);
    for (size_t i = 0; i < rows; i++) {
        bool earlier = lines[i].bucket.us < what->from.us;
        if (lines[i].bucket.us < what->to.us && (!earlier || metric_carries(what->metric)))
            ck_assert_ok(usage_tally_window_line(window, &lines[i], earlier));
    }
    const struct usage_tally_value *values = usage_tally_values(tally, &rows);
    for (size_t i = 0; i < rows; i++) {
        bool earlier = values[i].bucket.us < what->from.us;
        if (values[i].bucket.us < what->to.us && (!earlier || metric_carries(what->metric)))
            ck_assert_ok(usage_tally_window_value(window, &values[i], earlier));
    }
    ck_assert_ok(usage_tally_window_measure(window, &worn, groups, count));
    ck_assert(!worn);
}

static void check_window(struct trial *trial, const struct usage_tally *tally,
                         const struct measurement *what)
{
    struct arena *arena = &trial->documents.arena;
    struct usage usage = {.events = trial->events, .count = EVENTS};
    struct usage_group *wanted = NULL;
    struct usage_group *got = NULL;
    size_t wanted_count = 0;
    size_t count = 0;
    ck_assert_ok(metric_measure(arena, what, &usage, &wanted, &wanted_count));
    measure_tally(trial, tally, what, &got, &count);
    ck_assert_uint_eq(count, wanted_count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(exact_compare(got[i].quantity, wanted[i].quantity) == 0, "%s, not %s",
                      str_to_c(arena, exact_print(arena, got[i].quantity)),
                      str_to_c(arena, exact_print(arena, wanted[i].quantity)));
        ck_assert_int_eq(got[i].events, wanted[i].events);
        ck_assert(what->group_by == NULL || str_eq(got[i].values[0], wanted[i].values[0]));
    }
}

static void check_metric(struct trial *trial, const struct metric *metric)
{
    static const str group[] = {{"g", 1}};
    const struct usage_tally *tally = tally_of(trial, metric);
    for (size_t first = 0; first < BOUNDS; first++) {
        for (size_t last = first + 1; last <= BOUNDS; last++) {
            struct measurement what = {
                .metric = metric,
                .from = trial->bounds[first],
                .to = last == BOUNDS ? trial->to : trial->bounds[last],
                .zone = trial->zone,
            };
            check_window(trial, tally, &what);
            what.group_by = group;
            what.group_by_count = 1;
            check_window(trial, tally, &what);
        }
    }
}

START_TEST(comes_to_what_the_events_come_to)
{
    srand(5); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    for (int round = 0; round < ROUNDS; round++) {
        struct trial trial = {0};
        open_trial(&trial);
        for (size_t i = 0; i < COUNT_OF(metrics) - 1; i++)
            check_metric(&trial, metric_at(&trial, i));
        documents_close(&trial.documents);
    }
}
END_TEST

// What lies between two bounds is a line a group, however many events it is.
START_TEST(takes_a_line_a_group_and_window)
{
    struct trial trial = {0};
    size_t count = 0;
    open_trial(&trial);
    (void)usage_tally_lines(tally_of(&trial, metric_at(&trial, 0)), &count);
    ck_assert_uint_le(count, (size_t)2 * (BOUNDS + 1));
    (void)usage_tally_values(tally_of(&trial, metric_at(&trial, COUNT_OF(metrics) - 1)), &count);
    ck_assert_uint_eq(count, 0);
    documents_close(&trial.documents);
}
END_TEST

TEST_MAIN("tally", comes_to_what_the_events_come_to, takes_a_line_a_group_and_window)

// SPDX-License-Identifier: Apache-2.0
#include "documents.h"

#define METRIC(members) "{'event_types': ['t'], " members "}"

// A log of usage entries, folded.
struct log_of_events {
    struct usage_fold *fold;
    struct usage usage;
};

static void fold_entry(struct documents *documents, struct log_of_events *log, int64_t index,
                       const char *leaf)
{
    ck_assert_ok(usage_fold_add(log->fold, index, quoted(&documents->arena, leaf)));
}

#define EVENT(id, time, quantity, properties)                                             \
    "{'actor':'a','at':'2026-11-01T00:00:00.000000Z','customer':'c','event':{'id':'" id   \
    "','properties':{" properties "},'quantity':'" quantity "','source':'','time':'" time \
    "','type':'t'},'kind':'usage','v':1}"
#define VOID(index) "{'kind':'void','reason':'r','ref':{'index':" index ",'leaf':''},'v':1}"
#define AMEND(index, set) \
    "{'kind':'amend','reason':'r','ref':{'index':" index ",'leaf':''},'set':{" set "},'v':1}"

static void fold_examples(struct documents *documents, struct log_of_events *log)
{
    log->fold = usage_fold_new(&documents->arena);
    fold_entry(documents, log, 0, "{'kind':'plan','v':1}");
    fold_entry(documents, log, 1,
               EVENT("1", "2026-11-02T00:00:00.000000Z", "2", "'m':'ct','x':'1.5','flag':true"));
    fold_entry(documents, log, 2,
               EVENT("2", "2026-11-01T00:00:00.000000Z", "-3", "'m':'mri','x':'10'"));
    fold_entry(documents, log, 3, EVENT("3", "2026-11-02T00:00:00.000000Z", "4", "'m':'ct'"));
    fold_entry(documents, log, 4, EVENT("4", "2026-11-03T00:00:00.000000Z", "100", "'m':'ct'"));
    fold_entry(documents, log, 5, VOID("4"));
    fold_entry(documents, log, 6,
               EVENT("5", "2026-12-24T00:00:00.000000Z", "7", "'m':'xray','x':'0.5'"));
    fold_entry(documents, log, 7,
               AMEND("6", "'quantity':'1','time':'2026-11-05T00:00:00.000000Z',"
                          "'properties':{'x':'2.5','flag':false}"));
    ck_assert_ok(usage_fold_end(log->fold, &log->usage));
}

START_TEST(folds_voids_and_amendments)
{
    struct documents documents;
    struct log_of_events log;
    documents_open(&documents);
    fold_examples(&documents, &log);
    static const int64_t order[] = {2, 1, 3, 6};
    ck_assert_uint_eq(log.usage.count, COUNT_OF(order));
    for (size_t i = 0; i < COUNT_OF(order); i++)
        ck_assert_int_eq(log.usage.events[i].index, order[i]);
    const struct usage_event *amended = &log.usage.events[3];
    ck_assert_int_eq(amended->time.us, at("2026-11-05T00:00:00Z").us);
    ck_assert_str_eq(json_string_value(json_object_get(amended->properties, "m")), "xray");
    ck_assert_str_eq(json_string_value(json_object_get(amended->properties, "x")), "2.5");
    ck_assert(usage_fold_find(log.fold, 4)->voided);
    ck_assert_ptr_null(usage_fold_find(log.fold, 5));
    usage_fold_release(&log.fold);
    documents_close(&documents);
}
END_TEST

START_TEST(takes_entries_in_any_order)
{
    struct documents documents;
    struct log_of_events log;
    documents_open(&documents);
    log.fold = usage_fold_new(&documents.arena);
    fold_entry(&documents, &log, 5, VOID("1"));
    fold_entry(&documents, &log, 2, EVENT("2", "2026-11-01T00:00:00.000000Z", "1", ""));
    fold_entry(&documents, &log, 1, EVENT("1", "2026-11-01T00:00:00.000000Z", "1", ""));
    fold_entry(&documents, &log, 4, AMEND("1", "'quantity':'2'"));
    ck_assert_ok(usage_fold_end(log.fold, &log.usage));
    ck_assert_uint_eq(log.usage.count, 1);
    ck_assert_int_eq(log.usage.events[0].index, 2);
    usage_fold_release(&log.fold);
    documents_close(&documents);
}
END_TEST

START_TEST(refuses_corrections_of_what_is_not_live)
{
    static const char *const corrections[][2] = {
        {VOID("9"), NULL},
        {VOID("3"), NULL},
        {VOID("1"), VOID("1")},
        {VOID("1"), AMEND("1", "'quantity':'2'")},
        {AMEND("9", "'quantity':'2'"), NULL},
    };
    for (size_t i = 0; i < COUNT_OF(corrections); i++) {
        struct documents documents;
        struct log_of_events log;
        documents_open(&documents);
        log.fold = usage_fold_new(&documents.arena);
        fold_entry(&documents, &log, 1, EVENT("1", "2026-11-01T00:00:00.000000Z", "1", ""));
        for (int64_t j = 0; j < 2 && corrections[i][j] != NULL; j++)
            fold_entry(&documents, &log, 3 + j, corrections[i][j]);
        ck_assert_fails(VERIFICATION_FAILED, usage_fold_end(log.fold, &log.usage));
        usage_fold_release(&log.fold);
        documents_close(&documents);
    }
}
END_TEST

START_TEST(refuses_malformed_entries)
{
    static const char *const leaves[] = {
        "",
        "[]",
        "{",
        "{'v':1}",
        "{'kind':7}",
        "{'kind':'usage'}",
        "{'kind':'usage','event':{'id':'1','quantity':'1','source':'','time':'x','type':'t'}}",
        EVENT("1", "2026-11-01T00:00:00.000000Z", "one", ""),
        "{'kind':'void'}",
        "{'kind':'void','ref':{'index':'1'}}",
        "{'kind':'amend','ref':{'index':1}}",
        AMEND("1", "'quantity':2"),
        AMEND("1", "'properties':[]"),
    };
    struct documents documents;
    documents_open(&documents);
    struct usage_fold *fold = usage_fold_new(&documents.arena);
    for (size_t i = 0; i < COUNT_OF(leaves); i++) {
        result added = usage_fold_add(fold, 1, quoted(&documents.arena, leaves[i]));
        ck_assert_msg(added.code == ERR_INVALID, "%s", leaves[i]);
    }
    usage_fold_release(&fold);
    documents_close(&documents);
}
END_TEST

// Values over time: v is switched on and off, and seen day by day.
static void fold_switches(struct documents *documents, struct log_of_events *log)
{
    static const char *const leaves[] = {
        EVENT("1", "2026-10-20T00:00:00.000000Z", "10", "'v':'a','operation':'add'"),
        EVENT("2", "2026-10-21T00:00:00.000000Z", "-4", "'v':'b','operation':'add'"),
        EVENT("3", "2026-10-22T00:00:00.000000Z", "0", "'v':'b','operation':'remove'"),
        EVENT("4", "2026-11-01T00:00:00.000000Z", "2", "'v':'c','operation':'add'"),
        EVENT("5", "2026-11-01T00:00:00.000000Z", "1", "'v':'c','operation':'remove'"),
        EVENT("6", "2026-11-01T00:00:00.000000Z", "0", "'v':'d','operation':'remove'"),
        EVENT("7", "2026-10-23T00:00:00.000000Z", "0", "'v':'d','operation':'add'"),
        EVENT("8", "2026-11-16T00:00:00.000000Z", "5", "'v':'b','operation':'add'"),
        EVENT("9", "2026-11-16T00:00:00.000000Z", "7", "'v':'e','operation':'moved'"),
        EVENT("10", "2026-11-21T00:00:00.000000Z", "20", "'v':'a','operation':'remove'"),
    };
    log->fold = usage_fold_new(&documents->arena);
    for (size_t i = 0; i < COUNT_OF(leaves); i++)
        fold_entry(documents, log, (int64_t)i, leaves[i]);
    ck_assert_ok(usage_fold_end(log->fold, &log->usage));
}

static str measured(struct documents *documents, const struct log_of_events *log, const char *text,
                    int64_t *events)
{
    struct measurement what = {
        .metric = metric_of(documents, text),
        .from = at("2026-11-01T00:00:00Z"),
        .to = at("2026-12-01T00:00:00Z"),
        .zone = zone_utc(),
    };
    struct usage_group *groups = NULL;
    size_t count = 0;
    ck_assert_ok(metric_measure(&documents->arena, &what, &log->usage, &groups, &count));
    ck_assert_uint_eq(count, 1);
    *events = groups[0].events;
    return exact_print(&documents->arena, groups[0].quantity);
}

struct quantity_case {
    const char *metric;
    const char *quantity;
    int64_t events;
};

static void comes_to(const struct quantity_case *cases, size_t count,
                     void (*fold)(struct documents *documents, struct log_of_events *log))
{
    struct documents documents;
    struct log_of_events log;
    documents_open(&documents);
    fold(&documents, &log);
    for (size_t i = 0; i < count; i++) {
        int64_t events = 0;
        str quantity = measured(&documents, &log, cases[i].metric, &events);
        ck_assert_msg(str_eq(quantity, str_from(cases[i].quantity)), "%s: %s", cases[i].metric,
                      str_to_c(&documents.arena, quantity));
        ck_assert_int_eq(events, cases[i].events);
    }
    usage_fold_release(&log.fold);
    documents_close(&documents);
}

START_TEST(measures)
{
    static const struct quantity_case cases[] = {
        {METRIC("'aggregation': 'count'"), "4", 4},
        {METRIC("'aggregation': 'count', 'property': 'x'"), "3", 3},
        {METRIC("'aggregation': 'sum'"), "4", 4},
        {METRIC("'aggregation': 'sum', 'property': 'x'"), "14", 3},
        {METRIC("'aggregation': 'sum', 'property': 'm'"), "0", 0}, // no numbers
        {METRIC("'aggregation': 'max'"), "4", 4},
        {METRIC("'aggregation': 'max', 'property': 'x'"), "10", 3},
        {METRIC("'aggregation': 'min'"), "-3", 4},
        {METRIC("'aggregation': 'latest'"), "1", 4},
        {METRIC("'aggregation': 'unique', 'property': 'm'"), "3", 4},
        {METRIC("'aggregation': 'unique', 'property': 'flag'"), "2", 2},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'm', 'in': ['ct', 'pet']}]"), "2",
         2},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'm', 'not_in': ['ct']}]"), "2",
         2},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'flag', 'eq': true}]"), "1", 1},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'flag', 'not_in': [true]}]"), "1",
         1},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'x', 'exists': false}]"), "1", 1},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'x', 'exists': true}]"), "3", 3},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'x', 'gt': '2.5'}]"), "1", 1},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'x', 'gte': '2.50'}]"), "2", 2},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'x', 'gte': 1, 'lt': '10'}]"),
         "2", 2},
        {METRIC("'aggregation': 'count', 'filters': [{'property': 'm', 'lte': '10'}]"), "0", 0},
        {METRIC("'aggregation': 'max', 'filters': [{'property': 'z', 'eq': 'x'}]"), "0", 0},
        {METRIC("'aggregation': 'sum', 'weights': {'property': 'm', 'values': {'ct': '3', 'mri': "
                "'5'}, 'default': '0.5'}"),
         "3.5", 4},
        {METRIC("'aggregation': 'sum', 'weights': {'property': 'z', 'default': '0.001'}, 'round': "
                "{'mode': 'ceil', 'digits': 0}"),
         "1", 4},
        {METRIC("'aggregation': 'sum', 'property': 'x', 'round': {'mode': 'floor', 'digits': -1}"),
         "10", 3},
        {METRIC("'aggregation': 'sum', 'property': 'x', 'round': {'mode': 'half_up', 'digits': "
                "-1}"),
         "10", 3},
        {"{'event_types': ['other'], 'aggregation': 'count'}", "0", 0},
    };
    comes_to(cases, COUNT_OF(cases), fold_examples);
}
END_TEST

START_TEST(carries_in_what_was_before)
{
    static const struct quantity_case cases[] = {
        // 6 for 30 days, 3 more for 30, 12 more for 15, 20 more for 10
        {METRIC("'aggregation': 'time_weighted'"), "21.666666666667", 6},
        // a for 20 days, b for 15
        {METRIC("'aggregation': 'time_weighted', 'property': 'v'"), "1.166666666667", 5},
        {METRIC("'aggregation': 'time_weighted', 'round': {'mode': 'ceil', 'digits': -1}"), "30",
         6},
        {METRIC("'aggregation': 'active', 'property': 'v'"), "3", 5},     // a, b, c
        {METRIC("'aggregation': 'unique_new', 'property': 'v'"), "2", 6}, // c, e
        {METRIC("'aggregation': 'unique_new', 'property': 'v', 'filters': [{'property': "
                "'operation', 'eq': 'add'}]"),
         "1", 2},
        {METRIC("'aggregation': 'unique_days', 'property': 'v', 'days': 1"), "5", 6},
        {METRIC("'aggregation': 'percentile', 'percent': '50'"), "2", 6}, // of 0 1 2 5 7 20
        {METRIC("'aggregation': 'percentile', 'percent': '0'"), "0", 6},
        {METRIC("'aggregation': 'percentile', 'percent': '100'"), "20", 6},
        {METRIC("'aggregation': 'percentile', 'percent': '66.7'"), "7", 6},
        {METRIC("'aggregation': 'percentile', 'percent': '66.6'"), "5", 6},
    };
    comes_to(cases, COUNT_OF(cases), fold_switches);
}
END_TEST

// The clocks go back on 1 November 2026 in New York: that local day has 25 hours.
START_TEST(counts_local_days)
{
    static const struct {
        const char *metric;
        const char *quantity;
    } cases[] = {
        {METRIC("'aggregation': 'unique_days', 'property': 'v', 'days': 2"), "1"},
        {METRIC("'aggregation': 'unique_days', 'property': 'v', 'days': 1, 'max_days': 1"), "1"},
        {METRIC("'aggregation': 'unique_days', 'property': 'v', 'days': 3"), "0"},
    };
    struct documents documents;
    struct log_of_events log = {0};
    documents_open(&documents);
    struct measurement what = {.from = at("2026-11-01T04:00:00Z"),
                               .to = at("2026-12-01T05:00:00Z")};
    ck_assert_ok(zone_load(&documents.arena, STR("America/New_York"), &what.zone));
    log.fold = usage_fold_new(&documents.arena);
    fold_entry(&documents, &log, 0, EVENT("1", "2026-11-01T04:30:00.000000Z", "1", "'v':'a'"));
    fold_entry(&documents, &log, 1, EVENT("2", "2026-11-02T04:30:00.000000Z", "1", "'v':'a'"));
    fold_entry(&documents, &log, 2, EVENT("3", "2026-11-02T04:30:00.000000Z", "1", "'v':'b'"));
    fold_entry(&documents, &log, 3, EVENT("4", "2026-11-02T05:30:00.000000Z", "1", "'v':'b'"));
    fold_entry(&documents, &log, 4, EVENT("5", "2026-11-01T03:30:00.000000Z", "1", "'v':'a'"));
    ck_assert_ok(usage_fold_end(log.fold, &log.usage));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct usage_group *groups = NULL;
        size_t count = 0;
        what.metric = metric_of(&documents, cases[i].metric);
        ck_assert_ok(metric_measure(&documents.arena, &what, &log.usage, &groups, &count));
        ck_assert_text(&documents.arena, exact_print(&documents.arena, groups[0].quantity),
                       cases[i].quantity);
    }
    usage_fold_release(&log.fold);
    documents_close(&documents);
}
END_TEST

// What was carried in makes a group, though nothing happens in the window; what has ended does not.
START_TEST(groups_by_what_is_carried_in)
{
    struct documents documents;
    struct log_of_events log;
    documents_open(&documents);
    fold_switches(&documents, &log);
    static const str group_by[] = {{"v", 1}};
    struct measurement what = {
        .metric = metric_of(&documents, METRIC("'aggregation': 'active', 'property': 'v'")),
        .group_by = group_by,
        .group_by_count = COUNT_OF(group_by),
        .from = at("2026-11-02T00:00:00Z"),
        .to = at("2026-11-03T00:00:00Z"),
        .zone = zone_utc(),
    };
    struct usage_group *groups = NULL;
    size_t count = 0;
    ck_assert_ok(metric_measure(&documents.arena, &what, &log.usage, &groups, &count));
    ck_assert_uint_eq(count, 1);
    ck_assert_text(&documents.arena, groups[0].values[0], "a");
    ck_assert_int_eq(groups[0].events, 0);
    what.to = what.from;
    ck_assert_ok(metric_measure(&documents.arena, &what, &log.usage, &groups, &count));
    ck_assert_uint_eq(count, 0);
    usage_fold_release(&log.fold);
    documents_close(&documents);
}
END_TEST

START_TEST(groups_in_byte_order)
{
    struct documents documents;
    struct log_of_events log;
    documents_open(&documents);
    fold_examples(&documents, &log);
    static const str group_by[] = {{"x", 1}, {"m", 1}};
    struct measurement what = {
        .metric = metric_of(&documents, METRIC("'aggregation': 'count'")),
        .group_by = group_by,
        .group_by_count = COUNT_OF(group_by),
        .from = at("2026-11-01T00:00:00Z"),
        .to = at("2026-12-01T00:00:00Z"),
        .zone = zone_utc(),
    };
    struct usage_group *groups = NULL;
    size_t count = 0;
    ck_assert_ok(metric_measure(&documents.arena, &what, &log.usage, &groups, &count));
    static const char *const expected[][2] = {
        {"", "ct"}, {"1.5", "ct"}, {"10", "mri"}, {"2.5", "xray"}};
    ck_assert_uint_eq(count, COUNT_OF(expected));
    for (size_t i = 0; i < count; i++) {
        ck_assert_text(&documents.arena, groups[i].values[0], expected[i][0]);
        ck_assert_text(&documents.arena, groups[i].values[1], expected[i][1]);
        ck_assert_int_eq(groups[i].events, 1);
        ck_assert_int_eq(groups[i].to_index, groups[i].from_index + 1);
    }
    what.to = what.from;
    ck_assert_ok(metric_measure(&documents.arena, &what, &log.usage, &groups, &count));
    ck_assert_uint_eq(count, 0);
    usage_fold_release(&log.fold);
    documents_close(&documents);
}
END_TEST

START_TEST(refuses_with_a_pointer)
{
    static const struct {
        const char *text;
        const char *fault;
    } cases[] = {
        {"{'aggregation': 'count'}", "missing_member /event_types"},
        {"{'event_types': [], 'aggregation': 'count'}", "invalid /event_types"},
        {"{'event_types': [7], 'aggregation': 'count'}", "invalid /event_types/0"},
        {METRIC("'aggregation': 'median', 'property': 'x'"), "invalid /aggregation"},
        {METRIC("'aggregation': 'percentile', 'property': 'x'"), "missing_member /percent"},
        {METRIC("'aggregation': 'percentile', 'percent': '100.5'"), "invalid /percent"},
        {METRIC("'aggregation': 'percentile', 'percent': 9.5"), "decimal_expected /percent"},
        {METRIC("'aggregation': 'sum', 'percent': '50'"), "invalid /percent"},
        {METRIC("'aggregation': 'active'"), "missing_member /property"},
        {METRIC("'aggregation': 'unique_new'"), "missing_member /property"},
        {METRIC("'aggregation': 'unique_days', 'property': 'x'"), "missing_member /days"},
        {METRIC("'aggregation': 'unique_days', 'property': 'x', 'days': 0"), "invalid /days"},
        {METRIC("'aggregation': 'unique_days', 'property': 'x', 'days': 16, 'max_days': 15"),
         "invalid /max_days"},
        {METRIC("'aggregation': 'unique', 'property': 'x', 'max_days': 15"), "invalid /max_days"},
        {METRIC("'aggregation': 'unique'"), "missing_member /property"},
        {METRIC("'aggregation': 'sum', 'property': 'X'"), "invalid /property"},
        {METRIC("'aggregation': 'sum', 'property': ''"), "invalid /property"},
        {METRIC("'aggregation': 'count', 'weights': {'property': 'x'}"), "invalid /weights"},
        {METRIC("'aggregation': 'sum', 'weights': {'property': 'x', 'values': {'a': 'b'}}"),
         "decimal_expected /weights/values/a"},
        {METRIC("'aggregation': 'sum', 'round': {'mode': 'up'}"), "invalid /round/mode"},
        {METRIC("'aggregation': 'sum', 'round': {'mode': 'ceil', 'digits': 13}"),
         "invalid /round/digits"},
        {METRIC("'aggregation': 'sum', 'group_by': ['a', 'a']"), "invalid /group_by/1"},
        {METRIC("'aggregation': 'sum', 'filters': [{'property': 'x', 'in': []}]"),
         "invalid /filters/0/in"},
        {METRIC("'aggregation': 'sum', 'filters': [{'property': 'x', 'gt': 'high'}]"),
         "decimal_expected /filters/0/gt"},
        {METRIC("'aggregation': 'sum', 'filters': [{'property': 'x', 'like': 'high'}]"),
         "unknown_member /filters/0"},
        {METRIC("'aggregation': 'sum', 'version': 2"), "unknown_member "},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct documents documents;
        documents_open(&documents);
        ck_assert_msg(metric_parse(document(&documents, cases[i].text), false) == NULL, "%s",
                      cases[i].text);
        ck_assert_str_eq(first_fault(&documents), cases[i].fault);
        documents_close(&documents);
    }
}
END_TEST

TEST_MAIN("metric", folds_voids_and_amendments, takes_entries_in_any_order,
          refuses_corrections_of_what_is_not_live, refuses_malformed_entries, measures,
          carries_in_what_was_before, counts_local_days, groups_by_what_is_carried_in,
          groups_in_byte_order, refuses_with_a_pointer)

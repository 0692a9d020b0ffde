// SPDX-License-Identifier: Apache-2.0
// What usage costs by its charge's model, from segment to segment of a period.
#include "story.h"

#define OUTCOME                                                                                 \
    CHARGE("'model': 'outcome', 'subject': 's', 'exclusive': true, 'prices': [{'match': {'g': " \
           "'high'}, 'unit_amount': '50'}, {'match': {'g': 'low'}, 'unit_amount': '20'}]")
#define FLAT CHARGE("'model': 'volume', 'tiers': [{'unit_amount': '1', 'flat_amount': '5'}]")
#define SHARE CHARGE("'model': 'percentage', 'rate': '50', 'free_units': '10'")

static const struct story stories[] = {
    {"negative usage is rated by per_unit alone",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'charges': [{'key': 'c', 'metric': 'm', 'model': 'per_unit', 'unit_amount': "
                  "'1', 'free_units': '5'}, {'key': 'd', 'metric': 'm', 'model': 'volume', "
                  "'tiers': [{'unit_amount': '1', 'flat_amount': '2'}]}]")}},
     {{"2026-11-12T04:00:00Z", "-6", ""}},
     NULL,
     1,
     "c -6.00, d 2.00 = -4.00"},
    {"an exclusive outcome is one a subject and period, whatever its segments",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(OUTCOME)}, {"2026-11-16T05:00:00Z", PLAN(OUTCOME)}},
     {{"2026-11-02T05:00:00Z", "1", "low', 's': 'p1"},
      {"2026-11-03T05:00:00Z", "1", "high', 's': 'p2"},
      {"2026-11-20T05:00:00Z", "1", "high', 's': 'p1"},
      {"2026-11-21T05:00:00Z", "1", "low', 's': 'p2"},
      {"2026-11-22T05:00:00Z", "1", "low', 's': 'p3"}},
     NULL,
     1,
     "c 70.00, c 50.00 = 120.00"},
    {"tiers that go on: what was billed at zero is not billed again",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'tier_scope': 'period', " FLAT)},
      {"2026-11-16T05:00:00Z", PLAN("'tier_scope': 'period', " FLAT)}},
     {{"2026-11-20T05:00:00Z", "3", ""}},
     NULL,
     1,
     "c 5.00, c 3.00 = 8.00"},
    {"tiers that restart",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(FLAT)}, {"2026-11-16T05:00:00Z", PLAN(FLAT)}},
     {{"2026-11-20T05:00:00Z", "3", ""}},
     NULL,
     1,
     "c 5.00, c 8.00 = 13.00"},
    {"tiers begin after the trial",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'tier_scope': 'period', 'trial_days': 15, " FLAT)},
      {"2026-11-16T05:00:00Z", PLAN("'tier_scope': 'period', " FLAT)}},
     {{"2026-11-02T05:00:00Z", "8", ""}, {"2026-11-20T05:00:00Z", "3", ""}},
     NULL,
     1,
     "c 0.00, c 8.00 = 8.00"},
    {"tiers of a group that was by another property",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(CHARGE("'model': 'per_unit', 'unit_amount': '1', 'group_by': ['g']"))},
      {"2026-11-16T05:00:00Z",
       PLAN("'tier_scope': 'period', " CHARGE(
           "'model': 'graduated', 'group_by': ['s'], 'tiers': [{'up_to': '10', 'unit_amount': "
           "'1'}, {'up_to': null, 'unit_amount': '100'}]"))}},
     {{"2026-11-02T05:00:00Z", "10", "a"}, {"2026-11-20T05:00:00Z", "5", "', 's': 'a"}},
     NULL,
     1,
     "c 10.00, c 5.00 = 15.00"},
    {"free units of a percentage go on",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'tier_scope': 'period', " SHARE)},
      {"2026-11-16T05:00:00Z", PLAN("'tier_scope': 'period', " SHARE)}},
     {{"2026-11-02T05:00:00Z", "8", ""}, {"2026-11-20T05:00:00Z", "8", ""}},
     NULL,
     1,
     "c 0.00, c 3.00 = 3.00"},
    {"or begin again",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(SHARE)}, {"2026-11-16T05:00:00Z", PLAN(SHARE)}},
     {{"2026-11-02T05:00:00Z", "8", ""}, {"2026-11-20T05:00:00Z", "12", ""}},
     NULL,
     1,
     "c 0.00, c 1.00 = 1.00"},
    {"the amounts that events carry",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(CHARGE("'model': 'dynamic'"))}},
     {{"2026-11-02T05:00:00Z", "8", "', 'amount': '1.251"},
      {"2026-11-20T05:00:00Z", "8", ""},
      {"2026-11-21T05:00:00Z", "8", "', 'amount': '2.252"}},
     NULL,
     1,
     "c 3.50 = 3.50"},
    {"a matrix in groups",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(CHARGE("'model': 'matrix', 'group_by': ['g'], 'prices': [{'match': {'s': 'x'}, "
                         "'unit_amount': '10'}], 'default': '1'"))}},
     {{"2026-11-02T05:00:00Z", "2", "b', 's': 'x"},
      {"2026-11-03T05:00:00Z", "3", "a"},
      {"2026-11-04T05:00:00Z", "1", "b"},
      {"2026-11-05T05:00:00Z", "1", "a', 's': 'x"}},
     NULL,
     1,
     "c 13.00, c 21.00 = 34.00"},
};

START_TEST(comes_to)
{
    comes_to_what_is_expected(stories, COUNT_OF(stories));
}
END_TEST

// A level that two cells of a group have taken to nothing between them, before the period.
START_TEST(a_group_that_comes_to_nothing_bills_its_cells)
{
    static const struct story story = {
        .start = "2026-11-01T04:00:00Z",
        .plans = {{NULL, PLAN(CHARGE("'model': 'matrix', 'group_by': ['g'], 'prices': [{'match': "
                                     "{'s': 'x'}, 'unit_amount': '10'}], 'default': '1'"))}},
        .events = {{"2026-10-02T05:00:00Z", "5", "b', 's': 'x"},
                   {"2026-10-03T05:00:00Z", "-5", "b', 's': 'y"},
                   {"2026-10-04T05:00:00Z", "2", "a', 's': 'x"},
                   {"2026-10-05T05:00:00Z", "3", "c', 's': 'x"},
                   {"2026-10-06T05:00:00Z", "-3", "c', 's': 'x"}},
        .period = 1,
    };
    struct documents documents;
    documents_open(&documents);
    struct subscription_terms terms = {0};
    const json_t *statement =
        compute_with(&documents, &story,
                     "{'key': 'm', 'event_types': ['t'], 'aggregation': 'time_weighted'}", &terms);
    ck_assert_str_eq(print_lines(&documents, statement), "c 20.00, c 50.00 = 70.00");
    documents_close(&documents);
}
END_TEST

TEST_MAIN("models", comes_to, a_group_that_comes_to_nothing_bills_its_cells)

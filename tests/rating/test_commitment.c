// SPDX-License-Identifier: Apache-2.0
#include "documents.h"
#include "phial/rating/statement.h"

#define PLAN(members) \
    "{'key': 'p', 'currency': 'USD', 'interval': 'month', 'charges': []" members "}"
#define COMMITTED(amount) ", 'commitment': {'amount': '" amount "', 'overage_factor': '1'}"

enum { PLANS_MAX = 2 };

START_TEST(a_short_period_commits_to_its_share)
{
    static const struct {
        const char *start;
        const char *end; // NULL: none
        struct {
            const char *from;
            const char *text;
        } plans[PLANS_MAX];
        int64_t period;
        const char *expected;
    } cases[] = {
        {"2026-06-01T00:00:00Z", NULL, {{"2026-06-01T00:00:00Z", PLAN(COMMITTED("90"))}}, 1, "90"},
        {"2026-06-16T00:00:00Z", NULL, {{"2026-06-16T00:00:00Z", PLAN(COMMITTED("90"))}}, 1, "45"},
        {"2026-06-16T00:00:00Z", NULL, {{"2026-06-16T00:00:00Z", PLAN(COMMITTED("90"))}}, 2, "90"},
        {"2026-06-01T00:00:00Z",
         "2026-06-11T00:00:00Z",
         {{"2026-06-01T00:00:00Z", PLAN(COMMITTED("90"))}},
         1,
         "30"},
        {"2026-06-01T00:00:00Z", NULL, {{"2026-06-01T00:00:00Z", PLAN("")}}, 1, "0"},
        {"2026-06-01T00:00:00Z",
         NULL,
         {{"2026-06-01T00:00:00Z", PLAN(COMMITTED("90"))}, {"2026-06-11T00:00:00Z", PLAN("")}},
         1,
         "30"},
        {"2026-06-01T00:00:00Z",
         NULL,
         {{"2026-06-01T00:00:00Z", PLAN(COMMITTED("90"))},
          {"2026-06-21T00:00:00Z", PLAN(COMMITTED("30"))}},
         1,
         "70"},
        {"2026-06-01T00:00:00Z",
         NULL,
         {{"2026-06-01T00:00:00Z", PLAN(COMMITTED("90") ", 'trial_days': 20")}},
         1,
         "30"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct documents documents;
        struct segment segments[PLANS_MAX] = {0};
        struct subscription_terms terms = {.currency = CURRENCY_USD, .segments = segments};
        exact amount = exact_zero();
        documents_open(&documents);
        terms.zone = zone_utc();
        ck_assert_ok(instant_parse(str_from(cases[i].start), &terms.start));
        terms.has_end = cases[i].end != NULL;
        if (terms.has_end)
            ck_assert_ok(instant_parse(str_from(cases[i].end), &terms.end));
        for (size_t k = 0; k < PLANS_MAX && cases[i].plans[k].text != NULL; k++) {
            segments[k].plan = plan_parse(document(&documents, cases[i].plans[k].text), true);
            ck_assert_msg(segments[k].plan != NULL, "%s", first_fault(&documents));
            ck_assert_ok(instant_parse(str_from(cases[i].plans[k].from), &segments[k].from));
            terms.segment_count = k + 1;
        }
        ck_assert_ok(period_commitment(&documents.arena, &terms, cases[i].period, &amount));
        ck_assert_str_eq(str_to_c(&documents.arena, exact_print(&documents.arena, amount)),
                         cases[i].expected);
        documents_close(&documents);
    }
}
END_TEST

START_TEST(there_is_none_beyond_the_end)
{
    struct documents documents;
    documents_open(&documents);
    exact amount = exact_from_i64(&documents.arena, 7);
    struct segment segment = {.plan = plan_parse(document(&documents, PLAN("")), true)};
    struct subscription_terms terms = {.currency = CURRENCY_USD,
                                       .zone = zone_utc(),
                                       .has_end = true,
                                       .end = {86400000000},
                                       .segments = &segment,
                                       .segment_count = 1};
    ck_assert_fails(NOT_FOUND, period_commitment(&documents.arena, &terms, 2, &amount));
    ck_assert_int_eq(exact_compare(amount, exact_from_i64(&documents.arena, 7)), 0);
    documents_close(&documents);
}
END_TEST

TEST_MAIN("commitment", a_short_period_commits_to_its_share, there_is_none_beyond_the_end)

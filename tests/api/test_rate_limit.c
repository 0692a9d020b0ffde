// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/api/rate_limit.h"

#include <pthread.h>
#include <stdio.h>

enum { SECOND = 1000000 };

START_TEST(a_key_may_burst_and_then_goes_at_its_rate)
{
    struct rate_limit *limit = rate_limit_open(2, 5);
    int64_t now_us = 77;
    for (int64_t left = 4; left >= 0; left--) {
        struct rate_verdict rate = rate_limit_take(limit, STR("a"), now_us);
        ck_assert(rate.allowed);
        ck_assert_int_eq(rate.burst, 5);
        ck_assert_int_eq(rate.window_seconds, 3);
        ck_assert_int_eq(rate.left, left);
        ck_assert_int_eq(rate.full_seconds, (5 - left + 1) / 2);
        ck_assert_int_eq(rate.retry_seconds, 0);
    }
    struct rate_verdict rate = rate_limit_take(limit, STR("a"), now_us);
    ck_assert(!rate.allowed);
    ck_assert_int_eq(rate.left, 0);
    ck_assert_int_eq(rate.retry_seconds, 1);
    ck_assert(rate_limit_take(limit, STR("b"), now_us).allowed); // each has its own

    ck_assert(!rate_limit_take(limit, STR("a"), now_us + SECOND / 2 - 1).allowed);
    ck_assert(rate_limit_take(limit, STR("a"), now_us + SECOND / 2).allowed);
    ck_assert(!rate_limit_take(limit, STR("a"), now_us + SECOND / 2).allowed);
    rate = rate_limit_take(limit, STR("a"), now_us + INT64_C(1000000) * SECOND);
    ck_assert_int_eq(rate.left, 4); // no fuller than full
    rate_limit_close(limit);
}
END_TEST

START_TEST(the_extremes_hold)
{
    static const struct {
        int64_t per_second;
        int64_t burst;
        int64_t window_seconds;
        int64_t retry_seconds;
    } cases[] = {{1, 1, 1, 1}, {1, 1000000, 1000000, 1}, {1000000, 1, 1, 1}, {3, 10, 4, 1}};
    ck_assert_ptr_null(rate_limit_open(0, 10));
    rate_limit_close(NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rate_limit *limit = rate_limit_open(cases[i].per_second, cases[i].burst);
        struct rate_verdict rate = {.allowed = true};
        for (int64_t n = 0; n <= cases[i].burst; n++) {
            ck_assert(rate.allowed);
            rate = rate_limit_take(limit, STR("a"), INT64_MAX - 1);
        }
        ck_assert(!rate.allowed);
        ck_assert_int_eq(rate.window_seconds, cases[i].window_seconds);
        ck_assert_int_eq(rate.retry_seconds, cases[i].retry_seconds);
        ck_assert(!rate_limit_take(limit, STR("a"), 0).allowed); // a clock behind gives nothing
        rate_limit_close(limit);
    }
}
END_TEST

// More keys than there are buckets: those that pause are forgotten first.
START_TEST(the_table_does_not_grow)
{
    struct rate_limit *limit = rate_limit_open(1, 2);
    for (int i = 0; i < 100000; i++) {
        char id[16];
        int len = snprintf(id, sizeof id, "key-%d", i);
        ck_assert(rate_limit_take(limit, (str){id, (size_t)len}, i).allowed);
    }
    rate_limit_close(limit);
}
END_TEST

static void *take_all(void *argument)
{
    intptr_t allowed = 0;
    for (int i = 0; i < 1000; i++)
        allowed += rate_limit_take(argument, STR("a"), i % 7).allowed;
    return (void *)allowed; // NOLINT(performance-no-int-to-ptr): a count through a pointer
}

START_TEST(threads_share_a_bucket)
{
    struct rate_limit *limit = rate_limit_open(1, 1500);
    pthread_t threads[4];
    intptr_t allowed = 0;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_all, limit), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *count = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &count), 0);
        allowed += (intptr_t)count;
    }
    ck_assert_int_eq(allowed, 1500);
    rate_limit_close(limit);
}
END_TEST

TEST_MAIN("api/rate_limit", a_key_may_burst_and_then_goes_at_its_rate, the_extremes_hold,
          the_table_does_not_grow, threads_share_a_bucket)

// SPDX-License-Identifier: Apache-2.0
#include "../invoicing/billing_fixture.h"
#include "phial/jobs/jobs.h"
#include "test_keyring.h"

#include <time.h>

static const struct log quiet = {.least = LOG_ERROR};

static struct jobs_options options_of(const struct clinic *clinic, int64_t interval_ms)
{
    return (struct jobs_options){
        .database = {.url = clinic->url, .role = "phial_daemon"},
        .exports = {.folder = "/nonexistent"},
        .interval_ms = interval_ms,
        .keyring = test_keyring(),
        .fold_interval_ms = interval_ms,
        .log = &quiet,
    };
}

static size_t count_invoices(struct clinic *clinic)
{
    struct listing list;
    list_invoices(clinic, "", "2026-11-01T14:00:00Z", &list);
    return list.count;
}

// For up to ten seconds.
static bool comes_to(struct clinic *clinic, size_t count)
{
    for (int i = 0; i < 500; i++) {
        if (count_invoices(clinic) == count)
            return true;
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return false;
}

START_TEST(does_everything_due_on_the_callers_connection)
{
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic,
              "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-01-01T12:00:00Z'}");
    ck_assert_ok(jobs_run_due(clinic.db, &clinic.arena, moment("2026-04-01T12:00:00Z"), 0));
    ck_assert_uint_eq(count_invoices(&clinic), 3);
    ck_assert_ok(jobs_run_due(clinic.db, &clinic.arena, moment("2026-04-01T12:00:00Z"), 0));
    ck_assert_uint_eq(count_invoices(&clinic), 3);
    clinic_close(&clinic);
}
END_TEST

START_TEST(looks_at_its_start_when_nudged_and_in_between)
{
    struct clinic clinic;
    struct jobs *jobs = NULL;
    clinic_open(&clinic);
    subscribe(&clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': '2020-01-01T12:00:00Z',"
                       " 'end': '2020-03-01T12:00:00Z'}");
    struct jobs_options seldom = options_of(&clinic, 3600000);
    ck_assert_ok(jobs_start(&seldom, &jobs));
    ck_assert(comes_to(&clinic, 2));
    subscribe(&clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': '2020-01-01T12:00:00Z',"
                       " 'end': '2020-02-01T12:00:00Z'}");
    jobs_nudge(jobs);
    ck_assert(comes_to(&clinic, 3));
    jobs_stop(jobs);

    struct jobs_options often = options_of(&clinic, 20);
    ck_assert_ok(jobs_start(&often, &jobs));
    subscribe(&clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': '2020-01-01T12:00:00Z',"
                       " 'end': '2020-02-01T12:00:00Z'}");
    ck_assert(comes_to(&clinic, 4));
    jobs_stop(jobs);
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("jobs", does_everything_due_on_the_callers_connection,
          looks_at_its_start_when_nudged_and_in_between)

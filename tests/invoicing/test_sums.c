// SPDX-License-Identifier: Apache-2.0
// Running sums against the entries: whatever is folded, the answer is the same.
#include "phial/invoicing/sums.h"
#include "phial/rating/tally.h"
#include "usage_fixture.h"

static json_t *usage_of(struct clinic *clinic, const char *from, const char *to, const char *window)
{
    struct asking asking = {from, to, window, true, NULL};
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, ask_usage, &asking));
    return asking.answer;
}

static bool always(void *context)
{
    (void)context;
    return true;
}

static int64_t fold(struct clinic *clinic)
{
    struct sums_run run = {.goes_on = always};
    ck_assert_ok(sums_fold(clinic->db, &clinic->arena, &run));
    return run.entries;
}

static void run_here(const struct clinic *clinic, const char *sql)
{
    char command[4096];
    int len = snprintf(command, sizeof command, "psql -qX -v ON_ERROR_STOP=1 -d '%s' -c \"%s\"",
                       clinic->url, sql);
    ck_assert(len > 0 && (size_t)len < sizeof command);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): a test's own command
}

static const struct {
    const char *from;
    const char *to;
    const char *window;
} asked[] = {
    {"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "day"},
    {"2026-11-01T05:00:00Z", "2026-11-01T07:00:00Z", "hour"},
    {"2026-11-01T04:30:01Z", "2026-11-02T04:59:59Z", "hour"}, // cuts quarters of an hour
    {"2026-11-01T05:31:00Z", "2026-11-01T05:32:00Z", ""},     // within one
    {"2026-11-01T05:00:00Z", "2026-11-03T05:00:00Z", "day"},
};

// What the entries alone say, then the same with every further fold.
static void check_against(struct clinic *clinic, json_t *const *expected)
{
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        OWNED(json_release)
        json_t *answer = usage_of(clinic, asked[i].from, asked[i].to, asked[i].window);
        ck_assert_msg(json_equal(answer, expected[i]), "%s: %s", asked[i].from,
                      str_to_c(&clinic->arena, json_print(&clinic->arena, answer)));
    }
}

static void read_expected(struct clinic *clinic, json_t **expected)
{
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        expected[i] = usage_of(clinic, asked[i].from, asked[i].to, asked[i].window);
}

static void release_expected(json_t **expected)
{
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        json_decref(expected[i]);
}

static void start(struct clinic *clinic)
{
    clinic_open(clinic);
    subscribe(clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-01T12:00:00Z'}");
}

START_TEST(answers_the_same_at_every_position)
{
    struct clinic clinic;
    json_t *expected[COUNT_OF(asked)];
    start(&clinic);
    int64_t first = send_event(&clinic, "s-1", "2026-11-01T04:30:00Z", "ct");
    send_event(&clinic, "s-2", "2026-11-01T05:31:30Z", "mri");
    int64_t gone = send_event(&clinic, "s-3", "2026-11-01T05:31:31Z", "ct");
    ck_assert_int_gt(fold(&clinic), 0);
    ck_assert_int_eq(fold(&clinic), 0);

    // Behind what is folded: late ones, one voided, one moved to another day and modality.
    send_event(&clinic, "s-4", "2026-11-01T04:30:01Z", "ct");
    send_event(&clinic, "s-5", "2026-11-02T04:59:58Z", "xray");
    void_event(&clinic, gone);
    amend_event(&clinic, first,
                "{'properties': {'modality': 'mri'}, 'time': '2026-11-02T04:45:00.000000Z'}");
    read_expected(&clinic, expected);
    fold(&clinic);
    check_against(&clinic, expected);
    // And out of the entries alone.
    run_here(&clinic, "DELETE FROM usage_mark");
    check_against(&clinic, expected);
    run_here(
        &clinic,
        "DELETE FROM usage_sum; DELETE FROM usage_value; DELETE FROM usage_switched; DELETE FROM usage_place");
    fold(&clinic);
    check_against(&clinic, expected);
    release_expected(expected);
    clinic_close(&clinic);
}
END_TEST

START_TEST(goes_by_what_is_folded)
{
    struct clinic clinic;
    start(&clinic);
    send_event(&clinic, "g-1", "2026-11-01T05:30:00Z", "ct");
    fold(&clinic);
    run_here(&clinic, "UPDATE usage_sum SET events = 41");
    send_event(&clinic, "g-2", "2026-11-01T05:30:01Z", "ct");
    OWNED(json_release)
    json_t *answer = usage_of(&clinic, "2026-11-01T05:00:00Z", "2026-11-02T05:00:00Z", "");
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "events")), 42);
    clinic_close(&clinic);
}
END_TEST

static void count_fault(void *context, str subject)
{
    ck_assert(str_starts_with(subject, STR("clinic/")));
    ++*(int *)context;
}

static int check_sums(struct clinic *clinic)
{
    int faults = 0;
    struct sums_sample sample = {.customers = 10, .differs = count_fault, .context = &faults};
    ck_assert_ok(sums_check(clinic->db, &clinic->arena, &sample));
    ck_assert_int_ge(sample.compared, 2); // both metrics
    return faults;
}

START_TEST(tells_sums_that_are_not_of_the_entries)
{
    struct clinic clinic;
    start(&clinic);
    send_event(&clinic, "c-1", "2026-11-01T05:30:00Z", "ct");
    send_event(&clinic, "c-2", "2026-11-01T05:30:00Z", "mri");
    void_event(&clinic, send_event(&clinic, "c-3", "2026-11-01T05:30:00Z", "mri"));
    fold(&clinic);
    ck_assert_int_eq(check_sums(&clinic), 0);
    run_here(&clinic, "UPDATE usage_sum SET last_index = last_index + 1 WHERE groups = 'ct/'");
    ck_assert_int_eq(check_sums(&clinic), 1);
    run_here(&clinic, "DELETE FROM usage_sum WHERE groups = 'ct/'");
    ck_assert_int_eq(check_sums(&clinic), 1);
    clinic_close(&clinic);
}
END_TEST

struct holding {
    struct clinic *clinic;
    struct db *other;
};

// Folds on another connection while this transaction holds the mark.
static result hold_mark(struct db_tx *tx, void *context)
{
    struct holding *holding = context;
    static const struct db_stmt lock = {
        "hold", "SELECT customer_id FROM usage_mark ORDER BY customer_id FOR UPDATE", 0};
    int64_t id = 0;
    struct sums_run run = {.goes_on = always};
    TRY(db_one(tx, &lock, NO_PARAMS, COLUMNS(db_into_i64("customer_id", &id))));
    ck_assert_ok(sums_fold(holding->other, db_arena(tx), &run));
    ck_assert_int_eq(run.entries, 0);
    return OK;
}

START_TEST(leaves_a_customer_to_who_folds_it)
{
    struct clinic clinic;
    start(&clinic);
    send_event(&clinic, "h-1", "2026-11-01T05:30:00Z", "ct");
    fold(&clinic);
    send_event(&clinic, "h-2", "2026-11-01T05:30:00Z", "ct");
    struct holding holding = {
        &clinic, db_open(&(struct db_options){.url = clinic.url, .role = "phial_daemon"})};
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, hold_mark, &holding));
    ck_assert_int_eq(fold(&clinic), 1);
    db_close(holding.other);
    clinic_close(&clinic);
}
END_TEST

struct progress_of {
    int64_t version;
    struct sums_progress progress;
};

static result read_progress(struct db_tx *tx, void *context)
{
    struct progress_of *of = context;
    return sums_progress(tx, STR("images"), of->version, &of->progress);
}

START_TEST(says_how_far_it_is)
{
    struct clinic clinic;
    struct progress_of of = {.version = 1};
    start(&clinic);
    send_event(&clinic, "p-1", "2026-11-01T05:30:00Z", "ct");
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, read_progress, &of));
    ck_assert_int_eq(of.progress.customers, 1);
    ck_assert_int_eq(of.progress.customers_folded, 0);
    ck_assert_int_eq(of.progress.entries_folded, 0);
    fold(&clinic);
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, read_progress, &of));
    ck_assert_int_eq(of.progress.customers_folded, 1);
    ck_assert_int_eq(of.progress.entries_folded, of.progress.entries);
    ck_assert_int_gt(of.progress.entries, 0);
    clinic_close(&clinic);
}
END_TEST

// The statement that is issued is the one that the entries give.
START_TEST(issues_what_the_entries_give)
{
    struct arena arena = {0};
    str lines[2] = {0};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct clinic clinic;
        struct listing listing;
        start(&clinic);
        send_event(&clinic, "i-1", "2026-11-03T05:30:00Z", "ct");
        int64_t gone = send_event(&clinic, "i-2", "2026-11-04T05:30:00Z", "ct");
        send_event(&clinic, "i-3", "2026-11-05T05:30:00Z", "mri");
        if (i == 1)
            fold(&clinic);
        void_event(&clinic, gone);
        bill(&clinic, "2026-12-05T00:00:00Z");
        list_invoices(&clinic, "issued", "2026-12-05T00:00:00Z", &listing);
        ck_assert_uint_ge(listing.count, 1);
        const json_t *issued =
            statement(&clinic, listing.items[listing.count - 1].id, "2026-12-05T00:00:00Z");
        lines[i] = str_copy(&arena, json_print(&clinic.arena, json_object_get(issued, "lines")));
        ck_assert_str_eq(member(issued, "lines.0.quantity"), "2");
        clinic_close(&clinic);
    }
    ck_assert_msg(str_eq(lines[0], lines[1]), "%s\n%s", str_to_c(&arena, lines[0]),
                  str_to_c(&arena, lines[1]));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("sums", answers_the_same_at_every_position, goes_by_what_is_folded,
          leaves_a_customer_to_who_folds_it, says_how_far_it_is,
          tells_sums_that_are_not_of_the_entries, issues_what_the_entries_give)

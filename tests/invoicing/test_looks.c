// SPDX-License-Identifier: Apache-2.0
// What a run has found out of a subscription is not found out again before it can have changed.
#include "billing_fixture.h"

#define NOVEMBER "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-01T12:00:00Z'}"

struct looked {
    instant until;
    int64_t candidates; // of all subscriptions, those that the next run reads
    int64_t look_version;
    int64_t invoice_version;
};

static result read_looked(struct db_tx *tx, void *context)
{
    static const struct db_stmt looked_sql = {
        "test_looked",
        "SELECT next_period_end, "
        "(SELECT count(*) FROM subscription_seen WHERE has_changed OR next_period_end <= $1) AS "
        "candidates, "
        "COALESCE((SELECT xmin::text::bigint FROM subscription_look), 0) AS look_version, "
        "COALESCE((SELECT max(xmin::text::bigint) FROM invoice), 0) AS invoice_version "
        "FROM subscription_seen",
        1};
    struct looked *looked = context;
    bool has_next = false;
    instant now = looked->until;
    looked->until = (instant){0};
    return db_one(
        tx, &looked_sql, PARAMS(db_instant(now)),
        COLUMNS(db_if_present(db_into_instant("next_period_end", &looked->until), &has_next),
                db_into_i64("candidates", &looked->candidates),
                db_into_i64("look_version", &looked->look_version),
                db_into_i64("invoice_version", &looked->invoice_version)));
}

static struct looked looked_at(struct clinic *clinic, const char *now)
{
    struct looked looked = {.until = moment(now)};
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, read_looked, &looked));
    return looked;
}

static result cancel(struct db_tx *tx, void *context)
{
    OWNED(json_release) json_t *document = NULL;
    struct faults faults = {.arena = db_arena(tx)};
    struct subscription subscription = {0};
    struct change change = {.actor = STR("key:test"), .reason = STR(""), .now = NOW};
    const struct clinic *clinic = context;
    TRY(json_parse(STR("{\"at\":\"2026-11-20T12:00:00Z\"}"), &document));
    return subscription_cancel(tx, clinic->subscription,
                               (struct json_at){document, STR(""), &faults}, 0, &change,
                               &subscription);
}

START_TEST(a_look_without_an_invoice_is_noted)
{
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    struct looked never = looked_at(&clinic, "2026-11-10T00:00:00Z");
    ck_assert_int_eq(never.candidates, 1);
    bill(&clinic, "2026-11-10T00:00:00Z");
    struct looked once = looked_at(&clinic, "2026-11-10T00:00:00Z");
    ck_assert_int_eq(once.candidates, 0);
    ck_assert_int_eq(once.until.us, moment("2026-12-01T05:00:00Z").us);
    bill(&clinic, "2026-11-11T00:00:00Z");
    ck_assert_int_eq(looked_at(&clinic, "2026-11-11T00:00:00Z").look_version, once.look_version);
    clinic_close(&clinic);
}
END_TEST

START_TEST(other_terms_are_looked_at)
{
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    bill(&clinic, "2026-11-10T00:00:00Z");
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, cancel, &clinic));
    ck_assert_int_eq(looked_at(&clinic, "2026-11-10T00:00:00Z").candidates, 1);
    bill(&clinic, "2026-11-10T00:00:00Z");
    struct looked looked = looked_at(&clinic, "2026-11-10T00:00:00Z");
    ck_assert_int_eq(looked.candidates, 0);
    ck_assert_int_eq(looked.until.us, moment("2026-11-20T05:00:00Z").us);
    ck_assert_int_eq(bill(&clinic, "2026-11-20T05:00:00Z").drafted, 1);
    clinic_close(&clinic);
}
END_TEST

START_TEST(what_an_invoice_says_is_not_written_again)
{
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    bill(&clinic, "2026-12-10T00:00:00Z");
    struct looked looked = looked_at(&clinic, "2026-12-10T00:00:00Z");
    ck_assert_int_eq(looked.candidates, 0);
    ck_assert_int_eq(looked.until.us, moment("2027-01-01T05:00:00Z").us);
    bill(&clinic, "2026-12-11T00:00:00Z");
    ck_assert_int_eq(looked_at(&clinic, "2026-12-11T00:00:00Z").invoice_version,
                     looked.invoice_version);
    clinic_close(&clinic);
}
END_TEST

// There is no next period to wait for, and nothing was noted before.
START_TEST(an_end_is_looked_at_once)
{
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, cancel, &clinic));
    ck_assert_int_eq(bill(&clinic, "2026-12-10T00:00:00Z").issued, 1);
    struct looked looked = looked_at(&clinic, "2026-12-10T00:00:00Z");
    ck_assert_int_eq(looked.candidates, 0);
    bill(&clinic, "2026-12-11T00:00:00Z");
    ck_assert_int_eq(looked_at(&clinic, "2026-12-11T00:00:00Z").invoice_version,
                     looked.invoice_version);
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("looks", a_look_without_an_invoice_is_noted, other_terms_are_looked_at,
          what_an_invoice_says_is_not_written_again, an_end_is_looked_at_once)

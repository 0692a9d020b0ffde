// SPDX-License-Identifier: Apache-2.0
#include "billing_fixture.h"
#include "phial/invoicing/effect.h"

static const struct db_stmt open_sql = {
    "test_open",
    "INSERT INTO backfill (backfill_id, customer_id, from_time, to_time, reason, status, "
    "created_at, created_by) VALUES ($1, $2, '2020-01-01Z', '2030-01-01Z', 'r', 'open', now(), "
    "'key:test')",
    2};
static const struct db_stmt stage_sql = {
    "test_stage",
    "INSERT INTO staged_event (customer_id, backfill_id, number, identity, event_time, event) "
    "SELECT $1, $2, events, $3, $4, $5 FROM backfill WHERE backfill_id = $2",
    5};
static const struct db_stmt count_sql = {
    "test_count", "UPDATE backfill SET events = events + 1 WHERE backfill_id = $1", 1};

struct load {
    struct clinic *clinic;
    const char *id;
    // an event
    const char *event;
    const char *time;
    const char *modality;
    struct effects effects;
};

static result open_load(struct db_tx *tx, void *context)
{
    const struct load *load = context;
    return db_exec(tx, &open_sql, PARAMS(db_text(str_from(load->id)), db_i64(load->clinic->id)));
}

static result stage(struct db_tx *tx, void *context)
{
    const struct load *load = context;
    identity same = identity_of(STR(""), str_from(load->event));
    str json = str_printf(db_arena(tx),
                          "{\"id\":\"%s\",\"properties\":{\"modality\":\"%s\"},\"quantity\":\"1\","
                          "\"source\":\"\",\"time\":\"%s\",\"type\":\"image.analyzed\"}",
                          load->event, load->modality, load->time);
    TRY(db_exec(tx, &stage_sql,
                PARAMS(db_i64(load->clinic->id), db_text(str_from(load->id)),
                       db_bytes((str){(const char *)same.bytes, sizeof same.bytes}),
                       db_instant(moment(load->time)), db_bytes(json))));
    return db_exec(tx, &count_sql, PARAMS(db_text(str_from(load->id))));
}

static result look(struct db_tx *tx, void *context)
{
    struct load *load = context;
    return backfill_effects(tx, str_from(load->id), &load->effects);
}

static void add(struct load *load, const char *event, const char *time)
{
    load->event = event;
    load->time = time;
    load->modality = "ct";
    ck_assert_ok(db_transact(load->clinic->db, &load->clinic->arena, stage, load));
}

static void look_at(struct load *load)
{
    ck_assert_ok(db_transact(load->clinic->db, &load->clinic->arena, look, load));
}

static const char *print(struct load *load, money amount)
{
    return str_to_c(&load->clinic->arena, money_print(&load->clinic->arena, amount));
}

static void load_open(struct clinic *clinic, struct load *load)
{
    clinic_open(clinic);
    subscribe(clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-09-10T12:00:00Z'}");
    *load = (struct load){.clinic = clinic, .id = "load"};
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, open_load, load));
}

START_TEST(touches_the_periods_of_its_events_alone)
{
    struct clinic clinic;
    struct load load;
    load_open(&clinic, &load);
    send_event(&clinic, "e-1", "2026-09-20T12:00:00Z", "ct");
    add(&load, "s-1", "2026-09-09T12:00:00Z"); // before the subscription
    add(&load, "s-2", "2026-09-11T12:00:00Z");
    add(&load, "s-3", "2026-11-01T04:00:00Z"); // the first instant of November there
    add(&load, "s-4", "2026-10-31T23:00:00Z"); // and October
    bill(&clinic, "2026-10-02T12:00:00Z");
    look_at(&load);
    static const struct {
        int64_t period;
        const char *status;
        const char *before;
        const char *after;
    } wanted[] = {{1, "issued", "0.81", "1.62"}, {2, "", "0.00", "0.81"}, {3, "", "0.00", "0.81"}};
    ck_assert_uint_eq(load.effects.count, COUNT_OF(wanted));
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const struct effect *effect = &load.effects.items[i];
        ck_assert_int_eq(effect->period.number, wanted[i].period);
        ck_assert_str_eq(str_to_c(&clinic.arena, effect->status), wanted[i].status);
        ck_assert_str_eq(print(&load, effect->before), wanted[i].before);
        ck_assert_str_eq(print(&load, effect->after), wanted[i].after);
    }
    ck_assert(load.effects.complete);
    ck_assert_int_eq(load.effects.events, 4);
    ck_assert_str_eq(print(&load, load.effects.difference), "2.43");
    clinic_close(&clinic);
}
END_TEST

START_TEST(what_the_ledger_has_moves_nothing)
{
    struct clinic clinic;
    struct load load;
    load_open(&clinic, &load);
    send_event(&clinic, "e-1", "2026-09-20T12:00:00Z", "ct");
    send_event(&clinic, "e-2", "2026-09-20T12:00:00Z", "mri");
    add(&load, "e-1", "2026-09-20T12:00:00Z"); // a duplicate
    add(&load, "e-2", "2026-10-20T12:00:00Z"); // a conflict
    look_at(&load);
    ck_assert_uint_eq(load.effects.count, 0);
    ck_assert_str_eq(print(&load, load.effects.difference), "0.00");
    clinic_close(&clinic);
}
END_TEST

START_TEST(is_what_the_periods_become)
{
    struct clinic clinic;
    struct load load;
    struct listing listing;
    load_open(&clinic, &load);
    void_event(&clinic, send_event(&clinic, "e-1", "2026-09-20T12:00:00Z", "ct"));
    send_event(&clinic, "e-2", "2026-09-20T12:00:00Z", "ct");
    add(&load, "s-1", "2026-09-20T12:00:00Z");
    bill(&clinic, "2026-10-01T12:00:00Z");
    look_at(&load);
    ck_assert_uint_eq(load.effects.count, 1);
    ck_assert_str_eq(str_to_c(&clinic.arena, load.effects.items[0].status), "draft");
    list_invoices(&clinic, "draft", "2026-10-01T12:00:00Z", &listing);
    ck_assert_str_eq(str_to_c(&clinic.arena, listing.items[0].total),
                     print(&load, load.effects.items[0].before));
    send_event(&clinic, "s-1", "2026-09-20T12:00:00Z", "ct");
    list_invoices(&clinic, "draft", "2026-10-01T12:00:00Z", &listing);
    ck_assert_str_eq(str_to_c(&clinic.arena, listing.items[0].total),
                     print(&load, load.effects.items[0].after));
    clinic_close(&clinic);
}
END_TEST

START_TEST(knows_no_other_backfill)
{
    struct clinic clinic;
    struct load load;
    load_open(&clinic, &load);
    load.id = "none";
    ck_assert_fails(NOT_FOUND, db_transact(clinic.db, &clinic.arena, look, &load));
    ck_assert_ptr_null(load.effects.items);
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("effect", touches_the_periods_of_its_events_alone, what_the_ledger_has_moves_nothing,
          is_what_the_periods_become, knows_no_other_backfill)

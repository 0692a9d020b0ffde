// SPDX-License-Identifier: Apache-2.0
// What a run drafts and issues of several subscriptions in one transaction.
#include "billing_fixture.h"
#include "phial/invoicing/settlement.h"
#include "phial/util/encode.h"

#define OCTOBER "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-10-01T12:00:00Z'}"
#define NOVEMBER "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-01T12:00:00Z'}"
#define DECEMBER "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-12-01T12:00:00Z'}"
#define REBATE "{'customer': 'clinic', 'plan': 'rebate', 'start': '2026-11-01T12:00:00Z'}"
#define CLOSED "2026-12-02T05:00:00Z" // November, with its grace

// ---- what any close must leave

struct root_read {
    int64_t customer_id;
    int64_t size;
    str root;
    str leaf;
};

static result read_root(struct db_tx *tx, void *context)
{
    struct root_read *read = context;
    sha256 root = {{0}};
    struct entry entry = {0};
    TRY(ledger_root(tx, read->customer_id, read->size, &root));
    TRY(ledger_entry(tx, read->customer_id, read->size, &entry));
    read->root = encode_base64(db_arena(tx), sha256_str(&root));
    read->leaf = entry.leaf;
    return OK;
}

// It is in the log at the place that it names, and says of the log what is true there.
static void check_entry(struct clinic *clinic, const struct invoice *invoice, const char *now)
{
    const json_t *stated = statement(clinic, invoice->id, now);
    struct root_read read = {.customer_id = clinic->id, .size = invoice->ledger_index};
    str bytes = {0};
    ck_assert(invoice->has_ledger_index);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(stated, "ledger"), "size")),
                     invoice->ledger_index);
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, read_root, &read));
    ck_assert(str_eq(read.root, str_from(member(stated, "ledger.root"))));
    json_t *answered = json_copy(json_iterable(stated));
    json_object_del(answered, "payment_status");
    ck_assert_ok(json_canonical(&clinic->arena, answered, &bytes));
    ck_assert(str_eq(leaf_member(read.leaf, "invoice"), bytes));
    json_decref(answered);
}

// Numbers 1 to N, each once.
static void check_numbers(struct listing *list)
{
    for (size_t i = 0; i < list->count; i++) {
        int64_t number = 0;
        ck_assert(str_to_i64(str_slice(list->items[i].number, 5, 11), &number));
        ck_assert_int_ge(number, 1);
        ck_assert_int_le(number, (int64_t)list->count);
        for (size_t k = 0; k < i; k++)
            ck_assert(!str_eq(list->items[i].number, list->items[k].number));
    }
}

static void check_issued(struct clinic *clinic, size_t count, const char *now)
{
    struct listing list;
    list_invoices(clinic, "issued", now, &list);
    ck_assert_uint_eq(list.count, count);
    check_numbers(&list);
    for (size_t i = 0; i < list.count; i++)
        check_entry(clinic, &list.items[i], now);
    list_invoices(clinic, "draft", now, &list);
    ck_assert_uint_eq(list.count, 0);
}

static void subscribe_many(struct clinic *clinic, const char *document, int count)
{
    for (int i = 0; i < count; i++)
        subscribe(clinic, document);
}

// ---- the tests

START_TEST(each_states_the_log_as_it_is_before_its_own_entry)
{
    enum { SUBSCRIPTIONS = 70 }; // more than are issued at once
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe_many(&clinic, NOVEMBER, SUBSCRIPTIONS);
    send_event(&clinic, "a-1", "2026-11-03T04:00:00Z", "ct");
    send_event(&clinic, "a-2", "2026-11-04T04:00:00Z", "mri");
    struct billing_run run = bill(&clinic, CLOSED);
    ck_assert_int_eq(run.drafted, SUBSCRIPTIONS);
    ck_assert_int_eq(run.issued, SUBSCRIPTIONS);
    check_issued(&clinic, SUBSCRIPTIONS, CLOSED);
    struct listing list;
    list_invoices(&clinic, "issued", CLOSED, &list);
    for (size_t i = 0; i < list.count; i++)
        ck_assert(str_eq(list.items[i].total, STR("1.62"))); // 1.50 and 8.25 %
    run = bill(&clinic, CLOSED);
    ck_assert_int_eq(run.drafted + run.issued + run.credited, 0);
    clinic_close(&clinic);
}
END_TEST

START_TEST(several_periods_of_each_are_issued_in_order)
{
    enum { SUBSCRIPTIONS = 5 };
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe_many(&clinic, OCTOBER, SUBSCRIPTIONS);
    subscribe_many(&clinic, NOVEMBER, SUBSCRIPTIONS);
    ck_assert_int_eq(bill(&clinic, CLOSED).issued, INT64_C(3) * SUBSCRIPTIONS);
    check_issued(&clinic, (size_t)3 * SUBSCRIPTIONS, CLOSED);
    list_invoices(&clinic, "issued", CLOSED, &list);
    for (size_t i = 0; i < list.count; i++) {
        int64_t number = 0;
        bool is_october =
            str_eq(str_from(member(statement(&clinic, list.items[i].id, CLOSED), "period.start")),
                   STR("2026-10-01T04:00:00.000000Z"));
        ck_assert(str_to_i64(str_slice(list.items[i].number, 5, 11), &number));
        ck_assert_int_eq(number <= SUBSCRIPTIONS, is_october);
    }
    clinic_close(&clinic);
}
END_TEST

static result give_credit(struct db_tx *tx, void *context)
{
    OWNED(json_release) json_t *document = NULL;
    struct faults faults = {.arena = db_arena(tx)};
    struct customer customer = {0};
    struct wallet_credit credit = {0};
    struct change change = {.actor = STR("key:test"), .reason = STR(""), .now = NOW};
    (void)context;
    TRY(customer_get(tx, STR("clinic"), &customer));
    TRY(json_parse(STR("{\"amount\":\"2.00\"}"), &document));
    return wallet_credit_make(tx, &customer, (struct json_at){document, STR(""), &faults}, &change,
                              &credit);
}

// 2.00 for two statements of 1.62: the second takes what the first has left.
START_TEST(prepaid_credit_is_taken_once)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe_many(&clinic, NOVEMBER, 2);
    send_event(&clinic, "a-1", "2026-11-03T04:00:00Z", "ct");
    send_event(&clinic, "a-2", "2026-11-04T04:00:00Z", "mri");
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, give_credit, NULL));
    ck_assert_int_eq(bill(&clinic, CLOSED).issued, 2);
    check_issued(&clinic, 2, CLOSED);
    list_invoices(&clinic, "issued", CLOSED, &list);
    str due[2];
    for (size_t i = 0; i < 2; i++)
        due[i] =
            str_copy(&clinic.arena,
                     str_from(member(statement(&clinic, list.items[i].id, CLOSED), "amount_due")));
    ck_assert(str_eq(due[0], STR("0.00")) || str_eq(due[1], STR("0.00")));
    ck_assert(str_eq(due[0], STR("1.24")) || str_eq(due[1], STR("1.24")));
    clinic_close(&clinic);
}
END_TEST

// A statement below zero is a credit note, of a series of its own, and none of the others'.
START_TEST(one_below_zero_issues_alone)
{
    struct clinic clinic;
    struct listing list;
    size_t below = 0;
    clinic_open(&clinic);
    ck_assert_ok(put(clinic.db, &clinic.arena, CATALOG_PLAN, "rebate",
                     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": ["
                     "{\"key\": \"back\", \"name\": \"Given back\", \"metric\": \"images\","
                     " \"model\": \"per_unit\", \"unit_amount\": \"-0.75\"}]}"));
    subscribe_many(&clinic, NOVEMBER, 1);
    subscribe_many(&clinic, REBATE, 2);
    subscribe_many(&clinic, NOVEMBER, 1);
    send_event(&clinic, "a-1", "2026-11-03T04:00:00Z", "ct");
    ck_assert_int_eq(bill(&clinic, CLOSED).issued, 4);
    list_invoices(&clinic, "issued", CLOSED, &list);
    ck_assert_uint_eq(list.count, 4);
    for (size_t i = 0; i < list.count; i++) {
        bool is_below = str_starts_with(list.items[i].total, STR("-"));
        below += is_below;
        ck_assert_int_eq(is_below, str_starts_with(list.items[i].number, STR("CN")));
    }
    ck_assert_uint_eq(below, 2);
    clinic_close(&clinic);
}
END_TEST

// One of three was there in November, of which something comes late.
START_TEST(who_is_owed_a_correction_gets_it_beside_those_who_are_not)
{
    struct clinic clinic;
    struct listing list;
    size_t corrected = 0;
    clinic_open(&clinic);
    subscribe_many(&clinic, NOVEMBER, 1);
    ck_assert_int_eq(bill(&clinic, CLOSED).issued, 1);
    subscribe_many(&clinic, DECEMBER, 2);
    send_event(&clinic, "late", "2026-11-20T12:00:00Z", "ct");
    ck_assert_int_eq(bill(&clinic, "2027-01-02T05:00:00Z").issued, 3);
    list_invoices(&clinic, "issued", "2027-01-02T05:00:00Z", &list);
    ck_assert_uint_eq(list.count, 4);
    for (size_t i = 0; i < list.count; i++) {
        check_entry(&clinic, &list.items[i], "2027-01-02T05:00:00Z");
        const json_t *lines =
            json_object_get(statement(&clinic, list.items[i].id, "2027-01-02T05:00:00Z"), "lines");
        const json_t *last = json_array_get(lines, json_array_size(lines) - 1);
        corrected += strcmp(member(last, "kind"), "adjustment") == 0;
    }
    ck_assert_uint_eq(corrected, 1);
    clinic_close(&clinic);
}
END_TEST

// ---- one that fails

struct breaking {
    str subscription;
    int64_t version;
};

static result pin_version(struct db_tx *tx, void *context)
{
    static const struct db_stmt pin_sql = {
        "test_pin_version",
        "UPDATE subscription_segment SET plan_version = $2 WHERE subscription_id = $1", 2};
    const struct breaking *breaking = context;
    return db_exec(tx, &pin_sql,
                   PARAMS(db_text(breaking->subscription), db_i64(breaking->version)));
}

// As the owner: the daemon may not.
static void break_plan(struct clinic *clinic, str subscription, int64_t version)
{
    struct breaking breaking = {subscription, version};
    struct db *owner = db_open(&(struct db_options){.url = clinic->url});
    ck_assert_ok(db_transact(owner, &clinic->arena, pin_version, &breaking));
    db_close(owner);
}

static struct billing_run bill_in_vain(struct clinic *clinic, const char *now)
{
    struct billing_run run = {0};
    ck_assert(
        failed(billing_run(clinic->db, &clinic->arena, moment(now), STR("system:billing"), &run)));
    return run;
}

START_TEST(one_that_fails_holds_up_none_beside_it)
{
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe_many(&clinic, NOVEMBER, 4);
    str broken = clinic.subscription;
    subscribe_many(&clinic, NOVEMBER, 4);
    break_plan(&clinic, broken, 99);
    ck_assert_int_eq(bill_in_vain(&clinic, "2026-12-01T05:00:00Z").drafted, 7);
    break_plan(&clinic, broken, 1);
    ck_assert_int_eq(bill(&clinic, "2026-12-01T05:00:00Z").drafted, 1);
    break_plan(&clinic, broken, 99);
    ck_assert_int_eq(bill_in_vain(&clinic, CLOSED).issued, 7);
    break_plan(&clinic, broken, 1);
    ck_assert_int_eq(bill(&clinic, CLOSED).issued, 1);
    check_issued(&clinic, 8, CLOSED);
    clinic_close(&clinic);
}
END_TEST

// ---- what another one has

struct holding {
    struct clinic *clinic;
    str invoice;
    pthread_t thread;
    struct racing racing;
    int64_t issued;
};

// While it holds one draft, the run in the thread issues the other two.
static result hold_while_others_are_issued(struct db_tx *tx, void *context)
{
    static const struct db_stmt lock_sql = {
        "test_hold", "SELECT invoice_id FROM invoice WHERE invoice_id = $1 FOR UPDATE", 1};
    static const struct db_stmt count_sql = {
        "test_count_issued",
        "SELECT count(*) AS issued, pg_sleep(0.01)::text AS slept FROM invoice WHERE status = "
        "'issued'",
        0};
    struct holding *holding = context;
    str text = {0};
    TRY(db_one(tx, &lock_sql, PARAMS(db_text(holding->invoice)),
               COLUMNS(db_into_text("invoice_id", &text))));
    ck_assert_int_eq(pthread_create(&holding->thread, NULL, bill_in_a_thread, &holding->racing), 0);
    while (holding->issued < 2)
        TRY(db_one(tx, &count_sql, NO_PARAMS,
                   COLUMNS(db_into_i64("issued", &holding->issued), db_into_text("slept", &text))));
    return OK;
}

START_TEST(what_another_one_holds_is_passed_over_and_waited_for)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe_many(&clinic, NOVEMBER, 3);
    bill(&clinic, "2026-12-01T05:00:00Z");
    list_invoices(&clinic, "draft", "2026-12-01T05:00:00Z", &list);
    struct holding holding = {
        .clinic = &clinic, .invoice = list.items[1].id, .racing = {.url = clinic.url}};
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, hold_while_others_are_issued, &holding));
    ck_assert_int_eq(pthread_join(holding.thread, NULL), 0);
    ck_assert_ok(holding.racing.outcome);
    ck_assert_int_eq(holding.issued, 2);
    ck_assert_int_eq(holding.racing.run.issued, 3);
    check_issued(&clinic, 3, "2026-12-10T00:00:00Z");
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("together", each_states_the_log_as_it_is_before_its_own_entry,
          several_periods_of_each_are_issued_in_order, prepaid_credit_is_taken_once,
          one_below_zero_issues_alone, who_is_owed_a_correction_gets_it_beside_those_who_are_not,
          one_that_fails_holds_up_none_beside_it,
          what_another_one_holds_is_passed_over_and_waited_for)

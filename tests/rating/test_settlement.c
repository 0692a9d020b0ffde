// SPDX-License-Identifier: Apache-2.0
// What must hold of every statement and of what follows it, whatever the prices, discounts, taxes
// and credits: sums add up to the smallest unit, nothing is taken, credited or billed twice. The
// numbers are random, and the same in every run.
#include "documents.h"
#include "phial/rating/credit.h"
#include "phial/rating/statement.h"

enum { ROUNDS = 3000, EVENTS_MAX = 6, DISCOUNTED_MAX = 4, RATES_MAX = 3, CREDITS_MAX = 3 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (*state ^ (*state >> 29)) * 0xbf58476d1ce4e5b9U >> 16;
}

static int64_t pick(uint64_t *state, int64_t least, int64_t most)
{
    return least + (int64_t)(next_random(state) % (uint64_t)(most - least + 1));
}

static const char *const plans[] = {
    "{'key': 'p', 'currency': 'USD', 'interval': 'month', 'charges': [{'key': 'a', 'metric': 'm', "
    "'model': 'per_unit', 'unit_amount': '0.337'}, {'key': 'b', 'metric': 'm', 'model': "
    "'graduated', 'tiers': [{'up_to': '40', 'unit_amount': '0.333', 'flat_amount': '1'}, "
    "{'unit_amount': '0.1'}]}], 'fixed': [{'key': 'f', 'amount': '9.99', 'timing': 'advance'}, "
    "{'key': 'g', 'amount': '3.33'}]}",
    "{'key': 'p', 'currency': 'USD', 'interval': 'month', 'rounding': 'half_even', 'minimum': "
    "'40', 'maximum': '90', 'charges': [{'key': 'a', 'metric': 'm', 'model': 'per_unit', "
    "'unit_amount': '0.255'}]}",
    "{'key': 'p', 'currency': 'USD', 'interval': 'month', 'commitment': {'amount': '50', "
    "'overage_factor': '1.2'}, 'charges': [{'key': 'a', 'metric': 'm', 'model': 'volume', "
    "'group_by': ['g'], 'tiers': [{'up_to': '50', 'unit_amount': '0.77', 'flat_amount': '1'}, "
    "{'unit_amount': '0.5'}]}], 'fixed': [{'key': 'g', 'amount': '12.34'}]}",
};

// A month of somebody, with the memory that it takes.
struct month {
    struct documents documents;
    struct usage_event events[EVENTS_MAX];
    size_t event_count;
    struct segment segment;
    struct discount discounts[DISCOUNTED_MAX];
    struct tax_rate rates[RATES_MAX];
    struct prepaid prepaid[CREDITS_MAX];
    struct subscription_terms terms;
    struct period period;
};

static void random_event(struct month *month, uint64_t *state, size_t i)
{
    struct arena *arena = &month->documents.arena;
    str properties = str_printf(arena, "{'g': '%c'}", (int)pick(state, 'x', 'z'));
    struct usage_event event = {.index = (int64_t)i, .type = STR("t"), .source = STR("")};
    event.id = str_printf(arena, "e%zu", i);
    event.time = (instant){month->period.start.us + (int64_t)i * 1000000};
    event.quantity = (decimal){(int128)pick(state, 0, 4000) * 10000000000};
    event.properties = document(&month->documents, str_to_c(arena, properties)).value;
    month->events[i] = event;
}

static void random_terms(struct month *month, uint64_t *state)
{
    struct subscription_terms *terms = &month->terms;
    terms->discount_count = (size_t)pick(state, 0, DISCOUNTED_MAX);
    terms->tax_count = (size_t)pick(state, 0, RATES_MAX);
    terms->prepaid_count = (size_t)pick(state, 0, CREDITS_MAX);
    str *keys = arena_array(&month->documents.arena, str, 2);
    keys[0] = STR("a");
    keys[1] = STR("g");
    for (size_t i = 0; i < terms->discount_count; i++) {
        struct discount *discount = &month->discounts[i];
        discount->id = str_printf(&month->documents.arena, "d%zu", i);
        discount->is_percent = pick(state, 0, 1) == 1;
        discount->percent = (decimal){(int128)pick(state, 0, 10000) * 10000000000};
        discount->amount = (decimal){(int128)pick(state, 0, 3000) * 10000000000};
        discount->charges = &keys[pick(state, 0, 1)];
        discount->charge_count = (size_t)pick(state, 0, 1);
    }
    for (size_t i = 0; i < terms->tax_count; i++)
        month->rates[i] = (struct tax_rate){
            .name = STR("Tax"), .percent = {(int128)pick(state, 0, 20000) * 1000000000}};
    for (size_t i = 0; i < terms->prepaid_count; i++)
        month->prepaid[i] = (struct prepaid){str_printf(&month->documents.arena, "w%zu", i),
                                             {pick(state, 1, 6000), CURRENCY_USD}};
    terms->discounts = month->discounts;
    terms->taxes = month->rates;
    terms->prepaid = month->prepaid;
}

static void month_open(struct month *month, uint64_t *state)
{
    *month = (struct month){0};
    documents_open(&month->documents);
    const struct metric **metrics = arena_array(&month->documents.arena, const struct metric *, 1);
    metrics[0] = metric_of(&month->documents,
                           "{'key': 'm', 'event_types': ['t'], 'aggregation': 'sum', 'group_by': "
                           "['g']}");
    month->segment = (struct segment){
        .from = at("2026-11-01T00:00:00Z"),
        .plan = plan_of(&month->documents, plans[pick(state, 0, 2)]),
        .metrics = metrics,
        .metric_count = 1,
    };
    month->terms = (struct subscription_terms){
        .id = STR("s"),
        .customer = STR("c"),
        .zone = zone_utc(),
        .zone_name = STR("UTC"),
        .currency = CURRENCY_USD,
        .start = month->segment.from,
        .segments = &month->segment,
        .segment_count = 1,
    };
    ck_assert_ok(period_find(&month->terms, 1, &month->period));
    random_terms(month, state);
    month->event_count = (size_t)pick(state, 0, EVENTS_MAX);
    for (size_t i = 0; i < month->event_count; i++)
        random_event(month, state, i);
}

static json_t *statement_of_month(struct month *month)
{
    json_t *statement = NULL;
    struct usage usage = {.events = month->events, .count = month->event_count};
    ck_assert_ok(statement_compute(&month->documents.arena, &month->terms, &month->period, &usage,
                                   &statement));
    json_array_append_new(month->documents.held, statement);
    return statement;
}

static int64_t minor(const json_t *object, const char *name)
{
    money amount = {0};
    ck_assert_ok(money_parse(json_str(json_object_get(object, name)), CURRENCY_USD, &amount));
    return amount.minor;
}

static int64_t sum_of(const json_t *list, const char *name)
{
    int64_t sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        sum += minor(json_array_get(list, i), name);
    return sum;
}

// At most half of the smallest unit from percent of base: a tax is rounded once.
static void check_tax(struct arena *arena, const json_t *tax, int64_t base)
{
    decimal percent = {0};
    ck_assert_ok(decimal_parse(json_str(json_object_get(tax, "percent")), &percent));
    exact share = exact_mul(arena, exact_from_i64(arena, base), exact_from_percent(arena, percent));
    exact off = exact_sub(arena, exact_from_i64(arena, minor(tax, "amount")), share);
    if (exact_sign(off) < 0)
        off = exact_sub(arena, exact_zero(), off);
    exact half = exact_div(arena, exact_from_i64(arena, 1), exact_from_i64(arena, 2));
    ck_assert_int_le(exact_compare(off, half), 0);
    ck_assert_int_eq(minor(tax, "base"), base);
}

static void check_statement(struct month *month, const json_t *statement)
{
    const json_t *lines = json_object_get(statement, "lines");
    const json_t *taxes = json_object_get(statement, "tax");
    const json_t *taken = json_object_get(statement, "credits_applied");
    const json_t *discounts = json_object_get(statement, "discount_details");
    int64_t base = minor(statement, "subtotal") - minor(statement, "discounts");
    ck_assert_int_eq(sum_of(lines, "amount"), minor(statement, "subtotal"));
    ck_assert_int_eq(sum_of(lines, "discount"), minor(statement, "discounts"));
    ck_assert_int_eq(sum_of(discounts, "discount"), minor(statement, "discounts"));
    for (size_t i = 0; i < json_array_size(taxes); i++)
        check_tax(&month->documents.arena, json_array_get(taxes, i), base);
    ck_assert_int_eq(base + sum_of(taxes, "amount"), minor(statement, "total"));
    ck_assert_int_eq(sum_of(taken, "amount"), minor(statement, "credits"));
    ck_assert_int_eq(minor(statement, "total") - minor(statement, "credits"),
                     minor(statement, "amount_due"));
    if (minor(statement, "total") >= 0)
        ck_assert_int_ge(minor(statement, "amount_due"), 0);
    for (size_t i = 0; i < json_array_size(taken); i++) {
        int64_t left = month->prepaid[i].left.minor;
        bool last = i + 1 == json_array_size(taken);
        int64_t amount = minor(json_array_get(taken, i), "amount");
        ck_assert(last ? amount <= left : amount == left); // one is used up before the next
    }
}

START_TEST(statements_add_up)
{
    uint64_t state = 11;
    for (int i = 0; i < ROUNDS; i++) {
        struct month month;
        month_open(&month, &state);
        check_statement(&month, statement_of_month(&month));
        documents_close(&month.documents);
    }
}
END_TEST

static int64_t net(const json_t *statement)
{
    return minor(statement, "subtotal") - minor(statement, "discounts");
}

// What is short is what the period comes to with everything, less what it came to: billed as an
// adjustment, both together are what one statement on all of it would have been.
START_TEST(a_difference_is_all_that_is_missing)
{
    uint64_t state = 12;
    int64_t moved = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct month month;
        struct key_amounts keys = {0};
        money sum = {0};
        month_open(&month, &state);
        struct arena *arena = &month.documents.arena;
        json_t *issued = statement_of_month(&month);
        struct usage same = {.events = month.events, .count = month.event_count};
        ck_assert_ok(
            statement_difference(arena, &month.terms, &month.period, &same, issued, &keys));
        for (size_t k = 0; k < keys.count; k++)
            ck_assert_int_eq(keys.items[k].amount.minor, 0);

        size_t changed = (size_t)pick(&state, 0, EVENTS_MAX);
        for (size_t k = changed == 0 ? 0 : changed - 1; k < changed; k++)
            random_event(&month, &state, k);
        month.event_count = changed;
        struct usage now = {.events = month.events, .count = month.event_count};
        ck_assert_ok(statement_difference(arena, &month.terms, &month.period, &now, issued, &keys));
        ck_assert_ok(keys_sum(&keys, CURRENCY_USD, &sum));
        int64_t whole = net(statement_of_month(&month));
        ck_assert_int_eq(sum.minor, whole - net(issued));
        moved += sum.minor != 0;
        documents_close(&month.documents);
    }
    ck_assert_int_gt(moved, ROUNDS / 3);
}
END_TEST

static int64_t sum_of_keys(const struct key_amounts *keys)
{
    money sum = {0};
    ck_assert_ok(keys_sum(keys, CURRENCY_USD, &sum));
    return sum.minor;
}

// One note takes all that is owed back, as far as the keys that fell have something left.
START_TEST(what_is_credited_of_a_difference_is_all_of_it)
{
    uint64_t state = 13;
    struct arena arena = {0};
    for (int i = 0; i < ROUNDS; i++) {
        const str names[] = {STR("a"), STR("b"), STR("c"), STR("d")};
        struct creditable left = {.currency = CURRENCY_USD, .base = {100000, CURRENCY_USD}};
        struct key_amounts keys = {0};
        struct owed_back owed = {0};
        struct key_amounts credited = {0};
        int64_t possible = 0;
        for (size_t k = 0; k < 4; k++) {
            struct key_amount amount = {
                names[k], names[k], {pick(&state, -900, 300), CURRENCY_USD}};
            struct key_amount billed = {
                names[k], names[k], {pick(&state, -300, 900), CURRENCY_USD}};
            ck_assert_ok(keys_add(&arena, &keys, amount));
            ck_assert_ok(keys_add(&arena, &left.keys, billed));
            if (amount.amount.minor < 0 && billed.amount.minor > 0)
                possible += -amount.amount.minor < billed.amount.minor ? -amount.amount.minor
                                                                       : billed.amount.minor;
        }
        int64_t sum = sum_of_keys(&keys);
        if (sum < 0) {
            ck_assert_ok(owed_back_read(&arena, &keys, (money){sum, CURRENCY_USD}, &owed));
            ck_assert_ok(creditable_owed(&arena, &left, &owed, &credited));
            ck_assert_int_eq(sum_of_keys(&credited), -sum < possible ? -sum : possible);
        }
        for (size_t k = 0; k < credited.count; k++)
            ck_assert_int_le(credited.items[k].amount.minor,
                             creditable_key(&left, credited.items[k].key).minor);
        arena_reset(&arena);
    }
    arena_reset(&arena);
}
END_TEST

// Notes of random parts, then one of all that is left.
static int64_t credit_all(struct month *month, const json_t *statement, uint64_t *state)
{
    struct arena *arena = &month->documents.arena;
    struct creditable left = {0};
    int64_t credited = 0;
    ck_assert_ok(creditable_open(arena, statement, &left));
    for (int i = 0; i < 6; i++) {
        json_t *note = NULL;
        struct key_amounts wanted = {0};
        struct key_amounts lines = {0};
        for (size_t k = 0; k < left.keys.count; k++) {
            struct key_amount part = left.keys.items[k];
            if (i < 5)
                part.amount.minor = pick(state, -10, 2000);
            ck_assert_ok(keys_add(arena, &wanted, part));
        }
        money most = {pick(state, 0, 3000), left.currency};
        ck_assert_ok(creditable_cap(arena, &left, &wanted, i < 5 ? most : left.base, &lines));
        if (lines.count == 0)
            continue;
        ck_assert_int_le(sum_of_keys(&lines), i < 5 ? most.minor : left.base.minor);
        ck_assert_ok(credit_print(arena, &left, &lines, &note));
        json_array_append_new(month->documents.held, note);
        const json_t *taxes = json_object_get(note, "tax");
        ck_assert_int_eq(sum_of(json_object_get(note, "lines"), "amount"), minor(note, "subtotal"));
        ck_assert_int_eq(minor(note, "subtotal") + sum_of(taxes, "amount"), minor(note, "total"));
        credited += minor(note, "total");
        ck_assert_ok(creditable_take(arena, note, &left));
        ck_assert_int_ge(left.base.minor, 0);
        for (size_t k = 0; k < left.tax_count; k++)
            ck_assert_int_ge(left.taxes[k].minor, 0);
    }
    ck_assert_int_eq(left.base.minor > 0 ? left.base.minor : 0, 0);
    return credited;
}

START_TEST(no_more_is_credited_than_was_billed)
{
    uint64_t state = 14;
    for (int i = 0; i < ROUNDS; i++) {
        struct month month;
        month_open(&month, &state);
        json_t *statement = statement_of_month(&month);
        if (minor(statement, "total") > 0) {
            int64_t credited = credit_all(&month, statement, &state);
            ck_assert_int_le(credited, minor(statement, "total"));
            // each note rounds each tax by itself
            ck_assert_int_ge(credited, minor(statement, "total") - 6 * RATES_MAX);
        }
        documents_close(&month.documents);
    }
}
END_TEST

START_TEST(a_statement_below_zero_is_a_note_of_as_much)
{
    struct documents documents;
    documents_open(&documents);
    json_t *note = NULL;
    struct json_at statement =
        document(&documents,
                 "{'currency': 'USD', 'rounding': 'half_up', 'lines': [{'key': 'base', 'name': "
                 "'Base', 'kind': 'fixed', 'amount': '-20.00', 'discount': '0.00'}, {'key': 'a', "
                 "'name': 'A', 'kind': 'usage', 'amount': '5.00', 'discount': '0.50'}], 'tax': "
                 "[{'name': 'Tax', 'percent': '10', 'amount': '-1.55'}]}");
    ck_assert_ok(credit_of_statement(&documents.arena, statement.value, &note));
    ck_assert_int_eq(minor(note, "subtotal"), 1550);
    ck_assert_int_eq(minor(note, "total"), 1705);
    ck_assert_int_eq(minor(json_array_get(json_object_get(note, "lines"), 1), "amount"), -450);
    ck_assert_int_eq(minor(json_array_get(json_object_get(note, "tax"), 0), "amount"), 155);
    json_decref(note);
    documents_close(&documents);
}
END_TEST

START_TEST(refuses_what_is_no_statement)
{
    struct documents documents;
    documents_open(&documents);
    struct creditable left = {.currency = CURRENCY_JPY};
    static const char *const texts[] = {
        "{'currency': 'XYZ', 'lines': [], 'tax': []}",
        "{'currency': 'USD', 'lines': [{'key': 'a', 'amount': '1.000', 'discount': '0'}]}",
        "{'currency': 'USD', 'lines': [{'key': 'a', 'amount': '1.00'}]}",
        "{'currency': 'USD', 'lines': [], 'tax': [{'percent': 'ten', 'amount': '1'}]}",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        ck_assert(
            failed(creditable_open(&documents.arena, document(&documents, texts[i]).value, &left)));
    ck_assert_int_eq(left.currency, CURRENCY_JPY);
    documents_close(&documents);
}
END_TEST

TEST_MAIN("settlement", statements_add_up, a_difference_is_all_that_is_missing,
          what_is_credited_of_a_difference_is_all_of_it, no_more_is_credited_than_was_billed,
          a_statement_below_zero_is_a_note_of_as_much, refuses_what_is_no_statement)

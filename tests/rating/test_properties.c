// SPDX-License-Identifier: Apache-2.0
// What must hold whatever the prices, the quantities and the order in which events arrive. The
// numbers are random, and the same in every run.
#include "documents.h"
#include "phial/rating/simulate.h"
#include "phial/util/buf.h"

#include <stdlib.h>

enum { ROUNDS = 300, EVENTS_MAX = 24, LINES_MAX = 12, LEAVES_MAX = 4 * EVENTS_MAX };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (*state ^ (*state >> 29)) * 0xbf58476d1ce4e5b9U >> 16;
}

static int64_t pick(uint64_t *state, int64_t least, int64_t most)
{
    return least + (int64_t)(next_random(state) % (uint64_t)(most - least + 1));
}

static exact number_of(struct arena *arena, str text)
{
    decimal number = {0};
    ck_assert_ok(decimal_parse(text, &number));
    return exact_from_decimal(arena, number);
}

static str member(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static json_t *simulate(struct documents *documents, str plan, str request)
{
    struct simulation simulation = {
        .plan = plan_parse(document(documents, str_to_c(&documents->arena, plan)), false)};
    struct json_at asked = document(documents, str_to_c(&documents->arena, request));
    ck_assert_msg(simulation.plan != NULL, "%s", first_fault(documents));
    ck_assert(simulation_terms_parse(asked, &simulation));
    ck_assert(simulation_usage_parse(asked, &simulation));
    json_t *statement = NULL;
    ck_assert_ok(statement_simulate(&documents->arena, &simulation, &statement));
    json_array_append_new(documents->held, statement);
    return statement;
}

// ---- events in any order, in parts, voided and sent again

struct sent {
    int64_t quantity; // in hundredths
    int64_t second;
    int64_t kind;
};

static const char *const models[] = {
    "'model': 'per_unit', 'unit_amount': '0.337'",
    "'model': 'graduated', 'tiers': [{'up_to': '40', 'unit_amount': '0.333', 'flat_amount': '1'}, "
    "{'unit_amount': '0.1'}]",
    "'model': 'volume', 'tiers': [{'up_to': '40', 'unit_amount': '0.333'}, {'unit_amount': '0.1'}]",
    "'model': 'package', 'package_size': '7', 'amount': '3', 'free_units': '5'",
    "'model': 'stairstep', 'tiers': [{'up_to': '40', 'flat_amount': '9'}, {'flat_amount': '20'}]",
    "'model': 'percentage', 'rate': '2.9', 'free_units': '20'",
    "'model': 'graduated_percentage', 'tiers': [{'up_to': '40', 'rate': '3'}, {'rate': '1'}]",
    "'model': 'matrix', 'property': 'k', 'prices': [{'match': {'k': 'k1'}, 'unit_amount': '2'}], "
    "'default': '0.01'",
    "'model': 'outcome', 'subject': 's', 'prices': [{'match': {'k': 'k1'}, 'unit_amount': '2'}, "
    "{'match': {'k': 'k2'}, 'unit_amount': '1'}]",
    "'model': 'graduated', 'group_by': ['k'], 'tiers': [{'up_to': '9', 'unit_amount': '0.333'}, "
    "{'unit_amount': '0.1'}]",
};

// A log in the making: leaves in their order of index.
struct log {
    struct arena *arena;
    str leaves[LEAVES_MAX];
    size_t count;
};

static size_t append_usage(struct log *log, const struct sent *sent, int64_t hundredths)
{
    str leaf =
        str_printf(log->arena,
                   "{'event': {'id': 'e%zu', 'source': '', 'type': 't', 'quantity': "
                   "'%lld.%02lld', 'time': '2026-11-02T00:00:%02lldZ', 'properties': "
                   "{'k': 'k%lld', 's': 's%lld'}}, 'kind': 'usage'}",
                   log->count, (long long)hundredths / 100, (long long)hundredths % 100,
                   (long long)sent->second, (long long)sent->kind, (long long)sent->second % 5);
    log->leaves[log->count] = quoted(log->arena, str_to_c(log->arena, leaf));
    return log->count++;
}

static void append_correction(struct log *log, const char *kind, size_t original, str set)
{
    str leaf = str_printf(log->arena, "{'kind': '%s', 'ref': {'index': %zu}, 'set': %" STR_FMT "}",
                          kind, original, STR_ARG(set));
    log->leaves[log->count++] = quoted(log->arena, str_to_c(log->arena, leaf));
}

enum variation { AS_SENT, IN_PARTS, VOIDED_AND_AGAIN, AMENDED, VARIATIONS };

static void append_varied(struct log *log, const struct sent *sent, enum variation variation)
{
    str set = STR("{}");
    switch (variation) {
    case IN_PARTS:
        (void)append_usage(log, sent, sent->quantity / 3);
        (void)append_usage(log, sent, sent->quantity - sent->quantity / 3);
        return;
    case VOIDED_AND_AGAIN:
        append_correction(log, "void", append_usage(log, sent, sent->quantity + 100), set);
        break;
    case AMENDED:
        set = str_printf(log->arena, "{'quantity': '%lld.%02lld'}", (long long)sent->quantity / 100,
                         (long long)sent->quantity % 100);
        append_correction(log, "amend", append_usage(log, sent, sent->quantity + 700), set);
        return;
    case AS_SENT:
    case VARIATIONS:
        break;
    }
    (void)append_usage(log, sent, sent->quantity);
}

static const char *amounts_of(struct documents *documents, const char *model, const struct log *log,
                              uint64_t *state)
{
    size_t order[LEAVES_MAX];
    for (size_t i = 0; i < log->count; i++)
        order[i] = i;
    for (size_t i = log->count; i > 1; i--) { // a fold takes entries in any order
        size_t other = next_random(state) % i;
        size_t swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
    OWNED(usage_fold_release) struct usage_fold *fold = usage_fold_new(&documents->arena);
    struct usage usage = {0};
    for (size_t i = 0; i < log->count; i++)
        ck_assert_ok(usage_fold_add(fold, (int64_t)order[i], log->leaves[order[i]]));
    ck_assert_ok(usage_fold_end(fold, &usage));

    str text = str_printf(&documents->arena,
                          "{'currency': 'USD', 'interval': 'month', 'charges': [{'key': 'c', "
                          "'metric': 'm', %s}]}",
                          model);
    const struct metric *metric =
        metric_of(documents, "{'key': 'm', 'event_types': ['t'], 'aggregation': 'sum'}");
    struct simulation simulation = {.plan = plan_of(documents, str_to_c(&documents->arena, text)),
                                    .share = exact_from_i64(&documents->arena, 1)};
    struct simulated_time time = {.metrics = &metric,
                                  .metric_count = 1,
                                  .zone = zone_utc(),
                                  .from = at("2026-11-01T00:00:00Z"),
                                  .to = at("2026-12-01T00:00:00Z")};
    json_t *statement = NULL;
    ck_assert_ok(simulation_measure(&documents->arena, &time, &usage, &simulation));
    ck_assert_ok(statement_simulate(&documents->arena, &simulation, &statement));
    json_array_append_new(documents->held, statement);
    struct buf amounts = {.arena = &documents->arena};
    for (size_t i = 0; i < json_array_size(json_object_get(statement, "lines")); i++) {
        const json_t *line = json_array_get(json_object_get(statement, "lines"), i);
        buf_addf(&amounts, "%" STR_FMT " of %" STR_FMT ", ", STR_ARG(member(line, "exact_amount")),
                 STR_ARG(member(line, "quantity")));
    }
    return str_to_c(&documents->arena, buf_str(&amounts));
}

START_TEST(the_way_events_arrive_changes_nothing)
{
    uint64_t state = 5;
    for (int round = 0; round < ROUNDS; round++) {
        struct documents documents;
        documents_open(&documents);
        const char *model = models[(size_t)round % COUNT_OF(models)];
        struct sent sent[EVENTS_MAX];
        size_t count = (size_t)pick(&state, 0, EVENTS_MAX);
        for (size_t i = 0; i < count; i++)
            sent[i] = (struct sent){pick(&state, 0, 999), pick(&state, 0, 59), pick(&state, 1, 3)};
        const char *expected = NULL;
        for (int variation = 0; variation < 2 * VARIATIONS; variation++) {
            struct log log = {.arena = &documents.arena};
            for (size_t i = 0; i < count; i++) {
                bool mixed = variation >= VARIATIONS;
                append_varied(
                    &log, &sent[mixed ? count - 1 - i : i],
                    (enum variation)(mixed ? pick(&state, 0, VARIATIONS - 1) : variation));
            }
            const char *amounts = amounts_of(&documents, model, &log, &state);
            if (expected == NULL)
                expected = amounts;
            ck_assert_msg(strcmp(amounts, expected) == 0, "round %d, %s: %s, not %s", round, model,
                          amounts, expected);
        }
        documents_close(&documents);
    }
}
END_TEST

// ---- tiers

static str tiers_of(struct arena *arena, uint64_t *state, size_t count, int64_t *bounds, bool flat)
{
    struct buf text = {.arena = arena};
    int64_t bound = 0;
    for (size_t i = 0; i < count; i++) {
        bound += pick(state, 1, 500);
        bounds[i] = bound;
        buf_addf(&text, "%s{'unit_amount': '%lld.%03lld', 'flat_amount': '%lld', 'up_to': ",
                 i == 0 ? "" : ", ", (long long)pick(state, 0, 9), (long long)pick(state, 0, 999),
                 (long long)(flat ? pick(state, 0, 20) : 0));
        if (i + 1 == count)
            buf_add(&text, STR("null}"));
        else
            buf_addf(&text, "'%lld'}", (long long)bound);
    }
    return buf_str(&text);
}

static exact amount_of(struct documents *documents, const char *model, str tiers, str quantity)
{
    struct arena *arena = &documents->arena;
    str plan = str_printf(arena,
                          "{'currency': 'USD', 'interval': 'month', 'charges': [{'key': 'c', "
                          "'metric': 'm', 'model': '%s', 'tiers': [%" STR_FMT "]}]}",
                          model, STR_ARG(tiers));
    str request = str_printf(arena, "{'quantities': {'c': '%" STR_FMT "'}}", STR_ARG(quantity));
    const json_t *statement = simulate(documents, plan, request);
    return number_of(
        arena, member(json_array_get(json_object_get(statement, "lines"), 0), "exact_amount"));
}

START_TEST(graduated_is_continuous)
{
    uint64_t state = 6;
    for (int round = 0; round < ROUNDS; round++) {
        struct documents documents;
        documents_open(&documents);
        struct arena *arena = &documents.arena;
        int64_t bounds[LINES_MAX];
        size_t count = (size_t)pick(&state, 2, LINES_MAX);
        str tiers = tiers_of(arena, &state, count, bounds, false);
        int64_t bound = bounds[pick(&state, 0, (int64_t)count - 2)];
        str below = str_printf(arena, "%lld.999999", (long long)bound - 1);
        str on = str_printf(arena, "%lld", (long long)bound);
        str above = str_printf(arena, "%lld.000001", (long long)bound);
        exact before = amount_of(&documents, "graduated", tiers, below);
        exact there = amount_of(&documents, "graduated", tiers, on);
        exact after = amount_of(&documents, "graduated", tiers, above);
        exact most = number_of(arena, STR("0.00001")); // a millionth at less than ten a unit
        ck_assert_int_ge(exact_compare(there, before), 0);
        ck_assert_int_le(exact_compare(exact_sub(arena, there, before), most), 0);
        ck_assert_int_ge(exact_compare(after, there), 0);
        ck_assert_int_le(exact_compare(exact_sub(arena, after, there), most), 0);
        documents_close(&documents);
    }
}
END_TEST

START_TEST(volume_and_graduated_agree_below_the_first_bound)
{
    uint64_t state = 7;
    for (int round = 0; round < ROUNDS; round++) {
        struct documents documents;
        documents_open(&documents);
        int64_t bounds[LINES_MAX];
        str tiers =
            tiers_of(&documents.arena, &state, (size_t)pick(&state, 1, LINES_MAX), bounds, true);
        str quantity =
            str_printf(&documents.arena, "%lld.%06lld", (long long)pick(&state, 0, bounds[0] - 1),
                       (long long)pick(&state, 1, 999999));
        exact volume = amount_of(&documents, "volume", tiers, quantity);
        exact graduated = amount_of(&documents, "graduated", tiers, quantity);
        ck_assert_int_eq(exact_compare(volume, graduated), 0);
        documents_close(&documents);
    }
}
END_TEST

// ---- parts of a period

START_TEST(the_parts_of_a_period_add_up_to_the_whole)
{
    uint64_t state = 8;
    for (int round = 0; round < ROUNDS; round++) {
        struct documents documents;
        documents_open(&documents);
        struct arena *arena = &documents.arena;
        int64_t cents = pick(&state, 0, 99999999);
        int64_t whole = pick(&state, 28, 366);
        str plan = str_printf(arena,
                              "{'currency': 'USD', 'interval': 'month', 'fixed': [{'key': 'f', "
                              "'amount': '%lld.%02lld'}]}",
                              (long long)cents / 100, (long long)cents % 100);
        int64_t left = whole;
        int64_t parts = 0;
        exact sum = exact_zero();
        exact rounded = exact_zero();
        while (left > 0) {
            int64_t days = pick(&state, 1, left);
            str request = str_printf(arena, "{'usage_share': {'days': %lld, 'of': %lld}}",
                                     (long long)days, (long long)whole);
            const json_t *statement = simulate(&documents, plan, request);
            const json_t *line = json_array_get(json_object_get(statement, "lines"), 0);
            exact fee = exact_from_i64(arena, cents * days);
            fee = exact_div(arena, fee, exact_from_i64(arena, whole * 100));
            ck_assert_text(arena, member(line, "exact_amount"),
                           str_to_c(arena, exact_print(arena, fee)));
            sum = exact_add(arena, sum, fee);
            rounded = exact_add(arena, rounded, number_of(arena, member(line, "amount")));
            left -= days;
            parts++;
        }
        exact fee = exact_div(arena, exact_from_i64(arena, cents), exact_from_i64(arena, 100));
        ck_assert_int_eq(exact_compare(sum, fee), 0);
        // Each part is rounded by itself, by at most half a cent.
        exact most = exact_div(arena, exact_from_i64(arena, parts), exact_from_i64(arena, 200));
        ck_assert_int_le(exact_compare(exact_sub(arena, rounded, fee), most), 0);
        ck_assert_int_le(exact_compare(exact_sub(arena, fee, rounded), most), 0);
        documents_close(&documents);
    }
}
END_TEST

// ---- discounts and taxes

static str random_plan(struct arena *arena, uint64_t *state, size_t lines)
{
    struct buf plan = {.arena = arena};
    static const char *const currencies[] = {"USD", "JPY", "KWD"};
    buf_addf(&plan, "{'currency': '%s', 'interval': 'month', 'charges': [",
             currencies[pick(state, 0, 2)]);
    for (size_t i = 0; i < lines; i++)
        buf_addf(&plan,
                 "%s{'key': 'c%zu', 'metric': 'm', 'model': 'per_unit', 'unit_amount': "
                 "'%lld.%06lld'}",
                 i == 0 ? "" : ", ", i, (long long)pick(state, 0, 400),
                 (long long)pick(state, 0, 999999));
    buf_add(&plan, STR("]}"));
    return buf_str(&plan);
}

static str random_request(struct arena *arena, uint64_t *state, size_t lines, bool one_discount)
{
    struct buf text = {.arena = arena};
    buf_add(&text, STR("{'quantities': {"));
    for (size_t i = 0; i < lines; i++)
        buf_addf(&text, "%s'c%zu': '%s%lld'", i == 0 ? "" : ", ", i,
                 pick(state, 0, 9) == 0 ? "-" : "", (long long)pick(state, 1, 40));
    buf_add(&text, STR("}, 'discounts': ["));
    int64_t discounts = one_discount ? 1 : pick(state, 0, 4);
    for (int64_t i = 0; i < discounts; i++) {
        buf_addf(&text,
                 pick(state, 0, 1) == 0 ? "%s{'percent': '%lld.%02lld'"
                                        : "%s{'amount': '%lld.%02lld'",
                 i == 0 ? "" : ", ", (long long)pick(state, 0, 99), (long long)pick(state, 0, 99));
        if (!one_discount && pick(state, 0, 2) == 0)
            buf_add(&text, STR(", 'charges': ['c0', 'c2']"));
        buf_add_char(&text, '}');
    }
    buf_addf(&text,
             "], 'tax': {'rates': [{'name': 'a', 'percent': '%lld.%02lld'}, {'name': 'b', "
             "'percent': '%lld'}]}}",
             (long long)pick(state, 0, 25), (long long)pick(state, 0, 99),
             (long long)pick(state, 0, 9));
    return buf_str(&text);
}

static void check_sums(struct arena *arena, const json_t *statement)
{
    const json_t *lines = json_object_get(statement, "lines");
    const json_t *taxes = json_object_get(statement, "tax");
    exact subtotal = exact_zero();
    exact discounts = exact_zero();
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        exact amount = number_of(arena, member(line, "amount"));
        exact discount = number_of(arena, member(line, "discount"));
        subtotal = exact_add(arena, subtotal, amount);
        discounts = exact_add(arena, discounts, discount);
        // No line gives more than it has.
        ck_assert_int_ge(exact_sign(amount) * exact_sign(exact_sub(arena, amount, discount)), 0);
    }
    exact total = exact_sub(arena, subtotal, discounts);
    for (size_t i = 0; i < json_array_size(taxes); i++)
        total =
            exact_add(arena, total, number_of(arena, member(json_array_get(taxes, i), "amount")));
    ck_assert_int_eq(exact_compare(subtotal, number_of(arena, member(statement, "subtotal"))), 0);
    ck_assert_int_eq(exact_compare(discounts, number_of(arena, member(statement, "discounts"))), 0);
    ck_assert_int_eq(exact_compare(total, number_of(arena, member(statement, "total"))), 0);
}

START_TEST(lines_discounts_and_taxes_add_up)
{
    uint64_t state = 9;
    for (int round = 0; round < 4 * ROUNDS; round++) {
        struct documents documents;
        documents_open(&documents);
        size_t lines = (size_t)pick(&state, 1, LINES_MAX);
        str plan = random_plan(&documents.arena, &state, lines);
        str request = random_request(&documents.arena, &state, lines, false);
        check_sums(&documents.arena, simulate(&documents, plan, request));
        documents_close(&documents);
    }
}
END_TEST

static exact minor_unit(struct arena *arena, const json_t *statement)
{
    enum currency currency = CURRENCY_USD;
    ck_assert_ok(currency_parse(member(statement, "currency"), &currency));
    return money_to_exact(arena, (money){1, currency});
}

START_TEST(each_line_is_within_a_minor_unit_of_its_share)
{
    uint64_t state = 10;
    for (int round = 0; round < 4 * ROUNDS; round++) {
        struct documents documents;
        documents_open(&documents);
        struct arena *arena = &documents.arena;
        size_t count = (size_t)pick(&state, 1, LINES_MAX);
        str plan = random_plan(arena, &state, count);
        const json_t *statement =
            simulate(&documents, plan, random_request(arena, &state, count, true));
        const json_t *lines = json_object_get(statement, "lines");
        exact unit = minor_unit(arena, statement);
        exact whole = number_of(arena, member(statement, "discounts"));
        exact base = number_of(arena, member(statement, "subtotal"));
        for (size_t i = 0; i < json_array_size(lines) && exact_sign(base) > 0; i++) {
            const json_t *line = json_array_get(lines, i);
            exact share = exact_mul(arena, number_of(arena, member(line, "amount")), whole);
            share = exact_div(arena, share, base);
            exact off = exact_sub(arena, number_of(arena, member(line, "discount")), share);
            ck_assert_int_lt(exact_compare(off, unit), 0);
            ck_assert_int_gt(exact_compare(off, exact_sub(arena, exact_zero(), unit)), 0);
        }
        const json_t *taxes = json_object_get(statement, "tax");
        exact taxed = exact_sub(arena, base, whole);
        for (size_t i = 0; i < json_array_size(taxes); i++) {
            const json_t *tax = json_array_get(taxes, i);
            decimal percent = {0};
            ck_assert_ok(decimal_parse(member(tax, "percent"), &percent));
            exact due = exact_mul(arena, taxed, exact_from_percent(arena, percent));
            exact off = exact_sub(arena, number_of(arena, member(tax, "amount")), due);
            exact twice = exact_add(arena, off, off); // rounded once: half a unit at most
            ck_assert_int_le(exact_compare(twice, unit), 0);
            ck_assert_int_ge(exact_compare(twice, exact_sub(arena, exact_zero(), unit)), 0);
        }
        documents_close(&documents);
    }
}
END_TEST

TEST_MAIN("properties", the_way_events_arrive_changes_nothing, graduated_is_continuous,
          volume_and_graduated_agree_below_the_first_bound,
          the_parts_of_a_period_add_up_to_the_whole, lines_discounts_and_taxes_add_up,
          each_line_is_within_a_minor_unit_of_its_share)

// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/catalog/canonical.h"
#include "phial/catalog/overrides.h"

#include <string.h>

static struct arena arena;

// Single quotes stand for double ones.
static json_t *parsed(const char *text)
{
    json_t *root = NULL;
    size_t len = strlen(text);
    char *copy = arena_array(&arena, char, len);
    for (size_t i = 0; i < len; i++)
        copy[i] = text[i];
    for (size_t i = 0; i < len; i++)
        copy[i] = copy[i] == '\'' ? '"' : copy[i];
    ck_assert_msg(!failed(json_parse((str){copy, len}, &root)), "%s", text);
    return root;
}

static str printed(const json_t *document)
{
    str text = {0};
    ck_assert_ok(json_canonical(&arena, document, &text));
    return text;
}

static json_t *canonical(enum document_kind kind, const json_t *document)
{
    json_t *made = NULL;
    ck_assert_ok(document_canonical(&arena, kind, document, &made));
    return made;
}

static void assert_same(const json_t *document, const char *expected)
{
    OWNED(json_release) json_t *wanted = parsed(expected);
    ck_assert_str_eq(str_to_c(&arena, printed(document)), str_to_c(&arena, printed(wanted)));
}

START_TEST(writes_every_number_in_one_way)
{
    static const struct {
        enum document_kind kind;
        const char *document;
        const char *canonical;
    } cases[] = {
        {DOCUMENT_CUSTOMER, "{'name': '007.50', 'tax': {'rates': [{'percent': '8.250'}]}}",
         "{'name': '007.50', 'tax': {'rates': [{'percent': '8.25'}]}}"},
        {DOCUMENT_EVENT_TYPE,
         "{'quantity': {'min': 0, 'max': '10.00'}, 'properties': {'a.b': {'min': '-0.50', 'max': 7},"
         " 'c': {'type': 'enum', 'values': ['1.0']}}}",
         "{'quantity': {'min': '0', 'max': '10'}, 'properties': {'a.b': {'min': '-0.5', 'max': '7'},"
         " 'c': {'type': 'enum', 'values': ['1.0']}}}"},
        {DOCUMENT_METRIC,
         "{'filters': [{'property': 'p', 'gte': '1.0', 'lt': 5}, {'eq': 3}, {'in': [1, '2.0', true]},"
         " {'not_in': ['x', 4]}], 'weights': {'values': {'ct': 3, 'mri': '5.50'}, 'default': 1},"
         " 'round': {'mode': 'ceil', 'digits': 2}}",
         "{'filters': [{'property': 'p', 'gte': '1', 'lt': '5'}, {'eq': '3'},"
         " {'in': ['1', '2.0', true]}, {'not_in': ['x', '4']}],"
         " 'weights': {'values': {'ct': '3', 'mri': '5.5'}, 'default': '1'},"
         " 'round': {'mode': 'ceil', 'digits': 2}}"},
        {DOCUMENT_PLAN,
         "{'currency': 'USD', 'minimum': 100, 'maximum': '200.5', 'trial_days': 14,"
         " 'commitment': {'amount': '12000', 'overage_factor': '1.20'},"
         " 'entitlements': {'api': true, 'calls': 5, 'seats': {'metric': 'm', 'limit': '50.0'}}}",
         "{'currency': 'USD', 'minimum': '100.00', 'maximum': '200.50', 'trial_days': 14,"
         " 'commitment': {'amount': '12000.00', 'overage_factor': '1.2'},"
         " 'entitlements': {'api': true, 'calls': 5, 'seats': {'metric': 'm', 'limit': '50'}}}"},
        {DOCUMENT_PLAN,
         "{'currency': 'USD', 'charges': [{'key': 'c', 'unit_amount': '0.0200', 'minimum': '1',"
         " 'free_units': '10.0', 'maximum': 9, 'tiers': [{'up_to': 1000, 'unit_amount': '0.800',"
         " 'flat_amount': 5}, {'up_to': null}], 'filters': [{'gt': '1.50'}]},"
         " {'package_size': '100.0', 'amount': '5'}], 'fixed': [{'amount': '5', 'prorate': true}]}",
         "{'currency': 'USD', 'charges': [{'key': 'c', 'unit_amount': '0.02', 'minimum': '1.00',"
         " 'free_units': '10', 'maximum': '9.00', 'tiers': [{'up_to': '1000', 'unit_amount': '0.8',"
         " 'flat_amount': '5'}, {}], 'filters': [{'gt': '1.5'}]},"
         " {'package_size': '100', 'amount': '5.00'}],"
         " 'fixed': [{'amount': '5.00', 'prorate': true}]}"},
        {DOCUMENT_PLAN, "{'currency': 'JPY', 'fixed': [{'amount': '500.00'}]}",
         "{'currency': 'JPY', 'fixed': [{'amount': '500'}]}"},
        {DOCUMENT_PLAN, "{'currency': 'USD', 'fixed': [{'amount': '0.1250'}]}",
         "{'currency': 'USD', 'fixed': [{'amount': '0.125'}]}"},
        {DOCUMENT_PLAN, "{'currency': 'USD', 'fixed': [{'amount': '999999999999999999'}]}",
         "{'currency': 'USD', 'fixed': [{'amount': '999999999999999999'}]}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *document = parsed(cases[i].document);
        OWNED(json_release) json_t *once = canonical(cases[i].kind, document);
        OWNED(json_release) json_t *twice = canonical(cases[i].kind, once);
        assert_same(once, cases[i].canonical);
        assert_same(twice, cases[i].canonical);
        assert_same(document, cases[i].document); // what was put stays as it was
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(one_content_has_one_hash)
{
    static const char *const same[] = {
        "{'currency': 'USD', 'charges': [{'unit_amount': '0.02'}], 'minimum': '5.00'}",
        "{'minimum': 5, 'currency': 'USD', 'charges': [{'unit_amount': '0.0200'}]}",
        "{'minimum': '5', 'maximum': null, 'currency': 'USD', 'charges': [{'unit_amount': '0.020'}]}",
    };
    sha256 first = {{0}};
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        OWNED(json_release) json_t *document = parsed(same[i]);
        sha256 hash = {{0}};
        ck_assert_ok(document_sha256(&arena, DOCUMENT_PLAN, document, &hash));
        if (i == 0)
            first = hash;
        ck_assert(sha256_eq(&first, &hash));
    }
    arena_reset(&arena);
}
END_TEST

static const char plan[] =
    "{'currency': 'USD', 'minimum': '5', 'charges':"
    " [{'key': 'a', 'unit_amount': '1', 'free_units': '3'},"
    " {'key': 'b', 'unit_amount': '2'}], 'fixed': [{'key': 'f', 'amount': '9'}]}";

START_TEST(overrides_members_and_items_by_key)
{
    static const struct {
        const char *overrides;
        const char *merged;
    } cases[] = {
        {"{'minimum': null, 'trial_days': 7, 'charges': [{'key': 'b', 'unit_amount': '1.5'}]}",
         "{'currency': 'USD', 'trial_days': 7, 'charges':"
         " [{'key': 'a', 'unit_amount': '1', 'free_units': '3'}, {'key': 'b', 'unit_amount': '1.5'}],"
         " 'fixed': [{'key': 'f', 'amount': '9'}]}"},
        {"{'charges': {'a': {'free_units': null}}, 'fixed': {'f': {'amount': '0'}}}",
         "{'currency': 'USD', 'minimum': '5', 'charges':"
         " [{'key': 'a', 'unit_amount': '1'}, {'key': 'b', 'unit_amount': '2'}],"
         " 'fixed': [{'key': 'f', 'amount': '0'}]}"},
    };
    OWNED(json_release) json_t *document = parsed(plan);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *overrides = parsed(cases[i].overrides);
        OWNED(json_release) json_t *merged = NULL;
        struct faults faults = {.arena = &arena};
        ck_assert_ok(
            overrides_merge((struct json_at){overrides, STR(""), &faults}, document, &merged));
        assert_same(merged, cases[i].merged);
        assert_same(document, plan);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_overrides_of_what_the_plan_has_not)
{
    static const struct {
        const char *overrides;
        const char *pointer;
        const char *code;
    } cases[] = {
        {"{'currency': 'EUR'}", "/o", "unknown_member"},
        {"{'charges': [{'key': 'c', 'unit_amount': '1'}]}", "/o/charges/0", "invalid"},
        {"{'charges': [{'unit_amount': '1'}]}", "/o/charges/0", "invalid"},
        {"{'charges': ['a']}", "/o/charges/0", "invalid"},
        {"{'charges': {'secret': {}}}", "/o/charges", "invalid"},
        {"{'charges': {'a': {'key': 'b'}}}", "/o/charges/a", "invalid"},
        {"{'fixed': 'f'}", "/o/fixed", "invalid"},
    };
    OWNED(json_release) json_t *document = parsed(plan);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *overrides = parsed(cases[i].overrides);
        struct faults faults = {.arena = &arena};
        json_t *merged = NULL;
        ck_assert_fails(INVALID, overrides_merge((struct json_at){overrides, STR("/o"), &faults},
                                                 document, &merged));
        ck_assert_ptr_null(merged);
        ck_assert_str_eq(str_to_c(&arena, faults.items[0].pointer), cases[i].pointer);
        ck_assert_str_eq(faults.items[0].code, cases[i].code);
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("canonical", writes_every_number_in_one_way, one_content_has_one_hash,
          overrides_members_and_items_by_key, refuses_overrides_of_what_the_plan_has_not)

// SPDX-License-Identifier: Apache-2.0
#include "documents.h"

#define PLAN(members) "{'currency': 'USD', 'interval': 'month', " members "}"
#define CHARGE(members) PLAN("'charges': [{'key': 'c', 'metric': 'm', " members "}]")

START_TEST(reads_every_member)
{
    struct documents documents;
    documents_open(&documents);
    const struct plan *plan = plan_of(
        &documents,
        "{'key': 'imaging', 'version': 3, 'sha256': 'ab', 'created_at': 'x', 'metrics': {},"
        " 'name': 'Imaging', 'description': 'd', 'currency': 'EUR', 'interval': 'half_year',"
        " 'charges': [{'key': 'c', 'name': 'Reads', 'metric': 'm', 'model': 'volume',"
        "   'filters': [{'property': 'p', 'gte': '1', 'lt': '5'}], 'group_by': ['p', 'q'],"
        "   'free_units': 10, 'minimum': '1', 'maximum': '2.50', 'prorate': true,"
        "   'tiers': [{'up_to': '10', 'unit_amount': '1'}, {'flat_amount': '7'}]}],"
        " 'fixed': [{'key': 'f', 'amount': '9', 'timing': 'advance', 'prorate': false,"
        "   'once': true}],"
        " 'minimum': '100', 'maximum': '200',"
        " 'commitment': {'amount': '12000.00', 'overage_factor': '1.2'}, 'trial_days': 14,"
        " 'grace': 'PT1H', 'late_usage': 'credit_only', 'rounding': 'half_even',"
        " 'tier_scope': 'period',"
        " 'entitlements': {'api': true, 'seats': {'metric': 'm', 'limit': '50'}, 'sla': '4h'}}");
    ck_assert_text(&documents.arena, plan->key, "imaging");
    ck_assert_int_eq(plan->version, 3);
    ck_assert_int_eq(plan->currency, CURRENCY_EUR);
    ck_assert_int_eq(plan->interval, INTERVAL_HALF_YEAR);
    ck_assert_int_eq(plan->late_usage, LATE_CREDIT_ONLY);
    ck_assert_int_eq(plan->rounding, ROUND_HALF_EVEN);
    ck_assert_int_eq(plan->grace_us, INT64_C(3600000000));
    ck_assert_int_eq(plan->trial_days, 14);
    ck_assert(plan->tier_scope_period);
    ck_assert(plan->has_commitment && plan->has_minimum && plan->has_maximum);
    ck_assert_text(&documents.arena, decimal_print(&documents.arena, plan->overage_factor), "1.2");
    const struct charge *charge = &plan->charges[0];
    ck_assert_uint_eq(charge->filter_count, 2);
    ck_assert_uint_eq(charge->group_by_count, 2);
    ck_assert_uint_eq(charge->tier_count, 2);
    ck_assert(charge->tiers[1].open);
    ck_assert(charge->prorate && charge->has_minimum);
    ck_assert_text(&documents.arena, plan->fixed[0].name, "f");
    ck_assert(plan->fixed[0].advance && plan->fixed[0].once && !plan->fixed[0].prorate);
    documents_close(&documents);
}
END_TEST

START_TEST(has_defaults)
{
    struct documents documents;
    documents_open(&documents);
    const struct plan *plan = plan_of(&documents, PLAN("'fixed': [{'key': 'f', 'amount': 9}]"));
    ck_assert_int_eq(plan->grace_us, INT64_C(86400000000));
    ck_assert_int_eq(plan->rounding, ROUND_HALF_UP);
    ck_assert_int_eq(plan->late_usage, LATE_BILL_NEXT);
    ck_assert(plan->fixed[0].prorate && !plan->fixed[0].advance && !plan->fixed[0].once);
    ck_assert(!plan->has_minimum && !plan->has_commitment && !plan->tier_scope_period);
    documents_close(&documents);
}
END_TEST

static const struct {
    const char *text;
    const char *fault;
} wrong_plans[] = {
    {"{'interval': 'month'}", "missing_member /currency"},
    {"{'currency': 'USD'}", "missing_member /interval"},
    {"{'currency': 'USX', 'interval': 'month'}", "invalid /currency"},
    {"{'currency': 'USD', 'interval': 'day'}", "invalid /interval"},
    {"{'currency': 'USD', 'interval': 'month', 'key': 'k'}", "unknown_member "},
    {"[]", "invalid "},
    {PLAN("'minimum': 1.5"), "decimal_expected /minimum"},
    {PLAN("'minimum': '-1'"), "invalid /minimum"},
    {PLAN("'minimum': '2', 'maximum': '1'"), "invalid /minimum"},
    {PLAN("'grace': '24h'"), "invalid /grace"},
    {PLAN("'grace': 'P400D'"), "invalid /grace"},
    {PLAN("'trial_days': -1"), "invalid /trial_days"},
    {PLAN("'late_usage': 'never'"), "invalid /late_usage"},
    {PLAN("'rounding': 'ceil'"), "invalid /rounding"},
    {PLAN("'tier_scope': 'x'"), "invalid /tier_scope"},
    {PLAN("'commitment': {'overage_factor': '1'}"), "missing_member /commitment/amount"},
    {PLAN("'entitlements': {'seats': {'limit': '1'}}"),
     "missing_member /entitlements/seats/metric"},
    {PLAN("'entitlements': {'seats': []}"), "invalid /entitlements/seats"},
    {PLAN("'fixed': [{'key': 'f'}]"), "missing_member /fixed/0/amount"},
    {PLAN("'fixed': [{'key': 'f', 'amount': '1', 'timing': 'later'}]"), "invalid /fixed/0/timing"},
    {PLAN("'fixed': [{'key': 'f', 'amount': '1'}, {'key': 'f', 'amount': '1'}]"),
     "invalid /fixed/1/key"},
    {PLAN("'charges': [{'key': 'c', 'metric': 'm'}]"), "missing_member /charges/0/model"},
    {CHARGE("'model': 'tiered'"), "invalid /charges/0/model"},
    {CHARGE("'model': 'dynamic', 'free_units': '1'"), "invalid /charges/0/free_units"},
    {CHARGE("'model': 'dynamic', 'amount': '1'"), "unknown_member /charges/0"},
    {CHARGE("'model': 'percentage'"), "missing_member /charges/0/rate"},
    {CHARGE("'model': 'percentage', 'rate': '1', 'minimum': '2', 'maximum': '1'"),
     "invalid /charges/0/minimum"},
    {CHARGE("'model': 'graduated_percentage', 'tiers': [{'unit_amount': '1'}]"),
     "unknown_member /charges/0/tiers/0"},
    {CHARGE("'model': 'graduated_percentage', 'tiers': [{'up_to': '5', 'rate': '1'}]"),
     "invalid /charges/0/tiers/0/up_to"},
    {CHARGE("'model': 'matrix', 'property': 'p'"), "missing_member /charges/0/prices"},
    {CHARGE("'model': 'matrix', 'property': 'p', 'prices': []"), "invalid /charges/0/prices"},
    {CHARGE("'model': 'matrix', 'property': 'p', 'prices': [{'match': {'p': 'a'}}]"),
     "missing_member /charges/0/prices/0/unit_amount"},
    {CHARGE("'model': 'matrix', 'property': 'p', "
            "'prices': [{'match': {'q': 'a'}, 'unit_amount': '1'}]"),
     "invalid /charges/0/prices/0/match"},
    {CHARGE("'model': 'matrix', 'property': 'p', "
            "'prices': [{'match': {'p': null}, 'unit_amount': '1'}]"),
     "invalid /charges/0/prices/0/match"},
    {CHARGE("'model': 'matrix', 'property': 'p', 'properties': ['p'], "
            "'prices': [{'match': {'p': 'a'}, 'unit_amount': '1'}]"),
     "invalid /charges/0/properties"},
    {CHARGE("'model': 'matrix', 'property': 'P', "
            "'prices': [{'match': {}, 'unit_amount': '1'}]"),
     "invalid /charges/0/property"},
    {CHARGE("'model': 'matrix', 'property': 'p', 'default': 0.5, "
            "'prices': [{'match': {}, 'unit_amount': '1'}]"),
     "decimal_expected /charges/0/default"},
    {CHARGE("'model': 'outcome', 'exclusive': true, "
            "'prices': [{'match': {'o': 'a'}, 'unit_amount': '1'}]"),
     "missing_member /charges/0/subject"},
    {CHARGE("'model': 'outcome', 'subject': 's', 'exclusive': 'yes', "
            "'prices': [{'match': {'o': 'a'}, 'unit_amount': '1'}]"),
     "invalid /charges/0/exclusive"},
    {CHARGE("'model': 'outcome', 'subject': 's', 'free_units': '3', "
            "'prices': [{'match': {'o': 'a'}, 'unit_amount': '1'}]"),
     "invalid /charges/0/free_units"},
    {CHARGE("'model': 'per_unit'"), "missing_member /charges/0/unit_amount"},
    {CHARGE("'model': 'per_unit', 'unit_amount': 0.5"), "decimal_expected /charges/0/unit_amount"},
    {CHARGE("'model': 'per_unit', 'unit_amount': '1', 'tiers': []"), "unknown_member /charges/0"},
    {CHARGE("'model': 'per_unit', 'unit_amount': '1', 'free_units': '-1'"),
     "invalid /charges/0/free_units"},
    {CHARGE("'model': 'per_unit', 'unit_amount': '1', 'minimum': '2', 'maximum': '1'"),
     "invalid /charges/0/minimum"},
    {CHARGE("'model': 'package', 'amount': '1', 'package_size': '0'"),
     "invalid /charges/0/package_size"},
    {CHARGE("'model': 'graduated'"), "missing_member /charges/0/tiers"},
    {CHARGE("'model': 'graduated', 'tiers': []"), "invalid /charges/0/tiers"},
    {CHARGE("'model': 'graduated', 'tiers': [{'up_to': '5'}]"), "invalid /charges/0/tiers/0/up_to"},
    {CHARGE("'model': 'graduated', 'tiers': [{'up_to': null}, {'up_to': null}]"),
     "invalid /charges/0/tiers/0/up_to"},
    {CHARGE("'model': 'graduated', 'tiers': [{'up_to': '0'}, {}]"),
     "invalid /charges/0/tiers/0/up_to"},
    {CHARGE("'model': 'volume', 'tiers': [{'up_to': '5'}, {'up_to': '5'}, {}]"),
     "invalid /charges/0/tiers/1/up_to"},
    {CHARGE("'model': 'stairstep', 'tiers': [{'unit_amount': '5'}]"),
     "unknown_member /charges/0/tiers/0"},
    {CHARGE("'model': 'per_unit', 'unit_amount': '1', 'group_by': ['a', 'a']"),
     "invalid /charges/0/group_by/1"},
    {CHARGE("'model': 'per_unit', 'unit_amount': '1', 'filters': [{'property': 'p'}]"),
     "invalid /charges/0/filters/0"},
    {PLAN("'charges': [{'key': 'c', 'metric': 'm', 'model': 'per_unit', 'unit_amount': '1'},"
          " {'key': 'c', 'metric': 'm', 'model': 'per_unit', 'unit_amount': '1'}]"),
     "invalid /charges/1/key"},
    {PLAN("'charges': [{'key': 'c', 'metric': 'm', 'model': 'per_unit', 'unit_amount': '1'}],"
          " 'fixed': [{'key': 'f', 'amount': '1'}, {'key': 'c', 'amount': '1'}]"),
     "invalid /fixed/1/key"},
    {PLAN("'fixed': [{'key': 'commitment', 'amount': '1'}]"), "invalid /fixed/0/key"},
    {PLAN("'fixed': [{'key': 'maximum', 'amount': '1'}]"), "invalid /fixed/0/key"},
    {PLAN("'charges': [{'key': 'minimum', 'metric': 'm', 'model': 'per_unit',"
          " 'unit_amount': '1'}]"),
     "invalid /charges/0/key"},
};

START_TEST(refuses_with_a_pointer)
{
    for (size_t i = 0; i < COUNT_OF(wrong_plans); i++) {
        struct documents documents;
        documents_open(&documents);
        ck_assert_msg(plan_parse(document(&documents, wrong_plans[i].text), false) == NULL, "%s",
                      wrong_plans[i].text);
        ck_assert_str_eq(first_fault(&documents), wrong_plans[i].fault);
        documents_close(&documents);
    }
}
END_TEST

START_TEST(a_full_list_of_faults_lets_nothing_through)
{
    struct documents documents;
    documents_open(&documents);
    for (size_t i = 0; i < FAULTS_MAX; i++)
        faults_add(&documents.faults, STR(""), "invalid", "Another document's.");
    ck_assert_ptr_null(plan_parse(document(&documents, PLAN("'minimum': '-1'")), false));
    documents_close(&documents);
}
END_TEST

TEST_MAIN("plan", reads_every_member, has_defaults, refuses_with_a_pointer,
          a_full_list_of_faults_lets_nothing_through)

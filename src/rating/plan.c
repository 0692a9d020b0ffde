// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/plan.h"

#include "charge.h"
#include "phial/util/array.h"
#include "read.h"

enum { TRIAL_DAYS_MAX = 3660, GRACE_DAYS_MAX = 366, ENTITLEMENTS_MAX = 200, STORED_MEMBERS = 5 };

#define DAY_US INT64_C(86400000000)

// What a plan's document holds besides what is read straight into the plan.
struct parts {
    str currency;
    str grace;
    const json_t *charges;
    const json_t *fixed;
    const json_t *commitment;
    const json_t *entitlements;
};

static bool read_members(struct json_at document, bool stored, struct plan *plan,
                         struct parts *parts)
{
    str unused = {0}; // its type alone is checked here
    const json_t *unread = NULL;
    json_field fields[] = {
        json_text("currency", &parts->currency),
        json_text("interval", &unused),
        json_optional(json_items("charges", &parts->charges)),
        json_optional(json_items("fixed", &parts->fixed)),
        json_optional_seen(json_decimal("minimum", &plan->minimum), &plan->has_minimum),
        json_optional_seen(json_decimal("maximum", &plan->maximum), &plan->has_maximum),
        json_optional_seen(json_members("commitment", &parts->commitment), &plan->has_commitment),
        json_optional(json_i64("trial_days", &plan->trial_days)),
        json_optional(json_text("grace", &parts->grace)),
        json_optional(json_text("late_usage", &unused)),
        json_optional(json_text("rounding", &unused)),
        json_optional(json_text("tier_scope", &unused)),
        json_optional(json_members("entitlements", &parts->entitlements)),
        json_optional(json_text("name", &unused)),
        json_optional(json_text("description", &unused)),
        json_optional(json_text("key", &plan->key)),
        json_optional(json_i64("version", &plan->version)),
        json_optional(json_text("sha256", &plan->sha256)),
        json_optional(json_any("created_at", &unread)),
        json_optional(json_any("metrics", &unread)),
    };
    size_t count = COUNT_OF(fields) - (stored ? 0U : STORED_MEMBERS);
    return json_read(document, (struct json_fields){fields, count});
}

struct words {
    const char *const *items; // NULL where a number has no word
    size_t count;
    int fallback; // the position meant where the member is absent
};

// The position of the member's word in the list; a fault for any other.
static int read_word(struct json_at at, struct words words)
{
    if (at.value == NULL || json_is_null(at.value))
        return words.fallback;
    for (size_t i = 0; i < words.count; i++) {
        if (words.items[i] != NULL && str_eq(json_str(at.value), str_from(words.items[i])))
            return (int)i;
    }
    (void)json_wrong(at, "invalid", "Not one of the words that may stand here.");
    return words.fallback;
}

static void read_words(struct json_at document, struct plan *plan)
{
    static const char *const intervals[] = {
        [INTERVAL_WEEK] = "week",       [INTERVAL_MONTH] = "month",
        [INTERVAL_QUARTER] = "quarter", [INTERVAL_HALF_YEAR] = "half_year",
        [INTERVAL_YEAR] = "year",
    };
    static const char *const late[] = {
        [LATE_BILL_NEXT] = "bill_next",
        [LATE_CREDIT_ONLY] = "credit_only",
        [LATE_HOLD] = "hold",
    };
    static const char *const roundings[] = {
        [ROUND_HALF_UP] = "half_up",
        [ROUND_HALF_EVEN] = "half_even",
    };
    static const char *const scopes[] = {"segment", "period"};

    plan->interval =
        (enum interval)read_word(json_member(document, "interval"),
                                 (struct words){intervals, COUNT_OF(intervals), INTERVAL_MONTH});
    plan->late_usage = (enum late_usage)read_word(
        json_member(document, "late_usage"), (struct words){late, COUNT_OF(late), LATE_BILL_NEXT});
    plan->rounding =
        (enum rounding)read_word(json_member(document, "rounding"),
                                 (struct words){roundings, COUNT_OF(roundings), ROUND_HALF_UP});
    plan->tier_scope_period = read_word(json_member(document, "tier_scope"),
                                        (struct words){scopes, COUNT_OF(scopes), 0}) == 1;
}

static void read_limits(struct json_at document, struct plan *plan)
{
    plan->overage_factor = decimal_from_i64(1);
    if (plan->minimum.units < 0)
        (void)json_wrong(json_member(document, "minimum"), "invalid", "Not below zero.");
    if (plan->maximum.units < 0)
        (void)json_wrong(json_member(document, "maximum"), "invalid", "Not below zero.");
    if (plan->has_minimum && plan->has_maximum && decimal_compare(plan->minimum, plan->maximum) > 0)
        (void)json_wrong(json_member(document, "minimum"), "invalid",
                         "The minimum is above the maximum.");
    if (!plan->has_commitment)
        return;
    struct json_at at = json_member(document, "commitment");
    if (!json_read(at,
                   FIELDS(json_decimal("amount", &plan->commitment),
                          json_optional(json_decimal("overage_factor", &plan->overage_factor)))))
        return;
    if (plan->commitment.units < 0)
        (void)json_wrong(json_member(at, "amount"), "invalid", "Not below zero.");
    if (plan->overage_factor.units < 0)
        (void)json_wrong(json_member(at, "overage_factor"), "invalid", "Not below zero.");
}

static void read_times(struct json_at document, str grace, struct plan *plan)
{
    if (plan->trial_days < 0 || plan->trial_days > TRIAL_DAYS_MAX)
        (void)json_wrong(json_member(document, "trial_days"), "invalid", "0 to 3660 days.");
    plan->grace_us = DAY_US;
    if (grace.ptr == NULL)
        return;
    if (failed(duration_parse(grace, &plan->grace_us)) || plan->grace_us > GRACE_DAYS_MAX * DAY_US)
        (void)json_wrong(json_member(document, "grace"), "invalid",
                         "An ISO 8601 duration of at most 366 days.");
}

static void read_charges(struct json_at list, struct plan *plan)
{
    size_t size = json_array_size(list.value);
    if (size > CHARGES_MAX) {
        (void)json_wrong(list, "invalid", "At most 100 charges.");
        return;
    }
    struct charge *charges = arena_array(list.faults->arena, struct charge, size);
    for (size_t i = 0; i < size; i++) {
        charge_read(json_item(list, i), &charges[i]);
        for (size_t j = 0; j < i; j++) {
            if (charges[i].key.len > 0 && str_eq(charges[i].key, charges[j].key))
                (void)json_wrong(json_member(json_item(list, i), "key"), "invalid",
                                 "Two charges have this key.");
        }
    }
    plan->charges = charges;
    plan->charge_count = size;
}

static void read_fee(struct json_at at, struct fixed_fee *fee)
{
    static const char *const timings[] = {"arrears", "advance"};
    str timing = {0};
    fee->prorate = true;
    if (!json_read(at,
                   FIELDS(json_text("key", &fee->key), json_optional(json_text("name", &fee->name)),
                          json_decimal("amount", &fee->amount),
                          json_optional(json_text("timing", &timing)),
                          json_optional(json_flag("prorate", &fee->prorate)),
                          json_optional(json_flag("once", &fee->once)))))
        return;
    fee->advance =
        read_word(json_member(at, "timing"), (struct words){timings, COUNT_OF(timings), 0}) == 1;
    if (!item_key_valid(fee->key))
        (void)json_wrong(json_member(at, "key"), "invalid", "1-64 of [A-Za-z0-9._-].");
    if (fee->name.len > NAME_BYTES_MAX)
        (void)json_wrong(json_member(at, "name"), "invalid", "At most 200 bytes.");
    if (fee->name.len == 0)
        fee->name = fee->key;
}

static void read_fixed(struct json_at list, struct plan *plan)
{
    size_t size = json_array_size(list.value);
    if (size > FIXED_MAX) {
        (void)json_wrong(list, "invalid", "At most 100 fixed fees.");
        return;
    }
    struct fixed_fee *fees = arena_array(list.faults->arena, struct fixed_fee, size);
    for (size_t i = 0; i < size; i++) {
        read_fee(json_item(list, i), &fees[i]);
        for (size_t j = 0; j < i; j++) {
            if (fees[i].key.len > 0 && str_eq(fees[i].key, fees[j].key))
                (void)json_wrong(json_member(json_item(list, i), "key"), "invalid",
                                 "Two fixed fees have this key.");
        }
    }
    plan->fixed = fees;
    plan->fixed_count = size;
}

static bool is_limit(str key)
{
    return str_eq(key, STR("minimum")) || str_eq(key, STR("maximum")) ||
           str_eq(key, STR("commitment"));
}

// The key names a statement's line: a limit's line has its kind as key. What is stored was put when
// this held, or before it was asked for.
static void check_keys(struct json_at document, const struct plan *plan)
{
    struct json_at charges = json_member(document, "charges");
    struct json_at fixed = json_member(document, "fixed");
    for (size_t i = 0; i < plan->charge_count; i++) {
        if (is_limit(plan->charges[i].key))
            (void)json_wrong(json_member(json_item(charges, i), "key"), "invalid",
                             "A limit's line has this key.");
    }
    for (size_t i = 0; i < plan->fixed_count; i++) {
        struct json_at at = json_member(json_item(fixed, i), "key");
        if (is_limit(plan->fixed[i].key))
            (void)json_wrong(at, "invalid", "A limit's line has this key.");
        for (size_t j = 0; j < plan->charge_count; j++) {
            if (plan->fixed[i].key.len > 0 && str_eq(plan->fixed[i].key, plan->charges[j].key))
                (void)json_wrong(at, "invalid", "A charge has this key.");
        }
    }
}

// Entitlements stay in the document; here only their shape counts. Their names are the plan's own,
// but a name that is no key is not repeated in a fault.
static void check_entitlements(struct json_at at)
{
    if (json_object_size(at.value) > ENTITLEMENTS_MAX) {
        (void)json_wrong(at, "invalid", "At most 200 entitlements.");
        return;
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(at.value), name, value)
    {
        str metric = {0};
        decimal limit = {0};
        if (!item_key_valid(str_from(name)))
            (void)json_wrong(at, "invalid", "A name is 1-64 of [A-Za-z0-9._-].");
        else if (json_is_object(value))
            (void)json_read(
                json_member(at, name),
                FIELDS(json_text("metric", &metric), json_optional(json_decimal("limit", &limit))));
        else if (!json_is_boolean(value) && !json_is_string(value) && !json_is_integer(value))
            (void)json_wrong(json_member(at, name), "invalid",
                             "A flag, a text, a whole number, or a metric with its limit.");
    }
}

const struct plan *plan_parse(struct json_at document, bool stored)
{
    size_t faults_before = document.faults->count;
    struct plan *plan = arena_new(document.faults->arena, struct plan);
    struct parts parts = {0};
    if (!read_members(document, stored, plan, &parts))
        return NULL;
    if (failed(currency_parse(parts.currency, &plan->currency)))
        (void)json_wrong(json_member(document, "currency"), "invalid",
                         "Not the code of a currency (ISO 4217).");
    read_words(document, plan);
    read_limits(document, plan);
    read_times(document, parts.grace, plan);
    if (parts.charges != NULL)
        read_charges(json_member(document, "charges"), plan);
    if (parts.fixed != NULL)
        read_fixed(json_member(document, "fixed"), plan);
    if (!stored)
        check_keys(document, plan);
    if (parts.entitlements != NULL)
        check_entitlements(json_member(document, "entitlements"));
    // A full list of faults takes no more: what was not seen to be right counts as wrong.
    bool right = document.faults->count == faults_before && faults_before < FAULTS_MAX;
    return right ? plan : NULL;
}

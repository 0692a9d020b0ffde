// SPDX-License-Identifier: Apache-2.0
// What a subscription writes into its customer's log, so that the log alone suffices to re-rate.
#include "phial/catalog/canonical.h"
#include "phial/ledger/ledger.h"
#include "subscription_parts.h"

static json_t *json_text_of(struct arena *arena, instant at)
{
    return json_from_str(instant_print_canonical(arena, at));
}

// {"key", "sha256", "version"}, and which version of each metric goes with it.
static json_t *plan_reference(const struct pinned_plan *pinned)
{
    return json_pack("{s:o, s:o, s:I, s:O}", "key", json_from_str(pinned->item.key), "sha256",
                     json_from_str(pinned->item.sha256), "version",
                     (json_int_t)pinned->item.version, "metrics", pinned->versions);
}

// The overrides in canonical form: amounts are in the plan's currency. NULL without.
static result print_overrides(struct arena *arena, str overrides, enum currency currency,
                              json_t **printed)
{
    OWNED(json_release) json_t *members = NULL;
    json_t *canonical = NULL;
    if (overrides.len == 0) {
        *printed = NULL;
        return OK;
    }
    TRY(json_parse(overrides, &members));
    if (json_object_set_new(members, "currency", json_string(currency_code(currency))) != 0)
        return FAIL(INTERNAL, "out of memory");
    TRY(document_canonical(arena, DOCUMENT_PLAN, members, &canonical));
    (void)json_object_del(canonical, "currency");
    *printed = canonical;
    return OK;
}

static result add_segments(struct db_tx *tx, str subscription_id, json_t *held, json_t *into,
                           struct pinned_plan *last)
{
    struct segment_row *rows = NULL;
    size_t count = 0;
    TRY(segments_read(tx, subscription_id, &rows, &count));
    if (count == 0)
        return FAIL(INTERNAL, "a subscription without a plan");
    for (size_t i = 0; i < count; i++) {
        TRY(segment_pinned(tx, &rows[i], held, last));
        json_t *overrides = NULL;
        TRY(print_overrides(db_arena(tx), rows[i].overrides, last->plan->currency, &overrides));
        json_t *segment =
            json_pack("{s:o, s:o, s:o*}", "from", json_text_of(db_arena(tx), rows[i].starts_at),
                      "plan", plan_reference(last), "overrides", overrides);
        if (segment == NULL || json_array_append_new(into, segment) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return OK;
}

static result print_entry(struct db_tx *tx, const struct subscription *subscription, json_t *held,
                          str *plan, str *entry)
{
    struct arena *arena = db_arena(tx);
    struct customer customer = {0};
    struct pinned_plan last = {0};
    OWNED(json_release) json_t *segments = json_array();
    TRY(customer_get_by_id(tx, subscription->customer_id, &customer));
    TRY(add_segments(tx, subscription->id, held, segments, &last));
    OWNED(json_release)
    json_t *root = json_pack(
        "{s:o, s:s, s:o, s:s, s:o, s:o, s:O, s:O*, s:o*}", "id", json_from_str(subscription->id),
        "anchor", subscription->anniversary ? "anniversary" : "calendar", "time_zone",
        json_from_str(customer.zone_name), "currency", currency_code(customer.currency), "start",
        json_text_of(arena, subscription->start), "plan", plan_reference(&last), "segments",
        segments, "overrides",
        json_object_get(json_array_get(segments, json_array_size(segments) - 1), "overrides"),
        "end", subscription->has_end ? json_text_of(arena, subscription->end) : NULL);
    if (root == NULL)
        return FAIL(INTERNAL, "out of memory");
    TRY(json_canonical(arena, last.entry, plan));
    return json_canonical(arena, root, entry);
}

result subscription_append(struct db_tx *tx, const struct subscription *subscription,
                           const struct change *change)
{
    OWNED(json_release) json_t *held = json_array();
    struct append entries[2] = {
        {.kind = ENTRY_plan, .members = {{.name = "plan"}}},
        {.kind = ENTRY_subscription, .members = {{.name = "subscription"}}},
    };
    TRY(print_entry(tx, subscription, held, &entries[0].members[0].json,
                    &entries[1].members[0].json));
    for (size_t i = 0; i < 2; i++) {
        entries[i].customer_id = subscription->customer_id;
        entries[i].customer = subscription->customer;
        entries[i].member_count = 1;
    }
    return ledger_append(tx, change->now, change->actor, entries, 2);
}

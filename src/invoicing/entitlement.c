// SPDX-License-Identifier: Apache-2.0
// What the plans in force grant, and how much of it is left.
#include "running.h"

struct granting {
    struct db_tx *tx;
    const struct customer *customer;
    instant now;
    json_t *held;
};

// The plan version in force now, as it was put: subscriptions override no entitlements.
static result find_grant(const struct granting *granting, const struct running *running, str name,
                         const json_t **grant)
{
    const struct segment *segment = &running->terms.segments[0];
    for (size_t i = 1; i < running->terms.segment_count; i++) {
        if (running->terms.segments[i].from.us <= granting->now.us)
            segment = &running->terms.segments[i];
    }
    struct catalog_item item = {0};
    json_t *document = NULL;
    TRY(catalog_get_version(granting->tx, CATALOG_PLAN, segment->plan->key, segment->plan->version,
                            &item));
    TRY(json_parse(item.document, &document));
    if (json_array_append_new(granting->held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    *grant = json_object_get(json_object_get(document, "entitlements"),
                             str_to_c(db_arena(granting->tx), name));
    return OK;
}

static result read_exact(struct arena *arena, const json_t *value, exact *read)
{
    decimal number = {0};
    if (json_is_integer(value)) {
        *read = exact_from_i64(arena, json_integer_value(value));
        return OK;
    }
    TRY(decimal_parse(json_str(value), &number));
    *read = exact_from_decimal(arena, number);
    return OK;
}

static result measure(const struct granting *granting, const struct running *running,
                      const json_t *grant, struct entitlement *found)
{
    struct usage_query query = {.customer = granting->customer,
                                .from = running->period.start,
                                .to = running->period.end,
                                .window = STR("")};
    TRY(catalog_metric(granting->tx, json_str(json_object_get(grant, "metric")), granting->held,
                       &query.metric));
    TRY(usage_query_measure(granting->tx, &query, &found->used, &found->as_of_index));
    const json_t *limit = json_object_get(grant, "limit");
    found->has_used = true;
    if (limit == NULL || json_is_null(limit)) // there is none
        return OK;
    TRY(read_exact(db_arena(granting->tx), limit, &found->limit));
    found->has_limit = true;
    found->granted = exact_compare(found->used, found->limit) < 0;
    return OK;
}

static result read_grant(const struct granting *granting, const struct running *running,
                         const json_t *grant, struct entitlement *found)
{
    *found = (struct entitlement){.granted = true, .limit = exact_zero(), .used = exact_zero()};
    if (json_is_object(grant))
        return measure(granting, running, grant, found);
    if (json_is_boolean(grant))
        found->granted = json_is_true(grant);
    else if (json_is_string(grant))
        found->value = str_copy(db_arena(granting->tx), json_str(grant));
    else {
        found->has_limit = true;
        found->limit = exact_from_i64(db_arena(granting->tx), json_integer_value(grant));
        found->granted = exact_sign(found->limit) > 0;
    }
    return OK;
}

// Without a limit more is left than with any.
static bool leaves_more(struct arena *arena, const struct entitlement *a,
                        const struct entitlement *b)
{
    if (a->granted != b->granted)
        return a->granted;
    if (!a->has_limit || !b->has_limit)
        return !a->has_limit && b->has_limit;
    return exact_compare(exact_sub(arena, a->limit, a->used), exact_sub(arena, b->limit, b->used)) >
           0;
}

result entitlement_find(struct db_tx *tx, const struct customer *customer, str name, instant now,
                        struct entitlement *entitlement)
{
    OWNED(json_release) json_t *held = json_array();
    struct granting granting = {tx, customer, now, held};
    struct running *running = NULL;
    struct entitlement best = {0};
    bool any = false;
    size_t count = 0;
    TRY(running_read(tx, customer, now, held, &running, &count));
    for (size_t i = 0; i < count; i++) {
        const json_t *grant = NULL;
        struct entitlement found = {0};
        TRY(find_grant(&granting, &running[i], name, &grant));
        if (grant == NULL)
            continue;
        TRY(read_grant(&granting, &running[i], grant, &found));
        if (!any || leaves_more(db_arena(tx), &found, &best))
            best = found;
        any = true;
    }
    *entitlement = best;
    return OK;
}

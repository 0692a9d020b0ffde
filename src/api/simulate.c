// SPDX-License-Identifier: Apache-2.0
// /v1/plans/simulate and /v1/plans/compare
#include "phial/invoicing/simulate.h"

#include "caller.h"
#include "phial/catalog/keys.h"

// Where the usage comes from, when it is not given.
struct source {
    str customer;
    str subscription;
    const json_t *period; // of a customer
    instant start;
    instant end;
    instant at; // of a subscription
};

struct question {
    const struct request *request;
    struct source source;
    json_t *answer;
};

static void question_release(struct question *question)
{
    json_release(&question->answer);
}

// The usage is a customer's: of days that are named, or of a subscription's period.
static void check_source(struct json_at document, struct source *source)
{
    struct json_at period = json_member(document, "period");
    bool given = json_object_get(document.value, "quantities") != NULL ||
                 json_object_get(document.value, "events") != NULL;
    bool measured = source->customer.len != 0 || source->subscription.len != 0;
    if (given && measured)
        (void)json_wrong(document, "invalid",
                         "Usage is given, or it is a customer's or a subscription's.");
    if (source->customer.len != 0 && source->subscription.len != 0)
        (void)json_wrong(document, "invalid", "Either a customer or a subscription.");
    if ((source->customer.len != 0) != (source->period != NULL))
        (void)json_wrong(period, "missing_member", "A customer's usage is that of a period.");
    if (source->period != NULL &&
        json_read(period, FIELDS(json_instant("start", &source->start),
                                 json_instant("end", &source->end))) &&
        source->start.us >= source->end.us)
        (void)json_wrong(json_member(period, "end"), "invalid",
                         "The end must lie after the start.");
}

enum { COMMON_FIELDS = 10 };

// The members that a simulation and a comparison have in common, and then their own.
static void read_document(struct json_at document, struct json_fields own, struct source *source)
{
    const json_t *unread = NULL;
    bool has_at = false;
    json_field fields[COMMON_FIELDS + 3] = {
        json_optional(json_any("quantities", &unread)),
        json_optional(json_any("events", &unread)),
        json_optional(json_any("usage_share", &unread)),
        json_optional(json_any("discounts", &unread)),
        json_optional(json_any("tax", &unread)),
        json_optional(json_members("metrics", &unread)),
        json_optional(json_text("customer", &source->customer)),
        json_optional(json_text("subscription", &source->subscription)),
        json_optional(json_members("period", &source->period)),
        json_optional_seen(json_instant("at", &source->at), &has_at),
    };
    for (size_t i = 0; i < own.count; i++)
        fields[COMMON_FIELDS + i] = own.items[i];
    (void)json_read(document, (struct json_fields){fields, COMMON_FIELDS + own.count});
    if (has_at && source->subscription.len == 0)
        (void)json_wrong(json_member(document, "at"), "invalid", "Only of a subscription.");
    check_source(document, source);
}

// What a customer has used is told to those alone who may read it.
static result find_usage(struct db_tx *tx, const struct question *question, json_t *held,
                         struct asked_plan *subscribed, struct asked_usage *usage)
{
    const struct request *request = question->request;
    const struct source *source = &question->source;
    *usage = (struct asked_usage){0};
    if (source->customer.len == 0 && source->subscription.len == 0)
        return OK;
    if (!key_may(&caller_of(request)->key, SCOPE_billing_read))
        return FAIL(FORBIDDEN, "The key does not have the scope for this.");
    if (source->subscription.len != 0) {
        TRY(subscribed_plan_read(tx, source->subscription, source->at, held, subscribed, usage));
        if (bound_customer(request) != 0 && bound_customer(request) != usage->customer->id)
            return FAIL(NOT_FOUND, "No such resource.");
        return OK;
    }
    struct customer *customer = arena_new(db_arena(tx), struct customer);
    const struct zone *zone = NULL;
    TRY(caller_customer(tx, request, source->customer, customer));
    TRY(zone_load(db_arena(tx), customer->zone_name, &zone));
    *usage = (struct asked_usage){.customer = customer,
                                  .from = subscription_instant(zone, source->start),
                                  .to = subscription_instant(zone, source->end)};
    return OK;
}

static result say_period(const struct question *question, const struct asked_usage *usage)
{
    const struct request *request = question->request;
    if (usage->customer == NULL)
        return OK;
    json_t *period = json_pack("{s:o, s:o}", "start", json_instant_text(request, usage->from),
                               "end", json_instant_text(request, usage->to));
    return json_object_set_new(question->answer, "period", period) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

// ---- simulate

static bool names_plan(struct json_at at)
{
    return json_object_get(at.value, "plan") != NULL || json_object_get(at.value, "key") != NULL;
}

static result simulate(struct db_tx *tx, void *context)
{
    struct question *question = context;
    OWNED(json_release) json_t *held = json_array();
    struct json_at document = document_of(question->request);
    struct asked_plan plan = {0};
    struct asked_usage usage = {0};
    json_release(&question->answer);
    TRY(find_usage(tx, question, held, &plan, &usage));
    if (plan.plan == NULL || names_plan(document))
        TRY(asked_plan_read(tx, document, held, &plan));
    TRY(plan_simulate(tx, document, &plan, &usage, &question->answer));
    return say_period(question, &usage);
}

result post_plans_simulate(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct question question = {.request = request};
    const json_t *unread = NULL;
    str key = {0};
    int64_t version = 0;
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    question.source.at = caller_of(request)->change.now;
    read_document(document_of(request),
                  FIELDS(json_optional(json_any("plan", &unread)),
                         json_optional(json_text("key", &key)),
                         json_optional(json_i64("version", &version))),
                  &question.source);
    TRY(faults_result(request->faults));
    TRY(db_transact(request->db, request->arena, simulate, &question));
    return http_reply_json(request, reply, 200, json_incref(question.answer));
}

// ---- compare

// `a` may be left out where a subscription has a plan.
static result read_side(struct db_tx *tx, struct json_at at, json_t *held, struct asked_plan *plan)
{
    const json_t *unread = NULL;
    str key = {0};
    int64_t version = 0;
    if (at.value == NULL && plan->plan != NULL) {
        plan->among_others = true;
        return OK;
    }
    if (at.value == NULL)
        (void)json_wrong(at, "missing_member", "Two plans are compared: a and b.");
    else
        (void)json_read(at, FIELDS(json_optional(json_any("plan", &unread)),
                                   json_optional(json_text("key", &key)),
                                   json_optional(json_i64("version", &version))));
    TRY(faults_result(at.faults));
    TRY(asked_plan_read(tx, at, held, plan));
    plan->among_others = true;
    return OK;
}

static result compare(struct db_tx *tx, void *context)
{
    struct question *question = context;
    OWNED(json_release) json_t *held = json_array();
    OWNED(json_release) json_t *before = NULL;
    OWNED(json_release) json_t *after = NULL;
    struct json_at document = document_of(question->request);
    struct asked_plan a = {0};
    struct asked_plan b = {0};
    struct asked_usage usage = {0};
    json_release(&question->answer);
    TRY(find_usage(tx, question, held, &a, &usage));
    TRY(read_side(tx, json_member(document, "a"), held, &a));
    TRY(read_side(tx, json_member(document, "b"), held, &b));
    TRY(plan_simulate(tx, document, &a, &usage, &before));
    TRY(plan_simulate(tx, document, &b, &usage, &after));
    TRY(statements_compare(db_arena(tx), before, after, &question->answer));
    return say_period(question, &usage);
}

result post_plans_compare(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct question question = {.request = request};
    const json_t *unread = NULL;
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    question.source.at = caller_of(request)->change.now;
    read_document(document_of(request),
                  FIELDS(json_optional(json_members("a", &unread)), json_members("b", &unread)),
                  &question.source);
    TRY(faults_result(request->faults));
    TRY(db_transact(request->db, request->arena, compare, &question));
    return http_reply_json(request, reply, 200, json_incref(question.answer));
}

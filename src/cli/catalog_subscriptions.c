// SPDX-License-Identifier: Apache-2.0
#include "catalog_applying.h"
#include "catalog_diff.h"
#include "phial/util/array.h"
#include "plan_effect.h"

#include <string.h>

static bool same_text(const json_t *a, const json_t *b, const char *name)
{
    return str_eq(json_str(json_object_get(a, name)), json_str(json_object_get(b, name)));
}

static bool has(const json_t *document, const char *name)
{
    const json_t *value = json_object_get(document, name);
    return value != NULL && !json_is_null(value);
}

static bool has_ended(const json_t *there)
{
    return str_eq(json_str(json_object_get(there, "status")), STR("ended"));
}

static bool read_instant(const json_t *document, const char *name, instant *at)
{
    return !failed(instant_parse(json_str(json_object_get(document, name)), at));
}

// The server cuts a start and an end to the local midnight of their day.
static bool same_day(const struct zone *zone, const json_t *wanted, const json_t *there,
                     const char *name)
{
    instant want = {0};
    instant have = {0};
    return read_instant(wanted, name, &want) && read_instant(there, name, &have) &&
           zone_day(zone, want).number == zone_day(zone, have).number;
}

static bool same_subscription(const struct zone *zone, const json_t *wanted, const json_t *there)
{
    return same_text(wanted, there, "customer") && same_text(wanted, there, "plan") &&
           same_day(zone, wanted, there, "start");
}

// Whether another document is about this very subscription.
static bool is_claimed(const struct zone *zone, const json_t *documents, const json_t *there)
{
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(json_iterable(documents), key, document)
    {
        if (same_subscription(zone, document, there))
            return true;
    }
    return false;
}

struct found {
    const struct zone *zone; // the customer's
    json_t *same;            // NULL when there is none
    json_t *other;           // the last that may become it
    size_t candidates;       // how many may
};

// One that is to have another plan: it runs, began on the day, and no other document is about it.
static bool may_become(const struct applying *applying, const struct zone *zone,
                       const json_t *wanted, const json_t *there)
{
    return same_text(wanted, there, "customer") && same_day(zone, wanted, there, "start") &&
           !has_ended(there) &&
           !is_claimed(zone, json_object_get(applying->document, "subscriptions"), there);
}

static void found_release(struct found *found)
{
    json_decref(found->same);
    json_decref(found->other);
}

// A change that is booked for a later day has been made already: what comes last is what counts.
static void look_ahead(json_t *there)
{
    static const char *const names[] = {"overrides", "plan", "version"};
    const json_t *changes = json_object_get(there, "changes");
    const json_t *last = json_array_get(changes, json_array_size(changes) - 1);
    if (last == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        json_t *value = json_object_get(last, names[i]);
        if (value == NULL)
            (void)json_object_del(there, names[i]);
        else
            (void)json_object_set(there, names[i], value);
    }
}

static void look_at(const struct applying *applying, const json_t *wanted, json_t *there,
                    struct found *found)
{
    if (same_subscription(found->zone, wanted, there) &&
        (found->same == NULL || has_ended(found->same))) {
        json_decref(found->same);
        found->same = json_incref(there);
    } else if (may_become(applying, found->zone, wanted, there)) {
        json_decref(found->other);
        found->other = json_incref(there);
        found->candidates++;
    }
}

static result read_zone(const struct applying *applying, str key, const struct zone **zone)
{
    OWNED(json_release) json_t *customer = NULL;
    TRY(client_get(applying->client, applying->arena,
                   str_printf(applying->arena, "/v1/customers/%" STR_FMT, STR_ARG(key)),
                   &customer));
    str name = str_copy(applying->arena, json_str(json_object_get(customer, "time_zone")));
    return zone_load(applying->arena, name, zone);
}

static result find_subscription(const struct applying *applying, const json_t *wanted,
                                struct found *found)
{
    str cursor = STR("");
    do {
        OWNED(json_release) json_t *page = NULL;
        str customer =
            client_segment(applying->arena, json_str(json_object_get(wanted, "customer")));
        str path = str_printf(
            applying->arena, "/v1/subscriptions?limit=500&customer=%" STR_FMT "%s%" STR_FMT,
            STR_ARG(customer), cursor.len == 0 ? "" : "&cursor=", STR_ARG(cursor));
        struct answer answer = {0};
        TRY(client_send(applying->client, applying->arena,
                        &(struct call){.method = "GET", .path = path}, &answer));
        if (answer.status == 404) // a customer that a dry run has not made
            return OK;
        if (answer.status != 200)
            return FAIL(INTERNAL, "the server does not let subscriptions be read");
        TRY(json_parse(answer.body, &page));
        const json_t *data = json_object_get(page, "data");
        if (found->zone == NULL && json_array_size(data) > 0)
            TRY(read_zone(applying, customer, &found->zone));
        for (size_t i = 0; i < json_array_size(data); i++) {
            look_ahead(json_array_get(data, i));
            look_at(applying, wanted, json_array_get(data, i), found);
        }
        cursor = str_copy(applying->arena, json_str(json_object_get(page, "next_cursor")));
    } while (cursor.len != 0);
    return OK;
}

static const json_t *plan_in_document(const struct applying *applying, str key)
{
    return json_object_get(json_object_get(applying->document, "plans"),
                           str_to_c(applying->arena, key));
}

// The version that the subscription should have: the one it names, else the plan's current one.
// 0 is one that applying the plan will make.
static result wanted_version(const struct applying *applying, const json_t *wanted,
                             int64_t *version)
{
    OWNED(json_release) json_t *current = NULL;
    str key = json_str(json_object_get(wanted, "plan"));
    const json_t *plan = plan_in_document(applying, key);
    struct answer answer = {0};
    str path = str_printf(applying->arena, "/v1/plans/%" STR_FMT,
                          STR_ARG(client_segment(applying->arena, key)));
    if (has(wanted, "version")) {
        *version = json_integer_value(json_object_get(wanted, "version"));
        return OK;
    }
    TRY(client_send(applying->client, applying->arena,
                    &(struct call){.method = "GET", .path = path}, &answer));
    if (answer.status == 404 && plan != NULL && applying->dry_run) {
        *version = 0;
        return OK;
    }
    if (answer.status != 200)
        return FAIL(INVALID, "a subscription names a plan that cannot be read");
    TRY(json_parse(answer.body, &current));
    *version = json_integer_value(json_object_get(current, "version"));
    if (plan == NULL || !applying->dry_run)
        return OK;
    int differences = 0;
    TRY(catalog_diff(applying->arena, DOCUMENT_PLAN, current, plan, NULL, &differences));
    if (differences != 0)
        *version = 0;
    return OK;
}

static void copy_member(const json_t *from, json_t *into, const char *name)
{
    json_t *value = json_object_get(from, name);
    if (value != NULL && json_object_get(into, name) == NULL)
        (void)json_object_set(into, name, value);
}

// What a subscription is to become, and what it is.
struct update {
    const char *key; // the document's
    const json_t *wanted;
    const json_t *there;
    const struct zone *zone; // the customer's
    int64_t version;         // 0: one that applying the plan will make
    bool plan;               // what differs: the plan or its version
    bool overrides;
    bool end;
    str from; // the day of a change; "": today
};

// Overrides are parts of a plan, and compared as these are.
static result same_overrides(struct arena *arena, const json_t *wanted, const json_t *there,
                             bool *same)
{
    OWNED(json_release) json_t *none = json_object();
    OWNED(json_release) json_t *want = NULL;
    OWNED(json_release) json_t *have = NULL;
    const json_t *before = has(there, "overrides") ? json_object_get(there, "overrides") : none;
    TRY(document_canonical(arena, DOCUMENT_PLAN, json_object_get(wanted, "overrides"), &want));
    TRY(document_canonical(arena, DOCUMENT_PLAN, before, &have));
    *same = json_equal(want, have) != 0;
    return OK;
}

// What the document leaves out stays, overrides with their plan. One that has ended keeps the
// version it had, unless the document names one.
static result compare(const struct applying *applying, struct update *update)
{
    const json_t *wanted = update->wanted;
    const json_t *there = update->there;
    int64_t version = json_integer_value(json_object_get(there, "version"));
    bool same = true;
    update->version = version;
    if (!has_ended(there) || has(wanted, "version"))
        TRY(wanted_version(applying, wanted, &update->version));
    if (has(wanted, "overrides"))
        TRY(same_overrides(applying->arena, wanted, there, &same));
    update->plan = !same_text(wanted, there, "plan") || update->version != version;
    update->overrides = !same;
    update->end = has(wanted, "end") && !same_day(update->zone, wanted, there, "end");
    update->from = json_str(json_object_get(wanted, "at"));
    if (update->from.len == 0 &&
        str_eq(json_str(json_object_get(there, "status")), STR("scheduled")))
        update->from = json_str(json_object_get(there, "start"));
    return OK;
}

static str print_member(struct arena *arena, const json_t *document, const char *name)
{
    return has(document, name) ? json_print(arena, json_object_get(document, name))
                               : STR("(nothing)");
}

// Prints a difference that no server makes.
static bool refuse(const struct applying *applying, const struct update *update, const char *name,
                   const char *why)
{
    (void)fprintf(applying->out,
                  "  ! subscriptions/%s/%s: %" STR_FMT " -> %" STR_FMT ": cannot be changed: %s\n",
                  update->key, name, STR_ARG(print_member(applying->arena, update->there, name)),
                  STR_ARG(print_member(applying->arena, update->wanted, name)), why);
    return false;
}

static bool can_end(const struct applying *applying, const struct update *update)
{
    instant want = {0};
    instant have = {0};
    instant start = {0};
    bool read =
        read_instant(update->wanted, "end", &want) && read_instant(update->there, "start", &start);
    if (read && want.us < start.us)
        return refuse(applying, update, "end", "it lies before the start");
    if (read_instant(update->there, "end", &have) && want.us > have.us)
        return refuse(applying, update, "end",
                      "it ends before that; what shall go on is another subscription");
    return true;
}

static bool can_change(const struct applying *applying, const struct update *update)
{
    instant at = {0};
    instant start = {0};
    instant end = {0};
    const char *name = update->overrides                                  ? "overrides"
                       : same_text(update->wanted, update->there, "plan") ? "version"
                                                                          : "plan";
    bool dated = read_instant(update->wanted, "at", &at);
    if (dated && read_instant(update->there, "start", &start) && at.us < start.us)
        return refuse(applying, update, name, "`at` lies before the start");
    if (read_instant(update->there, "end", &end) &&
        (dated ? at.us >= end.us : has_ended(update->there)))
        return refuse(applying, update, name,
                      dated ? "`at` lies behind the end" : "the subscription has ended");
    return true;
}

// Every difference that cannot be, each in a line.
static bool is_possible(const struct applying *applying, const struct update *update)
{
    bool possible = true;
    if (has(update->wanted, "anchor") && !same_text(update->wanted, update->there, "anchor"))
        possible = refuse(applying, update, "anchor",
                          "a subscription keeps its anchor; end it and begin another");
    if ((update->plan || update->overrides) && !can_change(applying, update))
        possible = false;
    if (update->end && !can_end(applying, update))
        possible = false;
    return possible;
}

static void print_left_out(const struct applying *applying, const struct update *update)
{
    static const char *const names[] = {"end", "overrides"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool kept =
            strcmp(names[i], "end") == 0 || same_text(update->wanted, update->there, "plan");
        if (!has(update->wanted, names[i]) && has(update->there, names[i]) && kept)
            (void)fprintf(applying->out,
                          "  = subscriptions/%s/%s: stays %" STR_FMT
                          ", the file says nothing of it\n",
                          update->key, names[i],
                          STR_ARG(print_member(applying->arena, update->there, names[i])));
    }
    if (!has(update->wanted, "anchor") &&
        str_eq(json_str(json_object_get(update->there, "anchor")), STR("anniversary")))
        (void)fprintf(
            applying->out,
            "  = subscriptions/%s/anchor: stays \"anniversary\", the file says nothing of "
            "it\n",
            update->key);
}

static result print_plan(const struct applying *applying, const struct update *update, str from)
{
    str before = json_str(json_object_get(update->there, "plan"));
    str after = json_str(json_object_get(update->wanted, "plan"));
    str version = update->version == 0
                      ? STR("new version")
                      : str_printf(applying->arena, "version %lld", (long long)update->version);
    (void)fprintf(
        applying->out,
        "    plan: %" STR_FMT " version %lld -> %" STR_FMT " %" STR_FMT ", from %" STR_FMT " on\n",
        STR_ARG(before), (long long)json_integer_value(json_object_get(update->there, "version")),
        STR_ARG(after), STR_ARG(version), STR_ARG(from));
    bool told = update->version == 0 && str_eq(before, after); // where the plan's change is printed
    if (told || !applying->dry_run)
        return OK;
    return plan_effect_on(
        &(struct plan_effect){.client = applying->client,
                              .arena = applying->arena,
                              .plan = after,
                              .document =
                                  update->version == 0 ? plan_in_document(applying, after) : NULL,
                              .version = update->version,
                              .metrics = json_object_get(applying->document, "metrics"),
                              .out = applying->out},
        update->there);
}

static result print_update(const struct applying *applying, const struct update *update)
{
    struct arena *arena = applying->arena;
    str from = update->from.len == 0 ? STR("today") : update->from;
    (void)fprintf(applying->out, "  ~ subscriptions/%s\n", update->key);
    if (update->plan)
        TRY(print_plan(applying, update, from));
    if (update->overrides)
        (void)fprintf(applying->out,
                      "    overrides: %" STR_FMT " -> %" STR_FMT ", from %" STR_FMT " on\n",
                      STR_ARG(print_member(arena, update->there, "overrides")),
                      STR_ARG(print_member(arena, update->wanted, "overrides")), STR_ARG(from));
    if (update->end)
        (void)fprintf(applying->out, "    end: %" STR_FMT " -> %" STR_FMT "\n",
                      STR_ARG(print_member(arena, update->there, "end")),
                      STR_ARG(print_member(arena, update->wanted, "end")));
    return OK;
}

static result post(const struct applying *applying, const struct update *update, const char *verb,
                   const json_t *body)
{
    str path = str_printf(applying->arena, "/v1/subscriptions/%" STR_FMT "/%s",
                          STR_ARG(json_str(json_object_get(update->there, "id"))), verb);
    return applying_send(applying, &(struct call){.method = "POST",
                                                  .path = path,
                                                  .body = json_print(applying->arena, body),
                                                  .reason = "phial apply"});
}

static result post_change(const struct applying *applying, const struct update *update)
{
    OWNED(json_release) json_t *change = json_object();
    copy_member(update->wanted, change, "plan");
    copy_member(update->wanted, change, "version");
    copy_member(update->wanted, change, "overrides");
    if (update->from.len != 0)
        (void)json_object_set_new(change, "at", json_from_str(update->from));
    if (same_text(update->wanted, update->there, "plan") && !has(update->wanted, "overrides"))
        (void)json_object_set(change, "overrides", json_object_get(update->there, "overrides"));
    return post(applying, update, "change", change);
}

static result post_cancel(const struct applying *applying, const struct update *update)
{
    OWNED(json_release) json_t *cancel = json_object();
    (void)json_object_set(cancel, "at", json_object_get(update->wanted, "end"));
    return post(applying, update, "cancel", cancel);
}

static result update_subscription(const struct applying *applying, struct update *update)
{
    TRY(compare(applying, update));
    bool possible = is_possible(applying, update);
    if (update->overrides && applying->dry_run)
        TRY(check_overrides(applying, update->key, update->wanted, update->version, &possible));
    if (!possible) {
        applying->figures->impossible++;
        return OK;
    }
    print_left_out(applying, update);
    if (!update->plan && !update->overrides && !update->end) {
        applying->figures->same++;
        return OK;
    }
    applying->figures->changed++;
    TRY(print_update(applying, update));
    if (applying->dry_run)
        return OK;
    if (update->plan || update->overrides)
        TRY(post_change(applying, update));
    return update->end ? post_cancel(applying, update) : OK;
}

static result create_subscription(const struct applying *applying, const char *key,
                                  json_t *document)
{
    bool possible = true;
    int64_t version = 0;
    if (has(document, "overrides") && applying->dry_run) {
        TRY(wanted_version(applying, document, &version));
        TRY(check_overrides(applying, key, document, version, &possible));
    }
    if (!possible) {
        applying->figures->impossible++;
        return OK;
    }
    (void)fprintf(applying->out, "  + subscriptions/%s\n", key);
    applying->figures->made++;
    if (applying->dry_run)
        return OK;
    (void)json_object_del(document, "at");
    return applying_send(applying, &(struct call){.method = "POST",
                                                  .path = STR("/v1/subscriptions"),
                                                  .body = json_print(applying->arena, document),
                                                  .reason = "phial apply"});
}

// Two of one customer, plan and start would each make the other's changes undone.
static result check_distinct(const struct applying *applying, const json_t *documents)
{
    OWNED(json_release) json_t *seen = json_object();
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(json_iterable(documents), key, document)
    {
        instant start = {0};
        (void)read_instant(document, "start", &start);
        str who =
            str_printf(applying->arena, "%" STR_FMT " %" STR_FMT " %lld",
                       STR_ARG(json_str(json_object_get(document, "customer"))),
                       STR_ARG(json_str(json_object_get(document, "plan"))), (long long)start.us);
        if (json_object_get(seen, who.ptr) != NULL)
            return FAIL(INVALID, "two subscriptions have one customer, plan and start: nothing "
                                 "tells them apart");
        (void)json_object_set_new(seen, who.ptr, json_true());
    }
    return OK;
}

result apply_subscriptions(const struct applying *applying, const json_t *documents)
{
    OWNED(json_release) json_t *walked = json_deep_copy(documents);
    const char *key = NULL;
    json_t *document = NULL;
    TRY(check_distinct(applying, documents));
    json_object_foreach(walked, key, document)
    {
        OWNED(found_release) struct found found = {0};
        TRY(find_subscription(applying, document, &found));
        const json_t *there = found.same;
        if (there == NULL && found.candidates == 1)
            there = found.other;
        struct update update = {.key = key, .wanted = document, .there = there, .zone = found.zone};
        TRY(there == NULL ? create_subscription(applying, key, document)
                          : update_subscription(applying, &update));
    }
    return OK;
}

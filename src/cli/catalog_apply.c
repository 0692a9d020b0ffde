// SPDX-License-Identifier: Apache-2.0
#include "catalog_apply.h"

#include "catalog_check.h"
#include "catalog_diff.h"
#include "phial/util/array.h"
#include "plan_effect.h"

#include <stdlib.h>
#include <string.h>

struct applying {
    struct client *client;
    struct arena *arena;
    bool dry_run;
    FILE *out;
    struct catalog_figures *figures;
    const json_t *document; // the whole of it
};

// In the order in which each refers only to those before.
static const struct {
    const char *member;
    const char *path;
} resources[] = {
    {"event_types", "/v1/event-types"},
    {"metrics", "/v1/metrics"},
    {"plans", "/v1/plans"},
    {"report_templates", "/v1/report-templates"},
    {"customers", "/v1/customers"},
};

static result put(const struct applying *applying, str path, const json_t *document, str etag)
{
    struct call call = {.method = "PUT",
                        .path = path,
                        .body = json_print(applying->arena, document),
                        .if_match = etag,
                        .reason = "phial apply"};
    OWNED(json_release) json_t *answer = NULL;
    TRY(client_call(applying->client, applying->arena, &call, &answer));
    if (str_eq(json_str(json_object_get(answer, "status")), STR("pending")))
        applying->figures->waiting++;
    return OK;
}

static result apply_one(const struct applying *applying, const char *member, str path,
                        const char *key, const json_t *document)
{
    struct answer answer = {0};
    TRY(client_send(applying->client, applying->arena,
                    &(struct call){.method = "GET", .path = path}, &answer));
    if (answer.status == 404) {
        (void)fprintf(applying->out, "  + %s/%s\n", member, key);
        applying->figures->made++;
        return applying->dry_run ? OK : put(applying, path, document, STR(""));
    }
    if (answer.status != 200)
        return FAIL(INTERNAL, "the server does not let the catalog be read");

    OWNED(json_release) json_t *current = NULL;
    TRY(json_parse(answer.body, &current));
    char *text = NULL;
    size_t size = 0;
    FILE *difference = open_memstream(&text, &size);
    if (difference == NULL)
        return FAIL(INTERNAL, "out of memory");
    int differences = catalog_diff(applying->arena, current, document, difference);
    (void)fclose(difference);
    if (differences != 0)
        (void)fprintf(applying->out, "  ~ %s/%s\n%s", member, key, text);
    free(text);
    if (differences != 0 && strcmp(member, "plans") == 0 && applying->dry_run)
        TRY(plan_effect_print(
            &(struct plan_effect){.client = applying->client,
                                  .arena = applying->arena,
                                  .plan = str_from(key),
                                  .document = document,
                                  .metrics = json_object_get(applying->document, "metrics"),
                                  .out = applying->out}));
    if (differences == 0) {
        applying->figures->same++;
        return OK;
    }
    applying->figures->changed++;
    return applying->dry_run ? OK : put(applying, path, document, answer.etag);
}

static result apply_all(const struct applying *applying, const json_t *documents,
                        const char *member, const char *path)
{
    OWNED(json_release) json_t *walked = json_deep_copy(documents);
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(walked, key, document)
    {
        str segment = client_segment(applying->arena, str_from(key));
        str at = str_printf(applying->arena, "%s/%" STR_FMT, path, STR_ARG(segment));
        TRY(apply_one(applying, member, at, key, document));
    }
    return OK;
}

static bool same_text(const json_t *a, const json_t *b, const char *name)
{
    return str_eq(json_str(json_object_get(a, name)), json_str(json_object_get(b, name)));
}

// The server cuts a start to the local midnight of its day.
static bool same_start(const json_t *wanted, const json_t *there)
{
    static const int64_t day_us = INT64_C(86400000000);
    instant want = {0};
    instant have = {0};
    return !failed(instant_parse(json_str(json_object_get(wanted, "start")), &want)) &&
           !failed(instant_parse(json_str(json_object_get(there, "start")), &have)) &&
           want.us >= have.us && want.us - have.us < day_us;
}

static bool same_subscription(const json_t *wanted, const json_t *there)
{
    return same_text(wanted, there, "customer") && same_text(wanted, there, "plan") &&
           same_start(wanted, there);
}

// Whether another document is about this very subscription.
static bool is_claimed(const json_t *documents, const json_t *there)
{
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(json_iterable(documents), key, document)
    {
        if (same_subscription(document, there))
            return true;
    }
    return false;
}

// One that is to have another plan: it runs, began on the day, and no other document is about it.
static bool may_become(const struct applying *applying, const json_t *wanted, const json_t *there)
{
    return same_text(wanted, there, "customer") && same_start(wanted, there) &&
           !str_eq(json_str(json_object_get(there, "status")), STR("ended")) &&
           !is_claimed(json_object_get(applying->document, "subscriptions"), there);
}

struct found {
    json_t *same;      // NULL when there is none
    json_t *other;     // the last that may become it
    size_t candidates; // how many may
};

static void found_release(struct found *found)
{
    json_decref(found->same);
    json_decref(found->other);
}

static void look_at(const struct applying *applying, const json_t *wanted, json_t *there,
                    struct found *found)
{
    if (found->same == NULL && same_subscription(wanted, there)) {
        found->same = json_incref(there);
    } else if (may_become(applying, wanted, there)) {
        json_decref(found->other);
        found->other = json_incref(there);
        found->candidates++;
    }
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
        for (size_t i = 0; i < json_array_size(data); i++)
            look_at(applying, wanted, json_array_get(data, i), found);
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
    const json_t *named = json_object_get(wanted, "version");
    str key = json_str(json_object_get(wanted, "plan"));
    const json_t *plan = plan_in_document(applying, key);
    struct answer answer = {0};
    str path = str_printf(applying->arena, "/v1/plans/%" STR_FMT,
                          STR_ARG(client_segment(applying->arena, key)));
    if (json_is_integer(named)) {
        *version = json_integer_value(named);
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
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        return FAIL(INTERNAL, "cannot open /dev/null");
    if (catalog_diff(applying->arena, current, plan, nowhere) != 0)
        *version = 0;
    (void)fclose(nowhere);
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
    int64_t version; // 0: one that applying the plan will make
};

static result print_update(const struct applying *applying, const struct update *update)
{
    str before = json_str(json_object_get(update->there, "plan"));
    str after = json_str(json_object_get(update->wanted, "plan"));
    str from = json_str(json_object_get(update->wanted, "at"));
    str version = update->version == 0
                      ? STR("new version")
                      : str_printf(applying->arena, "version %lld", (long long)update->version);
    (void)fprintf(applying->out,
                  "  ~ subscriptions/%s\n    plan: %" STR_FMT " version %lld -> %" STR_FMT
                  " %" STR_FMT ", from %" STR_FMT " on\n",
                  update->key, STR_ARG(before),
                  (long long)json_integer_value(json_object_get(update->there, "version")),
                  STR_ARG(after), STR_ARG(version), STR_ARG(from.len == 0 ? STR("today") : from));
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

static result post_change(const struct applying *applying, const struct update *update)
{
    OWNED(json_release) json_t *change = json_object();
    copy_member(update->wanted, change, "plan");
    copy_member(update->wanted, change, "version");
    copy_member(update->wanted, change, "at");
    copy_member(update->wanted, change, "overrides");
    if (same_text(update->wanted, update->there, "plan"))
        copy_member(update->there, change, "overrides");
    str path = str_printf(applying->arena, "/v1/subscriptions/%" STR_FMT "/change",
                          STR_ARG(json_str(json_object_get(update->there, "id"))));
    return client_call(
        applying->client, applying->arena,
        &(struct call){.method = "POST", .path = path, .body = json_print(applying->arena, change)},
        NULL);
}

// A subscription that is there but has another plan, or another version of it, is changed: on the
// day of the document's member `at`, else today. Overrides stay with their plan, unless the
// document has its own.
static result update_subscription(const struct applying *applying, const char *key,
                                  const json_t *wanted, const json_t *there)
{
    struct update update = {.key = key, .wanted = wanted, .there = there};
    bool ended = str_eq(json_str(json_object_get(there, "status")), STR("ended"));
    if (!ended)
        TRY(wanted_version(applying, wanted, &update.version));
    if (ended || (same_text(wanted, there, "plan") &&
                  update.version == json_integer_value(json_object_get(there, "version")))) {
        applying->figures->same++;
        return OK;
    }
    applying->figures->changed++;
    TRY(print_update(applying, &update));
    return applying->dry_run ? OK : post_change(applying, &update);
}

static result create_subscription(const struct applying *applying, const char *key,
                                  json_t *document)
{
    (void)fprintf(applying->out, "  + subscriptions/%s\n", key);
    applying->figures->made++;
    if (applying->dry_run)
        return OK;
    (void)json_object_del(document, "at");
    return client_call(applying->client, applying->arena,
                       &(struct call){.method = "POST",
                                      .path = STR("/v1/subscriptions"),
                                      .body = json_print(applying->arena, document)},
                       NULL);
}

static result apply_subscriptions(const struct applying *applying, const json_t *documents)
{
    OWNED(json_release) json_t *walked = json_deep_copy(documents);
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(walked, key, document)
    {
        OWNED(found_release) struct found found = {0};
        TRY(find_subscription(applying, document, &found));
        const json_t *there = found.same;
        if (there == NULL && found.candidates == 1)
            there = found.other;
        TRY(there == NULL ? create_subscription(applying, key, document)
                          : update_subscription(applying, key, document, there));
    }
    return OK;
}

static result check_members(const json_t *document)
{
    OWNED(json_release) json_t *walked = json_deep_copy(document);
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(walked, name, value)
    {
        bool known = strcmp(name, "subscriptions") == 0;
        for (size_t i = 0; i < COUNT_OF(resources); i++)
            known = known || strcmp(name, resources[i].member) == 0;
        if (!known)
            return FAIL(INVALID, "a member that is none of event_types, metrics, plans, "
                                 "report_templates, customers, subscriptions");
        if (!json_is_object(value))
            return FAIL(INVALID, "a member that does not map keys to documents");
    }
    return OK;
}

result catalog_apply(struct client *client, struct arena *arena, const json_t *document,
                     bool dry_run, FILE *out, struct catalog_figures *figures)
{
    struct applying applying = {client, arena, dry_run, out, figures, document};
    if (!json_is_object(document))
        return FAIL(INVALID, "the file is not one JSON object");
    TRY(check_members(document));
    TRY(catalog_check(arena, document, out));
    for (size_t i = 0; i < COUNT_OF(resources); i++)
        TRY(apply_all(&applying, json_object_get(document, resources[i].member),
                      resources[i].member, resources[i].path));
    return apply_subscriptions(&applying, json_object_get(document, "subscriptions"));
}

result catalog_apply_shown(struct client *client, struct arena *arena, const json_t *document,
                           bool dry_run)
{
    struct catalog_figures figures = {0};
    TRY(catalog_apply(client, arena, document, true, stdout, &figures));
    (void)printf("%d new, %d changed, %d the same\n", figures.made, figures.changed, figures.same);
    if (dry_run || figures.made + figures.changed == 0)
        return OK;
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        return FAIL(INTERNAL, "cannot open /dev/null");
    struct catalog_figures done = {0};
    result outcome = catalog_apply(client, arena, document, false, nowhere, &done);
    (void)fclose(nowhere);
    TRY(outcome);
    (void)printf("applied\n");
    if (done.waiting != 0)
        (void)printf("%d of it waits for a second person to approve: GET /v1/approvals\n",
                     done.waiting);
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "catalog_applying.h"
#include "catalog_check.h"
#include "catalog_diff.h"
#include "phial/util/array.h"
#include "plan_effect.h"

#include <stdlib.h>
#include <string.h>

// In the order in which each refers only to those before.
static const struct {
    const char *member;
    enum document_kind kind;
    const char *path;
} resources[] = {
    {"event_types", DOCUMENT_EVENT_TYPE, "/v1/event-types"},
    {"metrics", DOCUMENT_METRIC, "/v1/metrics"},
    {"plans", DOCUMENT_PLAN, "/v1/plans"},
    {"report_templates", DOCUMENT_REPORT_TEMPLATE, "/v1/report-templates"},
    {"customers", DOCUMENT_CUSTOMER, "/v1/customers"},
};

result applying_send(const struct applying *applying, const struct call *call)
{
    OWNED(json_release) json_t *answer = NULL;
    TRY(client_call(applying->client, applying->arena, call, &answer));
    if (str_eq(json_str(json_object_get(answer, "status")), STR("pending")))
        applying->figures->waiting++;
    return OK;
}

// One of the resources above.
struct resource {
    const char *member;
    enum document_kind kind;
    str path;
    const char *key;
    const json_t *document; // as it shall be
};

static result put(const struct applying *applying, const struct resource *resource, str etag)
{
    return applying_send(applying,
                         &(struct call){.method = "PUT",
                                        .path = resource->path,
                                        .body = json_print(applying->arena, resource->document),
                                        .if_match = etag,
                                        .reason = "phial apply"});
}

static const char in_force[] = "    archived -> in force\n";

// What differs from what the server has, in lines; "" for nothing.
static result describe(const struct applying *applying, const struct resource *resource,
                       const json_t *current, str *lines)
{
    char *text = NULL;
    size_t size = 0;
    int differences = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return FAIL(INTERNAL, "out of memory");
    if (json_is_true(json_object_get(current, "archived")))
        (void)fprintf(out, "%s", in_force);
    result outcome = catalog_diff(applying->arena, resource->kind, current, resource->document, out,
                                  &differences);
    (void)fclose(out);
    *lines = str_copy(applying->arena, (str){text, size});
    free(text);
    return outcome;
}

static result change_one(const struct applying *applying, const struct resource *resource,
                         const struct answer *answer)
{
    OWNED(json_release) json_t *current = NULL;
    str lines = {0};
    TRY(json_parse(answer->body, &current));
    TRY(describe(applying, resource, current, &lines));
    if (lines.len == 0) {
        applying->figures->same++;
        return OK;
    }
    (void)fprintf(applying->out, "  ~ %s/%s\n%" STR_FMT, resource->member, resource->key,
                  STR_ARG(lines));
    applying->figures->changed++;
    bool archived = json_is_true(json_object_get(current, "archived"));
    if (!applying->dry_run) // what is archived is made anew: there is nothing to match
        return put(applying, resource, archived ? STR("") : answer->etag);
    if (resource->kind != DOCUMENT_PLAN || str_eq(lines, str_from(in_force)))
        return OK;
    return plan_effect_print(
        &(struct plan_effect){.client = applying->client,
                              .arena = applying->arena,
                              .plan = str_from(resource->key),
                              .document = resource->document,
                              .metrics = json_object_get(applying->document, "metrics"),
                              .out = applying->out});
}

static result apply_one(const struct applying *applying, const struct resource *resource)
{
    struct answer answer = {0};
    TRY(client_send(applying->client, applying->arena,
                    &(struct call){.method = "GET", .path = resource->path}, &answer));
    if (answer.status == 200)
        return change_one(applying, resource, &answer);
    if (answer.status != 404)
        return FAIL(INTERNAL, "the server does not let the catalog be read");
    (void)fprintf(applying->out, "  + %s/%s\n", resource->member, resource->key);
    applying->figures->made++;
    return applying->dry_run ? OK : put(applying, resource, STR(""));
}

static result apply_all(const struct applying *applying, size_t row)
{
    OWNED(json_release)
    json_t *walked = json_deep_copy(json_object_get(applying->document, resources[row].member));
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(walked, key, document)
    {
        str segment = client_segment(applying->arena, str_from(key));
        struct resource resource = {
            .member = resources[row].member,
            .kind = resources[row].kind,
            .path =
                str_printf(applying->arena, "%s/%" STR_FMT, resources[row].path, STR_ARG(segment)),
            .key = key,
            .document = document,
        };
        TRY(apply_one(applying, &resource));
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
        TRY(apply_all(&applying, i));
    return apply_subscriptions(&applying, json_object_get(document, "subscriptions"));
}

result catalog_apply_shown(struct client *client, struct arena *arena, const json_t *document,
                           bool dry_run)
{
    struct catalog_figures figures = {0};
    TRY(catalog_apply(client, arena, document, true, stdout, &figures));
    (void)printf("%d new, %d changed, %d the same", figures.made, figures.changed, figures.same);
    if (figures.impossible != 0)
        (void)printf(", %d impossible", figures.impossible);
    (void)printf("\n");
    if (figures.impossible != 0)
        return FAIL(INVALID, "a subscription cannot be made so; nothing is applied");
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

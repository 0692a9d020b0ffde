// SPDX-License-Identifier: Apache-2.0
#include "catalog_apply.h"

#include "catalog_diff.h"
#include "phial/util/array.h"

#include <stdlib.h>
#include <string.h>

struct applying {
    struct client *client;
    struct arena *arena;
    bool dry_run;
    FILE *out;
    struct catalog_figures *figures;
};

// In the order in which each refers only to those before.
static const struct {
    const char *member;
    const char *path;
} resources[] = {
    {"event_types", "/v1/event-types"},
    {"metrics", "/v1/metrics"},
    {"plans", "/v1/plans"},
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

// The server cuts a start to the local midnight, so the same day is the same start.
static bool same_subscription(const json_t *wanted, const json_t *there)
{
    str want = json_str(json_object_get(wanted, "start"));
    str have = json_str(json_object_get(there, "start"));
    const size_t date_length = sizeof "2026-11-01" - 1;
    return same_text(wanted, there, "customer") && same_text(wanted, there, "plan") &&
           str_eq(str_slice(want, 0, date_length), str_slice(have, 0, date_length));
}

static result find_subscription(const struct applying *applying, const json_t *wanted, bool *found)
{
    str cursor = STR("");
    *found = false;
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
        for (size_t i = 0; i < json_array_size(data) && !*found; i++)
            *found = same_subscription(wanted, json_array_get(data, i));
        cursor = str_copy(applying->arena, json_str(json_object_get(page, "next_cursor")));
    } while (!*found && cursor.len != 0);
    return OK;
}

static result apply_subscriptions(const struct applying *applying, const json_t *documents)
{
    OWNED(json_release) json_t *walked = json_deep_copy(documents);
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(walked, key, document)
    {
        bool found = false;
        TRY(find_subscription(applying, document, &found));
        if (found) {
            applying->figures->same++;
            continue;
        }
        (void)fprintf(applying->out, "  + subscriptions/%s\n", key);
        applying->figures->made++;
        if (applying->dry_run)
            continue;
        TRY(client_call(applying->client, applying->arena,
                        &(struct call){.method = "POST",
                                       .path = STR("/v1/subscriptions"),
                                       .body = json_print(applying->arena, document)},
                        NULL));
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
            return FAIL(INVALID, "a member that is none of event_types, metrics, plans, customers, "
                                 "subscriptions");
        if (!json_is_object(value))
            return FAIL(INVALID, "a member that does not map keys to documents");
    }
    return OK;
}

result catalog_apply(struct client *client, struct arena *arena, const json_t *document,
                     bool dry_run, FILE *out, struct catalog_figures *figures)
{
    struct applying applying = {client, arena, dry_run, out, figures};
    if (!json_is_object(document))
        return FAIL(INVALID, "the file is not one JSON object");
    TRY(check_members(document));
    for (size_t i = 0; i < COUNT_OF(resources); i++)
        TRY(apply_all(&applying, json_object_get(document, resources[i].member),
                      resources[i].member, resources[i].path));
    return apply_subscriptions(&applying, json_object_get(document, "subscriptions"));
}

// SPDX-License-Identifier: Apache-2.0
#include "catalog_check.h"

#include "phial/phi/event_type.h"
#include "phial/rating/metric.h"
#include "phial/rating/plan.h"
#include "phial/rating/report_template.h"
#include "phial/util/array.h"

static void read_event_type(struct json_at document, str key)
{
    (void)event_type_parse(document, key);
}

static void read_metric(struct json_at document, str key)
{
    (void)key;
    (void)metric_parse(document, false);
}

static void read_plan(struct json_at document, str key)
{
    (void)key;
    (void)plan_parse(document, false);
}

static void read_report_template(struct json_at document, str key)
{
    struct report_template form = {0};
    (void)report_template_parse(document, key, &form);
}

// As POST takes it, and `at`: the day of a change, which is this file's own.
static void read_subscription(struct json_at document, str key)
{
    (void)key;
    str unread = {0};
    str anchor = STR("calendar");
    int64_t version = 1;
    instant when = {0};
    const json_t *overrides = NULL;
    (void)json_read(document,
                    FIELDS(json_text("customer", &unread), json_text("plan", &unread),
                           json_optional(json_i64("version", &version)),
                           json_instant("start", &when), json_optional(json_instant("end", &when)),
                           json_optional(json_instant("at", &when)),
                           json_optional(json_text("anchor", &anchor)),
                           json_optional(json_members("overrides", &overrides))));
    if (!str_eq(anchor, STR("anniversary")) && !str_eq(anchor, STR("calendar")))
        (void)json_wrong(json_member(document, "anchor"), "invalid",
                         "The anchor is calendar or anniversary.");
    if (version < 1)
        (void)json_wrong(json_member(document, "version"), "unknown_plan",
                         "The plan has no such version.");
}

static const struct {
    const char *member;
    void (*read)(struct json_at document, str key); // adds the faults
} readers[] = {{"event_types", read_event_type},
               {"metrics", read_metric},
               {"plans", read_plan},
               {"report_templates", read_report_template},
               {"subscriptions", read_subscription}};

static size_t check_one(struct arena *arena, const char *member, const char *key,
                        void (*read)(struct json_at, str), const json_t *document, FILE *out)
{
    struct faults faults = {.arena = arena};
    read((struct json_at){document, STR(""), &faults}, str_from(key));
    for (size_t i = 0; i < faults.count; i++)
        (void)fprintf(out, "  ! %s/%s%" STR_FMT ": %s: %s\n", member, key,
                      STR_ARG(faults.items[i].pointer), faults.items[i].code,
                      faults.items[i].detail);
    return faults.count;
}

result catalog_check(struct arena *arena, const json_t *document, FILE *out)
{
    OWNED(json_release) json_t *walked = json_deep_copy(document);
    size_t faults = 0;
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        const char *key = NULL;
        json_t *one = NULL;
        json_object_foreach(json_object_get(walked, readers[i].member), key, one)
        {
            faults += check_one(arena, readers[i].member, key, readers[i].read, one, out);
        }
    }
    return faults == 0 ? OK : FAIL(INVALID, "documents that no server takes");
}

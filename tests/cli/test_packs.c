// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "packs.h"
#include "phial/json/json.h"
#include "phial/phi/event_type.h"
#include "phial/rating/metric.h"
#include "phial/rating/report_template.h"
#include "phial/util/array.h"

#include <string.h>

static const char *const classes[] = {"contract-10y", "device-10y",   "hipaa-6y",
                                      "rpm-7y",       "standard-10y", "trial-permanent"};

static json_t *read_pack(size_t place)
{
    json_t *document = NULL;
    ck_assert_ok(json_parse(pack_at(place).document, &document));
    return document;
}

static bool has_class(const struct event_type *type)
{
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        if (str_eq(type->retention, str_from(classes[i])))
            return true;
    }
    return false;
}

START_TEST(every_type_can_be_declared_refuses_what_it_does_not_name_and_is_kept)
{
    for (size_t i = 0; i < PACK_COUNT; i++) {
        OWNED(json_release) json_t *pack = read_pack(i);
        const char *key = NULL;
        json_t *document = NULL;
        json_object_foreach(json_object_get(pack, "event_types"), key, document)
        {
            struct arena arena = {0};
            struct faults faults = {.arena = &arena};
            const struct event_type *type =
                event_type_parse((struct json_at){document, STR(""), &faults}, str_from(key));
            ck_assert_msg(type != NULL, "%s", key);
            ck_assert_msg(!type->drop_unknown && has_class(type), "%s", key);
            arena_reset(&arena);
        }
    }
}
END_TEST

START_TEST(every_metric_counts_events_of_its_own_pack)
{
    for (size_t i = 0; i < PACK_COUNT; i++) {
        OWNED(json_release) json_t *pack = read_pack(i);
        const json_t *types = json_object_get(pack, "event_types");
        const char *key = NULL;
        json_t *document = NULL;
        json_object_foreach(json_object_get(pack, "metrics"), key, document)
        {
            struct arena arena = {0};
            struct faults faults = {.arena = &arena};
            const struct metric *metric =
                metric_parse((struct json_at){document, STR(""), &faults}, false);
            ck_assert_msg(metric != NULL, "%s", key);
            for (size_t t = 0; t < metric->event_type_count; t++)
                ck_assert_msg(json_object_get(types, metric->event_types[t].ptr) != NULL, "%s",
                              key);
            arena_reset(&arena);
        }
    }
}
END_TEST

static bool is_charged(const json_t *charges, const char *metric)
{
    for (size_t i = 0; i < json_array_size(charges); i++) {
        const json_t *named = json_object_get(json_array_get(charges, i), "metric");
        if (strcmp(json_string_value(named), metric) == 0)
            return true;
    }
    return false;
}

START_TEST(the_plan_has_the_packs_name_and_charges_for_every_metric)
{
    for (size_t i = 0; i < PACK_COUNT; i++) {
        OWNED(json_release) json_t *pack = read_pack(i);
        json_t *metrics = json_object_get(pack, "metrics");
        const json_t *plans = json_object_get(pack, "plans");
        const json_t *charges = json_object_get(json_object_get(plans, pack_at(i).name), "charges");
        const char *key = NULL;
        json_t *document = NULL;
        ck_assert_uint_eq(json_object_size(plans), 1);
        ck_assert_uint_eq(json_array_size(charges), json_object_size(metrics));
        json_object_foreach(metrics, key, document)
            ck_assert_msg(is_charged(charges, key), "%s", key);
    }
}
END_TEST

START_TEST(the_report_has_the_packs_name_and_is_of_one_of_its_metrics)
{
    for (size_t i = 0; i < PACK_COUNT; i++) {
        struct arena arena = {0};
        struct faults faults = {.arena = &arena};
        struct report_template form = {0};
        OWNED(json_release) json_t *pack = read_pack(i);
        str name = str_from(pack_at(i).name);
        json_t *document = json_object_get(json_object_get(pack, "report_templates"), name.ptr);
        ck_assert_msg(
            report_template_parse((struct json_at){document, STR(""), &faults}, name, &form), "%s",
            name.ptr);
        ck_assert_ptr_nonnull(
            json_object_get(json_object_get(pack, "metrics"), str_to_c(&arena, form.metric)));
        ck_assert_uint_ge(form.by.len, 1);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(no_two_packs_declare_the_same)
{
    static const char *const members[] = {"event_types", "metrics", "plans"};
    OWNED(json_release) json_t *seen = json_object();
    for (size_t i = 0; i < PACK_COUNT; i++) {
        OWNED(json_release) json_t *pack = read_pack(i);
        for (size_t m = 0; m < COUNT_OF(members); m++) {
            const char *key = NULL;
            json_t *document = NULL;
            json_object_foreach(json_object_get(pack, members[m]), key, document)
            {
                ck_assert_msg(json_object_get(seen, key) == NULL, "%s", key);
                (void)json_object_set(seen, key, document);
            }
        }
    }
}
END_TEST

START_TEST(finds_a_pack_by_its_name_alone)
{
    struct pack pack = {.name = "untouched"};
    ck_assert(!pack_find("rp", &pack));
    ck_assert(!pack_find("", &pack));
    ck_assert_str_eq(pack.name, "untouched");
    ck_assert(pack_find("rpm", &pack));
    ck_assert_str_eq(pack.name, "rpm");
    ck_assert(str_starts_with(pack.document, STR("{")));
}
END_TEST

TEST_MAIN("packs", every_type_can_be_declared_refuses_what_it_does_not_name_and_is_kept,
          every_metric_counts_events_of_its_own_pack,
          the_plan_has_the_packs_name_and_charges_for_every_metric,
          the_report_has_the_packs_name_and_is_of_one_of_its_metrics, no_two_packs_declare_the_same,
          finds_a_pack_by_its_name_alone)

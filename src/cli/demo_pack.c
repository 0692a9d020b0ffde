// SPDX-License-Identifier: Apache-2.0
#include "demo_pack.h"

#include "phial/util/array.h"

#include <string.h>

enum {
    CUSTOMERS = 3,
    PEOPLE = 8, // the n-th appears every n-th day: from 28 days of readings down to 3
    DAYS = 28,
    IDENTIFIERS_A_TYPE = 2,
    LEAVES_AFTER = 14, // days, and every second one does
};

static const str name_planted = {"Wanda Exampleperson", 19};
static const str mail_planted = {"wanda.exampleperson@example.org", 31};

struct making {
    struct arena *arena;
    const struct pack *pack;
    struct demo_month *month;
    size_t room; // of month->events
};

// Who did what, when: what an event is made of.
struct moment {
    int customer;
    int day;
    int person;
};

static int64_t number(const json_t *declaration, const char *name, int64_t preset)
{
    int64_t value = preset;
    if (!str_to_i64(json_str(json_object_get(declaration, name)), &value))
        return preset;
    return value;
}

// A small number within the bounds.
static int64_t within(const json_t *bounds, const struct moment *moment)
{
    enum { SMALL = 5 };
    int64_t least = number(bounds, "min", 0);
    int64_t most = number(bounds, "max", INT64_MAX);
    int64_t wanted = (least > 1 ? least : 1) + (moment->day + moment->person) % SMALL;
    return wanted > most ? most : wanted;
}

static json_t *value_of(const struct making *making, const char *name, const json_t *declaration,
                        const struct moment *moment)
{
    str type = json_str(json_object_get(declaration, "type"));
    const json_t *values = json_object_get(declaration, "values");
    str text = STR("2.4.1"); // a version
    if (strcmp(name, "operation") == 0)
        return json_string(moment->day <= PEOPLE ? "add" : "remove");
    if (str_eq(type, STR("enum")))
        return json_incref(json_array_get(values, (size_t)(moment->day + moment->person) %
                                                      json_array_size(values)));
    if (str_eq(type, STR("boolean")))
        return json_boolean(moment->person % 2);
    if (str_eq(type, STR("integer")) || str_eq(type, STR("decimal")))
        text = str_printf(making->arena, "%lld", (long long)within(declaration, moment));
    else if (str_eq(type, STR("code")))
        text = str_printf(making->arena, "%s-%d", name, moment->person % 3 + 1);
    else if (str_eq(type, STR("token")))
        text = str_printf(making->arena, "%s number %d of %d", name, moment->person + 1,
                          moment->customer + 1);
    return json_from_str(text);
}

static json_t *make_event(const struct making *making, const char *type, const json_t *declaration,
                          const struct moment *moment)
{
    json_t *properties = json_object();
    const char *name = NULL;
    json_t *declared = NULL;
    json_object_foreach(json_iterable(json_object_get(declaration, "properties")), name, declared)(
        void) json_object_set_new(properties, name, value_of(making, name, declared, moment));
    str id = str_printf(making->arena, "%s-%05zu", making->pack->name, making->month->event_count);
    str time = str_printf(making->arena, "%04d-%02d-%02dT%02d:00:00Z", making->month->year,
                          making->month->month, moment->day, moment->person + 9);
    str quantity = str_printf(making->arena, "%lld",
                              (long long)within(json_object_get(declaration, "quantity"), moment));
    str customer =
        str_printf(making->arena, "%s-customer-%d", making->pack->name, moment->customer + 1);
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "id", json_from_str(id), "customer",
                     json_from_str(customer), "type", type, "time", json_from_str(time), "quantity",
                     json_from_str(quantity), "properties", properties);
}

// Who is switched on and off is so once; anybody else comes every so many days.
static bool happens(const json_t *declaration, const struct moment *moment)
{
    bool switched =
        json_object_get(json_object_get(declaration, "properties"), "operation") != NULL;
    bool leaves = moment->person % 2 == 1 && moment->day == moment->person + 1 + LEAVES_AFTER;
    if (switched)
        return moment->day == moment->person + 1 || leaves;
    return moment->day % (moment->person + 1) == 0;
}

static void make_events(struct making *making, const char *type, const json_t *declaration)
{
    struct demo_month *month = making->month;
    struct moment moment = {0};
    for (moment.customer = 0; moment.customer < CUSTOMERS; moment.customer++) {
        for (moment.day = 1; moment.day <= DAYS; moment.day++) {
            for (moment.person = 0; moment.person < PEOPLE; moment.person++) {
                if (!happens(declaration, &moment))
                    continue;
                OWNED(json_release) json_t *event = make_event(making, type, declaration, &moment);
                month->events = arena_grow(making->arena, month->events, month->event_count,
                                           &making->room, sizeof(str));
                month->events[month->event_count++] = json_print(making->arena, event);
            }
        }
    }
}

// A name where nothing is declared, an address for mail as the source.
static void make_refused(struct making *making, const char *type, const json_t *declaration)
{
    struct demo_month *month = making->month;
    const struct moment moment = {.day = 1};
    OWNED(json_release) json_t *named = make_event(making, type, declaration, &moment);
    OWNED(json_release) json_t *mailed = make_event(making, type, declaration, &moment);
    (void)json_object_set_new(json_object_get(named, "properties"), "patient_name",
                              json_from_str(name_planted));
    (void)json_object_set_new(mailed, "source", json_from_str(mail_planted));
    month->refused[month->refused_count++] = json_print(making->arena, named);
    month->refused[month->refused_count++] = json_print(making->arena, mailed);
}

// A type whose events are counted or added up one by one.
static str voidable(struct arena *arena, const json_t *metrics)
{
    const char *key = NULL;
    json_t *metric = NULL;
    json_object_foreach(json_iterable(metrics), key, metric)
    {
        str aggregation = json_str(json_object_get(metric, "aggregation"));
        if (str_eq(aggregation, STR("count")) || str_eq(aggregation, STR("sum")))
            return str_copy(arena,
                            json_str(json_array_get(json_object_get(metric, "event_types"), 0)));
    }
    return STR("");
}

static void add_customers(const struct making *making)
{
    struct demo_month *month = making->month;
    json_t *customers = json_object();
    json_t *subscriptions = json_object();
    for (int i = 0; i < CUSTOMERS; i++) {
        const char *key =
            str_printf(making->arena, "%s-customer-%d", making->pack->name, i + 1).ptr;
        (void)json_object_set_new(
            customers, key,
            json_pack("{s:s,s:s,s:s}", "name", key, "currency", "USD", "time_zone", "UTC"));
        (void)json_object_set_new(subscriptions, key,
                                  json_pack("{s:s,s:s,s:o}", "customer", key, "plan",
                                            making->pack->name, "start",
                                            json_from_str(month->start)));
    }
    (void)json_object_set_new(month->catalog, "customers", customers);
    (void)json_object_set_new(month->catalog, "subscriptions", subscriptions);
}

result demo_pack_read(struct arena *arena, const struct pack *pack, struct demo_month *month)
{
    const char *key = NULL;
    json_t *declaration = NULL;
    struct demo_month draft = {
        .whose = str_printf(arena, "the pack `%s`, with three customers", pack->name).ptr,
        .activity = "its events, made up"};
    struct making making = {.arena = arena, .pack = pack, .month = &draft};
    demo_month_open(arena, &draft);
    TRY(json_parse(pack->document, &draft.catalog));
    json_t *types = json_object_get(draft.catalog, "event_types");
    draft.voided_type = voidable(arena, json_object_get(draft.catalog, "metrics"));
    draft.refused = arena_array(arena, str, IDENTIFIERS_A_TYPE * json_object_size(types));
    json_object_foreach(types, key, declaration)
    {
        make_events(&making, key, declaration);
        make_refused(&making, key, declaration);
    }
    draft.planted = arena_array(arena, str, 2);
    draft.planted[draft.planted_count++] = name_planted;
    draft.planted[draft.planted_count++] = mail_planted;
    add_customers(&making);
    *month = draft;
    return OK;
}

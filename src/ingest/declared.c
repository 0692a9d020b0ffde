// SPDX-License-Identifier: Apache-2.0
#include "declared.h"

#include "phial/phi/phi.h"

#include <assert.h>
#include <string.h>

enum { ID_MAX = 128 };

static const struct verdict passed = {0};

static struct verdict refuse(const char *code, str pointer)
{
    return (struct verdict){code, NULL, pointer};
}

static struct verdict refuse_for(struct refusal refusal, str pointer)
{
    return (struct verdict){refusal.code, refusal.detector, pointer};
}

static bool is_printable(str text, size_t min)
{
    if (text.len < min || text.len > ID_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~')
            return false;
    }
    return true;
}

// Whether the id is one, and yields it in `id` where it may be repeated to the caller. A number
// that may be a person's is repeated only where its type says that it is not.
static struct verdict check_id(const struct raw_event *raw, const struct event_type *type, str *id)
{
    const struct raw_value *value = &raw->members[MEMBER_ID];
    if (value->kind != JSON_KIND_STRING || !is_printable(value->text, 1))
        return refuse("invalid_id", STR("/id"));
    struct refusal found = text_check(value->text, true);
    if (found.code == NULL &&
        !((type != NULL && type->plain_id) || !phi_ambiguous_number(value->text)))
        return passed;
    if (found.code == NULL)
        *id = value->text;
    return refuse_for(found, STR("/id"));
}

static struct verdict check_source(const struct raw_event *raw)
{
    const struct raw_value *value = &raw->members[MEMBER_SOURCE];
    if (value->kind == JSON_KIND_ABSENT || value->kind == JSON_KIND_NULL)
        return passed;
    if (value->kind != JSON_KIND_STRING || !is_printable(value->text, 0))
        return refuse("invalid_id", STR("/source"));
    return refuse_for(text_check(value->text, true), STR("/source"));
}

struct verdict envelope_check(const struct raw_event *raw, const struct envelope *envelope, str *id)
{
    struct verdict of_id = passed;
    str repeatable = {0};
    if (raw->members[MEMBER_ID].kind != JSON_KIND_ABSENT)
        of_id = check_id(raw, envelope->type, &repeatable);
    if (repeatable.len != 0)
        *id = repeatable;
    if (raw->verdict.code != NULL)
        return raw->verdict;
    if (of_id.code != NULL)
        return of_id;
    struct verdict of_source = check_source(raw);
    if (of_source.code != NULL)
        return of_source;
    if (!envelope->knows_customer)
        return refuse("unknown_customer", member_pointer(envelope->dialect, MEMBER_CUSTOMER));
    if (envelope->type == NULL)
        return refuse("unknown_type", STR("/type"));
    if (repeatable.len == 0) // the one thing that check_id leaves to the type
        return refuse("phi_ambiguous_number", STR("/id"));
    return passed;
}

struct verdict time_check(const struct raw_event *raw, instant *at)
{
    const struct raw_value *value = &raw->members[MEMBER_TIME];
    if (value->kind != JSON_KIND_STRING || failed(instant_parse(value->text, at)))
        return refuse("invalid_time", STR("/time"));
    return passed;
}

static str properties_pointer(const struct envelope *envelope)
{
    return member_pointer(envelope->dialect, MEMBER_PROPERTIES);
}

static struct verdict blame(struct arena *arena, const struct envelope *envelope,
                            const struct property *property, struct refusal refusal)
{
    return refuse_for(refusal, pointer_member(arena, properties_pointer(envelope), property->name));
}

static struct verdict check_property(struct arena *arena, const struct envelope *envelope,
                                     const struct raw_property *raw, struct declared *declared)
{
    const struct event_type *type = envelope->type;
    const struct property *property = event_type_property(type, raw->name);
    if (property == NULL) {
        declared->dropped++;
        return type->drop_unknown ? passed
                                  : refuse("property_unknown", properties_pointer(envelope));
    }
    struct refusal refusal = property_check(arena, property, raw->value,
                                            &declared->properties[property - type->properties]);
    return refusal.code == NULL ? passed : blame(arena, envelope, property, refusal);
}

static struct verdict check_required(struct arena *arena, const struct envelope *envelope,
                                     const struct declared *declared)
{
    static const struct refusal missing = {"property_missing", NULL};
    const struct event_type *type = envelope->type;
    for (size_t i = 0; i < type->property_count; i++) {
        if (type->properties[i].required && declared->properties[i].len == 0)
            return blame(arena, envelope, &type->properties[i], missing);
    }
    return passed;
}

struct verdict declared_check(struct arena *arena, const struct envelope *envelope,
                              const struct raw_event *raw, struct declared *declared)
{
    const struct event_type *type = envelope->type;
    enum json_kind kind = raw->members[MEMBER_PROPERTIES].kind;
    struct verdict verdict = passed;
    assert(type->property_count <= PROPERTIES_MAX);
    memset(declared->properties, 0, type->property_count * sizeof *declared->properties);
    declared->dropped = 0;
    struct refusal of_quantity =
        quantity_check(arena, type, raw->members[MEMBER_QUANTITY], &declared->quantity);
    if (of_quantity.code != NULL)
        return refuse_for(of_quantity, member_pointer(envelope->dialect, MEMBER_QUANTITY));
    if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_ABSENT && kind != JSON_KIND_NULL)
        return refuse("property_invalid", properties_pointer(envelope));
    for (size_t i = 0; i < raw->property_count && verdict.code == NULL; i++)
        verdict = check_property(arena, envelope, &raw->properties[i], declared);
    return verdict.code != NULL ? verdict : check_required(arena, envelope, declared);
}

// SPDX-License-Identifier: Apache-2.0
#include "decode.h"

#include "phial/util/array.h"

#include <string.h>

enum { POOL_FIRST = 16, POOL_MAX = 4096 };

struct known_member {
    str name;
    enum event_member member;
    str pointer;
};

static const struct known_member phial_members[] = {
    {{"id", 2}, MEMBER_ID, {"/id", 3}},
    {{"customer", 8}, MEMBER_CUSTOMER, {"/customer", 9}},
    {{"type", 4}, MEMBER_TYPE, {"/type", 5}},
    {{"time", 4}, MEMBER_TIME, {"/time", 5}},
    {{"quantity", 8}, MEMBER_QUANTITY, {"/quantity", 9}},
    {{"source", 6}, MEMBER_SOURCE, {"/source", 7}},
    {{"properties", 10}, MEMBER_PROPERTIES, {"/properties", 11}},
};

// The quantity of a CloudEvent is found among its data.
static const struct known_member cloudevents_members[] = {
    {{"id", 2}, MEMBER_ID, {"/id", 3}},
    {{"subject", 7}, MEMBER_CUSTOMER, {"/subject", 8}},
    {{"type", 4}, MEMBER_TYPE, {"/type", 5}},
    {{"time", 4}, MEMBER_TIME, {"/time", 5}},
    {{"source", 6}, MEMBER_SOURCE, {"/source", 7}},
    {{"data", 4}, MEMBER_PROPERTIES, {"/data", 5}},
    {{"specversion", 11}, MEMBER_SPECVERSION, {"/specversion", 12}},
    {{"data_base64", 11}, MEMBER_DATA_BASE64, {"/data_base64", 12}},
};

static const struct {
    const struct known_member *items;
    size_t count;
} dialects[] = {
    [DIALECT_PHIAL] = {phial_members, COUNT_OF(phial_members)},
    [DIALECT_CLOUDEVENTS] = {cloudevents_members, COUNT_OF(cloudevents_members)},
};

static const struct known_member *member_find(enum event_dialect dialect, str name)
{
    for (size_t i = 0; i < dialects[dialect].count; i++) {
        if (str_eq(dialects[dialect].items[i].name, name))
            return &dialects[dialect].items[i];
    }
    return NULL;
}

str member_pointer(enum event_dialect dialect, enum event_member member)
{
    for (size_t i = 0; i < dialects[dialect].count; i++) {
        if (dialects[dialect].items[i].member == member)
            return dialects[dialect].items[i].pointer;
    }
    return STR("/data/quantity");
}

// What is wrong with the structure, as it comes up; the gravest is answered.
struct findings {
    const str *duplicate; // pointer
    bool has_unknown;
};

// The event's own properties lie together at the end of the pool.
static void property_add(struct decoder *decoder, struct raw_event *event, struct raw_property one)
{
    if (decoder->pool_used == decoder->pool_size) {
        size_t size = decoder->pool_size == 0 ? POOL_FIRST : 2 * decoder->pool_size;
        if (size > POOL_MAX)
            size = POOL_MAX;
        struct raw_property *pool = arena_array(decoder->reader.arena, struct raw_property, size);
        if (event->properties != NULL && event->property_count != 0)
            memcpy(pool, event->properties, event->property_count * sizeof *pool);
        decoder->pool = pool;
        decoder->pool_size = size;
        decoder->pool_used = event->property_count;
        event->properties = pool;
    }
    decoder->pool[decoder->pool_used++] = one;
    event->property_count++;
}

static bool properties_read(struct decoder *decoder, struct raw_event *event)
{
    enum { DEPTH = 2 }; // the event's object and this one
    struct reader *reader = &decoder->reader;
    struct raw_property one = {.name = {0}};
    size_t mark = reader_object(reader);
    bool more = false;
    event->properties = decoder->pool == NULL ? NULL : decoder->pool + decoder->pool_used;
    while (reader_member(reader, mark, &more, &one.name)) {
        if (!more)
            return true;
        if (!reader_value(reader, DEPTH, &one.value))
            return false;
        if (decoder->dialect == DIALECT_CLOUDEVENTS && str_eq(one.name, STR("quantity")))
            event->members[MEMBER_QUANTITY] = one.value;
        else if (event->property_count < EVENT_PROPERTIES_MAX)
            property_add(decoder, event, one);
        else
            event->verdict = (struct verdict){"property_unknown", NULL,
                                              member_pointer(decoder->dialect, MEMBER_PROPERTIES)};
    }
    return false;
}

static bool member_read(struct decoder *decoder, const struct known_member *known,
                        struct raw_event *event)
{
    struct reader *reader = &decoder->reader;
    if (known->member == MEMBER_PROPERTIES && reader_peek(reader) == '{') {
        event->members[MEMBER_PROPERTIES].kind = JSON_KIND_OBJECT;
        return properties_read(decoder, event);
    }
    return reader_value(reader, 1, &event->members[known->member]);
}

static bool members_read(struct decoder *decoder, struct raw_event *event,
                         struct findings *findings)
{
    struct reader *reader = &decoder->reader;
    size_t mark = reader_object(reader);
    bool more = false;
    str name = {0};
    while (reader_member(reader, mark, &more, &name)) {
        if (!more)
            return true;
        const struct known_member *known = member_find(decoder->dialect, name);
        struct raw_value unread;
        bool seen = known != NULL && event->members[known->member].kind != JSON_KIND_ABSENT;
        if (seen)
            findings->duplicate = &known->pointer;
        if (known == NULL)
            findings->has_unknown = decoder->dialect == DIALECT_PHIAL;
        bool reads = known == NULL || seen ? reader_value(reader, 1, &unread)
                                           : member_read(decoder, known, event);
        if (!reads)
            return false;
        if (reader->duplicate && findings->duplicate == NULL && known != NULL)
            findings->duplicate = &known->pointer;
    }
    return false;
}

static struct verdict required(const struct raw_event *event, enum event_dialect dialect)
{
    static const enum event_member members[] = {MEMBER_SPECVERSION, MEMBER_ID, MEMBER_CUSTOMER,
                                                MEMBER_TYPE, MEMBER_TIME};
    for (size_t i = dialect == DIALECT_CLOUDEVENTS ? 0 : 1; i < COUNT_OF(members); i++) {
        if (event->members[members[i]].kind == JSON_KIND_ABSENT)
            return (struct verdict){"missing_member", NULL, member_pointer(dialect, members[i])};
    }
    return (struct verdict){0};
}

static struct verdict wrong_envelope(const struct raw_event *event)
{
    const struct raw_value *version = &event->members[MEMBER_SPECVERSION];
    if (version->kind != JSON_KIND_STRING || !str_eq(version->text, STR("1.0")))
        return (struct verdict){"property_invalid", NULL, STR("/specversion")};
    enum json_kind binary = event->members[MEMBER_DATA_BASE64].kind;
    if (binary != JSON_KIND_ABSENT && binary != JSON_KIND_NULL) // which is as good as absent
        return (struct verdict){"property_invalid", NULL, STR("/data_base64")};
    return (struct verdict){0};
}

static struct verdict judge(const struct decoder *decoder, const struct raw_event *event,
                            const struct findings *findings)
{
    if (decoder->reader.unfit)
        return (struct verdict){"invalid_json", NULL, STR("")};
    if (decoder->reader.duplicate)
        return (struct verdict){"duplicate_member", NULL,
                                findings->duplicate == NULL ? STR("") : *findings->duplicate};
    if (findings->has_unknown)
        return (struct verdict){"unknown_member", NULL, STR("")};
    struct verdict verdict = required(event, decoder->dialect);
    if (verdict.code == NULL && decoder->dialect == DIALECT_CLOUDEVENTS)
        verdict = wrong_envelope(event);
    return verdict.code == NULL ? event->verdict : verdict;
}

bool decode_event(struct decoder *decoder, struct raw_event *event)
{
    struct reader *reader = &decoder->reader;
    struct findings findings = {0};
    *event = (struct raw_event){0};
    reader->duplicate = false;
    reader->unfit = false;
    reader_blank(reader);
    if (reader_peek(reader) != '{') {
        struct raw_value unread;
        event->verdict = (struct verdict){"invalid_json", NULL, STR("")};
        return reader_value(reader, 0, &unread);
    }
    if (!members_read(decoder, event, &findings))
        return false;
    event->verdict = judge(decoder, event, &findings);
    return true;
}

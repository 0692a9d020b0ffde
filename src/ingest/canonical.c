// SPDX-License-Identifier: Apache-2.0
#include "canonical.h"

#include "phial/json/json.h"

#include <assert.h>
#include <string.h>

// Of tokens, beside the declared properties.
struct blanks {
    ptrdiff_t items[PROPERTIES_MAX];
};

// The raw texts are replaced here and go no further.
static result tokenise(struct canonical *canonical, const struct canonical_event *event,
                       struct declared *declared, struct blanks *blanks)
{
    const struct event_type *type = event->type;
    struct token_owner owner = {.customer_id = event->customer->id,
                                .zone = event->customer->zone,
                                .source = event->source,
                                .id = event->id,
                                .at = event->at};
    for (size_t i = 0; i < type->property_count; i++) {
        blanks->items[i] = NO_BLANK;
        if (type->properties[i].type == PROPERTY_TOKEN && declared->properties[i].len != 0)
            TRY(token_make(&canonical->tokeniser, &owner, &type->properties[i],
                           &declared->properties[i], &blanks->items[i]));
    }
    return OK;
}

static str print_time(struct canonical *canonical, instant at)
{
    if (canonical->printed.len == 0 || canonical->printed_time.us != at.us) {
        canonical->printed = instant_print_canonical(canonical->arena, at);
        canonical->printed_time = at;
    }
    return canonical->printed;
}

static void print_properties(const struct canonical *canonical, struct buf *text,
                             const struct event_type *type, const struct declared *declared,
                             const struct blanks *blanks)
{
    bool first = true;
    buf_add_char(text, '{');
    for (size_t i = 0; i < type->property_count; i++) {
        str json = declared->properties[i];
        if (json.len == 0)
            continue;
        buf_add(text, first ? STR("\"") : STR(",\""));
        buf_add(text, type->properties[i].name);
        buf_add(text, STR("\":"));
        char *value = buf_room(text, json.len);
        memcpy(value, json.ptr, json.len);
        if (blanks->items[i] != NO_BLANK)
            token_place(&canonical->tokeniser, blanks->items[i], value);
        first = false;
    }
    buf_add_char(text, '}');
}

static size_t properties_bytes(const struct event_type *type, const struct declared *declared)
{
    size_t bytes = 0;
    for (size_t i = 0; i < type->property_count; i++) {
        size_t value = declared->properties[i].len;
        bytes += value == 0 ? 0 : type->properties[i].name.len + value + sizeof "\"\":,";
    }
    return bytes;
}

// Names and keys need no escapes; ids and sources are printable ASCII, at most doubled by them.
static str print_event(struct canonical *canonical, const struct canonical_event *event,
                       const struct declared *declared, const struct blanks *blanks)
{
    enum { FRAME = 160 }; // member names, punctuation and the time
    size_t size = FRAME + 2 * event->id.len + 2 * event->source.len + event->type->key.len +
                  declared->quantity.len + properties_bytes(event->type, declared);
    struct buf text = {canonical->arena, arena_array(canonical->arena, char, size), 0, size};
    buf_add(&text, STR("{\"id\":"));
    json_quote(&text, event->id);
    buf_add(&text, STR(",\"properties\":"));
    print_properties(canonical, &text, event->type, declared, blanks);
    buf_add(&text, STR(",\"quantity\":"));
    buf_add(&text, declared->quantity);
    buf_add(&text, STR(",\"source\":"));
    json_quote(&text, event->source);
    buf_add(&text, STR(",\"time\":\""));
    buf_add(&text, print_time(canonical, event->time));
    buf_add(&text, STR("\",\"type\":\""));
    buf_add(&text, event->type->key);
    buf_add(&text, STR("\"}"));
    assert(text.size == size); // it never had to grow
    return buf_str(&text);
}

result canonical_make(struct canonical *canonical, struct declared *declared,
                      struct canonical_event *event)
{
    struct blanks blanks;
    TRY(tokenise(canonical, event, declared, &blanks));
    event->time = event_time_stored(event->type, event->customer->zone, event->at);
    event->json = print_event(canonical, event, declared, &blanks);
    return OK;
}

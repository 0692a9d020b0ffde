// SPDX-License-Identifier: Apache-2.0
#include "plain_leaf.h"

#include <string.h>

enum { ASCII_LAST = 0x7e };

struct cursor {
    str text;
    size_t at;
};

static bool take(struct cursor *cursor, str literal)
{
    if (!str_starts_with(str_slice(cursor->text, cursor->at, cursor->text.len), literal))
        return false;
    cursor->at += literal.len;
    return true;
}

// Up to the next quote, which is taken too. The text has no escapes.
static bool take_string(struct cursor *cursor, str *string)
{
    const char *begin = cursor->text.ptr + cursor->at;
    const char *quote = memchr(begin, '"', cursor->text.len - cursor->at);
    if (quote == NULL)
        return false;
    *string = (str){begin, (size_t)(quote - begin)};
    cursor->at += string->len + 1;
    return true;
}

static bool take_value(struct cursor *cursor, str *text)
{
    if (take(cursor, STR("\"")))
        return take_string(cursor, text);
    *text = STR("true");
    if (take(cursor, *text))
        return true;
    *text = STR("false");
    return take(cursor, *text);
}

static bool take_object(struct cursor *cursor, str *object)
{
    size_t begin = cursor->at;
    str name = {0};
    str value = {0};
    if (!take(cursor, STR("{")))
        return false;
    if (!take(cursor, STR("}"))) {
        do {
            if (!take(cursor, STR("\"")) || !take_string(cursor, &name) ||
                !take(cursor, STR(":")) || !take_value(cursor, &value))
                return false;
        } while (take(cursor, STR(",")));
        if (!take(cursor, STR("}")))
            return false;
    }
    *object = str_slice(cursor->text, begin, cursor->at);
    return true;
}

static bool is_plain(str text)
{
    unsigned others = 0; // no leaving early: so the compiler looks at many bytes at once
    for (size_t i = 0; i < text.len; i++)
        others |= (unsigned)(text.ptr[i] < ' ') | (unsigned)(text.ptr[i] > ASCII_LAST) |
                  (unsigned)(text.ptr[i] == '\\');
    return others == 0;
}

static bool take_event(struct cursor *cursor, struct plain_usage *usage)
{
    struct usage_event *event = &usage->event;
    if (!take(cursor, STR(",\"event\":{\"id\":\"")) || !take_string(cursor, &event->id))
        return false;
    if (take(cursor, STR(",\"properties\":")) && !take_object(cursor, &event->plain))
        return false;
    return take(cursor, STR(",\"quantity\":\"")) && take_string(cursor, &usage->quantity) &&
           take(cursor, STR(",\"source\":\"")) && take_string(cursor, &event->source) &&
           take(cursor, STR(",\"time\":\"")) && take_string(cursor, &usage->time) &&
           take(cursor, STR(",\"type\":\"")) && take_string(cursor, &event->type);
}

bool usage_plain_read(str leaf, struct plain_usage *usage)
{
    struct cursor cursor = {.text = leaf};
    struct plain_usage read = {0};
    if (!is_plain(leaf) || !take(&cursor, STR("{\"actor\":\"")) ||
        !take_string(&cursor, &read.actor) || !take(&cursor, STR(",\"at\":\"")) ||
        !take_string(&cursor, &read.at) || !take(&cursor, STR(",\"customer\":\"")) ||
        !take_string(&cursor, &read.customer) || !take_event(&cursor, &read) ||
        !take(&cursor, STR("},\"kind\":\"usage\",\"v\":1}")) || cursor.at != leaf.len ||
        failed(decimal_parse(read.quantity, &read.event.quantity)) ||
        failed(instant_parse(read.time, &read.event.time)))
        return false;
    *usage = read;
    return true;
}

bool plain_leaf_read(str leaf, struct usage_event *event)
{
    struct plain_usage usage = {0};
    int64_t index = event->index;
    if (!usage_plain_read(leaf, &usage))
        return false;
    *event = usage.event;
    event->index = index;
    return true;
}

bool usage_plain_property(str *rest, str *name, str *value)
{
    struct cursor cursor = {.text = *rest};
    (void)take(&cursor, STR(","));
    if (!take(&cursor, STR("\"")) || !take_string(&cursor, name) || !take(&cursor, STR(":")) ||
        !take_value(&cursor, value))
        return false;
    *rest = str_slice(*rest, cursor.at, rest->len);
    return true;
}

bool plain_member(str object, str name, str *text)
{
    struct cursor cursor = {.text = object, .at = 1};
    str found = {0};
    str value = {0};
    while (take(&cursor, STR("\"")) && take_string(&cursor, &found) && take(&cursor, STR(":")) &&
           take_value(&cursor, &value)) {
        if (str_eq(found, name)) {
            *text = value;
            return true;
        }
        (void)take(&cursor, STR(","));
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "split.h"

#include "phial/util/array.h"

#include <string.h>
#include <strings.h>

enum { EVENTS_FIRST = 16 };

bool event_format_parse(str media_type, enum event_format *format)
{
    static const struct {
        str name;
        enum event_format format;
    } types[] = {
        {{"application/json", 16}, FORMAT_JSON},
        {{"application/x-ndjson", 20}, FORMAT_NDJSON},
        {{"application/cloudevents+json", 28}, FORMAT_CLOUDEVENT},
        {{"application/cloudevents-batch+json", 34}, FORMAT_CLOUDEVENT_BATCH},
    };
    str name = media_type;
    str parameters = {0};
    (void)str_cut(media_type, ';', &name, &parameters);
    name = str_trim(name);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (name.len == types[i].name.len &&
            strncasecmp(name.ptr, types[i].name.ptr, name.len) == 0) {
            *format = types[i].format;
            return true;
        }
    }
    return false;
}

struct list {
    struct arena *arena;
    struct raw_events *events;
    size_t size;
};

static result list_next(struct list *list, struct raw_event **next)
{
    struct raw_events *events = list->events;
    if (events->count == EVENTS_MAX)
        return FAIL(TOO_MANY_EVENTS, "");
    if (events->count == list->size) {
        size_t size = list->size == 0 ? (events->is_single ? 1 : EVENTS_FIRST) : 4 * list->size;
        struct raw_event *items = arena_array(list->arena, struct raw_event, size);
        if (events->count != 0)
            memcpy(items, events->items, events->count * sizeof *items);
        events->items = items;
        list->size = size;
    }
    *next = &events->items[events->count++];
    return OK;
}

static result not_json(void)
{
    return FAIL(INVALID_JSON, "");
}

static result split_one(struct decoder *decoder, struct list *list)
{
    struct raw_event *event = NULL;
    if (reader_peek(&decoder->reader) != '{')
        return FAIL(INVALID_JSON, "The body is no event object.");
    list->events->is_single = true;
    TRY(list_next(list, &event));
    return decode_event(decoder, event) ? OK : not_json();
}

static result split_array(struct decoder *decoder, struct list *list)
{
    struct reader *reader = &decoder->reader;
    if (!reader_take(reader, '['))
        return FAIL(INVALID_JSON, "The body is no array of events.");
    reader_blank(reader);
    if (reader_peek(reader) == ']')
        return reader_take(reader, ']') ? OK : not_json();
    do {
        struct raw_event *event = NULL;
        TRY(list_next(list, &event));
        if (!decode_event(decoder, event))
            return not_json();
    } while (reader_take(reader, ','));
    return reader_take(reader, ']') ? OK : not_json();
}

static result split_whole(struct decoder *decoder, struct list *list, enum event_format format)
{
    struct reader *reader = &decoder->reader;
    reader_blank(reader);
    bool array =
        format == FORMAT_CLOUDEVENT_BATCH || (format == FORMAT_JSON && reader_peek(reader) == '[');
    TRY(array ? split_array(decoder, list) : split_one(decoder, list));
    reader_blank(reader);
    return reader->at == reader->end ? OK : not_json();
}

static result split_line(struct decoder *decoder, struct list *list, str line)
{
    struct reader *reader = &decoder->reader;
    reader->at = line.ptr;
    reader->end = line.ptr + line.len;
    reader->name_count = 0;
    reader_blank(reader);
    if (reader->at == reader->end)
        return OK;
    struct raw_event *event = NULL;
    TRY(list_next(list, &event));
    bool reads = decode_event(decoder, event);
    reader_blank(reader);
    if (!reads || reader->at != reader->end)
        *event = (struct raw_event){.verdict = {"invalid_json", NULL, STR("")}};
    return OK;
}

static result split_lines(struct decoder *decoder, struct list *list, str body)
{
    while (body.len != 0) {
        const char *newline = memchr(body.ptr, '\n', body.len);
        size_t len = newline == NULL ? body.len : (size_t)(newline - body.ptr);
        TRY(split_line(decoder, list, str_slice(body, 0, len)));
        body = str_slice(body, len + 1, body.len);
    }
    return OK;
}

result split_body(struct arena *arena, enum event_format format, str body,
                  struct raw_events *events)
{
    struct raw_events found = {.dialect =
                                   format == FORMAT_CLOUDEVENT || format == FORMAT_CLOUDEVENT_BATCH
                                       ? DIALECT_CLOUDEVENTS
                                       : DIALECT_PHIAL};
    struct list list = {.arena = arena, .events = &found};
    struct decoder decoder = {
        .reader = {.arena = arena, .at = body.ptr, .end = body.ptr + body.len},
        .dialect = found.dialect};
    TRY(format == FORMAT_NDJSON ? split_lines(&decoder, &list, body)
                                : split_whole(&decoder, &list, format));
    if (found.count == 0)
        return FAIL(NO_EVENTS, "");
    *events = found;
    return OK;
}

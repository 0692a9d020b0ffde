// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/trial.h"

#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "trial_parts.h"

#include <string.h>

struct trial *trial_open(struct arena *arena)
{
    struct trial *trial = arena_new(arena, struct trial);
    memset(trial, 0, sizeof *trial);
    trial->ipv4 = phi_detector_bit(STR("ipv4"));
    return trial;
}

bool trial_declare(struct trial *trial, const struct event_type *type)
{
    size_t at = trial->type_count;
    if (at == TRIAL_TYPES_MAX)
        return false;
    for (; at > 0 && str_compare(type->key, trial->types[at - 1]->key) < 0; at--)
        trial->types[at] = trial->types[at - 1];
    trial->types[at] = type;
    trial->type_count++;
    return true;
}

static struct trial_name judge(str name)
{
    struct trial_name judged = {.open = phi_name(name), .closed = phi_name_of_closed(name)};
    const struct phi_detector *hit = phi_find(name, 0);
    if (hit != NULL)
        judged.detector = hit->name;
    return judged;
}

// A name that comes again in the slot of another one takes it over.
struct trial_name trial_name_read(struct trial *trial, str name)
{
    uint32_t hash = 2166136261U;
    if (name.len == 0)
        return (struct trial_name){0};
    if (name.len > TRIAL_NAME_BYTES_MAX)
        return judge(name);
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619U;
    struct trial_name *slot = &trial->names[(hash ^ hash >> 16) % TRIAL_NAMES_MAX];
    if (slot->len == 0 || !str_eq(name, (str){slot->text, slot->len})) {
        *slot = judge(name);
        memcpy(slot->text, name.ptr, name.len);
        slot->len = name.len;
    }
    return *slot;
}

// {"text": ..., "shape": ...}; other members are labels, and not looked at.
struct recorded {
    struct raw_value text;
    struct raw_value shape;
};

static bool read_recorded(struct arena *arena, str line, struct recorded *recorded)
{
    struct reader reader = {.arena = arena, .at = line.ptr, .end = line.ptr + line.len};
    bool more = false;
    str name = {0};
    *recorded = (struct recorded){0};
    reader_blank(&reader);
    if (reader_peek(&reader) != '{')
        return false;
    size_t mark = reader_object(&reader);
    while (reader_member(&reader, mark, &more, &name) && more) {
        struct raw_value value = {0};
        if (!reader_value(&reader, 1, &value))
            return false;
        if (str_eq(name, STR("text")))
            recorded->text = value;
        else if (str_eq(name, STR("shape")))
            recorded->shape = value;
    }
    reader_blank(&reader);
    return !more && reader.at == reader.end && !reader.duplicate && !reader.unfit &&
           recorded->text.kind == JSON_KIND_STRING;
}

static struct trial_verdict found(const struct phi_detector *hit, str pointer)
{
    return hit == NULL ? (struct trial_verdict){0} : (struct trial_verdict){hit->name, pointer};
}

static struct trial_verdict try_recorded(struct trial *trial, struct arena *arena,
                                         const struct recorded *recorded)
{
    static const str text_pointer = {"/text", 5};
    str shape = recorded->shape.text;
    str text = recorded->text.text;
    if (recorded->shape.kind == JSON_KIND_ABSENT || str_eq(shape, STR("value")))
        return found(phi_find(text, 0), text_pointer);
    if (str_eq(shape, STR("event")) && trial->type_count != 0)
        return trial_event(trial, arena, text);
    if (str_eq(shape, STR("event")))
        return trial_document(trial, arena, text, NULL);
    if (str_eq(shape, STR("member")))
        return trial_document(trial, arena, text, &text_pointer);
    return (struct trial_verdict){"property_invalid", STR("/shape")};
}

static char at_start(str line)
{
    line = str_trim(line);
    if (line.len == 0)
        return '\0';
    return line.ptr[0];
}

// An id of digits alone may be a person's number: no declaration says otherwise.
static struct trial_verdict try_undeclared(struct trial *trial, struct arena *arena, str line)
{
    if (at_start(line) != '{') // an event is an object
        return (struct trial_verdict){"invalid_json", STR("/")};
    struct trial_verdict verdict = trial_document(trial, arena, line, NULL);
    if (verdict.word != NULL)
        return verdict;
    struct raw_events events = {0};
    if (!failed(split_body(arena, FORMAT_NDJSON, line, &events))) {
        struct raw_value id = events.items[0].members[MEMBER_ID];
        if (id.kind == JSON_KIND_STRING && phi_ambiguous_number(id.text))
            return (struct trial_verdict){"phi_ambiguous_number", STR("/id")};
    }
    return verdict;
}

struct trial_verdict trial_line(struct trial *trial, struct arena *arena, str line)
{
    struct recorded recorded;
    if (line.len > TRIAL_LINE_MAX)
        return (struct trial_verdict){"body_too_large", STR("/")};
    if (memchr(line.ptr, '\n', line.len) != NULL) // a line is one
        return (struct trial_verdict){"invalid_json", STR("/")};
    if (read_recorded(arena, line, &recorded))
        return try_recorded(trial, arena, &recorded);
    return trial->type_count != 0 ? trial_event(trial, arena, line)
                                  : try_undeclared(trial, arena, line);
}

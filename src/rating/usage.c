// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/usage.h"

#include "plain_leaf.h"

#include <stdlib.h>

// A void, or an amendment with what it sets.
struct correction {
    int64_t index;
    int64_t original;
    bool voids;
    bool sets_quantity;
    decimal quantity;
    bool sets_time;
    instant time;
    json_t *properties; // NULL, or those that replace the original's of the same name
};

struct usage_fold {
    struct arena *arena;
    struct usage_event *events;
    size_t count;
    size_t room;
    struct correction *corrections;
    size_t correction_count;
    size_t correction_room;
    bool sorted;   // by index, as a log is read
    str last_type; // most events are of the type of the one before: one copy serves them all
};

struct usage_fold *usage_fold_new(struct arena *arena)
{
    struct usage_fold *fold = arena_new(arena, struct usage_fold);
    fold->arena = arena;
    fold->sorted = true;
    return fold;
}

// The events' properties are const to everyone but the fold that owns them.
static void drop_properties(const struct usage_event *event)
{
    json_decref(json_iterable(event->properties));
}

void usage_fold_release(struct usage_fold **fold)
{
    if (*fold == NULL)
        return;
    for (size_t i = 0; i < (*fold)->count; i++)
        drop_properties(&(*fold)->events[i]);
    for (size_t i = 0; i < (*fold)->correction_count; i++)
        json_decref((*fold)->corrections[i].properties);
    *fold = NULL;
}

static struct usage_event *next_event(struct usage_fold *fold)
{
    fold->events =
        arena_grow(fold->arena, fold->events, fold->count, &fold->room, sizeof *fold->events);
    return &fold->events[fold->count];
}

static struct correction *next_correction(struct usage_fold *fold)
{
    fold->corrections = arena_grow(fold->arena, fold->corrections, fold->correction_count,
                                   &fold->correction_room, sizeof *fold->corrections);
    return &fold->corrections[fold->correction_count];
}

static result text_member(const json_t *object, const char *name, str *text)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return FAIL(INVALID, "an entry lacks a text");
    *text = json_str(value);
    return OK;
}

static result decimal_member(const json_t *object, const char *name, decimal *number)
{
    str text = {0};
    TRY(text_member(object, name, &text));
    return decimal_parse(text, number);
}

static result instant_member(const json_t *object, const char *name, instant *at)
{
    str text = {0};
    TRY(text_member(object, name, &text));
    return instant_parse(text, at);
}

// Its texts are copied into the fold's arena.
static void keep_event(struct usage_fold *fold, struct usage_event event)
{
    if (!str_eq(event.type, fold->last_type))
        fold->last_type = str_copy(fold->arena, event.type);
    event.type = fold->last_type;
    event.id = str_copy(fold->arena, event.id);
    event.source = str_copy(fold->arena, event.source);
    event.plain = str_copy(fold->arena, event.plain);
    *next_event(fold) = event;
    if (fold->count > 0 && fold->events[fold->count - 1].index >= event.index)
        fold->sorted = false;
    fold->count++;
}

// Borrows from the leaf.
static result read_event(const json_t *leaf, struct usage_event *event)
{
    const json_t *body = json_object_get(leaf, "event");
    TRY(text_member(body, "type", &event->type));
    TRY(text_member(body, "id", &event->id));
    TRY(text_member(body, "source", &event->source));
    TRY(instant_member(body, "time", &event->time));
    TRY(decimal_member(body, "quantity", &event->quantity));
    event->properties = json_object_get(body, "properties");
    if (event->properties != NULL && !json_is_object(event->properties))
        return FAIL(INVALID, "an event's properties are no object");
    return OK;
}

static result add_event(struct usage_fold *fold, int64_t index, const json_t *leaf)
{
    struct usage_event event = {.index = index};
    TRY(read_event(leaf, &event));
    json_incref(json_iterable(event.properties));
    keep_event(fold, event);
    return OK;
}

static result read_set(const json_t *set, struct correction *correction)
{
    if (!json_is_object(set))
        return FAIL(INVALID, "an amendment sets nothing");
    if (json_object_get(set, "quantity") != NULL) {
        correction->sets_quantity = true;
        TRY(decimal_member(set, "quantity", &correction->quantity));
    }
    if (json_object_get(set, "time") != NULL) {
        correction->sets_time = true;
        TRY(instant_member(set, "time", &correction->time));
    }
    json_t *properties = json_object_get(set, "properties");
    if (properties != NULL && !json_is_object(properties))
        return FAIL(INVALID, "an amendment's properties are no object");
    correction->properties = properties;
    return OK;
}

static result add_correction(struct usage_fold *fold, int64_t index, const json_t *leaf, bool voids)
{
    struct correction correction = {.index = index, .voids = voids};
    const json_t *original = json_object_get(json_object_get(leaf, "ref"), "index");
    if (!json_is_integer(original))
        return FAIL(INVALID, "a correction refers to nothing");
    correction.original = json_integer_value(original);
    if (!voids)
        TRY(read_set(json_object_get(leaf, "set"), &correction));
    json_incref(correction.properties);
    *next_correction(fold) = correction;
    fold->correction_count++;
    return OK;
}

result usage_fold_add(struct usage_fold *fold, int64_t index, str leaf)
{
    OWNED(json_release) json_t *root = NULL;
    struct usage_event plain = {.index = index};
    str kind = {0};
    if (plain_leaf_read(leaf, &plain)) {
        keep_event(fold, plain);
        return OK;
    }
    if (failed(json_parse(leaf, &root)))
        return FAIL(INVALID, "an entry is not JSON");
    TRY(text_member(root, "kind", &kind));
    if (str_eq(kind, STR("usage")))
        return add_event(fold, index, root);
    if (str_eq(kind, STR("void")))
        return add_correction(fold, index, root, true);
    if (str_eq(kind, STR("amend")))
        return add_correction(fold, index, root, false);
    return OK;
}

static int by_index(const void *left, const void *right)
{
    int64_t a = ((const struct usage_event *)left)->index;
    int64_t b = ((const struct usage_event *)right)->index;
    return (a > b) - (a < b);
}

static int corrections_by_index(const void *left, const void *right)
{
    int64_t a = ((const struct correction *)left)->index;
    int64_t b = ((const struct correction *)right)->index;
    return (a > b) - (a < b);
}

static int by_time(const void *left, const void *right)
{
    const struct usage_event *a = left;
    const struct usage_event *b = right;
    if (a->time.us != b->time.us)
        return a->time.us < b->time.us ? -1 : 1;
    return by_index(a, b);
}

static struct usage_event *find_event(const struct usage_fold *fold, int64_t index)
{
    struct usage_event key = {.index = index};
    if (fold->count == 0)
        return NULL;
    if (fold->sorted)
        return bsearch(&key, fold->events, fold->count, sizeof key, by_index);
    for (size_t i = 0; i < fold->count; i++) {
        if (fold->events[i].index == index)
            return &fold->events[i];
    }
    return NULL;
}

json_t *usage_event_properties(const struct usage_event *event)
{
    json_t *properties = NULL;
    if (event->plain.len > 0 && !failed(json_parse(event->plain, &properties)))
        return properties;
    return event->properties == NULL ? NULL : json_copy(json_iterable(event->properties));
}

static result replace_properties(struct usage_event *event, const json_t *by)
{
    json_t *replaced = usage_event_properties(event);
    if (replaced == NULL)
        replaced = json_object();
    if (replaced == NULL || json_object_update(replaced, json_iterable(by)) != 0) {
        json_decref(replaced);
        return FAIL(INTERNAL, "out of memory");
    }
    drop_properties(event);
    event->properties = replaced;
    event->plain = STR("");
    return OK;
}

static result apply(struct usage_fold *fold, const struct correction *correction)
{
    struct usage_event *event = find_event(fold, correction->original);
    if (event == NULL || event->voided || correction->index <= correction->original)
        return FAIL(VERIFICATION_FAILED, "a correction refers to no live event");
    if (correction->voids) {
        event->voided = true;
        return OK;
    }
    if (correction->sets_quantity)
        event->quantity = correction->quantity;
    if (correction->sets_time)
        event->time = correction->time;
    if (correction->properties != NULL)
        TRY(replace_properties(event, correction->properties));
    return OK;
}

result usage_fold_end(struct usage_fold *fold, struct usage *usage)
{
    if (!fold->sorted)
        qsort(fold->events, fold->count, sizeof *fold->events, by_index);
    fold->sorted = true;
    if (fold->correction_count > 0)
        qsort(fold->corrections, fold->correction_count, sizeof *fold->corrections,
              corrections_by_index);
    for (size_t i = 0; i < fold->correction_count; i++)
        TRY(apply(fold, &fold->corrections[i]));

    struct usage_event *live = arena_array(fold->arena, struct usage_event, fold->count);
    size_t count = 0;
    for (size_t i = 0; i < fold->count; i++) {
        if (!fold->events[i].voided)
            live[count++] = fold->events[i];
    }
    if (count > 0)
        qsort(live, count, sizeof *live, by_time);
    *usage = (struct usage){.events = live, .count = count};
    return OK;
}

const struct usage_event *usage_fold_find(const struct usage_fold *fold, int64_t index)
{
    return find_event(fold, index);
}

result usage_leaf_read(str leaf, struct usage_event *event, json_t **held, bool *is_usage)
{
    OWNED(json_release) json_t *root = NULL;
    struct usage_event read = {.index = event->index};
    str kind = {0};
    *is_usage = plain_leaf_read(leaf, &read);
    if (!*is_usage) {
        if (failed(json_parse(leaf, &root)))
            return FAIL(INVALID, "an entry is not JSON");
        TRY(text_member(root, "kind", &kind));
        *is_usage = str_eq(kind, STR("usage"));
        if (*is_usage)
            TRY(read_event(root, &read));
        *held = json_incref(root);
    }
    *event = read;
    return OK;
}

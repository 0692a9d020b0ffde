// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/overrides.h"

#include "phial/rating/plan.h"
#include "phial/util/array.h"

static const char *const replaced[] = {"commitment", "grace", "maximum", "minimum", "trial_days"};
static const char *const lists[] = {"charges", "fixed"};

static bool read_members(struct json_at overrides)
{
    const json_t *unread = NULL;
    json_field fields[COUNT_OF(replaced) + COUNT_OF(lists)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(replaced); i++)
        fields[count++] = json_optional(json_any(replaced[i], &unread));
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        fields[count++] = json_optional(json_any(lists[i], &unread));
    return json_read(overrides, (struct json_fields){fields, count});
}

// The plan's item of a key; NULL when there is none.
static json_t *find_item(const json_t *items, str key)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        if (str_eq(json_str(json_object_get(item, "key")), key))
            return item;
    }
    return NULL;
}

static result merge_item(struct json_at at, str key, const json_t *items)
{
    json_t *item = find_item(items, key);
    const char *name = NULL;
    json_t *value = NULL;
    if (!json_is_object(at.value) || item == NULL) {
        json_wrong(at, "invalid", "The plan has nothing of this key.");
        return OK;
    }
    if (json_object_get(at.value, "key") != NULL &&
        !str_eq(json_str(json_object_get(at.value, "key")), key)) {
        json_wrong(at, "invalid", "The key stays what it is.");
        return OK;
    }
    json_object_foreach(json_iterable(at.value), name, value)
    {
        if (json_object_set(item, name, value) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return OK;
}

// A member's name is repeated in a pointer only where the plan has it.
static result merge_named(struct json_at at, const json_t *items)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(at.value), name, value)
    {
        bool known = find_item(items, str_from(name)) != NULL;
        TRY(merge_item(known ? json_member(at, name) : at, str_from(name), items));
    }
    return OK;
}

static result merge_list(struct json_at at, const json_t *items)
{
    if (json_object_size(at.value) + json_array_size(at.value) > CHARGES_MAX) {
        json_wrong(at, "invalid", "At most 100 items.");
        return OK;
    }
    if (json_is_object(at.value))
        return merge_named(at, items);
    if (!json_is_array(at.value)) {
        json_wrong(at, "invalid", "A list of {\"key\", ...}, or {KEY: {...}}.");
        return OK;
    }
    for (size_t i = 0; i < json_array_size(at.value); i++) {
        struct json_at item = json_item(at, i);
        TRY(merge_item(item, json_str(json_object_get(item.value, "key")), items));
    }
    return OK;
}

result overrides_merge(struct json_at overrides, const json_t *plan, json_t **merged)
{
    OWNED(json_release) json_t *copy = json_deep_copy(plan);
    if (copy == NULL)
        return FAIL(INTERNAL, "out of memory");
    if (!read_members(overrides))
        return faults_result(overrides.faults);
    for (size_t i = 0; i < COUNT_OF(replaced); i++) {
        json_t *value = json_object_get(overrides.value, replaced[i]);
        if (value != NULL && json_object_set(copy, replaced[i], value) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct json_at list = json_member(overrides, lists[i]);
        if (list.value != NULL && !json_is_null(list.value))
            TRY(merge_list(list, json_object_get(copy, lists[i])));
    }
    TRY(faults_result(overrides.faults));
    *merged = json_incref(copy);
    return OK;
}

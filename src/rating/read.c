// SPDX-License-Identifier: Apache-2.0
#include "read.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

bool property_name_valid(str name)
{
    return name.len >= 1 && name.len <= KEY_BYTES_MAX && str_all_in(str_slice(name, 0, 1), LOWER) &&
           str_all_in(name, LOWER DIGITS "_.-");
}

bool item_key_valid(str key)
{
    return key.len >= 1 && key.len <= KEY_BYTES_MAX &&
           str_all_in(key, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "._-");
}

static bool listed_before(const str *names, size_t count, str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(names[i], name))
            return true;
    }
    return false;
}

const str *property_names_read(struct json_at list, size_t max, size_t *count)
{
    size_t size = json_array_size(list.value);
    if (!json_is_array(list.value) || size == 0 || size > max) {
        (void)json_wrong(list, "invalid", "A list of property names, not empty and not too long.");
        return NULL;
    }
    str *names = arena_array(list.faults->arena, str, size);
    for (size_t i = 0; i < size; i++) {
        struct json_at item = json_item(list, i);
        names[i] = json_str(item.value);
        if (!property_name_valid(names[i])) {
            (void)json_wrong(item, "invalid", "Not the name of a property.");
            return NULL;
        }
        if (listed_before(names, i, names[i])) {
            (void)json_wrong(item, "invalid", "The property is named twice.");
            return NULL;
        }
    }
    *count = size;
    return names;
}

bool property_text(struct arena *arena, const json_t *value, str *text)
{
    if (json_is_string(value))
        *text = json_str(value);
    else if (json_is_boolean(value))
        *text = json_is_true(value) ? STR("true") : STR("false");
    else if (json_is_integer(value))
        *text = decimal_print(arena, decimal_from_i64(json_integer_value(value)));
    else
        return false;
    return true;
}

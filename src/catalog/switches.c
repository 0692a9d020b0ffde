// SPDX-License-Identifier: Apache-2.0
#include "switches.h"

static bool holds(const json_t *list, const json_t *wanted)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), wanted))
            return true;
    }
    return false;
}

static bool property_more_off(const json_t *before, const json_t *after)
{
    const json_t *off = json_object_get(after, "detectors_off");
    bool same_type = json_equal(json_object_get(before, "type"), json_object_get(after, "type"));
    const json_t *known = same_type ? json_object_get(before, "detectors_off") : NULL;
    for (size_t i = 0; i < json_array_size(off); i++) {
        if (!holds(known, json_array_get(off, i)))
            return true;
    }
    return false;
}

result switches_more_off(str before, const json_t *after, bool *more)
{
    OWNED(json_release) json_t *document = NULL;
    const char *name = NULL;
    json_t *property = NULL;
    *more = false;
    if (before.len != 0)
        TRY(json_parse(before, &document));
    const json_t *known = json_object_get(document, "properties");
    json_object_foreach(json_object_get(after, "properties"), name, property)
    {
        if (property_more_off(json_object_get(known, name), property))
            *more = true;
    }
    return OK;
}

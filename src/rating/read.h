// SPDX-License-Identifier: Apache-2.0
// read.h - what the readers of metrics and plans have in common: names, keys, lists.
#pragma once

#include "phial/json/json.h"

enum { NAME_BYTES_MAX = 200, KEY_BYTES_MAX = 64 };

bool property_name_valid(str name); // [a-z][a-z0-9_.-]{0,63}
bool item_key_valid(str key);       // 1-64 of [A-Za-z0-9._-]

// A list of 1 to `max` different property names. NULL after a fault.
const str *property_names_read(struct json_at list, size_t max, size_t *count);
// The canonical text of a value that a property may have: a string, a boolean or an integer.
bool property_text(struct arena *arena, const json_t *value, str *text);

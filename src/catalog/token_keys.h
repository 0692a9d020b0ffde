// SPDX-License-Identifier: Apache-2.0
// token_keys.h - a row of token_key, and what its seal is bound to.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stdint.h>

struct token_key_row {
    int64_t customer_id;
    str scope;
    str purpose;
    str sealed;     // "" once destroyed
    str wrapped_by; // "" for one that was sealed before master keys had ids
};

str token_key_purpose(bool crosswalk);
// By its form: one without wrapped_by is bound to less.
str token_key_context(struct arena *arena, const struct token_key_row *row);

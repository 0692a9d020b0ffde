// SPDX-License-Identifier: Apache-2.0
// held_values.h - the values that a line of running sums holds, one by one.
#pragma once

#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stdint.h>

struct held_values {
    str rest;
};

struct held_values held_values_of(str held);
bool held_values_next(struct held_values *held, str *value, int64_t *events); // false at the end
result held_values_end(const struct held_values *held); // INTERNAL where it was cut short

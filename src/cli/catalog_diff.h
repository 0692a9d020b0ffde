// SPDX-License-Identifier: Apache-2.0
// catalog_diff.h - the difference between two documents, member by member.
#pragma once

#include "phial/json/json.h"

#include <stdio.h>

// One line a difference: "    charges/0/unit_amount: "0.75" -> "0.70"". Members of `before` that a
// server adds (key, version, sha256, created_at, archived) are passed over. Returns how many.
int catalog_diff(struct arena *arena, const json_t *before, const json_t *after, FILE *out);

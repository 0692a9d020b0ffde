// SPDX-License-Identifier: Apache-2.0
// catalog_check.h - what in a catalog's documents no server would take, seen before one is asked.
#pragma once

#include "phial/json/json.h"

#include <stdio.h>

// Every event type, metric, plan, report template and subscription as the server reads it; not what
// they refer to. Prints a line for each fault; INVALID where there is one.
result catalog_check(struct arena *arena, const json_t *document, FILE *out);

// SPDX-License-Identifier: Apache-2.0
// params.h - parameters as libpq sends them.
#pragma once

#include "phial/db/db.h"

enum { PARAMS_MAX = 40 };

struct wire_params {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX]; // 0 text, 1 binary
};

// INVALID for a text that holds a NUL, which PostgreSQL cannot store.
result params_print(struct arena *arena, struct db_params params, struct wire_params *wire);

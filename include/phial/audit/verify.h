// SPDX-License-Identifier: Apache-2.0
// verify.h - the offline verification of an export: no server, no database, no network.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdio.h>

struct verification {
    int faults; // 0: verified
    int limits; // what cannot be recounted, retention having removed what it needs
    int64_t entries;
    int64_t invoices; // recounted
    str customer;
    int64_t size;
    str root; // base64
};

// Prints every fault found to `out`, a line each. against: an older export, or NULL. The result
// fails only when the files cannot be read at all.
result verify_export(struct arena *arena, const char *path, const char *public_key_path,
                     const char *against, FILE *out, struct verification *verification);

// SPDX-License-Identifier: Apache-2.0
// qr.h - a text as a QR code, error correction M.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stddef.h>

struct qr {
    size_t side; // modules a side; the quiet zone is the caller's
    const bool *dark;
};

result qr_make(struct arena *arena, str text, struct qr *qr); // INVALID where it is too long

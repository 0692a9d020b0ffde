// SPDX-License-Identifier: Apache-2.0
// range.h - which bytes of a file a Range header asks for (RFC 9110, 14.2).
#pragma once

#include "phial/util/str.h"

#include <stdint.h>

enum range_kind {
    RANGE_WHOLE, // none is asked for, or not one that is understood: a list, another unit
    RANGE_PART,
    RANGE_NONE, // there is no such part
};
// `from` and `to` (half-open) are set for a part alone.
enum range_kind range_read(str header, int64_t bytes, int64_t *from, int64_t *to);

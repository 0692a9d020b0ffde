// SPDX-License-Identifier: Apache-2.0
// disguise.h - takes off what hides an identifier from a reader of plain ASCII.
#pragma once

#include "phial/util/str.h"
#include "sight.h"

// Full-width, mathematical, circled and foreign digits and letters as ASCII, look-alike letters as
// Latin, zero-width characters gone, dashes and blanks as the plain ones, %41, &#65; and \u0041
// decoded, a few times over. The same text, not copied, when it has no disguise.
struct unfolding {
    bool escaped; // the text has escapes
    str raw;      // then: what there is without reading them, to be looked at as well
    bool endless; // there is more below, or more than may be paid for
};
str unfold(struct arena *arena, str text, size_t *work, struct unfolding *how);

// The n-th way to read a part of the text as base64, base64url, base32 or hexadecimal of printable
// ASCII; false when there is no n-th.
struct wrapped {
    size_t alphabet;
    size_t run;
    size_t at;
};
bool unwrap_next(struct arena *arena, const struct sight *sight, struct wrapped *position,
                 str *plain);

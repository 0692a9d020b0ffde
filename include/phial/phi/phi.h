// SPDX-License-Identifier: Apache-2.0
// phi.h - finds what looks like a patient's identifier in a text.
//
// Pure: text in, the name of a detector out, never the text. What to do about a hit is the
// caller's.
#pragma once

#include "phial/util/faults.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct phi_detector {
    const char *name;  // "us_ssn"; safe to log, unlike what it found
    const char *finds; // the sentence of the documentation
};

struct phi_detectors {
    const struct phi_detector *const *items;
    size_t count;
};
struct phi_detectors phi_detectors(void);

// The first detector that finds something in the text or in one of its disguises (full-width
// digits, zero-width characters, percent or base64 wrapping); NULL when none does. `off` is a bit
// set of detectors (their position in phi_detectors) that are switched off.
const struct phi_detector *phi_find(str text, uint64_t off);
// The detector's bit in `off`; 0 when there is none of the name.
uint64_t phi_detector_bit(str name);

// Cuts each pointer off before the first name in it that a detector finds something in: the
// caller's own keys stand there.
void phi_hide_names(struct faults *faults);

// Whether a property's name means PHI, in any spelling: camelCase, snake_case, plural.
bool phi_name(str name);
// The same for a property that holds numbers, booleans, versions or words of a closed list alone:
// what counts or classifies (ssn_checks, patient_count, age_band) is then harmless.
bool phi_name_of_closed(str name);
// 7 to 12 digits and nothing else: what no detector can tell from an order number.
bool phi_ambiguous_number(str text);

// The detectors as docs/phi.md lists them.
void phi_print_markdown(FILE *out);

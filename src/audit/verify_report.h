// SPDX-License-Identifier: Apache-2.0
// verify_report.h - what a verification found: a sentence a line, and how many.
#pragma once

#include "phial/util/str.h"

#include <stdio.h>

struct report {
    FILE *out;
    const char *about; // stands before each sentence: "" or "older export: "
    int faults;
    int limits;
};

// A sentence that is no fault, but that who reads the verdict has to know.
void remark(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Texts out of the archive pass report_text before they come here.
// A limit is no fault: what cannot be said, and why.
void limit(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fault(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Cut to 80 bytes, and what is not printable ASCII shown as '?': an archive may hold anything.
str report_text(struct arena *arena, str text);

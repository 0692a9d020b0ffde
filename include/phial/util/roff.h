// SPDX-License-Identifier: Apache-2.0
// roff.h - manual pages, in the macros of man(7).
#pragma once

#include <stdio.h>

// The page's head: "phial", 1, "run and prove a usage billing ledger".
void roff_begin(FILE *out, const char *name, int section, const char *does);
void roff_section(FILE *out, const char *title);
// A paragraph; a line of the text is a line of the source.
void roff_paragraph(FILE *out, const char *text);
// A term in bold, what goes with it, and what is said of it.
void roff_term(FILE *out, const char *term, const char *arguments, const char *text);
// Text within a line: nothing in it is a request, and a dash stays what one types.
void roff_text(FILE *out, const char *text);

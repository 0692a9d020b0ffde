// SPDX-License-Identifier: Apache-2.0
// ink.h - text on pages, over cairo and pango. The only one that knows fonts. What the user's own
// font settings say about hinting does not reach the page: the same text has the same glyphs.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <cairo.h>
#include <stdbool.h>

struct ink;

enum ink_style {
    INK_BODY,
    INK_BOLD,
    INK_FAINT,      // body in grey
    INK_SMALL,      // grey
    INK_SMALL_BOLD, // grey
    INK_CODE,       // small, one width a letter
    INK_HEADING,
    INK_NAME,
    INK_TITLE,
    INK_DUE,
    INK_MARK,
    INK_WATERMARK,
    INK_STYLES
};
enum ink_side { INK_LEFT, INK_RIGHT, INK_CENTRE };

struct ink_box {
    double x, y, width;
};

// `language`: of the texts, for the shapes of Han characters. FONT_MISSING.
result ink_open(struct arena *arena, cairo_surface_t *surface, const char *language,
                struct ink **ink);
void ink_close(struct ink **ink);
cairo_t *ink_cairo(struct ink *ink);

double ink_height(struct ink *ink, enum ink_style style, double width, str text);
// Wrapped to the box's width; the height it took.
double ink_text(struct ink *ink, enum ink_style style, struct ink_box box, enum ink_side side,
                str text);
void ink_rule(struct ink *ink, struct ink_box box, double thickness, bool accent);
void ink_fill(struct ink *ink, struct ink_box box, double height); // a tinted band
bool ink_lacked(const struct ink *ink); // whether some character had no font

// The document's structure, for readers who cannot see it: "Document", "H1", "Table", "TR", ...
void ink_begin(struct ink *ink, const char *tag);
void ink_end(struct ink *ink, const char *tag);

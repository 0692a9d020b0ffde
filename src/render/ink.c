// SPDX-License-Identifier: Apache-2.0
#include "ink.h"

#include <pango/pangocairo.h>

static const char family[] = "Noto Sans";
static const char code_family[] = "Noto Sans Mono, Noto Sans";

static const struct {
    double size;
    bool bold;
    bool code;
    double red, green, blue;
} styles[INK_STYLES] = {
    [INK_BODY] = {8.5, false, false, 0.10, 0.14, 0.19},
    [INK_BOLD] = {8.5, true, false, 0.10, 0.14, 0.19},
    [INK_FAINT] = {8.5, false, false, 0.36, 0.40, 0.45},
    [INK_SMALL] = {7.2, false, false, 0.36, 0.40, 0.45},
    [INK_SMALL_BOLD] = {7.2, true, false, 0.36, 0.40, 0.45},
    [INK_CODE] = {7, false, true, 0.36, 0.40, 0.45},
    [INK_HEADING] = {9.5, true, false, 0.12, 0.31, 0.47},
    [INK_NAME] = {14, true, false, 0.12, 0.31, 0.47},
    [INK_TITLE] = {20, false, false, 0.12, 0.31, 0.47},
    [INK_DUE] = {15, true, false, 0.12, 0.31, 0.47},
    [INK_MARK] = {11, true, false, 0.64, 0.09, 0.10},
    [INK_WATERMARK] = {120, true, false, 0.97, 0.90, 0.90},
};

struct ink {
    cairo_t *cairo;
    PangoFontMap *fonts;
    PangoContext *context;
    PangoLayout *layout;
    PangoFontDescription *faces[INK_STYLES];
    bool lacked;
};

static void make_faces(struct ink *ink)
{
    for (int i = 0; i < INK_STYLES; i++) {
        PangoFontDescription *face = pango_font_description_new();
        pango_font_description_set_family(face, styles[i].code ? code_family : family);
        pango_font_description_set_size(face, (int)(styles[i].size * PANGO_SCALE));
        pango_font_description_set_weight(face,
                                          styles[i].bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
        ink->faces[i] = face;
    }
}

static void make_context(struct ink *ink, const char *language)
{
    enum { POINTS = 72 };
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(ink->fonts), POINTS);
    ink->context = pango_font_map_create_context(ink->fonts);
    pango_cairo_context_set_font_options(ink->context, options);
    pango_cairo_context_set_resolution(ink->context, POINTS);
    pango_context_set_language(ink->context, pango_language_from_string(language));
    pango_context_set_base_dir(ink->context, PANGO_DIRECTION_LTR);
    pango_context_set_round_glyph_positions(ink->context, FALSE);
    cairo_font_options_destroy(options);
}

result ink_open(struct arena *arena, cairo_surface_t *surface, const char *language,
                struct ink **ink)
{
    struct ink *made = arena_new(arena, struct ink);
    *made = (struct ink){.fonts = pango_cairo_font_map_new()};
    if (pango_font_map_get_family(made->fonts, family) == NULL) {
        g_object_unref(made->fonts);
        return FAIL(FONT_MISSING, "The font Noto Sans is not installed on the server.");
    }
    made->cairo = cairo_create(surface);
    make_context(made, language);
    made->layout = pango_layout_new(made->context);
    pango_layout_set_wrap(made->layout, PANGO_WRAP_WORD_CHAR);
    make_faces(made);
    *ink = made;
    return OK;
}

void ink_close(struct ink **ink)
{
    struct ink *old = *ink;
    if (old == NULL)
        return;
    for (int i = 0; i < INK_STYLES; i++)
        pango_font_description_free(old->faces[i]);
    g_object_unref(old->layout);
    g_object_unref(old->context);
    g_object_unref(old->fonts);
    cairo_destroy(old->cairo);
    *ink = NULL;
}

cairo_t *ink_cairo(struct ink *ink)
{
    return ink->cairo;
}

static double set_text(struct ink *ink, enum ink_style style, double width, str text)
{
    int height = 0;
    pango_layout_set_font_description(ink->layout, ink->faces[style]);
    pango_layout_set_width(ink->layout, (int)(width * PANGO_SCALE));
    pango_layout_set_text(ink->layout, text.ptr, (int)text.len);
    pango_layout_get_size(ink->layout, NULL, &height);
    if (pango_layout_get_unknown_glyphs_count(ink->layout) > 0)
        ink->lacked = true;
    return (double)height / PANGO_SCALE;
}

double ink_height(struct ink *ink, enum ink_style style, double width, str text)
{
    return text.len == 0 ? 0 : set_text(ink, style, width, text);
}

// Pango turns left and right about for text that runs from right to left; the side is meant as on
// the page.
static PangoAlignment alignment_of(struct ink *ink, enum ink_side side)
{
    const PangoLayoutLine *first = pango_layout_get_line_readonly(ink->layout, 0);
    bool turned = first->resolved_dir == PANGO_DIRECTION_RTL;
    if (side == INK_CENTRE)
        return PANGO_ALIGN_CENTER;
    return (side == INK_RIGHT) == turned ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT;
}

double ink_text(struct ink *ink, enum ink_style style, struct ink_box box, enum ink_side side,
                str text)
{
    if (text.len == 0)
        return 0;
    double height = set_text(ink, style, box.width, text);
    pango_layout_set_alignment(ink->layout, alignment_of(ink, side));
    cairo_set_source_rgb(ink->cairo, styles[style].red, styles[style].green, styles[style].blue);
    cairo_move_to(ink->cairo, box.x, box.y);
    pango_cairo_show_layout(ink->cairo, ink->layout);
    return height;
}

void ink_rule(struct ink *ink, struct ink_box box, double thickness, bool accent)
{
    if (accent)
        cairo_set_source_rgb(ink->cairo, 0.12, 0.31, 0.47);
    else
        cairo_set_source_rgb(ink->cairo, 0.86, 0.88, 0.91);
    cairo_rectangle(ink->cairo, box.x, box.y, box.width, thickness);
    cairo_fill(ink->cairo);
}

void ink_fill(struct ink *ink, struct ink_box box, double height)
{
    cairo_set_source_rgb(ink->cairo, 0.945, 0.957, 0.973);
    cairo_rectangle(ink->cairo, box.x, box.y, box.width, height);
    cairo_fill(ink->cairo);
}

bool ink_lacked(const struct ink *ink)
{
    return ink->lacked;
}

void ink_begin(struct ink *ink, const char *tag)
{
    cairo_tag_begin(ink->cairo, tag, NULL);
}

void ink_end(struct ink *ink, const char *tag)
{
    cairo_tag_end(ink->cairo, tag);
}

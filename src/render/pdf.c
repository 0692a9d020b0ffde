// SPDX-License-Identifier: Apache-2.0
// The bill on paper: A4, or Letter where the seller's country uses it. Pages are measured first,
// then drawn.
#include "pdf_blocks.h"
#include "pdf_language.h"
#include "pdf_table.h"
#include "phial/render/render.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "words.h"

#include <cairo-pdf.h>

static void surface_release(cairo_surface_t **surface)
{
    cairo_surface_destroy(*surface);
}

static cairo_status_t take(void *closure, const unsigned char *bytes, unsigned int len)
{
    buf_add(closure, (str){(const char *)bytes, len});
    return CAIRO_STATUS_SUCCESS;
}

// Han characters are drawn as the customer's country has them.
static const char *language_of(const struct bill *bill)
{
    static const struct {
        const char *country, *language;
    } languages[] = {
        {"CN", "zh-cn"}, {"HK", "zh-hk"}, {"JP", "ja"},    {"KR", "ko"},
        {"MO", "zh-hk"}, {"SG", "zh-cn"}, {"TW", "zh-tw"},
    };
    for (size_t i = 0; i < COUNT_OF(languages); i++) {
        if (str_eq(bill->buyer.address.country, str_from(languages[i].country)))
            return languages[i].language;
    }
    return "en";
}

static void size_page(const struct bill *bill, struct pdf_layout *layout)
{
    str country = bill->seller.address.country;
    bool letter = str_eq(country, STR("US")) || str_eq(country, STR("CA"));
    layout->page_width = letter ? 612 : 595.276;
    layout->page_height = letter ? 792 : 841.89;
    layout->left = 50;
    layout->width = layout->page_width - 2 * layout->left;
    layout->bottom = layout->page_height - 51;
    layout->next_top = 46;
}

// When it was issued, not when it is drawn.
static void describe(struct arena *arena, cairo_surface_t *surface, const struct bill *bill)
{
    instant made = bill->has_issued ? bill->issued_at : bill->end;
    instant whole = {made.us / 1000000 * 1000000};
    const char *date = instant_print(arena, whole).ptr;
    str title = str_concat(arena, words_name(arena, bill), STR(", "), bill->seller.name);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, date);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, str_to_c(arena, title));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR,
                                   str_to_c(arena, bill->seller.name));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT,
                                   str_to_c(arena, bill->buyer.name));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Phial");
}

static void draw_watermark(struct pdf_layout *layout)
{
    const char *mark = words_mark(layout->bill);
    cairo_t *cairo = ink_cairo(layout->ink);
    if (mark == NULL)
        return;
    cairo_save(cairo);
    cairo_translate(cairo, layout->page_width / 2, layout->page_height / 2);
    cairo_rotate(cairo, -0.9);
    (void)ink_text(layout->ink, INK_WATERMARK,
                   (struct ink_box){-layout->page_width, -80, 2 * layout->page_width}, INK_CENTRE,
                   str_from(mark));
    cairo_restore(cairo);
}

static void draw(struct pdf_layout *layout)
{
    ink_begin(layout->ink, "Document");
    for (size_t i = 0; i < layout->page_count; i++) {
        draw_watermark(layout);
        if (i == 0)
            (void)pdf_opening(layout, true);
        pdf_draw_rows(layout, &layout->pages[i]);
        pdf_foot(layout, i);
        cairo_show_page(ink_cairo(layout->ink));
    }
    ink_end(layout->ink, "Document");
}

static result draw_on(struct arena *arena, cairo_surface_t *surface, const struct bill *bill,
                      struct pdf_layout *layout)
{
    OWNED(ink_close) struct ink *ink = NULL;
    TRY(ink_open(arena, surface, language_of(bill), &ink));
    layout->ink = ink;
    layout->first_top = pdf_opening(layout, false);
    TRY(pdf_measure(layout));
    draw(layout);
    if (ink_lacked(ink))
        return FAIL(FONT_MISSING, "");
    return cairo_status(ink_cairo(ink)) == CAIRO_STATUS_SUCCESS
               ? OK
               : FAIL(INTERNAL, "the PDF cannot be drawn");
}

result render_pdf(struct arena *arena, const struct bill *bill, str *pdf)
{
    struct buf bytes = {.arena = arena};
    struct pdf_layout layout = {.bill = bill, .arena = arena};
    if (bill->seller.name.len == 0)
        return FAIL(SELLER_MISSING, "[seller] name is not configured.");
    size_page(bill, &layout);
    OWNED(surface_release)
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(take, &bytes, layout.page_width, layout.page_height);
    describe(arena, surface, bill);
    TRY(draw_on(arena, surface, bill, &layout));
    cairo_surface_finish(surface);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return FAIL(INTERNAL, "the PDF cannot be written");
    return pdf_set_language(&bytes, pdf);
}

// SPDX-License-Identifier: Apache-2.0
#include "pdf_table.h"

#include "pdf_blocks.h"
#include "words.h"

struct cells {
    str text, quantity, price, amount;
    str group, days; // small, under the text
};

static void put_text(struct pdf_layout *layout, enum ink_style style, struct ink_box box,
                     const struct cells *cells)
{
    const char *tag = style == INK_SMALL_BOLD ? "TH" : "TD";
    ink_begin(layout->ink, tag);
    box.y += ink_text(layout->ink, style, box, INK_LEFT, cells->text);
    box.y += ink_text(layout->ink, INK_SMALL, box, INK_LEFT, cells->group);
    (void)ink_text(layout->ink, INK_SMALL, box, INK_LEFT, cells->days);
    ink_end(layout->ink, tag);
}

static void put_figure(struct pdf_layout *layout, enum ink_style style, struct ink_box box,
                       str text)
{
    const char *tag = style == INK_SMALL_BOLD ? "TH" : "TD";
    ink_begin(layout->ink, tag);
    (void)ink_text(layout->ink, style, box, INK_RIGHT, text);
    ink_end(layout->ink, tag);
}

static void put_row(struct pdf_layout *layout, double y, enum ink_style style, double indent,
                    const struct cells *cells)
{
    struct pdf_columns at = pdf_columns(layout);
    ink_begin(layout->ink, "TR");
    put_text(layout, style, (struct ink_box){at.text + indent, y, at.text_width - indent}, cells);
    put_figure(layout, style, (struct ink_box){at.quantity, y, at.quantity_width - 4},
               cells->quantity);
    put_figure(layout, style, (struct ink_box){at.price, y, at.price_width - 4}, cells->price);
    put_figure(layout, style, (struct ink_box){at.amount, y, at.amount_width}, cells->amount);
    ink_end(layout->ink, "TR");
}

static void put_head(struct pdf_layout *layout, double y)
{
    str amount = str_printf(layout->arena, "Amount (%s)", currency_code(layout->bill->currency));
    struct cells head = {.text = STR("Description"),
                         .quantity = STR("Quantity"),
                         .price = STR("Unit price"),
                         .amount = amount};
    put_row(layout, y + 2, INK_SMALL_BOLD, 0, &head);
    ink_rule(layout->ink,
             (struct ink_box){layout->left, y + layout->head_height - 4, layout->width}, 1, true);
}

static void put_carry(struct pdf_layout *layout, double y, str label, money amount)
{
    struct cells cells = {.text = label, .amount = words_money(layout->arena, amount)};
    put_row(layout, y + 4, INK_BOLD, 0, &cells);
}

static void put_line(struct pdf_layout *layout, double y, const struct bill_line *line)
{
    struct arena *arena = layout->arena;
    struct cells cells = {
        .text = line->name,
        .quantity = words_figure(arena, decimal_print(arena, line->quantity)),
        .price = words_price(arena, line->unit_price, line->amount.currency),
        .amount = words_money(arena, line->amount),
        .group = words_group(arena, line),
    };
    if (line->has_period)
        cells.days = words_days(arena, layout->bill->zone, line->start, line->end);
    put_row(layout, y + PDF_ROW_PAD, INK_BODY, 0, &cells);
}

static void put_tier(struct pdf_layout *layout, double y, const struct bill_line *line, size_t i)
{
    struct arena *arena = layout->arena;
    const struct bill_tier *tier = &line->tiers[i];
    str text = words_tier(arena, line, i);
    if (!str_eq(tier->flat_amount, STR("0")) && tier->flat_amount.len != 0)
        text = str_concat(arena, text, STR(", flat "),
                          words_price(arena, tier->flat_amount, line->amount.currency));
    struct cells cells = {
        .text = text,
        .quantity = words_figure(arena, tier->quantity),
        .price = words_tier_price(arena, line, i),
        .amount = words_price(arena, tier->amount, line->amount.currency),
    };
    put_row(layout, y, INK_SMALL, PDF_INDENT, &cells);
}

static void put_discount(struct pdf_layout *layout, double y, const struct bill_line *line)
{
    money less = {-line->discount.minor, layout->bill->currency};
    struct cells cells = {.text = STR("Discount, taken off below"),
                          .amount = words_money(layout->arena, less)};
    put_row(layout, y, INK_SMALL, PDF_INDENT, &cells);
}

static void put_section(struct pdf_layout *layout, double y, const struct pdf_row *row)
{
    const char *title = bill_section_title(layout->bill->lines[row->line].section);
    ink_fill(layout->ink, (struct ink_box){layout->left, y + 1, layout->width}, row->height - 3);
    struct cells cells = {.text = str_from(title)};
    put_row(layout, y + 1.5, INK_BOLD, 0, &cells);
}

static void draw_row(struct pdf_layout *layout, double y, const struct pdf_row *row)
{
    const struct bill_line *line = &layout->bill->lines[row->line];
    switch (row->kind) {
    case PDF_SECTION:
        put_section(layout, y, row);
        return;
    case PDF_LINE:
        put_line(layout, y, line);
        return;
    case PDF_TIER:
        put_tier(layout, y, line, row->tier);
        return;
    case PDF_DISCOUNT:
        put_discount(layout, y, line);
        return;
    case PDF_TOTALS:
    case PDF_PAYMENT:
    case PDF_PROOF:
        (void)pdf_block(layout, row->kind, y, true);
        return;
    }
}

// A thin line under the last row of each line.
static bool ends_line(const struct pdf_layout *layout, size_t i)
{
    const struct pdf_row *row = &layout->rows[i];
    const struct pdf_row *next = i + 1 < layout->row_count ? &layout->rows[i + 1] : NULL;
    return row->kind != PDF_SECTION && row->kind <= PDF_DISCOUNT &&
           (next == NULL || next->kind <= PDF_LINE || next->kind > PDF_DISCOUNT);
}

void pdf_draw_rows(struct pdf_layout *layout, const struct pdf_page *page)
{
    double y = page->top;
    bool open = page->has_table;
    if (page->has_table) {
        double top = page->top - layout->head_height - (page->brought ? layout->carry_height : 0);
        ink_begin(layout->ink, "Table");
        put_head(layout, top);
        if (page->brought)
            put_carry(layout, top + layout->head_height - 4, STR("Brought forward"), page->before);
    }
    for (size_t i = page->first; i < page->last; i++) {
        const struct pdf_row *row = &layout->rows[i];
        if (open && row->kind > PDF_DISCOUNT) {
            ink_end(layout->ink, "Table");
            open = false;
        }
        draw_row(layout, y, row);
        y += row->height;
        if (ends_line(layout, i))
            ink_rule(layout->ink, (struct ink_box){layout->left, y - 0.5, layout->width}, 0.5,
                     false);
    }
    if (page->carried)
        put_carry(layout, y, STR("Carried forward"), page->after);
    if (open)
        ink_end(layout->ink, "Table");
}

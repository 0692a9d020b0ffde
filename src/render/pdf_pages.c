// SPDX-License-Identifier: Apache-2.0
#include "pdf_pages.h"

#include "pdf_blocks.h"
#include "words.h"

enum { PAGES_MAX = 5000 };

struct pdf_columns pdf_columns(const struct pdf_layout *layout)
{
    struct pdf_columns columns = {0};
    columns.amount_width = layout->width * 0.19;
    columns.price_width = layout->width * 0.16;
    columns.quantity_width = layout->width * 0.15;
    columns.amount = layout->left + layout->width - columns.amount_width - 6;
    columns.price = columns.amount - columns.price_width;
    columns.quantity = columns.price - columns.quantity_width;
    columns.text = layout->left + 6;
    columns.text_width = columns.quantity - columns.text - 4;
    return columns;
}

static void add_row(struct pdf_layout *layout, struct pdf_row row)
{
    layout->rows[layout->row_count++] = row;
}

static double line_height(struct pdf_layout *layout, const struct bill_line *line)
{
    struct ink *ink = layout->ink;
    double width = pdf_columns(layout).text_width;
    double height = ink_height(ink, INK_BODY, width, line->name);
    height += ink_height(ink, INK_SMALL, width, words_group(layout->arena, line));
    if (line->has_period)
        height += ink_height(ink, INK_SMALL, width, STR("2026"));
    return height + 2 * PDF_ROW_PAD;
}

static double tier_height(struct pdf_layout *layout, const struct bill_line *line, size_t tier)
{
    double width = pdf_columns(layout).text_width - PDF_INDENT;
    return ink_height(layout->ink, INK_SMALL, width, words_tier(layout->arena, line, tier)) + 2;
}

static result add_line(struct pdf_layout *layout, size_t i, money *so_far)
{
    const struct bill_line *line = &layout->bill->lines[i];
    double small = ink_height(layout->ink, INK_SMALL, layout->width, STR("0")) + 2;
    size_t parts = (words_shows_tiers(line) ? line->tier_count : 0) + (line->discount.minor != 0);
    TRY(money_add(*so_far, line->amount, so_far));
    add_row(layout, (struct pdf_row){.kind = PDF_LINE,
                                     .line = i,
                                     .height = line_height(layout, line),
                                     .keep = parts > 0,
                                     .so_far = *so_far});
    for (size_t tier = 0; tier < line->tier_count && words_shows_tiers(line); tier++)
        add_row(layout,
                (struct pdf_row){.kind = PDF_TIER,
                                 .line = i,
                                 .tier = tier,
                                 .height = tier_height(layout, line, tier),
                                 .keep = line->discount.minor != 0 && tier + 1 == line->tier_count,
                                 .so_far = *so_far});
    if (line->discount.minor != 0)
        add_row(layout, (struct pdf_row){
                            .kind = PDF_DISCOUNT, .line = i, .height = small, .so_far = *so_far});
    return OK;
}

static result add_lines(struct pdf_layout *layout)
{
    const struct bill *bill = layout->bill;
    money so_far = {0, bill->currency};
    double heading = ink_height(layout->ink, INK_BOLD, layout->width, STR("X")) + 6;
    for (size_t i = 0; i < bill->line_count; i++) {
        if (i == 0 || bill->lines[i].section != bill->lines[i - 1].section)
            add_row(layout, (struct pdf_row){.kind = PDF_SECTION,
                                             .line = i,
                                             .height = heading,
                                             .keep = true,
                                             .so_far = so_far});
        TRY(add_line(layout, i, &so_far));
    }
    return OK;
}

static bool in_table(const struct pdf_row *row)
{
    return row->kind <= PDF_DISCOUNT;
}

// What must fit below `y` for the row to stand there: itself, what it keeps with, and in the table
// the carried total.
static double needed(const struct pdf_layout *layout, size_t row)
{
    double height = in_table(&layout->rows[row]) ? layout->carry_height : 0;
    for (size_t i = row; i < layout->row_count; i++) {
        height += layout->rows[i].height;
        if (!layout->rows[i].keep)
            break;
    }
    return height;
}

static void begin_page(const struct pdf_layout *layout, struct pdf_page *page, size_t row)
{
    bool first = page == layout->pages;
    const struct pdf_row *before = row == 0 ? NULL : &layout->rows[row - 1];
    *page = (struct pdf_page){.first = row, .top = first ? layout->first_top : layout->next_top};
    page->has_table = row < layout->row_count && in_table(&layout->rows[row]);
    page->brought = page->has_table && before != NULL;
    if (page->brought)
        page->before = before->so_far;
    if (page->has_table)
        page->top += layout->head_height;
    if (page->brought)
        page->top += layout->carry_height;
}

static result paginate(struct pdf_layout *layout)
{
    struct pdf_page *page = layout->pages;
    begin_page(layout, page, 0);
    double y = page->top;
    for (size_t i = 0; i < layout->row_count; i++) {
        bool kept = i > 0 && layout->rows[i - 1].keep && i > page->first;
        if (!kept && i > page->first && y + needed(layout, i) > layout->bottom) {
            page->last = i;
            page->carried = in_table(&layout->rows[i]);
            page->after = layout->rows[i - 1].so_far;
            if (page - layout->pages + 1 == PAGES_MAX)
                return FAIL(INVALID, "The document has too many pages.");
            begin_page(layout, ++page, i);
            y = page->top;
        }
        y += layout->rows[i].height;
    }
    page->last = layout->row_count;
    layout->page_count = (size_t)(page - layout->pages) + 1;
    return OK;
}

result pdf_measure(struct pdf_layout *layout)
{
    const struct bill *bill = layout->bill;
    size_t rows = BILL_SECTIONS + 4;
    for (size_t i = 0; i < bill->line_count; i++)
        rows += 2 + bill->lines[i].tier_count;
    layout->rows = arena_array(layout->arena, struct pdf_row, rows);
    layout->pages = arena_array(layout->arena, struct pdf_page, PAGES_MAX);
    layout->head_height = ink_height(layout->ink, INK_SMALL_BOLD, layout->width, STR("X")) + 8;
    layout->carry_height = ink_height(layout->ink, INK_BOLD, layout->width, STR("X")) + 8;
    TRY(add_lines(layout));
    for (int kind = PDF_TOTALS; kind <= PDF_PROOF; kind++) {
        struct pdf_row row = {.kind = (enum pdf_kind)kind};
        row.height = pdf_block(layout, row.kind, 0, false);
        add_row(layout, row);
    }
    return paginate(layout);
}

// SPDX-License-Identifier: Apache-2.0
#include "pdf_blocks.h"

#include "qr.h"
#include "words.h"

enum { GAP = 7, BAND = 36, LABEL_WIDTH = 84, QR_SIDE = 86, QR_QUIET = 4 };

// A pen that goes down the page, or only measures how far it would.
struct pen {
    struct pdf_layout *layout;
    double y;
    bool draw;
};

static double put(struct pen *pen, enum ink_style style, struct ink_box box, enum ink_side side,
                  str text)
{
    struct ink *ink = pen->layout->ink;
    box.y = pen->y;
    return pen->draw ? ink_text(ink, style, box, side, text)
                     : ink_height(ink, style, box.width, text);
}

static void begin(const struct pen *pen, const char *tag)
{
    if (pen->draw)
        ink_begin(pen->layout->ink, tag);
}

static void end(const struct pen *pen, const char *tag)
{
    if (pen->draw)
        ink_end(pen->layout->ink, tag);
}

// The pen goes on below it.
static void put_tagged(struct pen *pen, const char *tag, enum ink_style style, struct ink_box box,
                       str text)
{
    begin(pen, tag);
    pen->y += put(pen, style, box, INK_LEFT, text);
    end(pen, tag);
}

static double greater(double a, double b)
{
    return a > b ? a : b;
}

static void put_heading(struct pen *pen, str text)
{
    struct pdf_layout *layout = pen->layout;
    pen->y += GAP;
    put_tagged(pen, "H2", INK_HEADING, (struct ink_box){layout->left, 0, layout->width}, text);
    pen->y += 2;
}

// One label, one value.
static void put_fact(struct pen *pen, struct ink_box box, const struct words_fact *fact)
{
    struct ink_box value = {box.x + LABEL_WIDTH, 0, box.width - LABEL_WIDTH};
    begin(pen, "P");
    double left = put(pen, INK_FAINT, (struct ink_box){box.x, 0, LABEL_WIDTH}, INK_LEFT,
                      str_from(fact->label));
    double right = put(pen, INK_BODY, value, INK_LEFT, fact->value);
    end(pen, "P");
    pen->y += greater(left, right) + 0.5;
}

static void put_title(struct pen *pen)
{
    struct pdf_layout *layout = pen->layout;
    const struct bill *bill = layout->bill;
    double half = layout->width / 2;
    struct ink_box right = {layout->left + half, 0, half};
    begin(pen, "H1");
    double title = put(pen, INK_TITLE, right, INK_RIGHT, words_title(bill));
    end(pen, "H1");
    begin(pen, "P");
    double name =
        put(pen, INK_NAME, (struct ink_box){layout->left, 0, half}, INK_LEFT, bill->seller.name);
    end(pen, "P");
    pen->y += greater(name, title) + 4;
    if (pen->draw)
        ink_rule(layout->ink, (struct ink_box){layout->left, pen->y, layout->width}, 1.4, true);
    pen->y += 8;
    if (words_mark(bill) != NULL) {
        begin(pen, "P");
        (void)put(pen, INK_MARK, right, INK_RIGHT, str_from(words_mark(bill)));
        end(pen, "P");
    }
}

static void put_parties(struct pen *pen)
{
    struct pdf_layout *layout = pen->layout;
    const struct bill *bill = layout->bill;
    double column = layout->width * 0.5;
    struct ink_box left = {layout->left, 0, column - 20};
    struct ink_box right = {layout->left + column + 10, 0, column - 10};
    str lines[WORDS_ADDRESS_MAX];
    struct words_fact facts[WORDS_FACTS_MAX];
    put_tagged(pen, "P", INK_SMALL, left, words_sender(layout->arena, &bill->seller));
    pen->y += 12; // down to where an envelope's window is
    struct pen facts_pen = *pen;
    size_t count = words_address(layout->arena, bill->buyer.name, &bill->buyer.address, lines);
    for (size_t i = 0; i < count; i++) {
        put_tagged(pen, "P", i == 0 ? INK_BOLD : INK_BODY, left, lines[i]);
        pen->y += 1;
    }
    if (bill->buyer.email.len != 0)
        put_tagged(pen, "P", INK_FAINT, left, bill->buyer.email);
    count = words_facts(layout->arena, bill, facts);
    for (size_t i = 0; i < count; i++)
        put_fact(&facts_pen, right, &facts[i]);
    pen->y = greater(pen->y, facts_pen.y);
}

// What most readers look for first.
static void put_due(struct pen *pen)
{
    struct pdf_layout *layout = pen->layout;
    const struct bill *bill = layout->bill;
    double half = layout->width / 2;
    pen->y += 10;
    if (pen->draw)
        ink_fill(layout->ink, (struct ink_box){layout->left, pen->y, layout->width}, BAND);
    double top = pen->y;
    struct ink_box left = {layout->left + 10, 0, half - 10};
    pen->y += 7;
    put_tagged(pen, "P", INK_BOLD, left,
               bill->kind == BILL_INVOICE ? STR("Amount due") : STR("Amount credited"));
    put_tagged(pen, "P", INK_FAINT, left, words_terms(layout->arena, bill));
    pen->y = top + 8;
    begin(pen, "P");
    (void)put(pen, INK_DUE, (struct ink_box){layout->left + half, 0, half - 10}, INK_RIGHT,
              words_due(layout->arena, bill));
    end(pen, "P");
    pen->y = top + BAND + 6;
}

double pdf_opening(struct pdf_layout *layout, bool draw)
{
    struct pen pen = {layout, 38, draw};
    put_title(&pen);
    put_parties(&pen);
    put_due(&pen);
    return pen.y;
}

static void put_total(struct pen *pen, const struct words_fact *fact, bool due)
{
    struct pdf_layout *layout = pen->layout;
    double width = layout->width * 0.46;
    struct ink_box box = {layout->left + layout->width - width, pen->y, width};
    if (due && pen->draw)
        ink_rule(layout->ink, box, 1.4, true);
    pen->y += due ? 5 : 1;
    enum ink_style style = due ? INK_HEADING : INK_BODY;
    begin(pen, "TR");
    begin(pen, "TH");
    (void)put(pen, style, (struct ink_box){box.x, 0, width / 2}, INK_LEFT, str_from(fact->label));
    end(pen, "TH");
    begin(pen, "TD");
    double height =
        put(pen, due ? INK_HEADING : INK_BODY,
            (struct ink_box){box.x + width / 2 - 6, 0, width / 2}, INK_RIGHT, fact->value);
    end(pen, "TD");
    end(pen, "TR");
    pen->y += height;
}

enum { TAX_CELLS = 4 };

// A row of the tax table; its head without a tax.
static void put_tax(struct pen *pen, struct ink_box box, const struct bill_tax *tax)
{
    struct arena *arena = pen->layout->arena;
    static const double widths[TAX_CELLS] = {0.30, 0.13, 0.30, 0.27};
    str cells[TAX_CELLS] = {STR("Tax"), STR("Rate"), STR("Base"), STR("Amount")};
    const char *tag = tax == NULL ? "TH" : "TD";
    double most = 0;
    if (tax != NULL) {
        cells[0] = words_tax(arena, tax);
        cells[1] = str_concat(arena, decimal_print(arena, tax->percent), STR("%"), STR(""));
        cells[2] = words_money(arena, tax->base);
        cells[3] = words_money(arena, tax->amount);
    }
    struct ink_box cell = box;
    begin(pen, "TR");
    for (size_t i = 0; i < TAX_CELLS; i++) {
        cell.width = box.width * widths[i] - 3;
        begin(pen, tag);
        most = greater(most, put(pen, tax == NULL ? INK_SMALL_BOLD : INK_BODY, cell,
                                 i == 0 ? INK_LEFT : INK_RIGHT, cells[i]));
        end(pen, tag);
        cell.x += box.width * widths[i];
    }
    end(pen, "TR");
    pen->y += most + 3;
    box.y = pen->y - 2;
    if (pen->draw)
        ink_rule(pen->layout->ink, box, 0.5, tax == NULL);
}

static void put_taxes(struct pen *pen, struct ink_box box)
{
    struct pdf_layout *layout = pen->layout;
    const struct bill *bill = layout->bill;
    if (bill->exempt_reason.len != 0)
        put_tagged(
            pen, "P", INK_BODY, box,
            str_concat(layout->arena, STR("Exempt from tax: "), bill->exempt_reason, STR("")));
    else if (bill->tax_count == 0)
        put_tagged(pen, "P", INK_BODY, box, STR("No tax is charged."));
    if (bill->tax_count == 0)
        return;
    begin(pen, "Table");
    put_tax(pen, box, NULL);
    for (size_t i = 0; i < bill->tax_count; i++)
        put_tax(pen, box, &bill->taxes[i]);
    end(pen, "Table");
}

// The taxes on the left, the sums on the right.
static void put_totals(struct pen *pen)
{
    struct pdf_layout *layout = pen->layout;
    const struct bill *bill = layout->bill;
    struct words_fact facts[WORDS_FACTS_MAX];
    size_t count = words_totals(layout->arena, bill, facts);
    pen->y += 7;
    struct pen taxes = *pen;
    put_taxes(&taxes, (struct ink_box){layout->left + 6, 0, layout->width * 0.5 - 6});
    begin(pen, "Table");
    for (size_t i = 0; i < count; i++)
        put_total(pen, &facts[i], false);
    pen->y += 4;
    put_total(pen,
              &(struct words_fact){bill->kind == BILL_INVOICE ? "Amount due" : "Amount credited",
                                   words_due(layout->arena, bill)},
              true);
    end(pen, "Table");
    pen->y = greater(pen->y, taxes.y);
}

static void put_payment(struct pen *pen)
{
    struct pdf_layout *layout = pen->layout;
    const struct bill *bill = layout->bill;
    struct ink_box wide = {layout->left, 0, layout->width};
    put_heading(pen, STR("Payment"));
    put_tagged(pen, "P", INK_BODY, wide, words_terms(layout->arena, bill));
    if (bill->seller.iban.len == 0 || bill->state != BILL_ISSUED || bill->kind != BILL_INVOICE)
        return;
    pen->y += 2;
    put_tagged(pen, "P", INK_BODY, wide,
               str_printf(layout->arena,
                          "IBAN %" STR_FMT " \xc2\xb7 account holder %" STR_FMT
                          " \xc2\xb7 reference %" STR_FMT,
                          STR_ARG(words_iban(layout->arena, bill->seller.iban)),
                          STR_ARG(bill->seller.name), STR_ARG(bill->number)));
}

static bool put_qr(const struct pen *pen, struct ink_box box)
{
    struct pdf_layout *layout = pen->layout;
    struct qr qr = {0};
    if (failed(qr_make(layout->arena, words_checkpoint(layout->arena, layout->bill), &qr)))
        return false;
    if (!pen->draw)
        return true;
    cairo_t *cairo = ink_cairo(layout->ink);
    double module = QR_SIDE / ((double)qr.side + 2 * QR_QUIET);
    cairo_set_source_rgb(cairo, 0, 0, 0);
    for (size_t row = 0; row < qr.side; row++) {
        for (size_t column = 0; column < qr.side; column++) {
            if (qr.dark[row * qr.side + column])
                cairo_rectangle(cairo, box.x + module * ((double)column + QR_QUIET),
                                box.y + module * ((double)row + QR_QUIET), module, module);
        }
    }
    cairo_fill(cairo);
    return true;
}

static void put_proof(struct pen *pen)
{
    struct pdf_layout *layout = pen->layout;
    const struct bill *bill = layout->bill;
    struct arena *arena = layout->arena;
    struct ink_box text = {layout->left, 0, layout->width};
    put_heading(pen, STR("How to check this document"));
    double top = pen->y;
    if (bill->has_ledger && put_qr(pen, (struct ink_box){layout->left - 6, top - 4, QR_SIDE})) {
        text.x += QR_SIDE;
        text.width -= QR_SIDE;
    }
    put_tagged(pen, "P", INK_SMALL, text, words_order(bill));
    pen->y += 3;
    if (bill->has_ledger) {
        put_tagged(pen, "P", INK_SMALL, text, words_verification(arena, bill));
        pen->y += 3;
        put_tagged(pen, "P", INK_CODE, text, words_checkpoint(arena, bill));
        pen->y = greater(pen->y, top + QR_SIDE - 8);
    }
}

double pdf_block(struct pdf_layout *layout, enum pdf_kind kind, double y, bool draw)
{
    static void (*const blocks[])(struct pen *) = {
        [PDF_TOTALS] = put_totals,
        [PDF_PAYMENT] = put_payment,
        [PDF_PROOF] = put_proof,
    };
    struct pen pen = {layout, y, draw};
    blocks[kind](&pen);
    return pen.y - y;
}

void pdf_foot(struct pdf_layout *layout, size_t page)
{
    struct arena *arena = layout->arena;
    double y = layout->bottom + 10;
    str pages = str_printf(arena, "%" STR_FMT " \xc2\xb7 Page %zu of %zu",
                           STR_ARG(words_name(arena, layout->bill)), page + 1, layout->page_count);
    ink_rule(layout->ink, (struct ink_box){layout->left, y - 5, layout->width}, 0.5, false);
    ink_begin(layout->ink, "P");
    (void)ink_text(layout->ink, INK_SMALL, (struct ink_box){layout->left, y, layout->width * 0.76},
                   INK_LEFT, words_seller(arena, &layout->bill->seller));
    (void)ink_text(layout->ink, INK_SMALL,
                   (struct ink_box){layout->left + layout->width * 0.76, y, layout->width * 0.24},
                   INK_RIGHT, pages);
    ink_end(layout->ink, "P");
}

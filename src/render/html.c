// SPDX-License-Identifier: Apache-2.0
// One document that needs nothing else: no script, no link, its style inside. Prints as it shows.
#include "phial/render/render.h"
#include "phial/util/buf.h"
#include "qr.h"
#include "words.h"

static const char style[] =
    "@page { size: A4; margin: 18mm 16mm; }\n"
    "* { box-sizing: border-box; }\n"
    "body { font: 14px/1.45 \"Noto Sans\", system-ui, sans-serif; color: #1b2430; margin: 2rem auto;"
    " max-width: 54rem; padding: 0 1rem; }\n"
    "header { display: flex; justify-content: space-between; gap: 2rem; border-bottom: 2px solid"
    " #1f4e79; padding-bottom: .8rem; }\n"
    "h1 { font-size: 1.7rem; margin: 0; color: #1f4e79; font-weight: 600; }\n"
    "h2 { font-size: 1rem; margin: 1.8rem 0 .4rem; color: #1f4e79; }\n"
    "address { font-style: normal; }\n"
    ".who { display: flex; justify-content: space-between; gap: 2rem; margin: 1.4rem 0; }\n"
    "dl { display: grid; grid-template-columns: auto auto; gap: .1rem 1.2rem; margin: 0; }\n"
    "dt { color: #5b6673; } dd { margin: 0; }\n"
    "table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }\n"
    "caption { text-align: left; font-weight: 600; padding: .3rem 0; }\n"
    "th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; }\n"
    "thead { display: table-header-group; }\n"
    "thead th { border-bottom: 1px solid #1f4e79; color: #5b6673; font-weight: 600; }\n"
    "tbody th { font-weight: 400; }\n"
    "tbody tr { break-inside: avoid; border-bottom: 1px solid #e3e7ec; }\n"
    "tr.section th { font-weight: 600; background: #f2f5f8; }\n"
    "tr.part { color: #5b6673; font-size: .9em; border-bottom: 0; } tr.part th { padding-left:"
    " 1.6rem; }\n"
    "td.n, th.n { text-align: right; white-space: nowrap; }\n"
    "small { color: #5b6673; }\n"
    ".totals { width: 22rem; margin-left: auto; break-inside: avoid; }\n"
    "tr.due th, tr.due td { font-weight: 700; font-size: 1.15em; border-top: 2px solid #1f4e79; }\n"
    ".mark { color: #a4161a; border: 2px solid #a4161a; padding: .1rem .6rem; font-weight: 700;"
    " letter-spacing: .1em; align-self: center; }\n"
    ".proof { display: flex; gap: 1.2rem; break-inside: avoid; font-size: .85em; color: #5b6673; }\n"
    ".proof svg { flex: none; width: 7.5rem; height: 7.5rem; background: #fff; }\n"
    "code { overflow-wrap: anywhere; }\n"
    "footer { margin-top: 2rem; border-top: 1px solid #e3e7ec; padding-top: .5rem; font-size:"
    " .85em; color: #5b6673; }\n"
    "@media print { body { margin: 0; max-width: none; padding: 0; font-size: 10pt; } }\n";

static void add_text(struct buf *html, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&':
            buf_add(html, STR("&amp;"));
            break;
        case '<':
            buf_add(html, STR("&lt;"));
            break;
        case '>':
            buf_add(html, STR("&gt;"));
            break;
        case '"':
            buf_add(html, STR("&quot;"));
            break;
        case '\'':
            buf_add(html, STR("&#39;"));
            break;
        default:
            buf_add_char(html, text.ptr[i]);
        }
    }
}

// `before` and `after` are markup of ours, the text is not.
static void put(struct buf *html, const char *before, str text, const char *after)
{
    buf_add(html, str_from(before));
    add_text(html, text);
    buf_add(html, str_from(after));
}

static void put_address(struct buf *html, str name, const struct bill_address *address)
{
    str lines[WORDS_ADDRESS_MAX];
    size_t count = words_address(html->arena, name, address, lines);
    buf_add(html, STR("<address>"));
    for (size_t i = 0; i < count; i++)
        put(html, i == 0 ? "<strong><bdi>" : "<br>\n<bdi>", lines[i],
            i == 0 ? "</bdi></strong>" : "</bdi>");
    buf_add(html, STR("</address>\n"));
}

static void put_head(struct buf *html, const struct bill *bill)
{
    str title = words_name(html->arena, bill);
    buf_add(html, STR("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"robots\" content=\"noindex\">\n"));
    put(html, "<title>", title, " - ");
    put(html, "", bill->seller.name, "</title>\n<style>\n");
    buf_add(html, str_from(style));
    buf_add(html, STR("</style>\n</head>\n<body>\n<header>\n"));
    put_address(html, bill->seller.name, &bill->seller.address);
    if (words_mark(bill) != NULL)
        put(html, "<p class=\"mark\">", str_from(words_mark(bill)), "</p>\n");
    put(html, "<h1>", title, "</h1>\n</header>\n<main>\n<div class=\"who\">\n");
    put_address(html, bill->buyer.name, &bill->buyer.address);
    struct words_fact facts[WORDS_FACTS_MAX];
    size_t count = words_facts(html->arena, bill, facts);
    buf_add(html, STR("<dl>\n"));
    for (size_t i = 0; i < count; i++) {
        put(html, "<dt>", str_from(facts[i].label), "</dt>");
        put(html, "<dd><bdi>", facts[i].value, "</bdi></dd>\n");
    }
    buf_add(html, STR("</dl>\n</div>\n"));
}

static void put_cells(struct buf *html, str quantity, str price, str amount)
{
    put(html, "<td class=\"n\">", quantity, "</td>");
    put(html, "<td class=\"n\">", price, "</td>");
    put(html, "<td class=\"n\">", amount, "</td></tr>\n");
}

static void put_tier(struct buf *html, const struct bill_line *line, size_t i)
{
    struct arena *arena = html->arena;
    const struct bill_tier *tier = &line->tiers[i];
    put(html, "<tr class=\"part\"><th scope=\"row\">", words_tier(arena, line, i), "");
    if (tier->flat_amount.len != 0 && !str_eq(tier->flat_amount, STR("0")))
        put(html, ", flat ", words_price(arena, tier->flat_amount, line->amount.currency), "");
    buf_add(html, STR("</th>"));
    put_cells(html, words_figure(arena, tier->quantity), words_tier_price(arena, line, i),
              words_price(arena, tier->amount, line->amount.currency));
}

static void put_line(struct buf *html, const struct bill *bill, const struct bill_line *line)
{
    struct arena *arena = html->arena;
    put(html, "<tr><th scope=\"row\"><bdi>", line->name, "</bdi>");
    if (line->group_count > 0)
        put(html, "<br><small><bdi>", words_group(arena, line), "</bdi></small>");
    if (line->has_period)
        put(html, "<br><small>", words_days(arena, bill->zone, line->start, line->end), "</small>");
    buf_add(html, STR("</th>"));
    put_cells(html, words_figure(arena, decimal_print(arena, line->quantity)),
              words_price(arena, line->unit_price, line->amount.currency),
              words_money(arena, line->amount));
    for (size_t i = 0; i < line->tier_count && words_shows_tiers(line); i++)
        put_tier(html, line, i);
    if (line->discount.minor != 0)
        put(html,
            "<tr class=\"part\"><th scope=\"row\">Discount, taken off below</th><td></td><td></td>"
            "<td class=\"n\">",
            words_money(arena, (money){-line->discount.minor, bill->currency}), "</td></tr>\n");
}

static void put_lines(struct buf *html, const struct bill *bill)
{
    str code = str_from(currency_code(bill->currency));
    put(html, "<table>\n<caption>Amounts in ", code,
        "</caption>\n<thead><tr><th scope=\"col\">Description</th>"
        "<th scope=\"col\" class=\"n\">Quantity</th><th scope=\"col\" class=\"n\">Unit price</th>"
        "<th scope=\"col\" class=\"n\">Amount</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < bill->line_count; i++) {
        enum bill_section section = bill->lines[i].section;
        if (i == 0 || section != bill->lines[i - 1].section)
            put(html, "<tr class=\"section\"><th scope=\"colgroup\" colspan=\"4\">",
                str_from(bill_section_title(section)), "</th></tr>\n");
        put_line(html, bill, &bill->lines[i]);
    }
    buf_add(html, STR("</tbody>\n</table>\n"));
}

static void put_totals(struct buf *html, const struct bill *bill)
{
    struct words_fact facts[WORDS_FACTS_MAX];
    size_t count = words_totals(html->arena, bill, facts);
    buf_add(html, STR("<table class=\"totals\">\n<tbody>\n"));
    for (size_t i = 0; i < count; i++) {
        put(html, "<tr><th scope=\"row\">", str_from(facts[i].label), "</th>");
        put(html, "<td class=\"n\">", facts[i].value, "</td></tr>\n");
    }
    put(html, "<tr class=\"due\"><th scope=\"row\">",
        bill->kind == BILL_INVOICE ? STR("Amount due") : STR("Amount credited"), "</th>");
    put(html, "<td class=\"n\">", words_due(html->arena, bill), "</td></tr>\n</tbody>\n</table>\n");
}

static void put_taxes(struct buf *html, const struct bill *bill)
{
    struct arena *arena = html->arena;
    buf_add(html, STR("<h2>Tax</h2>\n"));
    if (bill->exempt_reason.len != 0)
        put(html, "<p>Exempt from tax: <bdi>", bill->exempt_reason, "</bdi></p>\n");
    else if (bill->tax_count == 0)
        buf_add(html, STR("<p>No tax is charged.</p>\n"));
    if (bill->tax_count == 0)
        return;
    buf_add(html, STR("<table>\n<thead><tr><th scope=\"col\">Tax</th>"
                      "<th scope=\"col\" class=\"n\">Rate</th><th scope=\"col\" class=\"n\">Base"
                      "</th><th scope=\"col\" class=\"n\">Amount</th></tr></thead>\n<tbody>\n"));
    for (size_t i = 0; i < bill->tax_count; i++) {
        const struct bill_tax *tax = &bill->taxes[i];
        put(html, "<tr><th scope=\"row\"><bdi>", words_tax(arena, tax), "</bdi></th>");

        put_cells(html, str_concat(arena, decimal_print(arena, tax->percent), STR("%"), STR("")),
                  words_money(arena, tax->base), words_money(arena, tax->amount));
    }
    buf_add(html, STR("</tbody>\n</table>\n"));
}

static void put_payment(struct buf *html, const struct bill *bill)
{
    put(html, "<h2>Payment</h2>\n<p>", words_terms(html->arena, bill), "</p>\n");
    if (bill->seller.iban.len == 0 || bill->state != BILL_ISSUED || bill->kind != BILL_INVOICE)
        return;
    put(html, "<p>IBAN <strong>", words_iban(html->arena, bill->seller.iban), "</strong>, ");
    put(html, "reference <strong>", bill->number, "</strong></p>\n");
}

static result put_qr(struct buf *html, const struct bill *bill)
{
    enum { QUIET = 4 };
    struct qr qr = {0};
    TRY(qr_make(html->arena, words_checkpoint(html->arena, bill), &qr));
    size_t side = qr.side + 2 * (size_t)QUIET;
    buf_addf(html,
             "<svg viewBox=\"0 0 %zu %zu\" role=\"img\" aria-label=\"Ledger checkpoint as a QR "
             "code\" shape-rendering=\"crispEdges\"><path d=\"",
             side, side);
    for (size_t i = 0; i < qr.side * qr.side; i++) {
        if (qr.dark[i])
            buf_addf(html, "M%zu %zuh1v1h-1z", i % qr.side + QUIET, i / qr.side + QUIET);
    }
    buf_add(html, STR("\"/></svg>\n"));
    return OK;
}

static result put_proof(struct buf *html, const struct bill *bill)
{
    buf_add(html, STR("<h2>How to check this document</h2>\n<div class=\"proof\">\n"));
    if (bill->has_ledger)
        TRY(put_qr(html, bill));
    put(html, "<div><p>", words_order(bill), "</p>\n");
    if (bill->has_ledger) {
        put(html, "<p>", words_verification(html->arena, bill), "</p>\n");
        put(html, "<p><code>", bill->ledger_origin, "</code><br>\n");
        buf_addf(html, "<code>%lld</code><br>\n", (long long)bill->ledger_size);
        put(html, "<code>", bill->ledger_root, "</code></p>\n");
    }
    buf_add(html, STR("</div>\n</div>\n"));
    return OK;
}

result render_html(struct arena *arena, const struct bill *bill, str *html)
{
    struct buf page = {.arena = arena};
    if (bill->seller.name.len == 0)
        return FAIL(SELLER_MISSING, "[seller] name is not configured.");
    put_head(&page, bill);
    put_lines(&page, bill);
    put_totals(&page, bill);
    put_taxes(&page, bill);
    put_payment(&page, bill);
    TRY(put_proof(&page, bill));
    put(&page, "</main>\n<footer>", words_seller(arena, &bill->seller),
        "</footer>\n</body>\n</html>\n");
    *html = buf_str(&page);
    return OK;
}

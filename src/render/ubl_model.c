// SPDX-License-Identifier: Apache-2.0
#include "phial/render/render.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "ubl.h"
#include "words.h"

static str day_of(struct arena *arena, const struct bill *bill, instant at)
{
    return words_day(arena, bill->zone, at);
}

// Of [start, end) the last day; of an opening statement its only one.
static str last_day(struct arena *arena, const struct bill *bill, instant start, instant end)
{
    return day_of(arena, bill, end.us > start.us ? (instant){end.us - 1} : start);
}

static str without_blanks(struct arena *arena, str text)
{
    struct buf kept = {.arena = arena};
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != ' ')
            buf_add_char(&kept, text.ptr[i]);
    }
    return buf_str(&kept);
}

// A VAT identifier begins with its country, Greece's with EL, Northern Ireland's with XI.
static bool has_prefix(str id)
{
    str prefix = str_slice(id, 0, 2);
    return id.len > 2 &&
           (ubl_country_known(prefix) || str_eq(prefix, STR("EL")) || str_eq(prefix, STR("XI")));
}

static void read_parties(struct arena *arena, const struct bill *bill, struct ubl *ubl)
{
    const struct bill_seller *seller = &bill->seller;
    const struct bill_buyer *buyer = &bill->buyer;
    bool outside = str_eq(ubl->category, STR("O")); // then no VAT identifier may stand there
    str sold_by = without_blanks(arena, seller->tax_id);
    str bought_by = without_blanks(arena, buyer->tax_id);
    bool has_endpoint = seller->endpoint_scheme.len != 0 && seller->endpoint_id.len != 0;
    ubl->seller = (struct ubl_party){
        .name = seller->name,
        .address = seller->address,
        .legal_id = seller->registration_id,
        .endpoint_scheme = has_endpoint ? seller->endpoint_scheme : STR("EM"),
        .endpoint_id = has_endpoint ? seller->endpoint_id : seller->email,
        .email = seller->email,
    };
    bool reachable = buyer->endpoint_scheme.len != 0 && buyer->endpoint_id.len != 0;
    ubl->buyer = (struct ubl_party){
        .name = buyer->name,
        .address = buyer->address,
        .endpoint_scheme = reachable ? buyer->endpoint_scheme : STR("EM"),
        .endpoint_id = reachable ? buyer->endpoint_id : buyer->email,
        .email = buyer->email,
    };
    if (outside && seller->registration_id.len == 0)
        ubl->seller.id = sold_by;
    else if (!outside && has_prefix(sold_by))
        ubl->seller.vat_id = sold_by;
    else if (!outside)
        ubl->seller.tax_id = sold_by;
    if (!outside && has_prefix(bought_by))
        ubl->buyer.vat_id = bought_by;
    else
        ubl->buyer.id = bought_by;
}

// What stands in a category besides S, where nothing else is said.
static const struct {
    const char *category, *code, *reason;
} reasons[] = {
    {"AE", "VATEX-EU-AE", "Reverse charge"},
    {"G", "VATEX-EU-G", "Export outside the EU"},
    {"K", "VATEX-EU-IC", "Intra-Community supply"},
    {"O", "VATEX-EU-O", "Not subject to VAT"},
};

static void read_reason(const struct bill *bill, struct ubl *ubl)
{
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (str_eq(ubl->category, str_from(reasons[i].category))) {
            ubl->reason_code = str_from(reasons[i].code);
            ubl->reason = str_from(reasons[i].reason);
        }
    }
    if (!str_eq(ubl->category, STR("E")))
        return;
    ubl->reason = bill->exempt_reason;
    if (str_starts_with(bill->exempt_reason, STR("VATEX-"))) {
        ubl->reason_code = bill->exempt_reason;
        ubl->reason = STR("Exempt from VAT");
    } else if (bill->exempt_reason.len == 0 && bill->tax_count == 1) {
        ubl->reason = bill->taxes[0].name;
    }
}

static bool is_category(str text)
{
    return ubl_one_of(text, "AE E G K L M O S Z");
}

static result read_tax(const struct bill *bill, struct ubl *ubl)
{
    if (bill->tax_count > 1)
        return FAIL(NOT_EN16931, "Several tax rates apply to each line; EN 16931 has one a line.");
    if (bill->tax_count == 0) {
        ubl->category = bill->exempt_reason.len != 0 ? STR("E") : STR("O");
        if (ubl_reason_category(bill->exempt_reason).len != 0)
            ubl->category = ubl_reason_category(bill->exempt_reason);
    } else {
        const struct bill_tax *tax = &bill->taxes[0];
        ubl->percent = tax->percent;
        ubl->category = tax->percent.units > 0 ? STR("S") : STR("Z");
        if (is_category(tax->category))
            ubl->category = tax->category;
    }
    ubl->has_percent = !str_eq(ubl->category, STR("O"));
    read_reason(bill, ubl);
    return OK;
}

static str absolute(struct arena *arena, str figure)
{
    return str_copy(arena,
                    str_starts_with(figure, STR("-")) ? str_slice(figure, 1, figure.len) : figure);
}

static exact figure(struct arena *arena, str text)
{
    decimal value = {0};
    return failed(decimal_parse(text, &value)) ? exact_zero() : exact_from_decimal(arena, value);
}

bool ubl_price_fits(struct arena *arena, const struct ubl_line *line)
{
    exact quantity = figure(arena, line->quantity);
    exact base = figure(arena, line->base);
    exact slack = exact_div(arena, exact_from_i64(arena, 2), exact_from_i64(arena, 100));
    if (exact_sign(base) > 0)
        quantity = exact_div(arena, quantity, base);
    exact off = exact_sub(arena, exact_mul(arena, quantity, figure(arena, line->price)),
                          money_to_exact(arena, line->of->amount));
    return exact_compare(off, slack) <= 0 && exact_sign(exact_add(arena, off, slack)) >= 0;
}

// The price is never negative: the quantity takes the amount's sign. Where no single price gives
// the amount, the price is the amount, for the whole quantity.
static void read_price(struct arena *arena, const struct bill_line *line, struct ubl_line *to)
{
    str quantity = absolute(arena, decimal_print(arena, line->quantity));
    if (line->quantity.units == 0 && line->amount.minor != 0)
        quantity = STR("1");
    to->quantity = quantity;
    to->base = STR("");
    if (line->amount.minor < 0)
        to->quantity = str_concat(arena, STR("-"), quantity, STR(""));
    to->price = absolute(arena, line->unit_price);
    if (to->price.len != 0 && ubl_price_fits(arena, to)) // not where half a yen was rounded off
        return;
    to->price = absolute(arena, money_print(arena, line->amount));
    if (!str_eq(quantity, STR("0")) && !str_eq(quantity, STR("1")))
        to->base = quantity;
}

static str tiers_note(struct arena *arena, const struct bill_line *line)
{
    struct buf note = {.arena = arena};
    for (size_t i = 0; i < line->tier_count && words_shows_tiers(line); i++) {
        const struct bill_tier *tier = &line->tiers[i];
        buf_addf(&note, "%s%" STR_FMT ": %" STR_FMT " x %" STR_FMT "%s", i == 0 ? "" : "; ",
                 STR_ARG(words_tier(arena, line, i)), STR_ARG(tier->quantity),
                 STR_ARG(tier->unit_amount), tier->is_rate ? "%" : "");
        if (tier->flat_amount.len != 0 && !str_eq(tier->flat_amount, STR("0")))
            buf_addf(&note, " + %" STR_FMT, STR_ARG(tier->flat_amount));
        buf_addf(&note, " = %" STR_FMT, STR_ARG(tier->amount));
    }
    return buf_str(&note);
}

static void read_line_days(struct arena *arena, const struct ubl *ubl, const struct bill_line *line,
                           struct ubl_line *to)
{
    const struct bill *bill = ubl->bill;
    bool inside = line->has_period && bill->has_period && line->start.us >= bill->start.us &&
                  line->end.us <= bill->end.us;
    to->start = STR("");
    to->end = STR("");
    if (inside) {
        to->start = day_of(arena, bill, line->start);
        to->end = last_day(arena, bill, line->start, line->end);
    } else if (line->has_period) { // a line's days must lie in the invoice's
        to->note = str_printf(arena, "%" STR_FMT "%s%" STR_FMT, STR_ARG(to->note),
                              to->note.len == 0 ? "" : "; ",
                              STR_ARG(words_days(arena, bill->zone, line->start, line->end)));
    }
}

static result read_lines(struct arena *arena, struct ubl *ubl)
{
    const struct bill *bill = ubl->bill;
    struct ubl_line *lines = arena_array(arena, struct ubl_line, bill->line_count + 1);
    ubl->line_total = (money){0, bill->currency};
    for (size_t i = 0; i < bill->line_count; i++) {
        const struct bill_line *line = &bill->lines[i];
        lines[i] = (struct ubl_line){.of = line, .allowance = line->discount};
        lines[i].id = str_printf(arena, "%zu", i + 1);
        lines[i].note = tiers_note(arena, line);
        TRY(money_sub(line->amount, line->discount, &lines[i].net));
        TRY(money_add(ubl->line_total, lines[i].net, &ubl->line_total));
        read_price(arena, line, &lines[i]);
        read_line_days(arena, ubl, line, &lines[i]);
    }
    ubl->lines = lines;
    ubl->line_count = bill->line_count;
    return OK;
}

static void read_dates(struct arena *arena, struct ubl *ubl)
{
    const struct bill *bill = ubl->bill;
    if (bill->has_issued)
        ubl->issue_date = day_of(arena, bill, bill->issued_at);
    if (bill->has_due)
        ubl->due_date = day_of(arena, bill, bill->due_at);
    if (bill->has_period) {
        ubl->start = day_of(arena, bill, bill->start);
        ubl->end = last_day(arena, bill, bill->start, bill->end);
    }
    ubl->terms = words_terms(arena, bill);
    if (bill->has_ledger)
        ubl->note = str_printf(arena, "Ledger %" STR_FMT ", size %lld, root %" STR_FMT,
                               STR_ARG(bill->ledger_origin), (long long)bill->ledger_size,
                               STR_ARG(bill->ledger_root));
}

// Whether it may say that it is Peppol's: all that Peppol wants is there, and nothing of its own
// for sellers of this country.
static bool is_peppol(const struct ubl *ubl)
{
    return str_trim(ubl->bill->buyer.reference).len != 0 && ubl->buyer.endpoint_id.len != 0 &&
           ubl->seller.endpoint_id.len != 0 && ubl_scheme_in_peppol(ubl->buyer.endpoint_scheme) &&
           ubl_scheme_in_peppol(ubl->seller.endpoint_scheme) &&
           !ubl_has_national_rules(ubl->seller.address.country) &&
           (ubl->seller.vat_id.len == 0 ||
            !ubl_has_national_rules(str_slice(ubl->seller.vat_id, 0, 2)));
}

static result negate(enum currency currency, money *amount)
{
    return money_sub((money){0, currency}, *amount, amount);
}

// A statement below zero is a credit note: what it gives back stands on it above zero.
static result turn(struct arena *arena, const struct bill *bill, struct bill *turned)
{
    struct bill_line *lines = arena_array(arena, struct bill_line, bill->line_count + 1);
    struct bill_tax *taxes = arena_array(arena, struct bill_tax, bill->tax_count + 1);
    enum currency currency = bill->currency;
    *turned = *bill;
    turned->kind = BILL_CREDIT_NOTE;
    money *totals[] = {&turned->subtotal,  &turned->discounts, &turned->base,
                       &turned->tax_total, &turned->total,     &turned->credits,
                       &turned->amount_due};
    for (size_t i = 0; i < COUNT_OF(totals); i++)
        TRY(negate(currency, totals[i]));
    for (size_t i = 0; i < bill->line_count; i++) {
        lines[i] = bill->lines[i];
        TRY(negate(currency, &lines[i].amount));
        TRY(negate(currency, &lines[i].discount));
    }
    for (size_t i = 0; i < bill->tax_count; i++) {
        taxes[i] = bill->taxes[i];
        TRY(negate(currency, &taxes[i].base));
        TRY(negate(currency, &taxes[i].amount));
    }
    turned->lines = lines;
    turned->taxes = taxes;
    return OK;
}

static void read_payment(struct arena *arena, struct ubl *ubl)
{
    const struct bill *bill = ubl->bill;
    ubl->iban = without_blanks(arena, bill->seller.iban);
    if (ubl->iban.len != 0 && bill->kind == BILL_INVOICE)
        ubl->means = bill->currency == CURRENCY_EUR ? STR("58") : STR("30");
}

result ubl_model(struct arena *arena, const struct bill *read, struct ubl *ubl)
{
    const struct bill *bill = read;
    if (read->kind == BILL_INVOICE && read->total.minor < 0) {
        struct bill *turned = arena_array(arena, struct bill, 1);
        TRY(turn(arena, read, turned));
        bill = turned;
    }
    struct ubl made = {.arena = arena, .bill = bill};
    if (bill->state == BILL_DRAFT)
        return FAIL(CONFLICT, "A draft has no number yet: UBL is offered once it is issued.");
    if (bill->state == BILL_VOID)
        return FAIL(CONFLICT, "A void invoice is not offered as UBL.");
    if (currency_digits(bill->currency) > 2)
        return FAIL(NOT_EN16931, "The currency has three decimal places; EN 16931 has two.");
    TRY(read_tax(bill, &made));
    read_parties(arena, bill, &made);
    read_dates(arena, &made);
    read_payment(arena, &made);
    TRY(read_lines(arena, &made));
    made.peppol = is_peppol(&made);
    *ubl = made;
    return OK;
}

result render_ubl(struct arena *arena, const struct bill *bill, str *xml)
{
    struct ubl ubl = {0};
    if (bill->seller.name.len == 0)
        return FAIL(SELLER_MISSING, "[seller] name is not configured.");
    TRY(ubl_model(arena, bill, &ubl));
    TRY(ubl_check(&ubl));
    return ubl_write(&ubl, xml);
}

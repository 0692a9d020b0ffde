// SPDX-License-Identifier: Apache-2.0
// The rules of EN 16931 that a bill can break, each under its own name. What the writer always does
// (a currency on every amount, a scheme on every identifier) is no row.
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "ubl.h"

enum { DETAIL_BYTES_MAX = 1500 };

static bool scheme_known(const struct ubl_party *party)
{
    return party->endpoint_id.len == 0 || ubl_scheme_known(party->endpoint_scheme);
}

static bool category_is(const struct ubl *ubl, const char *list)
{
    return ubl_one_of(ubl->category, list);
}

// One function a rule, named after it; _x_ where several categories have the same.

static bool br_02(const struct ubl *ubl)
{
    return str_trim(ubl->bill->number).len != 0;
}

static bool br_03(const struct ubl *ubl)
{
    return ubl->issue_date.len != 0;
}

static bool br_06(const struct ubl *ubl)
{
    return str_trim(ubl->seller.name).len != 0;
}

static bool br_07(const struct ubl *ubl)
{
    return str_trim(ubl->buyer.name).len != 0;
}

static bool br_09(const struct ubl *ubl)
{
    return ubl->seller.address.country.len != 0;
}

static bool br_11(const struct ubl *ubl)
{
    return ubl->buyer.address.country.len != 0;
}

static bool br_16(const struct ubl *ubl)
{
    return ubl->line_count != 0;
}

static bool br_25(const struct ubl *ubl)
{
    for (size_t i = 0; i < ubl->line_count; i++) {
        if (str_trim(ubl->lines[i].of->name).len == 0)
            return false;
    }
    return true;
}

static bool br_27(const struct ubl *ubl)
{
    for (size_t i = 0; i < ubl->line_count; i++) {
        if (ubl->lines[i].price.len == 0 || ubl->lines[i].price.ptr[0] == '-')
            return false;
    }
    return true;
}

static bool br_29(const struct ubl *ubl) // ISO dates compare as texts
{
    return ubl->start.len == 0 || str_compare(ubl->start, ubl->end) <= 0;
}

static bool br_30(const struct ubl *ubl)
{
    for (size_t i = 0; i < ubl->line_count; i++) {
        if (str_compare(ubl->lines[i].start, ubl->lines[i].end) > 0)
            return false;
    }
    return true;
}

static bool br_61(const struct ubl *ubl)
{
    return ubl->means.len == 0 || ubl->iban.len != 0;
}

static bool br_cl_14(const struct ubl *ubl)
{
    return (ubl->seller.address.country.len == 0 ||
            ubl_country_known(ubl->seller.address.country)) &&
           (ubl->buyer.address.country.len == 0 || ubl_country_known(ubl->buyer.address.country));
}

static bool br_cl_04(const struct ubl *ubl)
{
    return ubl_currency_known(ubl->bill->currency);
}

static bool br_cl_22(const struct ubl *ubl)
{
    return ubl->reason_code.len == 0 || ubl_reason_known(ubl->reason_code);
}

static bool br_cl_25(const struct ubl *ubl)
{
    return scheme_known(&ubl->seller) && scheme_known(&ubl->buyer);
}

static bool br_co_10(const struct ubl *ubl)
{
    money sum = {0, ubl->bill->currency};
    for (size_t i = 0; i < ubl->line_count; i++) {
        if (failed(money_add(sum, ubl->lines[i].net, &sum)))
            return false;
    }
    return sum.minor == ubl->line_total.minor;
}

static bool br_co_13(const struct ubl *ubl)
{
    return ubl->bill->base.minor == ubl->line_total.minor;
}

static bool br_co_14(const struct ubl *ubl)
{
    return ubl->bill->tax_count != 0 || ubl->bill->tax_total.minor == 0;
}

static bool br_co_15(const struct ubl *ubl)
{
    money sum = {0, ubl->bill->currency};
    return !failed(money_add(ubl->bill->base, ubl->bill->tax_total, &sum)) &&
           sum.minor == ubl->bill->total.minor;
}

static bool br_co_16(const struct ubl *ubl)
{
    money left = {0, ubl->bill->currency};
    return !failed(money_sub(ubl->bill->total, ubl->bill->credits, &left)) &&
           left.minor == ubl->bill->amount_due.minor;
}

static bool is_between(struct arena *arena, exact a, exact limit)
{
    return exact_compare(a, limit) < 0 && exact_sign(exact_add(arena, a, limit)) > 0;
}

// Within less than one unit: currencies without decimals, and rounding half to even. Of a rate
// below half a percent, which the rule takes for none, there may be less than half a unit of tax.
static bool br_co_17(const struct ubl *ubl)
{
    struct arena *arena = ubl->arena;
    exact tax = money_to_exact(arena, ubl->bill->tax_total);
    exact share = exact_from_percent(arena, ubl->percent);
    exact due = exact_mul(arena, money_to_exact(arena, ubl->bill->base), share);
    exact half = exact_div(arena, exact_from_i64(arena, 1), exact_from_i64(arena, 2));
    if (exact_compare(exact_from_decimal(arena, ubl->percent), half) < 0 &&
        !is_between(arena, tax, half))
        return false;
    return is_between(arena, exact_sub(arena, tax, due), exact_from_i64(arena, 1));
}

static bool br_co_26(const struct ubl *ubl)
{
    return ubl->seller.vat_id.len != 0 || ubl->seller.id.len != 0 || ubl->seller.legal_id.len != 0;
}

static bool br_x_02(const struct ubl *ubl)
{
    return !category_is(ubl, "AE E G K L M S Z") || ubl->seller.vat_id.len != 0 ||
           (category_is(ubl, "E L M S Z") && ubl->seller.tax_id.len != 0);
}

static bool br_ae_02(const struct ubl *ubl)
{
    return !category_is(ubl, "AE K") || ubl->buyer.vat_id.len != 0 ||
           (category_is(ubl, "AE") && ubl->buyer.legal_id.len != 0);
}

static bool br_s_05(const struct ubl *ubl)
{
    return !category_is(ubl, "S") || ubl->percent.units > 0;
}

static bool br_x_05(const struct ubl *ubl)
{
    return !category_is(ubl, "AE E G K Z") || ubl->percent.units == 0;
}

static bool br_x_08(const struct ubl *ubl)
{
    return ubl->bill->tax_count == 0 || ubl->bill->taxes[0].base.minor == ubl->line_total.minor;
}

static bool br_x_09(const struct ubl *ubl)
{
    return !category_is(ubl, "AE E G K O Z") || ubl->bill->tax_total.minor == 0;
}

static bool br_x_10(const struct ubl *ubl)
{
    return !category_is(ubl, "AE E G K O") || str_trim(ubl->reason).len != 0 ||
           ubl->reason_code.len != 0;
}

static bool br_o_02(const struct ubl *ubl)
{
    return !category_is(ubl, "O") || (ubl->seller.vat_id.len == 0 && ubl->buyer.vat_id.len == 0);
}

static bool br_ic_11(const struct ubl *ubl)
{
    return !category_is(ubl, "K") || ubl->start.len != 0;
}

static bool p0104(const struct ubl *ubl)
{
    str belongs = ubl_reason_category(ubl->reason_code);
    return belongs.len == 0 || str_eq(belongs, ubl->category);
}

static bool r040(const struct ubl *ubl)
{
    return !ubl->peppol ||
           (ubl_endpoint_fits(ubl->seller.endpoint_scheme, ubl->seller.endpoint_id) &&
            ubl_endpoint_fits(ubl->buyer.endpoint_scheme, ubl->buyer.endpoint_id));
}

static bool r120(const struct ubl *ubl)
{
    for (size_t i = 0; i < ubl->line_count; i++) {
        if (!ubl_price_fits(ubl->arena, &ubl->lines[i]))
            return false;
    }
    return true;
}

static const struct {
    const char *id;
    bool (*holds)(const struct ubl *ubl);
    const char *says;
} rules[] = {
    {"BR-02", br_02, "it has no number"},
    {"BR-03", br_03, "it has no date of issue"},
    {"BR-06", br_06, "[seller] name is missing"},
    {"BR-07", br_07, "the customer has no name"},
    {"BR-09", br_09, "[seller] country is missing"},
    {"BR-11", br_11, "the customer has no address.country"},
    {"BR-16", br_16, "it has no lines"},
    {"BR-25", br_25, "a line has no name"},
    {"BR-27", br_27, "a line has a negative price, or none"},
    {"BR-29", br_29, "its period ends before it starts"},
    {"BR-30", br_30, "a line's period ends before it starts"},
    {"BR-61", br_61, "[seller] iban is missing"},
    {"BR-CL-04", br_cl_04, "the currency is not of the published list"},
    {"BR-CL-14", br_cl_14, "a country is not one of ISO 3166-1"},
    {"BR-CL-22", br_cl_22, "the exempt_reason is not of the VATEX code list"},
    {"BR-CL-25", br_cl_25, "an endpoint's scheme is not of the EAS code list"},
    {"BR-CO-10", br_co_10, "its lines do not add up"},
    {"BR-CO-13", br_co_13, "lines less discounts are not the net amount"},
    {"BR-CO-14", br_co_14, "its taxes do not add up"},
    {"BR-CO-15", br_co_15, "net amount and tax are not the total"},
    {"BR-CO-16", br_co_16, "total less credits is not what is due"},
    {"BR-CO-17", br_co_17, "the tax is not its rate of the net amount"},
    {"BR-CO-26", br_co_26, "the seller has neither a VAT identifier nor a registration_id"},
    {"BR-S-02", br_x_02, "[seller] tax_id is missing, or lacks its country's prefix"},
    {"BR-AE-02", br_ae_02, "the customer's tax.id is missing, or lacks its country's prefix"},
    {"BR-S-05", br_s_05, "the standard rate is not above zero"},
    {"BR-E-05", br_x_05, "a category without tax has a rate"},
    {"BR-S-08", br_x_08, "the tax's base is not the sum of the lines"},
    {"BR-E-09", br_x_09, "a category without tax has tax"},
    {"BR-E-10", br_x_10, "the reason of the exemption is missing"},
    {"BR-O-02", br_o_02, "a VAT identifier stands where nothing is subject to VAT"},
    {"BR-IC-11", br_ic_11, "it has no period"},
    {"PEPPOL-EN16931-P0104", p0104, "the exempt_reason's code belongs to another category"},
    {"PEPPOL-COMMON-R040", r040, "an endpoint's id is not as its scheme has them"},
    {"PEPPOL-EN16931-R120", r120, "a line's quantity times its price is not its amount"},
};

result ubl_check(const struct ubl *ubl)
{
    struct buf broken = {.arena = ubl->arena};
    for (size_t i = 0; i < COUNT_OF(rules) && broken.len < DETAIL_BYTES_MAX; i++) {
        if (!rules[i].holds(ubl))
            buf_addf(&broken, "%s%s: %s", broken.len == 0 ? "" : "; ", rules[i].id, rules[i].says);
    }
    if (broken.len == 0)
        return OK;
    buf_add(&broken, STR("."));
    return FAIL(NOT_EN16931, str_to_c(ubl->arena, buf_str(&broken)));
}

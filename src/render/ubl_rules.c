// SPDX-License-Identifier: Apache-2.0
// The rules of EN 16931 that a bill can break, each under its own name. What the writer always does
// (a currency on every amount, a scheme on every identifier) is no row.
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "ubl.h"

enum { DETAIL_BYTES_MAX = 1500 };

static bool is_one_of(str word, const char *list)
{
    str rest = str_from(list);
    while (rest.len != 0) {
        str one = rest;
        str tail = STR("");
        if (!str_cut(rest, ' ', &one, &tail))
            one = rest;
        if (str_eq(one, word))
            return true;
        rest = tail;
    }
    return false;
}

bool ubl_country_known(str code)
{
    return is_one_of(
        code,
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
        "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
        "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
        "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
        "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
        "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
        "VN VU WF WS YE YT ZA ZM ZW");
}

static bool scheme_known(const struct ubl_party *party)
{
    return party->endpoint_id.len == 0 ||
           is_one_of(party->endpoint_scheme,
                     "0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 "
                     "0158 0170 0177 0183 0184 0188 0190 0191 0192 0193 0194 0195 0196 0198 0199 "
                     "0200 0201 0202 0203 0204 0205 0208 0209 0210 0211 0212 0213 0215 0216 0217 "
                     "0218 0221 0225 0230 0235 0240 9910 9913 9914 9915 9918 9919 9920 9922 9923 "
                     "9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936 9937 9938 "
                     "9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953 "
                     "9957 9959 AN AQ AS AU EM");
}

static bool category_is(const struct ubl *ubl, const char *list)
{
    return is_one_of(ubl->category, list);
}

// One function a rule, named after it; _x_ where several categories have the same.

static bool br_02(const struct ubl *ubl)
{
    return ubl->bill->number.len != 0;
}

static bool br_03(const struct ubl *ubl)
{
    return ubl->issue_date.len != 0;
}

static bool br_06(const struct ubl *ubl)
{
    return ubl->seller.name.len != 0;
}

static bool br_07(const struct ubl *ubl)
{
    return ubl->buyer.name.len != 0;
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

static bool br_55(const struct ubl *ubl)
{
    return ubl->bill->kind != BILL_CREDIT_NOTE || ubl->bill->corrected.len != 0;
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

// Within less than one unit: currencies without decimals, and rounding half to even.
static bool br_co_17(const struct ubl *ubl)
{
    struct arena *arena = ubl->arena;
    exact share =
        exact_div(arena, exact_from_decimal(arena, ubl->percent), exact_from_i64(arena, 100));
    exact due = exact_mul(arena, money_to_exact(arena, ubl->bill->base), share);
    exact off = exact_sub(arena, money_to_exact(arena, ubl->bill->tax_total), due);
    exact one = exact_from_i64(arena, 1);
    exact minus_one = exact_from_i64(arena, -1);
    return exact_compare(off, one) < 0 && exact_compare(off, minus_one) > 0;
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
    {"BR-55", br_55, "it does not name the invoice that it corrects"},
    {"BR-61", br_61, "[seller] iban is missing"},
    {"BR-CL-14", br_cl_14, "a country is not one of ISO 3166-1"},
    {"BR-CL-25", br_cl_25, "[seller] endpoint_scheme is not of the EAS code list"},
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

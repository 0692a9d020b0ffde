// SPDX-License-Identifier: Apache-2.0
// The published code lists, as far as a document of ours can touch them.
#include "phial/util/array.h"
#include "ubl.h"

bool ubl_one_of(str word, const char *list)
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
    return ubl_one_of(
        code,
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
        "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
        "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
        "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
        "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
        "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
        "VN VU WF WS XI YE YT ZA ZM ZW");
}

// Those that the rules' list of ISO 4217 does not have yet.
bool ubl_currency_known(enum currency currency)
{
    return !ubl_one_of(str_from(currency_code(currency)), "MRU STN UYW XCG");
}

bool ubl_scheme_known(str scheme)
{
    return ubl_one_of(
        scheme,
        "0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 "
        "0183 0184 0188 0190 0191 0192 0193 0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 "
        "0208 0209 0210 0211 0212 0213 0215 0216 0217 0218 0219 0220 0221 0225 0230 0235 0240 9910 "
        "9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 "
        "9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 "
        "9952 9953 9957 9959 AN AQ AS AU EM");
}

// No address in Peppol's network: an e-mail address above all.
bool ubl_scheme_in_peppol(str scheme)
{
    return ubl_scheme_known(scheme) &&
           !ubl_one_of(scheme, "0147 0154 0158 0170 0177 0194 0203 0205 0217 0219 0220 0225 0235 "
                               "0240 AN AQ AS AU EM");
}

bool ubl_reason_known(str code)
{
    str number = str_slice(code, 9, code.len);
    if (str_starts_with(code, STR("VATEX-FR-")))
        return ubl_one_of(number,
                          "298SEXDECIESA AE CGI261-1 CGI261-2 CGI261-3 CGI261-4 CGI261-5 CGI261-7 "
                          "CGI261-8 CGI261A CGI261B CGI261C-1 CGI261C-2 CGI261C-3 CGI261D-1 "
                          "CGI261D-1BIS CGI261D-2 CGI261D-3 CGI261D-4 CGI261E-1 CGI261E-2 CGI275 "
                          "CGI277A CGI295 CNWVAT FRANCHISE");
    return str_starts_with(code, STR("VATEX-EU-")) &&
           ubl_one_of(
               number,
               "79-C 132 132-1A 132-1B 132-1C 132-1D 132-1E 132-1F 132-1G 132-1H 132-1I 132-1J "
               "132-1K 132-1L 132-1M 132-1N 132-1O 132-1P 132-1Q 143 143-1A 143-1B 143-1C 143-1D "
               "143-1E 143-1F 143-1FA 143-1G 143-1H 143-1I 143-1J 143-1K 143-1L 144 146-1E 148 "
               "148-A 148-B 148-C 148-D 148-E 148-F 148-G 151 151-1A 151-1AA 151-1B 151-1C 151-1D "
               "151-1E 153 159 309 AE D F G I IC J O");
}

str ubl_reason_category(str code)
{
    static const struct {
        const char *code, *category;
    } own[] = {
        {"VATEX-EU-AE", "AE"}, {"VATEX-EU-D", "E"},  {"VATEX-EU-F", "E"}, {"VATEX-EU-G", "G"},
        {"VATEX-EU-I", "E"},   {"VATEX-EU-IC", "K"}, {"VATEX-EU-J", "E"}, {"VATEX-EU-O", "O"},
    };
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        if (str_eq(code, str_from(own[i].code)))
            return str_from(own[i].category);
    }
    return STR("");
}

// Peppol has rules of its own for sellers in these, some on what no document of ours holds.
bool ubl_has_national_rules(str country)
{
    return ubl_one_of(country, "DE DK EL GR IS IT NL NO SE");
}

static int digit(str id, size_t at)
{
    return id.ptr[at] - '0';
}

static int weighted(str id, const int *weights, size_t count)
{
    int sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i] * digit(id, i);
    return sum;
}

static bool is_abn(str id) // 0151
{
    static const int weights[] = {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
    return (weighted(id, weights, COUNT_OF(weights)) - weights[0]) % 89 == 0;
}

static bool is_belgian(str id) // 0208
{
    int64_t whole = 0;
    for (size_t i = 0; i < id.len; i++)
        whole = whole * 10 + digit(id, i);
    return 97 - whole / 100 % 97 == whole % 100;
}

static bool is_gln(str id) // 0088
{
    int sum = 0;
    for (size_t i = 0; i + 1 < id.len; i++)
        sum += digit(id, i) * ((id.len - i) % 2 == 0 ? 3 : 1);
    return (10 - sum % 10) % 10 == digit(id, id.len - 1);
}

static bool is_norwegian(str id) // 0192
{
    static const int weights[] = {3, 2, 7, 6, 5, 4, 3, 2};
    return (11 - weighted(id, weights, COUNT_OF(weights)) % 11) % 11 == digit(id, 8) &&
           !str_all_in(id, "0");
}

static bool is_swedish(str id) // 0007
{
    int sum = 0;
    for (size_t i = 0; i < 9; i++) {
        int each = digit(id, i) * (i % 2 == 0 ? 2 : 1);
        sum += each / 10 + each % 10;
    }
    return (10 - sum % 10) % 10 == digit(id, 9);
}

bool ubl_endpoint_fits(str scheme, str id)
{
    static const struct {
        const char *scheme, *prefix;
        size_t length; // 0: any
        bool (*checks)(str id);
    } own[] = {
        {"0007", "", 10, is_swedish},  {"0088", "", 0, is_gln},
        {"0151", "", 11, is_abn},      {"0184", "DK", 8, NULL}, // a number without a check digit
        {"0192", "", 9, is_norwegian}, {"0208", "", 10, is_belgian},
    };
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        if (!str_eq(scheme, str_from(own[i].scheme)))
            continue;
        str prefix = str_from(own[i].prefix);
        str number = str_slice(id, prefix.len, id.len);
        return str_starts_with(id, prefix) && number.len != 0 && str_all_in(number, "0123456789") &&
               (own[i].length == 0 || number.len == own[i].length) &&
               (own[i].checks == NULL || own[i].checks(number));
    }
    return true;
}

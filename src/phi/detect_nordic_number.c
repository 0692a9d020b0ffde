// SPDX-License-Identifier: Apache-2.0
// A birth date and a counter of four digits (Sweden, Denmark) or five (Norway), which anything may
// be: only beside a word, or alone with the year of a birth and Sweden's check digit.
#include "phial/util/array.h"
#include "scan.h"

// yymmdd or ddmmyy
static bool is_date(str six)
{
    int64_t first = digits_modulo(str_slice(six, 0, 2), 100);
    int64_t month = digits_modulo(str_slice(six, 2, 4), 100);
    int64_t last = digits_modulo(str_slice(six, 4, 6), 100);
    return month >= 1 && month <= 12 && ((first >= 1 && first <= 31) || (last >= 1 && last <= 91));
}

static bool begins_with_number(str rest)
{
    char digits[12];
    size_t count = scan_squeezed(rest, " -+", digits, sizeof digits);
    size_t century = count == 12 ? 2 : 0;
    return count >= 10 && count <= sizeof digits && is_date((str){digits + century, 6});
}

// 19811218-9876, 811218-9876
static bool is_swedish(str digits)
{
    size_t century = digits.len - 10;
    int64_t year = digits_modulo(str_slice(digits, 0, 2 + century), 10000);
    bool of_birth = century == 0 ? year >= 30 : year >= 1900 && year <= 2012;
    str ten = str_slice(digits, century, digits.len);
    return of_birth && is_date(str_slice(ten, 0, 6)) && luhn_holds(ten);
}

bool phi_detect_nordic_number(const struct sight *sight)
{
    static const struct shape shapes[] = {SHAPE("999999", "-9999", "", "-", EDGE_VALUE),
                                          SHAPE("99999999", "-9999", "", "-", EDGE_VALUE)};
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_swedish) ||
           scan_after(sight, KIND(NORDIC), begins_with_number);
}

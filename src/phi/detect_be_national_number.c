// SPDX-License-Identifier: Apache-2.0
// Year, month, day, a counter, and 97 less the rest of it all; from 2000 on a 2 stands before it.
#include "scan.h"

static bool is_national_number(str digits)
{
    char turned[10] = {'2'};
    int64_t key = 97 - digits_modulo(str_slice(digits, 9, 11), 100);
    int64_t month = digits_modulo(str_slice(digits, 2, 4), 100);
    int64_t day = digits_modulo(str_slice(digits, 4, 6), 100);
    for (size_t i = 0; i < 9; i++)
        turned[i + 1] = digits.ptr[i];
    return month <= 12 && day >= 1 && day <= 31 &&
           (digits_modulo(str_slice(digits, 0, 9), 97) == key ||
            digits_modulo((str){turned, sizeof turned}, 97) == key);
}

static bool begins_with_national_number(str rest)
{
    char digits[11];
    return scan_squeezed(rest, " .-", digits, sizeof digits) == sizeof digits &&
           is_national_number((str){digits, sizeof digits});
}

// 85.07.30-033.28, as it is printed
static bool is_printed_at(str text, size_t at)
{
    static const char form[] = "99.99.99-999.99";
    char digits[11];
    size_t filled = 0;
    for (size_t i = 0; i + 1 < sizeof form; i++) {
        char c = at_or_nul(text, at + i);
        if (form[i] == '9' ? !is_digit(c) : c != form[i])
            return false;
        if (form[i] == '9')
            digits[filled++] = c;
    }
    return !is_digit(at_or_nul(text, at + sizeof form - 1)) &&
           is_national_number((str){digits, sizeof digits});
}

bool phi_detect_be_national_number(const struct sight *sight)
{
    enum { PRINTED_WORK = 2 };
    str text = sight->text;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(BELGIAN)); i++)
        if (sight_pays(sight, PRINTED_WORK) && is_printed_at(text, sight->runs[i].at))
            return true;
    return scan_after(sight, KIND(NRN), begins_with_national_number);
}

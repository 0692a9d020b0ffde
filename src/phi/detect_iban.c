// SPDX-License-Identifier: Apache-2.0
// A country's length and the check digits (ISO 13616), upper case, alone or in groups of four. Not
// inside of a longer token: a hundredth of all random ones pass the check.
#include "phial/util/array.h"
#include "scan.h"

enum { IBAN_BYTES_MAX = 34, COUNTRY_WORK = 40, IBAN_WORK = 4 };

static size_t country_length(char first, char second)
{
    static const struct {
        char country[3];
        unsigned char len;
    } rows[] = {
        {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
        {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22},
        {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20},
        {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22},
        {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21},
        {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30},
        {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
        {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
        {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
        {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22},
        {"RU", 33}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24},
        {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26},
        {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
    };
    for (size_t i = 0; i < COUNT_OF(rows) && rows[i].country[0] <= first; i++)
        if (rows[i].country[0] == first && rows[i].country[1] == second)
            return rows[i].len;
    return 0;
}

static bool checks(str iban)
{
    char turned[IBAN_BYTES_MAX];
    for (size_t i = 0; i < iban.len; i++)
        turned[i] = iban.ptr[(i + 4) % iban.len];
    return digits_modulo((str){turned, iban.len}, 97) == 1;
}

static bool iban_at(const struct sight *sight, size_t at)
{
    str text = sight->text;
    char iban[IBAN_BYTES_MAX];
    bool begins = is_upper(text.ptr[at + 1]) && is_digit(text.ptr[at + 2]) &&
                  is_digit(text.ptr[at + 3]) && sight_pays(sight, COUNTRY_WORK);
    size_t len = begins ? country_length(text.ptr[at], text.ptr[at + 1]) : 0;
    size_t filled = 0;
    if (len == 0)
        return false;
    for (; at < text.len && filled < len; at++) {
        char c = text.ptr[at];
        bool gap = filled > 0 && filled % 4 == 0 && (c == ' ' || c == '-') &&
                   !among(text.ptr[at - 1], " -");
        if (gap)
            continue;
        if (!is_digit(c) && !is_upper(c))
            break;
        iban[filled++] = c;
    }
    return sight_pays(sight, IBAN_WORK * filled) && filled == len &&
           !is_alnum(at_or_nul(text, at)) && checks((str){iban, len});
}

bool phi_detect_iban(const struct sight *sight)
{
    for (size_t i = 0; sight_finds(sight, &i, WAKE(IBAN)); i++)
        if (iban_at(sight, sight->runs[i].at))
            return true;
    return false;
}

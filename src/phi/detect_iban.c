// SPDX-License-Identifier: Apache-2.0
// A country's length and the check digits (ISO 13616), upper case, alone or in groups of four. Not
// inside of a longer token: a hundredth of all random ones pass the check.
#include "scan.h"

enum { IBAN_BYTES_MAX = 34, COUNTRY_WORK = 5, IBAN_WORK = 2 };

static size_t country_length(char first, char second)
{
#define COUNTRY(a, b, len) [(a) - 'A'][(b) - 'A'] = len
    static const unsigned char lengths[26][26] = {
        COUNTRY('A', 'D', 24), COUNTRY('A', 'E', 23), COUNTRY('A', 'L', 28), COUNTRY('A', 'T', 20),
        COUNTRY('A', 'Z', 28), COUNTRY('B', 'A', 20), COUNTRY('B', 'E', 16), COUNTRY('B', 'G', 22),
        COUNTRY('B', 'H', 22), COUNTRY('B', 'I', 27), COUNTRY('B', 'R', 29), COUNTRY('B', 'Y', 28),
        COUNTRY('C', 'H', 21), COUNTRY('C', 'R', 22), COUNTRY('C', 'Y', 28), COUNTRY('C', 'Z', 24),
        COUNTRY('D', 'E', 22), COUNTRY('D', 'J', 27), COUNTRY('D', 'K', 18), COUNTRY('D', 'O', 28),
        COUNTRY('E', 'E', 20), COUNTRY('E', 'G', 29), COUNTRY('E', 'S', 24), COUNTRY('F', 'I', 18),
        COUNTRY('F', 'K', 18), COUNTRY('F', 'O', 18), COUNTRY('F', 'R', 27), COUNTRY('G', 'B', 22),
        COUNTRY('G', 'E', 22), COUNTRY('G', 'I', 23), COUNTRY('G', 'L', 18), COUNTRY('G', 'R', 27),
        COUNTRY('G', 'T', 28), COUNTRY('H', 'N', 28), COUNTRY('H', 'R', 21), COUNTRY('H', 'U', 28),
        COUNTRY('I', 'E', 22), COUNTRY('I', 'L', 23), COUNTRY('I', 'Q', 23), COUNTRY('I', 'S', 26),
        COUNTRY('I', 'T', 27), COUNTRY('J', 'O', 30), COUNTRY('K', 'W', 30), COUNTRY('K', 'Z', 20),
        COUNTRY('L', 'B', 28), COUNTRY('L', 'C', 32), COUNTRY('L', 'I', 21), COUNTRY('L', 'T', 20),
        COUNTRY('L', 'U', 20), COUNTRY('L', 'V', 21), COUNTRY('L', 'Y', 25), COUNTRY('M', 'C', 27),
        COUNTRY('M', 'D', 24), COUNTRY('M', 'E', 22), COUNTRY('M', 'K', 19), COUNTRY('M', 'N', 20),
        COUNTRY('M', 'R', 27), COUNTRY('M', 'T', 31), COUNTRY('M', 'U', 30), COUNTRY('N', 'I', 28),
        COUNTRY('N', 'L', 18), COUNTRY('N', 'O', 15), COUNTRY('O', 'M', 23), COUNTRY('P', 'K', 24),
        COUNTRY('P', 'L', 28), COUNTRY('P', 'S', 29), COUNTRY('P', 'T', 25), COUNTRY('Q', 'A', 29),
        COUNTRY('R', 'O', 24), COUNTRY('R', 'S', 22), COUNTRY('R', 'U', 33), COUNTRY('S', 'A', 24),
        COUNTRY('S', 'C', 31), COUNTRY('S', 'D', 18), COUNTRY('S', 'E', 24), COUNTRY('S', 'I', 19),
        COUNTRY('S', 'K', 24), COUNTRY('S', 'M', 27), COUNTRY('S', 'O', 23), COUNTRY('S', 'T', 25),
        COUNTRY('S', 'V', 28), COUNTRY('T', 'L', 23), COUNTRY('T', 'N', 24), COUNTRY('T', 'R', 26),
        COUNTRY('U', 'A', 29), COUNTRY('V', 'A', 22), COUNTRY('V', 'G', 24), COUNTRY('X', 'K', 20),
        COUNTRY('Y', 'E', 30)};
#undef COUNTRY
    return lengths[first - 'A'][second - 'A'];
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

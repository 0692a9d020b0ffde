// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

enum { STREET_WORDS_MAX = 4, HOUSE_DIGITS_MAX = 5 };

static bool is_street_word(str text, size_t at, size_t letters)
{
    static const char *const words[] = {
        "street",    "st",    "avenue",  "ave",      "road",      "rd",      "drive", "dr",
        "boulevard", "blvd",  "lane",    "ln",       "court",     "ct",      "place", "pl",
        "terrace",   "way",   "square",  "circle",   "cir",       "parkway", "pkwy",  "highway",
        "hwy",       "trail", "heights", "crescent", "grove",     "alley",   "mews",  "gardens",
        "ridge",     "plaza", "unit",    "apt",      "apartment", "suite",   "close", NULL};
    for (size_t i = 0; words[i] != NULL; i++)
        if (scan_phrase(text, at, words[i]) == letters)
            return true;
    return false;
}

// 10 GB Drive
static bool is_unit(str word)
{
    return word.len == 2 && word.ptr[1] == 'B' && str_contains(STR("KMGTP"), word.ptr[0]);
}

static bool street_at(str text, size_t at)
{
    for (size_t words = 0; words <= STREET_WORDS_MAX; words++) {
        if (at_or_nul(text, at) != ' ')
            return false;
        size_t letters = scan_letters(text, ++at);
        if (letters == 0 || !(is_upper(text.ptr[at]) || (text.ptr[at] & '\x80') != 0))
            return false;
        if (words > 0 && is_street_word(text, at, letters))
            return true;
        if (words == 0 && is_unit(str_slice(text, at, at + letters)))
            return false;
        at += letters;
        at += at_or_nul(text, at) == '.' ? 1 : 0;
    }
    return false;
}

bool phi_detect_street_address(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 0; i < sight->run_count; i++) {
        const struct run *run = &sight->runs[i];
        if (run->digits == run->len && run->len <= HOUSE_DIGITS_MAX &&
            street_at(text, run->at + run->len))
            return true;
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

enum { CLINICAL_WORK = 8, AGE_WORK = 16 };

// In a sentence, not in an id: 34yo between underscores is chance.
static bool is_edge(char c)
{
    return c == '\0' || (!is_alnum(c) && c != '_' && c != '-');
}

// "67 yo", "8-year-old": an age before one of these
static bool is_age(const struct sight *sight, size_t at)
{
    str text = sight->text;
    static const char *const words[] = {"yo",        "y/o",    "y o", "year old",
                                        "years old", "yr old", NULL};
    size_t digits = scan_digits(text, at);
    if (!is_edge(before_or_nul(text, at)) || digits == 0 || digits > 3)
        return false;
    size_t next = at + digits;
    if (at_or_nul(text, next) == ' ' || at_or_nul(text, next) == '-')
        next++;
    if (to_lower(at_or_nul(text, next)) != 'y' || !sight_pays(sight, AGE_WORK)) // as all of them do
        return false;
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t len = scan_phrase(text, next, words[i]);
        if (len > 0 && is_edge(at_or_nul(text, next + len)))
            return true;
    }
    return false;
}

bool phi_detect_clinical_text(const struct sight *sight)
{
    if ((sight->words & KIND(COMPLAINT)) != 0)
        return true;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(CLINICAL)); i++)
        if (sight_pays(sight, CLINICAL_WORK) && is_age(sight, sight->runs[i].at))
            return true;
    return false;
}

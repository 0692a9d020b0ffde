// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

enum { CLINICAL_WORK = 2, AGE_WORK = 30 };

// In a sentence, not in an id: 34yo between underscores is chance.
static bool is_edge(char c)
{
    return c == '\0' || (!is_alnum(c) && c != '_' && c != '-');
}

// "67 yo", "8-year-old": an age before one of these
static bool is_age(const struct sight *sight, const struct run *run)
{
    str text = sight->text;
    static const char *const words[] = {"yo",        "y/o",    "y o", "year old",
                                        "years old", "yr old", NULL};
    size_t next = (size_t)run->at + run->lead;
    if (!is_edge(before_or_nul(text, run->at)))
        return false;
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
        if (sight_pays(sight, CLINICAL_WORK) && is_age(sight, &sight->runs[i]))
            return true;
    return false;
}

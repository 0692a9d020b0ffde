// SPDX-License-Identifier: Apache-2.0
// An age from 90 says who; below that it only does so in a sentence (clinical_text).
#include "scan.h"

#include <string.h>

enum { AGE_MIN = 90, AGE_MAX = 129, AGE_WORK = 16 };

static bool is_great(str text, size_t at)
{
    size_t digits = scan_digits(text, at);
    int64_t years = digits_modulo(str_slice(text, at, at + digits), 1000);
    return (digits == 2 || digits == 3) && years >= AGE_MIN && years <= AGE_MAX;
}

static bool is_joined(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
}

// The word stands alone or behind a person: "age 96", "patient_age=94", but not cache_age.
static bool is_of_a_person(str text, size_t at)
{
    static const char *const persons[] = {"patient", "pt", "subject", "member", NULL};
    char before = before_or_nul(text, at);
    if (!is_joined(before) && before != ' ')
        return true;
    for (size_t i = 0; persons[i] != NULL; i++) {
        size_t len = strlen(persons[i]);
        if (at > len && scan_phrase(text, at - len - 1, persons[i]) == len &&
            !is_alnum(before_or_nul(text, at - len - 1)))
            return true;
    }
    return false;
}

static bool after_word(const struct sight *sight)
{
    for (size_t i = 0; (sight->words & KIND(AGE)) != 0 && i < sight->place_count; i++) {
        const struct place *place = &sight->places[i];
        char after = at_or_nul(place->rest, scan_digits(place->rest, 0));
        if ((place->kinds & KIND(AGE)) != 0 && is_great(place->rest, 0) && !is_joined(after) &&
            is_of_a_person(sight->text, place->word))
            return true;
    }
    return false;
}

// "102 Jahre alt", "99 ans"
static bool before_word(str text, size_t at)
{
    static const char *const words[] = {"years", "yrs",  "yr old", "jahre", "jahrige", "jahriger",
                                        "ans",   "anos", "anni",   "jaar",  "lat",     NULL};
    size_t digits = scan_digits(text, at);
    if (is_joined(before_or_nul(text, at)) || !is_great(text, at))
        return false;
    size_t next = at + digits;
    if (at_or_nul(text, next) == ' ' || at_or_nul(text, next) == '-')
        next++;
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t len = scan_phrase(text, next, words[i]);
        if (len > 0 && !is_joined(at_or_nul(text, next + len)))
            return true;
    }
    return false;
}

bool phi_detect_age(const struct sight *sight)
{
    bool parted = sees(sight, ' ') || sees(sight, '-');
    for (size_t i = 0; parted && sight_finds(sight, &i, WAKE(AGE)); i++)
        if (sight_pays(sight, AGE_WORK) && before_word(sight->text, sight->runs[i].at))
            return true;
    return after_word(sight);
}

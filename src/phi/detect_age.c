// SPDX-License-Identifier: Apache-2.0
// An age from 90 says who; below that it only does so in a sentence (clinical_text).
#include "scan.h"

#include <string.h>

enum { AGE_WORK = 2, WORDS_WORK = 12 };

// 90 to 129, of so many digits.
static bool is_great(str text, size_t at, size_t digits)
{
    char first = at_or_nul(text, at);
    char second = at_or_nul(text, at + 1);
    if (digits == 2)
        return first == '9';
    return digits == 3 && (first == '1' ? second <= '2' : first == '0' && second == '9');
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
        size_t digits = scan_digits(place->rest, 0);
        if ((place->kinds & KIND(AGE)) != 0 && is_great(place->rest, 0, digits) &&
            !is_joined(at_or_nul(place->rest, digits)) && is_of_a_person(sight->text, place->word))
            return true;
    }
    return false;
}

// "102 Jahre alt", "99 ans"
static bool before_word(const struct sight *sight, const struct run *run)
{
    static const char *const words[] = {"years", "yrs",  "yr old", "jahre", "jahrige", "jahriger",
                                        "ans",   "anos", "anni",   "jaar",  "lat",     NULL};
    str text = sight->text;
    size_t next = (size_t)run->at + run->lead;
    if (is_joined(before_or_nul(text, run->at)) || !is_great(text, run->at, run->lead))
        return false;
    if (at_or_nul(text, next) == ' ' || at_or_nul(text, next) == '-')
        next++;
    if (!among(to_lower(at_or_nul(text, next)), "yjal") || !sight_pays(sight, WORDS_WORK))
        return false;
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
        if (sight_pays(sight, AGE_WORK) && before_word(sight, &sight->runs[i]))
            return true;
    return after_word(sight);
}

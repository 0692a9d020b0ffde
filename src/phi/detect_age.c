// SPDX-License-Identifier: Apache-2.0
// An age from 90 says who; below that it only does so in a sentence (clinical_text).
#include "scan.h"

enum { AGE_MIN = 90, AGE_MAX = 129 };

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

// "age 96", "patient_age=94": the word stands alone or behind a person, not in cache_age.
static bool is_word_at(str text, size_t at, const char *word, size_t *end)
{
    static const char *const persons[] = {"patient", "pt", "subject", "member", NULL};
    size_t len = scan_phrase(text, at, word);
    char before = before_or_nul(text, at);
    bool behind = !is_joined(before) && before != ' ';
    for (size_t i = 0; persons[i] != NULL && !behind; i++) {
        size_t person = str_from(persons[i]).len;
        behind = at > person && scan_phrase(text, at - person - 1, persons[i]) == person &&
                 !is_alnum(before_or_nul(text, at - person - 1));
    }
    *end = at + len;
    return len > 0 && behind && !is_alnum(at_or_nul(text, at + len));
}

static bool after_word(str text, size_t at)
{
    static const char *const words[] = {"age",   "aged",   "alter", "edad", "eta",
                                        "idade", "age of", "wiek",  NULL};
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t end = 0;
        if (!is_word_at(text, at, words[i], &end))
            continue;
        while (end < text.len && str_contains(STR(" :=\"'"), text.ptr[end]))
            end++;
        size_t digits = scan_digits(text, end);
        if (is_great(text, end) && !is_joined(at_or_nul(text, end + digits)))
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
    str text = sight->text;
    for (size_t at = 0; at < text.len; at++) {
        if (is_letter(text.ptr[at]) ? after_word(text, at)
                                    : is_digit(text.ptr[at]) && before_word(text, at))
            return true;
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
// No dictionary of names: Grace and Paris are words too. What stands beside a title, a degree or
// `patient name`, and what has the form FAMILY^GIVEN.
#include "scan.h"

#include <string.h>

static size_t name_word(str text, size_t at)
{
    size_t len = 0;
    bool begins = at < text.len && (is_upper(text.ptr[at]) || (text.ptr[at] & '\x80') != 0);
    while (begins && at + len < text.len &&
           (scan_letters(text, at + len) > 0 || text.ptr[at + len] == '\'' ||
            text.ptr[at + len] == '-'))
        len++;
    return len >= 2 ? len : 0;
}

static bool begins_with_name(str rest)
{
    return name_word(rest, 0) > 0;
}

// "Mr. Wei Smith": the length of a title and what parts it from the name
static size_t title_at(str text, size_t at)
{
    static const char *const titles[] = {"Mr",   "Mrs",       "Ms",   "Miss", "Dr",  "Doctor",
                                         "Prof", "Professor", "Herr", "Frau", "Mme", NULL};
    for (size_t i = 0; titles[i] != NULL; i++) {
        size_t len = strlen(titles[i]);
        if (!str_starts_with(str_slice(text, at, text.len), str_from(titles[i])))
            continue;
        size_t next = at + len;
        next += at_or_nul(text, next) == '.' ? 1 : 0;
        next += at_or_nul(text, next) == ' ' ? 1 : 0;
        if (next > at + len)
            return next - at;
    }
    return 0;
}

static bool after_title(str text)
{
    if (!has(text, ' ') && !has(text, '.'))
        return false;
    for (size_t at = 0; at < text.len; at++) {
        bool begins = is_upper(text.ptr[at]) && !is_alnum(before_or_nul(text, at));
        size_t len = begins ? title_at(text, at) : 0;
        if (len > 0 && name_word(text, at + len) > 0)
            return true;
    }
    return false;
}

// "John Smith, MD"; "Smith,James S,MD"
static bool before_degree(str text)
{
    static const char *const degrees[] = {"MD", "M.D.", "DO", "RN", "NP", "PA", "DDS", "PhD", NULL};
    if (!has(text, ',') || name_word(text, 0) == 0)
        return false;
    for (size_t at = 0; at < text.len; at++) {
        if (text.ptr[at] != ',')
            continue;
        size_t next = at + 1 + (at_or_nul(text, at + 1) == ' ' ? 1 : 0);
        for (size_t i = 0; degrees[i] != NULL; i++)
            if (str_starts_with(str_slice(text, next, text.len), str_from(degrees[i])) &&
                !is_alnum(at_or_nul(text, next + strlen(degrees[i]))))
                return true;
    }
    return false;
}

static bool with_caret(str text)
{
    enum { LETTERS_MIN = 5 }; // of both names: LI^WEI
    if (!has(text, '^'))
        return false;
    for (size_t at = 2; at < text.len; at++) {
        if (text.ptr[at] != '^')
            continue;
        size_t before = 0;
        while (before < at &&
               (is_letter(text.ptr[at - 1 - before]) || (text.ptr[at - 1 - before] & '\x80') != 0))
            before++;
        size_t after = scan_letters(text, at + 1);
        if (before >= 2 && after >= 2 && before + after >= LETTERS_MIN)
            return true;
    }
    return false;
}

bool phi_detect_person_name(str text)
{
    static const char *const words[] = {"patient name",
                                        "pt name",
                                        "patients name",
                                        "family name",
                                        "given name",
                                        "first name",
                                        "last name",
                                        "maiden name",
                                        "surname",
                                        "full name",
                                        "vorname",
                                        "nachname",
                                        NULL};
    return with_caret(text) || after_title(text) || before_degree(text) ||
           scan_after(text, words, begins_with_name);
}

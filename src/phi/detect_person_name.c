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

// What products and pages are named with: Patient Portal, Patient Summary Report.
static bool is_of_a_product(str text, size_t at, size_t len)
{
    static const char *const words[] = {
        "access",       "ai",           "analysis",   "analytics",  "api",        "app",
        "billing",      "bundle",       "care",       "cloud",      "cohort",     "count",
        "data",         "days",         "education",  "engagement", "everything", "experience",
        "flow",         "group",        "health",     "history",    "hub",        "id",
        "identity",     "imaging",      "index",      "insights",   "intake",     "list",
        "management",   "match",        "matching",   "messaging",  "model",      "module",
        "monitoring",   "navigator",    "number",     "outreach",   "panel",      "plan",
        "platform",     "plus",         "portal",     "pro",        "record",     "records",
        "registration", "registry",     "reminders",  "report",     "reports",    "resource",
        "safety",       "satisfaction", "scheduling", "search",     "service",    "services",
        "suite",        "summary",      "support",    "system",     "team",       "tier",
        "update",       "visit",        "visits",     "workflow",   NULL};
    for (size_t i = 0; words[i] != NULL; i++)
        if (scan_phrase(text, at, words[i]) == len)
            return true;
    return false;
}

// The length of a capitalised word that is one of a name, not of a product.
static size_t proper_word(str text, size_t at)
{
    size_t len = name_word(text, at);
    bool lower = len > 1 && !is_upper(text.ptr[at + len - 1]);
    return lower && !is_of_a_product(text, at, len) ? len : 0;
}

// Two of them, an initial perhaps between.
static bool begins_with_full_name(str rest)
{
    size_t at = proper_word(rest, 0);
    if (at == 0 || at_or_nul(rest, at) != ' ')
        return false;
    at++;
    if (is_upper(at_or_nul(rest, at)) && at_or_nul(rest, at + 1) == '.')
        at += at_or_nul(rest, at + 2) == ' ' ? 3 : 2;
    return proper_word(rest, at) > 0;
}

static bool begins_with_name(str rest)
{
    return name_word(rest, 0) > 0;
}

// "Mr. Wei Smith": the length of a title and what parts it from the name
static size_t title_at(str text, size_t at)
{
    static const char *const titles[] = {
        "Mr",  "Mrs", "Ms",  "Miss", "Dr",      "Doctor", "Prof", "Professor", "Herr", "Frau",
        "Mme", "Sra", "Dra", "Dott", "Dottssa", "Sig.",   "Mlle", "Drs",       NULL};
    for (size_t i = 0; titles[i] != NULL; i++) {
        if (titles[i][1] != at_or_nul(text, at + 1) ||
            !str_starts_with(str_slice(text, at, text.len), str_from(titles[i])))
            continue;
        size_t len = strlen(titles[i]);
        size_t next = at + len;
        next += at_or_nul(text, next) == '.' ? 1 : 0;
        next += at_or_nul(text, next) == ' ' ? 1 : 0;
        if (next > at + len)
            return next - at;
    }
    return 0;
}

static bool after_title(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 0; i < sight->run_count; i++) {
        size_t at = sight->runs[i].at;
        bool begins = sight->runs[i].upper && has((str){"mdphfs", 6}, sight->runs[i].head);
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
    for (size_t at = scan_next(text, 0, ','); at < text.len; at = scan_next(text, at + 1, ',')) {
        size_t next = at + 1 + (at_or_nul(text, at + 1) == ' ' ? 1 : 0);
        for (size_t i = 0; is_upper(at_or_nul(text, next)) && degrees[i] != NULL; i++)
            if (degrees[i][0] == text.ptr[next] &&
                str_starts_with(str_slice(text, next, text.len), str_from(degrees[i])) &&
                !is_alnum(at_or_nul(text, next + strlen(degrees[i]))))
                return true;
    }
    return false;
}

// "Giulia Rossi MD"
static bool before_bare_degree(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 2; i < sight->run_count; i++) {
        str word = str_slice(text, sight->runs[i].at, sight->runs[i].at + sight->runs[i].len);
        size_t first = sight->runs[i - 2].at;
        size_t second = sight->runs[i - 1].at;
        bool degree = str_eq(word, STR("MD")) || str_eq(word, STR("RN")) ||
                      (str_eq(word, STR("M")) && at_or_nul(text, sight->runs[i].at + 2) == 'D');
        if (degree && first + proper_word(text, first) + 1 == second &&
            second + proper_word(text, second) + 1 == sight->runs[i].at &&
            text.ptr[second - 1] == ' ' && text.ptr[sight->runs[i].at - 1] == ' ')
            return true;
    }
    return false;
}

static bool with_caret(str text)
{
    enum { LETTERS_MIN = 5 }; // of both names: LI^WEI
    if (!has(text, '^'))
        return false;
    for (size_t at = scan_next(text, 2, '^'); at < text.len; at = scan_next(text, at + 1, '^')) {
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

bool phi_detect_person_name(const struct sight *sight)
{
    str text = sight->text;
    return (sees(sight, '^') && with_caret(text)) || after_title(sight) ||
           (sees(sight, ',') && before_degree(text)) ||
           scan_after(sight, KIND(NAME), begins_with_name) ||
           scan_after(sight, KIND(SEEN), begins_with_full_name) ||
           ((sees(sight, 'M') || sees(sight, 'R')) && before_bare_degree(sight));
}

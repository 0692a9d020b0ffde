// SPDX-License-Identifier: Apache-2.0
// A national drug code beside its name, and the schedule of a controlled substance: both tell what
// somebody takes.
#include "scan.h"

static bool begins_with_drug(str rest)
{
    enum { DIGITS_MIN = 5, GROUPED_DIGITS_MIN = 9, CHARACTERS_MAX = 14 };
    bool grouped = at_or_nul(rest, scan_digits(rest, 0)) == '-';
    size_t digits = grouped ? GROUPED_DIGITS_MIN : DIGITS_MIN;
    return is_digit(at_or_nul(rest, 0)) &&
           scan_code(rest, (struct code){digits, CHARACTERS_MAX, "-"});
}

// II, C-III, 4
static size_t schedule_at(str rest, size_t at)
{
    static const char *const numerals[] = {"iii", "ii", "iv", "v", "2n", "3n",
                                           "2",   "3",  "4",  "5", NULL};
    size_t start = at;
    if (scan_phrase(rest, at, "schedule ") > 0)
        at += scan_phrase(rest, at, "schedule ");
    if (to_upper(at_or_nul(rest, at)) == 'C')
        at += at_or_nul(rest, at + 1) == '-' ? 2 : 1;
    for (size_t i = 0; numerals[i] != NULL; i++) {
        size_t len = scan_phrase(rest, at, numerals[i]);
        if (len > 0 && !is_alnum(at_or_nul(rest, at + len)))
            return at + len - start;
    }
    return 0;
}

static bool begins_with_schedule(str rest)
{
    return schedule_at(rest, 0) > 0;
}

// "schedule II controlled substance"; a schedule alone may be one of visits
static bool is_substance(str rest)
{
    static const char *const words[] = {"controlled", "substance",  "drug", "narcotic",
                                        "opioid",     "medication", NULL};
    size_t len = schedule_at(rest, 0);
    while (at_or_nul(rest, len) == ' ' || at_or_nul(rest, len) == '-')
        len++;
    for (size_t i = 0; words[i] != NULL && len > 0; i++)
        if (scan_phrase(rest, len, words[i]) > 0)
            return true;
    return false;
}

// What software does with medications, and rules with what they prescribe.
static bool is_of_a_product(str word)
{
    static const char *const words[] = {"adherence", "administration", "alert",          "alerts",
                                        "changes",   "checks",         "count",          "counts",
                                        "data",      "dispensing",     "dose",           "duration",
                                        "errors",    "events",         "fields",         "format",
                                        "history",   "interval",       "items",          "level",
                                        "limit",     "limits",         "lines",          "lists",
                                        "lookups",   "management",     "manner",         "maximum",
                                        "minimum",   "model",          "module",         "names",
                                        "never",     "number",         "orders",         "period",
                                        "procedure", "range",          "reconciliation", "record",
                                        "records",   "reminder",       "reminders",      "request",
                                        "requests",  "review",         "reviews",        "safety",
                                        "schedule",  "service",        "steps",          "terms",
                                        "threshold", "times",          "unknown",        "update",
                                        "updates",   "value",          "values",         "under",
                                        "within",    "there",          "false",          "other",
                                        "total",     "version",        "model",          "batch",
                                        NULL};
    for (size_t i = 0; words[i] != NULL; i++)
        if (words[i][0] == to_lower(word.ptr[0]) && scan_phrase(word, 0, words[i]) == word.len)
            return true;
    return false;
}

// 500 mg, 20mg
static bool is_dose(str text, size_t at)
{
    static const char *const units[] = {"mg",    "mcg",    "ug",  "ml", "iu",
                                        "units", "tablet", "tab", "g",  NULL};
    at += at_or_nul(text, at) == ' ' ? 1 : 0;
    size_t digits = scan_digits(text, at);
    at += digits;
    at += at_or_nul(text, at) == ' ' ? 1 : 0;
    for (size_t i = 0; digits > 0 && units[i] != NULL; i++) {
        size_t len = scan_phrase(text, at, units[i]);
        if (len > 0 && !is_letter(at_or_nul(text, at + len)))
            return true;
    }
    return false;
}

// medication: lisinopril; prescribed metformin 500 mg
static bool names_medication(const struct sight *sight)
{
    enum { LETTERS_MIN = 5, MEDICATION_WORK = 45 };
    for (size_t i = 0; (sight->words & KIND(MEDICATION)) != 0 && i < sight->place_count; i++) {
        const struct place *place = &sight->places[i];
        size_t letters = scan_letters(place->rest, 0);
        char after = at_or_nul(place->rest, letters);
        bool takes = to_lower(sight->text.ptr[place->word]) == 'p' ||
                     to_lower(sight->text.ptr[place->word]) == 'v'; // prescribed, verordnet
        if ((place->kinds & KIND(MEDICATION)) == 0 || letters < LETTERS_MIN ||
            !sight_pays(sight, MEDICATION_WORK) || is_digit(after) || after == '_' ||
            after == '-' || is_of_a_product(str_slice(place->rest, 0, letters)))
            continue;
        if (takes || scan_follows_sign(sight, place) || is_dose(place->rest, letters))
            return true;
    }
    return false;
}

bool phi_detect_drug_code(const struct sight *sight)
{
    return scan_after(sight, KIND(DRUG), begins_with_drug) ||
           scan_after(sight, KIND(SUBSTANCE), begins_with_schedule) ||
           scan_after(sight, KIND(SCHEDULE), is_substance) || names_medication(sight);
}

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

bool phi_detect_drug_code(const struct sight *sight)
{
    return scan_after(sight, KIND(DRUG), begins_with_drug) ||
           scan_after(sight, KIND(SUBSTANCE), begins_with_schedule) ||
           scan_after(sight, KIND(SCHEDULE), is_substance);
}

// SPDX-License-Identifier: Apache-2.0
// No standard and no check digit: five digits or more after words that say so, and right after
// one that names a patient.
#include "phial/util/array.h"
#include "scan.h"

enum { MRN_DIGITS_MIN = 5, MRN_LETTERS_MAX = 3, CHART_GAP_MAX = 4, LABEL_WORK = 5 };

// 809-8-10171, J6681012: a few letters, then digits in groups
static bool begins_with_number(str rest)
{
    size_t at = scan_letters(rest, 0);
    size_t digits = 0;
    if (at > MRN_LETTERS_MAX)
        return false;
    for (; at < rest.len && digits < MRN_DIGITS_MIN; at++) {
        if (is_digit(rest.ptr[at]))
            digits++;
        else if (rest.ptr[at] != '-' && rest.ptr[at] != '_' && rest.ptr[at] != '.')
            break;
    }
    return digits == MRN_DIGITS_MIN;
}

// PT00123456, patient-00123456, MR#123456: digits alone, right after the word
struct label {
    const char *word;
    const char *joints; // one of these, or none
    bool bare;          // none will do
    size_t digits_min;
    size_t digits_max;
};

static bool labelled_at(str text, size_t at, const struct label *label)
{
    size_t next = at + scan_phrase(text, at, label->word);
    if (next == at || next >= text.len)
        return false;
    if (strchr(label->joints, text.ptr[next]) != NULL) {
        next++;
        next += at_or_nul(text, next) == '#' ? 1 : 0;
    } else if (!label->bare)
        return false;
    size_t digits = scan_digits(text, next);
    return digits >= label->digits_min && digits <= label->digits_max &&
           !is_alnum(at_or_nul(text, next + digits)) &&
           !scan_is_date(str_slice(text, next, next + digits));
}

// chart 473936, but not chart-473936, which renders one
static bool is_chart_at(str text, size_t at)
{
    size_t next = at + scan_phrase(text, at, "chart");
    if (next == at || is_alnum(at_or_nul(text, next)))
        return false;
    size_t gap = 0;
    while (gap < CHART_GAP_MAX && next + gap < text.len &&
           strchr(" #:=", text.ptr[next + gap]) != NULL)
        gap++;
    return gap > 0 &&
           scan_code(str_slice(text, next + gap, text.len),
                     (struct code){MRN_DIGITS_MIN, 16, "-"}) &&
           !scan_is_date(str_slice(text, next + gap, next + gap + scan_digits(text, next + gap)));
}

static bool labelled(const struct sight *sight)
{
    static const struct label labels[] = {{"patient", "-_#:.= /", true, 5, SIZE_MAX},
                                          {"pat", "-_#:.= ", true, 6, 10},
                                          {"pt", "-_#:.= ", true, 6, 10},
                                          {"mr", "#", false, 6, 10}};
    str text = sight->text;
    const uint32_t any = WAKE(CHART) | WAKE(MR) | WAKE(PATIENT);
    for (size_t n = 0; sight_finds(sight, &n, any); n++) {
        size_t at = sight->runs[n].at;
        for (size_t i = 0; sight_pays(sight, LABEL_WORK) && i < COUNT_OF(labels); i++)
            if (labelled_at(text, at, &labels[i]))
                return true;
        if (is_chart_at(text, at))
            return true;
    }
    return false;
}

bool phi_detect_mrn(const struct sight *sight)
{
    return scan_after(sight, KIND(MRN), begins_with_number) || labelled(sight);
}

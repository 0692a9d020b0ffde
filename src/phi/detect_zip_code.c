// SPDX-License-Identifier: Apache-2.0
// Five digits are anything: only beside a word, or behind a state.
#include "scan.h"

static bool is_zip_at(str text, size_t at)
{
    size_t end = at + 5;
    if (scan_digits(text, at) != 5)
        return false;
    if (at_or_nul(text, end) == '-' && scan_digits(text, end + 1) == 4)
        end += 5;
    char after = at_or_nul(text, end);
    return !is_alnum(after) && !(after == '.' && is_digit(at_or_nul(text, end + 1)));
}

// SW1A 1AA
static bool is_british(str rest)
{
    size_t letters = scan_letters(rest, 0);
    size_t at = letters;
    if (letters == 0 || letters > 2 || !is_digit(at_or_nul(rest, at)))
        return false;
    at += is_alnum(at_or_nul(rest, at + 1)) && at_or_nul(rest, at + 2) == ' ' ? 2 : 1;
    at += at_or_nul(rest, at) == ' ' ? 1 : 0;
    return is_digit(at_or_nul(rest, at)) && scan_letters(rest, at + 1) == 2 &&
           !is_alnum(at_or_nul(rest, at + 3));
}

static bool begins_with_zip(str rest)
{
    return is_zip_at(rest, 0) || is_british(rest);
}

// "Springfield, IL 62704"
static bool behind_state(const struct sight *sight)
{
    enum { STATE_WORK = 40 };
    str text = sight->text;
    static const char states[] =
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO "
        "MT NE NV NH NJ NM NY NC ND OH OK OR PA PR RI SC SD TN TX UT VT VA WA WV WI "
        "WY DC";
    for (size_t n = 0; sight_finds(sight, &n, WAKE(STATE)); n++) {
        size_t at = sight->runs[n].at;
        if (!is_zip_at(text, at + 3) || !sight_pays(sight, STATE_WORK))
            continue;
        for (size_t i = 0; i + 1 < sizeof states; i += 3)
            if (states[i] == text.ptr[at] && states[i + 1] == text.ptr[at + 1])
                return true;
    }
    return false;
}

bool phi_detect_zip_code(const struct sight *sight)
{
    return scan_after(sight, KIND(ZIP), begins_with_zip) || behind_state(sight);
}

// SPDX-License-Identifier: Apache-2.0
// Four numbers up to 255; a dotted number longer than that is an OID or a version.
#include "scan.h"

enum { ADDRESS_WORK = 4, ADDRESS_CHARACTERS_MIN = 13 }; // behind a name; with its dots

static bool address_at(str text, size_t at, size_t *end)
{
    for (int part = 0; part < 4; part++) {
        size_t digits = scan_digits(text, at);
        int value = 0;
        for (size_t i = 0; i < digits && i < 4; i++)
            value = value * 10 + (text.ptr[at + i] - '0');
        if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text.ptr[at] == '0'))
            return false;
        at += digits;
        if (part < 3 && at_or_nul(text, at++) != '.')
            return false;
    }
    *end = at;
    return true;
}

// Two numbers of three digits: 192.168.1.20-prod
static bool has_long_parts(str text, size_t at, size_t end)
{
    size_t parts = 0;
    for (; at < end; at += scan_digits(text, at) + 1)
        parts += scan_digits(text, at) == 3 ? 1 : 0;
    return parts >= 2;
}

// A version has a suffix: 1.2.3.4-rc.1, v1.2.3.4
static bool stands_alone(str text, size_t at, size_t end)
{
    char before = before_or_nul(text, at);
    char after = at_or_nul(text, end);
    char beyond = at_or_nul(text, end + 1);
    if (is_alnum(before) || before == '.' || is_alnum(after) || after == '_')
        return false;
    if ((after == '.' || after == '-' || after == '+') && is_alnum(beyond))
        return after != '.' && has_long_parts(text, at, end);
    if (!is_alnum(before_or_nul(text, before == '\0' ? 0 : at - 1)) || !among(before, "-_/"))
        return true;
    // imaging-3.5.29.1 is a version behind a name, and so is Chrome/128.0.0.0
    return end - at >= ADDRESS_CHARACTERS_MIN &&
           !str_ends_with(str_slice(text, at, end), STR(".0.0.0"));
}

bool phi_detect_ipv4(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(IPV4)); i++) {
        size_t end = 0;
        size_t at = sight->runs[i].at;
        if (before_or_nul(text, at) != '.' && sight_pays(sight, ADDRESS_WORK) &&
            address_at(text, at, &end) && stands_alone(text, at, end))
            return true;
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
// Roots under which instances are numbered. The standard's own root, 1.2.840.10008, names classes.
#include "phial/util/array.h"
#include "scan.h"

enum { DICOM_UID_BYTES_MAX = 64, UID_BYTES_MIN = 10, UID_WORK = 8 };

static size_t count_dots(str uid)
{
    size_t dots = 0;
    for (size_t i = 0; i < uid.len; i++)
        dots += uid.ptr[i] == '.' ? 1 : 0;
    return dots;
}

// The roots differ at their first, third and fourth characters, or are longer than these.
static bool begins(str uid, str root)
{
    return uid.ptr[0] == root.ptr[0] && uid.ptr[2] == root.ptr[2] && uid.ptr[3] == root.ptr[3] &&
           str_starts_with(uid, root);
}

static bool is_instance(str uid)
{
    static const str roots[] = {
        {"1.2.840.113619.", 15},
        {"1.2.840.113704.", 15},
        {"1.3.12.2.1107.", 14},
        {"1.3.46.670589.", 14},
        {"1.2.392.200036.", 15},
        {"1.2.826.0.1.3680043.", 20},
        {"1.2.276.0.", 10},
        {"1.2.250.1.", 10},
        {"1.2.124.", 8},
        {"1.2.752.", 8},
        {"1.2.528.1.", 10},
        {"1.2.840.114", 11},
        {"1.2.840.11", 10},
        {"2.16.840.1.113883.4.", 20},
        {"2.16.840.1.113669.", 18},
        {"2.25.", 5},
    };
    // Encryption and other things of the companies under the same arcs.
    static const str others[] = {{"1.2.840.113549.", 15}, {"1.2.840.113556.", 15}};
    enum { DOTS_MIN = 4, COMPANY_DOTS_MIN = 9 };
    if (uid.len < UID_BYTES_MIN)
        return false;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (begins(uid, others[i]))
            return false;
    if (begins(uid, STR("1.3.6.1.4.1."))) // a company's, of which SNMP has short ones
        return count_dots(uid) >= COMPANY_DOTS_MIN;
    for (size_t i = 0; i < COUNT_OF(roots); i++)
        if (begins(uid, roots[i]))
            return count_dots(uid) >= DOTS_MIN || (begins(uid, STR("2.25.")) && uid.len > 20);
    return false;
}

// Digits and dots from the first of them on: dots before the UID belong to its length.
static bool uid_at(str text, size_t at)
{
    size_t from = at;
    size_t end = at;
    while (before_or_nul(text, from) == '.') // the end of a sentence, or of a prefix
        from--;
    if (is_digit(before_or_nul(text, from)))
        return false;
    while (end - from <= DICOM_UID_BYTES_MAX &&
           (is_digit(at_or_nul(text, end)) || at_or_nul(text, end) == '.'))
        end++;
    return end - from <= DICOM_UID_BYTES_MAX && is_instance(str_slice(text, at, end));
}

bool phi_detect_dicom_uid(const struct sight *sight)
{
    for (size_t i = 0; sight_finds(sight, &i, WAKE(UID)); i++)
        if (sight_pays(sight, UID_WORK) && uid_at(sight->text, sight->runs[i].at))
            return true;
    return false;
}

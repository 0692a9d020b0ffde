// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

enum { SEGMENT_WORK = 20 };

static bool segment_at(str text, size_t at)
{
    static const str names[] = {
        {"MSH|", 4}, {"PID|", 4}, {"NK1|", 4}, {"PV1|", 4}, {"PV2|", 4}, {"PD1|", 4}, {"IN1|", 4},
        {"IN2|", 4}, {"GT1|", 4}, {"OBX|", 4}, {"OBR|", 4}, {"ORC|", 4}, {"FT1|", 4}, {"DG1|", 4},
        {"AL1|", 4}, {"EVN|", 4}, {"NM1*", 4}, {"DMG*", 4}, {"SBR*", 4}, {"REF*", 4}, {"CLM*", 4}};
    str rest = str_slice(text, at, text.len);
    char sign = at_or_nul(text, at + 3);
    for (size_t i = 0; (sign == '|' || sign == '*') && i < COUNT_OF(names); i++) {
        if (names[i].ptr[0] != rest.ptr[0] || !str_starts_with(rest, names[i]))
            continue;
        for (size_t n = 4; n < rest.len && rest.ptr[n] != '\r' && rest.ptr[n] != '\n'; n++)
            if (rest.ptr[n] == names[i].ptr[3]) // a second field
                return true;
    }
    return false;
}

bool phi_detect_hl7_segment(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(SEGMENT)); i++)
        if (sight_pays(sight, SEGMENT_WORK) && segment_at(text, sight->runs[i].at))
            return true;
    return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

enum { COLON_WORK = 7 };

bool phi_detect_url(const struct sight *sight)
{
    str text = sight->text;
    for (size_t at = sees(sight, '/') ? scan_next(text, 1, ':') : text.len; at + 3 < text.len;
         at = scan_next(text, at + 1, ':'))
        if (sight_pays(sight, COLON_WORK) && text.ptr[at + 1] == '/' && text.ptr[at + 2] == '/' &&
            is_alnum(text.ptr[at - 1]) && !among(text.ptr[at + 3], " \t"))
            return true;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(WWW)); i++) {
        size_t at = sight->runs[i].at;
        if (scan_phrase(text, at, "www.") == 4 && is_alnum(at_or_nul(text, at + 4)))
            return true;
    }
    return false;
}

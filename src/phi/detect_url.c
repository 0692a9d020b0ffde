// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

bool phi_detect_url(const struct sight *sight)
{
    str text = sight->text;
    if (!sees(sight, ':') && !sees(sight, '.'))
        return false;
    for (size_t at = 0; at + 4 < text.len; at++) {
        str rest = str_slice(text, at, text.len);
        bool begins = at == 0 || !is_alnum(text.ptr[at - 1]);
        bool slashes = at > 1 && str_starts_with(rest, STR("://")) && is_alnum(text.ptr[at - 1]) &&
                       !str_contains(STR(" \t"), text.ptr[at + 3]);
        if (slashes || (begins && scan_phrase(text, at, "www.") == 4 && is_alnum(text.ptr[at + 4])))
            return true;
    }
    return false;
}

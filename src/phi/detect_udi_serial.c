// SPDX-License-Identifier: Apache-2.0
// GS1: (01) and fourteen digits name the product, which is no one's; (21) is the single device.
#include "scan.h"

enum { MARKED_WORK = 20 };

bool phi_detect_udi_serial(const struct sight *sight)
{
    str text = sight->text;
    for (size_t at = scan_next(text, 0, '('); at + 18 < text.len;
         at = scan_next(text, at + 1, '(')) {
        if (text.ptr[at + 1] != '0' || !sight_pays(sight, MARKED_WORK) ||
            !str_starts_with(str_slice(text, at, text.len), STR("(01)")) ||
            scan_digits(text, at + 4) != 14)
            continue;
        for (size_t from = scan_next(text, at + 18, '('); from + 4 < text.len;
             from = scan_next(text, from + 1, '('))
            if (str_starts_with(str_slice(text, from, text.len), STR("(21)")))
                return true;
    }
    return false;
}

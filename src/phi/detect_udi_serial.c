// SPDX-License-Identifier: Apache-2.0
// GS1: (01) and fourteen digits name the product, which is no one's; (21) is the single device.
#include "scan.h"

enum { MARKED_WORK = 5 };

bool phi_detect_udi_serial(const struct sight *sight)
{
    str text = sight->text;
    bool product = false; // stands before
    for (size_t at = scan_next(text, 0, '('); at + 4 < text.len;
         at = scan_next(text, at + 1, '(')) {
        if (text.ptr[at + 3] != ')' || !sight_pays(sight, MARKED_WORK))
            continue;
        str number = str_slice(text, at + 1, at + 3);
        if (product && str_eq(number, STR("21")))
            return true;
        product = product || (str_eq(number, STR("01")) && scan_digits(text, at + 4) == 14);
    }
    return false;
}

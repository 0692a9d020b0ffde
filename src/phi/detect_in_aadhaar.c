// SPDX-License-Identifier: Apache-2.0
// Twelve digits, the last a check after Verhoeff: only beside a word.
#include "scan.h"

static bool verhoeff_holds(str digits)
{
    static const char product[10][11] = {"0123456789", "1234067895", "2340178956", "3401289567",
                                         "4012395678", "5987604321", "6598710432", "7659821043",
                                         "8765932104", "9876543210"};
    static const char places[8][11] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                       "9453126870", "4286573901", "2793806415", "7046913258"};
    int check = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.ptr[digits.len - 1 - i] - '0';
        check = product[check][places[i % 8][digit] - '0'] - '0';
    }
    return check == 0;
}

static bool begins_with_aadhaar(str rest)
{
    char digits[12];
    return scan_squeezed(rest, " -", digits, sizeof digits) == sizeof digits && digits[0] >= '2' &&
           verhoeff_holds((str){digits, sizeof digits});
}

bool phi_detect_in_aadhaar(const struct sight *sight)
{
    return scan_after(sight, KIND(AADHAAR), begins_with_aadhaar);
}

// SPDX-License-Identifier: Apache-2.0
// No standard and no check digit: five digits or more right after a word that says so.
#include "scan.h"

enum { MRN_DIGITS_MIN = 5, MRN_LETTERS_MAX = 3 };

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

bool phi_detect_mrn(str text)
{
    static const char *const words[] = {"mrn",
                                        "mr no",
                                        "med rec",
                                        "med record",
                                        "medical record",
                                        "medrec",
                                        "patient id",
                                        "patient no",
                                        "pt id",
                                        "pt no",
                                        "patient number",
                                        "chart no",
                                        "chart number",
                                        "chart id",
                                        "chart",
                                        "mpi",
                                        "empi",
                                        "unit no",
                                        "hospital no",
                                        "hospital number",
                                        "medicalrecord",
                                        "patient identifier",
                                        "patientennummer",
                                        NULL};
    return scan_after(text, words, begins_with_number);
}

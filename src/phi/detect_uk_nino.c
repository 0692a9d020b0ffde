// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

static bool is_nino(str squeezed)
{
    static const str never[] = {{"BG", 2}, {"GB", 2}, {"NK", 2}, {"KN", 2},
                                {"TN", 2}, {"NT", 2}, {"ZZ", 2}};
    for (size_t i = 0; i < COUNT_OF(never); i++)
        if (str_starts_with(squeezed, never[i]))
            return false;
    return among(squeezed.ptr[0], "ABCEGHJKLMNOPRSTWXYZ") &&
           among(squeezed.ptr[1], "ABCEGHJKLMNPRSTWXYZ") && among(squeezed.ptr[8], "ABCD");
}

// AB 123456C: the six digits with their letter are a run
static bool in_two_runs(const struct sight *sight)
{
    enum { PREFIX = 2, REST = 7, NINO_WORK = 20 };
    str text = sight->text;
    for (size_t i = 1; sight_finds(sight, &i, WAKE(NINO)); i++) {
        const struct run *rest = &sight->runs[i];
        const struct run *prefix = rest - 1;
        char squeezed[PREFIX + REST];
        if (prefix->len != PREFIX || rest->len != REST || text.ptr[rest->at - 1] != ' ' ||
            rest->at != prefix->at + PREFIX + 1 || !sight_pays(sight, NINO_WORK))
            continue;
        for (size_t k = 0; k < sizeof squeezed; k++)
            squeezed[k] = to_upper(text.ptr[prefix->at + k + (k < PREFIX ? 0 : 1)]);
        if (is_nino((str){squeezed, sizeof squeezed}))
            return true;
    }
    return false;
}

bool phi_detect_uk_nino(const struct sight *sight)
{
    static const struct shape shapes[] = {SHAPE("AA999999A", "", "", "", EDGE_UPPER),
                                          SHAPE("AA", "-99", "-99-99-A", "- ", EDGE_WORD),
                                          SHAPE("AA99", "-99", "-99A", "- ", EDGE_WORD),
                                          SHAPE("AA", "-999999", "-A", " ", EDGE_WORD)};
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_nino) ||
           in_two_runs(sight);
}

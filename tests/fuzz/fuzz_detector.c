// SPDX-License-Identifier: Apache-2.0
// One detector alone: the first byte chooses it, the rest is the text. It answers the same twice,
// and what it finds the whole scan finds too.
#include "phial/phi/phi.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct phi_detectors detectors = phi_detectors();
    if (size == 0)
        return 0;
#ifdef FUZZ_DETECTOR // its position in the table: a target for it alone
    size_t chosen = FUZZ_DETECTOR;
#else
    size_t chosen = data[0] % detectors.count;
#endif
    str text = {(const char *)data + 1, size - 1};
    uint64_t others = ~(UINT64_C(1) << chosen);
    const struct phi_detector *hit = phi_find(text, others);
    if (hit != NULL && hit != detectors.items[chosen])
        abort();
    if (hit != phi_find(text, others) || (hit != NULL && phi_find(text, 0) == NULL))
        abort();
    return 0;
}

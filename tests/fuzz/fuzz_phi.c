// SPDX-License-Identifier: Apache-2.0
// Any bytes as a text and as a name: an answer, and the same one twice.
#include "phial/phi/phi.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    str text = {(const char *)data, size};
    const struct phi_detector *hit = phi_find(text, 0);
    if (hit != phi_find(text, 0) || phi_find(text, UINT64_MAX) != NULL)
        abort();
    if (phi_name_of_closed(text) && !phi_name(text))
        abort();
    (void)phi_ambiguous_number(text);
    return 0;
}

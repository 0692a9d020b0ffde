// SPDX-License-Identifier: Apache-2.0
#include "phial/phi/phi.h"

// The pointer down to its first name that may be somebody's.
static str shown(str pointer)
{
    size_t start = 0;
    while (start < pointer.len) { // at a slash
        size_t end = start + 1;
        while (end < pointer.len && pointer.ptr[end] != '/')
            end++;
        if (phi_find(str_slice(pointer, start + 1, end), 0) != NULL)
            return str_slice(pointer, 0, start);
        start = end;
    }
    return pointer;
}

void phi_hide_names(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        faults->items[i].pointer = shown(faults->items[i].pointer);
}

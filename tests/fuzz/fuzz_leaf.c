// SPDX-License-Identifier: Apache-2.0
// Any lines as the leaves of a log: they are refused or fold into live events.
#include "phial/rating/usage.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    OWNED(usage_fold_release) struct usage_fold *fold = usage_fold_new(&arena);
    struct usage usage = {0};
    str rest = {(const char *)data, size};
    for (int64_t index = 0; rest.len > 0; index++) {
        str line = rest;
        str after = STR("");
        (void)str_cut(rest, '\n', &line, &after);
        (void)usage_fold_add(fold, index, line);
        rest = after;
    }
    if (!failed(usage_fold_end(fold, &usage))) {
        for (size_t i = 0; i < usage.count; i++)
            assert(!usage.events[i].voided && usage_fold_find(fold, usage.events[i].index) != NULL);
    }
    usage_fold_release(&fold);
    arena_reset(&arena);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any text as a report's template: it is refused with a fault, or has columns.
#include "phial/rating/report_template.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct faults *faults = arena_new(&arena, struct faults);
    struct report_template form = {0};
    OWNED(json_release) json_t *root = NULL;
    faults->arena = &arena;
    if (!failed(json_parse((str){(const char *)data, size}, &root))) {
        bool fine =
            report_template_parse((struct json_at){root, STR(""), faults}, STR("own"), &form);
        assert(fine == (faults->count == 0));
        assert(!fine || (form.column_count > 0 && form.column_count <= REPORT_COLUMNS_MAX));
    }
    arena_reset(&arena);
    return 0;
}

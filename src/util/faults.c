// SPDX-License-Identifier: Apache-2.0
#include "phial/util/faults.h"

#include "phial/util/buf.h"

void faults_add(struct faults *faults, str pointer, const char *code, const char *detail)
{
    if (faults->count == FAULTS_MAX)
        return;
    faults->items[faults->count++] =
        (struct fault){str_copy(faults->arena, pointer), code, NULL, detail};
}

void faults_add_phi(struct faults *faults, str pointer, const char *detector)
{
    size_t before = faults->count;
    faults_add(faults, pointer, "phi_detected", "This looks like a patient's identifier.");
    if (faults->count != before)
        faults->items[before].detector = detector;
}

str pointer_member(struct arena *arena, str pointer, str name)
{
    struct buf text = {.arena = arena};
    buf_add(&text, pointer);
    buf_add_char(&text, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '~')
            buf_add(&text, STR("~0"));
        else if (name.ptr[i] == '/')
            buf_add(&text, STR("~1"));
        else
            buf_add_char(&text, name.ptr[i]);
    }
    return buf_str(&text);
}

str pointer_item(struct arena *arena, str pointer, size_t index)
{
    return str_printf(arena, "%" STR_FMT "/%zu", STR_ARG(pointer), index);
}

result faults_result(const struct faults *faults)
{
    if (faults->count == 0)
        return OK;
    const struct fault *first = &faults->items[0];
    if (first->detector != NULL)
        return FAIL(PHI_DETECTED, first->detail);
    return FAIL(INVALID, first->detail);
}

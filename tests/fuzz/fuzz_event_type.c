// SPDX-License-Identifier: Apache-2.0
// Any document: a type or faults, never both and never neither; values of any form against it; and
// no claim that one of its declarations forbids.
#include "phial/phi/claim.h"
#include "phial/phi/event_type.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_values(struct arena *arena, const struct event_type *type, str text)
{
    for (size_t i = 0; i < type->property_count; i++) {
        for (int kind = JSON_KIND_ABSENT; kind <= JSON_KIND_TRUE; kind++) {
            struct raw_value value = {(enum json_kind)kind, text};
            str canonical = {0};
            struct refusal refusal = property_check(arena, &type->properties[i], value, &canonical);
            if ((refusal.code == NULL) == (canonical.ptr == NULL))
                abort();
        }
    }
}

static void check_claim(struct arena *arena, const struct event_type *type)
{
    struct claim_made made = claim_make(arena, type);
    if (made.names_persons && made.claim > CLAIM_LIMITED_DATA_SET)
        abort();
    for (size_t i = 0; i < made.limit_count; i++) {
        if (made.limits[i].allows < made.claim)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    OWNED(json_release) json_t *root = NULL;
    str text = {(const char *)data, size};
    if (!failed(json_parse(text, &root))) {
        const struct event_type *type =
            event_type_parse((struct json_at){root, STR(""), &faults}, STR("fuzz"));
        if ((type == NULL) == (faults.count == 0))
            abort();
        if (type != NULL) {
            check_values(&arena, type, text);
            check_claim(&arena, type);
        }
    }
    arena_reset(&arena);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// What json_parse takes can be printed, and its canonical form is its own canonical form.
#include "phial/json/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_fields(struct arena *arena, const json_t *root)
{
    struct faults faults = {.arena = arena};
    decimal amount = {0};
    instant at = {0};
    str text = {0};
    const json_t *items = NULL;
    bool right = json_read((struct json_at){root, STR(""), &faults},
                           FIELDS(json_decimal("a", &amount), json_instant("b", &at),
                                  json_optional(json_text("c", &text)),
                                  json_optional(json_items("d", &items))));
    assert(right == (faults.count == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = NULL;
    OWNED(json_release) json_t *again = NULL;
    str text = {0};
    str same = {0};
    if (!failed(json_parse((str){(const char *)data, size}, &root))) {
        read_fields(&arena, root);
        (void)json_print(&arena, root);
        if (!failed(json_canonical(&arena, root, &text))) {
            result parsed = json_parse(text, &again);
            assert(!failed(parsed));
            parsed = json_canonical(&arena, again, &same);
            assert(!failed(parsed) && str_eq(text, same));
        }
    }
    arena_reset(&arena);
    return 0;
}

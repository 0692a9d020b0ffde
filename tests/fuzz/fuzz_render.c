// SPDX-License-Identifier: Apache-2.0
// Any text as a statement and a customer: refused, or shown in every form, the same each time.
#include "phial/render/render.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef result (*renderer)(struct arena *arena, const struct bill *bill, str *bytes);

static void render_twice(struct arena *arena, const struct bill *bill, renderer render)
{
    str first = {0};
    str second = {0};
    if (failed(render(arena, bill, &first)))
        return;
    if (failed(render(arena, bill, &second)) || !str_eq(first, second))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bill_seller seller = {
        .name = {"Seller", 6}, .address = {.country = {"IE", 2}}, .tax_id = {"IE1234567FA", 11}};
    struct arena arena = {0};
    OWNED(json_release) json_t *root = NULL;
    struct bill bill = {0};
    if (size > 0 && !failed(json_parse((str){(const char *)data + 1, size - 1}, &root))) {
        struct bill_source source = {
            .kind = data[0] & 1 ? BILL_CREDIT_NOTE : BILL_INVOICE,
            .statement = root,
            .customer = json_object_get(root, "customer_document"),
            .seller = &seller,
            .server = STR("phial.local"),
        };
        if (!failed(bill_read(&arena, &source, &bill))) {
            render_twice(&arena, &bill, render_html);
            render_twice(&arena, &bill, render_ubl);
            if (data[0] & 2)
                render_twice(&arena, &bill, render_pdf);
        }
    }
    arena_reset(&arena);
    return 0;
}

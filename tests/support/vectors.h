// SPDX-License-Identifier: Apache-2.0
// vectors.h - the published vectors of tests/data/vectors, read.
#pragma once

#include "check_main.h"
#include "phial/json/json.h"
#include "phial/util/encode.h"
#include "phial/util/file.h"

// The caller owns what is returned.
static inline json_t *read_vectors(struct arena *arena, const char *path)
{
    str text = {0};
    json_t *root = NULL;
    ck_assert_ok(file_read(arena, path, (size_t)1024 * 1024, &text));
    ck_assert_ok(json_parse(text, &root));
    return root;
}

static inline str text_of(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static inline str bytes_of(struct arena *arena, const json_t *hex)
{
    str bytes = {0};
    ck_assert(json_is_string(hex));
    ck_assert(decode_hex(arena, json_str(hex), &bytes));
    return bytes;
}

static inline str base64_of(struct arena *arena, const json_t *text)
{
    str bytes = {0};
    ck_assert(json_is_string(text));
    ck_assert(decode_base64(arena, json_str(text), &bytes));
    return bytes;
}

// SPDX-License-Identifier: Apache-2.0
// verify_fixture.h - exports made by hand, verified, and what was said.
#pragma once

#include "export_builder.h"
#include "phial/audit/verify.h"
#include "verify_parts.h"

#include <stdio.h>
#include <unistd.h>

static const struct range whole = {0, INVOICE_SIZE + 2, INVOICE_SIZE + 2, 0};

// Files of this test program alone.
static inline const char *scratch(struct arena *arena, const char *name)
{
    return str_printf(arena, "/tmp/phial-test-verify-%ld-%s", (long)getpid(), name).ptr;
}

// Not flushed to disk as file_write does: there are hundreds of them.
static inline void write_file(const char *path, str bytes)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    ck_assert_int_eq(fclose(file), 0);
}

struct outcome {
    struct verification verification;
    const char *text; // what was printed
};

static inline struct outcome verify_files_at(struct built *built, const char *path, const char *key,
                                             const char *against)
{
    struct outcome outcome = {.text = ""};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    ck_assert_ok(verify_export(&built->arena, path, key, against, out, &outcome.verification));
    ck_assert_int_eq(fclose(out), 0);
    outcome.text = str_to_c(&built->arena, str_from(text));
    free(text);
    // However few the events are: sums of them say the same.
    struct verification summed = {0};
    out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    ck_assert_ok(
        verify_with(&built->arena, &(struct verifying){path, key, against, out, 0}, &summed));
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(text, outcome.text);
    free(text);
    size_t lines = 0;
    for (const char *at = outcome.text; *at != '\0'; at++)
        lines += *at == '\n';
    ck_assert_uint_eq(lines, (size_t)outcome.verification.faults);
    return outcome;
}

static inline const char *key_file(struct built *built)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    const char *path = scratch(&built->arena, "key.pem");
    signing_key_public(built->key, public);
    write_file(path, public_key_print(&built->arena, public));
    return path;
}

static inline struct outcome verify_built(struct built *built)
{
    const char *path = scratch(&built->arena, "export.tar");
    const char *key = key_file(built);
    tar_build(built, path, NULL, MEMBER_FILE);
    struct outcome outcome = verify_files_at(built, path, key, NULL);
    (void)unlink(path);
    (void)unlink(key);
    return outcome;
}

static inline void expect(const struct outcome *outcome, const char *sentence)
{
    ck_assert_msg(strstr(outcome->text, sentence) != NULL, "wanted: %s\ngot:\n%s", sentence,
                  outcome->text);
    ck_assert_int_gt(outcome->verification.faults, 0);
}

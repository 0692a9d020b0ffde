// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/verify.h"

#include "phial/util/encode.h"
#include "phial/util/file.h"
#include "verify_parts.h"

enum { KEY_FILE_MAX = 16 * 1024 };

static void held_release(struct exported *exported)
{
    json_decref(exported->held);
    archive_files_close(&exported->files);
}

// What can be said of an export by itself, but for its invoices.
static result verify_alone(const char *path, struct exported *exported)
{
    TRY(archive_files_read(exported->arena, path, exported->report, &exported->files));
    verify_keys(exported);
    verify_files(exported);
    verify_manifest(exported);
    verify_checkpoint(exported);
    verify_proof(exported);
    verify_carried(exported);
    verify_leaves(exported);
    verify_root(exported);
    return OK;
}

// With the key that was given, or one that the newer export follows from it.
static result verify_older(const char *path, const unsigned char *given, struct exported *newer)
{
    struct report report = {.out = newer->report->out, .about = "Older export: "};
    OWNED(held_release)
    struct exported older = {
        .arena = newer->arena,
        .report = &report,
        .public_key = given,
        .keys = newer->keys,
        .key_count = newer->key_count,
        .tallied_from = newer->tallied_from,
        .held = json_array(),
    };
    TRY(verify_alone(path, &older));
    newer->report->faults += report.faults;
    verify_extends(newer, &older);
    return OK;
}

result verify_with(struct arena *arena, const struct verifying *what,
                   struct verification *verification)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    str pem = {0};
    TRY(file_read(arena, what->public_key_path, KEY_FILE_MAX, &pem));
    TRY(public_key_parse(pem, public));

    struct report report = {.out = what->out, .about = ""};
    OWNED(held_release)
    struct exported exported = {.arena = arena,
                                .report = &report,
                                .public_key = public,
                                .tallied_from = what->tallied_from,
                                .held = json_array()};
    int64_t invoices = 0;
    TRY(verify_alone(what->path, &exported));
    verify_invoices(&exported, &invoices);
    if (what->against != NULL)
        TRY(verify_older(what->against, public, &exported));
    *verification = (struct verification){
        .faults = report.faults,
        .limits = report.limits,
        .entries = (int64_t)exported.log.count,
        .invoices = invoices,
        .customer = exported.customer,
        .size = exported.size,
        .root = encode_base64(arena, sha256_str(&exported.checkpoint.root)),
    };
    return OK;
}

result verify_export(struct arena *arena, const char *path, const char *public_key_path,
                     const char *against, FILE *out, struct verification *verification)
{
    struct verifying what = {path, public_key_path, against, out, TALLIED_FROM};
    return verify_with(arena, &what, verification);
}

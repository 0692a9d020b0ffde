// SPDX-License-Identifier: Apache-2.0
// export_builder.h - the export of a log made by hand, with whatever is wrong in it signed all the
// same.
#pragma once

#include "log_builder.h"
#include "phial/merkle/note.h"
#include "phial/util/file.h"

#include <archive.h>
#include <archive_entry.h>

static inline void put_file(struct built *built, const char *name, str bytes)
{
    for (size_t i = 0; i < built->file_count; i++) {
        if (str_eq(built->files[i].name, str_from(name))) {
            built->files[i].bytes = bytes;
            return;
        }
    }
    ck_assert_uint_lt(built->file_count, FILES_MAX);
    built->files[built->file_count].name = str_from(name);
    built->files[built->file_count++].bytes = bytes;
}

static inline str get_file(const struct built *built, const char *name)
{
    for (size_t i = 0; i < built->file_count; i++) {
        if (str_eq(built->files[i].name, str_from(name)))
            return built->files[i].bytes;
    }
    ck_abort_msg("no file %s", name);
    return STR("");
}

static inline void drop_file(struct built *built, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < built->file_count; i++) {
        if (!str_eq(built->files[i].name, str_from(name)))
            built->files[kept++] = built->files[i];
    }
    built->file_count = kept;
}

// Sums every file and signs the sums.
static inline void sums_build(struct built *built)
{
    unsigned char signature[ED25519_SIGNATURE_BYTES];
    struct buf sums = {.arena = &built->arena};
    drop_file(built, "SHA256SUMS");
    drop_file(built, "SHA256SUMS.sig");
    for (size_t i = 0; i < built->file_count; i++) {
        sha256 hash = sha256_of(built->files[i].bytes);
        buf_addf(&sums, "%" STR_FMT "  %" STR_FMT "\n",
                 STR_ARG(encode_hex(&built->arena, sha256_str(&hash))),
                 STR_ARG(built->files[i].name));
    }
    ck_assert_ok(signing_key_sign(built->key, buf_str(&sums), signature));
    put_file(built, "SHA256SUMS", buf_str(&sums));
    put_file(built, "SHA256SUMS.sig",
             str_copy(&built->arena, (str){(const char *)signature, sizeof signature}));
}

static inline result hash_in(void *context, struct merkle_subtree subtree, sha256 *hash)
{
    const struct built *built = context;
    struct merkle_range range = {.size = 0};
    for (uint64_t i = 0; i < UINT64_C(1) << subtree.level; i++)
        TRY(merkle_append(&range, &built->hashes[(subtree.number << subtree.level) + i], NULL,
                          NULL));
    *hash = merkle_root(&range);
    return OK;
}

struct range {
    size_t from;
    size_t to;
    size_t size;
    size_t since; // 0: no consistency proof
};

static inline void add_nodes(struct built *built, json_t *nodes, size_t size, size_t from,
                             size_t to)
{
    struct merkle_span spans[2 * MERKLE_LEVELS_MAX];
    size_t count = 0;
    ck_assert_ok(merkle_cover(size, from, to, hash_in, built, spans, &count));
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(json_array_append_new(
                             nodes, json_pack("{s:I,s:I,s:o}", "from", (json_int_t)spans[i].begin,
                                              "to", (json_int_t)spans[i].end, "hash",
                                              base64_json(&built->arena, &spans[i].hash))),
                         0);
}

static inline str proof_text(struct built *built, struct range range)
{
    OWNED(json_release) json_t *proof = json_pack("{s:[]}", "nodes");
    json_t *nodes = json_object_get(proof, "nodes");
    add_nodes(built, nodes, range.size, 0, range.from);
    add_nodes(built, nodes, range.size, range.to, range.size);
    if (range.since != 0) {
        struct merkle_proof hashes;
        json_t *list = json_array();
        ck_assert_ok(merkle_prove_consistency(range.since, range.size, hash_in, built, &hashes));
        for (size_t i = 0; i < hashes.count; i++)
            ck_assert_int_eq(
                json_array_append_new(list, base64_json(&built->arena, &hashes.hashes[i])), 0);
        set(proof, "consistency",
            json_pack("{s:I,s:o}", "from", (json_int_t)range.since, "proof", list));
    }
    return json_print(&built->arena, proof);
}

static inline void checkpoint_build(struct built *built, size_t size)
{
    struct checkpoint checkpoint = {STR(SERVER "/ledger/" CUSTOMER), size, root_of(built, size)};
    unsigned char signature[ED25519_SIGNATURE_BYTES];
    str body = checkpoint_print(&built->arena, &checkpoint);
    str note = {0};
    ck_assert_ok(note_sign(&built->arena, body, checkpoint.origin, built->key, &note));
    ck_assert_ok(signing_key_sign(built->key, body, signature));
    put_file(built, "checkpoint", note);
    put_file(built, "checkpoint.body", body);
    put_file(built, "checkpoint.sig",
             str_copy(&built->arena, (str){(const char *)signature, sizeof signature}));
}

static inline void entries_build(struct built *built, struct range range)
{
    struct buf entries = {.arena = &built->arena};
    for (size_t i = range.from; i < range.to; i++) {
        buf_add(&entries, built->leaves[i]);
        buf_add_char(&entries, '\n');
    }
    put_file(built, "entries.ndjson", buf_str(&entries));
    for (size_t i = 0; i < built->statement_count; i++) {
        str bytes = built->statements[i].bytes;
        if (built->statements[i].index < range.from || built->statements[i].index >= range.to)
            continue;
        OWNED(json_release) json_t *statement = parsed(str_to_c(&built->arena, bytes));
        const char *number = json_string_value(json_object_get(statement, "number"));
        const char *folder = strncmp(number, "CN-", 3) == 0 ? "credit-notes" : "invoices";
        put_file(built, str_printf(&built->arena, "%s/%s.json", folder, number).ptr,
                 replaced(&built->arena, bytes, "{", "{\"payment_status\":\"unpaid\","));
    }
}

static inline void files_build(struct built *built, struct range range)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    sha256 root = root_of(built, range.size);
    signing_key_public(built->key, public);
    built->file_count = 0;
    entries_build(built, range);
    checkpoint_build(built, range.size);
    put_file(built, "proof.json", proof_text(built, range));
    put_file(built, "ledger.pub.pem", public_key_print(&built->arena, public));
    put_file(built, "VERIFY.md", STR("# How to check\n"));
    OWNED(json_release)
    json_t *manifest = json_pack(
        "{s:s,s:s,s:s,s:I,s:I,s:I,s:o,s:{},s:I,s:s,s:s,s:s,s:s}", "format", "phial-export/1",
        "server", SERVER, "customer", CUSTOMER, "from_index", (json_int_t)range.from, "to_index",
        (json_int_t)range.to, "size", (json_int_t)range.size, "root",
        base64_json(&built->arena, &root), "period", "entries", (json_int_t)(range.to - range.from),
        "requested_by", "key:test", "purpose", "a test", "created_at", "2026-12-04T00:00:00Z",
        "software", "phial test");
    put_file(built, "manifest.json", json_print(&built->arena, manifest));
    sums_build(built);
}

enum member { MEMBER_FILE, MEMBER_FOLDER, MEMBER_SYMLINK, MEMBER_HARDLINK };

static inline void add_member(struct archive *archive, const char *name, str bytes,
                              enum member member)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_filetype(entry, member == MEMBER_FOLDER    ? AE_IFDIR
                                      : member == MEMBER_SYMLINK ? AE_IFLNK
                                                                 : AE_IFREG);
    if (member == MEMBER_SYMLINK)
        archive_entry_set_symlink(entry, "VERIFY.md");
    if (member == MEMBER_HARDLINK)
        archive_entry_set_hardlink(entry, "VERIFY.md");
    if (member == MEMBER_FILE)
        archive_entry_set_size(entry, (la_int64_t)bytes.len);
    ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
    if (member == MEMBER_FILE && bytes.len != 0)
        ck_assert_int_eq(archive_write_data(archive, bytes.ptr, bytes.len), (int)bytes.len);
    archive_entry_free(entry);
}

// The files as they are, and `extra` behind them unless it is NULL.
static inline void tar_build(struct built *built, const char *path, const char *extra,
                             enum member member)
{
    struct archive *archive = archive_write_new();
    ck_assert_int_eq(archive_write_set_format_ustar(archive), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_open_filename(archive, path), ARCHIVE_OK);
    for (size_t i = 0; i < built->file_count; i++)
        add_member(archive, str_to_c(&built->arena, built->files[i].name), built->files[i].bytes,
                   MEMBER_FILE);
    if (extra != NULL)
        add_member(archive, extra, STR("x"), member);
    ck_assert_int_eq(archive_write_close(archive), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_free(archive), ARCHIVE_OK);
}

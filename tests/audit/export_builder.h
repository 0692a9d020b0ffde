// SPDX-License-Identifier: Apache-2.0
// export_builder.h - a small log and its export, made by hand: with everything right, or with one
// thing wrong that is signed all the same.
#pragma once

#include "check_main.h"
#include "phial/crypto/crypto.h"
#include "phial/json/json.h"
#include "phial/merkle/merkle.h"
#include "phial/merkle/note.h"
#include "phial/rating/statement.h"
#include "phial/util/encode.h"
#include "phial/util/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum { LEAVES_MAX = 32, FILES_MAX = 24, EVENTS = 10, INVOICE_SIZE = EVENTS + 4 };

// What is wrong with the log although its tree and signatures are right.
enum wrong {
    NOTHING_WRONG,
    WRONG_IDENTITY_TWICE,
    WRONG_TIME_ORDER,
    WRONG_VOID_TWICE,
    WRONG_VOID_OF_A_PLAN,
    WRONG_REFERENCE_LEAF,
    WRONG_REFERENCE_AHEAD,
    WRONG_REASON,
    WRONG_BYTES,
    WRONG_KIND,
    WRONG_MEMBER,
    WRONG_CUSTOMER,
    WRONG_VERSION,
    WRONG_QUANTITY_FORM,
    WRONG_TIME_FORM,
    WRONG_NULL,
    WRONG_SET,
    WRONG_TOTAL,
    WRONG_LINE,
    WRONG_PERIOD,
    WRONG_LEDGER_ROOT,
    WRONG_LEDGER_SIZE,
    WRONG_PLAN_SHA256,
    WRONG_METRIC_VERSION,
    WRONG_SUBSCRIPTION,
};

struct built {
    struct arena arena;
    struct signing_key *key;
    enum wrong wrong;
    str leaves[LEAVES_MAX];
    sha256 hashes[LEAVES_MAX];
    size_t leaf_count;
    str statement; // of the invoice
    struct {
        str name;
        str bytes;
    } files[FILES_MAX];
    size_t file_count;
};

#define CUSTOMER "clinic-042"
#define SERVER "billing.example"
#define ZONE "America/New_York"
#define PERIOD_START "2026-11-01T04:00:00.000000Z"

static inline json_t *parsed(const char *text)
{
    json_t *root = NULL;
    ck_assert_ok(json_parse(str_from(text), &root));
    return root;
}

static inline void set(json_t *object, const char *name, json_t *value)
{
    ck_assert_int_eq(json_object_set_new(object, name, value), 0);
}

static inline str canonical(struct arena *arena, const json_t *value)
{
    str text = {0};
    ck_assert_ok(json_canonical(arena, value, &text));
    return text;
}

static inline json_t *base64_json(struct arena *arena, const sha256 *hash)
{
    return json_from_str(encode_base64(arena, sha256_str(hash)));
}

static inline void append_leaf(struct built *built, str leaf)
{
    ck_assert_uint_lt(built->leaf_count, LEAVES_MAX);
    built->hashes[built->leaf_count] = merkle_leaf(leaf);
    built->leaves[built->leaf_count++] = leaf;
}

// Takes `members` over.
static inline str leaf_text(struct built *built, const char *kind, json_t *members)
{
    size_t second = built->leaf_count;
    if (built->wrong == WRONG_TIME_ORDER && second == 5)
        second = 0;
    set(members, "actor", json_string("key:test"));
    set(members, "at",
        json_from_str(str_printf(&built->arena, "2026-12-03T10:00:%02zu.000000Z", second)));
    set(members, "customer", json_string(CUSTOMER));
    set(members, "kind", json_string(kind));
    set(members, "v", json_integer(1));
    str text = canonical(&built->arena, members);
    json_decref(members);
    return text;
}

// A document with its key, version and sha256, as the catalog describes it.
static inline json_t *described(struct built *built, const char *text, const char *key)
{
    json_t *document = parsed(text);
    sha256 hash = sha256_of(canonical(&built->arena, document));
    if (built->wrong == WRONG_PLAN_SHA256)
        hash.bytes[0] ^= 1U;
    set(document, "key", json_string(key));
    set(document, "version", json_integer(3));
    set(document, "sha256", json_from_str(encode_hex(&built->arena, sha256_str(&hash))));
    return document;
}

static inline json_t *plan_document(struct built *built)
{
    json_t *plan = described(
        built,
        "{\"currency\":\"USD\",\"interval\":\"month\",\"charges\":[{\"key\":\"reads\",\"name\":"
        "\"Images read\",\"metric\":\"images\",\"model\":\"per_unit\",\"unit_amount\":\"0.75\"}],"
        "\"fixed\":[{\"key\":\"platform\",\"name\":\"Platform\",\"amount\":\"10.00\"}]}",
        "imaging");
    set(plan, "metrics", json_object());
    set(json_object_get(plan, "metrics"), "images",
        described(built, "{\"event_types\":[\"image.analyzed\"],\"aggregation\":\"sum\"}",
                  "images"));
    return plan;
}

static inline json_t *plan_reference(struct built *built)
{
    OWNED(json_release) json_t *plan = plan_document(built);
    return json_pack("{s:O,s:O,s:O,s:{s:i}}", "key", json_object_get(plan, "key"), "version",
                     json_object_get(plan, "version"), "sha256", json_object_get(plan, "sha256"),
                     "metrics", "images", built->wrong == WRONG_METRIC_VERSION ? 4 : 3);
}

static inline void append_terms(struct built *built)
{
    append_leaf(built, leaf_text(built, "plan", json_pack("{s:o}", "plan", plan_document(built))));
    json_t *subscription = json_pack("{s:s,s:o,s:s,s:s,s:s,s:s,s:[{s:s,s:o}]}", "id",
                                     built->wrong == WRONG_SUBSCRIPTION ? "another" : "sub-1",
                                     "plan", plan_reference(built), "start", PERIOD_START, "anchor",
                                     "calendar", "time_zone", ZONE, "currency", "USD", "segments",
                                     "from", PERIOD_START, "plan", plan_reference(built));
    append_leaf(built,
                leaf_text(built, "subscription", json_pack("{s:o}", "subscription", subscription)));
}

static inline str event_leaf(struct built *built, const char *id, const char *time)
{
    json_t *members =
        json_pack("{s:{s:s,s:{s:s},s:s,s:s,s:s,s:s}}", "event", "id", id, "properties", "modality",
                  "ct", "quantity", "2", "source", "", "time", time, "type", "image.analyzed");
    return leaf_text(built, "usage", members);
}

// The text with its first `from` replaced by `to`.
static inline str replaced(struct arena *arena, str text, const char *from, const char *to)
{
    const char *c_text = str_to_c(arena, text);
    const char *at = strstr(c_text, from);
    ck_assert_msg(at != NULL, "%s", from);
    return str_printf(arena, "%.*s%s%s", (int)(at - c_text), c_text, to, at + strlen(from));
}

// A leaf that is wrong in itself, made out of a right one.
static inline str spoilt(struct built *built, str leaf)
{
    static const struct {
        enum wrong wrong;
        const char *from;
        const char *to;
    } changes[] = {
        {WRONG_BYTES, "\"event\":{", "\"event\": {"},
        {WRONG_KIND, "\"kind\":\"usage\"", "\"kind\":\"usagf\""},
        {WRONG_MEMBER, "\"v\":1", "\"v\":1,\"w\":1"},
        {WRONG_CUSTOMER, CUSTOMER, "clinic-043"},
        {WRONG_VERSION, "\"v\":1", "\"v\":2"},
        {WRONG_QUANTITY_FORM, "\"quantity\":\"2\"", "\"quantity\":\"2.0\""},
        {WRONG_TIME_FORM, ".000000Z\",\"type", "Z\",\"type"},
        {WRONG_NULL, "\"v\":1", "\"v\":1,\"w\":null"},
    };
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        if (changes[i].wrong == built->wrong)
            return replaced(&built->arena, leaf, changes[i].from, changes[i].to);
    }
    return leaf;
}

static inline void append_events(struct built *built)
{
    for (int i = 0; i < EVENTS; i++) {
        bool twice = i == 7 && built->wrong == WRONG_IDENTITY_TWICE;
        str id = str_printf(&built->arena, "event-%d", twice ? 6 : i);
        str time = str_printf(&built->arena, "2026-11-%02dT12:00:00.000000Z", i + 10);
        str leaf = event_leaf(built, id.ptr, time.ptr);
        append_leaf(built, i == 5 ? spoilt(built, leaf) : leaf);
    }
}

static inline json_t *reference_to(struct built *built, size_t index)
{
    sha256 hash = built->hashes[built->wrong == WRONG_REFERENCE_LEAF ? 9 : index];
    if (built->wrong == WRONG_REFERENCE_AHEAD)
        index = built->leaf_count;
    return json_pack("{s:I,s:o}", "index", (json_int_t)index, "leaf",
                     base64_json(&built->arena, &hash));
}

static inline void append_void(struct built *built, size_t index)
{
    json_t *members = json_pack("{s:o,s:s}", "ref", reference_to(built, index), "reason",
                                built->wrong == WRONG_REASON ? "" : "sent by mistake");
    append_leaf(built, leaf_text(built, "void", members));
}

static inline void append_corrections(struct built *built)
{
    append_void(built, built->wrong == WRONG_VOID_OF_A_PLAN ? 0 : 3);
    size_t amended = built->wrong == WRONG_VOID_TWICE ? 3 : 4;
    json_t *members =
        json_pack("{s:o,s:s,s:{s:s}}", "ref", reference_to(built, amended), "reason",
                  "counted wrongly", "set", built->wrong == WRONG_SET ? "colour" : "quantity", "5");
    append_leaf(built, leaf_text(built, "amend", members));
}

static inline json_t *computed_statement(struct built *built)
{
    struct faults faults = {.arena = &built->arena};
    OWNED(json_release) json_t *document = plan_document(built);
    const json_t *metrics = json_object_get(document, "metrics");
    const struct metric *metric =
        metric_parse((struct json_at){json_object_get(metrics, "images"), STR(""), &faults}, true);
    struct segment segment = {
        .plan = plan_parse((struct json_at){document, STR(""), &faults}, true),
        .metrics = &metric,
        .metric_count = 1,
    };
    struct tax_rate tax = {.name = STR("Sales tax")};
    struct subscription_terms terms = {.id = STR("sub-1"),
                                       .customer = STR(CUSTOMER),
                                       .zone_name = STR(ZONE),
                                       .currency = CURRENCY_USD,
                                       .segments = &segment,
                                       .segment_count = 1,
                                       .taxes = &tax,
                                       .tax_count = 1};
    ck_assert_ptr_nonnull(segment.plan);
    ck_assert_ptr_nonnull(metric);
    ck_assert_ok(decimal_parse(STR("8.25"), &tax.percent));
    ck_assert_ok(instant_parse(STR(PERIOD_START), &terms.start));
    segment.from = terms.start;
    ck_assert_ok(zone_load(&built->arena, terms.zone_name, &terms.zone));

    OWNED(usage_fold_release) struct usage_fold *fold = usage_fold_new(&built->arena);
    struct usage usage = {0};
    struct period period = {0};
    json_t *statement = NULL;
    for (size_t i = 0; i < built->leaf_count; i++)
        ck_assert_ok(usage_fold_add(fold, (int64_t)i, built->leaves[i]));
    result folded = usage_fold_end(fold, &usage);
    if (failed(folded)) // of a log with wrong corrections: any statement will do
        usage = (struct usage){0};
    ck_assert_ok(period_find(&terms, 1, &period));
    ck_assert_ok(statement_compute(&built->arena, &terms, &period, &usage, &statement));
    return statement;
}

static inline sha256 root_of(struct built *built, size_t size)
{
    struct merkle_range range = {.size = 0};
    for (size_t i = 0; i < size; i++)
        ck_assert_ok(merkle_append(&range, &built->hashes[i], NULL, NULL));
    return merkle_root(&range);
}

static inline void spoil_statement(struct built *built, json_t *statement)
{
    json_t *line = json_array_get(json_object_get(statement, "lines"), 0);
    if (built->wrong == WRONG_TOTAL)
        set(statement, "total", json_string("27.88"));
    if (built->wrong == WRONG_LINE)
        set(line, "quantity", json_string("22"));
    if (built->wrong == WRONG_PERIOD)
        set(json_object_get(statement, "period"), "start",
            json_string("2026-11-01T00:00:00.000000Z"));
}

static inline void append_invoice(struct built *built)
{
    json_t *statement = computed_statement(built);
    size_t size = built->leaf_count;
    sha256 root = root_of(built, built->wrong == WRONG_LEDGER_ROOT ? size - 1 : size);
    set(statement, "id", json_string("invoice-1"));
    set(statement, "number", json_string("2026-000001"));
    set(statement, "status", json_string("issued"));
    set(statement, "issued_at", json_string("2026-12-03T10:00:14.000000Z"));
    set(statement, "due_at", json_string("2027-01-02T10:00:14.000000Z"));
    set(statement, "ledger",
        json_pack("{s:s,s:I,s:o}", "customer", CUSTOMER, "size",
                  (json_int_t)(built->wrong == WRONG_LEDGER_SIZE ? size + 1 : size), "root",
                  base64_json(&built->arena, &root)));
    spoil_statement(built, statement);
    built->statement = canonical(&built->arena, statement);
    append_leaf(built, leaf_text(built, "invoice", json_pack("{s:o}", "invoice", statement)));
}

// The log: plan, subscription, ten events, a void, an amendment, the invoice on those 14, and an
// event of the next month.
static inline void log_build(struct built *built, enum wrong wrong)
{
    unsigned char seed[32] = {7};
    *built = (struct built){.wrong = wrong};
    ck_assert_ok(signing_key_parse((str){(const char *)seed, sizeof seed}, &built->key));
    append_terms(built);
    append_events(built);
    append_corrections(built);
    append_invoice(built);
    append_leaf(built, event_leaf(built, "event-late", "2026-12-02T12:00:00.000000Z"));
}

static inline void built_release(struct built *built)
{
    signing_key_close(built->key);
    arena_reset(&built->arena);
}

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
    if (range.from <= INVOICE_SIZE && range.to > INVOICE_SIZE)
        put_file(built, "invoices/2026-000001.json",
                 replaced(&built->arena, built->statement, "{", "{\"payment_status\":\"unpaid\","));
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

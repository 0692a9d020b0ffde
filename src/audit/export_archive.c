// SPDX-License-Identifier: Apache-2.0
#include "export_archive.h"

#include "export_carried.h"
#include "export_names.h"
#include "export_range.h"
#include "phial/ledger/keys.h"
#include "phial/merkle/note.h"
#include "phial/util/encode.h"
#include "tar.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const char audit_guide[], audit_guide_end[];

// Its PDF is made once the log has been read: rendering asks the database as well.
struct noted_invoice {
    str number;
    str statement;
    struct noted_invoice *next;
};

struct archive_parts {
    struct db_tx *tx;
    struct arena *arena;
    const struct export_work *work;
    struct tar *tar;
    struct buf sums;
    str note;
    int64_t size;
    sha256 root;
    struct export_range range;
    struct merkle_span spans[2 * MERKLE_LEVELS_MAX]; // around the range
    size_t span_count;
    struct merkle_parts tree; // of the spans and the entries, as they are read
    str first_at;             // of the range's entries, "" when there are none
    str last_at;
    struct noted_invoice *noted; // in the log's order
    struct noted_invoice **next_noted;
};

static json_t *base64(struct arena *arena, const sha256 *hash)
{
    return json_from_str(encode_base64(arena, sha256_str(hash)));
}

// entries.ndjson, spooled so that its length and sum are known before it enters the archive: beside
// that, where there is room for both, in a file that has no name any more.
struct spool {
    struct archive_parts *parts;
    int fd;
    char *bytes; // not written yet
    size_t len;
    struct sha256_state sum;
    int64_t written;
};
enum { SPOOL_BYTES = LEAF_BYTES_MAX + 256 * 1024 };

static void spool_close(struct spool *spool)
{
    if (spool->fd >= 0)
        (void)close(spool->fd);
    free(spool->bytes);
}

static result spool_open(struct archive_parts *parts, struct spool *spool)
{
    const char *path =
        str_printf(parts->arena, "%s.entries", parts->work->path).ptr; // made anew by another run
    spool->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    spool->bytes = malloc(SPOOL_BYTES);
    (void)unlink(path);
    sha256_start(&spool->sum);
    return spool->fd < 0 || spool->bytes == NULL ? FAIL(INTERNAL, "cannot make a temporary file")
                                                 : OK;
}

static result spool_write(struct spool *spool)
{
    sha256_add(&spool->sum, (str){spool->bytes, spool->len});
    for (size_t at = 0; at < spool->len;) {
        ssize_t put = write(spool->fd, spool->bytes + at, spool->len - at);
        if (put <= 0)
            return FAIL(INTERNAL, "cannot write the entries");
        at += (size_t)put;
    }
    spool->written += (int64_t)spool->len;
    spool->len = 0;
    return OK;
}

static result spool_line(struct spool *spool, str line)
{
    if (line.len >= SPOOL_BYTES - spool->len)
        TRY(spool_write(spool));
    assert(line.len < SPOOL_BYTES);
    memcpy(spool->bytes + spool->len, line.ptr, line.len);
    spool->bytes[spool->len + line.len] = '\n';
    spool->len += line.len + 1;
    return OK;
}

static void note_invoice(struct archive_parts *parts, str number, str statement)
{
    struct noted_invoice *noted = arena_new(parts->arena, struct noted_invoice);
    if (parts->work->renderer.pdf == NULL)
        return;
    *noted = (struct noted_invoice){
        .number = str_copy(parts->arena, number),
        .statement = str_copy(parts->arena, statement),
    };
    *parts->next_noted = noted;
    parts->next_noted = &noted->next;
}

// A statement; a credit note that is none stands among the entries alone.
static result add_statement(struct archive_parts *parts, enum entry_kind kind, str leaf)
{
    bool note = kind == ENTRY_credit_note;
    str statement = leaf_member(leaf, note ? "credit_note" : "invoice");
    OWNED(json_release) json_t *document = NULL;
    TRY(json_parse(statement, &document));
    if (json_object_get(document, "ledger") == NULL)
        return OK;
    str number = json_str(json_object_get(document, "number"));
    str name = str_printf(parts->arena, "%s%" STR_FMT ".json",
                          note ? EXPORT_NOTES : EXPORT_INVOICES, STR_ARG(number));
    if (!note)
        note_invoice(parts, number, statement);
    return tar_add(parts->tar, name.ptr, statement, &parts->sums);
}

static void note_time(struct archive_parts *parts, str leaf)
{
    str quoted = leaf_member(leaf, "at");
    str at = str_copy(parts->arena, str_slice(quoted, 1, quoted.len - 1));
    if (parts->first_at.len == 0)
        parts->first_at = at;
    parts->last_at = at;
}

static result spool_entry(void *context, const struct entry *entry)
{
    struct spool *spool = context;
    bool edge =
        entry->index == spool->parts->range.from || entry->index == spool->parts->range.to - 1;
    if ((uint64_t)entry->index != spool->parts->tree.at)
        return FAIL(VERIFICATION_FAILED, "the log has a gap");
    sha256 hash = merkle_leaf(entry->leaf);
    merkle_parts_add(&spool->parts->tree, &hash);
    if (edge)
        note_time(spool->parts, entry->leaf);
    TRY(spool_line(spool, entry->leaf));
    bool stated = entry->kind == ENTRY_invoice || entry->kind == ENTRY_credit_note;
    return stated ? add_statement(spool->parts, entry->kind, entry->leaf) : OK;
}

static result cover(struct archive_parts *parts, int64_t from, int64_t to)
{
    size_t count = 0;
    if (from == to)
        return OK;
    TRY(ledger_cover(parts->tx, parts->work->request.customer_id, parts->size, from, to,
                     parts->spans + parts->span_count, &count));
    parts->span_count += count;
    return OK;
}

static result open_tree(struct archive_parts *parts)
{
    const struct export_range *range = &parts->range;
    TRY(cover(parts, 0, range->from));
    TRY(cover(parts, range->to, parts->size));
    return merkle_parts_open((uint64_t)parts->size, (uint64_t)range->from, (uint64_t)range->to,
                             parts->spans, parts->span_count, &parts->tree);
}

// What was signed on as it grew is not read again then: here nothing leaves that does not give the
// root.
static result check_tree(struct archive_parts *parts)
{
    sha256 root = {{0}};
    TRY(merkle_parts_root(&parts->tree, &root));
    return sha256_eq(&root, &parts->root)
               ? OK
               : FAIL(VERIFICATION_FAILED, "the stored entries are other than their head says");
}

static result add_entries(struct archive_parts *parts)
{
    OWNED(spool_close) struct spool spool = {.parts = parts, .fd = -1};
    TRY(spool_open(parts, &spool));
    TRY(ledger_each(parts->tx, parts->work->request.customer_id, parts->range.from, parts->range.to,
                    spool_entry, &spool));
    TRY(check_tree(parts));
    TRY(spool_write(&spool));
    sha256 sum = sha256_end(&spool.sum);
    return tar_add_file(parts->tar, EXPORT_ENTRIES, spool.fd, spool.written, &sum, &parts->sums);
}

static result add_pdf(struct archive_parts *parts, struct arena *arena,
                      const struct noted_invoice *invoice)
{
    const struct export_renderer *renderer = &parts->work->renderer;
    OWNED(json_release) json_t *statement = NULL;
    str pdf = STR("");
    TRY(json_parse(invoice->statement, &statement));
    TRY(renderer->pdf(renderer->context, parts->tx, arena, statement, &pdf));
    if (pdf.len == 0)
        return OK;
    str name = str_printf(arena, EXPORT_INVOICES "%" STR_FMT ".pdf", STR_ARG(invoice->number));
    return tar_add(parts->tar, name.ptr, pdf, &parts->sums);
}

static result add_pdfs(struct archive_parts *parts)
{
    for (const struct noted_invoice *i = parts->noted; i != NULL; i = i->next) {
        struct arena arena = {0};
        result added = add_pdf(parts, &arena, i);
        if (failed(added))
            added.detail = error_info(added.code)->meaning; // its own may lie in the arena
        arena_reset(&arena);
        TRY(added);
    }
    return OK;
}

static result add_checkpoint(struct archive_parts *parts)
{
    str body = {0};
    str signature = {0};
    str origin = ledger_origin(parts->arena, signer_server(parts->work->signer),
                               parts->work->request.customer);
    TRY(note_open(parts->arena, parts->note, origin, signer_public(parts->work->signer), &body,
                  &signature));
    TRY(tar_add(parts->tar, EXPORT_CHECKPOINT, parts->note, &parts->sums));
    TRY(tar_add(parts->tar, EXPORT_CHECKPOINT_BODY, body, &parts->sums));
    return tar_add(parts->tar, EXPORT_CHECKPOINT_SIGNATURE, signature, &parts->sums);
}

static json_t *nodes_of(const struct archive_parts *parts)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < parts->span_count; i++) {
        const struct merkle_span *span = &parts->spans[i];
        (void)json_array_append_new(
            nodes, json_pack("{s:I,s:I,s:o}", "from", (json_int_t)span->begin, "to",
                             (json_int_t)span->end, "hash", base64(parts->arena, &span->hash)));
    }
    return nodes;
}

static result add_proof(struct archive_parts *parts)
{
    const struct export_request *request = &parts->work->request;
    OWNED(json_release) json_t *document = json_pack("{s:o}", "nodes", nodes_of(parts));
    if (request->has_since) {
        struct merkle_proof proof = {0};
        TRY(ledger_consistency(parts->tx, request->customer_id, request->since, parts->size,
                               &proof));
        json_t *hashes = json_array();
        for (size_t i = 0; i < proof.count; i++)
            (void)json_array_append_new(hashes, base64(parts->arena, &proof.hashes[i]));
        (void)json_object_set_new(
            document, "consistency",
            json_pack("{s:I,s:o}", "from", (json_int_t)request->since, "proof", hashes));
    }
    return tar_add(parts->tar, EXPORT_PROOF, json_print(parts->arena, document), &parts->sums);
}

static result add_carried(struct archive_parts *parts)
{
    str text = {0};
    if (!parts->range.cut)
        return OK;
    TRY(carried_print(parts->tx, parts->work->request.customer_id, parts->size, &parts->range,
                      &text));
    return tar_add(parts->tar, EXPORT_CARRIED, text, &parts->sums);
}

static json_t *period_of(const struct archive_parts *parts)
{
    const struct export_request *request = &parts->work->request;
    json_t *period = json_object();
    str from = request->has_from ? instant_print(parts->arena, request->from) : parts->first_at;
    str to = request->has_to ? instant_print(parts->arena, request->to) : parts->last_at;
    if (from.len != 0)
        (void)json_object_set_new(period, "from", json_from_str(from));
    if (to.len != 0)
        (void)json_object_set_new(period, "to", json_from_str(to));
    return period;
}

static void set_text(json_t *document, const char *name, str text)
{
    (void)json_object_set_new(document, name, json_from_str(text));
}

static result add_manifest(struct archive_parts *parts)
{
    const struct export_request *request = &parts->work->request;
    const struct export_range *range = &parts->range;
    OWNED(json_release) json_t *document = json_object();
    set_text(document, "format", STR(EXPORT_FORMAT));
    set_text(document, "server", signer_server(parts->work->signer));
    set_text(document, "customer", request->customer);
    (void)json_object_set_new(document, "from_index", json_integer(range->from));
    (void)json_object_set_new(document, "to_index", json_integer(range->to));
    (void)json_object_set_new(document, "size", json_integer(parts->size));
    (void)json_object_set_new(document, "root", base64(parts->arena, &parts->root));
    (void)json_object_set_new(document, "period", period_of(parts));
    (void)json_object_set_new(document, "entries", json_integer(range->to - range->from));
    set_text(document, "requested_by", request->requested_by);
    set_text(document, "purpose", request->purpose);
    set_text(document, "created_at", instant_print(parts->arena, parts->work->now));
    set_text(document, "software", STR("phial " PHIAL_VERSION));
    return tar_add(parts->tar, EXPORT_MANIFEST, json_print(parts->arena, document), &parts->sums);
}

struct key_list {
    struct arena *arena;
    json_t *announced;
    str previous;
};

static result list_key(void *context, const struct ledger_key *key)
{
    struct key_list *list = context;
    str previous = list->previous;
    list->previous = str_copy(list->arena, key->public);
    if (key->signature.len == 0)
        return OK;
    json_t *one =
        json_pack("{s:o, s:o, s:o, s:o, s:o}", "previous",
                  json_from_str(encode_base64(list->arena, previous)), "previous_signature",
                  json_from_str(encode_base64(list->arena, key->previous_signature)), "public",
                  json_from_str(encode_base64(list->arena, key->public)), "server",
                  json_from_str(key->server), "signature",
                  json_from_str(encode_base64(list->arena, key->signature)));
    return json_array_append_new(list->announced, one) == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

// How to follow from one key to the next; only once there is a next.
static result add_keys(struct archive_parts *parts)
{
    OWNED(json_release) json_t *announced = json_array();
    struct key_list list = {.arena = parts->arena, .announced = announced};
    TRY(ledger_key_each(parts->tx, list_key, &list));
    if (json_array_size(announced) == 0)
        return OK;
    return tar_add(parts->tar, EXPORT_KEYS, json_print(parts->arena, announced), &parts->sums);
}

static result add_sums(struct archive_parts *parts)
{
    unsigned char signature[ED25519_SIGNATURE_BYTES];
    str sums = buf_str(&parts->sums);
    TRY(signer_sign(parts->work->signer, sums, signature));
    TRY(tar_add(parts->tar, EXPORT_SUMS, sums, NULL));
    return tar_add(parts->tar, EXPORT_SUMS_SIGNATURE,
                   (str){(const char *)signature, sizeof signature}, NULL);
}

static result add_all(struct archive_parts *parts)
{
    str public_key = public_key_print(parts->arena, signer_public(parts->work->signer));
    str guide = {audit_guide, (size_t)(audit_guide_end - audit_guide)};
    TRY(open_tree(parts));
    TRY(add_entries(parts)); // first: it learns the range's times
    TRY(add_pdfs(parts));
    TRY(add_manifest(parts));
    TRY(add_checkpoint(parts));
    TRY(add_proof(parts));
    TRY(add_keys(parts));
    TRY(add_carried(parts));
    TRY(tar_add(parts->tar, EXPORT_PUBLIC_KEY, public_key, &parts->sums));
    TRY(tar_add(parts->tar, EXPORT_GUIDE, guide, &parts->sums));
    return add_sums(parts);
}

result export_archive_make(struct db_tx *tx, struct export_work *work)
{
    struct archive_parts parts = {.tx = tx, .arena = db_arena(tx), .work = work};
    parts.sums.arena = parts.arena;
    parts.next_noted = &parts.noted;
    TRY(signer_checkpoint(work->signer, tx, work->request.customer_id, work->request.customer,
                          &parts.note, &parts.size, &parts.root));
    TRY(export_range_find(tx, &work->request, parts.size, &parts.range));
    TRY(tar_open(work->path, work->now, &parts.tar));
    result outcome = add_all(&parts);
    if (failed(outcome)) {
        tar_abandon(parts.tar);
        return outcome;
    }
    return tar_finish(parts.tar, &work->bytes);
}

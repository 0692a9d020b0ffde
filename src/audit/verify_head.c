// SPDX-License-Identifier: Apache-2.0
// The manifest, the checkpoint, and the tree between them and the leaves.
#include "export_names.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"
#include "verify_parts.h"

enum { MANIFEST_MEMBERS = 13 };

static bool text_is(const json_t *document, const char *name, str *text)
{
    const json_t *value = json_object_get(document, name);
    *text = json_str(value);
    return json_is_string(value);
}

static bool number_is(const json_t *document, const char *name, int64_t *number)
{
    const json_t *value = json_object_get(document, name);
    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= 0;
}

// An instant as answers write it, or as entries do.
static bool is_moment(struct arena *arena, const json_t *value)
{
    instant at = {0};
    str text = json_str(value);
    return !failed(instant_parse(text, &at)) && (str_eq(instant_print(arena, at), text) ||
                                                 str_eq(instant_print_canonical(arena, at), text));
}

static bool is_period(struct arena *arena, const json_t *period)
{
    size_t known = 0;
    static const char *const bounds[] = {"from", "to"};
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        const json_t *bound = json_object_get(period, bounds[i]);
        known += bound != NULL;
        if (bound != NULL && !is_moment(arena, bound))
            return false;
    }
    return json_is_object(period) && json_object_size(period) == known;
}

static bool read_manifest(struct exported *exported, const json_t *document)
{
    static const char *const others[] = {"requested_by", "purpose", "software"};
    str format = {0};
    str root = {0};
    str text = {0};
    str server = {0};
    str customer = {0};
    int64_t from = 0;
    int64_t to = 0;
    int64_t size = 0;
    int64_t entries = 0;
    sha256 hash;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (!text_is(document, others[i], &text))
            return false;
    }
    if (!text_is(document, "format", &format) || !str_eq(format, STR(EXPORT_FORMAT)) ||
        !text_is(document, "server", &server) || !text_is(document, "customer", &customer) ||
        !text_is(document, "root", &root) || !exported_hash(exported->arena, root, &hash) ||
        !number_is(document, "from_index", &from) || !number_is(document, "to_index", &to) ||
        !number_is(document, "size", &size) || !number_is(document, "entries", &entries) ||
        from > to || to > size || entries != to - from ||
        !is_moment(exported->arena, json_object_get(document, "created_at")) ||
        !is_period(exported->arena, json_object_get(document, "period")) ||
        json_object_size(document) != MANIFEST_MEMBERS)
        return false;
    exported->server = str_copy(exported->arena, server);
    exported->customer = str_copy(exported->arena, customer);
    exported->from = from;
    exported->to = to;
    exported->size = size;
    return true;
}

void verify_manifest(struct exported *exported)
{
    OWNED(json_release) json_t *document = NULL;
    str text = exported_file(exported, EXPORT_MANIFEST);
    if (text.len == 0)
        return;
    if (!failed(json_parse(text, &document)))
        exported->has_manifest = read_manifest(exported, document);
    if (!exported->has_manifest)
        fault(exported->report, "manifest.json is not a manifest of " EXPORT_FORMAT
                                ", or its indexes do not agree with one another.");
}

static void check_against_manifest(struct exported *exported)
{
    OWNED(json_release) json_t *document = NULL;
    sha256 root = {{0}};
    if (!exported->has_manifest ||
        failed(json_parse(exported_file(exported, EXPORT_MANIFEST), &document)))
        return;
    str text = json_str(json_object_get(document, "root"));
    if (!exported_hash(exported->arena, text, &root) ||
        !sha256_eq(&root, &exported->checkpoint.root))
        fault(exported->report, "The manifest's root is not the checkpoint's.");
    if ((uint64_t)exported->size != exported->checkpoint.size)
        fault(exported->report, "The manifest's size is not the checkpoint's.");
}

// The origin says whose log it is, and the key signs under that name alone.
static str origin_of(const struct exported *exported)
{
    return ledger_origin(exported->arena, exported->server, exported->customer);
}

void verify_checkpoint(struct exported *exported)
{
    str note = exported_file(exported, EXPORT_CHECKPOINT);
    str body = {0};
    str signature = {0};
    if (note.len == 0 || !exported->has_manifest)
        return;
    str origin = origin_of(exported);
    result opened =
        note_open(exported->arena, note, origin, exported->public_key, &body, &signature);
    if (failed(opened)) {
        fault(exported->report, "The checkpoint does not open under the log's name: %s.",
              opened.detail);
        return;
    }
    struct checkpoint *checkpoint = &exported->checkpoint;
    if (failed(checkpoint_parse(exported->arena, body, checkpoint)) ||
        !str_eq(checkpoint_print(exported->arena, checkpoint), body) ||
        !str_eq(checkpoint->origin, origin)) {
        fault(exported->report, "The checkpoint is not one of the log that the manifest names.");
        return;
    }
    exported->has_checkpoint = true;
    if (!str_eq(exported_file(exported, EXPORT_CHECKPOINT_BODY), body))
        fault(exported->report, "checkpoint.body is not the body of the checkpoint.");
    if (!str_eq(exported_file(exported, EXPORT_CHECKPOINT_SIGNATURE), signature))
        fault(exported->report, "checkpoint.sig is not the signature of the checkpoint.");
    check_against_manifest(exported);
}

static bool read_span(struct exported *exported, const json_t *node, struct merkle_span *span)
{
    int64_t begin = 0;
    int64_t end = 0;
    str text = {0};
    if (json_object_size(node) != 3 || !number_is(node, "from", &begin) ||
        !number_is(node, "to", &end) || !text_is(node, "hash", &text) ||
        !exported_hash(exported->arena, text, &span->hash))
        return false;
    span->begin = (uint64_t)begin;
    span->end = (uint64_t)end;
    return true;
}

static bool read_spans(struct exported *exported, const json_t *nodes)
{
    size_t count = json_array_size(nodes);
    if (!json_is_array(nodes) || count > (size_t)4 * MERKLE_LEVELS_MAX)
        return false;
    exported->spans = arena_array(exported->arena, struct merkle_span, count);
    for (size_t i = 0; i < count; i++) {
        if (!read_span(exported, json_array_get(nodes, i), &exported->spans[i]))
            return false;
    }
    exported->span_count = count;
    return true;
}

static bool read_consistency(struct exported *exported, const json_t *consistency)
{
    const json_t *proof = json_object_get(consistency, "proof");
    size_t count = json_array_size(proof);
    if (json_object_size(consistency) != 2 || !json_is_array(proof) || count > MERKLE_PROOF_MAX ||
        !number_is(consistency, "from", &exported->consistency_from))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!exported_hash(exported->arena, json_str(json_array_get(proof, i)),
                           &exported->consistency.hashes[i]))
            return false;
    }
    exported->consistency.count = count;
    return true;
}

void verify_proof(struct exported *exported)
{
    OWNED(json_release) json_t *document = NULL;
    str text = exported_file(exported, EXPORT_PROOF);
    if (text.len == 0)
        return;
    if (failed(json_parse(text, &document))) {
        fault(exported->report, "proof.json is not JSON.");
        return;
    }
    const json_t *consistency = json_object_get(document, "consistency");
    exported->has_spans = read_spans(exported, json_object_get(document, "nodes"));
    exported->has_consistency = consistency != NULL && read_consistency(exported, consistency);
    if (!exported->has_spans || exported->has_consistency != (consistency != NULL) ||
        json_object_size(document) != (consistency == NULL ? 1U : 2U))
        fault(exported->report, "proof.json is not a list of nodes with at most one proof.");
}

// A proof from an earlier head whose root the leaves themselves tell.
static void check_consistency(const struct exported *exported)
{
    sha256 earlier;
    if (!exported->has_consistency || !exported->has_checkpoint)
        return;
    if (exported->consistency_from < 1 ||
        (uint64_t)exported->consistency_from > exported->checkpoint.size) {
        fault(exported->report, "The consistency proof of proof.json is from a size that the log "
                                "does not have.");
        return;
    }
    if (!prefix_root(&(struct prefix){.exported = exported}, exported->consistency_from, &earlier))
        return;
    if (failed(merkle_verify_consistency((uint64_t)exported->consistency_from,
                                         exported->checkpoint.size, &exported->consistency,
                                         &earlier, &exported->checkpoint.root)))
        fault(exported->report, "The consistency proof of proof.json does not hold.");
}

void verify_root(struct exported *exported)
{
    if (!exported->has_checkpoint || !exported->has_manifest || !exported->has_spans)
        return;
    if (failed(exported->rooted))
        fault(exported->report, "Leaves and nodes do not make up the tree: %s.",
              exported->rooted.detail);
    else if (!sha256_eq(&exported->root, &exported->checkpoint.root))
        fault(exported->report, "The root of the leaves and nodes is not the checkpoint's.");
    check_consistency(exported);
}

// The nodes before the range are the compact range of its first index.
static bool range_before(const struct exported *exported, struct merkle_range *range)
{
    size_t count = (size_t)__builtin_popcountll((uint64_t)exported->from);
    uint64_t end = 0;
    *range = (struct merkle_range){.size = (uint64_t)exported->from};
    if (count > exported->span_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (exported->spans[i].begin != end)
            return false;
        end = exported->spans[i].end;
        range->nodes[i] = exported->spans[i].hash;
    }
    return end == range->size;
}

bool prefix_root(struct prefix *prefix, int64_t size, sha256 *root)
{
    const struct exported *exported = prefix->exported;
    if (!exported->has_spans || !exported->has_manifest || size < exported->from ||
        (uint64_t)(size - exported->from) > exported->log.count)
        return false;
    if (!prefix->begun || prefix->range.size > (uint64_t)size) {
        if (!range_before(exported, &prefix->range))
            return false;
        prefix->walk = log_walk_from(&exported->log, 0);
    }
    prefix->begun = true;
    while (prefix->range.size < (uint64_t)size) {
        str line = {0};
        (void)log_next(&prefix->walk, &line);
        sha256 hash = merkle_leaf(line);
        if (failed(merkle_append(&prefix->range, &hash, NULL, NULL)))
            return false;
    }
    *root = merkle_root(&prefix->range);
    return true;
}

static void check_common(struct exported *newer, struct exported *older)
{
    int64_t first = newer->from > older->from ? newer->from : older->from;
    int64_t newer_end = newer->from + (int64_t)newer->log.count;
    int64_t older_end = older->from + (int64_t)older->log.count;
    str here = {0};
    str there = {0};
    if (first >= newer_end || first >= older_end)
        return;
    struct log_walk ours = log_walk_from(&newer->log, (size_t)(first - newer->from));
    struct log_walk theirs = log_walk_from(&older->log, (size_t)(first - older->from));
    for (int64_t i = first; log_next(&ours, &here) && log_next(&theirs, &there); i++) {
        if (!str_eq(here, there))
            fault(newer->report, "Entry %lld is not what the older export holds.", (long long)i);
    }
}

static bool extends(const struct exported *newer, const struct exported *older)
{
    const struct checkpoint *from = &older->checkpoint;
    const struct checkpoint *to = &newer->checkpoint;
    sha256 root;
    if (from->size == to->size)
        return sha256_eq(&from->root, &to->root);
    if (from->size == 0)
        return true;
    if (newer->has_consistency && (uint64_t)newer->consistency_from == from->size)
        return !failed(merkle_verify_consistency(from->size, to->size, &newer->consistency,
                                                 &from->root, &to->root));
    return prefix_root(&(struct prefix){.exported = newer}, (int64_t)from->size, &root) &&
           sha256_eq(&root, &from->root);
}

void verify_extends(struct exported *newer, struct exported *older)
{
    if (!newer->has_checkpoint || !older->has_checkpoint)
        return;
    if (!str_eq(newer->checkpoint.origin, older->checkpoint.origin))
        fault(newer->report,
              str_eq(newer->customer, older->customer)
                  ? "The older export is one of another log: another server's, or of another epoch."
                  : "The older export is one of another log.");
    else if (newer->checkpoint.size < older->checkpoint.size)
        fault(newer->report, "The export to compare with is the newer one.");
    else if (newer->checkpoint.size == older->checkpoint.size && !extends(newer, older))
        fault(newer->report, "Two histories were signed: both exports are of one size, with two "
                             "roots. Keep both files, they are the evidence.");
    else if (!extends(newer, older))
        fault(newer->report, "Nothing proves that this export extends the older one.");
    else
        check_common(newer, older);
}

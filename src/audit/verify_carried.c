// SPDX-License-Identifier: Apache-2.0
// What stands outside the range that retention left whole: plans, subscriptions, statements and
// removals, each with its proof against the checkpoint.
#include "export_names.h"
#include "phial/util/array.h"
#include "verify_parts.h"

static bool is_document(enum entry_kind kind)
{
    return kind != ENTRY_usage && kind != ENTRY_void && kind != ENTRY_amend;
}

bool carried_add(struct exported *exported, int64_t index, str bytes)
{
    struct arena scratch = {0};
    OWNED(json_release) json_t *root = NULL;
    struct leaf_reading reading = {
        .exported = exported, .arena = &scratch, .index = index, .bytes = bytes};
    leaf_read(&reading, &root);
    arena_reset(&scratch);
    if (!reading.whole || !is_document(reading.kind))
        return false;
    exported->carried = arena_grow(exported->arena, exported->carried, exported->carried_count,
                                   &exported->carried_room, sizeof *exported->carried);
    struct exported_document *document = &exported->carried[exported->carried_count];
    if (!document_keep(exported, &reading, root, document))
        return false;
    document->carried = true;
    exported->carried_count++;
    return true;
}

static bool read_proof(struct arena *arena, const json_t *list, struct merkle_proof *proof)
{
    proof->count = json_array_size(list);
    if (!json_is_array(list) || proof->count > COUNT_OF(proof->hashes))
        return false;
    for (size_t i = 0; i < proof->count; i++) {
        if (!exported_hash(arena, json_str(json_array_get(list, i)), &proof->hashes[i]))
            return false;
    }
    return true;
}

static void read_one(struct exported *exported, const json_t *row, int64_t *last)
{
    struct merkle_proof proof = {.count = 0};
    int64_t index = json_integer_value(json_object_get(row, "index"));
    str bytes = json_str(json_object_get(row, "leaf"));
    sha256 hash = merkle_leaf(bytes);
    if (!json_is_integer(json_object_get(row, "index")) || index <= *last ||
        (index >= exported->from && index < exported->to) || index >= exported->size) {
        fault(exported->report, EXPORT_CARRIED ": an index does not stand where it may.");
        return;
    }
    *last = index;
    if (!read_proof(exported->arena, json_object_get(row, "proof"), &proof) ||
        !exported->has_checkpoint ||
        failed(merkle_verify_inclusion(&hash, (uint64_t)index, exported->checkpoint.size, &proof,
                                       &exported->checkpoint.root)))
        fault(exported->report, EXPORT_CARRIED ": entry %lld is not proved to be in the log.",
              (long long)index);
    else if (!carried_add(exported, index, str_copy(exported->arena, bytes)))
        fault(exported->report, EXPORT_CARRIED ": entry %lld is none that is carried.",
              (long long)index);
}

void verify_carried(struct exported *exported)
{
    OWNED(json_release) json_t *root = NULL;
    str text = exported_file(exported, EXPORT_CARRIED);
    const json_t *list = NULL;
    int64_t last = -1;
    if (archive_files_find(&exported->files, STR(EXPORT_CARRIED)) == NULL)
        return;
    if (!failed(json_parse(text, &root)))
        list = json_object_get(root, "entries");
    if (!json_is_array(list)) {
        fault(exported->report, EXPORT_CARRIED " lists no entries.");
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        read_one(exported, json_array_get(list, i), &last);
}

bool needs_removed(const struct exported *exported, instant since)
{
    instant sealed = exported_sealed(exported, INT64_MAX);
    return sealed.us != FIRST_INSTANT_US && since.us < sealed.us;
}

instant exported_sealed(const struct exported *exported, int64_t size)
{
    instant sealed = {FIRST_INSTANT_US};
    for (size_t i = 0; i < exported->document_count && exported->from > 0; i++) {
        const struct exported_document *document = &exported->documents[i];
        instant before = {0};
        if (document->kind != ENTRY_retention || document->index >= size ||
            !str_eq(json_str(json_object_get(document->body, "action")), STR("removal")) ||
            failed(instant_parse(json_str(json_object_get(document->body, "before")), &before)))
            continue;
        if (before.us > sealed.us)
            sealed = before;
    }
    return sealed;
}

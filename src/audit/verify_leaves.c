// SPDX-License-Identifier: Apache-2.0
// The leaves among one another: their number, the order of times, identities, references.
#include "export_names.h"
#include "verify_parts.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH_EVERY = 1000 }; // leaves, then the arena is emptied

struct seen_identity {
    identity identity;
    int64_t index;
};

// What is carried from leaf to leaf.
struct passing {
    struct exported *exported;
    struct arena scratch;
    bool any;
    instant last;
    struct seen_identity *identities;
    size_t identity_count;
};

static size_t count_lines(str text)
{
    size_t count = 0;
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while (at != end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL)
            break;
        count++;
        at = newline + 1;
    }
    return count;
}

static void keep_document(struct exported *exported, const struct leaf_reading *reading,
                          json_t *root)
{
    const char *name = entry_kind_name(reading->kind).ptr;
    if (json_array_append(exported->held, root) != 0)
        return;
    exported->documents[exported->document_count++] = (struct exported_document){
        .index = reading->index,
        .kind = reading->kind,
        .at = reading->at,
        .voided_by = NEVER,
        .late_at = NEVER,
        .body = json_object_get(root, name),
    };
}

// A correction must point at a usage entry before it that nothing has voided by then.
static void check_reference(struct passing *passing, const struct leaf_reading *reading)
{
    struct exported *exported = passing->exported;
    long long index = reading->index;
    if (reading->reference >= reading->index) {
        fault(exported->report, "Entry %lld refers to an entry that is not before it.", index);
        return;
    }
    if (reading->reference < exported->from)
        return; // outside of the export: cannot be told
    struct exported_leaf *original = &exported->leaves[reading->reference - exported->from];
    if (!original->whole || original->kind != ENTRY_usage)
        fault(exported->report, "Entry %lld refers to an entry that is no event.", index);
    else if (!sha256_eq(&original->hash, &reading->reference_to))
        fault(exported->report, "Entry %lld refers to another leaf than stands at its index.",
              index);
    else if (original->voided)
        fault(exported->report, "Entry %lld refers to an event that was voided before.", index);
    original->voided = original->voided || reading->kind == ENTRY_void;
    original->amended = original->amended || reading->kind == ENTRY_amend;
}

static void take(struct passing *passing, const struct leaf_reading *reading, json_t *root)
{
    struct exported *exported = passing->exported;
    struct exported_leaf *leaf = &exported->leaves[reading->index - exported->from];
    leaf->whole = reading->whole;
    leaf->kind = reading->kind;
    leaf->time = reading->time;
    leaf->reference = reading->reference;
    if (!reading->whole)
        return;
    if (passing->any && reading->at.us < passing->last.us)
        fault(exported->report, "Entry %lld is dated before the one that precedes it.",
              (long long)reading->index);
    passing->any = true;
    passing->last = reading->at;
    if (reading->kind == ENTRY_usage)
        passing->identities[passing->identity_count++] =
            (struct seen_identity){reading->identity, reading->index};
    if (reading->kind == ENTRY_void || reading->kind == ENTRY_amend)
        check_reference(passing, reading);
    if (reading->kind == ENTRY_plan || reading->kind == ENTRY_subscription ||
        reading->kind == ENTRY_invoice || reading->kind == ENTRY_credit_note ||
        reading->kind == ENTRY_adjustment)
        keep_document(exported, reading, root);
}

static void pass(struct passing *passing, size_t position, str line)
{
    struct exported *exported = passing->exported;
    OWNED(json_release) json_t *root = NULL;
    struct leaf_reading reading = {
        .exported = exported,
        .arena = &passing->scratch,
        .index = exported->from + (int64_t)position,
        .bytes = line,
    };
    exported->leaves[position] = (struct exported_leaf){.bytes = line, .hash = merkle_leaf(line)};
    leaf_read(&reading, &root);
    take(passing, &reading, root);
    if (position % SCRATCH_EVERY == 0)
        arena_reset(&passing->scratch);
}

static int by_identity(const void *a, const void *b)
{
    const struct seen_identity *left = a;
    const struct seen_identity *right = b;
    int order = memcmp(left->identity.bytes, right->identity.bytes, IDENTITY_BYTES);
    if (order != 0)
        return order;
    return left->index < right->index ? -1 : 1;
}

static void check_identities(struct passing *passing)
{
    struct seen_identity *seen = passing->identities;
    if (passing->identity_count != 0)
        qsort(seen, passing->identity_count, sizeof *seen, by_identity);
    for (size_t i = 1; i < passing->identity_count; i++) {
        if (memcmp(seen[i - 1].identity.bytes, seen[i].identity.bytes, IDENTITY_BYTES) == 0)
            fault(passing->exported->report,
                  "Entry %lld has the source and id of the event in entry %lld.",
                  (long long)seen[i].index, (long long)seen[i - 1].index);
    }
}

void verify_leaves(struct exported *exported)
{
    str text = exported_file(exported, EXPORT_ENTRIES);
    size_t count = count_lines(text);
    struct passing passing = {.exported = exported};
    exported->leaves = arena_array(exported->arena, struct exported_leaf, count);
    exported->leaf_count = count;
    exported->documents = arena_array(exported->arena, struct exported_document, count);
    passing.identities = arena_array(exported->arena, struct seen_identity, count);
    for (size_t i = 0; i < count; i++) {
        str line = {0};
        (void)str_cut(text, '\n', &line, &text);
        pass(&passing, i, line);
    }
    if (text.len != 0)
        fault(exported->report, "The last line of entries.ndjson is cut off.");
    if (exported->has_manifest && (int64_t)count != exported->to - exported->from)
        fault(exported->report, "There are %zu entries where the manifest says %lld.", count,
              (long long)(exported->to - exported->from));
    check_identities(&passing);
    arena_reset(&passing.scratch);
}

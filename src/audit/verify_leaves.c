// SPDX-License-Identifier: Apache-2.0
// The leaves among one another: their number, the order of times, identities, references; and, on
// the same way, the root.
#include "export_names.h"
#include "phial/rating/usage.h"
#include "verify_identities.h"
#include "verify_parts.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH_EVERY = 1000 }; // leaves, then the arena is emptied

// What is carried from leaf to leaf.
struct passing {
    struct exported *exported;
    struct arena scratch;
    bool any;
    instant last;
    struct identities identities;
    struct arena numbers; // theirs
    bool rooting;
    struct merkle_parts parts;
};

bool document_keep(struct exported *exported, const struct leaf_reading *reading, json_t *root,
                   struct exported_document *document)
{
    const char *name = entry_kind_name(reading->kind).ptr;
    if (json_array_append(exported->held, root) != 0)
        return false;
    *document = (struct exported_document){
        .index = reading->index,
        .kind = reading->kind,
        .at = reading->at,
        .voided_by = NEVER,
        .late_at = NEVER,
        .body = json_object_get(root, name),
    };
    return true;
}

static void add_document(struct exported *exported, const struct exported_document *document)
{
    exported->documents = arena_grow(exported->arena, exported->documents, exported->document_count,
                                     &exported->document_room, sizeof *exported->documents);
    exported->documents[exported->document_count++] = *document;
}

// A correction must point at a usage entry before it that nothing has voided by then.
static void check_reference(struct passing *passing, const struct leaf_reading *reading)
{
    struct exported *exported = passing->exported;
    struct exported_log *log = &exported->log;
    long long index = reading->index;
    if (reading->reference >= reading->index) {
        fault(exported->report, "Entry %lld refers to an entry that is not before it.", index);
        return;
    }
    if (reading->reference < exported->from)
        return; // outside of the export: cannot be told
    size_t original = (size_t)(reading->reference - exported->from);
    sha256 hash = merkle_leaf(log_line(log, original));
    if (!log_is(log, original, LOG_WHOLE) || log_kind(log, original) != ENTRY_usage)
        fault(exported->report, "Entry %lld refers to an entry that is no event.", index);
    else if (!sha256_eq(&hash, &reading->reference_to))
        fault(exported->report, "Entry %lld refers to another leaf than stands at its index.",
              index);
    else if (log_is(log, original, LOG_VOIDED))
        fault(exported->report, "Entry %lld refers to an event that was voided before.", index);
    log_note_corrected(log, original, reading->kind == ENTRY_void ? LOG_VOIDED : LOG_AMENDED);
    log_note_correction(log, (size_t)(reading->index - exported->from));
}

static void take_whole(struct passing *passing, const struct leaf_reading *reading, json_t *root)
{
    struct exported *exported = passing->exported;
    struct exported_document document = {0};
    if (passing->any && reading->at.us < passing->last.us)
        fault(exported->report, "Entry %lld is dated before the one that precedes it.",
              (long long)reading->index);
    passing->any = true;
    passing->last = reading->at;
    switch (reading->kind) {
    case ENTRY_usage:
        log_note_event(&exported->log, (size_t)(reading->index - exported->from), reading->time);
        identities_add(&passing->identities, &reading->identity);
        return;
    case ENTRY_void:
    case ENTRY_amend:
        check_reference(passing, reading);
        return;
    case ENTRY_plan:
    case ENTRY_subscription:
    case ENTRY_invoice:
    case ENTRY_credit_note:
    case ENTRY_adjustment:
    case ENTRY_retention:
        if (document_keep(exported, reading, root, &document))
            add_document(exported, &document);
        return;
    case ENTRY_key:
    case ENTRY_erasure:
    case ENTRY_audit:
    case ENTRY_KIND_COUNT:
        return;
    }
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
    if (passing->rooting) {
        sha256 hash = merkle_leaf(line);
        merkle_parts_add(&passing->parts, &hash);
    }
    leaf_read(&reading, &root);
    if (reading.whole) {
        exported->log.flags[position] = (unsigned char)(LOG_WHOLE | (unsigned)reading.kind);
        take_whole(passing, &reading, root);
    }
    if (position % SCRATCH_EVERY == 0)
        arena_reset(&passing->scratch);
}

// ---- identities that may be there twice, by their numbers

struct seen_identity {
    identity identity;
    int64_t index;
};

static int by_identity(const void *a, const void *b)
{
    const struct seen_identity *left = a;
    const struct seen_identity *right = b;
    int order = memcmp(left->identity.bytes, right->identity.bytes, IDENTITY_BYTES);
    if (order != 0)
        return order;
    return left->index < right->index ? -1 : 1;
}

static int by_number(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

// Those of one of the numbers, in the order of the log.
static struct seen_identity *find_seen(struct exported *exported, const uint64_t *numbers,
                                       size_t number_count, size_t *count)
{
    struct seen_identity *seen = NULL;
    size_t room = 0;
    struct log_walk walk = log_walk_from(&exported->log, 0);
    for (str line = {0}; log_next(&walk, &line);) {
        OWNED(json_release) json_t *held = NULL;
        size_t position = walk.position - 1;
        struct usage_event event = {0};
        bool is_usage = false;
        if (!log_is(&exported->log, position, LOG_WHOLE) ||
            log_kind(&exported->log, position) != ENTRY_usage ||
            failed(usage_leaf_read(line, &event, &held, &is_usage)) || !is_usage)
            continue;
        identity own = identity_of(event.source, event.id);
        uint64_t number = identity_number(&own);
        if (bsearch(&number, numbers, number_count, sizeof number, by_number) == NULL)
            continue;
        seen = arena_grow(exported->arena, seen, *count, &room, sizeof *seen);
        seen[(*count)++] = (struct seen_identity){own, exported->from + (int64_t)position};
    }
    return seen;
}

static void check_identities(struct passing *passing)
{
    size_t number_count = 0;
    size_t count = 0;
    const uint64_t *numbers = identities_repeated(&passing->identities, &number_count);
    if (number_count == 0)
        return;
    struct seen_identity *seen = find_seen(passing->exported, numbers, number_count, &count);
    if (count != 0)
        qsort(seen, count, sizeof *seen, by_identity);
    for (size_t i = 1; i < count; i++) {
        if (memcmp(seen[i - 1].identity.bytes, seen[i].identity.bytes, IDENTITY_BYTES) == 0)
            fault(passing->exported->report,
                  "Entry %lld has the source and id of the event in entry %lld.",
                  (long long)seen[i].index, (long long)seen[i - 1].index);
    }
}

// ---- the way through them

static void begin_root(struct passing *passing)
{
    struct exported *exported = passing->exported;
    if (!exported->has_checkpoint || !exported->has_manifest || !exported->has_spans)
        return;
    exported->rooted = merkle_parts_open(exported->checkpoint.size, (uint64_t)exported->from,
                                         (uint64_t)exported->from + exported->log.count,
                                         exported->spans, exported->span_count, &passing->parts);
    passing->rooting = !failed(exported->rooted);
}

// Puts the carried documents below an index among the others; answers how many have been put.
static size_t take_carried(struct exported *exported, size_t next, int64_t below)
{
    for (; next < exported->carried_count && exported->carried[next].index < below; next++)
        add_document(exported, &exported->carried[next]);
    return next;
}

void verify_leaves(struct exported *exported)
{
    str rest = STR("");
    str line = {0};
    struct passing passing = {.exported = exported};
    passing.identities.arena = &passing.numbers;
    size_t carried = take_carried(exported, 0, exported->from);
    log_open(exported->arena, &exported->files, exported_file(exported, EXPORT_ENTRIES),
             &exported->log, &rest);
    begin_root(&passing);
    struct log_walk walk = log_walk_from(&exported->log, 0);
    while (log_next(&walk, &line))
        pass(&passing, walk.position - 1, line);
    (void)take_carried(exported, carried, INT64_MAX);
    if (rest.len != 0)
        fault(exported->report, "The last line of entries.ndjson is cut off.");
    if (exported->has_manifest && (int64_t)exported->log.count != exported->to - exported->from)
        fault(exported->report, "There are %zu entries where the manifest says %lld.",
              exported->log.count, (long long)(exported->to - exported->from));
    check_identities(&passing);
    if (passing.rooting)
        exported->rooted = merkle_parts_root(&passing.parts, &exported->root);
    arena_reset(&passing.scratch);
    arena_reset(&passing.numbers);
}

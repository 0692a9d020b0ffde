// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include "leaf.h"

#include <stdlib.h>
#include <string.h>

struct place {
    int64_t customer_id;
    size_t number;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->customer_id != b->customer_id)
        return a->customer_id < b->customer_id ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void sort_slots(struct batch *batch, struct append *const *entries)
{
    struct place *places = arena_array(batch->arena, struct place, batch->count);
    bool in_order = true;
    for (size_t i = 0; i < batch->count; i++) {
        places[i] = (struct place){entries[i]->customer_id, i};
        in_order = in_order && (i == 0 || places[i - 1].customer_id <= places[i].customer_id);
    }
    if (!in_order)
        qsort(places, batch->count, sizeof *places, compare_places);
    for (size_t i = 0; i < batch->count; i++)
        batch->slots[i] = (struct slot){.entry = entries[places[i].number], .next_twin = NO_SLOT};
}

static void cut_parts(struct batch *batch)
{
    size_t parts = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (i == 0 || batch->slots[i].entry->customer_id != batch->slots[i - 1].entry->customer_id)
            parts++;
    }
    batch->parts = arena_array(batch->arena, struct part, parts);
    for (size_t i = 0; i < batch->count; i++) {
        int64_t customer_id = batch->slots[i].entry->customer_id;
        if (i == 0 || customer_id != batch->slots[i - 1].entry->customer_id)
            batch->parts[batch->part_count++] = (struct part){customer_id, .begin = i};
        batch->parts[batch->part_count - 1].end = i + 1;
    }
}

// Callers choose identities; the seed keeps them from choosing ones that all fall on one place.
struct seed {
    uint64_t words[2];
};

static size_t hash(const struct append *entry, const struct seed *seed)
{
    uint64_t low = 0;
    uint64_t high = 0;
    memcpy(&low, entry->identity.bytes, sizeof low);
    memcpy(&high, entry->identity.bytes + sizeof low, sizeof high);
    __extension__ typedef unsigned __int128 wide;
    wide product =
        (wide)(low ^ seed->words[0]) * (high ^ seed->words[1] ^ (uint64_t)entry->customer_id);
    return (size_t)(uint64_t)(product ^ (product >> 64));
}

static bool same_identity(const struct append *a, const struct append *b)
{
    return a->customer_id == b->customer_id &&
           memcmp(a->identity.bytes, b->identity.bytes, sizeof a->identity.bytes) == 0;
}

struct twin_table {
    ptrdiff_t *first; // slot of an identity, NO_SLOT for a free place
    ptrdiff_t *last;  // and the last of its chain
    size_t mask;
    struct seed seed;
};

static void link_slot(struct batch *batch, struct twin_table *table, size_t number)
{
    struct slot *slot = &batch->slots[number];
    size_t at = hash(slot->entry, &table->seed) & table->mask;
    while (table->first[at] != NO_SLOT &&
           !same_identity(batch->slots[table->first[at]].entry, slot->entry))
        at = (at + 1) & table->mask;
    if (table->first[at] == NO_SLOT) {
        table->first[at] = (ptrdiff_t)number;
        batch->identity_count++;
        batch->suspect_count += slot->entry->suspect;
    } else {
        struct append *first = batch->slots[table->first[at]].entry;
        batch->suspect_count += slot->entry->suspect && !first->suspect;
        first->suspect = first->suspect || slot->entry->suspect;
        slot->is_twin = true;
        batch->slots[table->last[at]].next_twin = (ptrdiff_t)number;
    }
    table->last[at] = (ptrdiff_t)number;
}

static void link_twins(struct batch *batch)
{
    size_t size = 2;
    while (size < 2 * batch->count)
        size *= 2;
    struct twin_table table = {.first = arena_array(batch->arena, ptrdiff_t, size),
                               .last = arena_array(batch->arena, ptrdiff_t, size),
                               .mask = size - 1};
    memset(table.first, 0xff, size * sizeof *table.first);
    crypto_random(&table.seed, sizeof table.seed);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->slots[i].entry->has_identity)
            link_slot(batch, &table, i);
    }
}

void batch_plan(struct batch *batch, struct arena *arena, struct append *const *entries,
                size_t count)
{
    *batch = (struct batch){.arena = arena, .count = count};
    batch->slots = arena_array(arena, struct slot, count);
    sort_slots(batch, entries);
    cut_parts(batch);
    link_twins(batch);
    for (size_t i = 0; i < count; i++)
        batch->has_void = batch->has_void || entries[i]->kind == ENTRY_void;
}

void batch_suspect_all(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->slots[i].entry->has_identity && !batch->slots[i].is_twin)
            batch->slots[i].entry->suspect = true;
    }
    batch->suspect_count = batch->identity_count;
}

static void settle(struct append *entry, int64_t index, str event, bool twin_is_new)
{
    entry->outcome = str_eq(leaf_event(entry), event) ? APPEND_DUPLICATE : APPEND_CONFLICT;
    entry->index = index;
    entry->first_is_new = twin_is_new;
}

void batch_settle_stored(struct batch *batch, size_t first, int64_t index, str event)
{
    for (ptrdiff_t at = (ptrdiff_t)first; at != NO_SLOT; at = batch->slots[at].next_twin) {
        batch->slots[at].is_stored = true;
        settle(batch->slots[at].entry, index, event, false);
    }
}

void batch_settle_removed(struct batch *batch, size_t first, int64_t index)
{
    for (ptrdiff_t at = (ptrdiff_t)first; at != NO_SLOT; at = batch->slots[at].next_twin) {
        struct append *entry = batch->slots[at].entry;
        batch->slots[at].is_stored = true;
        entry->outcome = APPEND_DUPLICATE;
        entry->index = index;
        entry->first_is_new = false;
    }
}

void batch_settle_twins(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct slot *slot = &batch->slots[i];
        if (!slot_is_new(slot))
            continue;
        str event = leaf_event(slot->entry);
        for (ptrdiff_t at = slot->next_twin; at != NO_SLOT; at = batch->slots[at].next_twin)
            settle(batch->slots[at].entry, slot->entry->index, event, true);
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "claims.h"

#include <stdlib.h>
#include <string.h>

void claims_open(struct claims *claims, struct arena *arena, size_t most)
{
    *claims = (struct claims){
        .arena = arena,
        .items = arena_array(arena, struct claim, most),
        .room = most,
        .total = exact_zero(),
    };
}

void claims_add(struct claims *claims, const struct claimed_event *event, bool copies)
{
    claims->items = arena_grow(claims->arena, claims->items, claims->count, &claims->room,
                               sizeof *claims->items);
    struct claim *claim = &claims->items[claims->count++];
    *claim = (struct claim){.event = *event};
    if (copies) {
        claim->event.id = str_copy(claims->arena, event->id);
        claim->event.source = str_copy(claims->arena, event->source);
    }
}

static int compare_keys(const identity *a, const identity *b)
{
    return memcmp(a->bytes, b->bytes, IDENTITY_BYTES);
}

static int by_key(const void *left, const void *right)
{
    const struct claim_key *a = left;
    const struct claim_key *b = right;
    int order = compare_keys(&a->key, &b->key);
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

void claims_sort(struct claims *claims, int64_t *repeated)
{
    *repeated = 0;
    claims->keys = arena_array(claims->arena, struct claim_key, claims->count);
    for (size_t i = 0; i < claims->count; i++) {
        const struct claimed_event *event = &claims->items[i].event;
        claims->keys[i] = (struct claim_key){identity_of(event->source, event->id), i};
    }
    if (claims->count != 0)
        qsort(claims->keys, claims->count, sizeof *claims->keys, by_key);
    for (size_t i = 1; i < claims->count; i++) {
        bool repeats = compare_keys(&claims->keys[i].key, &claims->keys[i - 1].key) == 0;
        claims->items[claims->keys[i].place].repeats = repeats;
        *repeated += repeats;
    }
}

// The first one of a key; those after it repeat it.
static struct claim *find_key(const struct claims *claims, identity key)
{
    size_t low = 0;
    size_t high = claims->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(&claims->keys[middle].key, &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == claims->count || compare_keys(&claims->keys[low].key, &key) != 0)
        return NULL;
    return &claims->items[claims->keys[low].place];
}

struct claim *claims_find(const struct claims *claims, str source, str id)
{
    struct claim *own = find_key(claims, identity_of(source, id));
    if (own != NULL || source.len == 0)
        return own;
    struct claim *bare = find_key(claims, identity_of(STR(""), id));
    return bare != NULL && bare->event.any_source && !bare->seen ? bare : NULL;
}

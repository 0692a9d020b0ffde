// SPDX-License-Identifier: Apache-2.0
#include "claims.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static result keep(void *context, const struct claimed_event *event)
{
    struct claimed *claimed = context;
    assert(claimed->count < claimed->room);
    claimed->events[claimed->count++] = *event;
    return OK;
}

struct claim_sink claimed_sink(struct claimed *claimed, struct arena *arena, size_t most)
{
    *claimed = (struct claimed){
        .events = arena_array(arena, struct claimed_event, most),
        .room = most,
    };
    return (struct claim_sink){.take = keep, .context = claimed};
}

static result add(void *context, const struct claimed_event *event)
{
    struct claims *claims = context;
    size_t place = claims->count;
    unsigned marks = 0;
    assert(place < claims->room);
    if (event->any_source)
        marks |= CLAIM_ANY_SOURCE;
    if (event->has_quantity) {
        if (claims->quantities == NULL)
            claims->quantities = arena_array(claims->arena, decimal, claims->room);
        claims->quantities[place] = event->quantity;
        claims->total = exact_add(claims->arena, claims->total,
                                  exact_from_decimal(claims->arena, event->quantity));
        marks |= CLAIM_HAS_QUANTITY;
    }
    if (event->has_time) {
        if (claims->times == NULL)
            claims->times = arena_array(claims->arena, instant, claims->room);
        claims->times[place] = event->time;
        marks |= CLAIM_HAS_TIME;
    }
    claims->partial = claims->partial || !event->has_quantity;
    claims->marks[place] = (unsigned char)marks;
    claims->keys[place] =
        (struct claim_key){identity_of(event->source, event->id), (uint32_t)place};
    claims->count++;
    return OK;
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

static void sort(struct claims *claims)
{
    if (claims->count != 0)
        qsort(claims->keys, claims->count, sizeof *claims->keys, by_key);
    for (size_t i = 1; i < claims->count; i++) {
        if (compare_keys(&claims->keys[i].key, &claims->keys[i - 1].key) != 0)
            continue;
        claims->marks[claims->keys[i].place] |= CLAIM_REPEATS;
        claims->repeated++;
    }
}

result claims_read(struct db_tx *tx, const struct claimed *claimed, struct claims *claims)
{
    struct arena *arena = db_arena(tx);
    size_t room = claimed->staged != NULL ? (size_t)claimed->staged->ids : claimed->count;
    *claims = (struct claims){
        .arena = arena,
        .room = room,
        .keys = arena_array(arena, struct claim_key, room),
        .marks = arena_array(arena, unsigned char, room),
        .total = exact_zero(),
        .partial = claimed->refused > 0,
    };
    if (claimed->staged != NULL)
        TRY(staged_each(tx, claimed->staged, add, claims));
    for (size_t i = 0; i < claimed->count; i++)
        TRY(add(claims, &claimed->events[i]));
    sort(claims);
    return OK;
}

// The first one of a key; those after it repeat it.
static bool find_key(const struct claims *claims, identity key, size_t *place)
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
        return false;
    *place = claims->keys[low].place;
    return true;
}

bool claims_find(const struct claims *claims, str source, str id, size_t *place)
{
    if (find_key(claims, identity_of(source, id), place))
        return true;
    if (source.len == 0 || !find_key(claims, identity_of(STR(""), id), place))
        return false;
    unsigned marks = claims->marks[*place];
    return (marks & CLAIM_ANY_SOURCE) != 0 && (marks & CLAIM_SEEN) == 0;
}

result claims_name(struct db_tx *tx, struct arena *arena, const struct claimed *claimed,
                   const int64_t *places, size_t count, struct claimed_event *named)
{
    if (claimed->staged != NULL)
        return staged_name(tx, arena, claimed->staged, places, count, named);
    for (size_t i = 0; i < count; i++)
        named[i] = claimed->events[places[i]];
    return OK;
}

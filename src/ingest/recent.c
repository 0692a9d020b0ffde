// SPDX-License-Identifier: Apache-2.0
#include "recent.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORDS = 1 << 19, // 4 MiB a generation
    KEYS_MAX = 4 * WORDS,
    BITS_A_KEY = 4,
};

struct generation {
    _Atomic uint64_t words[WORDS];
};

struct recent {
    uint64_t seed[2]; // callers choose identities, and do not know where they fall
    struct generation *generations[2];
    _Atomic unsigned younger;
    _Atomic size_t keys; // in the younger
};

struct recent *recent_new(void)
{
    struct recent *recent = calloc(1, sizeof *recent);
    assert(recent != NULL);
    crypto_random(recent->seed, sizeof recent->seed);
    for (size_t i = 0; i < 2; i++) {
        recent->generations[i] = calloc(1, sizeof *recent->generations[i]);
        assert(recent->generations[i] != NULL);
    }
    return recent;
}

void recent_free(struct recent *recent)
{
    if (recent == NULL)
        return;
    free(recent->generations[0]);
    free(recent->generations[1]);
    free(recent);
}

struct place {
    size_t word;
    uint64_t bits;
};

static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)(product ^ (product >> 64));
}

static struct place place_of(const struct recent *recent, const struct append *entry)
{
    uint64_t low = 0;
    uint64_t high = 0;
    memcpy(&low, entry->identity.bytes, sizeof low);
    memcpy(&high, entry->identity.bytes + sizeof low, sizeof high);
    uint64_t hash =
        fold(low ^ recent->seed[0], high ^ recent->seed[1] ^ (uint64_t)entry->customer_id);
    uint64_t more = fold(hash ^ recent->seed[1], recent->seed[0] | 1U);
    struct place place = {.word = (size_t)(hash % WORDS)};
    for (unsigned i = 0; i < BITS_A_KEY; i++)
        place.bits |= UINT64_C(1) << ((more >> (6 * i)) & 63U);
    return place;
}

static bool holds(const struct generation *generation, struct place place)
{
    uint64_t word = atomic_load_explicit(&generation->words[place.word], memory_order_relaxed);
    return (word & place.bits) == place.bits;
}

bool recent_has(const struct recent *recent, const struct append *entry)
{
    struct place place = place_of(recent, entry);
    return holds(recent->generations[0], place) || holds(recent->generations[1], place);
}

// One thread alone gets to see the count that turns the generations.
static void turn(struct recent *recent)
{
    unsigned elder = 1U - atomic_load(&recent->younger);
    for (size_t i = 0; i < WORDS; i++)
        atomic_store_explicit(&recent->generations[elder]->words[i], 0, memory_order_relaxed);
    atomic_store(&recent->younger, elder);
    atomic_store(&recent->keys, 0);
}

void recent_add(struct recent *recent, const struct append *entry)
{
    struct place place = place_of(recent, entry);
    struct generation *younger = recent->generations[atomic_load(&recent->younger)];
    (void)atomic_fetch_or_explicit(&younger->words[place.word], place.bits, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&recent->keys, 1, memory_order_relaxed) + 1 == KEYS_MAX)
        turn(recent);
}

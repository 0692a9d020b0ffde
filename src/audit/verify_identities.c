// SPDX-License-Identifier: Apache-2.0
#include "verify_identities.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_NUMBERS = 1000, HEAP_SHIFT = 56 };

struct identity_piece {
    struct identity_piece *before;
    uint64_t numbers[PIECE_NUMBERS];
};

// A permutation of 64 bits that leaves none of them alone (Steele, Lea, Flood: SplittableRandom).
static uint64_t stir(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t identity_number(const identity *whole)
{
    uint64_t halves[2];
    memcpy(halves, whole->bytes, sizeof halves);
    return stir(stir(halves[0]) + halves[1]);
}

void identities_add(struct identities *identities, const identity *whole)
{
    uint64_t number = identity_number(whole);
    size_t heap = number >> HEAP_SHIFT;
    if (identities->heaps[heap].room == 0) {
        struct identity_piece *piece = arena_new(identities->arena, struct identity_piece);
        piece->before = identities->heaps[heap].newest;
        identities->heaps[heap].newest = piece;
        identities->heaps[heap].room = PIECE_NUMBERS;
    }
    size_t place = PIECE_NUMBERS - identities->heaps[heap].room--;
    identities->heaps[heap].newest->numbers[place] = number;
    identities->heaps[heap].count++;
}

static int by_number(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t *sorted_heap(const struct identities *identities, size_t heap, struct arena *arena)
{
    size_t count = 0;
    size_t of_piece = PIECE_NUMBERS - identities->heaps[heap].room;
    uint64_t *numbers = arena_array(arena, uint64_t, identities->heaps[heap].count);
    for (const struct identity_piece *piece = identities->heaps[heap].newest; piece != NULL;
         piece = piece->before) {
        memcpy(numbers + count, piece->numbers, of_piece * sizeof *numbers);
        count += of_piece;
        of_piece = PIECE_NUMBERS;
    }
    if (count > 0)
        qsort(numbers, count, sizeof *numbers, by_number);
    return numbers;
}

const uint64_t *identities_repeated(struct identities *identities, size_t *count)
{
    uint64_t *repeated = NULL;
    size_t found = 0;
    size_t room = 0;
    for (size_t heap = 0; heap < IDENTITY_HEAPS; heap++) {
        struct arena scratch = {0};
        const uint64_t *numbers = sorted_heap(identities, heap, &scratch);
        for (size_t i = 1; i < identities->heaps[heap].count; i++) {
            bool again = numbers[i] == numbers[i - 1];
            if (!again || (found > 0 && repeated[found - 1] == numbers[i]))
                continue;
            repeated = arena_grow(identities->arena, repeated, found, &room, sizeof *repeated);
            repeated[found++] = numbers[i];
        }
        arena_reset(&scratch);
    }
    *count = found;
    return repeated;
}

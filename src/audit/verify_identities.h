// SPDX-License-Identifier: Apache-2.0
// verify_identities.h - whether an identity comes twice, in eight bytes for each: a number made of
// all sixteen tells which ones may, and only those are looked at again.
#pragma once

#include "phial/ledger/ledger.h"

enum { IDENTITY_HEAPS = 256 };

struct identity_piece;
struct identities {
    struct arena *arena;
    struct {
        struct identity_piece *newest;
        size_t count;
        size_t room; // left in the newest
    } heaps[IDENTITY_HEAPS];
};

uint64_t identity_number(const identity *whole);
void identities_add(struct identities *identities, const identity *whole);
// The numbers that came more than once, in order.
const uint64_t *identities_repeated(struct identities *identities, size_t *count);

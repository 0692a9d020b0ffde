// SPDX-License-Identifier: Apache-2.0
// tree.h - the shape of the RFC 6962 tree: where it splits, and the way down to a place in it.
#pragma once

#include "phial/merkle/merkle.h"

// The greatest power of two below `size`, which is 2 or more.
static inline uint64_t tree_split(uint64_t size)
{
    return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

// The hash over the leaves [begin, end), a node of some tree: begin is a multiple of the greatest
// power of two that the node holds.
result tree_hash(uint64_t begin, uint64_t end, merkle_source source, void *context, sha256 *hash);

// The spans of merkle_cover without their hashes.
size_t tree_cover(uint64_t size, uint64_t from, uint64_t to, struct merkle_span *spans);

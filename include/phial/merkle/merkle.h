// SPDX-License-Identifier: Apache-2.0
// merkle.h - RFC 6962 trees: compact ranges, proofs and their verification.
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stddef.h>
#include <stdint.h>

enum { MERKLE_LEVELS_MAX = 64, MERKLE_PROOF_MAX = 64 };

sha256 merkle_leaf(str bytes);                               // SHA-256(0x00 || bytes)
sha256 merkle_node(const sha256 *left, const sha256 *right); // SHA-256(0x01 || left || right)
sha256 merkle_empty(void);                                   // SHA-256("")

// The roots of the maximal full subtrees of [0, size), largest first: what appending needs.
struct merkle_range {
    uint64_t size;
    sha256 nodes[MERKLE_LEVELS_MAX]; // popcount(size) of them
};

// Called for every full subtree that an append completes: its level (a leaf is 0) and its number
// on that level.
typedef result (*merkle_emit)(void *context, unsigned level, uint64_t number, const sha256 *hash);

result merkle_append(struct merkle_range *range, const sha256 *leaf, merkle_emit emit,
                     void *context); // emit may be NULL
sha256 merkle_root(const struct merkle_range *range);
str merkle_range_print(struct arena *arena, const struct merkle_range *range); // 32 bytes a node
result merkle_range_parse(uint64_t size, str bytes, struct merkle_range *range);

// A full subtree: leaves [number << level, (number + 1) << level).
struct merkle_subtree {
    unsigned level;
    uint64_t number;
};

// Where the hashes of full subtrees come from.
typedef result (*merkle_source)(void *context, struct merkle_subtree subtree, sha256 *hash);

struct merkle_proof {
    sha256 hashes[MERKLE_PROOF_MAX];
    size_t count;
};

// RFC 6962 2.1.1 and 2.1.2. INVALID unless index < size, 0 < from <= to.
result merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_source source, void *context,
                              struct merkle_proof *proof);
result merkle_prove_consistency(uint64_t from, uint64_t to, merkle_source source, void *context,
                                struct merkle_proof *proof);
result merkle_root_at(uint64_t size, merkle_source source, void *context, sha256 *root);

// The maximal subtrees of the tree over `size` leaves that cover [from, to), left to right. A
// subtree that the tree's right edge cuts is named by the leaves it has: see `end`.
struct merkle_span {
    uint64_t begin;
    uint64_t end;
    sha256 hash;
};
// At most 2 * MERKLE_LEVELS_MAX spans; each hash is made from `source`.
result merkle_cover(uint64_t size, uint64_t from, uint64_t to, merkle_source source, void *context,
                    struct merkle_span *spans, size_t *count);
// The root over `size` leaves from the spans outside [from, to) and, one after the other, the leaf
// hashes inside it.
struct merkle_parts {
    struct merkle_span nodes[2 * MERKLE_LEVELS_MAX];
    size_t node_count;
    uint64_t at; // of the next leaf
    uint64_t to;
    const struct merkle_span *after; // borrowed
    size_t after_count;
};
// VERIFICATION_FAILED when a span is missing, overlapping, not maximal or superfluous.
result merkle_parts_open(uint64_t size, uint64_t from, uint64_t to, const struct merkle_span *spans,
                         size_t span_count, struct merkle_parts *parts);
void merkle_parts_add(struct merkle_parts *parts, const sha256 *leaf);
// Once. VERIFICATION_FAILED unless every leaf of the range was added.
result merkle_parts_root(struct merkle_parts *parts, sha256 *root);

// VERIFICATION_FAILED unless the proof holds, exactly: no hash missing, none left over.
result merkle_verify_inclusion(const sha256 *leaf, uint64_t index, uint64_t size,
                               const struct merkle_proof *proof, const sha256 *root);
result merkle_verify_consistency(uint64_t from, uint64_t to, const struct merkle_proof *proof,
                                 const sha256 *from_root, const sha256 *to_root);

// SPDX-License-Identifier: Apache-2.0
// Proofs go down from the root to the place, and note the node that each turn leaves aside; the
// hashes stand in the order of the way back up.
#include "tree.h"

// The way to a leaf, or to the right edge of an older tree.
struct way {
    struct {
        uint64_t begin; // of the node that the turn leaves aside
        uint64_t end;
        bool left; // it lies to the left of the way
    } turns[MERKLE_LEVELS_MAX];
    size_t count;
    uint64_t begin; // where the way ends
    uint64_t end;
};

// From [0, size) down to the leaf.
static void way_to_leaf(uint64_t index, uint64_t size, struct way *way)
{
    *way = (struct way){.end = size};
    while (way->end - way->begin > 1) {
        uint64_t middle = way->begin + tree_split(way->end - way->begin);
        bool right = index >= middle;
        way->turns[way->count].begin = right ? way->begin : middle;
        way->turns[way->count].end = right ? middle : way->end;
        way->turns[way->count++].left = right;
        if (right)
            way->begin = middle;
        else
            way->end = middle;
    }
}

// From [0, to) down to the node, common to both trees, that ends at `from`.
static void way_to_size(uint64_t from, uint64_t to, struct way *way)
{
    *way = (struct way){.end = to};
    while (way->end != from) {
        uint64_t middle = way->begin + tree_split(way->end - way->begin);
        bool right = from > middle;
        way->turns[way->count].begin = right ? way->begin : middle;
        way->turns[way->count].end = right ? middle : way->end;
        way->turns[way->count++].left = right;
        if (right)
            way->begin = middle;
        else
            way->end = middle;
    }
}

static result add_turns(const struct way *way, merkle_source source, void *context,
                        struct merkle_proof *proof)
{
    for (size_t i = way->count; i != 0; i--) {
        TRY(tree_hash(way->turns[i - 1].begin, way->turns[i - 1].end, source, context,
                      &proof->hashes[proof->count]));
        proof->count++;
    }
    return OK;
}

result merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_source source, void *context,
                              struct merkle_proof *proof)
{
    if (index >= size)
        return FAIL(INVALID, "the index is not below the size");
    struct way way;
    way_to_leaf(index, size, &way);
    struct merkle_proof made = {.count = 0};
    TRY(add_turns(&way, source, context, &made));
    *proof = made;
    return OK;
}

result merkle_prove_consistency(uint64_t from, uint64_t to, merkle_source source, void *context,
                                struct merkle_proof *proof)
{
    if (from == 0 || from > to)
        return FAIL(INVALID, "the sizes do not rise from one or more");
    struct way way;
    way_to_size(from, to, &way);
    struct merkle_proof made = {.count = 0};
    if (way.begin != 0) { // else the node is the older tree itself, whose root the reader has
        TRY(tree_hash(way.begin, way.end, source, context, &made.hashes[0]));
        made.count = 1;
    }
    TRY(add_turns(&way, source, context, &made));
    *proof = made;
    return OK;
}

result merkle_root_at(uint64_t size, merkle_source source, void *context, sha256 *root)
{
    return tree_hash(0, size, source, context, root);
}

result merkle_verify_inclusion(const sha256 *leaf, uint64_t index, uint64_t size,
                               const struct merkle_proof *proof, const sha256 *root)
{
    if (index >= size)
        return FAIL(VERIFICATION_FAILED, "the index is not below the size");
    struct way way;
    way_to_leaf(index, size, &way);
    if (proof->count != way.count)
        return FAIL(VERIFICATION_FAILED, "the proof has not the length that the place needs");
    sha256 hash = *leaf;
    for (size_t i = 0; i < way.count; i++) {
        const sha256 *aside = &proof->hashes[i];
        hash = way.turns[way.count - 1 - i].left ? merkle_node(aside, &hash)
                                                 : merkle_node(&hash, aside);
    }
    if (!sha256_eq(&hash, root))
        return FAIL(VERIFICATION_FAILED, "the leaf is not in the tree");
    return OK;
}

result merkle_verify_consistency(uint64_t from, uint64_t to, const struct merkle_proof *proof,
                                 const sha256 *from_root, const sha256 *to_root)
{
    if (from == 0 || from > to)
        return FAIL(VERIFICATION_FAILED, "the sizes do not rise from one or more");
    struct way way;
    way_to_size(from, to, &way);
    size_t first = way.begin == 0 ? 0 : 1;
    if (proof->count != way.count + first)
        return FAIL(VERIFICATION_FAILED, "the proof has not the length that the sizes need");
    sha256 older = first == 0 ? *from_root : proof->hashes[0];
    sha256 newer = older;
    for (size_t i = 0; i < way.count; i++) {
        const sha256 *aside = &proof->hashes[first + i];
        if (way.turns[way.count - 1 - i].left) {
            older = merkle_node(aside, &older);
            newer = merkle_node(aside, &newer);
        } else {
            newer = merkle_node(&newer, aside);
        }
    }
    if (!sha256_eq(&older, from_root) || !sha256_eq(&newer, to_root))
        return FAIL(VERIFICATION_FAILED, "the later tree does not extend the earlier one");
    return OK;
}

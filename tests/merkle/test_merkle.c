// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/merkle/merkle.h"
#include "root_from_parts.h"

#include <string.h>

enum { SIZE_MAX_TRIED = 40 };

struct tree {
    sha256 leaves[SIZE_MAX_TRIED];
    uint64_t size;
};

static struct tree tree_of(uint64_t size)
{
    struct tree tree = {.size = size};
    for (uint64_t i = 0; i < size; i++)
        tree.leaves[i] = merkle_leaf((str){&(char){(char)i}, 1});
    return tree;
}

// Straight from the definition: MTH(D[n]) splits at the greatest power of two below n.
static sha256 plain_root(const sha256 *leaves, uint64_t count)
{
    sha256 hashes[SIZE_MAX_TRIED];
    memcpy(hashes, leaves, count * sizeof *leaves);
    uint64_t left = count;
    if (left == 0)
        return merkle_empty();
    while (left > 1) { // pairs from the left; an odd one out goes up as it is
        uint64_t next = 0;
        for (uint64_t i = 0; i < left; i += 2)
            hashes[next++] = i + 1 < left ? merkle_node(&hashes[i], &hashes[i + 1]) : hashes[i];
        left = next;
    }
    return hashes[0];
}

static result from_leaves(void *context, struct merkle_subtree subtree, sha256 *hash)
{
    const struct tree *tree = context;
    uint64_t begin = subtree.number << subtree.level;
    uint64_t count = UINT64_C(1) << subtree.level;
    ck_assert_uint_le(begin + count, tree->size); // only full subtrees are asked for
    *hash = plain_root(tree->leaves + begin, count);
    return OK;
}

static result no_source(void *context, struct merkle_subtree subtree, sha256 *hash)
{
    (void)context;
    (void)subtree;
    (void)hash;
    return FAIL(NOT_FOUND, "gone");
}

START_TEST(agrees_with_the_definition_at_every_size)
{
    for (uint64_t size = 0; size <= SIZE_MAX_TRIED; size++) {
        struct tree tree = tree_of(size);
        sha256 wanted = plain_root(tree.leaves, size);
        sha256 root;
        ck_assert_ok(merkle_root_at(size, from_leaves, &tree, &root));
        ck_assert(sha256_eq(&root, &wanted));
        struct merkle_range range = {.size = 0};
        for (uint64_t i = 0; i < size; i++)
            ck_assert_ok(merkle_append(&range, &tree.leaves[i], NULL, NULL));
        root = merkle_root(&range);
        ck_assert(sha256_eq(&root, &wanted));
    }
}
END_TEST

START_TEST(proves_every_pair_of_sizes_and_every_leaf)
{
    for (uint64_t to = 1; to <= SIZE_MAX_TRIED; to++) {
        struct tree tree = tree_of(to);
        sha256 to_root = plain_root(tree.leaves, to);
        for (uint64_t from = 1; from <= to; from++) {
            struct merkle_proof proof;
            sha256 from_root = plain_root(tree.leaves, from);
            ck_assert_ok(merkle_prove_consistency(from, to, from_leaves, &tree, &proof));
            ck_assert_ok(merkle_verify_consistency(from, to, &proof, &from_root, &to_root));
            proof.count++;
            ck_assert_fails(VERIFICATION_FAILED,
                            merkle_verify_consistency(from, to, &proof, &from_root, &to_root));
        }
        for (uint64_t index = 0; index < to; index++) {
            struct merkle_proof proof;
            const sha256 *leaf = &tree.leaves[index];
            ck_assert_ok(merkle_prove_inclusion(index, to, from_leaves, &tree, &proof));
            ck_assert_ok(merkle_verify_inclusion(leaf, index, to, &proof, &to_root));
            if (to > 1)
                ck_assert_fails(VERIFICATION_FAILED, merkle_verify_inclusion(leaf, (index + 1) % to,
                                                                             to, &proof, &to_root));
        }
    }
}
END_TEST

START_TEST(refuses_places_that_the_tree_does_not_have)
{
    struct tree tree = tree_of(5);
    struct merkle_proof proof = {.count = 9};
    struct merkle_span spans[2 * MERKLE_LEVELS_MAX];
    size_t count = 9;
    ck_assert_fails(INVALID, merkle_prove_inclusion(5, 5, from_leaves, &tree, &proof));
    ck_assert_fails(INVALID, merkle_prove_inclusion(0, 0, from_leaves, &tree, &proof));
    ck_assert_fails(INVALID, merkle_prove_consistency(0, 5, from_leaves, &tree, &proof));
    ck_assert_fails(INVALID, merkle_prove_consistency(6, 5, from_leaves, &tree, &proof));
    ck_assert_fails(INVALID, merkle_cover(5, 0, 6, from_leaves, &tree, spans, &count));
    ck_assert_fails(INVALID, merkle_cover(5, 3, 2, from_leaves, &tree, spans, &count));
    ck_assert_fails(NOT_FOUND, merkle_prove_inclusion(1, 5, no_source, NULL, &proof));
    ck_assert_fails(NOT_FOUND, merkle_prove_consistency(3, 5, no_source, NULL, &proof));
    ck_assert_fails(NOT_FOUND, merkle_cover(5, 0, 3, no_source, NULL, spans, &count));
    ck_assert_uint_eq(proof.count, 9);
    ck_assert_uint_eq(count, 9);
}
END_TEST

static size_t spans_around(struct tree *tree, uint64_t from, uint64_t to,
                           struct merkle_span spans[4 * MERKLE_LEVELS_MAX])
{
    size_t before = 0;
    size_t after = 0;
    ck_assert_ok(merkle_cover(tree->size, 0, from, from_leaves, tree, spans, &before));
    ck_assert_ok(
        merkle_cover(tree->size, to, tree->size, from_leaves, tree, spans + before, &after));
    return before + after;
}

START_TEST(makes_the_root_from_any_range_and_what_surrounds_it)
{
    struct arena arena = {0};
    for (uint64_t size = 0; size <= SIZE_MAX_TRIED; size++) {
        struct tree tree = tree_of(size);
        sha256 wanted = plain_root(tree.leaves, size);
        for (uint64_t from = 0; from <= size; from++) {
            for (uint64_t to = from; to <= size; to++) {
                struct merkle_span spans[4 * MERKLE_LEVELS_MAX];
                size_t count = spans_around(&tree, from, to, spans);
                sha256 root;
                ck_assert_ok(root_from_parts(
                    size, from, (struct given_parts){tree.leaves + from, to - from, spans, count},
                    &root));
                ck_assert(sha256_eq(&root, &wanted));
            }
        }
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(covers_with_the_largest_subtrees)
{
    static const struct {
        uint64_t size;
        uint64_t from;
        uint64_t to;
        size_t count;
        uint64_t ends[4];
    } cases[] = {
        {8, 0, 8, 1, {8}},    {8, 0, 6, 2, {4, 6}}, {7, 4, 7, 1, {7}},
        {7, 3, 7, 2, {4, 7}}, {7, 5, 7, 2, {6, 7}}, {13, 1, 13, 4, {2, 4, 8, 13}},
        {5, 0, 5, 1, {5}},    {5, 2, 2, 0, {0}},    {0, 0, 0, 0, {0}},
        {6, 4, 6, 1, {6}},    {6, 0, 5, 2, {4, 5}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tree tree = tree_of(cases[i].size);
        struct merkle_span spans[2 * MERKLE_LEVELS_MAX];
        size_t count = 0;
        ck_assert_ok(merkle_cover(cases[i].size, cases[i].from, cases[i].to, from_leaves, &tree,
                                  spans, &count));
        ck_assert_uint_eq(count, cases[i].count);
        uint64_t begin = cases[i].from;
        for (size_t j = 0; j < count; j++) {
            ck_assert_uint_eq(spans[j].begin, begin);
            ck_assert_uint_eq(spans[j].end, cases[i].ends[j]);
            sha256 hash = plain_root(tree.leaves + begin, spans[j].end - begin);
            ck_assert(sha256_eq(&spans[j].hash, &hash));
            begin = spans[j].end;
        }
    }
}
END_TEST

START_TEST(refuses_parts_that_are_not_exactly_those_needed)
{
    struct arena arena = {0};
    struct tree tree = tree_of(13);
    struct merkle_span spans[4 * MERKLE_LEVELS_MAX];
    size_t count = spans_around(&tree, 5, 9, spans);
    sha256 root = merkle_empty();
    const sha256 *leaves = tree.leaves + 5;
    ck_assert_uint_eq(count, 5); // [0,4) [4,5) and [9,10) [10,12) [12,13)
    ck_assert_fails(
        VERIFICATION_FAILED,
        root_from_parts(13, 5, (struct given_parts){leaves, 4, spans, count - 1}, &root));
    ck_assert_fails(
        VERIFICATION_FAILED,
        root_from_parts(13, 5, (struct given_parts){leaves, 4, spans + 1, count - 1}, &root));
    ck_assert_fails(VERIFICATION_FAILED,
                    root_from_parts(13, 5, (struct given_parts){leaves, 3, spans, count}, &root));
    ck_assert_fails(VERIFICATION_FAILED,
                    root_from_parts(13, 14, (struct given_parts){leaves, 0, spans, count}, &root));
    ck_assert_fails(VERIFICATION_FAILED,
                    root_from_parts(13, 5, (struct given_parts){leaves, 9, spans, count}, &root));
    spans[count] = spans[count - 1];
    ck_assert_fails(
        VERIFICATION_FAILED,
        root_from_parts(13, 5, (struct given_parts){leaves, 4, spans, count + 1}, &root));
    spans[0].end = 5;
    ck_assert_fails(VERIFICATION_FAILED,
                    root_from_parts(13, 5, (struct given_parts){leaves, 4, spans, count}, &root));
    sha256 empty = merkle_empty();
    ck_assert(sha256_eq(&root, &empty));
    arena_reset(&arena);
}
END_TEST

static result refuse_emitted(void *context, unsigned level, uint64_t number, const sha256 *hash)
{
    (void)context;
    (void)number;
    (void)hash;
    return level == 1 ? FAIL(DB_AWAY, "gone") : OK;
}

START_TEST(leaves_the_range_as_it_was_when_emitting_fails)
{
    struct arena arena = {0};
    struct tree tree = tree_of(4);
    struct merkle_range range = {.size = 0};
    ck_assert_ok(merkle_append(&range, &tree.leaves[0], refuse_emitted, NULL));
    str before = merkle_range_print(&arena, &range);
    ck_assert_fails(DB_AWAY, merkle_append(&range, &tree.leaves[1], refuse_emitted, NULL));
    ck_assert_uint_eq(range.size, 1);
    ck_assert(str_eq(merkle_range_print(&arena, &range), before));
    arena_reset(&arena);
}
END_TEST

START_TEST(reads_the_ranges_that_it_prints)
{
    struct arena arena = {0};
    struct tree tree = tree_of(7);
    struct merkle_range range = {.size = 0};
    struct merkle_range read = {.size = 99};
    for (uint64_t i = 0; i < 7; i++)
        ck_assert_ok(merkle_append(&range, &tree.leaves[i], NULL, NULL));
    str text = merkle_range_print(&arena, &range);
    ck_assert_uint_eq(text.len, (size_t)3 * SHA256_BYTES);
    ck_assert_fails(INVALID, merkle_range_parse(8, text, &read));
    ck_assert_fails(INVALID, merkle_range_parse(7, str_slice(text, 1, text.len), &read));
    ck_assert_uint_eq(read.size, 99);
    ck_assert_ok(merkle_range_parse(7, text, &read));
    sha256 root = merkle_root(&read);
    sha256 wanted = plain_root(tree.leaves, 7);
    ck_assert(sha256_eq(&root, &wanted));
    ck_assert_ok(merkle_range_parse(0, STR(""), &read));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("merkle", agrees_with_the_definition_at_every_size,
          proves_every_pair_of_sizes_and_every_leaf, refuses_places_that_the_tree_does_not_have,
          makes_the_root_from_any_range_and_what_surrounds_it, covers_with_the_largest_subtrees,
          refuses_parts_that_are_not_exactly_those_needed,
          leaves_the_range_as_it_was_when_emitting_fails, reads_the_ranges_that_it_prints)

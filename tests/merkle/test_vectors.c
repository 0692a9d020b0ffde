// SPDX-License-Identifier: Apache-2.0
#include "phial/merkle/merkle.h"
#include "phial/merkle/note.h"
#include "vectors.h"

#include <string.h>

#define FILE_OF_VECTORS PHIAL_TEST_DATA "/vectors/rfc6962.json"

enum { LEAVES_MAX = 130 };

// Leaf hashes of a small tree, and the hashes of its full subtrees computed from them anew.
struct tree {
    sha256 leaves[LEAVES_MAX];
    uint64_t first; // its leaf 0 is leaves[first]
};

static result subtree_of(void *context, struct merkle_subtree subtree, sha256 *hash)
{
    const struct tree *tree = context;
    struct merkle_range range = {.size = 0};
    uint64_t count = UINT64_C(1) << subtree.level;
    for (uint64_t i = 0; i < count; i++)
        TRY(merkle_append(&range, &tree->leaves[tree->first + subtree.number * count + i], NULL,
                          NULL));
    *hash = merkle_root(&range);
    return OK;
}

static sha256 hash_of_bytes(str bytes)
{
    struct sha256_state state; // what is no hash at all becomes another wrong one
    sha256_start(&state);
    sha256_add(&state, STR("not a hash: "));
    sha256_add(&state, bytes);
    sha256 hash = sha256_end(&state);
    if (bytes.len == SHA256_BYTES)
        memcpy(hash.bytes, bytes.ptr, SHA256_BYTES);
    return hash;
}

static sha256 hash_at(struct arena *arena, const json_t *row, const char *name)
{
    return hash_of_bytes(bytes_of(arena, json_object_get(row, name)));
}

static bool is_hash(struct arena *arena, const sha256 *hash, const json_t *hex)
{
    return str_eq(sha256_str(hash), bytes_of(arena, hex));
}

static uint64_t number_at(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(row, name);
    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 10);
    ck_assert(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}

static struct merkle_proof proof_at(struct arena *arena, const json_t *row)
{
    struct merkle_proof proof = {.count = 0};
    const json_t *list = json_object_get(row, "proof");
    for (; proof.count < json_array_size(list); proof.count++)
        proof.hashes[proof.count] =
            hash_of_bytes(bytes_of(arena, json_array_get(list, proof.count)));
    return proof;
}

// Some rows to refuse name a leaf or a root of another length, which cannot even reach the
// verifier.
static bool holds_hashes(const json_t *row)
{
    return text_of(row, "leafHash").len == (size_t)2 * SHA256_BYTES &&
           text_of(row, "root").len == (size_t)2 * SHA256_BYTES;
}

static bool wants_error(const json_t *row)
{
    return json_is_true(json_object_get(row, "want_err"));
}

static void golden(struct arena *arena, const json_t *root, struct tree *tree)
{
    const json_t *inputs = json_object_get(json_object_get(root, "golden_tree"), "leaf_inputs");
    tree->first = 0;
    for (size_t i = 0; i < json_array_size(inputs); i++)
        tree->leaves[i] = merkle_leaf(bytes_of(arena, json_array_get(inputs, i)));
}

START_TEST(hashes_leaves_and_nodes)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(root, "hasher");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        sha256 hash = merkle_empty();
        if (str_eq(text_of(row, "op"), STR("leaf")))
            hash = merkle_leaf(bytes_of(&arena, json_object_get(row, "data")));
        if (str_eq(text_of(row, "op"), STR("node"))) { // its children are no hashes: by hand
            struct sha256_state state;
            sha256_start(&state);
            sha256_add(&state, STR("\x01"));
            sha256_add(&state, bytes_of(&arena, json_object_get(row, "left")));
            sha256_add(&state, bytes_of(&arena, json_object_get(row, "right")));
            hash = sha256_end(&state);
        }
        ck_assert(is_hash(&arena, &hash, json_object_get(row, "want")));
    }
    arena_reset(&arena);
}
END_TEST

static result count_emitted(void *context, unsigned level, uint64_t number, const sha256 *hash)
{
    sha256(*nodes)[4][8] = context;
    ck_assert_uint_lt(level, 4);
    (*nodes)[level][number] = *hash;
    return OK;
}

static void check_frontier(struct arena *arena, const json_t *tree,
                           const struct merkle_range *range)
{
    const json_t *levels = json_object_get(tree, "perfect_nodes_by_level");
    const json_t *pairs =
        json_array_get(json_object_get(tree, "frontier_by_size"), (size_t)range->size);
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        size_t level = (size_t)json_integer_value(json_array_get(pair, 0));
        size_t number = (size_t)json_integer_value(json_array_get(pair, 1));
        ck_assert(is_hash(arena, &range->nodes[i],
                          json_array_get(json_array_get(levels, level), number)));
    }
    ck_assert_uint_eq(merkle_range_print(arena, range).len, json_array_size(pairs) * SHA256_BYTES);
}

START_TEST(grows_the_golden_tree)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *wanted = json_object_get(root, "golden_tree");
    const json_t *roots = json_object_get(wanted, "roots_by_size");
    const json_t *levels = json_object_get(wanted, "perfect_nodes_by_level");
    struct tree tree = {.first = 0};
    sha256 nodes[4][8] = {{{{0}}}};
    golden(&arena, root, &tree);

    struct merkle_range range = {.size = 0};
    for (size_t size = 0; size <= 8; size++) {
        sha256 hash = merkle_root(&range);
        ck_assert(is_hash(&arena, &hash, json_array_get(roots, size)));
        ck_assert_ok(merkle_root_at(size, subtree_of, &tree, &hash));
        ck_assert(is_hash(&arena, &hash, json_array_get(roots, size)));
        check_frontier(&arena, wanted, &range);
        if (size < 8)
            ck_assert_ok(merkle_append(&range, &tree.leaves[size], count_emitted, &nodes));
    }
    for (size_t level = 0; level < 4; level++)
        for (size_t number = 0; number < (8U >> level); number++)
            ck_assert(is_hash(&arena, &nodes[level][number],
                              json_array_get(json_array_get(levels, level), number)));
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_and_refuses_inclusion_proofs)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(root, "inclusion");
    struct tree tree = {.first = 0};
    golden(&arena, root, &tree);
    ck_assert_uint_eq(json_array_size(rows), 98);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        uint64_t index = number_at(row, "leafIdx");
        uint64_t size = number_at(row, "treeSize");
        struct merkle_proof proof = proof_at(&arena, row);
        sha256 leaf = hash_at(&arena, row, "leafHash");
        sha256 tree_root = hash_at(&arena, row, "root");
        bool holds = holds_hashes(row) &&
                     !failed(merkle_verify_inclusion(&leaf, index, size, &proof, &tree_root));
        ck_assert_msg(holds != wants_error(row), "%s",
                      json_string_value(json_object_get(row, "file")));
        if (!holds || size > 8 || !sha256_eq(&leaf, &tree.leaves[index]))
            continue;
        struct merkle_proof ours;
        ck_assert_ok(merkle_prove_inclusion(index, size, subtree_of, &tree, &ours));
        ck_assert_uint_eq(ours.count, proof.count);
        ck_assert_mem_eq(ours.hashes, proof.hashes, proof.count * sizeof(sha256));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_and_refuses_consistency_proofs)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(root, "consistency");
    struct tree tree = {.first = 0};
    golden(&arena, root, &tree);
    ck_assert_uint_eq(json_array_size(rows), 98);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        uint64_t from = number_at(row, "size1");
        uint64_t to = number_at(row, "size2");
        struct merkle_proof proof = proof_at(&arena, row);
        sha256 from_root = hash_at(&arena, row, "root1");
        sha256 to_root = hash_at(&arena, row, "root2");
        result verified = merkle_verify_consistency(from, to, &proof, &from_root, &to_root);
        ck_assert_msg(failed(verified) == wants_error(row), "%s",
                      json_string_value(json_object_get(row, "file")));
        if (failed(verified))
            continue;
        struct merkle_proof ours;
        ck_assert_ok(merkle_prove_consistency(from, to, subtree_of, &tree, &ours));
        ck_assert_uint_eq(ours.count, proof.count);
        ck_assert_mem_eq(ours.hashes, proof.hashes, proof.count * sizeof(sha256));
    }
    arena_reset(&arena);
}
END_TEST

// The smallest power of two that is not below `len`.
static uint64_t aligned_to(uint64_t len)
{
    uint64_t step = 1;
    while (step < len && step < (UINT64_C(1) << 63))
        step *= 2;
    return step;
}

// Inclusion in a subtree is inclusion in a tree whose leaf 0 is the subtree's first.
START_TEST(takes_and_refuses_inclusion_in_subtrees)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(root, "subtreeinclusion");
    ck_assert_uint_eq(json_array_size(rows), 204);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        uint64_t index = number_at(row, "leafIdx");
        uint64_t begin = number_at(row, "start");
        uint64_t end = number_at(row, "end");
        struct merkle_proof proof = proof_at(&arena, row);
        sha256 leaf = hash_at(&arena, row, "leafHash");
        sha256 tree_root = hash_at(&arena, row, "root");
        bool holds =
            holds_hashes(row) && begin < end && begin % aligned_to(end - begin) == 0 &&
            index >= begin &&
            !failed(merkle_verify_inclusion(&leaf, index - begin, end - begin, &proof, &tree_root));
        ck_assert_msg(holds != wants_error(row), "%s",
                      json_string_value(json_object_get(row, "file")));
    }
    arena_reset(&arena);
}
END_TEST

// A subtree that begins at leaf 0 is an earlier tree; others have no counterpart here.
START_TEST(takes_and_refuses_consistency_of_first_subtrees)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(root, "subtreeconsistency");
    size_t seen = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (number_at(row, "start") != 0 || number_at(row, "end") == 0)
            continue;
        struct merkle_proof proof = proof_at(&arena, row);
        sha256 from_root = hash_at(&arena, row, "root1");
        sha256 to_root = hash_at(&arena, row, "root2");
        result verified = merkle_verify_consistency(number_at(row, "end"), number_at(row, "size"),
                                                    &proof, &from_root, &to_root);
        ck_assert_msg(failed(verified) == wants_error(row), "%s",
                      json_string_value(json_object_get(row, "file")));
        seen++;
    }
    ck_assert_uint_gt(seen, 80);
    arena_reset(&arena);
}
END_TEST

static void add_proof(struct sha256_state *digest, struct arena *arena,
                      const struct merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count; i++) {
        sha256_add(digest, STR(" "));
        sha256_add(digest, encode_hex(arena, sha256_str(&proof->hashes[i])));
    }
    sha256_add(digest, STR("\n"));
}

static void add_subtree(struct sha256_state digests[2], struct tree *tree, uint64_t begin,
                        uint64_t end)
{
    struct arena arena = {0};
    sha256 hash;
    tree->first = begin;
    ck_assert_ok(merkle_root_at(end - begin, subtree_of, tree, &hash));
    sha256_add(&digests[0], str_printf(&arena, "[%d, %d) %" STR_FMT "\n", (int)begin, (int)end,
                                       STR_ARG(encode_hex(&arena, sha256_str(&hash)))));
    for (uint64_t index = begin; index < end; index++) {
        struct merkle_proof proof;
        sha256_add(&digests[1],
                   str_printf(&arena, "%d [%d, %d)", (int)index, (int)begin, (int)end));
        ck_assert_ok(merkle_prove_inclusion(index - begin, end - begin, subtree_of, tree, &proof));
        ck_assert_ok(merkle_verify_inclusion(&tree->leaves[index], index - begin, end - begin,
                                             &proof, &hash));
        add_proof(&digests[1], &arena, &proof);
    }
    arena_reset(&arena);
}

START_TEST(makes_every_subtree_and_inclusion_proof_up_to_130_leaves)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *wanted = json_object_get(root, "accumulated");
    struct tree tree = {.first = 0};
    for (int i = 0; i < LEAVES_MAX; i++)
        tree.leaves[i] = merkle_leaf((str){&(char){(char)i}, 1});
    struct sha256_state digests[2];
    sha256_start(&digests[0]);
    sha256_start(&digests[1]);
    for (uint64_t end = 0; end <= LEAVES_MAX; end++)
        for (uint64_t begin = 0; begin <= end; begin++)
            if (begin == end || begin % aligned_to(end - begin) == 0)
                add_subtree(digests, &tree, begin, end);
    sha256 hashes = sha256_end(&digests[0]);
    sha256 proofs = sha256_end(&digests[1]);
    ck_assert(is_hash(&arena, &hashes, json_object_get(wanted, "sha256_subtree_hash")));
    ck_assert(is_hash(&arena, &proofs, json_object_get(wanted, "sha256_subtree_inclusion")));
    arena_reset(&arena);
}
END_TEST

// "PRIVATE+KEY+name+hash+base64(type || seed)"
static struct signing_key *private_key(struct arena *arena, str text)
{
    str encoded = text;
    str before = {0};
    str bytes = {0};
    struct signing_key *key = NULL;
    for (int i = 0; i < 4; i++)
        ck_assert(str_cut(encoded, '+', &before, &encoded));
    ck_assert(decode_base64(arena, encoded, &bytes));
    ck_assert_ok(signing_key_parse(str_slice(bytes, 1, bytes.len), &key));
    return key;
}

START_TEST(makes_the_checkpoints_of_a_published_log)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *log = json_object_get(root, "tessera_log");
    const json_t *leaves = json_object_get(log, "leaves");
    const json_t *checkpoints = json_object_get(log, "checkpoints");
    str origin = text_of(log, "origin");
    struct signing_key *key = private_key(&arena, text_of(log, "skey_TEST_ONLY"));
    unsigned char public[ED25519_PUBLIC_BYTES];
    str name = {0};
    ck_assert_ok(note_verifier_key_parse(&arena, text_of(log, "vkey"), &name, public));
    ck_assert(str_eq(name, origin));

    struct merkle_range range = {.size = 0};
    ck_assert_uint_eq(json_array_size(checkpoints), 16);
    for (size_t size = 0; size < 16; size++) {
        struct checkpoint made = {origin, range.size, merkle_root(&range)};
        struct checkpoint read = {{0}, 0, {{0}}};
        str note = {0};
        str body = {0};
        str signature = {0};
        str wanted = json_str(json_array_get(checkpoints, size));
        ck_assert_ok(note_sign(&arena, checkpoint_print(&arena, &made), origin, key, &note));
        ck_assert(str_eq(note, wanted));
        ck_assert_ok(note_open(&arena, wanted, origin, public, &body, &signature));
        ck_assert_ok(checkpoint_parse(&arena, body, &read));
        ck_assert(str_eq(read.origin, origin));
        ck_assert_uint_eq(read.size, size);
        ck_assert(sha256_eq(&read.root, &made.root));
        if (size < json_array_size(leaves)) {
            sha256 leaf = merkle_leaf(json_str(json_array_get(leaves, size)));
            ck_assert_ok(merkle_append(&range, &leaf, NULL, NULL));
        }
    }
    signing_key_close(key);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("merkle vectors", hashes_leaves_and_nodes, grows_the_golden_tree,
          takes_and_refuses_inclusion_proofs, takes_and_refuses_consistency_proofs,
          takes_and_refuses_inclusion_in_subtrees, takes_and_refuses_consistency_of_first_subtrees,
          makes_every_subtree_and_inclusion_proof_up_to_130_leaves,
          makes_the_checkpoints_of_a_published_log)

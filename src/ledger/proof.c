// SPDX-License-Identifier: Apache-2.0
// Proofs from what is stored: the roots of full subtrees on every eighth level, and below them the
// leaves of at most a few blocks of 256. A log of any size costs a handful of such blocks.
#include "ledger.sql.h"
#include "stored_log.h"

#include <assert.h>
#include <string.h>

enum { LEVEL_STEP = 8, BLOCK_HASHES = 1 << LEVEL_STEP };

// The hashes of one level that lie under one stored node; kept for the rest of the call.
struct block {
    unsigned level;
    uint64_t number;
    size_t count; // fewer than 256 at the right edge
    sha256 hashes[BLOCK_HASHES];
    struct block *older;
};

struct leaf_row {
    struct block *block;
    struct stored_leaf leaf;
};

sha256 stored_leaf_hash(const struct stored_leaf *leaf)
{
    sha256 hash = merkle_leaf(leaf->bytes);
    if (leaf->bytes.len == 0 && leaf->hash.len == SHA256_BYTES)
        memcpy(hash.bytes, leaf->hash.ptr, SHA256_BYTES);
    return hash;
}

static result take_leaf(void *context)
{
    const struct leaf_row *row = context;
    struct block *block = row->block;
    if (row->leaf.index != (int64_t)(block->number * BLOCK_HASHES + block->count))
        return FAIL(VERIFICATION_FAILED, "the log has a gap");
    assert(block->count < BLOCK_HASHES);
    block->hashes[block->count++] = stored_leaf_hash(&row->leaf);
    return OK;
}

struct node_row {
    struct block *block;
    int64_t number;
    str bytes;
};

static result take_node(void *context)
{
    struct node_row *row = context;
    struct block *block = row->block;
    if (row->number != (int64_t)(block->number * BLOCK_HASHES + block->count) ||
        row->bytes.len != SHA256_BYTES)
        return FAIL(VERIFICATION_FAILED, "the log's nodes have a gap");
    sha256 *hash = &block->hashes[block->count++];
    for (size_t i = 0; i < SHA256_BYTES; i++)
        hash->bytes[i] = (unsigned char)row->bytes.ptr[i];
    return OK;
}

static result fill(const struct tree *tree, struct block *block)
{
    int64_t from = (int64_t)(block->number * BLOCK_HASHES);
    int64_t to = from + BLOCK_HASHES;
    if (block->level == 0) {
        struct leaf_row row = {.block = block};
        return db_each(tree->tx, tree->log->leaves,
                       PARAMS(db_i64(tree->log->id), db_i64(from), db_i64(to)),
                       STORED_LEAF_COLUMNS(&row.leaf), take_leaf, &row);
    }
    struct node_row row = {.block = block};
    return db_each(tree->tx, tree->log->nodes,
                   PARAMS(db_i64(tree->log->id), db_i64(block->level), db_i64(from), db_i64(to)),
                   COLUMNS(db_into_i64("number", &row.number), db_into_bytes("hash", &row.bytes)),
                   take_node, &row);
}

static result block_read(struct tree *tree, unsigned level, uint64_t number,
                         const struct block **out)
{
    for (const struct block *known = tree->blocks; known != NULL; known = known->older) {
        if (known->level == level && known->number == number) {
            *out = known;
            return OK;
        }
    }
    struct block *block = arena_new(db_arena(tree->tx), struct block);
    block->level = level;
    block->number = number;
    TRY(fill(tree, block));
    block->older = tree->blocks;
    tree->blocks = block;
    *out = block;
    return OK;
}

// A subtree's hash from the stored level at or below its own.
result tree_subtree_hash(void *context, struct merkle_subtree subtree, sha256 *hash)
{
    struct tree *tree = context;
    unsigned height = subtree.level % LEVEL_STEP;
    unsigned level = subtree.level - height;
    uint64_t first = subtree.number << height;
    const struct block *block = NULL;
    TRY(block_read(tree, level, first / BLOCK_HASHES, &block));

    size_t begin = (size_t)(first % BLOCK_HASHES);
    size_t width = (size_t)1 << height;
    if (begin + width > block->count)
        return FAIL(VERIFICATION_FAILED, "the log holds less than its head says");
    sha256 hashes[BLOCK_HASHES / 2];
    for (size_t i = 0; i < width; i++)
        hashes[i] = block->hashes[begin + i];
    for (; width > 1; width /= 2) {
        for (size_t i = 0; i < width / 2; i++)
            hashes[i] = merkle_node(&hashes[2 * i], &hashes[2 * i + 1]);
    }
    *hash = hashes[0];
    return OK;
}

struct stored_log customer_log(int64_t customer_id)
{
    return (struct stored_log){
        .id = customer_id,
        .head = &ledger_head_sql,
        .leaves = &ledger_leaves_sql,
        .nodes = &ledger_each_node_sql,
    };
}

result stored_log_head(struct db_tx *tx, const struct stored_log *log, struct head *head)
{
    struct head read = {.customer_id = log->id};
    str nodes = {0};
    TRY(db_one(tx, log->head, PARAMS(db_i64(log->id)),
               COLUMNS(db_into_i64("size", &read.size), db_into_bytes("nodes", &nodes),
                       db_into_instant("last_at", &read.last_at))));
    TRY(merkle_range_parse((uint64_t)read.size, nodes, &read.range));
    *head = read;
    return OK;
}

static result check_size(struct db_tx *tx, const struct stored_log *log, int64_t size,
                         struct head *head)
{
    TRY(stored_log_head(tx, log, head));
    return size >= 0 && size <= head->size ? OK : FAIL(INVALID, "the log does not have this size");
}

result stored_log_root(struct db_tx *tx, const struct stored_log *log, int64_t size, sha256 *root)
{
    struct head head;
    TRY(check_size(tx, log, size, &head));
    if (size == head.size) {
        *root = merkle_root(&head.range);
        return OK;
    }
    struct tree tree = {.tx = tx, .log = log};
    return merkle_root_at((uint64_t)size, tree_subtree_hash, &tree, root);
}

result stored_log_range(struct db_tx *tx, const struct stored_log *log, int64_t size,
                        struct merkle_range *range)
{
    struct tree tree = {.tx = tx, .log = log};
    struct merkle_range made = {.size = (uint64_t)size};
    uint64_t begin = 0;
    size_t count = 0;
    for (unsigned level = MERKLE_LEVELS_MAX - 1; level < MERKLE_LEVELS_MAX; level--) {
        if ((made.size >> level & 1) == 0)
            continue;
        struct merkle_subtree subtree = {level, begin >> level};
        TRY(tree_subtree_hash(&tree, subtree, &made.nodes[count]));
        count++;
        begin += UINT64_C(1) << level;
    }
    *range = made;
    return OK;
}

struct rehashing {
    struct merkle_range *range;
    struct stored_leaf leaf;
};

static result rehash_leaf(void *context)
{
    struct rehashing *rehashing = context;
    sha256 hash = stored_leaf_hash(&rehashing->leaf);
    if ((uint64_t)rehashing->leaf.index != rehashing->range->size)
        return FAIL(VERIFICATION_FAILED, "the log has a gap");
    return merkle_append(rehashing->range, &hash, NULL, NULL);
}

result stored_log_rehash(struct db_tx *tx, const struct stored_log *log, int64_t to,
                         struct merkle_range *range)
{
    struct merkle_range grown = *range;
    struct rehashing rehashing = {.range = &grown};
    TRY(db_each(tx, log->leaves, PARAMS(db_i64(log->id), db_i64((int64_t)range->size), db_i64(to)),
                STORED_LEAF_COLUMNS(&rehashing.leaf), rehash_leaf, &rehashing));
    if (grown.size != (uint64_t)to)
        return FAIL(VERIFICATION_FAILED, "the log holds less than its head says");
    *range = grown;
    return OK;
}

result stored_log_inclusion(struct db_tx *tx, const struct stored_log *log, int64_t index,
                            int64_t size, struct merkle_proof *proof)
{
    struct head head;
    TRY(check_size(tx, log, size, &head));
    if (index < 0 || index >= size)
        return FAIL(INVALID, "the log does not have this index at this size");
    struct tree tree = {.tx = tx, .log = log};
    return merkle_prove_inclusion((uint64_t)index, (uint64_t)size, tree_subtree_hash, &tree, proof);
}

result stored_log_consistency(struct db_tx *tx, const struct stored_log *log, int64_t from,
                              int64_t to, struct merkle_proof *proof)
{
    struct head head;
    TRY(check_size(tx, log, to, &head));
    if (from < 0 || from > to)
        return FAIL(INVALID, "the sizes are not in order");
    struct tree tree = {.tx = tx, .log = log};
    return merkle_prove_consistency((uint64_t)from, (uint64_t)to, tree_subtree_hash, &tree, proof);
}

result ledger_root(struct db_tx *tx, int64_t customer_id, int64_t size, sha256 *root)
{
    struct stored_log log = customer_log(customer_id);
    return stored_log_root(tx, &log, size, root);
}

result ledger_inclusion(struct db_tx *tx, int64_t customer_id, int64_t index, int64_t size,
                        struct merkle_proof *proof)
{
    struct stored_log log = customer_log(customer_id);
    return stored_log_inclusion(tx, &log, index, size, proof);
}

result ledger_consistency(struct db_tx *tx, int64_t customer_id, int64_t from, int64_t to,
                          struct merkle_proof *proof)
{
    struct stored_log log = customer_log(customer_id);
    return stored_log_consistency(tx, &log, from, to, proof);
}

// NOLINTNEXTLINE(readability-function-size): the face names range, size and both answers
result ledger_cover(struct db_tx *tx, int64_t customer_id, int64_t size, int64_t from, int64_t to,
                    struct merkle_span *spans, size_t *count)
{
    struct stored_log log = customer_log(customer_id);
    struct head head;
    TRY(check_size(tx, &log, size, &head));
    if (from < 0 || from > to || to > size)
        return FAIL(INVALID, "the log does not have this range");
    struct tree tree = {.tx = tx, .log = &log};
    return merkle_cover((uint64_t)size, (uint64_t)from, (uint64_t)to, tree_subtree_hash, &tree,
                        spans, count);
}

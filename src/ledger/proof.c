// SPDX-License-Identifier: Apache-2.0
// Proofs from what is stored: the roots of full subtrees on every eighth level, and below them the
// leaves of at most a few blocks of 256. A log of any size costs a handful of such blocks.
#include "ledger.sql.h"
#include "phial/ledger/ledger.h"

#include <assert.h>

enum { LEVEL_STEP = 8, BLOCK_HASHES = 1 << LEVEL_STEP };

// The hashes of one level that lie under one stored node; kept for the rest of the call.
struct block {
    unsigned level;
    uint64_t number;
    size_t count; // fewer than 256 at the right edge
    sha256 hashes[BLOCK_HASHES];
    struct block *older;
};

struct tree {
    struct db_tx *tx;
    int64_t customer_id;
    struct block *blocks;
};

static result take_leaf(void *context, const struct entry *entry)
{
    struct block *block = context;
    if (entry->index != (int64_t)(block->number * BLOCK_HASHES + block->count))
        return FAIL(VERIFICATION_FAILED, "the log has a gap");
    assert(block->count < BLOCK_HASHES);
    block->hashes[block->count++] = merkle_leaf(entry->leaf);
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

static result fill(struct tree *tree, struct block *block)
{
    int64_t from = (int64_t)(block->number * BLOCK_HASHES);
    int64_t to = from + BLOCK_HASHES;
    if (block->level == 0)
        return ledger_each(tree->tx, tree->customer_id, from, to, take_leaf, block);
    struct node_row row = {.block = block};
    return db_each(
        tree->tx, &ledger_each_node_sql,
        PARAMS(db_i64(tree->customer_id), db_i64(block->level), db_i64(from), db_i64(to)),
        COLUMNS(db_into_i64("number", &row.number), db_into_bytes("hash", &row.bytes)), take_node,
        &row);
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
static result subtree_hash(void *context, struct merkle_subtree subtree, sha256 *hash)
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

static result check_size(struct db_tx *tx, int64_t customer_id, int64_t size, struct head *head)
{
    TRY(ledger_head(tx, customer_id, head));
    return size >= 0 && size <= head->size ? OK : FAIL(INVALID, "the log does not have this size");
}

result ledger_root(struct db_tx *tx, int64_t customer_id, int64_t size, sha256 *root)
{
    struct head head;
    TRY(check_size(tx, customer_id, size, &head));
    if (size == head.size) {
        *root = merkle_root(&head.range);
        return OK;
    }
    struct tree tree = {.tx = tx, .customer_id = customer_id};
    return merkle_root_at((uint64_t)size, subtree_hash, &tree, root);
}

result ledger_inclusion(struct db_tx *tx, int64_t customer_id, int64_t index, int64_t size,
                        struct merkle_proof *proof)
{
    struct head head;
    TRY(check_size(tx, customer_id, size, &head));
    if (index < 0 || index >= size)
        return FAIL(INVALID, "the log does not have this index at this size");
    struct tree tree = {.tx = tx, .customer_id = customer_id};
    return merkle_prove_inclusion((uint64_t)index, (uint64_t)size, subtree_hash, &tree, proof);
}

result ledger_consistency(struct db_tx *tx, int64_t customer_id, int64_t from, int64_t to,
                          struct merkle_proof *proof)
{
    struct head head;
    TRY(check_size(tx, customer_id, to, &head));
    if (from < 0 || from > to)
        return FAIL(INVALID, "the sizes are not in order");
    struct tree tree = {.tx = tx, .customer_id = customer_id};
    return merkle_prove_consistency((uint64_t)from, (uint64_t)to, subtree_hash, &tree, proof);
}

// NOLINTNEXTLINE(readability-function-size): the face names range, size and both answers
result ledger_cover(struct db_tx *tx, int64_t customer_id, int64_t size, int64_t from, int64_t to,
                    struct merkle_span *spans, size_t *count)
{
    struct head head;
    TRY(check_size(tx, customer_id, size, &head));
    if (from < 0 || from > to || to > size)
        return FAIL(INVALID, "the log does not have this range");
    struct tree tree = {.tx = tx, .customer_id = customer_id};
    return merkle_cover((uint64_t)size, (uint64_t)from, (uint64_t)to, subtree_hash, &tree, spans,
                        count);
}

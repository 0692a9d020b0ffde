// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/scrub.h"

#include "ledger.sql.h"
#include "phial/json/json.h"
#include "phial/util/encode.h"
#include "stored_log.h"

#include <string.h>

enum { NODE_LEVEL_STEP = 8, BLOCK_LEAVES = 256 };

static void blame(struct scrub *scrub, const char *fault, int64_t index)
{
    if (scrub->fault != NULL)
        return;
    scrub->fault = fault;
    scrub->fault_index = index;
}

static bool is_before(str leaf, instant since)
{
    instant at = {0};
    str quoted = leaf_member(leaf, "at");
    return quoted.len < 2 || failed(instant_parse(str_slice(quoted, 1, quoted.len - 1), &at)) ||
           at.us < since.us;
}

// `at` never decreases along a log.
static result find_since(struct db_tx *tx, int64_t customer_id, int64_t size, instant since,
                         int64_t *from)
{
    int64_t low = 0;
    int64_t high = size;
    while (low < high) {
        struct entry entry = {0};
        int64_t middle = low + (high - low) / 2;
        result found = ledger_entry(tx, customer_id, middle, &entry);
        if (found.code == ERR_NOT_FOUND)
            break;                                      // a gap, which hashing from here on finds
        bool removed = found.code == ERR_ENTRY_REMOVED; // which only what is years old can be
        if (!removed)
            TRY(found);
        if (removed || is_before(entry.leaf, since))
            low = middle + 1;
        else
            high = middle;
    }
    *from = low / BLOCK_LEAVES * BLOCK_LEAVES;
    return OK;
}

static result begin(struct db_tx *tx, const struct scrub_terms *terms, struct scrub *scrub)
{
    struct stored_log log = customer_log(scrub->customer_id);
    struct head head;
    int64_t from = 0;
    TRY(stored_log_head(tx, &log, &head));
    scrub->size = head.size;
    if (scrub->whole)
        return OK;
    TRY(find_since(tx, scrub->customer_id, head.size, terms->since, &from));
    result read = stored_log_range(tx, &log, from, &scrub->range);
    if (read.code != ERR_VERIFICATION_FAILED)
        return read;
    blame(scrub, "node_missing", from);
    return OK;
}

result scrub_notice(struct db_tx *tx, int64_t due_s)
{
    return db_exec(tx, &scrub_notice_sql, PARAMS(db_i64(due_s)));
}

result scrub_claim(struct db_tx *tx, const struct scrub_terms *terms, struct scrub *scrub)
{
    struct scrub claimed = {.whole = true};
    result found = db_one(tx, &scrub_claim_whole_sql, PARAMS(db_i64(terms->whole_s)),
                          COLUMNS(db_into_i64("customer_id", &claimed.customer_id)));
    if (found.code == ERR_NOT_FOUND) {
        claimed.whole = false;
        found = db_one(tx, &scrub_claim_recent_sql,
                       PARAMS(db_i64(terms->recent_s), db_instant(terms->since)),
                       COLUMNS(db_into_i64("customer_id", &claimed.customer_id)));
    }
    TRY(found);
    TRY(begin(tx, terms, &claimed));
    *scrub = claimed;
    return OK;
}

struct stepping {
    struct scrub *scrub;
    struct arena *arena;
    struct stored_leaf leaf;
    // nodes that the leaves complete
    int64_t levels[SCRUB_LEAVES_MAX / 64];
    int64_t numbers[SCRUB_LEAVES_MAX / 64];
    str hashes[SCRUB_LEAVES_MAX / 64];
    size_t node_count;
    // heads that were entered, in the order of their sizes
    struct {
        int64_t size;
        sha256 root;
    } heads[SCRUB_LEAVES_MAX];
    size_t head_count;
    size_t head_next;
    // the row that is being read
    int64_t head_size;
    str head_leaf;
};

static result take_head(void *context)
{
    struct stepping *stepping = context;
    OWNED(json_release) json_t *leaf = NULL;
    str root = {0};
    if (failed(json_parse(stepping->head_leaf, &leaf)) ||
        !decode_base64(stepping->arena, json_str(json_object_get(leaf, "root")), &root) ||
        root.len != SHA256_BYTES) {
        blame(stepping->scrub, "entered_head_unreadable", stepping->head_size);
        return OK;
    }
    stepping->heads[stepping->head_count].size = stepping->head_size;
    memcpy(stepping->heads[stepping->head_count].root.bytes, root.ptr, SHA256_BYTES);
    stepping->head_count++;
    return OK;
}

static result take_node(void *context, unsigned level, uint64_t number, const sha256 *hash)
{
    struct stepping *stepping = context;
    if (level == 0 || level % NODE_LEVEL_STEP != 0)
        return OK;
    stepping->levels[stepping->node_count] = level;
    stepping->numbers[stepping->node_count] = (int64_t)number;
    stepping->hashes[stepping->node_count] = str_copy(stepping->arena, sha256_str(hash));
    stepping->node_count++;
    return OK;
}

static void compare_heads(struct stepping *stepping)
{
    struct scrub *scrub = stepping->scrub;
    int64_t size = (int64_t)scrub->range.size;
    while (stepping->head_next < stepping->head_count &&
           stepping->heads[stepping->head_next].size == size) {
        sha256 root = merkle_root(&scrub->range);
        if (!sha256_eq(&root, &stepping->heads[stepping->head_next].root))
            blame(scrub, "other_than_entered", size - 1);
        stepping->head_next++;
    }
}

static result take_leaf(void *context)
{
    struct stepping *stepping = context;
    struct scrub *scrub = stepping->scrub;
    if (scrub->fault != NULL)
        return OK;
    if (stepping->leaf.index != (int64_t)scrub->range.size) {
        blame(scrub, "entry_missing", (int64_t)scrub->range.size);
        return OK;
    }
    sha256 hash = stored_leaf_hash(&stepping->leaf);
    TRY(merkle_append(&scrub->range, &hash, take_node, stepping));
    compare_heads(stepping);
    return OK;
}

static result compare_nodes(struct db_tx *tx, struct stepping *stepping)
{
    int64_t index = 0;
    if (stepping->node_count == 0)
        return OK;
    result found = db_one(tx, &scrub_nodes_sql,
                          PARAMS(db_i64(stepping->scrub->customer_id),
                                 db_i64_array(stepping->levels, stepping->node_count),
                                 db_i64_array(stepping->numbers, stepping->node_count),
                                 db_bytes_array(stepping->hashes, stepping->node_count)),
                          COLUMNS(db_into_i64("entry_index", &index)));
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    blame(stepping->scrub, "other_than_its_node", index);
    return OK;
}

// The head may have grown meanwhile; the root at this size has not.
static result compare_head(struct db_tx *tx, struct scrub *scrub)
{
    sha256 said = {{0}};
    sha256 root = merkle_root(&scrub->range);
    TRY(ledger_root(tx, scrub->customer_id, scrub->size, &said));
    if (!sha256_eq(&said, &root))
        blame(scrub, "other_than_its_head", scrub->size - 1);
    return OK;
}

result scrub_step(struct db_tx *tx, int64_t count, struct scrub *scrub)
{
    struct stepping *stepping = arena_new(db_arena(tx), struct stepping);
    struct stored_log log = customer_log(scrub->customer_id);
    int64_t from = (int64_t)scrub->range.size;
    int64_t most = count < SCRUB_LEAVES_MAX ? count : SCRUB_LEAVES_MAX;
    int64_t to = scrub->size < from + most ? scrub->size : from + most;
    stepping->scrub = scrub;
    stepping->arena = db_arena(tx);
    TRY(db_each(tx, &scrub_entered_sql,
                PARAMS(db_i64(scrub->customer_id), db_i64(from), db_i64(to)),
                COLUMNS(db_into_i64("head_size", &stepping->head_size),
                        db_into_bytes("leaf", &stepping->head_leaf)),
                take_head, stepping));
    TRY(db_each(tx, log.leaves, PARAMS(db_i64(log.id), db_i64(from), db_i64(to)),
                STORED_LEAF_COLUMNS(&stepping->leaf), take_leaf, stepping));
    if ((int64_t)scrub->range.size < to)
        blame(scrub, "entry_missing", (int64_t)scrub->range.size);
    TRY(compare_nodes(tx, stepping));
    return scrub->fault == NULL && to == scrub->size ? compare_head(tx, scrub) : OK;
}

result scrub_settle(struct db_tx *tx, const struct scrub *scrub)
{
    str fault = scrub->fault == NULL ? STR("") : str_from(scrub->fault);
    return db_exec(tx, &scrub_settle_sql,
                   PARAMS(db_i64(scrub->customer_id), db_bool(scrub->whole), db_text_or_null(fault),
                          db_i64(scrub->fault_index)));
}

result scrub_state(struct db_tx *tx, struct scrub_state *state)
{
    return db_one(
        tx, &scrub_figures_sql, NO_PARAMS,
        COLUMNS(db_into_i64("unsound", &state->unsound), db_into_i64("oldest", &state->oldest_s)));
}

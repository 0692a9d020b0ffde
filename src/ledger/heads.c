// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/heads.h"

#include "ledger.sql.h"
#include "phial/json/json.h"
#include "phial/util/encode.h"
#include "stored_log.h"

enum { NODE_LEVEL_STEP = 8 };

result epoch_read(struct db_tx *tx, str name, struct epoch *epoch)
{
    struct epoch read = {.number = 1, .server = name};
    result found =
        db_one(tx, &epoch_last_sql, NO_PARAMS,
               COLUMNS(db_into_i64("number", &read.number), db_into_text("server", &read.server)));
    if (found.code != ERR_NOT_FOUND)
        TRY(found);
    *epoch = read;
    return OK;
}

struct stored_log heads_stored_log(int64_t epoch)
{
    return (struct stored_log){
        .id = epoch,
        .head = &heads_head_sql,
        .leaves = &heads_each_sql,
        .nodes = &heads_each_node_sql,
    };
}

result heads_head(struct db_tx *tx, int64_t epoch, struct head *head)
{
    struct stored_log log = heads_stored_log(epoch);
    result read = stored_log_head(tx, &log, head);
    if (read.code != ERR_NOT_FOUND)
        return read;
    *head = (struct head){.customer_id = epoch};
    return OK;
}

result heads_root(struct db_tx *tx, int64_t epoch, int64_t size, sha256 *root)
{
    struct stored_log log = heads_stored_log(epoch);
    return stored_log_root(tx, &log, size, root);
}

result heads_inclusion(struct db_tx *tx, int64_t epoch, int64_t index, int64_t size,
                       struct merkle_proof *proof)
{
    struct stored_log log = heads_stored_log(epoch);
    return stored_log_inclusion(tx, &log, index, size, proof);
}

result heads_consistency(struct db_tx *tx, int64_t epoch, int64_t from, int64_t to,
                         struct merkle_proof *proof)
{
    struct stored_log log = heads_stored_log(epoch);
    return stored_log_consistency(tx, &log, from, to, proof);
}

// ---- appending

struct entering {
    struct db_tx *tx;
    const struct epoch *epoch;
    struct head head; // of the log of heads, locked
    // leaves
    int64_t customers[HEADS_A_TURN];
    int64_t sizes[HEADS_A_TURN];
    str leaves[HEADS_A_TURN];
    size_t count;
    // nodes that they complete
    int64_t levels[HEADS_A_TURN];
    int64_t numbers[HEADS_A_TURN];
    str hashes[HEADS_A_TURN];
    size_t node_count;
    // the row that is being read
    int64_t customer_id;
    str key;
    int64_t size;
    int64_t before;
    str nodes;
};

static result lock_log(struct entering *entering)
{
    str nodes = {0};
    struct head *head = &entering->head;
    TRY(db_exec(entering->tx, &heads_open_sql, PARAMS(db_i64(entering->epoch->number))));
    TRY(db_one(entering->tx, &heads_lock_sql, PARAMS(db_i64(entering->epoch->number)),
               COLUMNS(db_into_i64("size", &head->size), db_into_bytes("nodes", &nodes),
                       db_into_instant("last_at", &head->last_at))));
    return merkle_range_parse((uint64_t)head->size, nodes, &head->range);
}

static str print_leaf(struct arena *arena, str origin, int64_t size, const sha256 *root)
{
    struct buf text = {.arena = arena};
    buf_add(&text, STR("{\"origin\":"));
    json_quote(&text, origin);
    buf_add(&text, STR(",\"root\":"));
    json_quote(&text, encode_base64(arena, sha256_str(root)));
    buf_addf(&text, ",\"size\":%lld}", (long long)size);
    return buf_str(&text);
}

static result take_head(void *context)
{
    struct entering *entering = context;
    struct arena *arena = db_arena(entering->tx);
    struct merkle_range range;
    if (entering->size < entering->before)
        return FAIL(HEAD_REFUSED, "a log is shorter than what was entered of it");
    TRY(merkle_range_parse((uint64_t)entering->size, entering->nodes, &range));
    sha256 root = merkle_root(&range);
    str origin = ledger_origin(arena, entering->epoch->server, entering->key);
    entering->customers[entering->count] = entering->customer_id;
    entering->sizes[entering->count] = entering->size;
    entering->leaves[entering->count] = print_leaf(arena, origin, entering->size, &root);
    entering->count++;
    return OK;
}

static result keep_node(void *context, unsigned level, uint64_t number, const sha256 *hash)
{
    struct entering *entering = context;
    if (level == 0 || level % NODE_LEVEL_STEP != 0)
        return OK;
    entering->levels[entering->node_count] = level;
    entering->numbers[entering->node_count] = (int64_t)number;
    entering->hashes[entering->node_count] = str_copy(db_arena(entering->tx), sha256_str(hash));
    entering->node_count++;
    return OK;
}

static result grow(struct entering *entering, instant now)
{
    int64_t epoch = entering->epoch->number;
    struct merkle_range *range = &entering->head.range;
    for (size_t i = 0; i < entering->count; i++) {
        sha256 hash = merkle_leaf(entering->leaves[i]);
        TRY(merkle_append(range, &hash, keep_node, entering));
    }
    if (entering->node_count != 0)
        TRY(db_exec(entering->tx, &heads_insert_nodes_sql,
                    PARAMS(db_i64(epoch), db_i64_array(entering->levels, entering->node_count),
                           db_i64_array(entering->numbers, entering->node_count),
                           db_bytes_array(entering->hashes, entering->node_count))));
    return db_exec(entering->tx, &heads_move_sql,
                   PARAMS(db_i64(epoch), db_i64((int64_t)range->size),
                          db_bytes(merkle_range_print(db_arena(entering->tx), range)),
                          db_instant(now)));
}

static result enter(struct entering *entering, instant now)
{
    struct db_tx *tx = entering->tx;
    int64_t epoch = entering->epoch->number;
    TRY(lock_log(entering));
    TRY(db_each(tx, &heads_changed_sql, PARAMS(db_i64(epoch), db_i64(HEADS_A_TURN)),
                COLUMNS(db_into_i64("customer_id", &entering->customer_id),
                        db_into_text("key", &entering->key), db_into_i64("size", &entering->size),
                        db_into_i64("before", &entering->before),
                        db_into_bytes("nodes", &entering->nodes)),
                take_head, entering));
    if (entering->count == 0)
        return OK;
    db_param customers = db_i64_array(entering->customers, entering->count);
    db_param sizes = db_i64_array(entering->sizes, entering->count);
    TRY(db_exec(tx, &heads_insert_entries_sql,
                PARAMS(db_i64(epoch), db_i64(entering->head.size), customers, sizes,
                       db_bytes_array(entering->leaves, entering->count))));
    TRY(db_exec(tx, &heads_mark_sizes_sql, PARAMS(db_i64(epoch), customers, sizes)));
    return grow(entering, now);
}

result heads_enter(struct db_tx *tx, const struct epoch *epoch, instant now, int64_t *entered)
{
    struct entering *entering = arena_new(db_arena(tx), struct entering);
    entering->tx = tx;
    entering->epoch = epoch;
    TRY(enter(entering, now));
    *entered = (int64_t)entering->count;
    return OK;
}

result heads_append_leaf(struct db_tx *tx, const struct epoch *epoch, instant now, str leaf)
{
    struct entering *entering = arena_new(db_arena(tx), struct entering);
    entering->tx = tx;
    entering->epoch = epoch;
    TRY(lock_log(entering));
    entering->leaves[entering->count++] = leaf;
    TRY(db_exec(tx, &heads_insert_leaf_sql,
                PARAMS(db_i64(epoch->number), db_i64(entering->head.size), db_bytes(leaf))));
    return grow(entering, now);
}

// ---- reading

#define LEAF_COLUMNS(into) \
    COLUMNS(db_into_i64("entry_index", &(into)->index), db_into_bytes("leaf", &(into)->leaf))

result heads_leaf(struct db_tx *tx, int64_t epoch, int64_t index, struct heads_leaf *leaf)
{
    return db_one(tx, &heads_leaf_sql, PARAMS(db_i64(epoch), db_i64(index)), LEAF_COLUMNS(leaf));
}

result heads_latest(struct db_tx *tx, int64_t epoch, int64_t customer_id, int64_t size,
                    struct heads_leaf *leaf)
{
    return db_one(tx, &heads_latest_sql, PARAMS(db_i64(epoch), db_i64(customer_id), db_i64(size)),
                  LEAF_COLUMNS(leaf));
}

struct leaf_row {
    struct heads_leaf leaf;
    result (*row)(void *context, const struct heads_leaf *leaf);
    void *context;
};

static result hand_over(void *context)
{
    struct leaf_row *read = context;
    return read->row(read->context, &read->leaf);
}

result heads_each(struct db_tx *tx, int64_t epoch, int64_t from, int64_t to,
                  result (*row)(void *context, const struct heads_leaf *leaf), void *context)
{
    struct leaf_row read = {.row = row, .context = context};
    return db_each(tx, &heads_each_sql, PARAMS(db_i64(epoch), db_i64(from), db_i64(to)),
                   LEAF_COLUMNS(&read.leaf), hand_over, &read);
}

// ---- what was published

result heads_checkpoint_keep(struct db_tx *tx, const struct heads_checkpoint *checkpoint)
{
    return db_exec(tx, &heads_keep_checkpoint_sql,
                   PARAMS(db_i64(checkpoint->epoch), db_i64(checkpoint->size),
                          db_text(checkpoint->note), db_instant(checkpoint->at)));
}

result heads_checkpoint_last(struct db_tx *tx, int64_t epoch, struct heads_checkpoint *checkpoint)
{
    struct heads_checkpoint read = {.epoch = epoch};
    str lines = {0};
    TRY(db_one(tx, &heads_last_checkpoint_sql, PARAMS(db_i64(epoch)),
               COLUMNS(db_into_i64("size", &read.size), db_into_text("note", &read.note),
                       db_into_instant("at", &read.at), db_into_text("lines", &lines))));
    read.note = str_concat(db_arena(tx), read.note, lines, STR(""));
    *checkpoint = read;
    return OK;
}

result heads_cosigned(struct db_tx *tx, const struct heads_checkpoint *checkpoint, str witness,
                      str line)
{
    return db_exec(tx, &heads_keep_cosignature_sql,
                   PARAMS(db_i64(checkpoint->epoch), db_i64(checkpoint->size), db_text(witness),
                          db_text(line)));
}

result heads_stamped(struct db_tx *tx, const struct heads_checkpoint *checkpoint, str reply)
{
    return db_exec(tx, &heads_keep_timestamp_sql,
                   PARAMS(db_i64(checkpoint->epoch), db_i64(checkpoint->size), db_bytes(reply)));
}

result heads_timestamp(struct db_tx *tx, int64_t epoch, int64_t size, str *reply)
{
    return db_one(tx, &heads_timestamp_sql, PARAMS(db_i64(epoch), db_i64(size)),
                  COLUMNS(db_into_bytes("reply", reply)));
}

struct checkpoint_row {
    struct heads_checkpoint checkpoint;
    result (*row)(void *context, const struct heads_checkpoint *checkpoint);
    void *context;
};

static result hand_over_checkpoint(void *context)
{
    struct checkpoint_row *read = context;
    return read->row(read->context, &read->checkpoint);
}

result heads_each_checkpoint(struct db_tx *tx, int64_t epoch, int64_t beyond,
                             result (*row)(void *context,
                                           const struct heads_checkpoint *checkpoint),
                             void *context)
{
    struct checkpoint_row read = {.checkpoint.epoch = epoch, .row = row, .context = context};
    return db_each(tx, &heads_each_checkpoint_sql, PARAMS(db_i64(epoch), db_i64(beyond)),
                   COLUMNS(db_into_i64("size", &read.checkpoint.size),
                           db_into_text("note", &read.checkpoint.note),
                           db_into_instant("at", &read.checkpoint.at)),
                   hand_over_checkpoint, &read);
}

result heads_witnessed(struct db_tx *tx, int64_t epoch, str witness, int64_t *size)
{
    bool present = false;
    int64_t found = 0;
    TRY(db_one(tx, &heads_witnessed_sql, PARAMS(db_i64(epoch), db_text(witness)),
               COLUMNS(db_if_present(db_into_i64("size", &found), &present))));
    *size = present ? found : 0;
    return OK;
}

result heads_last_timestamp(struct db_tx *tx, bool *present, instant *at)
{
    return db_one(tx, &heads_last_timestamp_sql, NO_PARAMS,
                  COLUMNS(db_if_present(db_into_instant("at", at), present)));
}

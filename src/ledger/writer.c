// SPDX-License-Identifier: Apache-2.0
// The heads are locked first, so nobody else writes to these logs until the caller commits: what is
// looked up after that cannot change. The unique indexes remain the judge.
#include "batch.h"
#include "leaf.h"
#include "ledger.sql.h"
#include "phial/ledger/ledger.h"
#include "phial/util/buf.h"

enum {
    LOOK_UP_FIRST_MAX = 16, // a batch so small is looked up before, which saves the savepoint
    NODE_LEVEL_STEP = 8,
    ENTRY_ROW_BYTES = 96, // of a row in COPY's format, without the leaf
};

static const char copy_entries_sql[] =
    "COPY ledger_entry (customer_id, entry_index, kind, identity, event_time, reference, leaf) "
    "FROM STDIN (FORMAT BINARY)";
static const char copy_nodes_sql[] =
    "COPY ledger_node (customer_id, level, number, hash) FROM STDIN (FORMAT BINARY)";

struct head_rows {
    struct batch *batch;
    instant now;
    size_t next;
    int64_t customer_id;
    int64_t size;
    str nodes;
    instant last_at;
};

static result take_head(void *context)
{
    struct head_rows *rows = context;
    struct batch *batch = rows->batch;
    if (rows->next == batch->part_count ||
        batch->parts[rows->next].customer_id != rows->customer_id)
        return FAIL(NOT_FOUND, "the customer has no log");
    struct part *part = &batch->parts[rows->next++];
    part->size = rows->size;
    part->nodes = str_copy(batch->arena, rows->nodes);
    part->at = rows->now.us > rows->last_at.us ? rows->now : rows->last_at;
    return OK;
}

static result lock_heads(struct db_tx *tx, struct batch *batch, instant now)
{
    int64_t *ids = arena_array(batch->arena, int64_t, batch->part_count);
    for (size_t i = 0; i < batch->part_count; i++)
        ids[i] = batch->parts[i].customer_id;
    struct head_rows rows = {.batch = batch, .now = now};
    TRY(db_each(tx, &ledger_lock_heads_sql, PARAMS(db_i64_array(ids, batch->part_count)),
                COLUMNS(db_into_i64("customer_id", &rows.customer_id),
                        db_into_i64("size", &rows.size), db_into_bytes("nodes", &rows.nodes),
                        db_into_instant("last_at", &rows.last_at)),
                take_head, &rows));
    return rows.next == batch->part_count ? OK : FAIL(NOT_FOUND, "the customer has no log");
}

// Before the index would say so: its refusal ends the caller's transaction.
static result check_voids(struct db_tx *tx, const struct batch *batch)
{
    for (size_t i = 0; batch->has_void && i < batch->count; i++) {
        const struct append *entry = batch->slots[i].entry;
        if (entry->kind != ENTRY_void)
            continue;
        int64_t index = 0;
        result found = db_one(tx, &ledger_find_void_sql,
                              PARAMS(db_i64(entry->customer_id), db_i64(entry->reference)),
                              COLUMNS(db_into_i64("entry_index", &index)));
        if (!failed(found))
            return FAIL(ALREADY_VOID, "");
        if (found.code != ERR_NOT_FOUND)
            return found;
    }
    return OK;
}

static result compose_leaves(struct batch *batch, str actor)
{
    str batch_actor = leaf_quote(batch->arena, actor);
    for (size_t p = 0; p < batch->part_count; p++) {
        const struct part *part = &batch->parts[p];
        str key = batch->slots[part->begin].entry->customer;
        struct leaf_frame frame = {
            .at = leaf_quote(batch->arena, instant_print_canonical(batch->arena, part->at)),
            .customer = leaf_quote(batch->arena, key)};
        for (size_t i = part->begin; i < part->end; i++) {
            struct slot *slot = &batch->slots[i];
            if (slot->is_twin)
                continue;
            str own = slot->entry->actor;
            frame.actor = own.len == 0 ? batch_actor : leaf_quote(batch->arena, own);
            TRY(leaf_compose(batch->arena, &frame, slot->entry, &slot->leaf));
        }
    }
    return OK;
}

static void print_row(struct buf *rows, const struct slot *slot)
{
    const struct append *entry = slot->entry;
    db_copy_row(rows, 7);
    db_copy_i64(rows, entry->customer_id);
    db_copy_i64(rows, entry->index);
    db_copy_i16(rows, (int16_t)entry->kind);
    if (entry->has_identity)
        db_copy_bytes(rows, (str){(const char *)entry->identity.bytes, IDENTITY_BYTES});
    else
        db_copy_null(rows);
    if (entry->has_time)
        db_copy_instant(rows, entry->time);
    else
        db_copy_null(rows);
    if (entry->has_reference)
        db_copy_i64(rows, entry->reference);
    else
        db_copy_null(rows);
    db_copy_bytes(rows, slot->leaf);
}

static void accept(struct append *entry, int64_t index)
{
    entry->outcome = APPEND_ACCEPTED;
    entry->index = index;
    entry->first_is_new = false;
}

// Gives every new entry its position and copies it into the log.
static result copy_entries(struct db_tx *tx, void *context)
{
    struct batch *batch = context;
    size_t bytes = ENTRY_ROW_BYTES;
    size_t row_count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (slot_is_new(&batch->slots[i])) {
            bytes += batch->slots[i].leaf.len + ENTRY_ROW_BYTES;
            row_count++;
        }
    }
    if (row_count == 0)
        return OK;

    struct buf rows = {batch->arena, arena_array(batch->arena, char, bytes), 0, bytes};
    db_copy_begin(&rows);
    for (size_t p = 0; p < batch->part_count; p++) {
        int64_t index = batch->parts[p].size;
        for (size_t i = batch->parts[p].begin; i < batch->parts[p].end; i++) {
            if (!slot_is_new(&batch->slots[i]))
                continue;
            accept(batch->slots[i].entry, index++);
            print_row(&rows, &batch->slots[i]);
        }
    }
    db_copy_finish(&rows);
    return db_copy(tx, copy_entries_sql, buf_str(&rows));
}

struct stored_rows {
    struct batch *batch;
    const size_t *firsts; // slot of each identity that was asked for
    int64_t place;        // from 1
    int64_t index;
    str leaf;
};

static result take_stored(void *context)
{
    struct stored_rows *rows = context;
    batch_settle_stored(rows->batch, rows->firsts[rows->place - 1], rows->index,
                        leaf_member(rows->leaf, "event"));
    return OK;
}

static result find_stored(struct db_tx *tx, struct batch *batch)
{
    if (batch->identity_count == 0)
        return OK;
    size_t *firsts = arena_array(batch->arena, size_t, batch->identity_count);
    int64_t *ids = arena_array(batch->arena, int64_t, batch->identity_count);
    str *identities = arena_array(batch->arena, str, batch->identity_count);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct append *entry = batch->slots[i].entry;
        if (!entry->has_identity || batch->slots[i].is_twin)
            continue;
        firsts[count] = i;
        ids[count] = entry->customer_id;
        identities[count++] = (str){(const char *)entry->identity.bytes, IDENTITY_BYTES};
    }
    struct stored_rows rows = {.batch = batch, .firsts = firsts};
    return db_each(tx, &ledger_find_identities_sql,
                   PARAMS(db_i64_array(ids, count), db_bytes_array(identities, count)),
                   COLUMNS(db_into_i64("place", &rows.place),
                           db_into_i64("entry_index", &rows.index),
                           db_into_bytes("leaf", &rows.leaf)),
                   take_stored, &rows);
}

// Copies first and asks afterwards: most batches hold nothing that is stored already.
static result write_entries(struct db_tx *tx, struct batch *batch)
{
    bool ask = batch->identity_count <= LOOK_UP_FIRST_MAX;
    if (!ask) {
        result copied = db_attempt(tx, copy_entries, batch);
        if (copied.code != ERR_DB_DUPLICATE)
            return copied;
    }
    TRY(find_stored(tx, batch));
    result copied = copy_entries(tx, batch);
    if (copied.code == ERR_DB_DUPLICATE)
        return batch->has_void ? FAIL(ALREADY_VOID, "")
                               : FAIL(INTERNAL, "the log holds what its head does not");
    return copied;
}

struct node_rows {
    struct buf rows;
    size_t count;
    int64_t customer_id;
};

static result take_node(void *context, unsigned level, uint64_t number, const sha256 *node)
{
    struct node_rows *nodes = context;
    if (level == 0 || level % NODE_LEVEL_STEP != 0)
        return OK;
    if (nodes->count++ == 0)
        db_copy_begin(&nodes->rows);
    db_copy_row(&nodes->rows, 4);
    db_copy_i64(&nodes->rows, nodes->customer_id);
    db_copy_i16(&nodes->rows, (int16_t)level);
    db_copy_i64(&nodes->rows, (int64_t)number);
    db_copy_bytes(&nodes->rows, sha256_str(node));
    return OK;
}

struct grown_heads {
    int64_t *ids;
    int64_t *sizes;
    str *nodes;
    size_t count;
};

static result grow(struct batch *batch, const struct part *part, struct node_rows *nodes,
                   struct grown_heads *heads)
{
    struct merkle_range range;
    TRY(merkle_range_parse((uint64_t)part->size, part->nodes, &range));
    nodes->customer_id = part->customer_id;
    for (size_t i = part->begin; i < part->end; i++) {
        if (!slot_is_new(&batch->slots[i]))
            continue;
        sha256 leaf = merkle_leaf(batch->slots[i].leaf);
        TRY(merkle_append(&range, &leaf, take_node, nodes));
    }
    if (range.size == (uint64_t)part->size)
        return OK;
    heads->ids[heads->count] = part->customer_id;
    heads->sizes[heads->count] = (int64_t)range.size;
    heads->nodes[heads->count++] = merkle_range_print(batch->arena, &range);
    return OK;
}

static result write_tree(struct db_tx *tx, struct batch *batch, instant now)
{
    struct node_rows nodes = {.rows = {.arena = batch->arena}};
    struct grown_heads heads = {.ids = arena_array(batch->arena, int64_t, batch->part_count),
                                .sizes = arena_array(batch->arena, int64_t, batch->part_count),
                                .nodes = arena_array(batch->arena, str, batch->part_count)};
    for (size_t p = 0; p < batch->part_count; p++)
        TRY(grow(batch, &batch->parts[p], &nodes, &heads));

    if (nodes.count != 0) {
        db_copy_finish(&nodes.rows);
        TRY(db_copy(tx, copy_nodes_sql, buf_str(&nodes.rows)));
    }
    if (heads.count == 0)
        return OK;
    return db_exec(tx, &ledger_update_heads_sql,
                   PARAMS(db_i64_array(heads.ids, heads.count),
                          db_i64_array(heads.sizes, heads.count),
                          db_bytes_array(heads.nodes, heads.count), db_instant(now)));
}

result ledger_append(struct db_tx *tx, instant now, str actor, struct append *entries, size_t count)
{
    if (count == 0)
        return OK;
    struct batch batch;
    batch_plan(&batch, db_arena(tx), entries, count);
    TRY(lock_heads(tx, &batch, now));
    TRY(check_voids(tx, &batch));
    TRY(compose_leaves(&batch, actor));
    TRY(write_entries(tx, &batch));
    TRY(write_tree(tx, &batch, now));
    batch_settle_twins(&batch);
    return OK;
}

result ledger_probe(struct db_tx *tx, struct append *entries, size_t count)
{
    if (count == 0)
        return OK;
    struct batch batch;
    batch_plan(&batch, db_arena(tx), entries, count);
    str by_index = {0};
    TRY(db_one(tx, &ledger_plan_by_index_sql, NO_PARAMS,
               COLUMNS(db_into_text("by_index", &by_index))));
    TRY(find_stored(tx, &batch));
    for (size_t i = 0; i < batch.count; i++) {
        if (slot_is_new(&batch.slots[i]))
            accept(batch.slots[i].entry, NO_INDEX);
    }
    batch_settle_twins(&batch);
    return OK;
}

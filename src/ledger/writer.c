// SPDX-License-Identifier: Apache-2.0
// The heads are locked first, so nobody else writes to these logs until the caller commits: what is
// looked up after that cannot change. The unique indexes remain the judge.
#include "batch.h"
#include "leaf.h"
#include "ledger.sql.h"
#include "phial/ledger/ledger.h"
#include "phial/util/buf.h"

#include <assert.h>

enum {
    LOOK_UP_FIRST_MAX = 16, // a batch so small is looked up before, which saves the savepoint
    INSERT_MAX = 512,       // entries of a batch that is inserted; a larger one is copied
    NODE_LEVEL_STEP = 8,
    STEP_BYTES = 64 * 1024, // of rows, before they are sent
};

static const char copy_entries_sql[] =
    "COPY ledger_entry (customer_id, entry_index, kind, identity, event_time, reference, leaf) "
    "FROM STDIN (FORMAT BINARY)";

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

// Nothing is waited for: the heads are there with the answer to the next statement.
static result ask_for_heads(struct db_tx *tx, struct head_rows *rows)
{
    struct batch *batch = rows->batch;
    int64_t *ids = arena_array(batch->arena, int64_t, batch->part_count);
    for (size_t i = 0; i < batch->part_count; i++)
        ids[i] = batch->parts[i].customer_id;
    return db_defer(tx, &ledger_lock_heads_sql, PARAMS(db_i64_array(ids, batch->part_count)),
                    COLUMNS(db_into_i64("customer_id", &rows->customer_id),
                            db_into_i64("size", &rows->size), db_into_bytes("nodes", &rows->nodes),
                            db_into_instant("last_at", &rows->last_at)),
                    take_head, rows);
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

static void accept(struct append *entry, int64_t index)
{
    entry->outcome = APPEND_ACCEPTED;
    entry->index = index;
    entry->first_is_new = false;
}

// What a batch adds beside its entries: heads that have grown, subtrees that are full.
struct growth {
    int64_t *heads;
    int64_t *before;
    int64_t *sizes;
    str *ranges;
    struct tip *tips; // the same once more
    size_t head_count;
    int64_t node_customer;
    int64_t *node_customers;
    int64_t *levels;
    int64_t *numbers;
    str *hashes;
    size_t node_count;
    size_t node_size;
};

static struct growth growth_for(const struct batch *batch)
{
    size_t parts = batch->part_count;
    // Of 256 leaves one subtree is full, of 256 of these again; a part may end one on each level.
    size_t nodes = batch->count / 128 + MERKLE_LEVELS_MAX / NODE_LEVEL_STEP * parts;
    struct arena *arena = batch->arena;
    return (struct growth){.heads = arena_array(arena, int64_t, parts),
                           .before = arena_array(arena, int64_t, parts),
                           .sizes = arena_array(arena, int64_t, parts),
                           .tips = arena_array(arena, struct tip, parts),
                           .ranges = arena_array(arena, str, parts),
                           .node_customers = arena_array(arena, int64_t, nodes),
                           .levels = arena_array(arena, int64_t, nodes),
                           .numbers = arena_array(arena, int64_t, nodes),
                           .hashes = arena_array(arena, str, nodes),
                           .node_size = nodes};
}

// The rows of a batch that is inserted and not copied.
struct inserting {
    int64_t *customers;
    int64_t *indexes;
    str *identities;
    instant *times;
    str *leaves;
    size_t count;
};

struct writing {
    struct db_tx *tx;
    struct batch *batch;
    str actor;                   // of entries that name none
    struct buf rows;             // to be copied
    struct inserting *inserting; // instead
    struct growth growth;
};

static result take_node(void *context, unsigned level, uint64_t number, const sha256 *node)
{
    struct writing *writing = context;
    struct growth *growth = &writing->growth;
    if (level == 0 || level % NODE_LEVEL_STEP != 0)
        return OK;
    if (growth->node_count == growth->node_size)
        return FAIL(INTERNAL, "more subtrees are full than can be");
    growth->node_customers[growth->node_count] = growth->node_customer;
    growth->levels[growth->node_count] = level;
    growth->numbers[growth->node_count] = (int64_t)number;
    growth->hashes[growth->node_count++] = str_copy(writing->batch->arena, sha256_str(node));
    return OK;
}

// Everything of the row but its leaf, which is last.
static void print_row(struct buf *rows, const struct append *entry)
{
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
}

// What the entries of one log by one actor have in common.
struct stamp {
    struct leaf_frame frame;
    str actor;
    str head;
};

static void stamp_for(const struct writing *writing, const struct append *entry,
                      struct stamp *stamp)
{
    struct arena *arena = writing->batch->arena;
    str actor = entry->actor.len == 0 ? writing->actor : entry->actor;
    if (stamp->head.len != 0 && str_eq(actor, stamp->actor))
        return;
    stamp->actor = actor;
    stamp->frame.actor = leaf_quote(arena, actor);
    stamp->head = leaf_head(arena, &stamp->frame);
}

// The leaf is put together where it is sent from.
static result print_leaf(struct writing *writing, const struct stamp *stamp,
                         const struct append *entry, str *leaf)
{
    if (leaf_is_plain(entry)) {
        size_t len = leaf_plain_len(stamp->head, entry);
        char *room = db_copy_room(&writing->rows, len);
        leaf_plain_write(room, stamp->head, entry);
        *leaf = (str){room, len};
        return OK;
    }
    TRY(leaf_compose(writing->batch->arena, &stamp->frame, entry, leaf));
    db_copy_bytes(&writing->rows, *leaf);
    return OK;
}

static result send_rows(struct writing *writing, size_t at_least)
{
    if (writing->rows.len < at_least)
        return OK;
    TRY(db_copy_send(writing->tx, buf_str(&writing->rows)));
    writing->rows.len = 0;
    return OK;
}

static void list_entry(struct writing *writing, const struct stamp *stamp,
                       const struct append *entry, str *leaf)
{
    struct inserting *inserting = writing->inserting;
    size_t len = leaf_plain_len(stamp->head, entry);
    char *room = arena_array(writing->batch->arena, char, len);
    leaf_plain_write(room, stamp->head, entry);
    *leaf = (str){room, len};
    inserting->customers[inserting->count] = entry->customer_id;
    inserting->indexes[inserting->count] = entry->index;
    inserting->identities[inserting->count] =
        (str){(const char *)entry->identity.bytes, IDENTITY_BYTES};
    inserting->times[inserting->count] = entry->time;
    inserting->leaves[inserting->count++] = *leaf;
}

static result write_entry(struct writing *writing, const struct stamp *stamp, struct append *entry,
                          struct merkle_range *range)
{
    str leaf = {0};
    accept(entry, (int64_t)range->size);
    if (writing->inserting != NULL) {
        list_entry(writing, stamp, entry, &leaf);
    } else {
        print_row(&writing->rows, entry);
        TRY(print_leaf(writing, stamp, entry, &leaf));
    }
    sha256 hash = merkle_leaf(leaf);
    TRY(merkle_append(range, &hash, take_node, writing));
    return send_rows(writing, STEP_BYTES);
}

static result write_part(struct writing *writing, const struct part *part)
{
    struct batch *batch = writing->batch;
    struct growth *growth = &writing->growth;
    str key = batch->slots[part->begin].entry->customer;
    struct stamp stamp = {
        .frame = {.at = leaf_quote(batch->arena, instant_print_canonical(batch->arena, part->at)),
                  .customer = leaf_quote(batch->arena, key)}};
    struct merkle_range range;
    TRY(merkle_range_parse((uint64_t)part->size, part->nodes, &range));
    growth->node_customer = part->customer_id;
    for (size_t i = part->begin; i < part->end; i++) {
        if (!slot_is_new(&batch->slots[i]))
            continue;
        stamp_for(writing, batch->slots[i].entry, &stamp);
        TRY(write_entry(writing, &stamp, batch->slots[i].entry, &range));
    }
    if (range.size == (uint64_t)part->size)
        return OK;
    struct tip tip = {part->customer_id, (int64_t)range.size, part->at,
                      merkle_range_print(batch->arena, &range)};
    growth->heads[growth->head_count] = tip.customer_id;
    growth->before[growth->head_count] = part->size;
    growth->sizes[growth->head_count] = tip.size;
    growth->ranges[growth->head_count] = tip.nodes;
    growth->tips[growth->head_count++] = tip;
    return OK;
}

static bool has_new(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (slot_is_new(&batch->slots[i]))
            return true;
    }
    return false;
}

static result write_parts(struct writing *writing)
{
    db_copy_begin(&writing->rows);
    for (size_t p = 0; p < writing->batch->part_count; p++)
        TRY(write_part(writing, &writing->batch->parts[p]));
    db_copy_finish(&writing->rows);
    return send_rows(writing, 0);
}

// Gives every new entry its position and copies it into the log.
static result copy_entries(struct db_tx *tx, void *context)
{
    struct writing *writing = context;
    struct batch *batch = writing->batch;
    size_t room = STEP_BYTES + STEP_BYTES / 4;
    writing->growth = (struct growth){0}; // of an attempt before
    if (!has_new(batch))
        return OK;
    writing->growth = growth_for(batch);
    writing->rows = (struct buf){batch->arena, arena_array(batch->arena, char, room), 0, room};
    TRY(db_copy_start(tx, copy_entries_sql));
    return db_copy_end(tx, write_parts(writing));
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
    size_t first = rows->firsts[rows->place - 1];
    if (rows->leaf.len == 0) { // removed: nobody can say any more what it was
        batch_settle_removed(rows->batch, first, rows->index);
        return OK;
    }
    str event = leaf_event(rows->batch->slots[first].entry);
    if (!leaf_ends_with(rows->leaf, event))
        event = leaf_member(rows->leaf, "event");
    batch_settle_stored(rows->batch, first, rows->index, event);
    return OK;
}

static result find_stored(struct db_tx *tx, struct batch *batch)
{
    if (batch->suspect_count == 0)
        return OK;
    size_t *firsts = arena_array(batch->arena, size_t, batch->suspect_count);
    int64_t *ids = arena_array(batch->arena, int64_t, batch->suspect_count);
    str *identities = arena_array(batch->arena, str, batch->suspect_count);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct slot *slot = &batch->slots[i];
        const struct append *entry = slot->entry;
        if (!entry->suspect || !entry->has_identity || !slot_is_new(slot))
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
static result write_entries(struct writing *writing)
{
    struct db_tx *tx = writing->tx;
    struct batch *batch = writing->batch;
    if (batch->identity_count > LOOK_UP_FIRST_MAX) {
        result copied = db_attempt(tx, copy_entries, writing);
        if (copied.code != ERR_DB_DUPLICATE)
            return copied;
    }
    batch_suspect_all(batch);
    TRY(find_stored(tx, batch));
    result copied = copy_entries(tx, writing);
    if (copied.code == ERR_DB_DUPLICATE)
        return batch->has_void ? FAIL(ALREADY_VOID, "")
                               : FAIL(INTERNAL, "the log holds what its head does not");
    return copied;
}

static result defer_nodes(struct db_tx *tx, const struct growth *growth)
{
    if (growth->node_count == 0)
        return OK;
    return db_defer(tx, &ledger_insert_nodes_sql,
                    PARAMS(db_i64_array(growth->node_customers, growth->node_count),
                           db_i64_array(growth->levels, growth->node_count),
                           db_i64_array(growth->numbers, growth->node_count),
                           db_bytes_array(growth->hashes, growth->node_count)),
                    NO_COLUMNS, NULL, NULL);
}

static result write_growth(struct db_tx *tx, const struct growth *growth, instant now)
{
    TRY(defer_nodes(tx, growth));
    if (growth->head_count == 0)
        return OK;
    return db_defer(tx, &ledger_update_heads_sql,
                    PARAMS(db_i64_array(growth->heads, growth->head_count),
                           db_i64_array(growth->sizes, growth->head_count),
                           db_bytes_array(growth->ranges, growth->head_count), db_instant(now)),
                    NO_COLUMNS, NULL, NULL);
}

static result check_heads(const struct head_rows *heads)
{
    return heads->next == heads->batch->part_count ? OK
                                                   : FAIL(NOT_FOUND, "the customer has no log");
}

static void plan_list(struct batch *batch, struct arena *arena, struct append *entries,
                      size_t count)
{
    struct append **list = arena_array(arena, struct append *, count);
    for (size_t i = 0; i < count; i++)
        list[i] = &entries[i];
    batch_plan(batch, arena, list, count);
}

result ledger_append(struct db_tx *tx, instant now, str actor, struct append *entries, size_t count)
{
    if (count == 0)
        return OK;
    struct batch batch;
    plan_list(&batch, db_arena(tx), entries, count);
    struct head_rows heads = {.batch = &batch, .now = now};
    struct writing writing = {.tx = tx, .batch = &batch, .actor = actor};
    TRY(db_defer(tx, &ledger_plan_by_index_sql, NO_PARAMS, NO_COLUMNS, NULL, NULL));
    TRY(ask_for_heads(tx, &heads));
    TRY(db_flush(tx));
    TRY(check_heads(&heads));
    TRY(check_voids(tx, &batch));
    TRY(write_entries(&writing));
    TRY(write_growth(tx, &writing.growth, now));
    TRY(db_flush(tx)); // what the caller does next may read the heads
    batch_settle_twins(&batch);
    return OK;
}

result ledger_grow(struct arena *arena, instant now, str actor, const struct append *entry,
                   struct head *head)
{
    str leaf = {0};
    instant at = now.us > head->last_at.us ? now : head->last_at;
    struct leaf_frame frame = {
        .actor = leaf_quote(arena, entry->actor.len == 0 ? actor : entry->actor),
        .at = leaf_quote(arena, instant_print_canonical(arena, at)),
        .customer = leaf_quote(arena, entry->customer),
    };
    assert(entry->kind != ENTRY_usage && entry->customer_id == head->customer_id);
    TRY(leaf_compose(arena, &frame, entry, &leaf));
    sha256 hash = merkle_leaf(leaf);
    TRY(merkle_append(&head->range, &hash, NULL, NULL));
    head->size++;
    head->last_at = at;
    return OK;
}

// Planned once, since planning over all partitions costs more than the statements do, and by index,
// however small the tables were then.
const char ledger_settings[] = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
                               "SET enable_hashjoin = off; SET enable_mergejoin = off;"
                               "SET enable_bitmapscan = off";

// Whether the batch may go by what is known of its logs; fills in its parts then.
static bool is_known(struct batch *batch, struct tips *tips, instant now)
{
    if (tips == NULL || batch->count > INSERT_MAX || batch->suspect_count != 0)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        if (!leaf_is_plain(batch->slots[i].entry))
            return false;
    }
    for (size_t p = 0; p < batch->part_count; p++) {
        struct part *part = &batch->parts[p];
        struct tip tip = {0};
        if (!tips_find(tips, batch->arena, part->customer_id, &tip))
            return false;
        part->size = tip.size;
        part->nodes = tip.nodes;
        part->at = now.us > tip.last_at.us ? now : tip.last_at;
    }
    return true;
}

static result defer_heads(struct db_tx *tx, const struct growth *growth, instant now)
{
    return db_defer(tx, &ledger_move_heads_sql,
                    PARAMS(db_i64_array(growth->heads, growth->head_count),
                           db_i64_array(growth->before, growth->head_count),
                           db_i64_array(growth->sizes, growth->head_count),
                           db_bytes_array(growth->ranges, growth->head_count), db_instant(now)),
                    NO_COLUMNS, NULL, NULL);
}

// The heads first, as everybody takes them.
static result insert_entries(struct writing *writing, instant now)
{
    struct batch *batch = writing->batch;
    struct arena *arena = batch->arena;
    struct inserting *inserting = arena_new(arena, struct inserting);
    *inserting = (struct inserting){.customers = arena_array(arena, int64_t, batch->count),
                                    .indexes = arena_array(arena, int64_t, batch->count),
                                    .identities = arena_array(arena, str, batch->count),
                                    .times = arena_array(arena, instant, batch->count),
                                    .leaves = arena_array(arena, str, batch->count)};
    writing->growth = growth_for(batch);
    writing->inserting = inserting;
    for (size_t p = 0; p < batch->part_count; p++)
        TRY(write_part(writing, &batch->parts[p]));
    TRY(defer_heads(writing->tx, &writing->growth, now));
    TRY(defer_nodes(writing->tx, &writing->growth));
    return db_defer(writing->tx, &ledger_insert_usage_sql,
                    PARAMS(db_i64_array(inserting->customers, inserting->count),
                           db_i64_array(inserting->indexes, inserting->count),
                           db_bytes_array(inserting->identities, inserting->count),
                           db_instant_array(inserting->times, inserting->count),
                           db_bytes_array(inserting->leaves, inserting->count)),
                    NO_COLUMNS, NULL, NULL);
}

// Where every identity is suspected they may all be stored: repeats alone take no lock, since what
// is stored stays.
static result lock_and_copy(struct writing *writing, instant now)
{
    struct db_tx *tx = writing->tx;
    struct batch *batch = writing->batch;
    struct head_rows heads = {.batch = batch, .now = now};
    if (batch->suspect_count == batch->identity_count) {
        TRY(find_stored(tx, batch));
        if (!has_new(batch))
            return db_defer(tx, &ledger_await_standbys_sql, NO_PARAMS, NO_COLUMNS, NULL, NULL);
    }
    TRY(ask_for_heads(tx, &heads));
    TRY(find_stored(tx, batch));
    TRY(db_flush(tx));
    TRY(check_heads(&heads));
    TRY(copy_entries(tx, writing));
    return write_growth(tx, &writing->growth, now);
}

result ledger_append_usage(struct db_tx *tx, struct usage_batch *usage)
{
    struct batch batch;
    assert(usage->count != 0);
    batch_plan(&batch, db_arena(tx), usage->entries, usage->count);
    struct writing writing = {.tx = tx, .batch = &batch};
    if (is_known(&batch, usage->tips, usage->now))
        TRY(insert_entries(&writing, usage->now));
    else
        TRY(lock_and_copy(&writing, usage->now));
    usage->grown = writing.growth.tips;
    usage->grown_count = writing.growth.head_count;
    batch_settle_twins(&batch);
    return OK;
}

result ledger_probe(struct db_tx *tx, struct append *entries, size_t count)
{
    if (count == 0)
        return OK;
    struct batch batch;
    plan_list(&batch, db_arena(tx), entries, count);
    batch_suspect_all(&batch);
    TRY(db_defer(tx, &ledger_plan_by_index_sql, NO_PARAMS, NO_COLUMNS, NULL, NULL));
    TRY(find_stored(tx, &batch));
    for (size_t i = 0; i < batch.count; i++) {
        if (slot_is_new(&batch.slots[i]))
            accept(batch.slots[i].entry, NO_INDEX);
    }
    batch_settle_twins(&batch);
    return OK;
}

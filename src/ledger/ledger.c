// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/ledger.h"

#include "ledger.sql.h"

#include <assert.h>

result ledger_partition(struct db_tx *tx, int64_t customer_id, unsigned *partition)
{
    int64_t number = 0;
    TRY(db_one(tx, &ledger_partition_sql, PARAMS(db_i64(customer_id)),
               COLUMNS(db_into_i64("number", &number))));
    *partition = (unsigned)number;
    return OK;
}

result ledger_open(struct db_tx *tx, int64_t customer_id)
{
    return db_exec(tx, &ledger_open_sql, PARAMS(db_i64(customer_id)));
}

static result read_head(struct db_tx *tx, const struct db_stmt *stmt, int64_t customer_id,
                        struct head *head)
{
    struct head read = {0};
    str nodes = {0};
    TRY(db_one(tx, stmt, PARAMS(db_i64(customer_id)),
               COLUMNS(db_into_i64("customer_id", &read.customer_id),
                       db_into_i64("size", &read.size), db_into_bytes("nodes", &nodes),
                       db_into_instant("last_at", &read.last_at))));
    TRY(merkle_range_parse((uint64_t)read.size, nodes, &read.range));
    *head = read;
    return OK;
}

result ledger_head(struct db_tx *tx, int64_t customer_id, struct head *head)
{
    return read_head(tx, &ledger_head_sql, customer_id, head);
}

result ledger_head_lock(struct db_tx *tx, int64_t customer_id, struct head *head)
{
    return read_head(tx, &ledger_head_lock_sql, customer_id, head);
}

struct size_rows {
    int64_t *sizes;
    size_t count;
    int64_t size; // the row that is being read
};

static result take_size(void *context)
{
    struct size_rows *rows = context;
    rows->sizes[rows->count++] = rows->size;
    return OK;
}

// NOLINTNEXTLINE(readability-non-const-parameter): written through the rows
result ledger_sizes(struct db_tx *tx, const int64_t *customers, size_t count, int64_t *sizes)
{
    struct size_rows rows = {.sizes = sizes};
    return db_each(tx, &ledger_sizes_sql, PARAMS(db_i64_array(customers, count)),
                   COLUMNS(db_into_i64("size", &rows.size)), take_size, &rows);
}

// Entries of a statement: before PostgreSQL has statistics of a log it may sort what it reads, and
// of ten million that is 4 GB on its disk before the first one comes.
enum { READ_AT_ONCE = 5000 };

// One row of any statement that yields entries.
struct entry_row {
    struct entry entry;
    int64_t kind;
    result (*row)(void *context, const struct entry *entry);
    void *context;
};

#define ENTRY_COLUMNS(into)                                                                       \
    COLUMNS(db_into_i64("entry_index", &(into)->entry.index), db_into_i64("kind", &(into)->kind), \
            db_into_bytes("leaf", &(into)->entry.leaf))

static result take_entry(struct entry_row *read)
{
    assert(read->kind >= 0 && read->kind < ENTRY_KIND_COUNT);
    read->entry.kind = (enum entry_kind)read->kind;
    return read->entry.leaf.len == 0
               ? FAIL(ENTRY_REMOVED, "Retention has removed the body of the entry.")
               : OK;
}

static result hand_over(void *context)
{
    struct entry_row *read = context;
    TRY(take_entry(read));
    return read->row(read->context, &read->entry);
}

static result one_entry(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
                        struct entry *entry)
{
    struct entry_row read = {0};
    TRY(db_one(tx, stmt, params, ENTRY_COLUMNS(&read)));
    TRY(take_entry(&read));
    *entry = read.entry;
    return OK;
}

result ledger_entry(struct db_tx *tx, int64_t customer_id, int64_t index, struct entry *entry)
{
    return one_entry(tx, &ledger_entry_sql, PARAMS(db_i64(customer_id), db_i64(index)), entry);
}

result ledger_find(struct db_tx *tx, int64_t customer_id, identity wanted, struct entry *entry)
{
    str bytes = {(const char *)wanted.bytes, sizeof wanted.bytes};
    return one_entry(tx, &ledger_find_sql, PARAMS(db_i64(customer_id), db_bytes(bytes)), entry);
}

result ledger_each(struct db_tx *tx, int64_t customer_id, int64_t from, int64_t to,
                   result (*row)(void *context, const struct entry *entry), void *context)
{
    struct entry_row read = {.row = row, .context = context};
    for (int64_t at = from; at < to; at += READ_AT_ONCE) {
        int64_t end = to - at < READ_AT_ONCE ? to : at + READ_AT_ONCE;
        TRY(db_each(tx, &ledger_each_sql, PARAMS(db_i64(customer_id), db_i64(at), db_i64(end)),
                    ENTRY_COLUMNS(&read), hand_over, &read));
    }
    return OK;
}

// NOLINTNEXTLINE(readability-function-size): the face names what a measurement goes by
result ledger_each_usage(struct db_tx *tx, int64_t customer_id, int64_t size, instant from,
                         instant to, result (*row)(void *context, const struct entry *entry),
                         void *context)
{
    struct entry_row read = {.row = row, .context = context};
    return db_each(tx, &ledger_each_usage_sql,
                   PARAMS(db_i64(customer_id), db_i64(size), db_instant(from), db_instant(to)),
                   ENTRY_COLUMNS(&read), hand_over, &read);
}

result ledger_each_reference(struct db_tx *tx, int64_t customer_id, int64_t index,
                             result (*row)(void *context, const struct entry *entry), void *context)
{
    struct entry_row read = {.row = row, .context = context};
    return db_each(tx, &ledger_each_reference_sql, PARAMS(db_i64(customer_id), db_i64(index)),
                   ENTRY_COLUMNS(&read), hand_over, &read);
}

result ledger_each_event(struct db_tx *tx, const struct event_filter *filter,
                         result (*row)(void *context, const struct entry *entry), void *context)
{
    struct entry_row read = {.row = row, .context = context};
    return db_each(tx, &ledger_each_event_sql,
                   PARAMS(db_i64(filter->customer_id), db_i64(filter->after), db_i64(filter->limit),
                          db_instant(filter->from), db_instant(filter->to)),
                   ENTRY_COLUMNS(&read), hand_over, &read);
}

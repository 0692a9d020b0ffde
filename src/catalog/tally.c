// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/tally.h"

#include "catalog.sql.h"

#include <pthread.h>
#include <stdlib.h>

enum { ROWS_MAX = 1024 }; // between two flushes

struct counted {
    struct tally_row row;
    int64_t count;
};

struct tally {
    pthread_mutex_t lock; // guards what follows
    struct arena arena;   // the rows' texts
    struct counted rows[ROWS_MAX];
    size_t row_count;
};

struct tally *tally_new(void)
{
    struct tally *tally = calloc(1, sizeof *tally);
    if (tally == NULL || pthread_mutex_init(&tally->lock, NULL) != 0)
        abort();
    return tally;
}

void tally_free(struct tally *tally)
{
    if (tally == NULL)
        return;
    arena_reset(&tally->arena);
    (void)pthread_mutex_destroy(&tally->lock);
    free(tally);
}

static bool is_same(const struct tally_row *a, const struct tally_row *b)
{
    return a->at.us == b->at.us && str_eq(a->type, b->type) && str_eq(a->pointer, b->pointer) &&
           str_eq(str_from(a->code), str_from(b->code)) &&
           str_eq(str_from(a->detector), str_from(b->detector));
}

// Under the lock. The last row takes whatever has no room.
static void add(struct tally *tally, struct tally_row row, int64_t count)
{
    if (tally->row_count >= ROWS_MAX - 1)
        row = (struct tally_row){.at = row.at, .code = "other"};
    for (size_t i = 0; i < tally->row_count; i++) {
        if (is_same(&tally->rows[i].row, &row)) {
            tally->rows[i].count += count;
            return;
        }
    }
    if (tally->row_count == ROWS_MAX) { // of another hour, and full all the same
        tally->rows[ROWS_MAX - 1].count += count;
        return;
    }
    row.type = str_copy(&tally->arena, row.type);
    row.pointer = str_copy(&tally->arena, row.pointer);
    tally->rows[tally->row_count++] = (struct counted){row, count};
}

void tally_add(struct tally *tally, const struct tally_row *row, int64_t count)
{
    if (tally == NULL || count == 0)
        return;
    struct tally_row of_hour = *row;
    of_hour.at = tally_hour(row->at);
    (void)pthread_mutex_lock(&tally->lock);
    add(tally, of_hour, count);
    (void)pthread_mutex_unlock(&tally->lock);
}

// What a flush writes: sorted, so that two of them lock their rows in the same order.
struct batch {
    struct counted rows[ROWS_MAX];
    size_t count;
};

static int compare(const void *left, const void *right)
{
    const struct tally_row *a = &((const struct counted *)left)->row;
    const struct tally_row *b = &((const struct counted *)right)->row;
    int order = (a->at.us > b->at.us) - (a->at.us < b->at.us);
    if (order == 0)
        order = str_compare(a->type, b->type);
    if (order == 0)
        order = str_compare(a->pointer, b->pointer);
    if (order == 0)
        order = str_compare(str_from(a->code), str_from(b->code));
    return order == 0 ? str_compare(str_from(a->detector), str_from(b->detector)) : order;
}

static void take(struct tally *tally, struct arena *arena, struct batch *batch)
{
    (void)pthread_mutex_lock(&tally->lock);
    batch->count = tally->row_count;
    for (size_t i = 0; i < batch->count; i++) {
        batch->rows[i] = tally->rows[i];
        batch->rows[i].row.type = str_copy(arena, tally->rows[i].row.type);
        batch->rows[i].row.pointer = str_copy(arena, tally->rows[i].row.pointer);
    }
    tally->row_count = 0;
    arena_reset(&tally->arena);
    (void)pthread_mutex_unlock(&tally->lock);
    qsort(batch->rows, batch->count, sizeof batch->rows[0], compare);
}

static void put_back(struct tally *tally, const struct batch *batch)
{
    (void)pthread_mutex_lock(&tally->lock);
    for (size_t i = 0; i < batch->count; i++)
        add(tally, batch->rows[i].row, batch->rows[i].count);
    (void)pthread_mutex_unlock(&tally->lock);
}

static result write(struct db_tx *tx, void *context)
{
    const struct batch *batch = context;
    struct arena *arena = db_arena(tx);
    instant *hours = arena_array(arena, instant, batch->count);
    int64_t *counts = arena_array(arena, int64_t, batch->count);
    str *types = arena_array(arena, str, batch->count);
    str *pointers = arena_array(arena, str, batch->count);
    str *codes = arena_array(arena, str, batch->count);
    str *detectors = arena_array(arena, str, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct tally_row *row = &batch->rows[i].row;
        hours[i] = row->at;
        types[i] = row->type;
        pointers[i] = row->pointer;
        codes[i] = str_from(row->code);
        detectors[i] = str_from(row->detector);
        counts[i] = batch->rows[i].count;
    }
    size_t n = batch->count;
    return db_exec(tx, &catalog_add_refusals_sql,
                   PARAMS(db_instant_array(hours, n), db_text_array(types, n),
                          db_text_array(pointers, n), db_text_array(codes, n),
                          db_text_array(detectors, n), db_i64_array(counts, n)));
}

result tally_flush(struct tally *tally, struct db *db, struct arena *arena)
{
    if (tally == NULL)
        return OK;
    struct batch *batch = arena_new(arena, struct batch);
    take(tally, arena, batch);
    result written = batch->count == 0 ? OK : db_transact(db, arena, write, batch);
    if (failed(written))
        put_back(tally, batch);
    return written;
}

struct reading {
    struct refusal_count count;
    result (*row)(void *context, const struct refusal_count *count);
    void *context;
};

static result hand_over(void *context)
{
    struct reading *reading = context;
    return reading->row(reading->context, &reading->count);
}

result refusals_each(struct db_tx *tx, const struct refusal_filter *filter,
                     result (*row)(void *context, const struct refusal_count *count), void *context)
{
    struct reading reading = {.row = row, .context = context};
    struct refusal_count *count = &reading.count;
    return db_each(
        tx, &catalog_list_refusals_sql,
        PARAMS(db_instant(filter->from), db_instant(filter->to), db_text(str_from(filter->by)),
               db_i64(filter->limit)),
        COLUMNS(db_into_instant("at", &count->at), db_into_text("event_type", &count->type),
                db_into_text("pointer", &count->pointer), db_into_text("code", &count->code),
                db_into_text("detector", &count->detector),
                db_into_i64("refusals", &count->refusals)),
        hand_over, &reading);
}

// SPDX-License-Identifier: Apache-2.0
#include "sums_stretch.h"

#include "invoicing.sql.h"
#include "phial/rating/tally.h"

#include <stdlib.h>

enum { BLOCK = 64, ENTRIES_A_STRETCH = 10000 };

struct entry_row {
    int64_t index;
    int64_t reference; // -1: an original
    str leaf;
    struct usage_fold *after;
    struct usage_fold *before; // of what lies below `size`; NULL: it is not asked for
    int64_t size;
};

#define ENTRY_COLUMNS(row)                             \
    COLUMNS(db_into_i64("entry_index", &(row)->index), \
            db_into_i64("reference", &(row)->reference), db_into_bytes("leaf", &(row)->leaf))

static result take_entry(void *context)
{
    const struct entry_row *row = context;
    if (row->leaf.len == 0) // removed: what it came to stays in the sums that there were then
        return OK;
    if (row->before != NULL && row->index < row->size)
        TRY(usage_fold_add(row->before, row->index, row->leaf));
    return usage_fold_add(row->after, row->index, row->leaf);
}

// Entries in their order.
struct part_row {
    struct entry_row entry;
    struct arena *arena;
    int64_t begin;
    int64_t size;
    int64_t *older; // originals below the size that are referred to
    size_t count;
    size_t room;
};

static result take_part_entry(void *context)
{
    struct part_row *row = context;
    int64_t reference = row->entry.reference;
    if (reference < 0 || reference >= row->begin)
        return take_entry(&row->entry);
    if (reference >= row->size || row->entry.leaf.len == 0) // it came with its original
        return OK;
    row->older = arena_grow(row->arena, row->older, row->count, &row->room, sizeof *row->older);
    row->older[row->count++] = reference;
    return OK;
}

static int by_number(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

// An original that is referred to twice is read once.
static size_t without_repeats(int64_t *numbers, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(numbers, count, sizeof *numbers, by_number);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || numbers[i] != numbers[i - 1])
            numbers[kept++] = numbers[i];
    }
    return kept;
}

struct grown grown_of_all_time(int64_t customer_id, int64_t from, int64_t to)
{
    return (struct grown){
        customer_id, from, to, {FIRST_INSTANT_US}, {END_INSTANT_US},
    };
}

void stretch_release(struct stretch *stretch)
{
    usage_fold_release(&stretch->after);
    usage_fold_release(&stretch->before);
}

struct changed_row {
    int64_t reference;
    struct part_row *part;
    size_t at;   // both are in order
    size_t kept; // of those before `at`
};

static void keep_up_to(struct changed_row *row, int64_t reference)
{
    int64_t *older = row->part->older;
    for (; row->at < row->part->count && older[row->at] < reference; row->at++)
        older[row->kept++] = older[row->at];
}

static result leave_out(void *context)
{
    struct changed_row *row = context;
    keep_up_to(row, row->reference);
    row->at++;
    return OK;
}

static result leave_out_changed(struct db_tx *tx, const struct grown *grown, struct part_row *part)
{
    struct changed_row row = {.part = part};
    if (part->count == 0 || part->begin == grown->from)
        return OK;
    TRY(db_each(tx, &sums_list_changed_sql,
                PARAMS(db_i64(grown->customer_id), db_i64_array(part->older, part->count),
                       db_i64(grown->from), db_i64(part->begin)),
                COLUMNS(db_into_i64("reference", &row.reference)), leave_out, &row));
    keep_up_to(&row, INT64_MAX);
    part->count = row.kept;
    return OK;
}

// The older events that are changed here, but for those that an earlier part has.
static result read_older(struct db_tx *tx, const struct grown *grown, struct part_row *part,
                         struct usage_fold *before)
{
    struct entry_row row = {.after = part->entry.after, .before = before, .size = grown->from};
    part->count = without_repeats(part->older, part->count);
    TRY(leave_out_changed(tx, grown, part));
    return part->count == 0
               ? OK
               : db_each(tx, &sums_each_older_sql,
                         PARAMS(db_i64(grown->customer_id), db_i64_array(part->older, part->count),
                                db_i64(grown->to)),
                         ENTRY_COLUMNS(&row), take_entry, &row);
}

result stretch_read(struct db_tx *tx, const struct grown *grown, int64_t begin, int64_t end,
                    struct stretch *stretch)
{
    struct part_row part = {.arena = db_arena(tx), .begin = begin, .size = grown->from};
    stretch->after = usage_fold_new(db_arena(tx));
    stretch->before = usage_fold_new(db_arena(tx));
    part.entry.after = stretch->after;
    if (begin < end)
        TRY(db_each(tx, &sums_each_entry_sql,
                    PARAMS(db_i64(grown->customer_id), db_i64(begin), db_i64(end),
                           db_instant(grown->earliest), db_instant(grown->latest)),
                    ENTRY_COLUMNS(&part.entry), take_part_entry, &part));
    if (end < grown->to)
        TRY(db_each(
            tx, &sums_each_correction_sql,
            PARAMS(db_i64(grown->customer_id), db_i64(begin), db_i64(end), db_i64(grown->to)),
            ENTRY_COLUMNS(&part.entry), take_entry, &part.entry));
    TRY(read_older(tx, grown, &part, stretch->before));
    TRY(usage_fold_end(stretch->before, &stretch->removed));
    return usage_fold_end(stretch->after, &stretch->added);
}

struct stretches {
    const struct grown *grown;
    int64_t begin;
    int64_t end;
    result (*take)(void *context, const struct stretch *stretch);
    void *context;
};

static result take_stretch(struct db_tx *tx, void *context)
{
    const struct stretches *stretches = context;
    OWNED(stretch_release) struct stretch stretch = {0};
    TRY(stretch_read(tx, stretches->grown, stretches->begin, stretches->end, &stretch));
    return stretches->take(stretches->context, &stretch);
}

result stretches_each(struct db_tx *tx, const struct grown *grown,
                      result (*take)(void *context, const struct stretch *stretch), void *context)
{
    struct stretches stretches = {.grown = grown, .take = take, .context = context};
    for (int64_t begin = grown->from; begin < grown->to; begin = stretches.end) {
        stretches.begin = begin;
        stretches.end =
            grown->to - begin > ENTRIES_A_STRETCH ? begin + ENTRIES_A_STRETCH : grown->to;
        TRY(db_scratch(tx, take_stretch, &stretches));
    }
    return OK;
}

result placed_read(struct db_tx *tx, const struct placed_span *span, struct usage_fold **fold,
                   struct usage *usage)
{
    *fold = usage_fold_new(db_arena(tx));
    struct entry_row row = {.after = *fold};
    TRY(db_each(
        tx, &sums_each_placed_sql,
        PARAMS(db_i64(span->customer_id), db_instant(usage_tally_bucket(TALLY_QUARTER, span->from)),
               db_instant(usage_tally_bucket_end(TALLY_QUARTER, (instant){span->to.us - 1})),
               db_i64(span->position)),
        ENTRY_COLUMNS(&row), take_entry, &row));
    return usage_fold_end(*fold, usage);
}

struct place {
    instant bucket;
    int64_t block;
};

static int by_place(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->bucket.us != b->bucket.us)
        return a->bucket.us < b->bucket.us ? -1 : 1;
    return (a->block > b->block) - (a->block < b->block);
}

result places_add(struct db_tx *tx, int64_t customer_id, const struct usage *usage)
{
    struct arena *arena = db_arena(tx);
    struct place *places = arena_array(arena, struct place, usage->count);
    instant *buckets = arena_array(arena, instant, usage->count);
    int64_t *blocks = arena_array(arena, int64_t, usage->count);
    size_t count = 0;
    for (size_t i = 0; i < usage->count; i++)
        places[i] = (struct place){usage_tally_bucket(TALLY_QUARTER, usage->events[i].time),
                                   usage->events[i].index / BLOCK};
    if (usage->count > 1)
        qsort(places, usage->count, sizeof *places, by_place);
    for (size_t i = 0; i < usage->count; i++) {
        if (i > 0 && by_place(&places[i - 1], &places[i]) == 0)
            continue;
        buckets[count] = places[i].bucket;
        blocks[count++] = places[i].block;
    }
    return count == 0 ? OK
                      : db_exec(tx, &sums_add_places_sql,
                                PARAMS(db_i64(customer_id), db_instant_array(buckets, count),
                                       db_i64_array(blocks, count)));
}

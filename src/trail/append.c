// SPDX-License-Identifier: Apache-2.0
// Records on their way into the log, and out of it again.
#include "marks.h"
#include "phial/ledger/ledger.h"
#include "phial/trail/trail.h"
#include "trail.sql.h"

enum { BATCH_MAX = 1000 };

struct waiting {
    struct arena *arena;
    str id, actor, document; // the row that is being read
    str ids[BATCH_MAX];
    struct append entries[BATCH_MAX];
    int64_t indexes[BATCH_MAX];
    size_t count;
};

static result take(void *context)
{
    struct waiting *waiting = context;
    struct append *entry = &waiting->entries[waiting->count];
    waiting->ids[waiting->count++] = str_copy(waiting->arena, waiting->id);
    *entry = (struct append){
        .customer_id = TRAIL_LOG,
        .customer = STR(""),
        .actor = str_copy(waiting->arena, waiting->actor),
        .kind = ENTRY_audit,
        .member_count = 1,
    };
    entry->members[0].name = "audit";
    entry->members[0].json = str_copy(waiting->arena, waiting->document);
    return OK;
}

static result append(struct db_tx *tx, struct waiting *waiting, instant now)
{
    TRY(ledger_append(tx, now, STR("system"), waiting->entries, waiting->count));
    for (size_t i = 0; i < waiting->count; i++)
        waiting->indexes[i] = waiting->entries[i].index;
    TRY(db_exec(tx, &trail_insert_entries_sql,
                PARAMS(db_text_array(waiting->ids, waiting->count),
                       db_i64_array(waiting->indexes, waiting->count))));
    return db_exec(tx, &trail_delete_waiting_sql,
                   PARAMS(db_text_array(waiting->ids, waiting->count)));
}

struct appending {
    instant now;
    bool more;
};

static result append_batch(struct db_tx *tx, void *context)
{
    struct appending *appending = context;
    struct head head = {0};
    bool waits = false;
    appending->more = false;
    TRY(db_one(tx, &trail_any_waits_sql, NO_PARAMS, COLUMNS(db_into_bool("waits", &waits))));
    if (!waits)
        return OK;
    TRY(ledger_head_lock(tx, TRAIL_LOG, &head));
    struct waiting *waiting = arena_new(db_arena(tx), struct waiting);
    waiting->arena = db_arena(tx);
    TRY(db_each(tx, &trail_list_waiting_sql, PARAMS(db_i64(BATCH_MAX)),
                COLUMNS(db_into_text("staged_id", &waiting->id),
                        db_into_text("actor", &waiting->actor),
                        db_into_bytes("document", &waiting->document)),
                take, waiting));
    appending->more = waiting->count == BATCH_MAX;
    return waiting->count == 0 ? OK : append(tx, waiting, appending->now);
}

result trail_append_whole(struct db_tx *tx, instant now)
{
    struct appending appending = {.now = now};
    do
        TRY(db_scratch(tx, append_batch, &appending));
    while (appending.more);
    return OK;
}

result trail_append_all(struct db *db, instant now)
{
    struct appending appending = {.now = now};
    do {
        struct arena arena = {0};
        result appended = db_transact(db, &arena, append_batch, &appending);
        arena_reset(&arena);
        TRY(appended);
    } while (appending.more);
    return OK;
}

struct listing {
    const struct trail_filter *filter;
    struct trail_entry entry; // the row that is being read
    str actor, action, object, customer;
    int64_t seen;  // rows of this look
    int64_t given; // entries in all
    int64_t last;  // index seen
    result (*row)(void *context, const struct trail_entry *entry);
    void *context;
};

static bool fits(str wanted, str is)
{
    return wanted.len == 0 || str_eq(wanted, is);
}

static result hand_over(void *context)
{
    struct listing *listing = context;
    const struct trail_filter *filter = listing->filter;
    bool everybodys = filter->reads_alone && str_eq(listing->customer, STR("*"));
    listing->seen++;
    listing->last = listing->entry.index;
    if (!fits(filter->actor, listing->actor) || !fits(filter->action, listing->action) ||
        !fits(filter->object, listing->object) ||
        (!everybodys && !fits(filter->customer, listing->customer)))
        return OK;
    listing->given++;
    return listing->row(listing->context, &listing->entry);
}

static db_param mark_of(str text)
{
    return text.len == 0 ? db_null() : db_i64(trail_mark(text));
}

static result look(struct db_tx *tx, struct listing *listing)
{
    const struct trail_filter *filter = listing->filter;
    listing->seen = 0;
    return db_each(tx, &trail_each_sql,
                   PARAMS(mark_of(filter->actor), mark_of(filter->action), mark_of(filter->object),
                          mark_of(filter->customer), db_bool(filter->reads_alone),
                          filter->has_from ? db_instant(filter->from) : db_null(),
                          filter->has_to ? db_instant(filter->to) : db_null(),
                          db_i64(listing->last), db_i64(filter->limit)),
                   COLUMNS(db_into_i64("entry_index", &listing->entry.index),
                           db_into_text("actor", &listing->actor),
                           db_into_text("action", &listing->action),
                           db_into_text("object", &listing->object),
                           db_into_text("customer", &listing->customer),
                           db_into_bytes("leaf", &listing->entry.leaf),
                           db_into_text("actor_name", &listing->entry.actor_name)),
                   hand_over, listing);
}

// Others of the same marks take up room: looked for until there are enough, or no more.
result trail_each(struct db_tx *tx, const struct trail_filter *filter,
                  result (*row)(void *context, const struct trail_entry *entry), void *context)
{
    struct listing listing = {
        .filter = filter, .last = filter->before, .row = row, .context = context};
    do
        TRY(look(tx, &listing));
    while (listing.seen == filter->limit && listing.given < filter->limit);
    return OK;
}

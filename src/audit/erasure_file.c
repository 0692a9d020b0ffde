// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/erasure_file.h"

#include "audit.sql.h"
#include "phial/audit/erasure.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "phial/util/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 268435456, FILE_MODE = 0600 };

static const str restorer = {"system:restore", sizeof "system:restore" - 1};

// A scope of a customer, as a line says it.
struct erased_scope {
    str customer;
    str scope;
    int64_t index;
    instant at;
    int64_t customer_id; // of what is to be destroyed
};

struct erased_scopes {
    struct arena *arena;
    struct erased_scope *items;
    size_t count;
    size_t room;
    struct erased_scope row; // that is being read
};

static void add(struct erased_scopes *scopes, const struct erased_scope *scope)
{
    scopes->items = arena_grow(scopes->arena, scopes->items, scopes->count, &scopes->room,
                               sizeof *scopes->items);
    scopes->items[scopes->count] = *scope;
    scopes->items[scopes->count].customer = str_copy(scopes->arena, scope->customer);
    scopes->items[scopes->count++].scope = str_copy(scopes->arena, scope->scope);
}

static int compare(const void *left, const void *right)
{
    const struct erased_scope *a = left;
    const struct erased_scope *b = right;
    int order = str_compare(a->customer, b->customer);
    if (order == 0)
        order = str_compare(a->scope, b->scope);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

// ---- the file

static bool parse_line(str line, struct erased_scope *scope)
{
    str version = {0};
    str index = {0};
    str at = {0};
    return str_cut(line, ' ', &version, &line) && str_eq(version, STR("v1")) &&
           str_cut(line, ' ', &scope->customer, &line) &&
           str_cut(line, ' ', &scope->scope, &line) && str_cut(line, ' ', &index, &at) &&
           str_to_i64(index, &scope->index) && str_to_i64(at, &scope->at.us);
}

// What stands behind the last newline was cut off by a crash, before its erasure was answered.
static result read_file(struct arena *arena, const char *path, struct erased_scopes *scopes)
{
    str text = {0};
    str line = {0};
    *scopes = (struct erased_scopes){.arena = arena};
    result read = file_read(arena, path, FILE_BYTES_MAX, &text);
    if (read.code == ERR_NOT_FOUND)
        return OK;
    TRY(read);
    while (str_cut(text, '\n', &line, &text)) {
        if (!parse_line(line, &scopes->row))
            return FAIL(VERIFICATION_FAILED, "the file of erasures is damaged");
        add(scopes, &scopes->row);
    }
    if (scopes->count > 1)
        qsort(scopes->items, scopes->count, sizeof *scopes->items, compare);
    return OK;
}

// The whole file anew, so that nothing of a line that was cut off is left.
static result write_file(struct arena *arena, const char *path, const struct erased_scopes *scopes)
{
    struct buf text = {.arena = arena};
    for (size_t i = 0; i < scopes->count; i++)
        buf_addf(&text, "v1 %" STR_FMT " %" STR_FMT " %lld %lld\n",
                 STR_ARG(scopes->items[i].customer), STR_ARG(scopes->items[i].scope),
                 (long long)scopes->items[i].index, (long long)scopes->items[i].at.us);
    return file_write(path, buf_str(&text), FILE_MODE);
}

// ---- what the database knows

static result take_scope(void *context)
{
    struct erased_scopes *scopes = context;
    add(scopes, &scopes->row);
    return OK;
}

static result list_erased(struct db_tx *tx, void *context)
{
    struct erased_scopes *scopes = context;
    scopes->count = 0;
    return db_each(tx, &audit_list_erased_scopes_sql, NO_PARAMS,
                   COLUMNS(db_into_text("customer", &scopes->row.customer),
                           db_into_text("scope", &scopes->row.scope),
                           db_into_i64("erased_index", &scopes->row.index),
                           db_into_instant("erased_at", &scopes->row.at)),
                   take_scope, scopes);
}

static result note_locked(struct arena *arena, const char *path, const struct erased_scopes *known)
{
    struct erased_scopes noted;
    TRY(read_file(arena, path, &noted));
    size_t before = noted.count;
    for (size_t i = 0; i < known->count; i++) {
        const struct erased_scope *scope = &known->items[i];
        if (before == 0 ||
            bsearch(scope, noted.items, before, sizeof *noted.items, compare) == NULL)
            add(&noted, scope);
    }
    return noted.count == before ? OK : write_file(arena, path, &noted);
}

result erasure_file_note(struct db *db, struct arena *arena, const char *path)
{
    struct erased_scopes known = {.arena = arena};
    TRY(db_transact(db, arena, list_erased, &known));
    const char *beside = str_printf(arena, "%s.lock", path).ptr;
    int lock = open(beside, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        if (lock >= 0)
            (void)close(lock);
        return FAIL(SIGNER_AWAY, "cannot lock the file of erasures");
    }
    result noted = note_locked(arena, path, &known);
    (void)close(lock);
    return noted;
}

// ---- replaying

static result find_restored(struct db_tx *tx, struct erased_scopes *noted,
                            struct erased_scopes *restored)
{
    struct arena *arena = noted->arena;
    str *customers = arena_array(arena, str, noted->count);
    str *scopes = arena_array(arena, str, noted->count);
    int64_t *indexes = arena_array(arena, int64_t, noted->count);
    instant *times = arena_array(arena, instant, noted->count);
    for (size_t i = 0; i < noted->count; i++) {
        customers[i] = noted->items[i].customer;
        scopes[i] = noted->items[i].scope;
        indexes[i] = noted->items[i].index;
        times[i] = noted->items[i].at;
    }
    *restored = (struct erased_scopes){.arena = arena};
    return db_each(tx, &audit_list_restored_sql,
                   PARAMS(db_text_array(customers, noted->count),
                          db_text_array(scopes, noted->count), db_i64_array(indexes, noted->count),
                          db_instant_array(times, noted->count)),
                   COLUMNS(db_into_i64("customer_id", &restored->row.customer_id),
                           db_into_text("customer", &restored->row.customer),
                           db_into_text("scope", &restored->row.scope)),
                   take_scope, restored);
}

struct replaying {
    struct erased_scopes *noted;
    instant now;
    int64_t replayed;
};

static result replay(struct db_tx *tx, void *context)
{
    struct replaying *replaying = context;
    struct change change = {.actor = restorer,
                            .reason = STR("destroyed before this backup was restored"),
                            .now = replaying->now};
    struct erased_scopes restored;
    replaying->replayed = 0;
    TRY(find_restored(tx, replaying->noted, &restored));
    for (size_t i = 0; i < restored.count; i++) {
        const struct erased_scope *scope = &restored.items[i];
        bool month = !str_eq(scope->scope, STR("customer")) && !str_eq(scope->scope, STR("event"));
        struct erasure erasure = {.customer_id = scope->customer_id,
                                  .customer = scope->customer,
                                  .scope = month ? STR("period") : scope->scope,
                                  .period = month ? scope->scope : STR(""),
                                  .replays = true};
        TRY(erasure_run(tx, &erasure, &change));
        replaying->replayed++;
    }
    return OK;
}

result erasure_file_replay(struct db *db, struct arena *arena, const char *path, instant now,
                           int64_t *replayed)
{
    struct erased_scopes noted;
    struct replaying replaying = {.noted = &noted, .now = now};
    *replayed = 0;
    TRY(read_file(arena, path, &noted));
    if (noted.count == 0)
        return OK;
    TRY(db_transact(db, arena, replay, &replaying));
    *replayed = replaying.replayed;
    return OK;
}

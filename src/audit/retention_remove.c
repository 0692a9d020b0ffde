// SPDX-License-Identifier: Apache-2.0
// What was approved: exports are asked for, and once they are made the bodies go, a customer's in
// one transaction that holds the head from the judgement to the commit.
#include "append.h"
#include "audit.sql.h"
#include "phial/audit/audit.h"
#include "phial/audit/retention.h"
#include "phial/ledger/removed.h"
#include "phial/trail/trail.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"
#include "retention_rules.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

// EVENTS_MAX go at once: the head is locked for some seconds. Then it is the next ones' turn.
enum { SHARES_A_LOOK = 200, EVENTS_MAX = 50000, PARTS_MAX = 200, PIECE_BYTES = 65536 };

static const str remover = {"system:retention", sizeof "system:retention" - 1};

struct part {
    int64_t from;
    int64_t to;
    str export_id;
    str status;
    str path;
    sha256 archive;
    int64_t entries; // that go
    struct merkle_range leaves;
};

struct due_event {
    int64_t index;
    str type;
};

// A customer's share of a run, while it is worked on.
struct share {
    const struct retention_work *work;
    str run;
    int64_t customer_id;
    bool uncut;
    // of the run
    str customer;
    instant as_of;
    str requested_by;
    str approved_by;
    str reason;
    int64_t removed_before; // by the same run
    // what is removed
    struct db_tx *tx;
    struct retention_rules rules;
    struct part *parts;
    size_t part_count;
    struct due_event *events;
    size_t event_count;
    int64_t going; // entries
    instant before;
    struct part part; // rows that are being read
    struct due_event event;
    int64_t index;
    str leaf;
    // an answer
    int64_t removed;
};

static result lock(struct share *share, const char *status)
{
    return db_one(
        share->tx, &audit_lock_share_sql,
        PARAMS(db_text(share->run), db_i64(share->customer_id), db_text(str_from(status))),
        COLUMNS(db_into_text("customer", &share->customer), db_into_instant("as_of", &share->as_of),
                db_into_text("requested_by", &share->requested_by),
                db_into_text("approved_by", &share->approved_by),
                db_into_text("reason", &share->reason),
                db_into_i64("removed_before", &share->removed_before)));
}

static result set_status(const struct share *share, const char *status, const char *why)
{
    return db_exec(share->tx, &audit_set_share_sql,
                   PARAMS(db_text(share->run), db_i64(share->customer_id),
                          db_text(str_from(status)), db_text(str_from(why)), db_i64(0), db_null()));
}

static result finish_run(const struct share *share)
{
    return db_exec(share->tx, &audit_finish_retention_sql,
                   PARAMS(db_text(share->run), db_instant(share->work->now)));
}

static result give_up(const struct share *share, const char *why)
{
    TRY(set_status(share, "failed", why));
    return finish_run(share);
}

// Nothing is due any more: a failure unless something has gone.
static result end_share(const struct share *share)
{
    if (share->removed_before == 0)
        return give_up(share, "Nothing is due any more.");
    TRY(set_status(share, "done", ""));
    return finish_run(share);
}

// ---- asking for the exports

static result take_stretch(void *context)
{
    struct share *share = context;
    if (share->part_count < PARTS_MAX)
        share->parts[share->part_count++] = share->part;
    return OK;
}

static result ask_export(const struct share *share, const struct part *part)
{
    struct export_state state = {0};
    struct export_request request = {
        .customer = share->customer,
        .customer_id = share->customer_id,
        .has_indexes = true,
        .from_index = part->from,
        .to_index = part->to,
        .invoice = STR(""),
        .purpose = str_printf(db_arena(share->tx), "retention run %" STR_FMT, STR_ARG(share->run)),
        .requested_by = share->requested_by,
    };
    TRY(export_create(share->tx, &request, share->work->now, &state));
    return db_exec(share->tx, &audit_insert_part_sql,
                   PARAMS(db_text(share->run), db_i64(share->customer_id), db_i64(part->from),
                          db_i64(part->to), db_text(state.id)));
}

static result cut(struct db_tx *tx, void *context)
{
    struct share *share = context;
    share->tx = tx;
    share->part_count = 0;
    share->parts = arena_array(db_arena(tx), struct part, PARTS_MAX);
    TRY(lock(share, "waiting"));
    TRY(retention_rules_read(tx, share->work->terms, &share->rules));
    TRY(db_each(
        tx, &audit_cut_removal_sql,
        PARAMS(RETENTION_PARAMS(share->customer_id, share->as_of, &share->rules, 0, INT64_MAX),
               db_i64(EVENTS_MAX)),
        COLUMNS(db_into_i64("from_index", &share->part.from),
                db_into_i64("to_index", &share->part.to)),
        take_stretch, share));
    if (share->part_count == 0)
        return end_share(share);
    for (size_t i = 0; i < share->part_count; i++)
        TRY(ask_export(share, &share->parts[i]));
    return set_status(share, "exporting", "");
}

// ---- removing

static result take_part(void *context)
{
    struct share *share = context;
    struct arena *arena = db_arena(share->tx);
    struct part *part = &share->parts[share->part_count++];
    *part = share->part;
    part->export_id = str_copy(arena, share->part.export_id);
    part->status = str_copy(arena, share->part.status);
    part->path = str_copy(arena, share->part.path);
    return share->part_count < PARTS_MAX ? OK : FAIL(INTERNAL, "too many parts");
}

static result read_parts(struct share *share)
{
    struct part *row = &share->part;
    *row = (struct part){0};
    share->part_count = 0;
    share->parts = arena_array(db_arena(share->tx), struct part, PARTS_MAX + 1);
    return db_each(share->tx, &audit_list_parts_sql,
                   PARAMS(db_text(share->run), db_i64(share->customer_id)),
                   COLUMNS(db_into_i64("from_index", &row->from), db_into_i64("to_index", &row->to),
                           db_into_text("export_id", &row->export_id),
                           db_into_text("status", &row->status), db_into_text("path", &row->path)),
                   take_part, share);
}

static bool hash_archive(struct arena *arena, str path, sha256 *hash)
{
    char *piece = arena_array(arena, char, PIECE_BYTES);
    struct sha256_state state;
    ssize_t got = -1;
    int file = open(str_to_c(arena, path), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    sha256_start(&state);
    while ((got = read(file, piece, PIECE_BYTES)) > 0)
        sha256_add(&state, (str){piece, (size_t)got});
    (void)close(file);
    *hash = sha256_end(&state);
    return got == 0;
}

// Why the exports do not do; NULL when they do.
static const char *find_wanting(struct share *share)
{
    for (size_t i = 0; i < share->part_count; i++) {
        struct part *part = &share->parts[i];
        if (!str_eq(part->status, STR("ready")))
            return "An export could not be made.";
        if (!hash_archive(db_arena(share->tx), part->path, &part->archive))
            return "An export's archive is not kept any more.";
    }
    return NULL;
}

static result is_folded(const struct share *share, bool *folded)
{
    int64_t to = share->part_count == 0 ? 0 : share->parts[share->part_count - 1].to;
    return db_one(share->tx, &audit_is_folded_sql, PARAMS(db_i64(share->customer_id), db_i64(to)),
                  COLUMNS(db_into_bool("folded", folded)));
}

static result take_due(void *context)
{
    struct share *share = context;
    struct due_event *event = &share->events[share->event_count++];
    *event = share->event;
    event->type = retention_rules_class(&share->rules, share->event.type);
    return OK;
}

static result judge(struct share *share)
{
    share->event_count = 0;
    share->events = arena_array(db_arena(share->tx), struct due_event, EVENTS_MAX);
    TRY(retention_rules_read(share->tx, share->work->terms, &share->rules));
    return db_each(
        share->tx, &audit_list_due_sql,
        PARAMS(RETENTION_PARAMS(share->customer_id, share->as_of, &share->rules,
                                share->parts[0].from, share->parts[share->part_count - 1].to),
               db_text(share->run), db_i64(EVENTS_MAX)),
        COLUMNS(db_into_i64("entry_index", &share->event.index),
                db_into_text("event_type", &share->event.type)),
        take_due, share);
}

static result take_going(void *context)
{
    struct share *share = context;
    sha256 hash = merkle_leaf(share->leaf);
    for (size_t i = 0; i < share->part_count; i++) {
        struct part *part = &share->parts[i];
        if (share->index < part->from || share->index >= part->to)
            continue;
        part->entries++;
        share->going++;
        return merkle_append(&part->leaves, &hash, NULL, NULL);
    }
    return FAIL(INTERNAL, "an entry that is to go is in no export");
}

static const int64_t *indexes_of(const struct share *share)
{
    int64_t *indexes = arena_array(db_arena(share->tx), int64_t, share->event_count);
    for (size_t i = 0; i < share->event_count; i++)
        indexes[i] = share->events[i].index;
    return indexes;
}

static result hash_going(struct share *share, const int64_t *indexes)
{
    share->going = 0;
    return db_each(
        share->tx, &audit_list_going_sql,
        PARAMS(db_i64(share->customer_id), db_i64_array(indexes, share->event_count)),
        COLUMNS(db_into_i64("entry_index", &share->index), db_into_bytes("leaf", &share->leaf)),
        take_going, share);
}

// ---- the entry that says so

static json_t *print_parts(const struct share *share)
{
    struct arena *arena = db_arena(share->tx);
    json_t *list = json_array();
    for (size_t i = 0; i < share->part_count; i++) {
        const struct part *part = &share->parts[i];
        sha256 root = merkle_root(&part->leaves);
        if (part->entries == 0)
            continue;
        (void)json_array_append_new(
            list, json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "from", (json_int_t)part->from, "to",
                            (json_int_t)part->to, "entries", (json_int_t)part->entries, "root",
                            json_from_str(encode_base64(arena, sha256_str(&root))), "export",
                            json_from_str(part->export_id), "sha256",
                            json_from_str(encode_hex(arena, sha256_str(&part->archive)))));
    }
    return list;
}

// Events by class, in the order in which classes first occur.
static json_t *print_classes(const struct share *share)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < share->event_count; i++) {
        str class = share->events[i].type;
        json_int_t before = json_integer_value(json_object_getn(counts, class.ptr, class.len));
        (void)json_object_setn_new(counts, class.ptr, class.len, json_integer(before + 1));
    }
    return counts;
}

static result append_entry(struct share *share, int64_t *index)
{
    struct arena *arena = db_arena(share->tx);
    struct change change = {.actor = remover, .reason = share->reason, .now = share->work->now};
    OWNED(json_release)
    json_t *member = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "action", "removal", "run",
        json_from_str(share->run), "requested_by", json_from_str(share->requested_by),
        "approved_by", json_from_str(share->approved_by), "reason", json_from_str(share->reason),
        "as_of", json_from_str(instant_print_canonical(arena, share->as_of)), "before",
        json_from_str(instant_print_canonical(arena, share->before)), "classes",
        print_classes(share), "entries", (json_int_t)share->going, "parts", print_parts(share));
    struct document_entry entry = {share->customer_id, share->customer, ENTRY_retention, member};
    return document_append(share->tx, &entry, &change, index);
}

// For who reads the trail: the same in short.
static result tell_trail(const struct share *share, int64_t index)
{
    OWNED(json_release)
    json_t *after = json_pack("{s:o, s:I, s:I}", "run", json_from_str(share->run), "entries",
                              (json_int_t)share->going, "index", (json_int_t)index);
    if (after == NULL)
        return FAIL(INTERNAL, "out of memory");
    return trail_put(share->tx, &(struct trail_fact){
                                    .at = share->work->now,
                                    .actor = remover,
                                    .action = STR("retention.removed"),
                                    .object = str_printf(db_arena(share->tx), "customers/%" STR_FMT,
                                                         STR_ARG(share->customer)),
                                    .customer = share->customer,
                                    .after = after,
                                });
}

static result remove_judged(struct share *share)
{
    const int64_t *indexes = indexes_of(share);
    int64_t index = 0;
    TRY(hash_going(share, indexes));
    TRY(db_one(share->tx, &audit_seal_of_sql,
               PARAMS(db_i64(share->customer_id), db_i64_array(indexes, share->event_count)),
               COLUMNS(db_into_instant("before", &share->before))));
    TRY(append_entry(share, &index));
    struct removal removal = {.customer_id = share->customer_id,
                              .events = indexes,
                              .event_count = share->event_count,
                              .said_at = index,
                              .before = share->before};
    TRY(ledger_remove(share->tx, &removal, &share->removed));
    if (share->removed != share->going)
        return FAIL(INTERNAL, "other entries went than were hashed");
    TRY(tell_trail(share, index));
    str status = share->event_count == EVENTS_MAX ? STR("waiting") : STR("done");
    TRY(db_exec(share->tx, &audit_finish_parts_sql,
                PARAMS(db_text(share->run), db_i64(share->customer_id))));
    TRY(db_exec(share->tx, &audit_set_share_sql,
                PARAMS(db_text(share->run), db_i64(share->customer_id), db_text(status),
                       db_text(STR("")), db_i64(share->removed), db_i64(index))));
    return finish_run(share);
}

static result remove_share(struct db_tx *tx, void *context)
{
    struct share *share = context;
    struct head head;
    bool folded = false;
    bool staged = false;
    share->tx = tx;
    share->removed = 0;
    TRY(lock(share, "exporting"));
    TRY(read_parts(share));
    TRY(is_folded(share, &folded));
    if (!folded)
        return OK; // the next look finds it so
    const char *wanting = find_wanting(share);
    if (wanting != NULL)
        return give_up(share, wanting);
    TRY(db_one(tx, &audit_lock_staged_sql, PARAMS(db_i64(share->customer_id)),
               COLUMNS(db_into_bool("staged", &staged))));
    if (staged)
        return give_up(share, "An open backfill of the customer holds events.");
    TRY(ledger_head_lock(tx, share->customer_id, &head));
    TRY(is_folded(share, &folded));
    if (!folded) // something was corrected meanwhile
        return OK;
    TRY(judge(share));
    if (share->event_count == 0)
        return end_share(share);
    return remove_judged(share);
}

// ---- all of them

struct open_shares {
    struct arena *arena;
    struct share *items;
    size_t count;
    struct share row;
};

static result take_share(void *context)
{
    struct open_shares *open = context;
    struct share *share = &open->items[open->count++];
    *share = open->row;
    share->run = str_copy(open->arena, open->row.run);
    return OK;
}

static result list_open(struct db_tx *tx, void *context)
{
    struct open_shares *open = context;
    open->count = 0;
    return db_each(tx, &audit_list_open_shares_sql, PARAMS(db_i64(SHARES_A_LOOK)),
                   COLUMNS(db_into_text("run_id", &open->row.run),
                           db_into_i64("customer_id", &open->row.customer_id),
                           db_into_bool("uncut", &open->row.uncut)),
                   take_share, open);
}

// A log of which nothing can be removed does not hold up the others; its failure is returned.
result retention_run_due(struct db *db, struct arena *arena, struct retention_work *work)
{
    struct open_shares open = {.arena = arena,
                               .items = arena_array(arena, struct share, SHARES_A_LOOK)};
    result first_failure = OK;
    work->removed = 0;
    TRY(db_transact(db, arena, list_open, &open));
    for (size_t i = 0; i < open.count; i++) {
        struct arena scratch = {0};
        struct share *share = &open.items[i];
        share->work = work;
        result done = db_transact(db, &scratch, share->uncut ? cut : remove_share, share);
        if (failed(done) && done.code != ERR_NOT_FOUND && !failed(first_failure)) {
            first_failure = done;
            first_failure.detail = error_info(done.code)->meaning; // its own may lie in the scratch
        }
        arena_reset(&scratch);
        work->removed += failed(done) ? 0 : share->removed;
    }
    return first_failure;
}

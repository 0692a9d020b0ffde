// SPDX-License-Identifier: Apache-2.0
// Every leaf hashed again: the truth is the stored bytes, and all else has to follow from them.
#include "doctor.sql.h"
#include "examination.h"
#include "phial/json/json.h"
#include "phial/ledger/ledger.h"
#include "phial/merkle/merkle.h"

#include <string.h>

enum { LOGS_A_PAGE = 500, ENTRIES_A_CHUNK = 8192, NODE_LEVELS = 8 };

struct log_row {
    int64_t customer_id;
    str key;
    int64_t size;
    str nodes;
};

struct node {
    unsigned level;
    uint64_t number;
    sha256 hash;
};

struct hashing {
    struct examination *examination;
    struct log_row row;   // the row that is being read
    struct log_row *logs; // a page
    size_t log_count;
    int64_t after;
    const struct log_row *log; // whose turn it is
    int64_t left;              // leaves that may be hashed yet
    int64_t passed_over;       // logs
    struct merkle_range range;
    struct node nodes[2 * (ENTRIES_A_CHUNK >> NODE_LEVELS)];
    size_t node_count;
    bool sound; // of the log
    // an entry
    int64_t index;
    int64_t kind;
    str identity;
    bool has_identity;
    instant time;
    bool has_time;
    int64_t reference;
    bool has_reference;
    str leaf;
    str removed; // its hash, where retention has removed it
};

static void fault(struct hashing *hashing, const char *what, int64_t index)
{
    struct arena *arena = hashing->examination->arena;
    hashing->sound = false;
    examination_fault(hashing->examination,
                      str_printf(arena, "%" STR_FMT "/%lld: %s", STR_ARG(hashing->log->key),
                                 (long long)index, what));
}

static bool is_event(const struct hashing *hashing, const json_t *root)
{
    const json_t *event = json_object_get(root, "event");
    identity said = identity_of(json_str(json_object_get(event, "source")),
                                json_str(json_object_get(event, "id")));
    instant time = {0};
    return hashing->has_identity && hashing->has_time && !hashing->has_reference &&
           str_eq(hashing->identity, (str){(const char *)said.bytes, sizeof said.bytes}) &&
           !failed(instant_parse(json_str(json_object_get(event, "time")), &time)) &&
           time.us == hashing->time.us;
}

static bool is_correction(const struct hashing *hashing, const json_t *root)
{
    const json_t *index = json_object_get(json_object_get(root, "ref"), "index");
    return hashing->has_reference && json_integer_value(index) == hashing->reference &&
           !hashing->has_identity;
}

// Whether the columns beside a leaf say what it says.
static bool is_derived(const struct hashing *hashing)
{
    OWNED(json_release) json_t *root = NULL;
    if (hashing->kind < 0 || hashing->kind >= ENTRY_KIND_COUNT ||
        failed(json_parse(hashing->leaf, &root)))
        return false;
    enum entry_kind kind = (enum entry_kind)hashing->kind;
    if (!str_eq(json_str(json_object_get(root, "kind")), entry_kind_name(kind)) ||
        !str_eq(json_str(json_object_get(root, "customer")), hashing->log->key))
        return false;
    if (kind == ENTRY_usage)
        return is_event(hashing, root);
    if (kind == ENTRY_void || kind == ENTRY_amend)
        return is_correction(hashing, root);
    return !hashing->has_identity && !hashing->has_reference;
}

static result keep_node(void *context, unsigned level, uint64_t number, const sha256 *hash)
{
    struct hashing *hashing = context;
    if (level != 0 && level % NODE_LEVELS == 0)
        hashing->nodes[hashing->node_count++] = (struct node){level, number, *hash};
    return OK;
}

// What can be told of an entry without its body; removals_are_told looks at the rest.
static bool is_removed(const struct hashing *hashing, sha256 *hash)
{
    if (hashing->removed.len != SHA256_BYTES)
        return false;
    memcpy(hash->bytes, hashing->removed.ptr, SHA256_BYTES);
    if (hashing->kind == ENTRY_usage)
        return hashing->has_identity && hashing->has_time && !hashing->has_reference;
    return (hashing->kind == ENTRY_void || hashing->kind == ENTRY_amend) && hashing->has_reference;
}

static result take_entry(void *context)
{
    struct hashing *hashing = context;
    bool removed = hashing->leaf.len == 0;
    sha256 hash = merkle_leaf(hashing->leaf);
    if (removed ? !is_removed(hashing, &hash) : !is_derived(hashing))
        fault(hashing, "its columns are not what its leaf says", hashing->index);
    return merkle_append(&hashing->range, &hash, keep_node, hashing);
}

static result check_node(struct db_tx *tx, struct hashing *hashing, const struct node *node)
{
    str stored = STR("");
    result found = db_one(tx, &doctor_find_node_sql,
                          PARAMS(db_i64(hashing->log->customer_id), db_i64(node->level),
                                 db_i64((int64_t)node->number)),
                          COLUMNS(db_into_bytes("hash", &stored)));
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    if (!str_eq(stored, sha256_str(&node->hash)))
        fault(hashing, "a node kept is not that of its leaves",
              (int64_t)(node->number << node->level));
    return OK;
}

static result hash_chunk(struct db_tx *tx, void *context)
{
    struct hashing *hashing = context;
    int64_t from = (int64_t)hashing->range.size;
    int64_t to =
        hashing->log->size < from + ENTRIES_A_CHUNK ? hashing->log->size : from + ENTRIES_A_CHUNK;
    hashing->node_count = 0;
    TRY(db_each(
        tx, &doctor_each_entry_sql,
        PARAMS(db_i64(hashing->log->customer_id), db_i64(from), db_i64(to)),
        COLUMNS(
            db_into_i64("entry_index", &hashing->index), db_into_i64("kind", &hashing->kind),
            db_if_present(db_into_bytes("identity", &hashing->identity), &hashing->has_identity),
            db_if_present(db_into_instant("event_time", &hashing->time), &hashing->has_time),
            db_if_present(db_into_i64("reference", &hashing->reference), &hashing->has_reference),
            db_into_bytes("leaf", &hashing->leaf), db_into_bytes("leaf_hash", &hashing->removed)),
        take_entry, hashing));
    for (size_t i = 0; i < hashing->node_count; i++)
        TRY(check_node(tx, hashing, &hashing->nodes[i]));
    if ((int64_t)hashing->range.size == to)
        return OK;
    fault(hashing, "the log has a gap", (int64_t)hashing->range.size);
    return OK;
}

static result hash_log(struct hashing *hashing)
{
    const struct log_row *log = hashing->log;
    hashing->range = (struct merkle_range){0};
    hashing->sound = true;
    while ((int64_t)hashing->range.size < log->size && hashing->sound) {
        struct arena arena = {0};
        struct merkle_range before = hashing->range;
        result outcome = db_transact(hashing->examination->db, &arena, hash_chunk, hashing);
        arena_reset(&arena);
        TRY(outcome);
        hashing->left -= (int64_t)(hashing->range.size - before.size);
    }
    struct merkle_range stored = {0};
    bool same = !failed(merkle_range_parse((uint64_t)log->size, log->nodes, &stored));
    sha256 ours = merkle_root(&hashing->range);
    sha256 theirs = merkle_root(&stored);
    if (hashing->sound && (!same || !sha256_eq(&ours, &theirs)))
        fault(hashing, "the head is not that of the stored leaves", log->size);
    return OK;
}

static result take_log(void *context)
{
    struct hashing *hashing = context;
    struct arena *arena = hashing->examination->arena;
    struct log_row *log = &hashing->logs[hashing->log_count++];
    *log = hashing->row;
    log->key = str_copy(arena, log->key);
    log->nodes = str_copy(arena, log->nodes);
    return OK;
}

static result list_logs(struct db_tx *tx, void *context)
{
    struct hashing *hashing = context;
    struct log_row *row = &hashing->row;
    hashing->log_count = 0;
    return db_each(tx, &doctor_list_logs_sql, PARAMS(db_i64(hashing->after), db_i64(LOGS_A_PAGE)),
                   COLUMNS(db_into_i64("customer_id", &row->customer_id),
                           db_into_text("key", &row->key), db_into_i64("size", &row->size),
                           db_into_bytes("nodes", &row->nodes)),
                   take_log, hashing);
}

static result hash_page(struct hashing *hashing, bool bounded)
{
    for (size_t i = 0; i < hashing->log_count; i++) {
        hashing->log = &hashing->logs[i];
        hashing->after = hashing->log->customer_id;
        if (bounded && hashing->log->size > hashing->left) {
            hashing->passed_over++;
            continue;
        }
        TRY(hash_log(hashing));
    }
    return OK;
}

result doctor_roots_are_of_the_bytes(struct examination *examination)
{
    struct arena *arena = examination->arena;
    struct hashing *hashing = arena_new(arena, struct hashing);
    int64_t leaves_max = examination->options->leaves_max;
    hashing->examination = examination;
    hashing->left = leaves_max;
    hashing->after = -1; // the audit trail's log is the first
    hashing->logs = arena_array(arena, struct log_row, LOGS_A_PAGE);
    do {
        TRY(db_transact(examination->db, arena, list_logs, hashing));
        TRY(hash_page(hashing, leaves_max != 0));
    } while (hashing->log_count == LOGS_A_PAGE);
    if (hashing->passed_over > 0)
        examination->finding->note =
            str_printf(arena, "%lld logs were passed over; --full hashes every one",
                       (long long)hashing->passed_over);
    return OK;
}

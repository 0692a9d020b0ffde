// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/catalog.h"

#include "catalog.sql.h"
#include "catalog_change.h"
#include "checks.h"
#include "known.h"
#include "phial/crypto/crypto.h"
#include "phial/util/encode.h"
#include "switches.h"

static const char *const kind_names[] = {
    [CATALOG_EVENT_TYPE] = "event_type",
    [CATALOG_METRIC] = "metric",
    [CATALOG_PLAN] = "plan",
    [CATALOG_REPORT_TEMPLATE] = "report_template",
};

static const enum document_kind document_kinds[] = {
    [CATALOG_EVENT_TYPE] = DOCUMENT_EVENT_TYPE,
    [CATALOG_METRIC] = DOCUMENT_METRIC,
    [CATALOG_PLAN] = DOCUMENT_PLAN,
    [CATALOG_REPORT_TEMPLATE] = DOCUMENT_REPORT_TEMPLATE,
};

const char *catalog_kind_name(enum catalog_kind kind)
{
    return kind_names[kind];
}

bool catalog_key_valid(str key)
{
    return key.len >= 1 && key.len <= 64 &&
           str_all_in(key, "abcdefghijklmnopqrstuvwxyz0123456789._-");
}

static db_param kind_param(enum catalog_kind kind)
{
    return db_text(str_from(kind_names[kind]));
}

static struct db_columns item_columns(struct arena *arena, struct catalog_item *item)
{
    db_column *columns = arena_array(arena, db_column, 6);
    columns[0] = db_into_text("key", &item->key);
    columns[1] = db_into_i64("version", &item->version);
    columns[2] = db_into_bool("archived", &item->archived);
    columns[3] = db_into_text("document", &item->document);
    columns[4] = db_into_text("sha256", &item->sha256);
    columns[5] = db_into_instant("created_at", &item->created_at);
    return (struct db_columns){columns, 6};
}

static result insert_version(struct db_tx *tx, enum catalog_kind kind,
                             const struct catalog_item *item, const sha256 *hash,
                             const struct change *change)
{
    return db_exec(tx, &catalog_insert_version_sql,
                   PARAMS(kind_param(kind), db_text(item->key), db_i64(item->version),
                          db_text(item->document), db_bytes(sha256_str(hash)),
                          db_instant(change->now), db_text(change->actor),
                          db_text(change->reason)));
}

// Of a type whose detectors a second person has to agree to switch off.
static result check_switches(struct db_tx *tx, enum catalog_kind kind, struct json_at document,
                             const struct change *change, const struct catalog_item *next)
{
    struct catalog_item current = {0};
    bool more = false;
    if (kind != CATALOG_EVENT_TYPE || !change->asks_approval || next->made == MADE_NOTHING)
        return OK;
    result found = catalog_get(tx, kind, next->key, &current);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    str before = failed(found) || current.archived ? STR("") : current.document;
    TRY(switches_more_off(before, document.value, &more));
    return more ? FAIL(APPROVAL_REQUIRED, "") : OK;
}

// The item as it shall be. One that was archived counts as new.
static result plan_put(struct db_tx *tx, enum catalog_kind kind, struct precondition precondition,
                       struct catalog_item *item)
{
    struct catalog_item current = {0};
    result found = catalog_get(tx, kind, item->key, &current);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    bool live = !failed(found) && !current.archived;
    bool same = !failed(found) && str_eq(current.sha256, item->sha256);
    if (live && (!same || precondition.create_only))
        TRY(precondition_check(precondition, current.sha256));
    if (!live && precondition.if_match.len != 0)
        return FAIL(PRECONDITION_FAILED, "There is no such resource.");
    if (same)
        *item = current;
    else
        item->version = current.version + 1;
    item->archived = false;
    item->made = !live ? MADE_RESOURCE : same ? MADE_NOTHING : MADE_VERSION;
    return OK;
}

result catalog_put(struct db_tx *tx, enum catalog_kind kind, str key, struct json_at document,
                   const struct change *change, struct catalog_item *item)
{
    struct arena *arena = db_arena(tx);
    sha256 hash = {{0}};
    key_fault(document, key);
    TRY(faults_result(document.faults));
    TRY(catalog_lock(tx));
    TRY(document_check(tx, kind, key, document));
    TRY(document_hash(arena, document_kinds[kind], document, &hash));

    struct catalog_item next = {
        .key = key,
        .sha256 = encode_hex(arena, sha256_str(&hash)),
        .document = json_print(arena, document.value),
        .created_at = change->now,
    };
    str wanted = next.document;
    TRY(plan_put(tx, kind, change->precondition, &next));
    TRY(check_switches(tx, kind, document, change, &next));
    if (next.made != MADE_NOTHING) {
        TRY(db_exec(tx, &catalog_write_item_sql,
                    PARAMS(kind_param(kind), db_text(key), db_i64(next.version))));
        if (next.document.ptr == wanted.ptr)
            TRY(insert_version(tx, kind, &next, &hash, change));
        TRY(catalog_bump(tx));
    }
    *item = next;
    return OK;
}

result catalog_get(struct db_tx *tx, enum catalog_kind kind, str key, struct catalog_item *item)
{
    TRY(catalog_is_known(tx, kind, key));
    return db_one(tx, &catalog_find_item_sql, PARAMS(kind_param(kind), db_text(key)),
                  item_columns(db_arena(tx), item));
}

result catalog_get_version(struct db_tx *tx, enum catalog_kind kind, str key, int64_t version,
                           struct catalog_item *item)
{
    TRY(catalog_is_known(tx, kind, key));
    return db_one(tx, &catalog_find_version_sql,
                  PARAMS(kind_param(kind), db_text(key), db_i64(version)),
                  item_columns(db_arena(tx), item));
}

result catalog_archive(struct db_tx *tx, enum catalog_kind kind, str key,
                       const struct change *change)
{
    // Archiving leaves no version; who did it stands in the log of requests.
    struct catalog_item current = {0};
    str archived = {0};
    TRY(catalog_lock(tx));
    TRY(catalog_get(tx, kind, key, &current));
    if (!current.archived)
        TRY(precondition_check_named(change->precondition, current.sha256));
    TRY(db_one(tx, &catalog_archive_item_sql, PARAMS(kind_param(kind), db_text(key)),
               COLUMNS(db_into_text("key", &archived))));
    return catalog_bump(tx);
}

// Rows come as one item that is read over and over.
struct item_rows {
    struct catalog_item item;
    result (*row)(void *context, const struct catalog_item *item);
    void *context;
};

static result hand_item(void *context)
{
    struct item_rows *rows = context;
    return rows->row(rows->context, &rows->item);
}

result catalog_each(struct db_tx *tx, enum catalog_kind kind, str after, int64_t limit,
                    result (*row)(void *context, const struct catalog_item *item), void *context)
{
    struct item_rows rows = {.row = row, .context = context};
    return db_each(tx, &catalog_list_items_sql,
                   PARAMS(kind_param(kind), db_text(after), db_i64(limit)),
                   item_columns(db_arena(tx), &rows.item), hand_item, &rows);
}

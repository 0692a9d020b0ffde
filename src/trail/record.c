// SPDX-License-Identifier: Apache-2.0
// Records, on their way into the transaction that they tell of.
#include "marks.h"
#include "phial/crypto/crypto.h"
#include "phial/trail/trail.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"
#include "trail.sql.h"

enum { DOCUMENT_BYTES_MAX = 256 * 1024 }; // a longer one is kept as its hash

static const str system_actor = {"system", sizeof "system" - 1};

static void set_text(json_t *root, const char *name, str text)
{
    if (text.len != 0)
        (void)json_object_set_new(root, name, json_from_str(text));
}

// What cannot stand in an entry as it is: its length and hash.
static json_t *digest(struct arena *arena, str document)
{
    sha256 hash = sha256_of(document);
    return json_pack("{s:I, s:o}", "bytes", (json_int_t)document.len, "sha256",
                     json_from_str(encode_hex(arena, sha256_str(&hash))));
}

static result add_document(struct arena *arena, json_t *root, const char *name, str document)
{
    json_t *value = NULL;
    str canonical = {0};
    if (document.len == 0)
        return OK;
    if (document.len <= DOCUMENT_BYTES_MAX)
        TRY(json_parse(document, &value));
    if (value == NULL || failed(json_canonical(arena, value, &canonical))) {
        json_decref(value);
        value = digest(arena, document);
    }
    return json_object_set_new(root, name, value) == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

static result print_audit(struct arena *arena, const struct trail_request *request, str *text)
{
    OWNED(json_release) json_t *root = json_object();
    set_text(root, "action", request->action);
    set_text(root, "address", request->address);
    set_text(root, "customer", request->customer);
    set_text(root, "object", request->object);
    set_text(root, "reason", request->reason);
    set_text(root, "request_id", request->request_id);
    set_text(root, "time", instant_print_canonical(arena, request->at));
    (void)json_object_set_new(root, "read", json_boolean(request->reads));
    TRY(add_document(arena, root, "before", request->before));
    TRY(add_document(arena, root, "after", request->after));
    return json_canonical(arena, root, text);
}

int64_t trail_mark(str text)
{
    sha256 hash = sha256_of(text);
    return hash.bytes[0] << 8 | hash.bytes[1];
}

// `always`: also where the transaction has not written.
static result stage(struct db_tx *tx, const struct trail_request *request, bool always)
{
    struct arena *arena = db_arena(tx);
    str text = {0};
    const int64_t marks[] = {trail_mark(request->actor), trail_mark(request->action),
                             trail_mark(request->object), trail_mark(request->customer)};
    TRY(print_audit(arena, request, &text));
    return db_defer(tx, &trail_stage_sql,
                    PARAMS(db_text(crypto_id(arena)), db_instant(request->at),
                           db_text(request->actor), db_text(request->action),
                           db_text(request->object), db_text(request->customer),
                           db_bool(request->reads), db_i64_array(marks, COUNT_OF(marks)),
                           db_bytes(text), db_bool(always)),
                    NO_COLUMNS, NULL, NULL);
}

static result begun(struct db_tx *tx, void *context)
{
    struct trail_request *request = context;
    request->pending = false;
    request->before = STR("");
    request->after = STR("");
    return request->reads || request->state == NULL ? OK
                                                    : request->state(tx, request, &request->before);
}

// Whose document stays as it was has told of it alone.
static struct trail_request as_it_came_out(const struct trail_request *request)
{
    struct trail_request record = *request;
    if (record.reads || record.before.len == 0 || !str_eq(record.before, record.after))
        return record;
    record.reads = true;
    record.before = STR("");
    record.after = STR("");
    return record;
}

static result ending(struct db_tx *tx, void *context)
{
    struct trail_request *request = context;
    if (request->reads && request->recorded)
        return OK;
    if (!request->reads)
        db_once(tx); // what a request creates has no key that keeps it from being created again
    if (!request->reads && request->state != NULL)
        TRY(request->state(tx, request, &request->after));
    request->pending = true;
    struct trail_request record = as_it_came_out(request);
    return stage(tx, &record, request->reads);
}

static void committed(void *context)
{
    struct trail_request *request = context;
    request->recorded = request->recorded || request->pending;
    request->pending = false;
}

void trail_watch(struct db *db, struct trail_request *request)
{
    request->witness = (struct db_witness){begun, ending, committed, request};
    db_watch(db, &request->witness);
}

void trail_unwatch(struct db *db)
{
    db_watch(db, NULL);
}

result trail_record(struct db_tx *tx, struct trail_request *request)
{
    return stage(tx, request, true);
}

// The request that is watched; nobody else watches a connection.
static const struct trail_request *watched(const struct db_tx *tx)
{
    const struct db_witness *witness = db_watched(tx);
    return witness == NULL ? NULL : witness->context;
}

result trail_put(struct db_tx *tx, const struct trail_fact *fact)
{
    const struct trail_request *source = watched(tx);
    struct trail_request record = {.actor = system_actor};
    if (source != NULL)
        record = *source;
    if (fact->actor.len != 0)
        record.actor = fact->actor;
    record.before = STR("");
    record.at = fact->at;
    record.action = fact->action;
    record.object = fact->object;
    record.customer = fact->customer;
    record.reads = false;
    record.after = fact->after == NULL ? STR("") : json_print(db_arena(tx), fact->after);
    return stage(tx, &record, true);
}

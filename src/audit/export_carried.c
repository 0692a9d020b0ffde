// SPDX-License-Identifier: Apache-2.0
#include "export_carried.h"

#include "audit.sql.h"
#include "phial/json/json.h"
#include "phial/ledger/ledger.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"

struct listing {
    struct arena *arena;
    struct carried row;
    struct carried *items;
    size_t count;
    size_t room;
};

static result take_row(void *context)
{
    struct listing *listing = context;
    listing->items = arena_grow(listing->arena, listing->items, listing->count, &listing->room,
                                sizeof *listing->items);
    listing->items[listing->count++] =
        (struct carried){listing->row.index, str_copy(listing->arena, listing->row.leaf)};
    return OK;
}

result carried_list(struct db_tx *tx, int64_t customer_id, const struct export_range *range,
                    struct carried **list, size_t *count)
{
    struct listing listing = {.arena = db_arena(tx)};
    TRY(db_each(tx, &audit_list_carried_sql,
                PARAMS(db_i64(customer_id), db_i64(range->from), db_i64(range->to)),
                COLUMNS(db_into_i64("entry_index", &listing.row.index),
                        db_into_bytes("leaf", &listing.row.leaf)),
                take_row, &listing));
    *list = listing.items;
    *count = listing.count;
    return OK;
}

static json_t *print_proof(struct arena *arena, const struct merkle_proof *proof)
{
    json_t *hashes = json_array();
    for (size_t i = 0; i < proof->count; i++)
        (void)json_array_append_new(
            hashes, json_from_str(encode_base64(arena, sha256_str(&proof->hashes[i]))));
    return hashes;
}

result carried_print(struct db_tx *tx, int64_t customer_id, int64_t size,
                     const struct export_range *range, str *text)
{
    struct arena *arena = db_arena(tx);
    struct carried *list = NULL;
    size_t count = 0;
    OWNED(json_release) json_t *document = json_pack("{s:[]}", "entries");
    TRY(carried_list(tx, customer_id, range, &list, &count));
    for (size_t i = 0; i < count; i++) {
        struct merkle_proof proof = {.count = 0};
        if (list[i].index >= size)
            break;
        TRY(ledger_inclusion(tx, customer_id, list[i].index, size, &proof));
        json_t *row = json_pack("{s:I, s:o, s:o}", "index", (json_int_t)list[i].index, "leaf",
                                json_from_str(list[i].leaf), "proof", print_proof(arena, &proof));
        if (json_array_append_new(json_object_get(document, "entries"), row) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    *text = json_print(arena, document);
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "catalog.sql.h"
#include "catalog_change.h"
#include "phial/catalog/idempotency.h"
#include "phial/catalog/tokens.h"
#include "token_keys.h"

#include <assert.h>

static const char constant[] = "phial";

static str constant_context(void)
{
    return STR("master_key/check");
}

struct checking {
    const struct keyring *keyring;
    bool known;     // the database has met the key that wraps
    bool has_any;   // it has met one
    bool has_other; // it has met another one of the ring
    bool unopened;  // something is wrapped by none of the ring
    str key_id;     // of a row
};

static result take_known(void *context)
{
    struct checking *checking = context;
    bool is_ours = keyring_has(checking->keyring, checking->key_id);
    checking->has_any = true;
    checking->has_other = checking->has_other || is_ours;
    checking->known = checking->known || str_eq(checking->key_id, keyring_id(checking->keyring));
    return OK;
}

static result take_wrapping(void *context)
{
    struct checking *checking = context;
    if (checking->key_id.len != 0 && !keyring_has(checking->keyring, checking->key_id))
        checking->unopened = true;
    return OK;
}

// What was sealed before keys had ids says nothing but whether it opens.
static result check_legacy(struct db_tx *tx, const struct keyring *keyring)
{
    struct token_key_row row = {.wrapped_by = STR("")};
    str plain = {0};
    result found = db_one(
        tx, &catalog_first_legacy_token_key_sql, NO_PARAMS,
        COLUMNS(db_into_i64("customer_id", &row.customer_id), db_into_text("scope", &row.scope),
                db_into_text("purpose", &row.purpose), db_into_bytes("sealed", &row.sealed)));
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    result opened = keyring_unseal(db_arena(tx), keyring, token_key_context(db_arena(tx), &row),
                                   row.sealed, &plain);
    if (opened.code == ERR_VERIFICATION_FAILED)
        return FAIL(BAD_CONFIG, "is not the key that the database's token keys are wrapped with");
    return opened;
}

static result check_constant(struct db_tx *tx, const struct keyring *keyring)
{
    str sealed = {0};
    str plain = {0};
    TRY(db_one(tx, &catalog_find_master_key_sql, PARAMS(db_bytes(keyring_id(keyring))),
               COLUMNS(db_into_bytes("sealed", &sealed))));
    result opened = keyring_unseal(db_arena(tx), keyring, constant_context(), sealed, &plain);
    if (failed(opened) || !str_eq(plain, str_from(constant)))
        return FAIL(BAD_CONFIG, "does not open what the database keeps to check it with");
    return OK;
}

static result enter_key(struct db_tx *tx, const struct keyring *keyring)
{
    str sealed = {0};
    TRY(keyring_seal(db_arena(tx), keyring, constant_context(), str_from(constant), &sealed));
    return db_exec(tx, &catalog_insert_master_key_sql,
                   PARAMS(db_bytes(keyring_id(keyring)), db_bytes(sealed)));
}

static result check(struct db_tx *tx, void *context)
{
    struct checking *checking = context;
    const struct keyring *keyring = checking->keyring;
    *checking = (struct checking){.keyring = keyring};
    TRY(catalog_lock(tx)); // of two daemons that start for the first time one waits
    TRY(db_each(tx, &catalog_list_master_keys_sql, NO_PARAMS,
                COLUMNS(db_into_bytes("key_id", &checking->key_id)), take_known, checking));
    if (checking->has_any && !checking->has_other)
        return FAIL(BAD_CONFIG, "is not the key that the database's token keys are wrapped with");
    TRY(db_each(tx, &catalog_list_wrapping_keys_sql, NO_PARAMS,
                COLUMNS(db_into_bytes("key_id", &checking->key_id)), take_wrapping, checking));
    if (checking->unopened)
        return FAIL(BAD_CONFIG, "there are token keys or answers that another key still wraps: it "
                                "has to be given as master_key_previous or master_key_next");
    TRY(check_legacy(tx, keyring));
    return checking->known ? check_constant(tx, keyring) : enter_key(tx, keyring);
}

result master_key_check(struct db *db, struct arena *arena, const struct keyring *keyring)
{
    struct checking checking = {.keyring = keyring};
    return db_transact(db, arena, check, &checking);
}

struct rewrapping {
    const struct keyring *keyring;
    int64_t count;
    // columns of the rows
    int64_t customers[TOKEN_REWRAP_MAX];
    str first[TOKEN_REWRAP_MAX];  // scopes, or API keys
    str second[TOKEN_REWRAP_MAX]; // purposes, or names
    str sealed[TOKEN_REWRAP_MAX];
    str wrapped_by[TOKEN_REWRAP_MAX];
    struct arena *arena;
    struct token_key_row row; // being read
};

static result take_row(void *context)
{
    struct rewrapping *rewrapping = context;
    const struct token_key_row *row = &rewrapping->row;
    size_t at = (size_t)rewrapping->count++;
    assert(at < TOKEN_REWRAP_MAX);
    rewrapping->customers[at] = row->customer_id;
    rewrapping->first[at] = str_copy(rewrapping->arena, row->scope);
    rewrapping->second[at] = str_copy(rewrapping->arena, row->purpose);
    rewrapping->sealed[at] = str_copy(rewrapping->arena, row->sealed);
    rewrapping->wrapped_by[at] = str_copy(rewrapping->arena, row->wrapped_by);
    return OK;
}

static result reseal(struct rewrapping *rewrapping, str before, str after, str *sealed)
{
    str plain = {0};
    TRY(keyring_unseal(rewrapping->arena, rewrapping->keyring, before, *sealed, &plain));
    return keyring_seal(rewrapping->arena, rewrapping->keyring, after, plain, sealed);
}

static result reseal_key(struct rewrapping *rewrapping, size_t at)
{
    struct token_key_row row = {.customer_id = rewrapping->customers[at],
                                .scope = rewrapping->first[at],
                                .purpose = rewrapping->second[at],
                                .wrapped_by = rewrapping->wrapped_by[at]};
    str before = token_key_context(rewrapping->arena, &row);
    row.wrapped_by = keyring_id(rewrapping->keyring);
    return reseal(rewrapping, before, token_key_context(rewrapping->arena, &row),
                  &rewrapping->sealed[at]);
}

// Some rows that the replaced key wraps, each under the current one.
static result reseal_some(struct db_tx *tx, struct rewrapping *rewrapping,
                          const struct db_stmt *some, struct db_columns columns,
                          result (*reseal_one)(struct rewrapping *rewrapping, size_t at))
{
    db_param replaced = db_bytes(keyring_replaced_id(rewrapping->keyring));
    rewrapping->arena = db_arena(tx);
    rewrapping->count = 0;
    rewrapping->row = (struct token_key_row){0};
    TRY(db_each(tx, some, PARAMS(replaced, db_i64(TOKEN_REWRAP_MAX)), columns, take_row,
                rewrapping));
    for (size_t i = 0; i < (size_t)rewrapping->count; i++)
        TRY(reseal_one(rewrapping, i));
    return OK;
}

static result rewrap_keys(struct db_tx *tx, void *context)
{
    struct rewrapping *rewrapping = context;
    struct token_key_row *row = &rewrapping->row;
    TRY(reseal_some(
        tx, rewrapping, &catalog_rewrap_token_keys_sql,
        COLUMNS(db_into_i64("customer_id", &row->customer_id), db_into_text("scope", &row->scope),
                db_into_text("purpose", &row->purpose), db_into_bytes("sealed", &row->sealed),
                db_into_bytes("wrapped_by", &row->wrapped_by)),
        reseal_key));
    size_t count = (size_t)rewrapping->count;
    if (count == 0)
        return OK;
    return db_exec(
        tx, &catalog_rewrapped_token_keys_sql,
        PARAMS(db_i64_array(rewrapping->customers, count), db_text_array(rewrapping->first, count),
               db_text_array(rewrapping->second, count), db_bytes_array(rewrapping->sealed, count),
               db_bytes(keyring_id(rewrapping->keyring))));
}

static result reseal_answer(struct rewrapping *rewrapping, size_t at)
{
    str context =
        idempotency_context(rewrapping->arena, rewrapping->first[at], rewrapping->second[at]);
    return reseal(rewrapping, context, context, &rewrapping->sealed[at]);
}

static result rewrap_answers(struct db_tx *tx, void *context)
{
    struct rewrapping *rewrapping = context;
    struct token_key_row *row = &rewrapping->row;
    TRY(reseal_some(tx, rewrapping, &catalog_rewrap_answers_sql,
                    COLUMNS(db_into_text("key_id", &row->scope),
                            db_into_bytes("sha256", &row->purpose),
                            db_into_bytes("body", &row->sealed)),
                    reseal_answer));
    size_t count = (size_t)rewrapping->count;
    if (count == 0)
        return OK;
    return db_exec(tx, &catalog_rewrapped_answers_sql,
                   PARAMS(db_text_array(rewrapping->first, count),
                          db_bytes_array(rewrapping->second, count),
                          db_bytes_array(rewrapping->sealed, count),
                          db_bytes(keyring_id(rewrapping->keyring))));
}

result master_key_rewrap(struct db *db, struct arena *arena, const struct keyring *keyring,
                         int64_t *rewrapped)
{
    struct rewrapping *rewrapping = arena_new(arena, struct rewrapping);
    rewrapping->keyring = keyring;
    TRY(db_transact(db, arena, rewrap_keys, rewrapping));
    int64_t keys = rewrapping->count;
    if (keys < TOKEN_REWRAP_MAX) {
        TRY(db_transact(db, arena, rewrap_answers, rewrapping));
        keys += rewrapping->count;
    }
    *rewrapped = keys;
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/keys.h"

#include "ledger.sql.h"
#include "phial/json/json.h"
#include "phial/util/encode.h"
#include "signed_heads.h"

#include <string.h>

enum { LOGS_A_PAGE = 500 };

static const str keys_actor = {"system:keys", sizeof "system:keys" - 1};

#define KEY_COLUMNS(key)                                                                        \
    COLUMNS(db_into_i64("number", &(key)->number), db_into_bytes("public_key", &(key)->public), \
            db_into_bytes("previous_signature", &(key)->previous_signature),                    \
            db_into_bytes("signature", &(key)->signature), db_into_text("server", &(key)->server))

result ledger_key_last(struct db_tx *tx, struct ledger_key *key)
{
    return db_one(tx, &ledger_key_last_sql, NO_PARAMS, KEY_COLUMNS(key));
}

struct key_row {
    struct ledger_key key;
    result (*row)(void *context, const struct ledger_key *key);
    void *context;
};

static result hand_over(void *context)
{
    struct key_row *read = context;
    return read->row(read->context, &read->key);
}

result ledger_key_each(struct db_tx *tx, result (*row)(void *context, const struct ledger_key *key),
                       void *context)
{
    struct key_row read = {.row = row, .context = context};
    return db_each(tx, &ledger_key_each_sql, NO_PARAMS, KEY_COLUMNS(&read.key), hand_over, &read);
}

result ledger_key_enroll(struct db_tx *tx, const unsigned char public[ED25519_PUBLIC_BYTES],
                         str server, instant now)
{
    str bytes = {(const char *)public, ED25519_PUBLIC_BYTES};
    return db_exec(tx, &ledger_key_enroll_sql,
                   PARAMS(db_bytes(bytes), db_text(server), db_instant(now)));
}

// ---- one entry in every log

struct telling {
    struct db_tx *tx;
    const struct epoch *epoch;
    instant now;
    // What the entry of a customer's log says; the customer's alone where `of` is set.
    json_t *content;
    result (*of)(struct telling *telling, str customer, json_t *content);
    const void *context;
    // a page of logs
    struct append *appends;
    size_t count;
    int64_t after;
    int64_t customer_id;
    str key;
};

static result take_log(void *context)
{
    struct telling *telling = context;
    struct append *append = &telling->appends[telling->count++];
    *append = (struct append){
        .customer_id = telling->customer_id,
        .customer = str_copy(db_arena(telling->tx), telling->key),
        .kind = ENTRY_key,
        .member_count = 1,
    };
    telling->after = telling->customer_id;
    return OK;
}

static result print_content(struct telling *telling, str customer, str *text)
{
    OWNED(json_release) json_t *content = json_copy(telling->content);
    if (telling->of != NULL)
        TRY(telling->of(telling, customer, content));
    return json_canonical(db_arena(telling->tx), content, text);
}

static result tell_page(struct db_tx *tx, void *context)
{
    struct telling *telling = context;
    telling->count = 0;
    telling->appends = arena_array(db_arena(tx), struct append, LOGS_A_PAGE);
    TRY(db_each(tx, &ledger_key_list_logs_sql, PARAMS(db_i64(telling->after), db_i64(LOGS_A_PAGE)),
                COLUMNS(db_into_i64("customer_id", &telling->customer_id),
                        db_into_text("key", &telling->key)),
                take_log, telling));
    for (size_t i = 0; i < telling->count; i++) {
        struct append *append = &telling->appends[i];
        append->members[0].name = "key";
        TRY(print_content(telling, append->customer, &append->members[0].json));
    }
    if (telling->count == 0)
        return OK;
    return ledger_append(tx, telling->now, keys_actor, telling->appends, telling->count);
}

static result tell_heads(struct telling *telling, const json_t *content)
{
    struct arena *arena = db_arena(telling->tx);
    str text = {0};
    TRY(json_canonical(arena, content, &text));
    return heads_append_leaf(telling->tx, telling->epoch, telling->now,
                             str_concat(arena, STR("{\"key\":"), text, STR("}")));
}

static result tell_all(struct telling *telling)
{
    do
        TRY(db_scratch(telling->tx, tell_page, telling));
    while (telling->count == LOGS_A_PAGE);
    return tell_heads(telling, telling->content);
}

// ---- another key

static json_t *base64(struct arena *arena, str bytes)
{
    return json_from_str(encode_base64(arena, bytes));
}

static result add_reason(json_t *content, str reason)
{
    if (reason.len == 0)
        return OK;
    json_t *text = json_from_str(reason);
    return json_object_set_new(content, "reason", text) == 0
               ? OK
               : FAIL(INVALID, "the reason is no text in UTF-8");
}

static result announce(struct db_tx *tx, const struct key_change *change, struct ledger_key *key)
{
    struct arena *arena = db_arena(tx);
    unsigned char *previous = arena_array(arena, unsigned char, ED25519_PUBLIC_BYTES);
    unsigned char *next = arena_array(arena, unsigned char, ED25519_PUBLIC_BYTES);
    unsigned char *old_one = arena_array(arena, unsigned char, ED25519_SIGNATURE_BYTES);
    unsigned char *new_one = arena_array(arena, unsigned char, ED25519_SIGNATURE_BYTES);
    struct ledger_key last = {0};
    signing_key_public(change->previous, previous);
    signing_key_public(change->next, next);
    str old_public = {(const char *)previous, ED25519_PUBLIC_BYTES};
    str public = {(const char *)next, ED25519_PUBLIC_BYTES};
    result found = ledger_key_last(tx, &last);
    if (found.code == ERR_NOT_FOUND || (!failed(found) && !str_eq(last.public, old_public)))
        return FAIL(CONFLICT, "the key that is to give way is not the last that the ledger names");
    TRY(found);
    if (str_eq(old_public, public))
        return FAIL(CONFLICT, "the next key is the one that there is");
    str text = ledger_key_announcement(arena, change->epoch->server, old_public, public);
    TRY(signing_key_sign(change->previous, text, old_one));
    TRY(signing_key_sign(change->next, text, new_one));
    *key = (struct ledger_key){
        .number = last.number + 1,
        .public = public,
        .previous_signature = {(const char *)old_one, ED25519_SIGNATURE_BYTES},
        .signature = {(const char *)new_one, ED25519_SIGNATURE_BYTES},
        .server = change->epoch->server,
    };
    return db_exec(tx, &ledger_key_insert_sql,
                   PARAMS(db_i64(key->number), db_bytes(public), db_bytes(key->previous_signature),
                          db_bytes(key->signature), db_text(key->server), db_text(change->reason),
                          db_instant(change->now)));
}

result ledger_key_rotate(struct db_tx *tx, const struct key_change *change)
{
    struct arena *arena = db_arena(tx);
    unsigned char previous[ED25519_PUBLIC_BYTES];
    struct ledger_key key = {0};
    signing_key_public(change->previous, previous);
    TRY(announce(tx, change, &key));
    OWNED(json_release)
    json_t *content = json_pack(
        "{s:s, s:I, s:o, s:o, s:o, s:o, s:o}", "action", "rotate", "number", (json_int_t)key.number,
        "previous", base64(arena, (str){(const char *)previous, sizeof previous}),
        "previous_signature", base64(arena, key.previous_signature), "public",
        base64(arena, key.public), "server", json_from_str(key.server), "signature",
        base64(arena, key.signature));
    if (content == NULL)
        return FAIL(INTERNAL, "out of memory");
    TRY(add_reason(content, change->reason));
    struct telling telling = {
        .tx = tx, .epoch = change->epoch, .now = change->now, .content = content};
    return tell_all(&telling);
}

// ---- another epoch

struct quoting {
    const struct checkpoint *signed_heads;
    size_t count;
    str prefix; // of the name before
};

static json_t *print_last(struct arena *arena, const struct checkpoint *last)
{
    return json_pack("{s:o, s:o, s:I}", "origin", json_from_str(last->origin), "root",
                     base64(arena, sha256_str(&last->root)), "size", (json_int_t)last->size);
}

static result quote_last(struct telling *telling, str customer, json_t *content)
{
    const struct quoting *quoting = telling->context;
    struct arena *arena = db_arena(telling->tx);
    str origin = str_concat(arena, quoting->prefix, STR("/ledger/"), customer);
    for (size_t i = 0; i < quoting->count; i++) {
        if (str_eq(quoting->signed_heads[i].origin, origin))
            return json_object_set_new(content, "last",
                                       print_last(arena, &quoting->signed_heads[i])) == 0
                       ? OK
                       : FAIL(INTERNAL, "out of memory");
    }
    return OK;
}

// Every head that was signed under the name before, so that a log that is gone is told of as well.
static result quote_all(struct telling *telling, const struct quoting *quoting)
{
    for (size_t i = 0; i < quoting->count; i++) {
        OWNED(json_release) json_t *content = json_copy(telling->content);
        str rest = quoting->signed_heads[i].origin;
        if (!str_starts_with(rest, quoting->prefix))
            continue;
        rest = str_slice(rest, quoting->prefix.len, rest.len);
        if (!str_starts_with(rest, STR("/ledger/")) && !str_eq(rest, STR("/heads")) &&
            !str_eq(rest, STR("/audit")))
            continue;
        if (json_object_set_new(content, "last",
                                print_last(db_arena(telling->tx), &quoting->signed_heads[i])) != 0)
            return FAIL(INTERNAL, "out of memory");
        TRY(tell_heads(telling, content));
    }
    return OK;
}

// Neither the database, which may be an old one, nor the file of signed heads alone knows which
// names were used.
static int64_t next_number(struct arena *arena, const struct epoch_change *change,
                           const struct epoch *now, const struct quoting *quoting)
{
    int64_t number = now->number;
    bool used = true;
    while (used) {
        number++;
        str prefix =
            str_printf(arena, "%" STR_FMT "/epoch-%lld/", STR_ARG(change->name), (long long)number);
        used = false;
        for (size_t i = 0; i < quoting->count && !used; i++)
            used = str_starts_with(quoting->signed_heads[i].origin, prefix);
    }
    return number;
}

// The name under which the newest heads were signed: an old database may have forgotten it.
static str last_name(struct arena *arena, const struct epoch_change *change, int64_t next,
                     const struct epoch *now)
{
    return next == now->number + 1 ? now->server
                                   : str_printf(arena, "%" STR_FMT "/epoch-%lld",
                                                STR_ARG(change->name), (long long)next - 1);
}

result epoch_begin(struct db_tx *tx, struct epoch_change *change)
{
    struct arena *arena = db_arena(tx);
    struct quoting quoting = {0};
    struct epoch now = {0};
    TRY(epoch_read(tx, change->name, &now));
    TRY(signer_signed(change->signer, arena, &quoting.signed_heads, &quoting.count));
    int64_t number = next_number(arena, change, &now, &quoting);
    quoting.prefix = last_name(arena, change, number, &now);
    change->epoch = (struct epoch){number, str_printf(arena, "%" STR_FMT "/epoch-%lld",
                                                      STR_ARG(change->name), (long long)number)};
    TRY(db_exec(tx, &epoch_insert_sql,
                PARAMS(db_i64(number), db_text(change->epoch.server), db_text(change->reason),
                       db_instant(change->now))));
    OWNED(json_release)
    json_t *content = json_pack("{s:s, s:I, s:o}", "action", "epoch", "number", (json_int_t)number,
                                "server", json_from_str(change->epoch.server));
    if (content == NULL)
        return FAIL(INTERNAL, "out of memory");
    TRY(add_reason(content, change->reason));
    struct telling telling = {.tx = tx,
                              .epoch = &change->epoch,
                              .now = change->now,
                              .content = content,
                              .of = quote_last,
                              .context = &quoting};
    TRY(quote_all(&telling, &quoting));
    return tell_all(&telling);
}

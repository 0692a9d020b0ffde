// SPDX-License-Identifier: Apache-2.0
// A key reads phk_<id>_<secret><checksum>. The checksum tells a mistyped or cut key without asking
// the database; the secret alone is what counts, and only its hash is stored.
#include "phial/catalog/keys.h"

#include "catalog.sql.h"
#include "catalog_change.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"

enum {
    ID_LEN = 12,
    SECRET_LEN = 32,
    CHECKSUM_LEN = 6,
    NAME_BYTES_MAX = 100,
    KEY_LEN = 4 + ID_LEN + 1 + SECRET_LEN + CHECKSUM_LEN,
};

static const char id_alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static const char *const scope_names[SCOPE_COUNT] = {
#define SCOPE(name, text) text,
#include "phial/catalog/scopes.def"
#undef SCOPE
};

bool scope_parse(str text, enum scope *scope)
{
    for (size_t i = 0; i < COUNT_OF(scope_names); i++) {
        if (str_eq(text, str_from(scope_names[i]))) {
            *scope = (enum scope)i;
            return true;
        }
    }
    return false;
}

str scope_print(enum scope scope)
{
    return str_from(scope_names[scope]);
}

static uint32_t scope_bit(enum scope scope)
{
    return (uint32_t)1 << (unsigned)scope;
}

bool key_may(const struct api_key *key, enum scope scope)
{
    return (key->scopes & (scope_bit(SCOPE_admin) | scope_bit(scope))) != 0;
}

static str print_scopes(struct arena *arena, uint32_t scopes)
{
    struct buf names = {.arena = arena};
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if ((scopes & scope_bit((enum scope)i)) == 0)
            continue;
        if (names.len != 0)
            buf_add_char(&names, ' ');
        buf_add(&names, str_from(scope_names[i]));
    }
    return buf_str(&names);
}

// Names that this version does not know are passed over.
static uint32_t parse_scopes(str names)
{
    uint32_t scopes = 0;
    bool more = true;
    while (more) {
        str name = {0};
        str rest = {0};
        more = str_cut(names, ' ', &name, &rest);
        if (!more)
            name = names;
        enum scope scope = SCOPE_admin;
        if (scope_parse(name, &scope))
            scopes |= scope_bit(scope);
        names = rest;
    }
    return scopes;
}

static str checksum(struct arena *arena, str key)
{
    sha256 hash = sha256_of(key);
    return encode_base62(arena, str_slice(sha256_str(&hash), 0, CHECKSUM_LEN));
}

static str mint(struct arena *arena, str *id)
{
    unsigned char random[ID_LEN + SECRET_LEN];
    crypto_random(random, sizeof random);
    str bytes = {(const char *)random, sizeof random};
    *id = str_slice(encode_base32(arena, str_slice(bytes, 0, ID_LEN)), 0, ID_LEN);
    str secret = encode_base62(arena, str_slice(bytes, ID_LEN, sizeof random));
    crypto_wipe(random, sizeof random);
    str body = str_printf(arena, "phk_%" STR_FMT "_%" STR_FMT, STR_ARG(*id), STR_ARG(secret));
    str sum = checksum(arena, body);
    return str_printf(arena, "%" STR_FMT "%" STR_FMT, STR_ARG(body), STR_ARG(sum));
}

// The id of a key that is well formed; "" otherwise.
static str key_id(struct arena *arena, str key)
{
    if (key.len != KEY_LEN || !str_starts_with(key, STR("phk_")) || key.ptr[4 + ID_LEN] != '_')
        return STR("");
    str sum = checksum(arena, str_slice(key, 0, KEY_LEN - CHECKSUM_LEN));
    if (!crypto_equal(sum, str_slice(key, KEY_LEN - CHECKSUM_LEN, KEY_LEN)))
        return STR("");
    str id = str_slice(key, 4, 4 + ID_LEN);
    return str_all_in(id, id_alphabet) ? id : STR("");
}

static result insert_key(struct db_tx *tx, struct api_key *key, const struct change *change,
                         str *secret)
{
    struct arena *arena = db_arena(tx);
    str minted = mint(arena, &key->id);
    sha256 hash = sha256_of(minted);
    key->created_at = change->now;
    TRY(db_exec(tx, &catalog_insert_key_sql,
                PARAMS(db_text(key->id), db_text(key->name), db_bytes(sha256_str(&hash)),
                       db_i64((int64_t)key->scopes), db_text(print_scopes(arena, key->scopes)),
                       key->customer_id == 0 ? db_null() : db_i64(key->customer_id),
                       key->has_expiry ? db_instant(key->expires) : db_null(),
                       db_instant(change->now), db_text(change->actor), db_text(change->reason))));
    *secret = minted;
    return OK;
}

static void read_scopes(struct json_at list, uint32_t *scopes)
{
    if (json_array_size(list.value) == 0)
        json_wrong(list, "invalid", "A key has at least one scope.");
    for (size_t i = 0; i < json_array_size(list.value) && i <= SCOPE_COUNT; i++) {
        enum scope scope = SCOPE_admin;
        struct json_at item = json_item(list, i);
        if (i == SCOPE_COUNT || !scope_parse(json_str(item.value), &scope))
            json_wrong(item, "invalid", "There is no such scope.");
        else
            *scopes |= scope_bit(scope);
    }
}

result key_create(struct db_tx *tx, struct json_at document, const struct change *change,
                  struct api_key *key, str *secret)
{
    struct api_key made = {0};
    const json_t *scopes = NULL;
    bool read = json_read(
        document,
        FIELDS(json_text("name", &made.name), json_items("scopes", &scopes),
               json_optional(json_text("customer", &made.customer)),
               json_optional_seen(json_instant("expires", &made.expires), &made.has_expiry)));
    text_fault(json_member(document, "name"), NAME_BYTES_MAX, SCAN_ALL);
    if (read)
        read_scopes(json_member(document, "scopes"), &made.scopes);
    if (made.has_expiry && made.expires.us <= change->now.us)
        json_wrong(json_member(document, "expires"), "invalid", "The key would have expired.");
    if (made.customer.len != 0) {
        struct customer customer = {0};
        result found = customer_get(tx, made.customer, &customer);
        if (found.code == ERR_NOT_FOUND || (!failed(found) && customer.archived))
            json_wrong(json_member(document, "customer"), "unknown_customer",
                       "There is no such customer.");
        else
            TRY(found);
        made.customer_id = customer.id;
    }
    TRY(faults_result(document.faults));
    TRY(insert_key(tx, &made, change, secret));
    *key = made;
    return OK;
}

result key_create_admin(struct db_tx *tx, str name, instant now, str *secret)
{
    struct api_key key = {.name = name, .scopes = scope_bit(SCOPE_admin)};
    struct change change = {.actor = STR("system"), .reason = STR("the first key"), .now = now};
    return insert_key(tx, &key, &change, secret);
}

bool key_id_valid(str id)
{
    return id.len == ID_LEN && str_all_in(id, id_alphabet);
}

result key_revoke(struct db_tx *tx, str id, const struct change *change)
{
    str revoked = {0};
    if (!key_id_valid(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, &catalog_revoke_key_sql,
               PARAMS(db_text(id), db_instant(change->now), db_text(change->actor)),
               COLUMNS(db_into_text("key_id", &revoked))));
    return catalog_bump(tx); // caches hold keys
}

// A row of api_key, read before its columns are made sense of.
struct key_row {
    struct api_key key;
    str scopes;
    bool bound;
    result (*row)(void *context, const struct api_key *key);
    void *context;
};

static result hand_key(void *context)
{
    struct key_row *row = context;
    struct api_key key = row->key;
    key.scopes = parse_scopes(row->scopes);
    if (!row->bound)
        key.customer_id = 0;
    return row->row(row->context, &key);
}

result key_each(struct db_tx *tx, const struct key_filter *filter,
                result (*row)(void *context, const struct api_key *key), void *context)
{
    struct key_row rows = {.row = row, .context = context};
    return db_each(
        tx, &catalog_list_keys_sql,
        PARAMS(db_i64(filter->customer_id), db_text(filter->after), db_i64(filter->limit)),
        COLUMNS(
            db_into_text("key_id", &rows.key.id), db_into_text("name", &rows.key.name),
            db_into_text("scope_names", &rows.scopes),
            db_if_present(db_into_i64("customer_id", &rows.key.customer_id), &rows.bound),
            db_into_text("customer", &rows.key.customer),
            db_if_present(db_into_instant("expires_at", &rows.key.expires), &rows.key.has_expiry),
            db_into_bool("revoked", &rows.key.revoked),
            db_into_instant("created_at", &rows.key.created_at)),
        hand_key, &rows);
}

static result find_key(struct db_tx *tx, str id, struct api_key *key, str *stored)
{
    struct api_key found = {0};
    str scopes = STR("");
    bool bound = false;
    TRY(db_one(
        tx, &catalog_find_key_sql, PARAMS(db_text(id)),
        COLUMNS(db_into_text("key_id", &found.id), db_into_text("name", &found.name),
                db_into_bytes("sha256", stored), db_into_text("scope_names", &scopes),
                db_if_present(db_into_i64("customer_id", &found.customer_id), &bound),
                db_into_text("customer", &found.customer),
                db_if_present(db_into_instant("expires_at", &found.expires), &found.has_expiry),
                db_into_bool("revoked", &found.revoked),
                db_into_instant("created_at", &found.created_at))));
    found.scopes = parse_scopes(scopes);
    if (!bound)
        found.customer_id = 0;
    *key = found;
    return OK;
}

result key_get(struct db_tx *tx, str id, struct api_key *key)
{
    str stored = STR("");
    struct api_key found = {0};
    if (!key_id_valid(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(find_key(tx, id, &found, &stored));
    if (found.revoked)
        return FAIL(NOT_FOUND, "No such resource.");
    *key = found;
    return OK;
}

result key_authenticate(struct db_tx *tx, str presented, instant now, struct api_key *key)
{
    struct api_key found = {0};
    str stored = STR("");
    sha256 hash = sha256_of(presented);
    // A malformed key is looked up as "", which no row has: it costs what an unknown one does.
    result read = find_key(tx, key_id(db_arena(tx), presented), &found, &stored);
    if (failed(read) && read.code != ERR_NOT_FOUND)
        return read;
    bool holds = crypto_equal(stored, sha256_str(&hash)) && !found.revoked &&
                 !(found.has_expiry && found.expires.us <= now.us);
    if (!holds)
        return FAIL(UNAUTHENTICATED, "No valid API key.");
    *key = found;
    return OK;
}

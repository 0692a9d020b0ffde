// SPDX-License-Identifier: Apache-2.0
// webhook.c - where to and of what: the rows that people make.
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "phial/webhooks/webhooks.h"
#include "secret.h"
#include "webhooks.sql.h"

// ---- what may stand in one

static uint64_t detector_bit(const char *name)
{
    struct phi_detectors all = phi_detectors();
    for (size_t i = 0; i < all.count; i++) {
        if (str_eq(str_from(all.items[i]->name), str_from(name)))
            return UINT64_C(1) << i;
    }
    return 0;
}

// A URL is one, and its host may be an address; everything else in it is looked at.
static void scan_url(struct json_at at, const struct egress_url *url)
{
    uint64_t off = detector_bit("url");
    const struct phi_detector *hit = phi_find(url->target, off);
    if (hit == NULL && !url->host.is_address)
        hit = phi_find(egress_host_str(&url->host), off);
    if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
}

static void check_url(struct json_at at, const struct egress *egress)
{
    struct egress_url url;
    if (!json_is_string(at.value))
        return; // its absence or type is a fault already
    const char *wrong = egress_url_parse(json_str(at.value), &url);
    if (wrong != NULL) {
        json_wrong(at, "invalid", wrong);
        return;
    }
    if (egress_judge(egress, &url) == EGRESS_NEEDS_TLS)
        json_wrong(
            at, "invalid",
            "The URL is https, unless [egress] of the configuration allows plain HTTP there.");
    scan_url(at, &url);
}

static bool has_type(const str *types, size_t count, str type)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(types[i], type))
            return true;
    }
    return false;
}

static size_t read_types(struct json_at list, str types[OUTBOX_TYPE_COUNT])
{
    size_t count = 0;
    if (json_is_array(list.value) && json_array_size(list.value) == 0)
        json_wrong(list, "invalid", "A webhook subscribes to at least one type.");
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        enum outbox_type type = OUTBOX_alert_fired;
        struct json_at item = json_item(list, i);
        str name = json_str(item.value);
        if (!outbox_type_parse(name, &type)) {
            json_wrong(item, "invalid", "There is no such type.");
            break;
        }
        if (!has_type(types, count, name))
            types[count++] = name;
    }
    return count;
}

// ---- rows

static struct db_columns columns_of(struct arena *arena, struct webhook *webhook)
{
    const db_column items[] = {
        db_into_text("webhook_id", &webhook->id),
        db_into_text("url", &webhook->url),
        db_into_text("types", &webhook->types),
        db_into_text("status", &webhook->status),
        db_into_text("disabled_why", &webhook->why),
        db_into_instant("created_at", &webhook->created_at),
        db_if_present(db_into_instant("old_until", &webhook->old_until), &webhook->has_old_secret),
    };
    db_column *columns = arena_array(arena, db_column, COUNT_OF(items));
    for (size_t i = 0; i < COUNT_OF(items); i++)
        columns[i] = items[i];
    return (struct db_columns){columns, COUNT_OF(items)};
}

result webhook_get(struct db_tx *tx, str id, struct webhook *webhook)
{
    struct webhook found = {0};
    TRY(db_one(tx, &webhooks_find_sql, PARAMS(db_text(id)), columns_of(db_arena(tx), &found)));
    *webhook = found;
    return OK;
}

struct listing {
    struct webhook webhook;
    result (*row)(void *context, const struct webhook *webhook);
    void *context;
};

static result hand_webhook(void *context)
{
    struct listing *listing = context;
    return listing->row(listing->context, &listing->webhook);
}

result webhook_each(struct db_tx *tx, str after, int64_t limit,
                    result (*row)(void *context, const struct webhook *webhook), void *context)
{
    struct listing listing = {.row = row, .context = context};
    return db_each(tx, &webhooks_list_sql, PARAMS(db_text(after), db_i64(limit)),
                   columns_of(db_arena(tx), &listing.webhook), hand_webhook, &listing);
}

// ---- changes

static result make_secret(struct db_tx *tx, str webhook, struct webhook_secret *secret, str *sealed)
{
    struct arena *arena = db_arena(tx);
    str bytes = secret_make(arena);
    TRY(secret_seal(arena, secret->keyring, webhook, bytes, sealed));
    secret->text = secret_print(arena, bytes);
    return OK;
}

// With the key that seals now, whichever did.
static result reseal(struct arena *arena, const struct keyring *keyring, str webhook, str *sealed)
{
    str secret = {0};
    if (sealed->len == 0)
        return OK;
    TRY(secret_unseal(arena, keyring, webhook, *sealed, &secret));
    return secret_seal(arena, keyring, webhook, secret, sealed);
}

result webhook_create(struct db_tx *tx, struct json_at document, const struct egress *egress,
                      const struct change *change, struct webhook *webhook,
                      struct webhook_secret *secret)
{
    struct arena *arena = db_arena(tx);
    const json_t *list = NULL;
    str url = {0};
    str sealed = {0};
    str types[OUTBOX_TYPE_COUNT];
    int64_t present = 0;
    (void)json_read(document, FIELDS(json_text("url", &url), json_items("types", &list)));
    check_url(json_member(document, "url"), egress);
    size_t count = read_types(json_member(document, "types"), types);
    TRY(faults_result(document.faults));
    TRY(db_one(tx, &webhooks_count_sql, NO_PARAMS, COLUMNS(db_into_i64("count", &present))));
    if (present >= WEBHOOKS_MAX)
        return FAIL(CONFLICT, "There are as many webhooks as there can be: 50.");
    str id = crypto_id(arena);
    TRY(make_secret(tx, id, secret, &sealed));
    TRY(db_exec(tx, &webhooks_insert_sql,
                PARAMS(db_text(id), db_text(url), db_text_array(types, count), db_bytes(sealed),
                       db_bytes(keyring_id(secret->keyring)), db_instant(change->now),
                       db_text(change->actor), db_text(change->reason))));
    return webhook_get(tx, id, webhook);
}

// NOT_FOUND where the statement changes nothing.
static result change_webhook(struct db_tx *tx, const struct db_stmt *stmt, str id)
{
    str changed = {0};
    return db_one(tx, stmt, PARAMS(db_text(id)), COLUMNS(db_into_text("webhook_id", &changed)));
}

result webhook_delete(struct db_tx *tx, str id)
{
    TRY(change_webhook(tx, &webhooks_delete_sql, id));
    return db_exec(tx, &webhooks_drop_waiting_sql, PARAMS(db_text(id)));
}

result webhook_rotate(struct db_tx *tx, str id, struct webhook *webhook,
                      struct webhook_secret *secret)
{
    str sealed = {0};
    str old = {0};
    TRY(db_one(tx, &webhooks_lock_secret_sql, PARAMS(db_text(id)),
               COLUMNS(db_into_bytes("secret", &old))));
    TRY(reseal(db_arena(tx), secret->keyring, id, &old));
    TRY(make_secret(tx, id, secret, &sealed));
    TRY(db_exec(tx, &webhooks_rotate_sql,
                PARAMS(db_text(id), db_bytes(old), db_bytes(sealed),
                       db_bytes(keyring_id(secret->keyring)))));
    return webhook_get(tx, id, webhook);
}

result webhook_enable(struct db_tx *tx, str id, struct webhook *webhook)
{
    TRY(change_webhook(tx, &webhooks_enable_sql, id));
    TRY(db_exec(tx, &webhooks_release_held_sql, PARAMS(db_text(id))));
    return webhook_get(tx, id, webhook);
}

// ---- another master key

struct sealed_row {
    struct arena *arena;
    str id;
    str secret;
    str old_secret;
    struct sealed_row *kept;
    size_t count;
};

struct rewrapping {
    const struct keyring *keyring;
    size_t count; // by this transaction
};

static result keep_sealed(void *context)
{
    struct sealed_row *row = context;
    row->kept[row->count++] =
        (struct sealed_row){.id = str_copy(row->arena, row->id),
                            .secret = str_copy(row->arena, row->secret),
                            .old_secret = str_copy(row->arena, row->old_secret)};
    return OK;
}

static result rewrap(struct db_tx *tx, void *context)
{
    struct rewrapping *rewrapping = context;
    const struct keyring *keyring = rewrapping->keyring;
    struct arena *arena = db_arena(tx);
    struct sealed_row row = {.arena = arena,
                             .kept = arena_array(arena, struct sealed_row, WEBHOOKS_MAX)};
    TRY(db_each(tx, &webhooks_list_sealed_sql,
                PARAMS(db_bytes(keyring_replaced_id(keyring)), db_i64(WEBHOOKS_MAX)),
                COLUMNS(db_into_text("webhook_id", &row.id), db_into_bytes("secret", &row.secret),
                        db_into_bytes("old_secret", &row.old_secret)),
                keep_sealed, &row));
    for (size_t i = 0; i < row.count; i++) {
        struct sealed_row *kept = &row.kept[i];
        TRY(reseal(arena, keyring, kept->id, &kept->secret));
        TRY(reseal(arena, keyring, kept->id, &kept->old_secret));
        TRY(db_exec(tx, &webhooks_reseal_sql,
                    PARAMS(db_text(kept->id), db_bytes(kept->secret),
                           kept->old_secret.len == 0 ? db_null() : db_bytes(kept->old_secret),
                           db_bytes(keyring_id(keyring)))));
    }
    rewrapping->count = row.count;
    return OK;
}

result webhooks_rewrap(struct db *db, struct arena *arena, const struct keyring *keyring,
                       int64_t *rewrapped)
{
    struct rewrapping rewrapping = {.keyring = keyring};
    *rewrapped = 0;
    if (keyring->replaced == 0)
        return OK;
    TRY(db_transact(db, arena, rewrap, &rewrapping));
    *rewrapped = (int64_t)rewrapping.count;
    return OK;
}

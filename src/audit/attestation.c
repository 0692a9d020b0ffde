// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/attestation.h"

#include "audit.sql.h"
#include "phial/ledger/ledger.h"
#include "phial/rating/usage.h"
#include "phial/util/encode.h"

#include <string.h>

static str public_bytes(const unsigned char *public)
{
    return (str){(const char *)public, ED25519_PUBLIC_BYTES};
}

result source_key_get(struct db_tx *tx, struct source_key *key)
{
    str public = {0};
    struct source_key read = *key;
    TRY(db_one(tx, &audit_find_source_key_sql,
               PARAMS(db_i64(key->customer_id), db_text(key->source)),
               COLUMNS(db_into_i64("number", &read.number), db_into_bytes("public_key", &public),
                       db_into_instant("created_at", &read.created_at))));
    memcpy(read.public, public.ptr, ED25519_PUBLIC_BYTES);
    *key = read;
    return OK;
}

result source_key_put(struct db_tx *tx, struct source_key *key, const struct change *change)
{
    struct source_key before = *key;
    struct head head = {0};
    TRY(ledger_head_lock(tx, key->customer_id, &head)); // one after the other
    before.number = 0;
    result found = source_key_get(tx, &before);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    if (!failed(found) && memcmp(before.public, key->public, ED25519_PUBLIC_BYTES) == 0) {
        *key = before;
        return OK;
    }
    TRY(db_exec(tx, &audit_insert_source_key_sql,
                PARAMS(db_i64(key->customer_id), db_text(key->source), db_i64(before.number + 1),
                       db_bytes(public_bytes(key->public)), db_instant(change->now),
                       db_text(change->actor), db_text(change->reason))));
    key->number = before.number + 1;
    key->created_at = change->now;
    key->made = true;
    return OK;
}

// ---- what is signed

static result manifest_text(struct arena *arena, const struct attestation *attestation, str *text)
{
    OWNED(json_release)
    json_t *manifest = json_pack(
        "{s:o, s:o, s:I, s:I, s:I, s:o}", "customer", json_from_str(attestation->customer),
        "source", json_from_str(attestation->source), "first_seq",
        (json_int_t)attestation->first_seq, "last_seq", (json_int_t)attestation->last_seq, "n",
        (json_int_t)attestation->id_count, "merkle_root",
        json_from_str(encode_base64(arena, sha256_str(&attestation->root))));
    return manifest == NULL ? FAIL(INTERNAL, "out of memory")
                            : json_canonical(arena, manifest, text);
}

struct looking {
    struct attestation *attestation;
    struct buf line; // of the event at hand
    struct merkle_range range;
    int64_t *indexes; // of the entries, beside the ids
    int64_t place;    // of the row at hand, from 1
    int64_t index;
    str leaf;
    int64_t found;
};

static result take_event(void *context)
{
    struct looking *looking = context;
    OWNED(json_release) json_t *held = NULL;
    struct usage_event event = {0};
    bool is_usage = false;
    TRY(usage_leaf_read(looking->leaf, &event, &held, &is_usage));
    char quantity[DECIMAL_TEXT_MAX + 1];
    struct arena scratch = {0};
    str text = decimal_print(&scratch, event.quantity);
    (void)snprintf(quantity, sizeof quantity, "%" STR_FMT, STR_ARG(text));
    arena_reset(&scratch);
    looking->line.len = 0;
    buf_add(&looking->line, STR("{\"id\":"));
    json_quote(&looking->line, event.id);
    buf_addf(&looking->line, ",\"quantity\":\"%s\",\"type\":", quantity);
    json_quote(&looking->line, event.type);
    buf_add_char(&looking->line, '}');
    sha256 hash = merkle_leaf(buf_str(&looking->line));
    TRY(merkle_append(&looking->range, &hash, NULL, NULL));
    looking->attestation->unknown[looking->place - 1] = !is_usage;
    looking->indexes[looking->place - 1] = looking->index;
    looking->found += is_usage;
    return OK;
}

static result look_up(struct db_tx *tx, struct attestation *attestation, struct looking *looking)
{
    struct arena *arena = db_arena(tx);
    size_t count = attestation->id_count;
    identity *identities = arena_array(arena, identity, count);
    str *keys = arena_array(arena, str, count);
    attestation->unknown = arena_array(arena, bool, count);
    looking->indexes = arena_array(arena, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        identities[i] = identity_of(attestation->source, attestation->ids[i]);
        keys[i] = (str){(const char *)identities[i].bytes, IDENTITY_BYTES};
        attestation->unknown[i] = true;
    }
    return db_each(tx, &audit_find_events_sql,
                   PARAMS(db_i64(attestation->customer_id), db_bytes_array(keys, count)),
                   COLUMNS(db_into_i64("place", &looking->place),
                           db_into_i64("entry_index", &looking->index),
                           db_into_bytes("leaf", &looking->leaf)),
                   take_event, looking);
}

static result check(struct db_tx *tx, struct attestation *attestation, struct looking *looking,
                    struct source_key *key)
{
    str signed_text = {0};
    result found = source_key_get(tx, key);
    if (found.code == ERR_NOT_FOUND)
        return FAIL(INVALID, "The source has no key for this customer.");
    TRY(found);
    TRY(manifest_text(db_arena(tx), attestation, &signed_text));
    attestation->wrong_signature =
        !signature_holds(key->public, signed_text, attestation->signature);
    if (attestation->wrong_signature)
        return FAIL(INVALID, "The signature does not hold under the source's key.");
    TRY(look_up(tx, attestation, looking));
    if (looking->found != (int64_t)attestation->id_count)
        return FAIL(INVALID, "The ledger has no such event of the source.");
    sha256 root = merkle_root(&looking->range);
    attestation->wrong_root = !sha256_eq(&root, &attestation->root);
    return attestation->wrong_root ? FAIL(INVALID, "The root is not that of the ledger's events.")
                                   : OK;
}

static result insert(struct db_tx *tx, struct attestation *attestation, const int64_t *indexes,
                     const struct source_key *key, const struct change *change)
{
    bool overlaps = false;
    TRY(db_one(tx, &audit_is_attested_sql,
               PARAMS(db_i64(attestation->customer_id), db_text(attestation->source),
                      db_i64(attestation->first_seq), db_i64(attestation->last_seq)),
               COLUMNS(db_into_bool("overlaps", &overlaps))));
    if (overlaps)
        return FAIL(CONFLICT, "A number of this batch is attested already.");
    attestation->id = crypto_id(db_arena(tx));
    attestation->created_at = change->now;
    TRY(db_exec(tx, &audit_insert_attestation_sql,
                PARAMS(db_text(attestation->id), db_i64(attestation->customer_id),
                       db_text(attestation->source), db_i64(attestation->first_seq),
                       db_i64(attestation->last_seq), db_bytes(sha256_str(&attestation->root)),
                       db_bytes(attestation->signature), db_bytes(public_bytes(key->public)),
                       db_instant(change->now), db_text(change->actor))));
    result kept = db_exec(tx, &audit_insert_attested_sql,
                          PARAMS(db_i64(attestation->customer_id), db_text(attestation->id),
                                 db_i64_array(indexes, attestation->id_count)));
    if (kept.code == ERR_DB_DUPLICATE)
        return FAIL(CONFLICT, "An event of this batch is attested already.");
    return kept;
}

result attestation_make(struct db_tx *tx, struct attestation *attestation,
                        const struct change *change)
{
    struct head head = {0};
    struct looking looking = {.attestation = attestation, .line = {.arena = db_arena(tx)}};
    struct source_key key = {.customer_id = attestation->customer_id,
                             .source = attestation->source};
    attestation->wrong_signature = attestation->wrong_root = false;
    attestation->unknown = NULL;
    TRY(ledger_head_lock(tx, attestation->customer_id, &head)); // one after the other
    TRY(check(tx, attestation, &looking, &key));
    return insert(tx, attestation, looking.indexes, &key, change);
}

// ---- reading

struct attestation_listing {
    struct attestation row;
    str root;
    result (*each)(void *context, const struct attestation *attestation);
    void *context;
};

static result hand_over(void *context)
{
    struct attestation_listing *listing = context;
    memcpy(listing->row.root.bytes, listing->root.ptr, SHA256_BYTES);
    return listing->each(listing->context, &listing->row);
}

result attestation_each(struct db_tx *tx, const struct attestation_filter *filter,
                        result (*row)(void *context, const struct attestation *attestation),
                        void *context)
{
    struct attestation_listing listing = {.each = row, .context = context};
    struct attestation *into = &listing.row;
    return db_each(
        tx, &audit_list_attestations_sql,
        PARAMS(db_i64(filter->customer_id), db_text(filter->after), db_i64(filter->limit)),
        COLUMNS(db_into_text("attestation_id", &into->id),
                db_into_text("customer", &into->customer), db_into_text("source", &into->source),
                db_into_i64("first_seq", &into->first_seq),
                db_into_i64("last_seq", &into->last_seq), db_into_bytes("root", &listing.root),
                db_into_bytes("signature", &into->signature),
                db_into_instant("created_at", &into->created_at)),
        hand_over, &listing);
}

struct source_listing {
    struct attested_source row;
    result (*each)(void *context, const struct attested_source *source);
    void *context;
};

static result hand_source_over(void *context)
{
    struct source_listing *listing = context;
    return listing->each(listing->context, &listing->row);
}

result attested_sources_each(struct db_tx *tx, int64_t customer_id,
                             result (*row)(void *context, const struct attested_source *source),
                             void *context)
{
    struct source_listing listing = {.each = row, .context = context};
    struct attested_source *into = &listing.row;
    return db_each(
        tx, &audit_list_attested_sources_sql, PARAMS(db_i64(customer_id)),
        COLUMNS(db_into_text("source", &into->source), db_into_i64("first_seq", &into->first_seq),
                db_into_i64("last_seq", &into->last_seq), db_into_i64("absent", &into->absent)),
        hand_source_over, &listing);
}

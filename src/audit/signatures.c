// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/signatures.h"

#include "audit.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/trail/trail.h"
#include "phial/util/encode.h"

static str hex_of(struct arena *arena, str text, sha256 *hash)
{
    *hash = sha256_of(text);
    return encode_hex(arena, sha256_str(hash));
}

// What is signed is told by its own bytes, as the approval keeps them.
static json_t *compose(struct arena *arena, const struct approval *approval,
                       const struct signing *signing)
{
    sha256 hash;
    json_t *root =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "action", json_from_str(approval->action),
                  "approval", json_from_str(approval->id), "document_sha256",
                  json_from_str(hex_of(arena, approval->document, &hash)), "meaning",
                  json_from_str(signing->meaning), "name", json_from_str(signing->name), "reason",
                  json_from_str(signing->change->reason));
    int wrong = json_object_set_new(root, "requested_by", json_from_str(approval->requested_by));
    wrong |= json_object_set_new(root, "signer", json_from_str(signing->change->actor));
    wrong |= json_object_set_new(root, "subject", json_from_str(approval->subject));
    wrong |= json_object_set_new(
        root, "time", json_from_str(instant_print_canonical(arena, signing->change->now)));
    if (wrong == 0)
        return root;
    json_decref(root);
    return NULL;
}

result signature_add(struct db_tx *tx, const struct approval *approval,
                     const struct signing *signing)
{
    struct arena *arena = db_arena(tx);
    OWNED(json_release) json_t *root = compose(arena, approval, signing);
    str text = {0};
    sha256 hash;
    if (root == NULL)
        return FAIL(INTERNAL, "out of memory");
    TRY(json_canonical(arena, root, &text));
    str hex = hex_of(arena, text, &hash);
    TRY(db_exec(tx, &audit_insert_signature_sql,
                PARAMS(db_text(approval->id), db_bytes(text), db_bytes(sha256_str(&hash)))));
    if (json_object_set_new(root, "sha256", json_from_str(hex)) != 0)
        return FAIL(INTERNAL, "out of memory");
    return trail_put(tx,
                     &(struct trail_fact){
                         .at = signing->change->now,
                         .actor = signing->change->actor,
                         .action = STR("approval.signed"),
                         .object = str_printf(arena, "approvals/%" STR_FMT, STR_ARG(approval->id)),
                         .customer = signing->customer,
                         .after = root,
                     });
}

result signature_print(struct arena *arena, const struct approval *approval, json_t **json)
{
    sha256 hash;
    *json = json_null();
    if (approval->signature.len == 0)
        return OK;
    TRY(json_parse(approval->signature, json));
    if (json_object_set_new(*json, "sha256",
                            json_from_str(hex_of(arena, approval->signature, &hash))) == 0)
        return OK;
    json_decref(*json);
    return FAIL(INTERNAL, "out of memory");
}

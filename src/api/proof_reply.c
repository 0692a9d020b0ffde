// SPDX-License-Identifier: Apache-2.0
#include "proof_reply.h"

#include "phial/util/encode.h"

static str base64_of(const struct request *request, const sha256 *hash)
{
    return encode_base64(request->arena, sha256_str(hash));
}

result print_proof(const struct request *request, const struct merkle_proof *proof, json_t **json)
{
    OWNED(json_release) json_t *hashes = json_array();
    for (size_t i = 0; i < proof->count; i++) {
        if (json_array_append_new(hashes, json_from_str(base64_of(request, &proof->hashes[i]))) !=
            0)
            return FAIL(INTERNAL, "out of memory");
    }
    *json = json_pack("{s:O}", "proof", hashes);
    return *json == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

result add_hash(const struct request *request, json_t *json, const char *name, const sha256 *hash)
{
    if (json_object_set_new(json, name, json_from_str(base64_of(request, hash))) != 0)
        return FAIL(INTERNAL, "out of memory");
    return OK;
}

result add_number(json_t *json, const char *name, int64_t number)
{
    return json_object_set_new(json, name, json_integer((json_int_t)number)) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

// SPDX-License-Identifier: Apache-2.0
// proof_reply.h - proofs of logs as JSON.
#pragma once

#include "caller.h"
#include "phial/merkle/merkle.h"

// {"proof": [base64 ...]}; the caller owns it.
result print_proof(const struct request *request, const struct merkle_proof *proof, json_t **json);
result add_hash(const struct request *request, json_t *json, const char *name, const sha256 *hash);
result add_number(json_t *json, const char *name, int64_t number);

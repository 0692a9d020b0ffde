// SPDX-License-Identifier: Apache-2.0
// timestamp.h - RFC 3161: what a time stamp authority is asked, and whether it answered that.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

// A query for the SHA-256 of the message, with a nonce; asks for the authority's certificate.
result timestamp_ask(struct arena *arena, str message, str *query);
// Whether the reply grants the query that was made for this message: imprint, nonce and version,
// and with a file of trusted certificates its signature. VERIFICATION_FAILED.
result timestamp_check(str message, str query, str reply, const char *ca_path); // NULL for none

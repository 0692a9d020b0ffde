// SPDX-License-Identifier: Apache-2.0
// catalog_reply.h - event types, metrics and plans are read, listed, put and archived alike.
#pragma once

#include "caller.h"

result catalog_reply_list(const struct request *request, struct reply *reply,
                          enum catalog_kind kind);
result catalog_reply_item(const struct request *request, struct reply *reply,
                          enum catalog_kind kind);
result catalog_reply_put(const struct request *request, struct reply *reply,
                         enum catalog_kind kind);
result catalog_reply_archive(const struct request *request, struct reply *reply,
                             enum catalog_kind kind);

result catalog_state(struct db_tx *tx, const struct request *request, str key,
                     enum catalog_kind kind, json_t **json);

// A stored document with what the server says about it. The caller owns *json.
result described_document(const struct request *request, str document, json_t **json);

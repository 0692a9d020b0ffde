// SPDX-License-Identifier: Apache-2.0
// audit.h - signed exports.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/db/db.h"
#include "phial/ledger/signer.h"

struct export_request {
    str customer;
    int64_t customer_id;
    bool has_from, has_to;
    instant from, to;
    bool has_indexes; // in their place: positions, of which none may be without its body
    int64_t from_index, to_index;
    str invoice; // "" or an id
    bool has_since;
    int64_t since;
    str purpose;
    str requested_by;
};
struct export_state {
    str id;
    str customer;
    int64_t customer_id;
    str status; // "queued", "running", "ready", "failed"
    str path;   // of the archive, when ready
    int64_t bytes;
    str purpose;
    instant created_at;
};
result export_create(struct db_tx *tx, const struct export_request *request, instant now,
                     struct export_state *state);
result export_get(struct db_tx *tx, str id, struct export_state *state);
// A statement's PDF, made by a floor above: "" where there is none.
struct export_renderer {
    result (*pdf)(void *context, struct db_tx *tx, struct arena *arena, const json_t *statement,
                  str *pdf);
    void *context;
};
struct export_tools {
    struct signer *signer;
    const char *folder;              // of the archives
    struct export_renderer renderer; // without a function: no PDF
};
// Makes one export that waits, if any. done: whether there was one.
result export_run_one(struct db *db, struct arena *arena, const struct export_tools *tools,
                      instant now, bool *done);

// SPDX-License-Identifier: Apache-2.0
#include "states.h"

#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

// A key of a request may be anything that was sent until the request has been looked at: what has
// an id of ours is asked for by it, the catalog by its own careful ways.
enum key_form { KEY_OURS, KEY_ANY };

static const struct state {
    const char *collection;
    result (*read)(struct db_tx *tx, const struct request *request, str id, json_t **json);
    enum key_form form;
} states[] = {
#define STATE(collection, name, key) {collection, state_##name, KEY_##key},
#include "states.def"
#undef STATE
};

static const struct state *find(str collection)
{
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        if (str_eq(collection, str_from(states[i].collection)))
            return &states[i];
    }
    return NULL;
}

bool state_kept(str collection)
{
    return find(collection) != NULL;
}

result state_read(struct db_tx *tx, const struct request *request, str collection, str key,
                  json_t **json)
{
    const struct state *state = find(collection);
    *json = NULL;
    if (state == NULL || (state->form == KEY_OURS && !crypto_is_id(key) && !key_id_valid(key)))
        return OK;
    result found = state->read(tx, request, key, json);
    if (failed(found))
        return found.code == ERR_NOT_FOUND ? OK : found;
    return *json == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "phial/outbox/outbox.h"

#include "outbox.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

static const char *const type_names[] = {
#define OUTBOX_TYPE(name, text) text,
#include "phial/outbox/outbox_types.def"
#undef OUTBOX_TYPE
};

bool outbox_type_parse(str text, enum outbox_type *type)
{
    for (size_t i = 0; i < COUNT_OF(type_names); i++) {
        if (str_eq(text, str_from(type_names[i]))) {
            *type = (enum outbox_type)i;
            return true;
        }
    }
    return false;
}

result outbox_put(struct db_tx *tx, enum outbox_type type, instant at, json_t *data)
{
    struct arena *arena = db_arena(tx);
    const char *name = type_names[type];
    OWNED(json_release)
    json_t *body = json_pack("{s:s, s:o, s:o}", "type", name, "timestamp",
                             json_from_str(instant_print(arena, at)), "data", data);
    if (body == NULL)
        return FAIL(INTERNAL, "a fact cannot be written");
    return db_defer(tx, &outbox_insert_sql,
                    PARAMS(db_text(crypto_id(arena)), db_text(str_from(name)),
                           db_text(json_print(arena, body))),
                    NO_COLUMNS, NULL, NULL);
}

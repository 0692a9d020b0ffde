// SPDX-License-Identifier: Apache-2.0
#include "phial/outbox/outbox.h"

#include "outbox.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/trail/trail.h"
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

// What a fact is about: the first of these that it names.
static str object_of(struct arena *arena, const json_t *data)
{
    static const struct {
        const char *member;
        const char *resource;
    } objects[] = {
        {"alert", "alerts"},
        {"credit_note", "credit-notes"},
        {"export", "exports"},
        {"invoice", "invoices"},
    };
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        const json_t *id = json_object_get(data, objects[i].member);
        if (id != NULL)
            return str_printf(arena, "%s/%" STR_FMT, objects[i].resource, STR_ARG(json_str(id)));
    }
    return STR("");
}

// A fact stands in the audit trail as well. Counts of what was refused are no change.
static result record(struct db_tx *tx, enum outbox_type type, instant at, const json_t *data)
{
    if (type == OUTBOX_event_rejected)
        return OK;
    return trail_put(tx, &(struct trail_fact){
                             .at = at,
                             .action = str_from(type_names[type]),
                             .object = object_of(db_arena(tx), data),
                             .customer = json_str(json_object_get(data, "customer")),
                             .after = data,
                         });
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
    TRY(record(tx, type, at, json_object_get(body, "data")));
    return db_defer(tx, &outbox_insert_sql,
                    PARAMS(db_text(crypto_id(arena)), db_text(str_from(name)),
                           db_text(json_print(arena, body))),
                    NO_COLUMNS, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "unbilled.h"

#include "invoicing.sql.h"
#include "phial/util/buf.h"

struct naming {
    str id;
    struct arena *arena;
    str name;
};

// The keys are the catalog's own and no refused value.
static result find_name(struct db_tx *tx, void *context)
{
    struct naming *naming = context;
    str subscription = {0};
    str customer = {0};
    TRY(db_one(tx, &invoicing_find_unbilled_sql, PARAMS(db_text(naming->id)),
               COLUMNS(db_into_text("subscription_id", &subscription),
                       db_into_text("customer", &customer))));
    naming->name = str_printf(naming->arena, "subscription %" STR_FMT " of customer %" STR_FMT,
                              STR_ARG(subscription), STR_ARG(customer));
    return OK;
}

void unbilled_note(struct unbilled *unbilled, str id, result outcome)
{
    if (unbilled->more || !failed(outcome) || outcome.code == ERR_DB_AWAY)
        return;
    struct arena scratch = {0};
    struct naming naming = {.id = id, .arena = unbilled->arena};
    result found = db_transact(unbilled->db, &scratch, find_name, &naming);
    arena_reset(&scratch);
    if (failed(found))
        return;
    for (size_t i = 0; i < unbilled->count; i++) {
        if (str_eq(unbilled->names[i], naming.name))
            return;
    }
    unbilled->more = unbilled->count == UNBILLED_NAMED_MAX;
    if (!unbilled->more)
        unbilled->names[unbilled->count++] = naming.name;
}

result unbilled_tell(const struct unbilled *unbilled, result failure)
{
    struct buf text = {.arena = unbilled->arena};
    if (!failed(failure) || unbilled->count == 0)
        return failure;
    buf_add(&text, str_from(failure_detail(failure)));
    buf_add(&text, STR(" Not billed: "));
    for (size_t i = 0; i < unbilled->count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(", "));
        buf_add(&text, unbilled->names[i]);
    }
    buf_add(&text, unbilled->more ? STR(" and others.") : STR("."));
    failure.detail = str_to_c(unbilled->arena, buf_str(&text));
    return failure;
}

// SPDX-License-Identifier: Apache-2.0
// What is to be issued next: who is in the way of no other, and so seen nowhere but here.
#include "doctor.sql.h"
#include "examination.h"
#include "phial/invoicing/invoicing.h"

enum { DRAFTS_SAMPLED = 200 };

struct draft {
    str invoice;
    str customer;
    str subscription;
};

struct drafts {
    struct arena *arena;
    struct draft row; // that is being read
    struct draft items[DRAFTS_SAMPLED];
    size_t count;
    const struct draft *one; // that is being computed
};

static result keep_draft(void *context)
{
    struct drafts *drafts = context;
    drafts->items[drafts->count++] = (struct draft){
        .invoice = str_copy(drafts->arena, drafts->row.invoice),
        .customer = str_copy(drafts->arena, drafts->row.customer),
        .subscription = str_copy(drafts->arena, drafts->row.subscription),
    };
    return OK;
}

static result list_drafts(struct db_tx *tx, void *context)
{
    struct drafts *drafts = context;
    drafts->count = 0;
    return db_each(tx, &doctor_list_drafts_sql, PARAMS(db_i64(DRAFTS_SAMPLED)),
                   COLUMNS(db_into_text("invoice_id", &drafts->row.invoice),
                           db_into_text("customer", &drafts->row.customer),
                           db_into_text("subscription_id", &drafts->row.subscription)),
                   keep_draft, drafts);
}

// As of no time: credits are no part of it.
static result compute(struct db_tx *tx, void *context)
{
    const struct drafts *drafts = context;
    OWNED(json_release) json_t *statement = NULL;
    struct invoice invoice = {.id = drafts->one->invoice};
    return invoice_statement(tx, &invoice, (instant){0}, &statement);
}

// Whether it is what a customer has used or a plan says: damage is for the other checks.
static bool is_of_its_data(result outcome)
{
    return outcome.code == ERR_AMOUNT_OVERFLOW || outcome.code == ERR_CONFLICT;
}

result doctor_drafts_can_be_computed(struct examination *examination)
{
    struct drafts *drafts = arena_new(examination->arena, struct drafts);
    drafts->arena = examination->arena;
    TRY(db_transact(examination->db, examination->arena, list_drafts, drafts));
    for (size_t i = 0; i < drafts->count; i++) {
        struct arena arena = {0};
        drafts->one = &drafts->items[i];
        result computed = db_transact(examination->db, &arena, compute, drafts);
        arena_reset(&arena);
        if (computed.code == ERR_DB_AWAY)
            return computed;
        if (is_of_its_data(computed))
            examination_fault(
                examination,
                str_printf(examination->arena,
                           "%" STR_FMT ": subscription %" STR_FMT " of customer %" STR_FMT " (%s)",
                           STR_ARG(drafts->one->invoice), STR_ARG(drafts->one->subscription),
                           STR_ARG(drafts->one->customer), error_info(computed.code)->slug));
    }
    return OK;
}

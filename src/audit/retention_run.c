// SPDX-License-Identifier: Apache-2.0
#include "audit.sql.h"
#include "phial/audit/retention.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"
#include "retention_plan.h"

#include <string.h>

static struct db_columns columns_of(struct arena *arena, struct retention_run *into)
{
    const db_column columns[] = {
        db_into_text("run_id", &into->id),
        db_into_instant("as_of", &into->as_of),
        db_into_text("plan", &into->plan),
        db_into_text("shares", &into->shares),
        db_into_text("status", &into->status),
        db_into_instant("created_at", &into->created_at),
        db_into_text("requested_by", &into->requested_by),
        db_into_text("reason", &into->reason),
        db_into_text("approval_id", &into->approval),
        db_into_text("approved_by", &into->approved_by),
        db_if_present(db_into_instant("finished_at", &into->finished_at), &into->finished),
    };
    db_column *kept = arena_array(arena, db_column, COUNT_OF(columns));
    memcpy(kept, columns, sizeof columns);
    return (struct db_columns){kept, (int)COUNT_OF(columns)};
}

// What the second person is shown: how much of how many, and where the rest stands.
static result ask_approval(struct db_tx *tx, str id, const struct retention_plan *plan,
                           const struct change *change)
{
    struct approval approval = {0};
    bool made = false;
    OWNED(json_release)
    json_t *document = json_pack("{s:o, s:O, s:I, s:I}", "run", json_from_str(id), "as_of",
                                 json_object_get(plan->document, "as_of"), "due",
                                 (json_int_t)plan->due, "customers", (json_int_t)plan->share_count);
    if (document == NULL)
        return FAIL(INTERNAL, "out of memory");
    struct approval wanted = {.action = STR(RETENTION_ACTION), .subject = id};
    TRY(json_canonical(db_arena(tx), document, &wanted.document)); // what a signature is of
    TRY(approval_open(tx, &wanted, change, &approval, &made));
    return db_exec(tx, &audit_ask_retention_sql, PARAMS(db_text(id), db_text(approval.id)));
}

result retention_run_create(struct db_tx *tx, const struct retention_request *request,
                            const struct change *change, struct retention_run *run)
{
    struct arena *arena = db_arena(tx);
    OWNED(retention_plan_release) struct retention_plan plan = {0};
    str id = crypto_id(arena);
    TRY(retention_plan_make(tx, request, &plan));
    bool nothing = plan.share_count == 0;
    TRY(db_exec(tx, &audit_insert_retention_sql,
                PARAMS(db_text(id), db_instant(request->as_of),
                       db_text(json_print(arena, plan.document)),
                       db_text(nothing ? STR("done") : STR("waiting")), db_instant(change->now),
                       db_text(change->actor), db_text(change->reason),
                       nothing ? db_instant(change->now) : db_null())));
    for (size_t i = 0; i < plan.share_count; i++)
        TRY(db_exec(
            tx, &audit_insert_share_sql,
            PARAMS(db_text(id), db_i64(plan.shares[i].customer_id), db_i64(plan.shares[i].due))));
    if (!nothing)
        TRY(ask_approval(tx, id, &plan, change));
    return retention_run_get(tx, id, run);
}

result retention_run_get(struct db_tx *tx, str id, struct retention_run *run)
{
    struct retention_run read = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, &audit_find_retention_sql, PARAMS(db_text(id)),
               columns_of(db_arena(tx), &read)));
    *run = read;
    return OK;
}

struct listing {
    struct retention_run run;
    result (*row)(void *context, const struct retention_run *run);
    void *context;
};

static result hand_over(void *context)
{
    struct listing *listing = context;
    return listing->row(listing->context, &listing->run);
}

result retention_run_each(struct db_tx *tx, str after, int64_t limit,
                          result (*row)(void *context, const struct retention_run *run),
                          void *context)
{
    struct listing listing = {.row = row, .context = context};
    return db_each(tx, &audit_list_retention_sql, PARAMS(db_text(after), db_i64(limit)),
                   columns_of(db_arena(tx), &listing.run), hand_over, &listing);
}

result retention_run_approve(struct db_tx *tx, const struct approval *approval,
                             const struct change *decision)
{
    return db_exec(tx, &audit_approve_retention_sql,
                   PARAMS(db_text(approval->subject), db_text(decision->actor)));
}

// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/approvals.h"

#include "audit.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

#include <string.h>

static struct db_columns columns_of(struct arena *arena, struct approval *into)
{
    const db_column columns[] = {
        db_into_text("approval_id", &into->id),
        db_into_text("action", &into->action),
        db_into_text("subject", &into->subject),
        db_into_text("document", &into->document),
        db_into_text("requested_by", &into->requested_by),
        db_into_instant("requested_at", &into->requested_at),
        db_into_text("reason", &into->reason),
        db_into_text("status", &into->status),
        db_into_text("decided_by", &into->decided_by),
        db_if_present(db_into_instant("decided_at", &into->decided_at), &into->decided),
        db_into_text("decision_reason", &into->decision_reason),
        db_into_text("meaning", &into->meaning),
        db_into_text("signature", &into->signature),
    };
    db_column *kept = arena_array(arena, db_column, COUNT_OF(columns));
    memcpy(kept, columns, sizeof columns);
    return (struct db_columns){kept, (int)COUNT_OF(columns)};
}

static result find(struct db_tx *tx, const struct db_stmt *stmt, str id, str only_of,
                   struct approval *approval)
{
    struct approval read = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, stmt, PARAMS(db_text(id), db_text(only_of)), columns_of(db_arena(tx), &read)));
    *approval = read;
    return OK;
}

result approval_open(struct db_tx *tx, const struct approval *wanted, const struct change *change,
                     struct approval *approval, bool *made)
{
    str id = {0};
    result found = db_one(tx, &audit_find_same_approval_sql,
                          PARAMS(db_text(wanted->action), db_text(wanted->subject),
                                 db_text(wanted->document), db_text(change->actor)),
                          COLUMNS(db_into_text("approval_id", &id)));
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    *made = failed(found);
    if (*made) {
        id = crypto_id(db_arena(tx));
        TRY(db_exec(tx, &audit_insert_approval_sql,
                    PARAMS(db_text(id), db_text(wanted->action), db_text(wanted->subject),
                           db_text(wanted->document), db_text(change->actor),
                           db_instant(change->now), db_text(change->reason))));
    }
    return approval_get(tx, id, STR(""), approval);
}

result approval_get(struct db_tx *tx, str id, str only_of, struct approval *approval)
{
    return find(tx, &audit_find_approval_sql, id, only_of, approval);
}

result approval_lock(struct db_tx *tx, str id, str only_of, struct approval *approval)
{
    TRY(find(tx, &audit_lock_approval_sql, id, only_of, approval));
    if (!str_eq(approval->status, STR("pending")))
        return FAIL(CONFLICT, "The approval has been decided.");
    return OK;
}

result approval_check_approver(const struct approval *approval, str actor)
{
    if (str_eq(approval->requested_by, actor))
        return FAIL(FORBIDDEN, "Who asks for something cannot approve it.");
    return OK;
}

result approval_decide(struct db_tx *tx, str id, bool approves, str meaning,
                       const struct change *change)
{
    return db_exec(tx, &audit_decide_approval_sql,
                   PARAMS(db_text(id), db_text(approves ? STR("approved") : STR("refused")),
                          db_text(change->actor), db_instant(change->now), db_text(change->reason),
                          db_text_or_null(meaning)));
}

struct listing {
    struct approval approval;
    result (*row)(void *context, const struct approval *approval);
    void *context;
};

static result hand_over(void *context)
{
    struct listing *listing = context;
    return listing->row(listing->context, &listing->approval);
}

result approval_each(struct db_tx *tx, const struct approval_filter *filter,
                     result (*row)(void *context, const struct approval *approval), void *context)
{
    struct listing listing = {.row = row, .context = context};
    return db_each(tx, &audit_list_approvals_sql,
                   PARAMS(db_text(filter->only_of), db_text(filter->status), db_text(filter->after),
                          db_i64(filter->limit)),
                   columns_of(db_arena(tx), &listing.approval), hand_over, &listing);
}

// SPDX-License-Identifier: Apache-2.0
// delivery.c - what became of each message, and sending it again.
#include "phial/util/array.h"
#include "phial/webhooks/webhooks.h"
#include "webhooks.sql.h"

static struct db_columns columns_of(struct arena *arena, struct delivery *delivery)
{
    const db_column items[] = {
        db_into_text("message_id", &delivery->message),
        db_into_text("type", &delivery->type),
        db_into_text("status", &delivery->status),
        db_into_i64("attempts", &delivery->attempts),
        db_if_present(db_into_i64("last_status", &delivery->last_status),
                      &delivery->has_last_status),
        db_into_text("last_error", &delivery->last_error),
        db_if_present(db_into_instant("next_attempt_at", &delivery->next_attempt_at),
                      &delivery->has_next_attempt),
        db_into_instant("created_at", &delivery->created_at),
        db_if_present(db_into_instant("finished_at", &delivery->finished_at),
                      &delivery->has_finished),
    };
    db_column *columns = arena_array(arena, db_column, COUNT_OF(items));
    for (size_t i = 0; i < COUNT_OF(items); i++)
        columns[i] = items[i];
    return (struct db_columns){columns, COUNT_OF(items)};
}

struct listing {
    struct delivery delivery;
    result (*row)(void *context, const struct delivery *delivery);
    void *context;
};

static result hand_delivery(void *context)
{
    struct listing *listing = context;
    return listing->row(listing->context, &listing->delivery);
}

result delivery_each(struct db_tx *tx, const struct delivery_filter *filter,
                     result (*row)(void *context, const struct delivery *delivery), void *context)
{
    struct listing listing = {.row = row, .context = context};
    return db_each(tx, &webhooks_list_deliveries_sql,
                   PARAMS(db_text(filter->webhook), db_text_or_null(filter->status),
                          db_text_or_null(filter->before), db_i64(filter->limit)),
                   columns_of(db_arena(tx), &listing.delivery), hand_delivery, &listing);
}

result delivery_get(struct db_tx *tx, str webhook, str message, struct delivery *delivery)
{
    struct delivery found = {0};
    TRY(db_one(tx, &webhooks_find_delivery_sql, PARAMS(db_text(webhook), db_text(message)),
               columns_of(db_arena(tx), &found)));
    *delivery = found;
    return OK;
}

result delivery_replay(struct db_tx *tx, str webhook, str message, struct delivery *delivery)
{
    struct webhook to = {0};
    struct delivery found = {0};
    TRY(webhook_get(tx, webhook, &to));
    TRY(delivery_get(tx, webhook, message, &found));
    if (!str_eq(to.status, STR("enabled")))
        return FAIL(CONFLICT, "The webhook is disabled: enable it, and what was held is sent.");
    TRY(db_exec(tx, &webhooks_replay_sql, PARAMS(db_text(webhook), db_text(message))));
    return delivery_get(tx, webhook, message, delivery);
}

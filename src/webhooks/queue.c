// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include "phial/trail/trail.h"
#include "webhooks.sql.h"

enum { HTTP_GONE = 410, FORGET_AT_ONCE = 1000 };

struct claiming {
    const struct claim *claim;
    struct attempt attempt;
};

static result hand_attempt(void *context)
{
    struct claiming *claiming = context;
    return claiming->claim->row(claiming->claim->context, &claiming->attempt);
}

result queue_claim(struct db_tx *tx, const struct claim *claim)
{
    struct claiming claiming = {.claim = claim};
    struct attempt *attempt = &claiming.attempt;
    return db_each(tx, &webhooks_claim_sql,
                   PARAMS(db_i64(IN_FLIGHT_MAX), db_text_array(claim->webhooks, claim->count),
                          db_i64_array(claim->flying, claim->count), db_i64(claim->lease_ms)),
                   COLUMNS(db_into_text("webhook_id", &attempt->webhook),
                           db_into_text("message_id", &attempt->message),
                           db_into_i64("attempts", &attempt->number),
                           db_into_text("url", &attempt->url),
                           db_into_bytes("secret", &attempt->secret),
                           db_into_bytes("old_secret", &attempt->old_secret),
                           db_into_text("body", &attempt->body)),
                   hand_attempt, &claiming);
}

static result settle_success(struct db_tx *tx, const struct attempt_outcome *outcome)
{
    TRY(db_exec(tx, &webhooks_note_success_sql,
                PARAMS(db_text(outcome->webhook), db_text(outcome->message),
                       db_i64(outcome->number), db_i64(outcome->status))));
    return db_exec(tx, &webhooks_note_working_sql, PARAMS(db_text(outcome->webhook)));
}

static result disable(struct db_tx *tx, str webhook, str why, bool *disabled)
{
    str changed = {0};
    instant at = {0};
    result found =
        db_one(tx, &webhooks_disable_sql, PARAMS(db_text(webhook), db_text(why)),
               COLUMNS(db_into_text("webhook_id", &changed), db_into_instant("at", &at)));
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    *disabled = true;
    OWNED(json_release) json_t *after = json_pack("{s:o}", "disabled_why", json_from_str(why));
    TRY(trail_put(tx,
                  &(struct trail_fact){
                      .at = at,
                      .actor = STR("system:webhooks"),
                      .action = STR("webhook.disabled"),
                      .object = str_printf(db_arena(tx), "webhooks/%" STR_FMT, STR_ARG(webhook)),
                      .customer = STR(""),
                      .after = after,
                  }));
    return db_exec(tx, &webhooks_hold_waiting_sql, PARAMS(db_text(webhook)));
}

result queue_settle(struct db_tx *tx, const struct attempt_outcome *outcome, bool *disabled)
{
    bool given_up = false;
    *disabled = false;
    if (outcome->error == NULL)
        return settle_success(tx, outcome);
    result noted =
        db_one(tx, &webhooks_note_failure_sql,
               PARAMS(db_text(outcome->webhook), db_text(outcome->message), db_i64(outcome->number),
                      outcome->status == 0 ? db_null() : db_i64(outcome->status),
                      db_text(str_from(outcome->error)), db_i64(outcome->wait_ms)),
               COLUMNS(db_into_bool("given_up", &given_up)));
    if (noted.code == ERR_NOT_FOUND)
        return OK; // another attempt has overtaken it
    TRY(noted);
    TRY(db_exec(tx, &webhooks_note_failing_sql, PARAMS(db_text(outcome->webhook))));
    if (outcome->status == HTTP_GONE)
        return disable(tx, outcome->webhook, STR("gone"), disabled);
    return given_up ? disable(tx, outcome->webhook, STR("failing"), disabled) : OK;
}

result queue_forget(struct db_tx *tx)
{
    TRY(db_exec(tx, &webhooks_forget_deliveries_sql, PARAMS(db_i64(FORGET_AT_ONCE))));
    return db_exec(tx, &webhooks_forget_messages_sql, PARAMS(db_i64(FORGET_AT_ONCE)));
}

// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/states.h"

#include "audit.sql.h"
#include "phial/util/array.h"

static const struct state {
    const char *collection;
    const struct db_stmt *stmt;
    const char *kind; // of a catalog item; the statement's first parameter then
} states[] = {
    {"alerts", &audit_state_alert_sql, NULL},
    {"approvals", &audit_state_approval_sql, NULL},
    {"backfills", &audit_state_backfill_sql, NULL},
    {"credit-notes", &audit_state_credit_note_sql, NULL},
    {"credits", &audit_state_credit_sql, NULL},
    {"customers", &audit_state_customer_sql, NULL},
    {"deliveries", &audit_state_delivery_sql, NULL},
    {"discounts", &audit_state_discount_sql, NULL},
    {"event-types", &audit_state_catalog_item_sql, "event_type"},
    {"exports", &audit_state_export_sql, NULL},
    {"invoices", &audit_state_invoice_sql, NULL},
    {"keys", &audit_state_key_sql, NULL},
    {"metrics", &audit_state_catalog_item_sql, "metric"},
    {"payments", &audit_state_payment_sql, NULL},
    {"plans", &audit_state_catalog_item_sql, "plan"},
    {"subscriptions", &audit_state_subscription_sql, NULL},
    {"test-clock", &audit_state_clock_sql, NULL},
    {"webhooks", &audit_state_webhook_sql, NULL},
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

result state_read(struct db_tx *tx, str collection, str key, str *document)
{
    const struct state *state = find(collection);
    *document = STR("");
    if (state == NULL)
        return OK;
    const db_param both[] = {db_text(str_from(state->kind == NULL ? "" : state->kind)),
                             db_text(key)};
    struct db_params params =
        state->kind == NULL ? (struct db_params){&both[1], 1} : (struct db_params){both, 2};
    result read = db_one(tx, state->stmt, params, COLUMNS(db_into_text("document", document)));
    return read.code == ERR_NOT_FOUND ? OK : read;
}

// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/states.h"

#include "audit.sql.h"
#include "phial/catalog/keys.h"
#include "phial/crypto/crypto.h"
#include "phial/json/json.h"
#include "phial/util/array.h"

// A key of a request may be anything that was sent until the request has been looked at: what has
// an id of ours is asked for by it, the catalog by its own careful ways.
static result read_customer(struct db_tx *tx, enum catalog_kind kind, str key, str *document)
{
    struct customer customer = {0};
    (void)kind;
    TRY(customer_get(tx, key, &customer));
    *document = str_printf(db_arena(tx), "{\"archived\":%s,\"document\":%" STR_FMT "}",
                           customer.archived ? "true" : "false", STR_ARG(customer.document));
    return OK;
}

static result read_item(struct db_tx *tx, enum catalog_kind kind, str key, str *document)
{
    struct catalog_item item = {0};
    TRY(catalog_get(tx, kind, key, &item));
    *document = str_printf(db_arena(tx),
                           "{\"archived\":%s,\"document\":%" STR_FMT ",\"sha256\":\"%" STR_FMT
                           "\",\"version\":%lld}",
                           item.archived ? "true" : "false", STR_ARG(item.document),
                           STR_ARG(item.sha256), (long long)item.version);
    return OK;
}

static const struct state {
    const char *collection;
    const struct db_stmt *stmt; // by an id of ours
    result (*read)(struct db_tx *tx, enum catalog_kind kind, str key, str *document);
    enum catalog_kind kind;
} states[] = {
    {.collection = "alerts", .stmt = &audit_state_alert_sql},
    {.collection = "approvals", .stmt = &audit_state_approval_sql},
    {.collection = "backfills", .stmt = &audit_state_backfill_sql},
    {.collection = "credit-notes", .stmt = &audit_state_credit_note_sql},
    {.collection = "credits", .stmt = &audit_state_credit_sql},
    {.collection = "customers", .read = read_customer},
    {.collection = "deliveries", .stmt = &audit_state_delivery_sql},
    {.collection = "discounts", .stmt = &audit_state_discount_sql},
    {.collection = "event-types", .read = read_item, .kind = CATALOG_EVENT_TYPE},
    {.collection = "exports", .stmt = &audit_state_export_sql},
    {.collection = "holds", .stmt = &audit_state_hold_sql},
    {.collection = "invoices", .stmt = &audit_state_invoice_sql},
    {.collection = "keys", .stmt = &audit_state_key_sql},
    {.collection = "metrics", .read = read_item, .kind = CATALOG_METRIC},
    {.collection = "payments", .stmt = &audit_state_payment_sql},
    {.collection = "plans", .read = read_item, .kind = CATALOG_PLAN},
    {.collection = "report-templates", .read = read_item, .kind = CATALOG_REPORT_TEMPLATE},
    {.collection = "runs", .stmt = &audit_state_run_sql},
    {.collection = "subscriptions", .stmt = &audit_state_subscription_sql},
    {.collection = "test-clock", .stmt = &audit_state_clock_sql},
    {.collection = "webhooks", .stmt = &audit_state_webhook_sql},
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

static result read(struct db_tx *tx, const struct state *state, str key, str *document)
{
    if (state->read != NULL)
        return state->read(tx, state->kind, key, document);
    if (key.len != 0 && !crypto_is_id(key) && !key_id_valid(key))
        return FAIL(NOT_FOUND, "No such resource.");
    return db_one(tx, state->stmt, PARAMS(db_text(key)),
                  COLUMNS(db_into_text("document", document)));
}

result state_read(struct db_tx *tx, str collection, str key, str *document)
{
    const struct state *state = find(collection);
    *document = STR("");
    if (state == NULL)
        return OK;
    result found = read(tx, state, key, document);
    return found.code == ERR_NOT_FOUND ? OK : found;
}

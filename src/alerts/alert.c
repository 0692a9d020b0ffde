// SPDX-License-Identifier: Apache-2.0
// alert.c - the rows that people make.
#include "alerts.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "rows.h"

enum { NAME_BYTES_MAX = 100 };

void alert_columns(struct alert *alert, db_column *columns)
{
    const db_column items[ALERT_COLUMNS] = {
        db_into_text("alert_id", &alert->id),
        db_into_i64("customer_id", &alert->customer_id),
        db_into_text("customer", &alert->customer),
        db_into_text("name", &alert->name),
        db_into_text("measures", &alert->measures),
        db_into_text("metric", &alert->metric),
        db_into_text("subscription_id", &alert->subscription),
        db_into_text("threshold", &alert->threshold),
        db_into_instant("created_at", &alert->created_at),
    };
    for (size_t i = 0; i < ALERT_COLUMNS; i++)
        columns[i] = items[i];
}

// ---- what may stand in one

struct asked {
    struct alert alert;
    bool has_metric;
    decimal threshold;
};

static void check_measure(struct json_at document, const struct asked *asked)
{
    struct json_at at = json_member(document, "on");
    str on = asked->alert.measures;
    bool by_metric = str_eq(on, STR("metric"));
    if (json_is_string(at.value) && !by_metric && !str_eq(on, STR("amount")) &&
        !str_eq(on, STR("commitment")) && !str_eq(on, STR("balance")))
        json_wrong(at, "invalid", "An alert is on a metric, an amount, a commitment or a balance.");
    if (by_metric && !asked->has_metric)
        json_wrong(json_member(document, "metric"), "missing_member",
                   "An alert on a metric names it.");
    if (!by_metric && asked->has_metric)
        json_wrong(json_member(document, "metric"), "invalid",
                   "Only an alert on a metric has a metric.");
}

static void check_name(struct json_at at)
{
    str name = json_str(at.value);
    const struct phi_detector *hit = phi_find(name, 0);
    if (!json_is_string(at.value))
        return;
    if (name.len == 0 || name.len > NAME_BYTES_MAX)
        json_wrong(at, "invalid", "A name has 1 to 100 bytes.");
    else if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
}

static void read_asked(struct json_at document, struct asked *asked)
{
    struct alert *alert = &asked->alert;
    const json_t *metric = json_object_get(document.value, "metric");
    asked->has_metric = metric != NULL && !json_is_null(metric); // good or bad
    bool read =
        json_read(document, FIELDS(json_text("customer", &alert->customer),
                                   json_optional(json_text("name", &alert->name)),
                                   json_text("on", &alert->measures),
                                   json_optional(json_text("metric", &alert->metric)),
                                   json_optional(json_text("subscription", &alert->subscription)),
                                   json_decimal("threshold", &asked->threshold)));
    check_measure(document, asked);
    check_name(json_member(document, "name"));
    bool may_be_zero = str_eq(alert->measures, STR("balance"));
    if (read && (asked->threshold.units < 0 || (asked->threshold.units == 0 && !may_be_zero)))
        json_wrong(json_member(document, "threshold"), "invalid",
                   "The threshold is above 0; of a balance it may be 0.");
}

static result find_customer(struct db_tx *tx, struct json_at document, int64_t only_customer,
                            struct asked *asked)
{
    struct customer customer = {0};
    result found = customer_get(tx, asked->alert.customer, &customer);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    if (only_customer != 0 && (failed(found) || customer.id != only_customer))
        return FAIL(NOT_FOUND, "No such resource.");
    if (failed(found) || customer.archived)
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
    asked->alert.customer_id = customer.id;
    return OK;
}

static result check_references(struct db_tx *tx, struct json_at document, instant now,
                               const struct asked *asked)
{
    const struct alert *alert = &asked->alert;
    struct catalog_item metric = {0};
    struct subscription subscription = {0};
    if (asked->has_metric) {
        result found = catalog_get(tx, CATALOG_METRIC, alert->metric, &metric);
        if (failed(found) && found.code != ERR_NOT_FOUND)
            return found;
        if (failed(found) || metric.archived)
            json_wrong(json_member(document, "metric"), "unknown_metric",
                       "No such metric is defined.");
    }
    if (alert->subscription.len != 0) {
        result found = subscription_get(tx, alert->subscription, now, &subscription);
        if (failed(found) && found.code != ERR_NOT_FOUND)
            return found;
        if (failed(found) || subscription.customer_id != alert->customer_id)
            json_wrong(json_member(document, "subscription"), "invalid",
                       "The customer has no such subscription.");
    }
    return OK;
}

// ---- rows

result alert_create(struct db_tx *tx, struct json_at document, int64_t only_customer,
                    const struct change *change, struct alert *alert)
{
    struct arena *arena = db_arena(tx);
    struct asked asked = {0};
    read_asked(document, &asked);
    TRY(faults_result(document.faults));
    TRY(find_customer(tx, document, only_customer, &asked));
    TRY(check_references(tx, document, change->now, &asked));
    TRY(faults_result(document.faults));
    const struct alert *wanted = &asked.alert;
    str id = crypto_id(arena);
    TRY(db_exec(tx, &alerts_insert_sql,
                PARAMS(db_text(id), db_i64(wanted->customer_id), db_text(wanted->name),
                       db_text(wanted->measures), db_text_or_null(wanted->metric),
                       db_text_or_null(wanted->subscription),
                       db_text(decimal_print(arena, asked.threshold)), db_instant(change->now),
                       db_text(change->actor), db_text(change->reason))));
    return alert_get(tx, id, only_customer, alert);
}

result alert_get(struct db_tx *tx, str id, int64_t only_customer, struct alert *alert)
{
    struct alert found = {0};
    db_column columns[ALERT_COLUMNS];
    alert_columns(&found, columns);
    TRY(db_one(tx, &alerts_find_sql, PARAMS(db_text(id), db_i64(only_customer)),
               (struct db_columns){columns, ALERT_COLUMNS}));
    *alert = found;
    return OK;
}

result alert_delete(struct db_tx *tx, str id, int64_t only_customer)
{
    str deleted = {0};
    return db_one(tx, &alerts_delete_sql, PARAMS(db_text(id), db_i64(only_customer)),
                  COLUMNS(db_into_text("alert_id", &deleted)));
}

struct listing {
    struct alert alert;
    result (*row)(void *context, const struct alert *alert);
    void *context;
};

static result hand_alert(void *context)
{
    struct listing *listing = context;
    return listing->row(listing->context, &listing->alert);
}

result alert_each(struct db_tx *tx, const struct alert_filter *filter,
                  result (*row)(void *context, const struct alert *alert), void *context)
{
    struct listing listing = {.row = row, .context = context};
    db_column columns[ALERT_COLUMNS];
    alert_columns(&listing.alert, columns);
    return db_each(
        tx, &alerts_list_sql,
        PARAMS(db_i64(filter->customer_id), db_text(filter->after), db_i64(filter->limit)),
        (struct db_columns){columns, ALERT_COLUMNS}, hand_alert, &listing);
}

struct firings {
    struct alert_firing firing;
    result (*row)(void *context, const struct alert_firing *firing);
    void *context;
};

static result hand_firing(void *context)
{
    struct firings *firings = context;
    return firings->row(firings->context, &firings->firing);
}

result alert_each_firing(struct db_tx *tx, str id,
                         result (*row)(void *context, const struct alert_firing *firing),
                         void *context)
{
    struct firings firings = {.row = row, .context = context};
    struct alert_firing *firing = &firings.firing;
    return db_each(tx, &alerts_list_firings_sql, PARAMS(db_text(id), db_i64(FIRINGS_MAX)),
                   COLUMNS(db_into_text("subscription_id", &firing->subscription),
                           db_into_instant("period_start", &firing->period_start),
                           db_into_instant("period_end", &firing->period_end),
                           db_into_text("value", &firing->value),
                           db_into_instant("fired_at", &firing->fired_at)),
                   hand_firing, &firings);
}

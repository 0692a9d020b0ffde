// SPDX-License-Identifier: Apache-2.0
#include "retention_plan.h"

#include "audit.sql.h"
#include "phial/util/array.h"
#include "retention_rules.h"

enum { LOGS_A_PAGE = 500, SHARES_MAX = 1000 }; // a run is of at most so many customers

struct log_row {
    int64_t customer_id;
    str customer;
};

struct planning {
    struct db_tx *tx;
    const struct retention_request *request;
    struct retention_rules rules;
    struct retention_plan *plan;
    struct log_row row; // that is being read
    struct log_row logs[LOGS_A_PAGE];
    size_t log_count;
    // of one customer
    json_t *types;
    int64_t due;
    str type;
    str verdict;
    int64_t events;
};

void retention_plan_release(struct retention_plan *plan)
{
    json_decref(plan->document);
}

static result take_log(void *context)
{
    struct planning *planning = context;
    struct log_row *log = &planning->logs[planning->log_count++];
    *log = planning->row;
    log->customer = str_copy(db_arena(planning->tx), planning->row.customer);
    return OK;
}

// The last type's object, or a new one: rows come in the order of types.
static json_t *type_object(struct planning *planning)
{
    size_t count = json_array_size(planning->types);
    json_t *last = count == 0 ? NULL : json_array_get(planning->types, count - 1);
    if (last != NULL && str_eq(json_str(json_object_get(last, "type")), planning->type))
        return last;
    str class = retention_rules_class(&planning->rules, planning->type);
    json_t *made =
        json_pack("{s:o, s:o*, s:i, s:{}}", "type", json_from_str(planning->type), "class",
                  class.len == 0 ? NULL : json_from_str(class), "due", 0, "kept");
    return json_array_append_new(planning->types, made) == 0 ? made : NULL;
}

static result take_verdict(void *context)
{
    struct planning *planning = context;
    json_t *object = type_object(planning);
    json_t *count = json_integer((json_int_t)planning->events);
    bool due = str_eq(planning->verdict, STR("due"));
    str name = planning->verdict;
    planning->due += due ? planning->events : 0;
    json_t *into = due ? object : json_object_get(object, "kept");
    return json_object_setn_new(into, name.ptr, name.len, count) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

static void add_share(struct planning *planning, int64_t customer_id)
{
    struct retention_plan *plan = planning->plan;
    plan->shares = arena_grow(db_arena(planning->tx), plan->shares, plan->share_count,
                              &plan->share_room, sizeof *plan->shares);
    plan->shares[plan->share_count++] = (struct planned_share){customer_id, planning->due};
    plan->due += planning->due;
}

static result plan_log(struct planning *planning, const struct log_row *log)
{
    OWNED(json_release) json_t *types = json_array();
    planning->types = types;
    planning->due = 0;
    TRY(db_each(planning->tx, &audit_plan_removal_sql,
                PARAMS(RETENTION_PARAMS(log->customer_id, planning->request->as_of,
                                        &planning->rules, 0, INT64_MAX)),
                COLUMNS(db_into_text("event_type", &planning->type),
                        db_into_text("verdict", &planning->verdict),
                        db_into_i64("events", &planning->events)),
                take_verdict, planning));
    if (json_array_size(types) == 0)
        return OK;
    json_t *list = json_object_get(planning->plan->document, "customers");
    if (planning->due > 0)
        add_share(planning, log->customer_id);
    return json_array_append_new(
               list, json_pack("{s:o, s:I, s:O}", "customer", json_from_str(log->customer), "due",
                               (json_int_t)planning->due, "event_types", types)) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

static result plan_page(struct planning *planning, int64_t *after)
{
    planning->log_count = 0;
    TRY(db_each(planning->tx, &audit_list_logs_sql,
                PARAMS(db_i64(planning->request->customer_id), db_i64(*after), db_i64(LOGS_A_PAGE)),
                COLUMNS(db_into_i64("customer_id", &planning->row.customer_id),
                        db_into_text("customer", &planning->row.customer)),
                take_log, planning));
    for (size_t i = 0; i < planning->log_count && planning->plan->share_count < SHARES_MAX; i++) {
        TRY(plan_log(planning, &planning->logs[i]));
        *after = planning->logs[i].customer_id;
    }
    return OK;
}

result retention_plan_make(struct db_tx *tx, const struct retention_request *request,
                           struct retention_plan *plan)
{
    struct planning *planning = arena_new(db_arena(tx), struct planning);
    int64_t after = 0;
    str as_of = instant_print(db_arena(tx), request->as_of);
    *plan =
        (struct retention_plan){.document = json_pack("{s:o, s:i, s:[]}", "as_of",
                                                      json_from_str(as_of), "due", 0, "customers")};
    *planning = (struct planning){.tx = tx, .request = request, .plan = plan};
    TRY(retention_rules_read(tx, request->terms, &planning->rules));
    do
        TRY(plan_page(planning, &after));
    while (planning->log_count == LOGS_A_PAGE && plan->share_count < SHARES_MAX);
    return json_object_set_new(plan->document, "due", json_integer((json_int_t)plan->due)) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

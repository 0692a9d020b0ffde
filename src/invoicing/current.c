// SPDX-License-Identifier: Apache-2.0
// What the running periods come to so far: the invoice's own computation, before its time.
#include "compute.h"
#include "phial/util/array.h"
#include "running.h"

static const char *const copied[] = {"key",   "name",     "metric", "model",
                                     "group", "quantity", "amount"};

static result copy(const json_t *from, const char *name, json_t *into, const char *as)
{
    json_t *value = json_object_get(from, name);
    return value == NULL ? OK : statement_set(into, as, json_incref(value));
}

// A line of usage as the answer shows it.
static result add_charge(const json_t *line, const json_t *projected, json_t *charges)
{
    json_t *charge = json_object();
    if (json_array_append_new(charges, charge) != 0)
        return FAIL(INTERNAL, "out of memory");
    for (size_t i = 0; i < COUNT_OF(copied); i++)
        TRY(copy(line, copied[i], charge, copied[i]));
    TRY(copy(json_object_get(line, "events"), "count", charge, "events"));
    TRY(copy(projected, "quantity", charge, "projected_quantity"));
    return copy(projected, "amount", charge, "projected_amount");
}

// Both were computed on the same usage: their usage lines stand side by side.
static result add_charges(const json_t *statement, const json_t *projection, json_t *into)
{
    json_t *charges = json_array();
    const json_t *lines = json_object_get(statement, "lines");
    const json_t *projected = json_object_get(projection, "lines");
    TRY(statement_set(into, "charges", charges));
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        if (str_eq(json_str(json_object_get(line, "kind")), STR("usage")))
            TRY(add_charge(line, json_array_get(projected, i), charges));
    }
    return OK;
}

static result add_subscription(struct db_tx *tx, const struct running *running, instant now,
                               const struct head *head, json_t *list)
{
    static const char *const members[] = {"subscription", "plan",     "period",
                                          "currency",     "subtotal", "total"};
    OWNED(json_release) json_t *statement = NULL;
    OWNED(json_release) json_t *projection = NULL;
    json_t *printed = json_object();
    if (json_array_append_new(list, printed) != 0)
        return FAIL(INTERNAL, "out of memory");
    struct computation what = {
        .subscription = running->id,
        .number = running->period.number,
        .head = head,
        .alone = true,
    };
    TRY(statement_of(tx, &what, &statement));
    what.projected_from = &now;
    TRY(statement_of(tx, &what, &projection));
    for (size_t i = 0; i < COUNT_OF(members); i++)
        TRY(copy(statement, members[i], printed, members[i]));
    TRY(copy(projection, "total", printed, "projected_total"));
    return add_charges(statement, projection, printed);
}

static void note_end(const struct running *running, instant now, instant *until)
{
    if (until->us == now.us || running->period.end.us < until->us)
        *until = running->period.end;
}

result usage_current(struct db_tx *tx, const struct customer *customer, instant now,
                     json_t **answer, instant *until)
{
    OWNED(json_release) json_t *held = json_array();
    OWNED(json_release) json_t *printed = json_object();
    json_t *list = json_array();
    struct head head = {0};
    struct running *running = NULL;
    size_t count = 0;
    TRY(statement_set(printed, "subscriptions", list));
    TRY(ledger_head(tx, customer->id, &head));
    TRY(running_read(tx, customer, now, held, &running, &count));
    *until = now;
    for (size_t i = 0; i < count; i++) {
        TRY(add_subscription(tx, &running[i], now, &head, list));
        note_end(&running[i], now, until);
    }
    TRY(statement_set(printed, "customer", json_from_str(customer->key)));
    TRY(statement_set(printed, "at", json_from_str(instant_print(db_arena(tx), now))));
    TRY(usage_as_of(db_arena(tx), &head, printed));
    *answer = json_incref(printed);
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
// A metric's quantities, by the code that answers usage and bills.
#include "phial/invoicing/invoicing.h"
#include "reconcile.h"

#define HOUR_US INT64_C(3600000000)

// The longest of them says what they are: those at either end may be cut.
static str kind_of(const struct reconciliation *what)
{
    int64_t longest = 0;
    for (size_t i = 0; i < what->window_count; i++) {
        int64_t long_us = what->windows[i].end.us - what->windows[i].start.us;
        longest = long_us > longest ? long_us : longest;
    }
    if (longest <= 2 * HOUR_US)
        return STR("hour");
    return longest <= 26 * HOUR_US ? STR("day") : STR("month");
}

static result read_window(const json_t *json, struct compared_window *window)
{
    TRY(instant_parse(json_str(json_object_get(json, "start")), &window->start));
    return instant_parse(json_str(json_object_get(json, "end")), &window->end);
}

static result read_quantity(struct arena *arena, const json_t *json, struct compared_window *into)
{
    decimal quantity = {0};
    TRY(decimal_parse(json_str(json_object_get(json, "quantity")), &quantity));
    into->ledger = exact_from_decimal(arena, quantity);
    into->events = json_integer_value(json_object_get(json, "events"));
    return OK;
}

// Both lists are in the order of time. found: which of the claimed windows are among the measured.
static result match_windows(struct arena *arena, struct reconciliation *what,
                            const json_t *measured, bool *found)
{
    size_t at = 0;
    for (size_t i = 0; i < json_array_size(measured) && at < what->window_count; i++) {
        struct compared_window window = {0};
        const json_t *json = json_array_get(measured, i);
        TRY(read_window(json, &window));
        while (at < what->window_count && what->windows[at].start.us < window.start.us)
            at++;
        if (at == what->window_count || what->windows[at].start.us != window.start.us ||
            what->windows[at].end.us != window.end.us)
            continue;
        TRY(read_quantity(arena, json, &what->windows[at]));
        found[at] = true;
    }
    return OK;
}

static result measure_single(struct db_tx *tx, const struct usage_query *query,
                             struct compared_window *window)
{
    OWNED(json_release) json_t *answer = NULL;
    struct usage_query single = *query;
    single.from = window->start;
    single.to = window->end;
    single.window = STR("");
    TRY(usage_query_run(tx, &single, &answer));
    return read_quantity(db_arena(tx), answer, window);
}

static result measure_windows(struct db_tx *tx, struct reconciliation *what,
                              struct usage_query *query, const json_t *answer)
{
    bool *found = arena_array(db_arena(tx), bool, what->window_count);
    int64_t single = 0;
    TRY(match_windows(db_arena(tx), what, json_object_get(answer, "windows"), found));
    for (size_t i = 0; i < what->window_count; i++) {
        if (found[i])
            continue;
        if (++single > RECONCILED_SINGLE_WINDOWS_MAX)
            return FAIL(INVALID, "At most 100 windows may be other than local hours, days or "
                                 "months, cut to from and to.");
        TRY(measure_single(tx, query, &what->windows[i]));
    }
    return OK;
}

result reconcile_measure(struct db_tx *tx, struct reconciliation *what,
                         struct reconciled *reconciled)
{
    OWNED(json_release) json_t *answer = NULL;
    struct compared_window whole = {0};
    struct usage_query query = {
        .customer = what->customer,
        .metric = what->metric,
        .from = what->from,
        .to = what->to,
        .window = what->window_count == 0 ? STR("") : kind_of(what),
    };
    TRY(usage_query_run(tx, &query, &answer));
    TRY(read_quantity(db_arena(tx), answer, &whole));
    reconciled->ledger = whole.ledger;
    reconciled->events = whole.events;
    return measure_windows(tx, what, &query, answer);
}

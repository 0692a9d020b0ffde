// SPDX-License-Identifier: Apache-2.0
#include "cube.h"

#include "phial/invoicing/invoicing.h"
#include "phial/rating/aggregation.h"
#include "phial/util/array.h"

#include <string.h>

enum { TURNS_MAX = 5, QUERIES_MAX = 64, TOKENS_MAX = 8 };

// What one query of one customer answered: the metric by the axes of a mask.
struct reading {
    size_t customer;
    unsigned mask;
    json_t *answer;
};

struct measuring {
    struct db_tx *tx;
    const struct report_question *question;
    const struct metric *metric; // the question's, or one that counts persons' events
    struct cube *cube;
    struct reading *readings;
    size_t reading_count;
    json_t *held;   // the answers
    int64_t *sizes; // of the customers' logs; -1: not known yet
    bool moved;     // a log has grown between two queries
};

static bool is_named(const struct metric *metric, const char *const *names, size_t count)
{
    bool named = false;
    for (size_t i = 0; i < count; i++)
        named |= str_eq(str_from(metric->aggregation->name), str_from(names[i]));
    return named;
}

static bool adds_up(const struct metric *metric)
{
    static const char *const names[] = {"count", "sum"};
    return is_named(metric, names, COUNT_OF(names)) && !metric->rounded;
}

static result check_metric(const struct metric *metric)
{
    static const char *const names[] = {"active", "count",       "sum",
                                        "unique", "unique_days", "unique_new"};
    if (!is_named(metric, names, COUNT_OF(names)))
        return FAIL(INVALID, "A utilization report is of a metric that counts or sums.");
    return OK;
}

// ---- asking

static result ask(struct measuring *measuring, size_t customer, unsigned mask)
{
    const struct report_question *question = measuring->question;
    const struct report_table *table = &measuring->cube->table;
    str names[GROUP_BY_MAX];
    struct usage_query query = {.customer = &question->scope->customers[customer],
                                .metric = measuring->metric,
                                .from = question->from,
                                .to = question->to,
                                .window = STR("")};
    json_t *answer = NULL;
    for (size_t i = 0; i < table->axis_count; i++) {
        if ((mask >> i & 1) != 0)
            names[query.group_by_count++] = table->axes[i];
    }
    query.group_by = query.group_by_count == 0 ? NULL : names;
    TRY(usage_query_run(measuring->tx, &query, &answer));
    if (json_array_append_new(measuring->held, answer) != 0)
        return FAIL(INTERNAL, "out of memory");
    measuring->readings[measuring->reading_count++] = (struct reading){customer, mask, answer};
    int64_t size = json_integer_value(json_object_get(json_object_get(answer, "as_of"), "index"));
    measuring->moved |= measuring->sizes[customer] >= 0 && measuring->sizes[customer] != size;
    measuring->sizes[customer] = size;
    return OK;
}

// Parts that do not add up are asked for one by one.
static result ask_all(struct measuring *measuring, bool adding)
{
    unsigned whole = (1U << measuring->cube->table.axis_count) - 1;
    size_t customers = measuring->question->scope->customer_count;
    measuring->reading_count = 0;
    measuring->readings =
        arena_array(db_arena(measuring->tx), struct reading, customers * (whole + 1));
    for (size_t i = 0; i < customers; i++) {
        for (unsigned mask = adding ? whole : 0; mask <= whole; mask++)
            TRY(ask(measuring, i, mask));
    }
    return OK;
}

// ---- axes

static const json_t *value_of(const json_t *group, struct arena *arena, str axis)
{
    return json_object_get(json_object_get(group, "group"), str_to_c(arena, axis));
}

static void set_axis(struct measuring *measuring, size_t axis)
{
    struct arena *arena = db_arena(measuring->tx);
    struct report_table *table = &measuring->cube->table;
    size_t room = 0;
    size_t count = 1;
    for (size_t i = 0; i < measuring->reading_count; i++)
        room += json_array_size(json_object_get(measuring->readings[i].answer, "groups"));
    str *values = arena_array(arena, str, room + 1);
    for (size_t i = 0; i < measuring->reading_count; i++) {
        const json_t *groups = json_object_get(measuring->readings[i].answer, "groups");
        if ((measuring->readings[i].mask >> axis & 1) == 0)
            continue;
        for (size_t k = 0; k < json_array_size(groups); k++)
            values[count++] =
                json_str(value_of(json_array_get(groups, k), arena, table->axes[axis]));
    }
    table_set_axis(table, axis, values, count);
    for (size_t i = 1; i < table->lengths[axis]; i++) // the answers are let go before the table is
        values[i] = str_copy(arena, values[i]);
}

static result set_axes(struct measuring *measuring)
{
    struct report_table *table = &measuring->cube->table;
    size_t count = 1;
    for (size_t i = 0; i < table->axis_count; i++) {
        set_axis(measuring, i);
        count *= table->lengths[i];
        if (count > REPORT_CELLS_MAX)
            return FAIL(INVALID, "The table would have more than 5,000 cells with its totals: ask "
                                 "for less in `by`.");
    }
    table->cell_count = count;
    for (size_t i = 0; i < table->axis_count; i++)
        measuring->cube->strides[i] = table_stride(table, i);
    return OK;
}

// ---- adding

static result add_figure(decimal *figures, size_t cell, decimal quantity)
{
    return decimal_add(figures[cell], quantity, &figures[cell]);
}

// To a cell; of what adds up to all its totals too.
static result add_to(const struct cube *cube, decimal *figures, size_t cell, decimal quantity,
                     bool totals)
{
    const struct report_table *table = &cube->table;
    unsigned whole = totals ? 1U << table->axis_count : 1;
    for (unsigned dropped = 0; dropped < whole; dropped++) {
        size_t sum = cell;
        for (size_t axis = 0; axis < table->axis_count; axis++) {
            size_t place = cell / cube->strides[axis] % table->lengths[axis];
            sum -= (dropped >> axis & 1) != 0 ? place * cube->strides[axis] : 0;
        }
        TRY(add_figure(figures, sum, quantity));
    }
    return OK;
}

static result add_group(struct measuring *measuring, const struct reading *reading,
                        const json_t *group, decimal *figures)
{
    struct cube *cube = measuring->cube;
    str values[GROUP_BY_MAX] = {{0}};
    decimal quantity = {0};
    for (size_t i = 0; i < cube->table.axis_count; i++) {
        if ((reading->mask >> i & 1) != 0)
            values[i] = json_str(value_of(group, db_arena(measuring->tx), cube->table.axes[i]));
    }
    size_t cell = table_find(&cube->table, values);
    if (cell == SIZE_MAX) // only of a second metric, which has seen more
        return OK;
    TRY(decimal_parse(json_str(json_object_get(group, "quantity")), &quantity));
    return add_to(cube, figures, cell, quantity, adds_up(measuring->metric));
}

static result add_all(struct measuring *measuring, decimal *figures)
{
    for (size_t i = 0; i < measuring->reading_count; i++) {
        const struct reading *reading = &measuring->readings[i];
        const json_t *groups = json_object_get(reading->answer, "groups");
        if (reading->mask == 0)
            TRY(add_group(measuring, reading, reading->answer, figures));
        for (size_t k = 0; reading->mask != 0 && k < json_array_size(groups); k++)
            TRY(add_group(measuring, reading, json_array_get(groups, k), figures));
    }
    return OK;
}

// ---- persons

struct tokens {
    struct arena *arena;
    str names[TOKENS_MAX];
    size_t count;
};

static void note_tokens(void *context, const struct event_type *type)
{
    struct tokens *tokens = context;
    for (size_t i = 0; i < type->property_count && tokens->count < TOKENS_MAX; i++) {
        bool known = type->properties[i].type != PROPERTY_TOKEN;
        for (size_t k = 0; k < tokens->count; k++)
            known |= str_eq(tokens->names[k], type->properties[i].name);
        if (!known)
            tokens->names[tokens->count++] = str_copy(tokens->arena, type->properties[i].name);
    }
}

// A sum of few persons' events is as telling as their number.
static result find_few(struct measuring *measuring, int64_t threshold)
{
    struct cube *cube = measuring->cube;
    struct arena *arena = db_arena(measuring->tx);
    struct metric counting = *measuring->question->metric;
    struct tokens tokens = {.arena = arena};
    if (!str_eq(str_from(counting.aggregation->name), STR("sum")))
        return OK;
    TRY(report_types_each(measuring->tx, &counting, note_tokens, &tokens));
    counting.version = 0; // no running sum is of it
    counting.aggregation = aggregation_find(STR("count"));
    counting.weighted = false;
    counting.rounded = false;
    measuring->metric = &counting;
    for (size_t i = 0; i < tokens.count; i++) {
        decimal *events = arena_array(arena, decimal, cube->table.cell_count);
        counting.property = tokens.names[i];
        TRY(ask_all(measuring, true));
        TRY(add_all(measuring, events));
        for (size_t k = 0; k < cube->table.cell_count; k++)
            cube->told_by_few[k] |=
                events[k].units > 0 && decimal_compare(events[k], decimal_from_i64(threshold)) < 0;
    }
    measuring->metric = measuring->question->metric;
    return OK;
}

// ---- the cube

static void choose_axes(const struct report_question *question, bool all, struct cube *cube)
{
    const struct metric *metric = question->metric;
    cube->table.axis_count = all ? metric->group_by_count : question->by_count;
    for (size_t i = 0; i < cube->table.axis_count; i++)
        cube->table.axes[i] = all ? metric->group_by[i] : question->by[i];
}

static bool is_affordable(const struct report_question *question, size_t axis_count)
{
    size_t queries = adds_up(question->metric) ? 1 : (size_t)1 << axis_count;
    return queries * question->scope->customer_count <= QUERIES_MAX ||
           axis_count <= question->by_count;
}

static result fill(struct measuring *measuring, int64_t threshold)
{
    struct cube *cube = measuring->cube;
    struct arena *arena = db_arena(measuring->tx);
    size_t customers = measuring->question->scope->customer_count;
    measuring->metric = measuring->question->metric;
    measuring->moved = false;
    measuring->sizes = arena_array(arena, int64_t, customers);
    memset(measuring->sizes, -1, customers * sizeof *measuring->sizes);
    cube->adds_up = adds_up(measuring->metric);
    TRY(ask_all(measuring, cube->adds_up));
    TRY(set_axes(measuring));
    cube->figures = arena_array(arena, decimal, cube->table.cell_count);
    cube->told_by_few = arena_array(arena, bool, cube->table.cell_count);
    TRY(add_all(measuring, cube->figures));
    for (size_t i = 0; i < customers; i++) {
        const json_t *answer =
            measuring->readings[i * (measuring->reading_count / customers)].answer;
        json_t *as_of = json_deep_copy(json_object_get(answer, "as_of"));
        json_t *key = json_from_str(measuring->question->scope->customers[i].key);
        if (json_object_set_new(as_of, "customer", key) != 0 ||
            json_array_append_new(cube->as_of, as_of) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return find_few(measuring, threshold);
}

// By everything, or by what is asked for. INVALID: too many cells.
static result try_axes(struct db_tx *tx, const struct report_question *question, int64_t threshold,
                       bool all, struct cube *cube)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        OWNED(json_release) json_t *held = json_array();
        struct measuring measuring = {.tx = tx, .question = question, .cube = cube, .held = held};
        json_t *as_of = cube->as_of;
        *cube = (struct cube){.as_of = as_of};
        (void)json_array_clear(as_of);
        choose_axes(question, all, cube);
        TRY(fill(&measuring, threshold));
        if (!measuring.moved)
            return OK;
    }
    return FAIL(DB_CONFLICT, "");
}

result cube_measure(struct db_tx *tx, const struct report_question *question, int64_t threshold,
                    struct cube *cube)
{
    TRY(check_metric(question->metric));
    if (is_affordable(question, question->metric->group_by_count)) {
        result done = try_axes(tx, question, threshold, true, cube);
        if (done.code != ERR_INVALID)
            return done;
    }
    return try_axes(tx, question, threshold, false, cube);
}

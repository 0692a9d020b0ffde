// SPDX-License-Identifier: Apache-2.0
#include "given.h"

#include "relatives.h"
#include "reports.sql.h"

#include <stdlib.h>

enum {
    GIVEN_MAX = 400, // the nearest
    UNASKED_MAX = 64,
    TIMES_MAX = 12, // whose sums are looked at
    ITEMS_MAX = GIVEN_MAX + 1 + UNASKED_MAX + TIMES_MAX * TIMES_MAX,
    CELLS_MAX = 4 * REPORT_CELLS_MAX,
    STATES_MAX = 2 * 1024 * 1024,
};

// While they are read.
struct reading {
    struct crossing *crossing;
    const struct publication *last;
    int64_t threshold;
    const str *scopes; // of the customers, then of the group
    size_t own;        // the question's
    // of a row
    str scope;
    str cells;
    instant from, to;
};

result crossing_too_much(void)
{
    return FAIL(INVALID, "Too many tables of overlapping times were given out: ask for less in "
                         "`by`, or for times that do not overlap.");
}

static struct given *add(struct crossing *crossing, struct given given)
{
    struct given *added = &crossing->items[crossing->count];
    if (crossing->count < ITEMS_MAX)
        crossing->items[crossing->count++] = given;
    return added;
}

// ---- those that were given out

static size_t whose(const struct reading *reading, str scope)
{
    size_t whom = 0;
    while (whom < reading->crossing->group.customer_count && !str_eq(reading->scopes[whom], scope))
        whom++;
    return whom;
}

static result note_given(void *context)
{
    struct reading *reading = context;
    struct crossing *crossing = reading->crossing;
    struct given given = {
        .from = reading->from, .to = reading->to, .whom = whose(reading, reading->scope)};
    TRY(publication_read(crossing->arena, reading->cells, &crossing->cube->table, &given.table));
    add(crossing, given);
    return OK;
}

static void name_scopes(struct reading *reading)
{
    const struct report_scope *group = &reading->crossing->group;
    struct arena *arena = reading->crossing->arena;
    str *scopes = arena_array(arena, str, group->customer_count + 1);
    for (size_t i = 0; i < group->customer_count; i++)
        scopes[i] = publication_scope(arena, &group->customers[i], STR(""));
    scopes[group->customer_count] = STR("");
    if (group->group.len != 0)
        scopes[group->customer_count] = publication_scope(arena, NULL, group->group);
    reading->scopes = scopes;
    reading->own = whose(reading, reading->last->scope);
}

static result read_given(struct reading *reading)
{
    const struct publication *last = reading->last;
    const struct report_question *question = last->question;
    struct crossing *crossing = reading->crossing;
    TRY(relatives_group(last, &crossing->group));
    name_scopes(reading);
    if (!str_eq(reading->scopes[reading->own], last->scope)) { // archived: his group goes on alone
        crossing->group = *question->scope;
        name_scopes(reading);
    }
    return db_each(
        last->tx, &reports_list_crossing_sql,
        PARAMS(db_text_array(reading->scopes, crossing->group.customer_count + 1),
               db_text(question->metric->key), db_i64(question->metric->version),
               db_text(last->axes), db_text(last->scope), db_instant(question->from),
               db_instant(question->to), db_i64(GIVEN_MAX)),
        COLUMNS(db_into_text("scope", &reading->scope), db_into_instant("from_at", &reading->from),
                db_into_instant("to_at", &reading->to), db_into_text("cells", &reading->cells)),
        note_given, reading);
}

// Only those whose times cross the question's, or one that does, and so on.
static void keep_crossing(struct crossing *crossing, instant from, instant to)
{
    size_t kept = 0;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = kept; i < crossing->count; i++) {
            struct given one = crossing->items[i];
            if (one.from.us >= to.us || one.to.us <= from.us)
                continue;
            crossing->items[i] = crossing->items[kept];
            crossing->items[kept++] = one;
            from = one.from.us < from.us ? one.from : from;
            to = one.to.us > to.us ? one.to : to;
            more = true;
        }
    }
    crossing->count = kept;
}

// Without a table of the group its customers have nothing to do with each other.
static void keep_related(struct crossing *crossing, size_t own)
{
    size_t kept = 0;
    crossing->grouped = own == crossing->group.customer_count;
    for (size_t i = 0; i < crossing->count; i++)
        crossing->grouped |= crossing->items[i].whom == crossing->group.customer_count;
    for (size_t i = 0; i < crossing->count; i++) {
        if (crossing->grouped || crossing->items[i].whom == own)
            crossing->items[kept++] = crossing->items[i];
    }
    crossing->count = kept;
}

static int by_time(const void *left, const void *right)
{
    const instant *a = left;
    const instant *b = right;
    return a->us < b->us ? -1 : a->us > b->us ? 1 : 0;
}

static void set_points(struct crossing *crossing)
{
    size_t count = 2 * crossing->count;
    instant *points = arena_array(crossing->arena, instant, count);
    size_t kept = 1;
    for (size_t i = 0; i < crossing->count; i++) {
        points[2 * i] = crossing->items[i].from;
        points[2 * i + 1] = crossing->items[i].to;
    }
    qsort(points, count, sizeof *points, by_time);
    for (size_t i = 1; i < count; i++) {
        if (points[i].us != points[kept - 1].us)
            points[kept++] = points[i];
    }
    crossing->points = points;
    crossing->time_count = kept - 1;
}

// ---- what nobody has asked for

static const struct given *find(const struct crossing *crossing, size_t whom, size_t time)
{
    for (size_t i = 0; i < crossing->count; i++) {
        const struct given *given = &crossing->items[i];
        if (given->whom == whom && given->from.us == crossing->points[time].us &&
            given->to.us == crossing->points[time + 1].us)
            return given;
    }
    return NULL;
}

static bool is_laid_out_alike(const struct report_table *a, const struct report_table *b)
{
    bool alike = a->axis_count == b->axis_count;
    for (size_t i = 0; alike && i < a->axis_count; i++)
        alike = str_eq(a->axes[i], b->axes[i]);
    return alike;
}

static str label_unasked(decimal figure, int64_t threshold)
{
    bool small = decimal_compare(figure, decimal_from_i64(threshold)) < 0;
    return figure.units == 0 ? STR("0") : small ? STR("<") : STR("");
}

// Nothing is told to whoever asks, so that nobody can hide behind it; little is to be told to
// nobody.
static result measure(struct reading *reading, const struct report_scope *scope, size_t whom,
                      size_t time)
{
    struct crossing *crossing = reading->crossing;
    OWNED(json_release) json_t *as_of = json_array();
    struct report_question question = *reading->last->question;
    struct cube cube = {.as_of = as_of};
    question.scope = scope;
    question.from = crossing->points[time];
    question.to = crossing->points[time + 1];
    result measured = cube_measure(reading->last->tx, &question, reading->threshold, &cube);
    if (failed(measured))
        return measured.code == ERR_INVALID ? OK : measured;
    if (!is_laid_out_alike(&cube.table, &crossing->cube->table))
        return OK;
    str *labels = arena_array(crossing->arena, str, cube.table.cell_count);
    for (size_t i = 0; i < cube.table.cell_count; i++)
        labels[i] = label_unasked(cube.figures[i], reading->threshold);
    cube.table.labels = labels;
    add(crossing, (struct given){
                      .from = question.from, .to = question.to, .whom = whom, .table = cube.table});
    return OK;
}

static result add_unasked(struct reading *reading)
{
    struct crossing *crossing = reading->crossing;
    size_t customers = crossing->group.customer_count;
    size_t left = UNASKED_MAX;
    for (size_t whom = 0; crossing->cube->adds_up && whom <= customers; whom++) {
        struct report_scope scope = crossing->group;
        if (whom < customers)
            scope = (struct report_scope){.group = STR(""),
                                          .customers = &crossing->group.customers[whom],
                                          .customer_count = 1};
        if (whom != reading->own && (!crossing->grouped || whom == customers))
            continue;
        for (size_t time = 0; time < crossing->time_count && left > 0; time++) {
            if (find(crossing, whom, time) != NULL)
                continue;
            left--;
            TRY(measure(reading, &scope, whom, time));
        }
    }
    return OK;
}

// ---- side by side

static void merge_axis(struct crossing *crossing, size_t axis)
{
    size_t count = 1;
    for (size_t i = 0; i < crossing->count; i++)
        count += crossing->items[i].table.lengths[axis] - 1;
    str *values = arena_array(crossing->arena, str, count);
    count = 1;
    for (size_t i = 0; i < crossing->count; i++) {
        const struct report_table *table = &crossing->items[i].table;
        for (size_t k = 1; k < table->lengths[axis]; k++)
            values[count++] = table->values[axis][k];
    }
    table_set_axis(&crossing->all, axis, values, count);
}

static enum given_state state_of(str label)
{
    return label.len == 0                               ? GIVEN_UNKNOWN
           : label.ptr[0] == '*' || label.ptr[0] == '<' ? GIVEN_WITHHELD
                                                        : GIVEN_SHOWN;
}

static result set_states(struct crossing *crossing)
{
    struct report_table *all = &crossing->all;
    all->axis_count = crossing->cube->table.axis_count;
    all->cell_count = 1;
    for (size_t i = 0; i < all->axis_count; i++) {
        merge_axis(crossing, i);
        all->cell_count *= all->lengths[i];
        if (all->cell_count > CELLS_MAX)
            return crossing_too_much();
    }
    if (crossing->count > STATES_MAX / all->cell_count)
        return crossing_too_much();
    for (size_t i = 0; i < crossing->count; i++) {
        struct given *given = &crossing->items[i];
        given->states = arena_array(crossing->arena, enum given_state, all->cell_count);
        for (size_t k = 0; k < all->cell_count; k++)
            given->states[k] = state_of(report_label(&given->table, all, k));
    }
    return OK;
}

// Whether nobody is to be told what the cell comes to in all of these times: little in each.
static bool is_little(const struct crossing *crossing, const struct given *const *parts,
                      size_t count, size_t cell)
{
    size_t little = 0;
    for (size_t i = 0; i < count; i++) {
        str label = report_label(&parts[i]->table, &crossing->all, cell);
        if (str_starts_with(label, STR("<")))
            little++;
        else if (!str_eq(label, STR("0")))
            return false;
    }
    return little > 1;
}

static void add_sum(struct crossing *crossing, const struct given *const *parts, size_t count)
{
    struct given sum = {
        .from = parts[0]->from, .to = parts[count - 1]->to, .whom = parts[0]->whom, .is_sum = true};
    bool any = false;
    sum.states = arena_array(crossing->arena, enum given_state, crossing->all.cell_count);
    for (size_t cell = 0; cell < crossing->all.cell_count; cell++) {
        bool little = is_little(crossing, parts, count, cell);
        sum.states[cell] = little ? GIVEN_WITHHELD : GIVEN_UNKNOWN;
        any |= little;
    }
    if (any)
        add(crossing, sum);
}

// Several times in each of which somebody has little, together.
static void add_sums(struct crossing *crossing)
{
    size_t times = crossing->time_count;
    const struct given *parts[TIMES_MAX];
    for (size_t whom = 0; times <= TIMES_MAX && whom <= crossing->group.customer_count; whom++) {
        for (size_t i = 0; i < times; i++) {
            parts[i] = find(crossing, whom, i);
            parts[i] = parts[i] == crossing->new ? NULL : parts[i];
        }
        for (size_t i = 0; i < times; i++) {
            for (size_t k = i; k < times && parts[k] != NULL; k++) {
                if (k > i)
                    add_sum(crossing, parts + i, k - i + 1);
            }
        }
    }
}

// The new table, of which nothing is withheld yet.
static void add_new(struct reading *reading)
{
    struct crossing *crossing = reading->crossing;
    const struct report_question *question = reading->last->question;
    struct report_table table = crossing->cube->table;
    str *labels = arena_array(crossing->arena, str, table.cell_count);
    for (size_t i = 0; i < table.cell_count; i++)
        labels[i] = STR("0");
    table.labels = labels;
    crossing->new =
        add(crossing, (struct given){question->from, question->to, reading->own, .table = table});
}

// Whether the version before says nothing else of what it shows. One that does is of other events.
static bool is_unchanged(const struct publication *last, const struct cube *cube)
{
    struct arena *arena = db_arena(last->tx);
    bool unchanged = last->version != 0;
    for (size_t i = 0; unchanged && i < cube->table.cell_count; i++) {
        str label = report_label(&last->table, &cube->table, i);
        unchanged = state_of(label) == GIVEN_WITHHELD ||
                    str_eq(label, decimal_print(arena, cube->figures[i]));
    }
    return unchanged;
}

// The table itself, where it was given out before: it is asked for again, and stays as it was.
static void add_before(struct reading *reading)
{
    const struct publication *last = reading->last;
    if (is_unchanged(last, reading->crossing->cube))
        add(reading->crossing, (struct given){.from = last->question->from,
                                              .to = last->question->to,
                                              .whom = reading->own,
                                              .table = last->table});
}

result crossing_read(const struct publication *last, const struct cube *cube, int64_t threshold,
                     struct crossing *crossing)
{
    struct reading reading = {.crossing = crossing, .last = last, .threshold = threshold};
    *crossing = (struct crossing){.arena = db_arena(last->tx), .cube = cube};
    crossing->items = arena_array(crossing->arena, struct given, ITEMS_MAX);
    TRY(read_given(&reading));
    keep_crossing(crossing, last->question->from, last->question->to);
    keep_related(crossing, reading.own);
    if (crossing->count == 0)
        return OK;
    add_before(&reading);
    add_new(&reading);
    set_points(crossing);
    TRY(add_unasked(&reading));
    TRY(set_states(crossing));
    add_sums(crossing);
    return OK;
}

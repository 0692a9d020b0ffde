// SPDX-License-Identifier: Apache-2.0
#include "joint.h"

#include "relatives.h"
#include "reports.sql.h"
#include "span.h"
#include "windows.h"

#include <stdlib.h>
#include <string.h>

enum {
    UNASKED_MAX = 64,
    TIMES_MAX = 12, // whose sums are looked at
    TABLES_MAX = 2 * WINDOWS_MAX + 1 + UNASKED_MAX + TIMES_MAX * TIMES_MAX,
    CELLS_MAX = 4 * REPORT_CELLS_MAX,
    STATES_MAX = 2 * 1024 * 1024,
    LOOKS_MAX = 400 * 1000 * 1000, // entries of rows
};

static const size_t nobody = SIZE_MAX;

// A cell of a table, to whoever reads it.
enum state { SHOWN, WITHHELD, UNKNOWN };

struct given {
    instant from, to;
    size_t whom; // of the customers; beyond them the group
    struct report_table table;
    bool is_sum;        // of several of its customer's, only of what is little in each
    enum state *states; // of the cells of `all`
};

struct joint {
    struct arena *arena;
    struct report_scope group;
    const str *scopes; // of the customers, then of the group
    struct given *given;
    size_t given_count;
    bool grouped; // the group's table is among them
    instant *points;
    size_t point_count;
    size_t *atoms; // of a customer; those without a table of their own have the first one together
    size_t atom_count;
    size_t first_atom;       // 1 where there is nobody of those
    const struct cube *cube; // the new table
    struct given *new;
    struct report_table all; // with the values of all tables
    size_t *leaves;          // cells without a total that somebody does not know
    size_t leaf_count;
    struct span *span;
    uint64_t *row;
    // of a row that is read
    str scope;
    str cells;
    instant from, to;
};

// ---- the tables

static void give(struct joint *joint, instant from, instant to, size_t whom,
                 const struct report_table *table)
{
    if (joint->given_count < TABLES_MAX)
        joint->given[joint->given_count++] =
            (struct given){.from = from, .to = to, .whom = whom, .table = *table};
}

static size_t whose(const struct joint *joint, str scope)
{
    for (size_t i = 0; i <= joint->group.customer_count; i++) {
        if (str_eq(joint->scopes[i], scope))
            return i;
    }
    return nobody;
}

static result note_given(void *context)
{
    struct joint *joint = context;
    struct report_table table = {0};
    TRY(publication_read(joint->arena, joint->cells, &joint->cube->table, &table));
    give(joint, joint->from, joint->to, whose(joint, joint->scope), &table);
    return OK;
}

static void name_scopes(struct joint *joint)
{
    size_t count = joint->group.customer_count;
    str *scopes = arena_array(joint->arena, str, count + 1);
    for (size_t i = 0; i < count; i++)
        scopes[i] = publication_scope(joint->arena, &joint->group.customers[i], STR(""));
    if (joint->group.group.len != 0)
        scopes[count] = publication_scope(joint->arena, NULL, joint->group.group);
    joint->scopes = scopes;
}

static result find_given(const struct publication *last, struct joint *joint)
{
    const struct report_question *question = last->question;
    const struct windows *windows = last->windows;
    size_t own = whose(joint, last->scope);
    size_t count = 0;
    str *others = arena_array(joint->arena, str, joint->group.customer_count + 1);
    for (size_t i = 0; i < windows->count; i++)
        give(joint, windows->points[windows->from[i]], windows->points[windows->to[i]], own,
             &windows->tables[i]);
    for (size_t i = 0; joint->group.group.len != 0 && i <= joint->group.customer_count; i++) {
        if (i != own)
            others[count++] = joint->scopes[i];
    }
    if (count == 0)
        return OK;
    return db_each(
        last->tx, &reports_list_crossing_sql,
        PARAMS(db_text_array(others, count), db_text(question->metric->key),
               db_i64(question->metric->version), db_text(last->axes), db_instant(question->from),
               db_instant(question->to), db_i64(WINDOWS_MAX)),
        COLUMNS(db_into_text("scope", &joint->scope), db_into_instant("from_at", &joint->from),
                db_into_instant("to_at", &joint->to), db_into_text("cells", &joint->cells)),
        note_given, joint);
}

// Only those whose times cross the question's, or one that does, and so on.
static void keep_crossing(struct joint *joint, instant from, instant to)
{
    size_t kept = 0;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = kept; i < joint->given_count; i++) {
            struct given one = joint->given[i];
            if (one.from.us >= to.us || one.to.us <= from.us)
                continue;
            joint->given[i] = joint->given[kept];
            joint->given[kept++] = one;
            from = one.from.us < from.us ? one.from : from;
            to = one.to.us > to.us ? one.to : to;
            more = true;
        }
    }
    joint->given_count = kept;
}

// Without a table of the group its customers have nothing to do with each other.
static void keep_related(struct joint *joint, size_t own)
{
    size_t kept = 0;
    bool grouped = own == joint->group.customer_count;
    for (size_t i = 0; i < joint->given_count; i++)
        grouped |= joint->given[i].whom == joint->group.customer_count;
    for (size_t i = 0; i < joint->given_count; i++) {
        if (grouped || joint->given[i].whom == own)
            joint->given[kept++] = joint->given[i];
    }
    joint->given_count = kept;
    joint->grouped = grouped;
}

// ---- the unknowns

static int by_time(const void *left, const void *right)
{
    const instant *a = left;
    const instant *b = right;
    return a->us < b->us ? -1 : a->us > b->us ? 1 : 0;
}

static void set_points(struct joint *joint)
{
    size_t count = 2 * joint->given_count;
    instant *points = arena_array(joint->arena, instant, count);
    for (size_t i = 0; i < joint->given_count; i++) {
        points[2 * i] = joint->given[i].from;
        points[2 * i + 1] = joint->given[i].to;
    }
    qsort(points, count, sizeof *points, by_time);
    joint->points = points;
    joint->point_count = 1;
    for (size_t i = 1; i < count; i++) {
        if (points[i].us != points[joint->point_count - 1].us)
            points[joint->point_count++] = points[i];
    }
}

static bool is_given(const struct joint *joint, size_t whom, instant from, instant to)
{
    bool given = false;
    for (size_t i = 0; i < joint->given_count; i++)
        given |= joint->given[i].whom == whom && joint->given[i].from.us == from.us &&
                 joint->given[i].to.us == to.us;
    return given;
}

// Where a customer of the group has nothing, anybody who asks is told so: nobody can hide behind
// him. Where he has little, nobody is to be told.
static result give_unasked(const struct publication *last, int64_t threshold, struct joint *joint)
{
    size_t left = UNASKED_MAX;
    for (size_t i = 0; joint->grouped && i < joint->group.customer_count; i++) {
        const struct report_scope scope = {
            .group = STR(""), .customers = &joint->group.customers[i], .customer_count = 1};
        struct report_question question = *last->question;
        question.scope = &scope;
        for (size_t k = 1; k < joint->point_count && left > 0; k++) {
            struct report_table table = {0};
            question.from = joint->points[k - 1];
            question.to = joint->points[k];
            if (is_given(joint, i, question.from, question.to))
                continue;
            left--;
            TRY(publication_unasked(last, &question, threshold, &table));
            if (table.cell_count != 0)
                give(joint, question.from, question.to, i, &table);
        }
    }
    return OK;
}

static void set_atoms(struct joint *joint)
{
    size_t customers = joint->group.customer_count;
    joint->atoms = arena_array(joint->arena, size_t, customers);
    joint->atom_count = 1;
    for (size_t i = 0; i < joint->given_count; i++) {
        size_t whom = joint->given[i].whom;
        if (whom < customers && joint->atoms[whom] == 0)
            joint->atoms[whom] = joint->atom_count++;
    }
    joint->first_atom = joint->atom_count > customers ? 1 : 0;
}

static int by_text(const void *left, const void *right)
{
    return str_compare(*(const str *)left, *(const str *)right);
}

static void merge_axis(struct joint *joint, size_t axis)
{
    size_t room = 1;
    size_t count = 1;
    for (size_t i = 0; i < joint->given_count; i++)
        room += joint->given[i].table.lengths[axis] - 1;
    str *values = arena_array(joint->arena, str, room);
    for (size_t i = 0; i < joint->given_count; i++) {
        const struct report_table *table = &joint->given[i].table;
        for (size_t k = 1; k < table->lengths[axis]; k++)
            values[count++] = table->values[axis][k];
    }
    qsort(values + 1, count - 1, sizeof *values, by_text);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (kept == 1 || !str_eq(values[kept - 1], values[i]))
            values[kept++] = values[i];
    }
    joint->all.values[axis] = values;
    joint->all.lengths[axis] = kept;
}

static result too_much(void)
{
    return FAIL(INVALID, "Too many tables of overlapping times were given out: ask for less in "
                         "`by`, or for times that do not overlap.");
}

static enum state state_of(str label)
{
    return label.len == 0 ? UNKNOWN : label.ptr[0] == '*' || label.ptr[0] == '<' ? WITHHELD : SHOWN;
}

static result set_states(struct joint *joint)
{
    joint->all.cell_count = 1;
    for (size_t i = 0; i < joint->all.axis_count; i++) {
        merge_axis(joint, i);
        joint->all.cell_count *= joint->all.lengths[i];
        if (joint->all.cell_count > CELLS_MAX)
            return too_much();
    }
    if (joint->given_count > STATES_MAX / joint->all.cell_count)
        return too_much();
    for (size_t i = 0; i < joint->given_count; i++) {
        struct given *given = &joint->given[i];
        given->states = arena_array(joint->arena, enum state, joint->all.cell_count);
        for (size_t k = 0; k < joint->all.cell_count; k++)
            given->states[k] = state_of(report_label(&given->table, &joint->all, k));
    }
    return OK;
}

static const struct given *find(const struct joint *joint, size_t whom, size_t time)
{
    for (size_t i = 0; i < joint->given_count; i++) {
        const struct given *given = &joint->given[i];
        if (given != joint->new && given->whom == whom &&
            given->from.us == joint->points[time].us && given->to.us == joint->points[time + 1].us)
            return given;
    }
    return NULL;
}

// Whether nobody is to be told what the cell comes to in all of these times: little in each of
// them.
static bool is_little(const struct joint *joint, const struct given *const *parts, size_t count,
                      size_t cell)
{
    size_t little = 0;
    for (size_t i = 0; i < count; i++) {
        str label = report_label(&parts[i]->table, &joint->all, cell);
        if (str_starts_with(label, STR("<")))
            little++;
        else if (!str_eq(label, STR("0")))
            return false;
    }
    return little > 1;
}

static void give_little(struct joint *joint, const struct given *const *parts, size_t count)
{
    struct given sum = {
        .from = parts[0]->from, .to = parts[count - 1]->to, .whom = parts[0]->whom, .is_sum = true};
    bool any = false;
    sum.states = arena_array(joint->arena, enum state, joint->all.cell_count);
    for (size_t cell = 0; cell < joint->all.cell_count; cell++) {
        bool little = is_little(joint, parts, count, cell);
        sum.states[cell] = little ? WITHHELD : UNKNOWN;
        any |= little;
    }
    if (any && joint->given_count < TABLES_MAX)
        joint->given[joint->given_count++] = sum;
}

// Several times in each of which somebody has little, together.
static void give_sums(struct joint *joint)
{
    const struct given **parts =
        arena_array(joint->arena, const struct given *, joint->point_count);
    size_t times = joint->point_count - 1;
    for (size_t whom = 0; times <= TIMES_MAX && whom <= joint->group.customer_count; whom++) {
        for (size_t i = 0; i < times; i++)
            parts[i] = find(joint, whom, i);
        for (size_t i = 0; i < times; i++) {
            for (size_t k = i; k < times && parts[k] != NULL; k++) {
                if (k > i)
                    give_little(joint, parts + i, k - i + 1);
            }
        }
    }
}

static size_t place_of(const struct report_table *table, size_t cell, size_t axis)
{
    return cell / table_stride(table, axis) % table->lengths[axis];
}

static size_t count_totals(const struct report_table *table, size_t cell)
{
    size_t totals = 0;
    for (size_t axis = 0; axis < table->axis_count; axis++)
        totals += place_of(table, cell, axis) == 0;
    return totals;
}

// What every table shows needs no unknown.
static void set_leaves(struct joint *joint)
{
    joint->leaves = arena_array(joint->arena, size_t, joint->all.cell_count);
    joint->leaf_count = 0;
    for (size_t cell = 0; cell < joint->all.cell_count; cell++) {
        bool open = false;
        for (size_t i = 0; i < joint->given_count; i++)
            open |= !joint->given[i].is_sum && joint->given[i].states[cell] != SHOWN;
        if (open && count_totals(&joint->all, cell) == 0)
            joint->leaves[joint->leaf_count++] = cell;
    }
}

static bool holds(const struct report_table *table, size_t cell, size_t leaf)
{
    bool holds = true;
    for (size_t axis = 0; axis < table->axis_count; axis++) {
        size_t place = place_of(table, cell, axis);
        holds &= place == 0 || place == place_of(table, leaf, axis);
    }
    return holds;
}

static bool is_of(const struct joint *joint, const struct given *given, size_t atom)
{
    return given->whom >= joint->group.customer_count || joint->atoms[given->whom] == atom;
}

// The figure as a sum of unknowns; false where it is none of any.
static bool set_row(struct joint *joint, const struct given *given, size_t cell)
{
    size_t at = 0;
    bool any = false;
    for (size_t i = 0; i < joint->leaf_count; i++) {
        bool held = holds(&joint->all, cell, joint->leaves[i]);
        for (size_t atom = joint->first_atom; atom < joint->atom_count; atom++) {
            bool here = held && is_of(joint, given, atom);
            for (size_t k = 1; k < joint->point_count; k++) {
                bool then = joint->points[k - 1].us >= given->from.us &&
                            joint->points[k].us <= given->to.us;
                joint->row[at++] = here && then;
                any |= here && then;
            }
        }
    }
    return any;
}

// ---- guarding

static size_t translate(const struct report_table *from, size_t cell, const struct report_table *to)
{
    str values[GROUP_BY_MAX] = {{0}};
    for (size_t axis = 0; axis < from->axis_count; axis++) {
        size_t place = place_of(from, cell, axis);
        if (place != 0)
            values[axis] = from->values[axis][place];
    }
    return table_find(to, values);
}

// The cell of `all` that a cell of the new table is.
static size_t cell_of(const struct joint *joint, size_t cell)
{
    return translate(&joint->cube->table, cell, &joint->all);
}

static result open_span(struct joint *joint)
{
    size_t cells = joint->given_count * joint->all.cell_count;
    size_t parts = (joint->atom_count - joint->first_atom) * (joint->point_count - 1);
    if (joint->leaf_count > LOOKS_MAX / cells / parts)
        return too_much();
    joint->row = arena_array(joint->arena, uint64_t, joint->leaf_count * parts);
    joint->span = span_open(joint->arena, joint->leaf_count * parts);
    return OK;
}

static void take_all(struct joint *joint, const struct given *given, enum state state,
                     void (*take)(struct span *span, const uint64_t *row))
{
    for (size_t cell = 0; cell < joint->all.cell_count; cell++) {
        if (given->states[cell] == state && set_row(joint, given, cell))
            take(joint->span, joint->row);
    }
}

// Nothing is never withheld, be it a zero or a place that the new table does not have.
static void know_zeros(struct joint *joint)
{
    const struct cube *cube = joint->cube;
    for (size_t cell = 0; cell < joint->all.cell_count; cell++) {
        size_t own = translate(&joint->all, cell, &cube->table);
        bool nothing = own == SIZE_MAX || cube->figures[own].units == 0;
        if (nothing && set_row(joint, joint->new, cell))
            span_know(joint->span, joint->row);
    }
}

// What the others tell, and what they must not.
static result weigh_others(struct joint *joint)
{
    set_leaves(joint);
    if (joint->leaf_count == 0)
        return OK;
    TRY(open_span(joint));
    for (size_t i = 0; i < joint->given_count; i++) {
        if (&joint->given[i] != joint->new)
            take_all(joint, &joint->given[i], SHOWN, span_know);
    }
    know_zeros(joint);
    for (size_t i = 0; i < joint->given_count; i++)
        take_all(joint, &joint->given[i], WITHHELD, span_protect);
    return span_is_too_much(joint->span) ? too_much() : OK;
}

// Whether a figure that all others show follows from them.
static bool follows_from_all(const struct joint *joint)
{
    size_t times = joint->point_count - 1;
    struct span *span = span_open(joint->arena, times * joint->atom_count);
    uint64_t *row = arena_array(joint->arena, uint64_t, times * joint->atom_count);
    bool follows = false;
    for (size_t i = 0; i <= joint->given_count; i++) {
        bool last = i == joint->given_count;
        const struct given *given = last ? joint->new : &joint->given[i];
        if (!last && (given == joint->new || given->is_sum))
            continue;
        for (size_t at = 0; at < times * joint->atom_count; at++) {
            size_t atom = at / times;
            row[at] = atom >= joint->first_atom && is_of(joint, given, atom) &&
                      joint->points[at % times].us >= given->from.us &&
                      joint->points[at % times + 1].us <= given->to.us;
        }
        if (last)
            follows = span_follows(span, row);
        else
            span_know(span, row);
    }
    return follows;
}

// Whether all that the cell holds are unknowns.
static bool holds_open_alone(const struct joint *joint, size_t cell)
{
    size_t held = 1;
    size_t open = 0;
    for (size_t axis = 0; axis < joint->all.axis_count; axis++)
        held *= place_of(&joint->all, cell, axis) == 0 ? joint->all.lengths[axis] - 1 : 1;
    for (size_t i = 0; i < joint->leaf_count; i++)
        open += holds(&joint->all, cell, joint->leaves[i]);
    return open == held;
}

result joint_mark(struct joint *joint, struct beside *beside)
{
    TRY(weigh_others(joint));
    bool all = follows_from_all(joint);
    for (size_t i = 0; i < joint->cube->table.cell_count; i++) {
        size_t cell = cell_of(joint, i);
        bool any = joint->leaf_count != 0 && set_row(joint, joint->new, cell);
        if (!all && !holds_open_alone(joint, cell))
            continue;
        beside[i].known |= !any || span_follows(joint->span, joint->row);
        beside[i].telling |= any && span_tells(joint->span, joint->row);
    }
    return OK;
}

// The totals first: they are what a reader is left with.
static void show_new(struct joint *joint)
{
    enum state *states = joint->new->states;
    for (size_t totals = joint->all.axis_count + 1; totals-- > 0;) {
        for (size_t cell = 0; cell < joint->all.cell_count; cell++) {
            if (states[cell] != SHOWN || count_totals(&joint->all, cell) != totals ||
                !set_row(joint, joint->new, cell))
                continue;
            if (span_tells(joint->span, joint->row)) {
                states[cell] = WITHHELD;
                span_protect(joint->span, joint->row);
            } else {
                span_know(joint->span, joint->row);
            }
        }
    }
}

result joint_guard(struct joint *joint, struct suppress_table *table)
{
    size_t count = joint->cube->table.cell_count;
    for (size_t i = 0; i < count; i++)
        joint->new->states[cell_of(joint, i)] = table->cells[i].withheld ? WITHHELD : SHOWN;
    TRY(weigh_others(joint));
    if (joint->leaf_count == 0)
        return OK;
    show_new(joint);
    for (size_t i = 0; i < count; i++)
        table->cells[i].withheld |= joint->new->states[cell_of(joint, i)] == WITHHELD;
    return span_is_too_much(joint->span) ? too_much() : OK;
}

// The new table, of which nothing is withheld yet.
static void give_new(const struct publication *last, struct joint *joint)
{
    struct report_table new = joint->cube->table;
    str *labels = arena_array(joint->arena, str, new.cell_count);
    for (size_t i = 0; i < new.cell_count; i++)
        labels[i] = STR("0");
    new.labels = labels;
    joint->new = &joint->given[joint->given_count];
    give(joint, last->question->from, last->question->to, whose(joint, last->scope), &new);
}

result joint_open(const struct publication *last, const struct cube *cube, int64_t threshold,
                  struct joint **joint)
{
    struct arena *arena = db_arena(last->tx);
    struct joint *made = arena_new(arena, struct joint);
    *made = (struct joint){.arena = arena,
                           .given = arena_array(arena, struct given, TABLES_MAX),
                           .cube = cube,
                           .all = {.axis_count = cube->table.axis_count}};
    if (!cube->adds_up)
        return OK;
    TRY(relatives_group(last, &made->group));
    name_scopes(made);
    if (whose(made, last->scope) == nobody) { // archived, the group goes on without him
        made->group = *last->question->scope;
        name_scopes(made);
    }
    TRY(find_given(last, made));
    keep_crossing(made, last->question->from, last->question->to);
    keep_related(made, whose(made, last->scope));
    if (made->given_count == 0)
        return OK;
    give_new(last, made);
    set_points(made);
    TRY(give_unasked(last, threshold, made));
    set_atoms(made);
    TRY(set_states(made));
    give_sums(made);
    *joint = made;
    return OK;
}

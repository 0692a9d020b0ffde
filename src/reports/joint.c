// SPDX-License-Identifier: Apache-2.0
#include "joint.h"

#include "span.h"

enum { LOOKS_MAX = 400 * 1000 * 1000 }; // entries of rows

struct joint {
    struct crossing *crossing;
    size_t *atoms; // of a customer; those without a table of their own have the first one together
    size_t atom_count;
    size_t first_atom; // 1 where there is nobody of those
    size_t *leaves;    // the cells that are unknowns
    size_t leaf_count;
    struct span *span;
    uint64_t *row;
};

// ---- the unknowns

struct joint *joint_new(struct crossing *crossing)
{
    struct joint *joint = arena_new(crossing->arena, struct joint);
    size_t customers = crossing->group.customer_count;
    *joint = (struct joint){.crossing = crossing, .atom_count = 1};
    joint->atoms = arena_array(crossing->arena, size_t, customers);
    joint->leaves = arena_array(crossing->arena, size_t, crossing->all.cell_count);
    for (size_t i = 0; i < crossing->count; i++) {
        size_t whom = crossing->items[i].whom;
        if (whom < customers && joint->atoms[whom] == 0)
            joint->atoms[whom] = joint->atom_count++;
    }
    joint->first_atom = joint->atom_count > customers ? 1 : 0;
    return joint;
}

static size_t count_totals(const struct report_table *table, size_t cell)
{
    size_t totals = 0;
    for (size_t axis = 0; axis < table->axis_count; axis++)
        totals += table_place(table, cell, axis) == 0;
    return totals;
}

// What every table shows needs no unknown.
static void set_leaves(struct joint *joint)
{
    const struct crossing *crossing = joint->crossing;
    joint->leaf_count = 0;
    for (size_t cell = 0; cell < crossing->all.cell_count; cell++) {
        bool open = false;
        for (size_t i = 0; i < crossing->count; i++)
            open |= !crossing->items[i].is_sum && crossing->items[i].states[cell] != GIVEN_SHOWN;
        if (open && (!crossing->cube->adds_up || count_totals(&crossing->all, cell) == 0))
            joint->leaves[joint->leaf_count++] = cell;
    }
}

static bool holds(const struct crossing *crossing, size_t cell, size_t leaf)
{
    const struct report_table *table = &crossing->all;
    bool holds = true;
    if (!crossing->cube->adds_up)
        return cell == leaf;
    for (size_t axis = 0; axis < table->axis_count; axis++) {
        size_t place = table_place(table, cell, axis);
        holds &= place == 0 || place == table_place(table, leaf, axis);
    }
    return holds;
}

// Of whom and of which times a table is: a row's entries for one leaf.
static void set_parts(const struct joint *joint, const struct given *given, uint64_t *entries)
{
    const struct crossing *crossing = joint->crossing;
    for (size_t atom = joint->first_atom; atom < joint->atom_count; atom++) {
        bool is_of =
            given->whom == crossing->group.customer_count || joint->atoms[given->whom] == atom;
        for (size_t i = 0; i < crossing->time_count; i++)
            *entries++ = is_of && crossing->points[i].us >= given->from.us &&
                         crossing->points[i + 1].us <= given->to.us;
    }
}

static size_t part_count(const struct joint *joint)
{
    return (joint->atom_count - joint->first_atom) * joint->crossing->time_count;
}

// The figure as a sum of unknowns; false where it is none of any.
static bool set_row(struct joint *joint, const struct given *given, size_t cell)
{
    size_t parts = part_count(joint);
    bool any = false;
    for (size_t i = 0; i < joint->leaf_count; i++) {
        uint64_t *entries = joint->row + i * parts;
        bool held = holds(joint->crossing, cell, joint->leaves[i]);
        any |= held;
        if (held)
            set_parts(joint, given, entries);
        for (size_t k = 0; !held && k < parts; k++)
            entries[k] = 0;
    }
    return any;
}

// ---- what is told, and what must not be

static result open_span(struct joint *joint)
{
    const struct crossing *crossing = joint->crossing;
    size_t cells = crossing->count * crossing->all.cell_count;
    size_t width = joint->leaf_count * part_count(joint);
    if (width > LOOKS_MAX / cells)
        return crossing_too_much();
    joint->row = arena_array(crossing->arena, uint64_t, width);
    joint->span = span_open(crossing->arena, width);
    return OK;
}

static void take_all(struct joint *joint, const struct given *given, enum given_state state,
                     void (*take)(struct span *span, const uint64_t *row))
{
    for (size_t cell = 0; cell < joint->crossing->all.cell_count; cell++) {
        if (given->states[cell] == state && set_row(joint, given, cell))
            take(joint->span, joint->row);
    }
}

// Nothing is never withheld, be it a zero or a place that the new table does not have.
static void know_zeros(struct joint *joint)
{
    const struct crossing *crossing = joint->crossing;
    const struct cube *cube = crossing->cube;
    for (size_t cell = 0; cell < crossing->all.cell_count; cell++) {
        size_t own = table_translate(&crossing->all, cell, &cube->table);
        bool nothing = own == SIZE_MAX || cube->figures[own].units == 0;
        if (nothing && set_row(joint, crossing->new, cell))
            span_know(joint->span, joint->row);
    }
}

static result weigh_others(struct joint *joint)
{
    const struct crossing *crossing = joint->crossing;
    set_leaves(joint);
    if (joint->leaf_count == 0)
        return OK;
    TRY(open_span(joint));
    for (size_t i = 0; i < crossing->count; i++) {
        if (&crossing->items[i] != crossing->new)
            take_all(joint, &crossing->items[i], GIVEN_SHOWN, span_know);
    }
    know_zeros(joint);
    for (size_t i = 0; i < crossing->count; i++)
        take_all(joint, &crossing->items[i], GIVEN_WITHHELD, span_protect);
    return span_is_too_much(joint->span) ? crossing_too_much() : OK;
}

// ---- before

// Whether a figure that all others show follows from them.
static bool follows_from_all(const struct joint *joint)
{
    const struct crossing *crossing = joint->crossing;
    size_t parts = part_count(joint);
    struct span *span = span_open(crossing->arena, parts);
    uint64_t *row = arena_array(crossing->arena, uint64_t, parts);
    for (size_t i = 0; i < crossing->count; i++) {
        const struct given *given = &crossing->items[i];
        if (given == crossing->new || given->is_sum)
            continue;
        set_parts(joint, given, row);
        span_know(span, row);
    }
    set_parts(joint, crossing->new, row);
    return span_follows(span, row);
}

// Whether all that the cell holds are unknowns.
static bool holds_leaves_alone(const struct joint *joint, size_t cell)
{
    const struct report_table *all = &joint->crossing->all;
    size_t held = 1;
    size_t open = 0;
    for (size_t axis = 0; joint->crossing->cube->adds_up && axis < all->axis_count; axis++)
        held *= table_place(all, cell, axis) == 0 ? all->lengths[axis] - 1 : 1;
    for (size_t i = 0; i < joint->leaf_count; i++)
        open += holds(joint->crossing, cell, joint->leaves[i]);
    return open == held;
}

static size_t cell_of(const struct joint *joint, size_t cell)
{
    return table_translate(&joint->crossing->cube->table, cell, &joint->crossing->all);
}

result joint_mark(struct joint *joint, struct suppress_table *table)
{
    const struct crossing *crossing = joint->crossing;
    TRY(weigh_others(joint));
    bool all = follows_from_all(joint);
    for (size_t i = 0; i < crossing->cube->table.cell_count; i++) {
        size_t cell = cell_of(joint, i);
        if (!all && !holds_leaves_alone(joint, cell))
            continue;
        bool any = joint->leaf_count != 0 && set_row(joint, crossing->new, cell);
        bool follows = !any || span_follows(joint->span, joint->row);
        struct suppress_cell *marked = &table->cells[i];
        marked->known = follows && crossing->cube->adds_up; // of persons, times do not
        marked->small |= !follows && span_tells(joint->span, joint->row);
        marked->small &= !marked->known;
    }
    return OK;
}

// ---- afterwards

// The totals first: they are what a reader is left with.
static void show_new(struct joint *joint)
{
    const struct crossing *crossing = joint->crossing;
    enum given_state *states = crossing->new->states;
    for (size_t totals = crossing->all.axis_count + 1; totals-- > 0;) {
        for (size_t cell = 0; cell < crossing->all.cell_count; cell++) {
            if (states[cell] != GIVEN_SHOWN || count_totals(&crossing->all, cell) != totals ||
                !set_row(joint, crossing->new, cell))
                continue;
            if (span_tells(joint->span, joint->row)) {
                states[cell] = GIVEN_WITHHELD;
                span_protect(joint->span, joint->row);
            } else {
                span_know(joint->span, joint->row);
            }
        }
    }
}

result joint_guard(struct joint *joint, struct suppress_table *table)
{
    const struct crossing *crossing = joint->crossing;
    enum given_state *states = crossing->new->states;
    size_t count = crossing->cube->table.cell_count;
    for (size_t i = 0; i < count; i++)
        states[cell_of(joint, i)] = table->cells[i].withheld ? GIVEN_WITHHELD : GIVEN_SHOWN;
    TRY(weigh_others(joint));
    if (joint->leaf_count == 0)
        return OK;
    show_new(joint);
    for (size_t i = 0; i < count; i++)
        table->cells[i].withheld |= states[cell_of(joint, i)] == GIVEN_WITHHELD;
    return span_is_too_much(joint->span) ? crossing_too_much() : OK;
}

// SPDX-License-Identifier: Apache-2.0
// suppress.c - withholds the smallest cell beside one that can be computed, until none can.
#include "phial/rating/suppress.h"

#include <assert.h>

enum { PASSES_MAX = 64 };

static const int64_t endless = INT64_C(1) << 60;
static const int64_t prime = 2147483647; // elimination is done modulo it: no fractions

struct work {
    struct arena *arena;
    struct suppress_table *table;
    int64_t *low; // of one figure, a cell each
    int64_t *high;
    size_t *column; // of a withheld cell in the equations
    size_t column_count;
    int64_t **rows; // a sum each
};

static bool is_small(const struct suppress_table *table, const struct suppress_cell *cell)
{
    for (size_t i = 0; i < table->figure_count; i++) {
        if (cell->figures[i] > 0 && cell->figures[i] < table->threshold)
            return true;
    }
    return false;
}

static int64_t plus(int64_t a, int64_t b)
{
    return a >= endless || b >= endless ? endless : a + b;
}

// At least: what is left of `a` when no more than `b` is taken.
static int64_t minus(int64_t a, int64_t b)
{
    return b >= endless ? -endless : a >= endless ? endless : a - b;
}

static bool narrow(const struct work *work, size_t cell, int64_t low, int64_t high)
{
    bool moved = false;
    if (!work->table->cells[cell].withheld)
        return false;
    if (low > work->low[cell]) {
        work->low[cell] = low;
        moved = true;
    }
    if (high < work->high[cell]) {
        work->high[cell] = high;
        moved = true;
    }
    return moved;
}

// What one sum says about its cells. An endless bound among the parts hides the others'.
static bool narrow_by(const struct work *work, const struct suppress_sum *sum, bool adds_up)
{
    int64_t low = 0;
    int64_t high = 0;
    size_t endless_parts = 0;
    bool moved = false;
    for (size_t i = 0; i < sum->part_count; i++) {
        size_t part = sum->parts[i];
        low += work->low[part];
        if (work->high[part] >= endless)
            endless_parts++;
        else
            high = plus(high, work->high[part]);
    }
    for (size_t i = 0; i < sum->part_count; i++) {
        size_t part = sum->parts[i];
        bool own = work->high[part] >= endless;
        bool others_endless = endless_parts > (own ? 1U : 0U);
        int64_t others_high = others_endless ? endless : own ? high : high - work->high[part];
        int64_t others_low = adds_up ? low - work->low[part] : 0;
        moved |= narrow(work, part, minus(work->low[sum->total], others_high),
                        minus(work->high[sum->total], others_low));
    }
    int64_t least = low;
    for (size_t i = 0; !adds_up && i < sum->part_count; i++)
        least = i == 0 || work->low[sum->parts[i]] > least ? work->low[sum->parts[i]] : least;
    moved |= narrow(work, sum->total, least, endless_parts != 0 ? endless : high);
    return moved;
}

// Once a zero is withheld too, "<11" may be one.
static bool hides_zero(const struct suppress_table *table, size_t figure)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        if (table->cells[i].withheld && table->cells[i].figures[figure] == 0)
            return true;
    }
    return false;
}

// The bounds of every cell by what is shown.
static void bound(const struct work *work, size_t figure)
{
    const struct suppress_table *table = work->table;
    int64_t least = hides_zero(table, figure) ? 0 : 1;
    for (size_t i = 0; i < table->cell_count; i++) {
        const struct suppress_cell *cell = &table->cells[i];
        int64_t value = cell->figures[figure];
        bool below = value < table->threshold; // as its label says
        work->low[i] = !cell->withheld ? value : below ? least : table->threshold;
        work->high[i] = !cell->withheld ? value : below ? table->threshold - 1 : endless;
    }
    bool moved = true;
    for (int pass = 0; moved && pass < PASSES_MAX; pass++) {
        moved = false;
        for (size_t i = 0; i < table->sum_count; i++)
            moved |= narrow_by(work, &table->sums[i], table->adds_up[figure]);
    }
}

static int64_t inverse(int64_t a)
{
    int64_t result = 1;
    for (int64_t exponent = prime - 2; exponent != 0; exponent >>= 1) {
        if ((exponent & 1) != 0)
            result = result * a % prime;
        a = a * a % prime;
    }
    return result;
}

// The sums as equations between the cells that are withheld.
static void set_equations(struct work *work)
{
    const struct suppress_table *table = work->table;
    work->column_count = 0;
    for (size_t i = 0; i < table->cell_count; i++)
        work->column[i] = table->cells[i].withheld ? work->column_count++ : SIZE_MAX;
    for (size_t i = 0; i < table->sum_count; i++) {
        const struct suppress_sum *sum = &table->sums[i];
        work->rows[i] = arena_array(work->arena, int64_t, work->column_count + 1);
        if (table->cells[sum->total].withheld)
            work->rows[i][work->column[sum->total]] = prime - 1;
        for (size_t k = 0; k < sum->part_count; k++) {
            if (table->cells[sum->parts[k]].withheld)
                work->rows[i][work->column[sum->parts[k]]] = 1;
        }
    }
}

static void clear_column(const struct work *work, size_t row, size_t column)
{
    int64_t *pivot = work->rows[row];
    int64_t scale = inverse(pivot[column]);
    for (size_t k = 0; k < work->column_count; k++)
        pivot[k] = pivot[k] * scale % prime;
    for (size_t i = 0; i < work->table->sum_count; i++) {
        int64_t factor = work->rows[i][column];
        if (i == row || factor == 0)
            continue;
        for (size_t k = 0; k < work->column_count; k++)
            work->rows[i][k] = (work->rows[i][k] + (prime - factor) * pivot[k]) % prime;
    }
}

// The reduced row echelon form: a cell is determined where a row holds nothing else.
static void eliminate(const struct work *work)
{
    size_t count = work->table->sum_count;
    size_t row = 0;
    for (size_t column = 0; column < work->column_count && row < count; column++) {
        size_t found = row;
        while (found < count && work->rows[found][column] == 0)
            found++;
        if (found == count)
            continue;
        int64_t *swapped = work->rows[found];
        work->rows[found] = work->rows[row];
        work->rows[row] = swapped;
        clear_column(work, row, column);
        row++;
    }
}

static size_t cell_of(const struct work *work, size_t column)
{
    for (size_t i = 0; i < work->table->cell_count; i++) {
        if (work->column[i] == column)
            return i;
    }
    return SIZE_MAX;
}

// A withheld cell that adding and subtracting yields; SIZE_MAX without one.
static size_t find_linear(struct work *work)
{
    set_equations(work);
    eliminate(work);
    for (size_t i = 0; i < work->table->sum_count; i++) {
        size_t used = 0;
        size_t column = 0;
        for (size_t k = 0; k < work->column_count && used < 2; k++) {
            if (work->rows[i][k] != 0) {
                used++;
                column = k;
            }
        }
        if (used == 1)
            return cell_of(work, column);
    }
    return SIZE_MAX;
}

static size_t find_pinned(struct work *work)
{
    const struct suppress_table *table = work->table;
    for (size_t figure = 0; figure < table->figure_count; figure++) {
        bound(work, figure);
        for (size_t i = 0; i < table->cell_count; i++) {
            bool says = table->cells[i].figures[figure] != 0;
            if (table->cells[i].withheld && says && table->threshold > 2 &&
                work->low[i] >= work->high[i])
                return i;
        }
    }
    return SIZE_MAX;
}

static bool is_in(const struct suppress_sum *sum, size_t cell)
{
    bool found = sum->total == cell;
    for (size_t i = 0; !found && i < sum->part_count; i++)
        found = sum->parts[i] == cell;
    return found;
}

static int64_t size_of(const struct suppress_table *table, size_t cell)
{
    return table->cells[cell].figures[0];
}

// The smallest cell that is shown beside an exposed one, zeros and totals last; SIZE_MAX: none is
// left.
static size_t choose(const struct suppress_table *table, size_t exposed)
{
    size_t best = SIZE_MAX;
    size_t total = SIZE_MAX;
    size_t zero = SIZE_MAX;
    for (size_t i = 0; i < table->sum_count; i++) {
        const struct suppress_sum *sum = &table->sums[i];
        if (exposed != SIZE_MAX && !is_in(sum, exposed))
            continue;
        for (size_t k = 0; k < sum->part_count; k++) {
            size_t part = sum->parts[k];
            if (table->cells[part].withheld)
                continue;
            if (size_of(table, part) == 0)
                zero = part;
            else if (best == SIZE_MAX || size_of(table, part) < size_of(table, best))
                best = part;
        }
        if (!table->cells[sum->total].withheld && size_of(table, sum->total) != 0)
            total = sum->total;
    }
    return best != SIZE_MAX ? best : total != SIZE_MAX ? total : zero;
}

void suppress(struct arena *arena, struct suppress_table *table)
{
    assert(table->figure_count >= 1 && table->figure_count <= SUPPRESS_FIGURES);
    struct work work = {
        .arena = arena,
        .table = table,
        .low = arena_array(arena, int64_t, table->cell_count),
        .high = arena_array(arena, int64_t, table->cell_count),
        .column = arena_array(arena, size_t, table->cell_count),
        .rows = arena_array(arena, int64_t *, table->sum_count),
    };
    for (size_t i = 0; i < table->cell_count; i++)
        table->cells[i].withheld = is_small(table, &table->cells[i]);
    for (size_t step = 0; step <= table->cell_count; step++) { // one cell more each time
        size_t exposed = find_linear(&work);
        if (exposed == SIZE_MAX)
            exposed = find_pinned(&work);
        size_t next = exposed == SIZE_MAX ? SIZE_MAX : choose(table, exposed);
        if (exposed != SIZE_MAX && next == SIZE_MAX)
            next = choose(table, SIZE_MAX);
        if (next == SIZE_MAX)
            return;
        table->cells[next].withheld = true;
    }
}

str suppress_print(struct arena *arena, int64_t figure, bool withheld, int64_t threshold)
{
    if (!withheld)
        return str_printf(arena, "%lld", (long long)figure);
    if (figure >= threshold)
        return STR("*");
    return str_printf(arena, "<%lld", (long long)threshold);
}

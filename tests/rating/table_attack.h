// SPDX-License-Identifier: Apache-2.0
// table_attack.h - what a reader of a published table can find out: an exact solver over whole
// numbers, which knows the labels and the sums, and nothing of how cells were chosen.
//
// Intervals are narrowed by every sum until nothing moves; then a cell is tried at a value, and so
// on down. Complete: what it does not find is not there, unless it ran out of steps, which it says.
#pragma once

#include "phial/rating/suppress.h"

#include <string.h>

enum { ATTACK_CELLS = 400, ATTACK_SUMS = 400, ATTACK_STEPS = 20000, ATTACK_MET = 64 };

#define ATTACK_ENDLESS (INT64_C(1) << 50)

struct attack_sum {
    size_t total;
    size_t parts[ATTACK_CELLS];
    size_t part_count;
};

struct attack {
    size_t cell_count;
    int64_t low[ATTACK_CELLS], high[ATTACK_CELLS];
    struct attack_sum sums[ATTACK_SUMS];
    size_t sum_count;
    size_t steps;
    int64_t found[ATTACK_CELLS]; // a possible table
};

struct attack_bounds {
    int64_t low[ATTACK_CELLS], high[ATTACK_CELLS];
};

static bool attack_narrow(struct attack_bounds *at, size_t cell, int64_t low, int64_t high)
{
    bool moved = low > at->low[cell] || high < at->high[cell];
    if (low > at->low[cell])
        at->low[cell] = low;
    if (high < at->high[cell])
        at->high[cell] = high;
    return moved;
}

// False where nothing is possible any more.
static bool attack_propagate(const struct attack *attack, struct attack_bounds *at)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < attack->sum_count; i++) {
            const struct attack_sum *sum = &attack->sums[i];
            int64_t low = 0;
            int64_t high = 0;
            for (size_t k = 0; k < sum->part_count; k++) {
                low += at->low[sum->parts[k]];
                high += at->high[sum->parts[k]];
            }
            moved |= attack_narrow(at, sum->total, low, high);
            for (size_t k = 0; k < sum->part_count; k++) {
                size_t part = sum->parts[k];
                moved |= attack_narrow(at, part, at->low[sum->total] - (high - at->high[part]),
                                       at->high[sum->total] - (low - at->low[part]));
            }
        }
        for (size_t i = 0; i < attack->cell_count; i++) {
            if (at->low[i] > at->high[i])
                return false;
        }
    }
    return true;
}

static size_t attack_choose(const struct attack *attack, const struct attack_bounds *at)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < attack->cell_count; i++) {
        int64_t width = at->high[i] - at->low[i];
        if (width > 0 && (best == SIZE_MAX || width < at->high[best] - at->low[best]))
            best = i;
    }
    return best;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as a table has withheld cells
static bool attack_complete(struct attack *attack, struct attack_bounds at)
{
    if (attack->steps == 0 || !attack_propagate(attack, &at))
        return false;
    attack->steps--;
    size_t cell = attack_choose(attack, &at);
    if (cell == SIZE_MAX) {
        memcpy(attack->found, at.low, sizeof at.low);
        return true;
    }
    int64_t width = at.high[cell] - at.low[cell];
    int64_t middle = at.low[cell] + width / 2;
    for (int64_t i = 0; i <= width && attack->steps != 0; i++) { // from the middle outwards
        int64_t value = middle + ((i & 1) != 0 ? (i + 1) / 2 : -i / 2);
        struct attack_bounds tried = at;
        tried.low[cell] = value;
        tried.high[cell] = value;
        if (attack_complete(attack, tried))
            return true;
    }
    return false;
}

// Every line of a crossed table; the two lists of one that is not.
static void attack_add_sums(struct attack *attack, const struct suppress_table *table)
{
    size_t stride = attack->cell_count;
    size_t first = 1;
    attack->sum_count = 0;
    for (size_t axis = 0; axis < table->axis_count; axis++) {
        size_t length = table->lengths[axis];
        stride /= length;
        for (size_t cell = 0; cell < attack->cell_count; cell++) {
            bool begins = table->crossed ? cell / stride % length == 0 : cell == 0;
            if (!begins)
                continue;
            struct attack_sum *sum = &attack->sums[attack->sum_count++];
            *sum = (struct attack_sum){.total = cell, .part_count = length - 1};
            for (size_t i = 1; i < length; i++)
                sum->parts[i - 1] = table->crossed ? cell + i * stride : first + i - 1;
        }
        first += length - 1;
    }
}

static void attack_begin(struct attack *attack, const struct suppress_table *table, size_t figure)
{
    attack->cell_count = suppress_cell_count(table);
    for (size_t i = 0; i < attack->cell_count; i++) {
        int64_t value = table->cells[i].figures[figure];
        bool hidden = table->cells[i].withheld && value != 0;
        bool below = value < table->threshold;
        attack->low[i] = !hidden ? value : below ? 1 : table->threshold;
        attack->high[i] = !hidden ? value : below ? table->threshold - 1 : ATTACK_ENDLESS;
    }
    attack_add_sums(attack, table);
}

static inline int attack_values_wanted(const struct suppress_table *table, size_t cell)
{
    if (!table->cells[cell].small)
        return 2;
    return table->threshold - 1 < SUPPRESS_VALUES ? (int)table->threshold - 1 : SUPPRESS_VALUES;
}

// How many values a cell can have, up to `enough`; `other` are tables met before, which save work.
static int attack_values(struct attack *attack, size_t cell, int enough,
                         int64_t (*met)[ATTACK_CELLS], size_t *met_count, size_t met_max)
{
    struct attack_bounds at;
    int64_t values[8];
    int count = 0;
    memcpy(at.low, attack->low, sizeof at.low);
    memcpy(at.high, attack->high, sizeof at.high);
    for (size_t i = 0; i < *met_count && count < enough; i++) {
        bool seen = false;
        for (int k = 0; k < count; k++)
            seen |= values[k] == met[i][cell];
        if (!seen)
            values[count++] = met[i][cell];
    }
    if (!attack_propagate(attack, &at))
        return 0;
    for (int64_t value = at.low[cell]; value <= at.high[cell] && count < enough; value++) {
        bool seen = false;
        for (int k = 0; k < count; k++)
            seen |= values[k] == value;
        struct attack_bounds tried = at;
        tried.low[cell] = value;
        tried.high[cell] = value;
        attack->steps = ATTACK_STEPS;
        if (seen || !attack_complete(attack, tried)) {
            if (attack->steps == 0)
                return -1;
            continue;
        }
        values[count++] = value;
        if (*met_count < met_max)
            memcpy(met[(*met_count)++], attack->found, sizeof attack->found);
    }
    return count;
}

// How many figures the attack determines, or leaves fewer values than it should.
static inline int attack_table(const struct suppress_table *table, size_t figure)
{
    static struct attack attack;
    static int64_t met[ATTACK_MET][ATTACK_CELLS];
    size_t met_count = 0;
    int count = 0;
    attack_begin(&attack, table, figure);
    for (size_t i = 0; i < attack.cell_count; i++) {
        const struct suppress_cell *cell = &table->cells[i];
        if (!cell->withheld || cell->figures[figure] == 0)
            continue;
        int wanted = attack_values_wanted(table, i);
        count += attack_values(&attack, i, wanted, met, &met_count, ATTACK_MET) < wanted;
    }
    return count;
}

// SPDX-License-Identifier: Apache-2.0
#include "windows.h"

enum { POINTS_MAX = 2 * WINDOWS_MAX + 2 };

// Sets of points whose running counts are known relative to each other.
struct joined {
    size_t parent[POINTS_MAX];
    int128 beyond[POINTS_MAX]; // the parent's count, in a decimal's units
};

static size_t point_of(struct windows *windows, instant at)
{
    for (size_t i = 0; i < windows->point_count; i++) {
        if (windows->points[i].us == at.us)
            return i;
    }
    windows->points[windows->point_count] = at;
    return windows->point_count++;
}

void windows_add(struct windows *windows, instant from, instant to,
                 const struct report_table *table)
{
    if (windows->count == WINDOWS_MAX)
        return;
    windows->from[windows->count] = point_of(windows, from);
    windows->to[windows->count] = point_of(windows, to);
    windows->tables[windows->count++] = *table;
}

// The set's first point; *beyond: how far the point's count is beyond that one's. What is found is
// kept at every point on the way.
static size_t find(struct joined *joined, size_t point, int128 *beyond)
{
    size_t first = point;
    int128 total = 0;
    for (; joined->parent[first] != first; first = joined->parent[first])
        total += joined->beyond[first];
    *beyond = total;
    while (point != first) {
        size_t next = joined->parent[point];
        int128 step = joined->beyond[point];
        joined->parent[point] = first;
        joined->beyond[point] = total;
        total -= step;
        point = next;
    }
    return first;
}

// The count at `to` is beyond the one at `from` by so much.
static void join(struct joined *joined, size_t from, size_t to, int128 by)
{
    int128 from_beyond = 0;
    int128 to_beyond = 0;
    size_t first = find(joined, from, &from_beyond);
    size_t second = find(joined, to, &to_beyond);
    if (first == second)
        return;
    joined->parent[second] = first;
    joined->beyond[second] = from_beyond + by - to_beyond;
}

static void join_shown(const struct windows *windows, const struct windows_question *question,
                       struct joined *joined)
{
    for (size_t i = 0; i < windows->point_count; i++) {
        joined->parent[i] = i;
        joined->beyond[i] = 0;
    }
    for (size_t i = 0; i < windows->count; i++) {
        decimal figure = {0};
        str label = report_label(&windows->tables[i], &question->cube->table, question->cell);
        if (!failed(decimal_parse(label, &figure))) // it is withheld otherwise
            join(joined, windows->from[i], windows->to[i], figure.units);
    }
}

// A set's points, as counts beyond one of them.
static size_t list_set(struct joined *joined, size_t point_count, size_t of, int128 *beyonds)
{
    int128 own = 0;
    size_t first = find(joined, of, &own);
    size_t count = 0;
    for (size_t i = 0; i < point_count; i++) {
        int128 beyond = 0;
        if (find(joined, i, &beyond) == first)
            beyonds[count++] = beyond - own;
    }
    return count;
}

bool windows_tell(struct windows *windows, const struct windows_question *question)
{
    struct joined joined;
    int128 before[POINTS_MAX];
    int128 after[POINTS_MAX];
    int128 own = 0;
    size_t count = windows->point_count;
    size_t from = point_of(windows, question->from);
    size_t to = point_of(windows, question->to);
    int128 figure = question->cube->figures[question->cell].units;
    int128 threshold = decimal_from_i64(question->threshold).units;
    bool tells = false;
    join_shown(windows, question, &joined);
    bool known = find(&joined, from, &own) == find(&joined, to, &own);
    size_t before_count = known ? 0 : list_set(&joined, windows->point_count, from, before);
    size_t after_count = known ? 0 : list_set(&joined, windows->point_count, to, after);
    for (size_t i = 0; i < before_count; i++) {
        for (size_t k = 0; k < after_count; k++) {
            int128 between = after[k] + figure - before[i];
            between = between < 0 ? -between : between;
            tells |= between > 0 && between < threshold;
        }
    }
    windows->point_count = count;
    return tells;
}

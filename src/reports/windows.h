// SPDX-License-Identifier: Apache-2.0
// windows.h - what tables of several times tell together of one cell.
//
// A figure of [from, to) is the difference between two points of a running count. Points that shown
// figures join, directly or by way of others, are known relative to each other: so is the figure of
// any time between two of them. A further figure is telling where it would join two such sets, and
// a small figure stands between a point of one and a point of the other.
#pragma once

#include "cube.h"

enum { WINDOWS_MAX = 400 };

struct windows {
    size_t count;
    size_t from[WINDOWS_MAX]; // among the points
    size_t to[WINDOWS_MAX];
    struct report_table tables[WINDOWS_MAX];
    size_t point_count;
    instant points[2 * WINDOWS_MAX + 2];
};

void windows_add(struct windows *windows, instant from, instant to,
                 const struct report_table *table);

struct windows_question {
    const struct cube *cube;
    size_t cell;
    int64_t threshold;
    instant from, to;
};
bool windows_tell(struct windows *windows, const struct windows_question *question);

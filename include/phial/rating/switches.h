// SPDX-License-Identifier: Apache-2.0
// switches.h - what switches the values of a property on or off, held so that a long history takes
// little room: of what lies before a time only each value's last switch, of the rest a few bytes
// each. Pure; the figures are those of metric_measure.
#pragma once

#include "phial/money/money.h"
#include "phial/rating/metric.h"
#include "phial/rating/usage.h"

struct switches;

// From `from` on all are kept.
struct switches *switches_new(struct arena *arena, instant from);
// The positions, in ascending order, of events that running sums hold and that do not count any
// more; kept by the caller. Said before what is stored is added.
void switches_omit(struct switches *switches, const int64_t *omitted, size_t count);
// A group of a line of running sums; its place among the groups.
size_t switches_group(struct switches *switches, str group);
// As running sums keep it. INTERNAL for a text that is no switch.
result switches_add_folded(struct switches *switches, size_t group, str text);
// All that such a line holds.
result switches_add_held(struct switches *switches, size_t group, str held);
// As metric_takes, of an event that counts. stored: as of when running sums were folded.
void switches_add_event(struct switches *switches, const struct metric *metric,
                        const struct usage_event *event, bool stored);

// What had been switched to before `from`: of each value that was on in some group its last switch
// in each, as running sums keep it, group by group. No more is added afterwards.
struct switched {
    size_t group;
    str text;
};
struct switched *switches_before(struct switches *switches, struct arena *arena, size_t *count);

size_t switches_group_count(const struct switches *switches);
str switches_group_at(const struct switches *switches, size_t group);

// What a window comes to, which does not begin before `from`. Every group is counted into one of so
// many places; a value is told apart by its place. Windows are best asked in the order of time.
struct switches_window {
    bool area; // the time that values were on, added up; else how many were
    instant from;
    instant to;
    const size_t *places; // a group each
    size_t place_count;
};
// A quantity each place, in the arena.
exact *switches_measure(struct switches *switches, struct arena *arena,
                        const struct switches_window *window);

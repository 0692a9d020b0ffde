// SPDX-License-Identifier: Apache-2.0
// folded_switches.h - what switches a value on or off, as running sums keep it: each switch is a
// value of its own, which says of what, which way, when and at which position.
#pragma once

#include "phial/rating/aggregation.h"

struct folded_switch {
    str value;
    instant at;
    int64_t index;
    bool removes;
};

str folded_switch_print(struct arena *arena, const struct folded_switch *folded);
bool folded_switch_parse(str text, struct folded_switch *folded);
// The switches that stand, as measuring takes them. INTERNAL for a text that is no switch.
result folded_switches_read(const struct folded *folded, struct aggregating *what);

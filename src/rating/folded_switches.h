// SPDX-License-Identifier: Apache-2.0
// folded_switches.h - what switches a value on or off, as running sums keep it: each switch is a
// value of its own, which says of what, which way, when and at which position.
#pragma once

#include "phial/rating/aggregation.h"

str folded_switch_print(struct arena *arena, const struct sample *sample);
// The switches that stand, as measuring takes them. INTERNAL for a text that is no switch.
result folded_switches_read(const struct folded *folded, struct aggregating *what);

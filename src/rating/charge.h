// SPDX-License-Identifier: Apache-2.0
// charge.h - one charge of a plan's document.
#pragma once

#include "phial/rating/plan.h"

// Adds a fault for everything wrong.
void charge_read(struct json_at at, struct charge *charge);

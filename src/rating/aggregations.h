// SPDX-License-Identifier: Apache-2.0
// aggregations.h - the rows of aggregations.def.
#pragma once

#include "phial/rating/aggregation.h"

#define AGGREGATION(name) extern const struct aggregation aggregation_##name;
#include "phial/rating/aggregations.def"
#undef AGGREGATION

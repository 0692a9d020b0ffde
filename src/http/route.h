// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "phial/http/http.h"

// The methods that a path takes, for Allow; "" when no route has it.
str route_allow(struct arena *arena, struct route_table table, str path);

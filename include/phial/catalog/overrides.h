// SPDX-License-Identifier: Apache-2.0
// overrides.h - what one subscription has otherwise than its plan: {"minimum", "maximum",
// "commitment", "trial_days", "grace", "charges", "fixed"}. A member replaces the plan's, null
// takes it away; charges and fees are found by their keys, as a list of {"key", ...} or as {KEY:
// {...}}, and only the members given are replaced.
#pragma once

#include "phial/json/json.h"

// The plan's document with the overrides; faults for what it has not or cannot be overridden.
// Whether the outcome is a plan is not looked at. The caller owns it.
result overrides_merge(struct json_at overrides, const json_t *plan, json_t **merged);

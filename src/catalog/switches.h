// SPDX-License-Identifier: Apache-2.0
// switches.h - whether a declaration switches off detectors that its predecessor leaves on.
#pragma once

#include "phial/json/json.h"
#include "phial/util/result.h"

// `before`: the document of the version in force, "" without one. A property that becomes one of
// another type begins anew.
result switches_more_off(str before, const json_t *after, bool *more);

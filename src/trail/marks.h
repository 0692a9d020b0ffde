// SPDX-License-Identifier: Apache-2.0
// marks.h - what the database is told of a text that is looked for, which may be anybody's.
#pragma once

#include "phial/util/str.h"

#include <stdint.h>

int64_t trail_mark(str text); // two bytes of its SHA-256

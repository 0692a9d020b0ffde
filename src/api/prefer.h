// SPDX-License-Identifier: Apache-2.0
// prefer.h - what a Prefer header asks for (RFC 7240).
#pragma once

#include "phial/util/str.h"

// Whether the first `return` preference is `representation`. Names and values go by any case, a
// value may stand in quotes, parameters are ignored; what cannot be read is passed over.
bool prefer_representation(str header);

// SPDX-License-Identifier: Apache-2.0
// plain_leaf.h - a usage entry in the canonical form that nearly all have, read without a parser.
#pragma once

#include "phial/rating/usage.h"

// False for any other text, good or bad: the caller parses it. Texts lie in the leaf.
bool plain_leaf_read(str leaf, struct usage_event *event);
// A member of the canonical text of an object without objects: the text of a string, "true" or
// "false". False when there is none of that name.
bool plain_member(str object, str name, str *text);

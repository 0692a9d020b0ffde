// SPDX-License-Identifier: Apache-2.0
// span.h - what adding and subtracting yields, of figures that are known to be sums of unknowns.
//
// Gaussian elimination in the field of 2^61 - 1 elements: what follows there and not among the
// rationals would need a prime divisor of that size in a determinant of ones and zeros.
#pragma once

#include "phial/util/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct span;

// A row has `width` entries: how often each unknown stands in the sum.
struct span *span_open(struct arena *arena, size_t width);
void span_know(struct span *span, const uint64_t *row);    // it is told
void span_protect(struct span *span, const uint64_t *row); // unless it follows already, it must not
bool span_follows(struct span *span, const uint64_t *row); // from what is known
bool span_tells(struct span *span, const uint64_t *row);   // beside what is known one that must not
// Whether it has become more than can be looked through: nothing that was found holds.
bool span_is_too_much(const struct span *span);

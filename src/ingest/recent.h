// SPDX-License-Identifier: Apache-2.0
// recent.h - which identities this daemon has lately seen stored: a hint, so that repeats are
// looked up before their batch is copied. It may forget, and it may take one in a hundred for seen
// that is not: the unique index decides either way. Every verb is thread-safe.
//
// A Bloom filter (Burton H. Bloom, 1970) with all bits of a key in one word, in two generations:
// when the younger one is full it becomes the elder, and the elder is forgotten.
#pragma once

#include "phial/ledger/ledger.h"

struct recent;
struct recent *recent_new(void);
void recent_free(struct recent *recent);
bool recent_has(const struct recent *recent, const struct append *entry);
void recent_add(struct recent *recent, const struct append *entry);

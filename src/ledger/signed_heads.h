// SPDX-License-Identifier: Apache-2.0
// signed_heads.h - the last head signed of every origin, in a file that several daemons append to.
//
// A line a head: "v1 ORIGIN SIZE ROOT". While the file is locked, nobody else signs. A cut last
// line was never signed (the signature follows the flush) and is taken off.
#pragma once

#include "phial/merkle/note.h"

struct signed_heads;

result signed_heads_open(const char *path, struct signed_heads **heads);
void signed_heads_close(struct signed_heads *heads);

// Locks the file and reads what others appended; nothing below without the lock. HEAD_REFUSED when
// the file contradicts itself or lost lines that were read before.
result signed_heads_lock(struct signed_heads *heads);
void signed_heads_unlock(struct signed_heads *heads);

const struct checkpoint *signed_heads_find(const struct signed_heads *heads, str origin);  // NULL
const struct checkpoint *signed_heads_at(const struct signed_heads *heads, size_t number); // NULL
result signed_heads_add(struct signed_heads *heads, const struct checkpoint *head); // and flushes

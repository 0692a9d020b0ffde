// SPDX-License-Identifier: Apache-2.0
// tips.h - where the logs end, as far as this daemon knows: its own last commits. A writer that
// goes by them says so in its transaction, which fails with HEAD_MOVED where somebody else has
// written since. Bounded; what is not known is asked for. Thread-safe.
#pragma once

#include "phial/time/time.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stddef.h>

struct tip {
    int64_t customer_id;
    int64_t size;
    instant last_at;
    str nodes; // the compact range, as the head's row holds it
};

struct tips;
struct tips *tips_new(void);
void tips_free(struct tips *tips);
// False when not known. The nodes are copied into the arena.
bool tips_find(struct tips *tips, struct arena *arena, int64_t customer_id, struct tip *tip);
void tips_keep(struct tips *tips, const struct tip *tip); // once it is committed
void tips_drop(struct tips *tips, int64_t customer_id);

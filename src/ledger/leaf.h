// SPDX-License-Identifier: Apache-2.0
// leaf.h - the canonical bytes of an entry, put together from canonical parts.
#pragma once

#include "phial/ledger/ledger.h"

// What every entry of one log in one batch has in common, as JSON.
struct leaf_frame {
    str actor;
    str at;
    str customer;
};

// The commonest entry, a usage entry with its content and nothing else, is three parts set side by
// side: `head` holds for all entries of one frame.
bool leaf_is_plain(const struct append *entry);
str leaf_head(struct arena *arena, const struct leaf_frame *frame);
size_t leaf_plain_len(str head, const struct append *entry);
void leaf_plain_write(char *room, str head, const struct append *entry);

str leaf_quote(struct arena *arena, str text);
// INVALID beyond LEAF_BYTES_MAX.
result leaf_compose(struct arena *arena, const struct leaf_frame *frame, const struct append *entry,
                    str *leaf);
// Whether the stored leaf is a plain one of this content; false may also mean that it has to be
// read.
bool leaf_ends_with(str leaf, str event);
// The bytes that tell a duplicate from a conflict: the content of a usage entry.
str leaf_event(const struct append *entry);

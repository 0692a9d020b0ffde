// SPDX-License-Identifier: Apache-2.0
// root_from_parts.h - a root out of spans and leaves that are all at hand.
#pragma once

#include "phial/merkle/merkle.h"

struct given_parts {
    const sha256 *leaves;
    uint64_t leaf_count;
    const struct merkle_span *spans;
    size_t span_count;
};

static inline result root_from_parts(uint64_t size, uint64_t from, struct given_parts given,
                                     sha256 *root)
{
    struct merkle_parts parts;
    TRY(merkle_parts_open(size, from, from + given.leaf_count, given.spans, given.span_count,
                          &parts));
    for (uint64_t i = 0; i < given.leaf_count; i++)
        merkle_parts_add(&parts, &given.leaves[i]);
    return merkle_parts_root(&parts, root);
}

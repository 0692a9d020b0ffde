// SPDX-License-Identifier: Apache-2.0
#include "phial/merkle/merkle.h"

#include <string.h>

static size_t node_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

result merkle_append(struct merkle_range *range, const sha256 *leaf, merkle_emit emit,
                     void *context)
{
    if (range->size == UINT64_MAX)
        return FAIL(INTERNAL, "the tree is full");
    size_t count = node_count(range->size);
    uint64_t number = range->size;
    sha256 hash = *leaf;
    for (unsigned level = 0;; level++) {
        if (emit != NULL)
            TRY(emit(context, level, number, &hash));
        if ((number & 1U) == 0)
            break;
        hash = merkle_node(&range->nodes[--count], &hash);
        number >>= 1;
    }
    range->nodes[count] = hash;
    range->size++;
    return OK;
}

sha256 merkle_root(const struct merkle_range *range)
{
    size_t count = node_count(range->size);
    if (count == 0)
        return merkle_empty();
    sha256 folded = range->nodes[--count];
    while (count != 0)
        folded = merkle_node(&range->nodes[--count], &folded);
    return folded;
}

str merkle_range_print(struct arena *arena, const struct merkle_range *range)
{
    size_t len = node_count(range->size) * SHA256_BYTES;
    return str_copy(arena, (str){(const char *)range->nodes, len});
}

result merkle_range_parse(uint64_t size, str bytes, struct merkle_range *range)
{
    if (bytes.len != node_count(size) * SHA256_BYTES)
        return FAIL(INVALID, "a range holds a hash for every bit set in its size");
    range->size = size;
    if (bytes.len != 0)
        memcpy(range->nodes, bytes.ptr, bytes.len);
    return OK;
}

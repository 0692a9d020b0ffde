// SPDX-License-Identifier: Apache-2.0
// fnv.h - FNV-1a, for tables that live as long as an answer.
#pragma once

#include "phial/util/str.h"

#include <stdint.h>

enum { FNV_SHIFT = 32 };
#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static inline uint64_t fnv_add(uint64_t hash, str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * FNV_PRIME;
    return hash;
}

// The upper half counts where only low bits are looked at.
static inline uint64_t fnv_end(uint64_t hash)
{
    return hash ^ (hash >> FNV_SHIFT);
}

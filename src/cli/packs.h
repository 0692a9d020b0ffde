// SPDX-License-Identifier: Apache-2.0
// packs.h - the packs that are compiled in: a catalog for each kind of healthtech product.
#pragma once

#include "phial/util/str.h"

#include <stddef.h>

struct pack {
    const char *name;
    const char *bills;
    str document; // what `phial apply` takes
};

enum {
#define PACK(name, bills) PACK_##name,
#include "packs.def"
#undef PACK
    PACK_COUNT
};

struct pack pack_at(size_t place);
// False when there is none of that name.
bool pack_find(const char *name, struct pack *found);

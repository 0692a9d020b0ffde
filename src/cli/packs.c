// SPDX-License-Identifier: Apache-2.0
#include "packs.h"

#include <assert.h>
#include <string.h>

#define PACK(name, bills) extern const char pack_##name[], pack_##name##_end[];
#include "packs.def"
#undef PACK

static const struct {
    const char *name;
    const char *bills;
    const char *from;
    const char *to;
} packs[] = {
#define PACK(name, bills) {#name, bills, pack_##name, pack_##name##_end},
#include "packs.def"
#undef PACK
};

struct pack pack_at(size_t place)
{
    assert(place < PACK_COUNT);
    size_t bytes = (size_t)(packs[place].to - packs[place].from);
    return (struct pack){packs[place].name, packs[place].bills, {packs[place].from, bytes}};
}

bool pack_find(const char *name, struct pack *found)
{
    for (size_t i = 0; i < PACK_COUNT; i++) {
        if (strcmp(packs[i].name, name) != 0)
            continue;
        *found = pack_at(i);
        return true;
    }
    return false;
}

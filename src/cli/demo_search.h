// SPDX-License-Identifier: Apache-2.0
// demo_search.h - looks for planted values in every byte of a folder: database, log, write-ahead
// log.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

struct search {
    const str *values;
    size_t count;
    int64_t files;
    int64_t bytes;
    int64_t found; // files that hold one
};

result demo_search(const char *folder, struct search *search);
// Whether a text holds one of the values.
bool demo_search_text(const struct search *search, str text);

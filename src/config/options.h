// SPDX-License-Identifier: Apache-2.0
// options.h - options.def as rows, and what a value must look like.
#pragma once

#include "phial/config/config.h"

#include <stddef.h>

enum option_kind { OPTION_TEXT, OPTION_SECRET, OPTION_NUMBER, OPTION_FLAG };

struct option {
    enum option_kind kind;
    const char *section;
    const char *name;
    size_t offset; // of the field in struct config
    const char *preset;
    int64_t min; // of the value, or of the length of a text
    int64_t max;
    const char *does;
};
extern const struct option options[];
extern const size_t option_count;

bool option_section_exists(const char *section);
// `url_file` is the option `url` from a file: secrets only.
bool option_find(const char *section, const char *name, const struct option **option,
                 bool *from_file);
str option_variable(struct arena *arena, const struct option *option); // "PHIAL_SERVER_PORT"

// NULL, or what is wrong with the value; it is not repeated.
const char *option_set(struct arena *arena, const struct option *option, str value,
                       struct config *config);

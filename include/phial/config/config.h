// SPDX-License-Identifier: Apache-2.0
// config.h - settings, read once at start and constant from then on.
//
// Presets, then the INI file, then PHIAL_SECTION_OPTION of the environment. A secret may stand in a
// file: `<option>_file = PATH`, for every option whose kind is secret.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef str config_text;
typedef str config_secret;
typedef int64_t config_number;
typedef bool config_flag;

struct config_source; // where each option was set

// A field is named section_option: config.server_port.
struct config {
    const struct config_source *source;
#define OPTION(kind, section, name, preset, min, max, does) config_##kind section##_##name;
#include "phial/config/options.def"
#undef OPTION
};

// path NULL: presets and environment only. Every fault is printed to `out` as `file:line: message`,
// in the order of the lines; BAD_CONFIG then. So is a PHIAL_ variable that names no option. Values
// of secrets are never printed.
result config_read(struct arena *arena, const char *path, char *const *environment, FILE *out,
                   struct config *config);
// Where an option was set, for a fault that only its use shows: "FILE:LINE" or "environment: NAME".
// One that was not set has the file's first line, or without a file the variable that would set it.
str config_place(struct arena *arena, const struct config *config, const char *section,
                 const char *name);
void config_print(const struct config *config, FILE *out); // secrets redacted; reads back as a file
void config_print_sample(FILE *out);                       // becomes config/phial.conf
void config_print_man(FILE *out);                          // becomes docs/man/phial.conf.5
void config_print_markdown(FILE *out);                     // becomes docs/configuration.md

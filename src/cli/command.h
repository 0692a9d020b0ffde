// SPDX-License-Identifier: Apache-2.0
// command.h - what the commands share: their table, their options, their exit codes.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdio.h>

enum { EXIT_FAULT = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;
    int (*run)(struct arena *arena, int argc, char **argv); // argv[0] is the command's name
    const char *arguments;
    const char *does;
};

// "phial: apply: no such file"; returns EXIT_FAULT.
int command_fails(const char *command, const char *what);
int command_failed(const char *command, result why);
int command_usage(const char *command);

#define COMMAND(name, arguments, does) \
    int command_##name(struct arena *arena, int argc, char **argv);
#include "commands.def"
#undef COMMAND

// SPDX-License-Identifier: Apache-2.0
// process.h - PostgreSQL's programs as children of ours: none of our descriptors, signals or
// environment, and a session of their own, so that a Ctrl-C reaches the daemon alone.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"

#include <stdbool.h>
#include <sys/types.h>

enum { ARGUMENTS_MAX = 64 };

struct command {
    struct arena *arena;
    char *arguments[ARGUMENTS_MAX + 1]; // the program's path first, NULL last
    size_t count;
};
void command_add(struct command *command, const char *argument);

// What it prints goes to the end of the log.
result process_start(const struct command *command, const char *log_path, pid_t *pid);
result process_run(const struct command *command, const char *log_path); // waits; INTERNAL unless 0

// Whether the process lives and has the folder as its working directory, as every PostgreSQL
// process has its cluster: a number in a file may have been given to someone else since.
bool process_works_in(pid_t pid, const char *folder);
bool process_any_works_in(const char *folder);

// A child of ours that ended, or that was never one. Reaps it.
bool process_gone(pid_t pid);
void process_pause(int ms);

// SPDX-License-Identifier: Apache-2.0
// arguments.h - the command line of phiald.
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum mode {
    MODE_SERVE,
    MODE_CHECK_CONFIG,
    MODE_DUMP_CONFIG,
    MODE_HELP,
    MODE_VERSION,
    MODE_PRINT, // a generated file of the repository; see print.h
};

struct arguments {
    enum mode mode;
    const char *config_path; // NULL without
    const char *data_folder; // NULL without --dev
    const char *print;       // "sample-config"
    int port;                // -1: as configured
    bool dev;
    bool test_clock;
};

// False after having said on stderr what is wrong.
bool arguments_read(int argc, char **argv, struct arguments *arguments);
void arguments_help(FILE *out);
void arguments_print_man(FILE *out); // docs/man/phiald.8

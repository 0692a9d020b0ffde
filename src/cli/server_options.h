// SPDX-License-Identifier: Apache-2.0
// server_options.h - --url and --key, else PHIAL_URL and PHIAL_KEY.
#pragma once

#include <stdbool.h>

struct server_options {
    const char *url;
    const char *key;
};

// Fills in from the environment what was not given; says what is missing and returns false.
bool server_options_complete(const char *command, struct server_options *options);

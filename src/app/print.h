// SPDX-License-Identifier: Apache-2.0
// print.h - the generated files of the repository, as this very program knows them; the tests
// compare. `phiald --print-NAME > FILE` brings one up to date.
#pragma once

#include <stdio.h>

void print_generated(const char *name, FILE *out);

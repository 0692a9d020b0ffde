// SPDX-License-Identifier: Apache-2.0
// cli.h - the command line tool. One file per command in src/cli; one row per command.
#pragma once

int cli_main(int argc, char **argv);

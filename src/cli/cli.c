// SPDX-License-Identifier: Apache-2.0
#include "phial/cli/cli.h"

#include "command.h"
#include "phial/util/array.h"
#include "phial/util/roff.h"

#include <stdlib.h>
#include <string.h>

static const struct command commands[] = {
#define COMMAND(name, arguments, does) {#name, command_##name, arguments, does},
#include "commands.def"
#undef COMMAND
};

int command_fails(const char *command, const char *what)
{
    (void)fprintf(stderr, "phial %s: %s\n", command, what);
    return EXIT_FAULT;
}

int command_failed(const char *command, result why)
{
    return command_fails(command, failure_detail(why));
}

int command_usage(const char *command)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(commands[i].name, command) == 0)
            (void)fprintf(stderr, "usage: phial %s %s\n", command, commands[i].arguments);
    }
    return EXIT_USAGE;
}

static void print_help(FILE *out)
{
    (void)fprintf(out,
                  "usage: phial COMMAND [OPTION...]\n\nThe PHI-aware ledger: catalog, exports, "
                  "verification, demo.\n\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        (void)fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].does);
    (void)fprintf(out, "\nCommands that speak to a server take --url and --key, else PHIAL_URL and "
                       "PHIAL_KEY.\n`phial COMMAND --help` shows a command's arguments.\n");
}

static void print_man(FILE *out)
{
    roff_begin(out, "phial", 1, "catalog, exports, verification and demo of a billing ledger");
    roff_section(out, "SYNOPSIS");
    roff_paragraph(out, "phial COMMAND [OPTION...]");
    roff_section(out, "COMMANDS");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        roff_term(out, commands[i].name, commands[i].arguments, commands[i].does);
    roff_section(out, "ENVIRONMENT");
    roff_term(out, "PHIAL_URL", "", "The server, where --url does not say.");
    roff_term(out, "PHIAL_KEY", "", "The API key, where --key does not say.");
    roff_section(out, "EXIT STATUS");
    roff_paragraph(out, "0 when all is well, 1 on a failure or a finding, 2 when the command line "
                        "makes no sense.");
    roff_section(out, "SEE ALSO");
    roff_paragraph(out, "phiald(8), phial.conf(5)");
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--print-man") == 0) { // becomes docs/man/phial.1
        print_man(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("phial " PHIAL_VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (argc > 2 && strcmp(argv[2], "--help") == 0) {
            (void)printf("usage: phial %s %s\n\n%s\n", commands[i].name, commands[i].arguments,
                         commands[i].does);
            return EXIT_SUCCESS;
        }
        struct arena arena = {0};
        int code = commands[i].run(&arena, argc - 1, argv + 1);
        arena_reset(&arena);
        return code;
    }
    (void)fprintf(stderr, "phial: no such command; see phial --help\n");
    return EXIT_USAGE;
}

// SPDX-License-Identifier: Apache-2.0
// phial-verify - `phial verify` alone: nothing in it speaks to a server or a database.
#include "command.h"

#include <string.h>

int command_fails(const char *command, const char *what)
{
    (void)command;
    (void)fprintf(stderr, "phial-verify: %s\n", what);
    return EXIT_FAULT;
}

int command_failed(const char *command, result why)
{
    return command_fails(command, failure_detail(why));
}

int command_usage(const char *command)
{
    (void)fprintf(stderr, "usage: phial-%s FILE --key PUB.pem [--against OLDER] [--json]\n",
                  command);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct arena arena = {0};
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)puts("phial-verify " PHIAL_VERSION);
        return 0;
    }
    int code = command_verify(&arena, argc, argv);
    arena_reset(&arena);
    return code;
}

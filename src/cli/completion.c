// SPDX-License-Identifier: Apache-2.0
// phial completion SHELL
#include "command.h"
#include "phial/util/array.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define COMMAND(name, arguments, does) #name,
#include "commands.def"
#undef COMMAND
};

static void print_names(void)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)printf("%s%s", i == 0 ? "" : " ", names[i]);
}

int command_completion(struct arena *arena, int argc, char **argv)
{
    (void)arena;
    if (argc != 2)
        return command_usage("completion");
    if (strcmp(argv[1], "bash") == 0) {
        (void)printf("_phial() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n"
                     "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
        print_names();
        (void)printf("\" -- \"$word\"))\n    else\n        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                     "    fi\n}\ncomplete -o filenames -F _phial phial\n");
    } else if (strcmp(argv[1], "zsh") == 0) {
        (void)printf("#compdef phial\nif (( CURRENT == 2 )); then\n    compadd -- ");
        print_names();
        (void)printf("\nelse\n    _files\nfi\n");
    } else if (strcmp(argv[1], "fish") == 0) {
        (void)printf("complete -c phial -n __fish_use_subcommand -f -a '");
        print_names();
        (void)printf("'\n");
    } else {
        return command_usage("completion");
    }
    return EXIT_SUCCESS;
}

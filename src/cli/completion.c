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

static const char *const pack_words[] = {
    "list",
    "show",
    "apply",
#define PACK(name, bills) #name,
#include "packs.def"
#undef PACK
};

static void print_words(const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)printf("%s%s", i == 0 ? "" : " ", words[i]);
}

static void print_names(void)
{
    print_words(names, COUNT_OF(names));
}

// What follows `phial pack`, and `phial demo --pack`.
static void print_pack_words(void)
{
    print_words(pack_words, COUNT_OF(pack_words));
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
        (void)printf(
            "\" -- \"$word\"))\n"
            "    elif [[ ${COMP_WORDS[1]} == pack || ${COMP_WORDS[COMP_CWORD-1]} == --pack ]]; "
            "then\n        COMPREPLY=($(compgen -W \"");
        print_pack_words();
        (void)printf("\" -- \"$word\"))\n    else\n        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                     "    fi\n}\ncomplete -o filenames -F _phial phial\n");
    } else if (strcmp(argv[1], "zsh") == 0) {
        (void)printf("#compdef phial\nif (( CURRENT == 2 )); then\n    compadd -- ");
        print_names();
        (void)printf("\nelif [[ $words[2] == pack || $words[CURRENT-1] == --pack ]]; then\n"
                     "    compadd -- ");
        print_pack_words();
        (void)printf("\nelse\n    _files\nfi\n");
    } else if (strcmp(argv[1], "fish") == 0) {
        (void)printf("complete -c phial -n __fish_use_subcommand -f -a '");
        print_names();
        (void)printf("'\ncomplete -c phial -n '__fish_seen_subcommand_from pack' -f -a '");
        print_pack_words();
        (void)printf("'\n");
    } else {
        return command_usage("completion");
    }
    return EXIT_SUCCESS;
}

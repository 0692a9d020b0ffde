// SPDX-License-Identifier: Apache-2.0
// phial pack list | show NAME | apply NAME [--dry-run]
#include "catalog_apply.h"
#include "command.h"
#include "packs.h"
#include "server_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static int list(void)
{
    for (size_t i = 0; i < PACK_COUNT; i++) {
        struct pack pack = pack_at(i);
        (void)printf("%-11s %s\n", pack.name, pack.bills);
    }
    return EXIT_SUCCESS;
}

static int show(const struct pack *pack)
{
    (void)printf("%" STR_FMT, STR_ARG(pack->document));
    return EXIT_SUCCESS;
}

static result apply_on(struct arena *arena, const struct pack *pack, bool dry_run,
                       struct client *client)
{
    OWNED(json_release) json_t *document = NULL;
    TRY(json_parse(pack->document, &document));
    return catalog_apply_shown(client, arena, document, dry_run);
}

static int apply(struct arena *arena, const struct pack *pack, bool dry_run,
                 struct server_options server)
{
    struct client *client = NULL;
    if (!server_options_complete("pack", &server))
        return EXIT_FAULT;
    result outcome = client_open(server.url, server.key, &client);
    if (!failed(outcome))
        outcome = apply_on(arena, pack, dry_run, client);
    client_close(client);
    return failed(outcome) ? command_failed("pack", outcome) : EXIT_SUCCESS;
}

int command_pack(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {{"dry-run", no_argument, NULL, 'n'},
                                          {"url", required_argument, NULL, 'u'},
                                          {"key", required_argument, NULL, 'k'},
                                          {0}};
    struct server_options server = {0};
    struct pack pack = {0};
    bool dry_run = false;
    for (int option = 0; (option = getopt_long(argc, argv, "n", known, NULL)) != -1;) {
        if (option == 'n')
            dry_run = true;
        else if (option == 'u')
            server.url = optarg;
        else if (option == 'k')
            server.key = optarg;
        else
            return command_usage("pack");
    }
    const char *what = optind < argc ? argv[optind++] : "";
    if (strcmp(what, "list") == 0 && optind == argc)
        return list();
    bool shows = strcmp(what, "show") == 0;
    if ((!shows && strcmp(what, "apply") != 0) || argc - optind != 1)
        return command_usage("pack");
    if (!pack_find(argv[optind], &pack))
        return command_fails("pack", "there is no pack of that name; see phial pack list");
    return shows ? show(&pack) : apply(arena, &pack, dry_run, server);
}

// SPDX-License-Identifier: Apache-2.0
// phial apply -f FILE... [--dry-run]; the file - is standard input
#include "catalog_apply.h"
#include "client.h"
#include "command.h"
#include "phial/util/file.h"
#include "server_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 64, FILE_BYTES_MAX = 16 * 1024 * 1024 };

struct applying_files {
    const char *paths[FILES_MAX];
    int count;
    bool dry_run;
    struct server_options server;
};

static bool read_options(int argc, char **argv, struct applying_files *files)
{
    static const struct option known[] = {{"file", required_argument, NULL, 'f'},
                                          {"dry-run", no_argument, NULL, 'n'},
                                          {"url", required_argument, NULL, 'u'},
                                          {"key", required_argument, NULL, 'k'},
                                          {0}};
    for (int option = 0; (option = getopt_long(argc, argv, "f:n", known, NULL)) != -1;) {
        if (option == 'f' && files->count < FILES_MAX)
            files->paths[files->count++] = optarg;
        else if (option == 'n')
            files->dry_run = true;
        else if (option == 'u')
            files->server.url = optarg;
        else if (option == 'k')
            files->server.key = optarg;
        else
            return false;
    }
    while (files->count != 0 && optind < argc && files->count < FILES_MAX)
        files->paths[files->count++] = argv[optind++]; // -f a.json b.json
    return files->count != 0 && optind == argc;
}

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

static const char *name_of(const char *path)
{
    return is_standard_input(path) ? "standard input" : path;
}

static result read_part(struct arena *arena, const char *path, str *text)
{
    return is_standard_input(path) ? file_read_open(arena, STDIN_FILENO, FILE_BYTES_MAX, text)
                                   : file_read(arena, path, FILE_BYTES_MAX, text);
}

// Every file is read before anything is changed.
static result merge(struct arena *arena, const struct applying_files *files, json_t *whole)
{
    for (int i = 0; i < files->count; i++) {
        str text = {0};
        OWNED(json_release) json_t *part = NULL;
        result outcome = read_part(arena, files->paths[i], &text);
        if (!failed(outcome))
            outcome = json_parse(text, &part);
        if (failed(outcome))
            return FAIL(INVALID,
                        str_printf(arena, "%s: %s", name_of(files->paths[i]), outcome.detail).ptr);
        const char *member = NULL;
        json_t *documents = NULL;
        json_object_foreach(part, member, documents)
        {
            json_t *merged = json_object_get(whole, member);
            if (merged == NULL)
                (void)json_object_set(whole, member, documents);
            else if (json_object_update(merged, documents) != 0)
                return FAIL(INVALID, "two files give a member different shapes");
        }
    }
    return OK;
}

static result apply(struct arena *arena, struct client *client, const struct applying_files *files)
{
    OWNED(json_release) json_t *whole = json_object();
    TRY(merge(arena, files, whole));
    return catalog_apply_shown(client, arena, whole, files->dry_run);
}

int command_apply(struct arena *arena, int argc, char **argv)
{
    struct applying_files files = {0};
    struct client *client = NULL;
    if (!read_options(argc, argv, &files))
        return command_usage("apply");
    if (!server_options_complete("apply", &files.server))
        return EXIT_FAULT;
    result outcome = client_open(files.server.url, files.server.key, &client);
    if (!failed(outcome))
        outcome = apply(arena, client, &files);
    client_close(client);
    return failed(outcome) ? command_failed("apply", outcome) : EXIT_SUCCESS;
}

// SPDX-License-Identifier: Apache-2.0
// phial export --customer K [--from --to --since --purpose] -o FILE
#include "client.h"
#include "command.h"
#include "phial/util/array.h"
#include "phial/util/file.h"
#include "server_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <time.h>

enum { POLLS_MAX = 3600, POLL_MS = 250 };

struct wish {
    const char *customer;
    const char *from;
    const char *to;
    const char *since;
    const char *purpose;
    const char *path;
    bool trail; // the audit trail, in the place of a customer's log
    struct server_options server;
};

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        (void)json_object_set_new(object, name, json_string(text));
}

static result ask(struct client *client, struct arena *arena, const struct wish *wish, str *id)
{
    OWNED(json_release) json_t *request = json_object();
    OWNED(json_release) json_t *state = NULL;
    int64_t since = 0;
    set_text(request, "customer", wish->customer);
    if (wish->trail)
        (void)json_object_set_new(request, "trail", json_true());
    set_text(request, "from", wish->from);
    set_text(request, "to", wish->to);
    set_text(request, "purpose", wish->purpose);
    if (wish->since != NULL) {
        if (!str_to_i64(str_from(wish->since), &since) || since < 0)
            return FAIL(INVALID, "--since is a size: a whole number");
        (void)json_object_set_new(request, "since", json_integer(since));
    }
    TRY(client_call(client, arena,
                    &(struct call){.method = "POST",
                                   .path = STR("/v1/exports"),
                                   .body = json_print(arena, request)},
                    &state));
    *id = str_copy(arena, json_str(json_object_get(state, "id")));
    return OK;
}

static result wait_for(struct client *client, struct arena *arena, str id)
{
    str path = str_printf(arena, "/v1/exports/%" STR_FMT, STR_ARG(id));
    for (int i = 0; i < POLLS_MAX; i++) {
        OWNED(json_release) json_t *state = NULL;
        TRY(client_get(client, arena, path, &state));
        str status = json_str(json_object_get(state, "status"));
        if (str_eq(status, STR("ready")))
            return OK;
        if (str_eq(status, STR("failed")))
            return FAIL(INTERNAL, "the server could not make the export; see its log");
        (void)nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    return FAIL(NOT_READY, "the export is still being made; try again later");
}

static result fetch(struct client *client, struct arena *arena, const struct wish *wish)
{
    str id = {0};
    struct answer answer = {0};
    TRY(ask(client, arena, wish, &id));
    TRY(wait_for(client, arena, id));
    str path = str_printf(arena, "/v1/exports/%" STR_FMT "/download", STR_ARG(id));
    TRY(client_send(client, arena, &(struct call){.method = "GET", .path = path}, &answer));
    if (answer.status != 200)
        return FAIL(INTERNAL, "the export cannot be downloaded");
    TRY(file_write(wish->path, answer.body, 0644));
    (void)printf("%s: %zu bytes; check it with: phial verify %s --key PUB.pem\n", wish->path,
                 answer.body.len, wish->path);
    return OK;
}

static bool read_options(int argc, char **argv, struct wish *wish)
{
    static const struct option known[] = {
        {"customer", required_argument, NULL, 0}, {"from", required_argument, NULL, 1},
        {"to", required_argument, NULL, 2},       {"since", required_argument, NULL, 3},
        {"purpose", required_argument, NULL, 4},  {"output", required_argument, NULL, 5},
        {"url", required_argument, NULL, 6},      {"key", required_argument, NULL, 7},
        {"trail", no_argument, NULL, 't'},        {0}};
    const char **const fields[] = {&wish->customer,   &wish->from,      &wish->to,
                                   &wish->since,      &wish->purpose,   &wish->path,
                                   &wish->server.url, &wish->server.key};
    enum { OUTPUT = 5 };
    for (int option = 0; (option = getopt_long(argc, argv, "o:", known, NULL)) != -1;) {
        if (option == 't') {
            wish->trail = true;
            continue;
        }
        size_t field = option == 'o' ? OUTPUT : (size_t)option;
        if (field >= COUNT_OF(fields))
            return false;
        *fields[field] = optarg;
    }
    return optind == argc && (wish->customer != NULL) != wish->trail && wish->path != NULL;
}

int command_export(struct arena *arena, int argc, char **argv)
{
    struct wish wish = {.purpose = "export by command line"};
    struct client *client = NULL;
    if (!read_options(argc, argv, &wish))
        return command_usage("export");
    if (!server_options_complete("export", &wish.server))
        return EXIT_FAULT;
    result outcome = client_open(wish.server.url, wish.server.key, &client);
    if (!failed(outcome))
        outcome = fetch(client, arena, &wish);
    client_close(client);
    return failed(outcome) ? command_failed("export", outcome) : EXIT_SUCCESS;
}

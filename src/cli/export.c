// SPDX-License-Identifier: Apache-2.0
// phial export --customer K [--from --to --since --purpose] -o FILE; the file - is standard output
#include "client.h"
#include "command.h"
#include "phial/util/array.h"
#include "phial/util/file.h"
#include "server_options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { POLLS_MAX = 3600, POLL_MS = 250, PART_BYTES = 8 * 1024 * 1024, TRIES_MAX = 5 };

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

// Of a download: part after part, so that it goes on where it broke off.
struct download {
    struct arena *arena;
    struct client *client;
    str path; // of the request
    int fd;
    bool into_pipe; // or whatever standard output is: nothing to flush to disk
    int64_t bytes;  // so far
    bool done;
};

static void fd_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static result take_part(struct download *download, struct arena *arena)
{
    struct answer answer = {0};
    long long last = (long long)download->bytes + PART_BYTES - 1;
    struct call call = {
        .method = "GET",
        .path = download->path,
        .range = str_printf(arena, "bytes=%lld-%lld", (long long)download->bytes, last),
    };
    for (int tries = 0; true; tries++) {
        result sent = client_send(download->client, arena, &call, &answer);
        if (!failed(sent))
            break;
        if (tries == TRIES_MAX)
            return sent;
        (void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
    download->done = answer.status == 416 || answer.body.len < PART_BYTES;
    if (answer.status == 416 && download->bytes > 0)
        return OK;
    if (answer.status != 206)
        return FAIL(INTERNAL, "the export cannot be downloaded");
    download->bytes += (int64_t)answer.body.len;
    bool written = download->into_pipe ? file_put(download->fd, answer.body)
                                       : file_append(download->fd, answer.body);
    return written ? OK : FAIL(INTERNAL, "the export cannot be written");
}

static result take_all(struct download *download)
{
    while (!download->done) {
        struct arena arena = {0};
        result taken = take_part(download, &arena);
        if (failed(taken))
            taken.detail = str_to_c(download->arena, str_from(taken.detail));
        arena_reset(&arena);
        TRY(taken);
    }
    return OK;
}

// Written beside and renamed over: whoever reads the file sees all of it.
static result take_into_file(struct download *download, const char *path)
{
    const char *beside = str_printf(download->arena, "%s.part", path).ptr;
    OWNED(fd_close) int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return FAIL(INTERNAL, "the export cannot be written");
    download->fd = fd;
    result taken = take_all(download);
    if (!failed(taken) && rename(beside, path) != 0)
        taken = FAIL(INTERNAL, "the export cannot be written");
    if (failed(taken)) {
        (void)unlink(beside);
        return taken;
    }
    (void)printf("%s: %lld bytes; check it with: phial verify %s --key PUB.pem\n", path,
                 (long long)download->bytes, path);
    return OK;
}

static bool is_standard_output(const struct wish *wish)
{
    return strcmp(wish->path, "-") == 0;
}

static result fetch(struct client *client, struct arena *arena, const struct wish *wish)
{
    str id = {0};
    if (is_standard_output(wish) && isatty(STDOUT_FILENO) == 1)
        return FAIL(INVALID, "an export is an archive, nothing for a terminal");
    TRY(ask(client, arena, wish, &id));
    TRY(wait_for(client, arena, id));
    struct download download = {
        .arena = arena,
        .client = client,
        .path = str_printf(arena, "/v1/exports/%" STR_FMT "/download", STR_ARG(id)),
        .fd = STDOUT_FILENO,
        .into_pipe = is_standard_output(wish),
    };
    return download.into_pipe ? take_all(&download) : take_into_file(&download, wish->path);
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

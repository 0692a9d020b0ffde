// SPDX-License-Identifier: Apache-2.0
// phial demo [--pack NAME] [--keep DIR]: the main job, end to end, over HTTP, on an embedded
// server.
#include "command.h"
#include "demo_daemon.h"
#include "demo_pack.h"
#include "demo_steps.h"
#include "phial/util/file.h"

#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static result run_steps(struct demo *demo)
{
    TRY(demo_apply_catalog(demo));
    TRY(demo_send_month(demo));
    TRY(demo_send_again(demo));
    TRY(demo_send_identifiers(demo));
    TRY(demo_search_traces(demo));
    TRY(demo_close_month(demo));
    TRY(demo_void_event(demo));
    TRY(demo_issue(demo));
    TRY(demo_compare(demo));
    TRY(demo_fetch_pdf(demo));
    return demo_export_and_verify(demo);
}

static result read_key(struct arena *arena, const char *folder, const char **key)
{
    enum { KEY_BYTES_MAX = 256 };
    str text = {0};
    TRY(file_read(arena, str_printf(arena, "%s/admin.key", folder).ptr, KEY_BYTES_MAX, &text));
    while (text.len != 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    *key = str_to_c(arena, text);
    return OK;
}

static result run_on(struct arena *arena, struct demo_daemon *running, struct demo *demo)
{
    const char *key = NULL;
    TRY(read_key(arena, demo->folder, &key));
    TRY(client_open(demo_daemon_url(running), key, &demo->client));
    result outcome = run_steps(demo);
    client_close(demo->client);
    return outcome;
}

// pack: NULL for the month of real activity.
static result run_demo(struct arena *arena, const char *folder, bool keep, const struct pack *pack)
{
    struct demo demo = {.arena = arena, .folder = folder};
    struct demo_daemon *running = NULL;
    TRY(pack == NULL ? demo_month_read(arena, &demo.month)
                     : demo_pack_read(arena, pack, &demo.month));
    (void)printf("Phial demo: a month of clinical activity, from events to verified invoices\n\n"
                 "1. A server with its own PostgreSQL, in %s\n",
                 folder);
    result outcome = demo_daemon_start(arena, folder, &running);
    if (!failed(outcome)) {
        (void)printf("   ready at %s\n", demo_daemon_url(running));
        outcome = run_on(arena, running, &demo);
        int code = demo_daemon_stop(running);
        if (!failed(outcome) && code != 0)
            outcome = FAIL(INTERNAL, "the server did not stop cleanly");
    }
    if (!failed(outcome))
        demo_print_summary(&demo, keep);
    demo_month_release(&demo.month);
    return outcome;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

// A folder that mkdtemp made just now.
static void remove_folder(struct arena *arena, const char *folder)
{
    enum { FOLDERS_OPEN_MAX = 32 };
    (void)nftw(folder, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
    (void)unlink(str_printf(arena, "%s.log", folder).ptr);
}

int command_demo(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {
        {"keep", required_argument, NULL, 'k'}, {"pack", required_argument, NULL, 'p'}, {0}};
    char temporary[] = "/tmp/phial-demo-XXXXXX";
    const char *keep = NULL;
    const char *named = NULL;
    struct pack pack = {0};
    for (int option = 0; (option = getopt_long(argc, argv, "k:p:", known, NULL)) != -1;) {
        if (option == 'k')
            keep = optarg;
        else if (option == 'p')
            named = optarg;
        else
            return command_usage("demo");
    }
    if (optind != argc)
        return command_usage("demo");
    if (named != NULL && !pack_find(named, &pack))
        return command_fails("demo", "there is no pack of that name; see phial pack list");
    char full[PATH_MAX] = {0};
    if (keep != NULL && mkdir(keep, 0755) != 0 && access(keep, W_OK) != 0)
        return command_fails("demo", "the folder cannot be made or written");
    if (keep != NULL && realpath(keep, full) == NULL)
        return command_fails("demo", "the folder cannot be found");
    const char *folder = keep != NULL ? full : mkdtemp(temporary);
    if (folder == NULL)
        return command_fails("demo", "cannot make a temporary folder");

    result outcome = run_demo(arena, folder, keep != NULL, named != NULL ? &pack : NULL);
    if (keep == NULL && !failed(outcome))
        remove_folder(arena, folder);
    if (failed(outcome))
        (void)fprintf(stderr, "the server's log: %s.log\n", folder);
    return failed(outcome) ? command_failed("demo", outcome) : EXIT_SUCCESS;
}

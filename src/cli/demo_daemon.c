// SPDX-License-Identifier: Apache-2.0
#include "demo_daemon.h"

#include "phial/util/elapsed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS_MAX = 120000, LINE_MAX_BYTES = 256 };

struct demo_daemon {
    pid_t pid;
    char url[LINE_MAX_BYTES];
};

// phiald stands beside phial in a build and in a package.
static const char *program(struct arena *arena)
{
    char self[PATH_MAX] = {0};
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = len < 0 ? NULL : strrchr(self, '/');
    if (slash == NULL)
        return "phiald";
    *slash = '\0';
    const char *beside = str_printf(arena, "%s/phiald", self).ptr;
    return access(beside, X_OK) == 0 ? beside : "phiald";
}

// "ready http://127.0.0.1:PORT"
static bool read_ready(int fd, char url[LINE_MAX_BYTES])
{
    static const char word[] = "ready ";
    char line[LINE_MAX_BYTES] = {0};
    size_t len = 0;
    int64_t until = elapsed_ms() + READY_MS_MAX;
    while (len + 1 < sizeof line && elapsed_ms() < until) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)(until - elapsed_ms())) <= 0)
            continue;
        ssize_t got = read(fd, line + len, 1);
        if (got <= 0)
            return false;
        if (line[len] != '\n') {
            len++;
            continue;
        }
        line[len] = '\0';
        if (strncmp(line, word, sizeof word - 1) == 0) {
            (void)snprintf(url, LINE_MAX_BYTES, "%s", line + sizeof word - 1);
            return true;
        }
        len = 0;
    }
    return false;
}

// posix_spawn wants words that may be written to.
static char *word(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(arena_array(arena, char, size), text, size);
}

static bool spawn(struct arena *arena, const char *folder, int out, pid_t *pid)
{
    const char *path = program(arena);
    const char *log = str_printf(arena, "%s.log", folder).ptr;
    char *const arguments[] = {word(arena, path),           word(arena, "--dev"),
                               word(arena, "--data-dir"),   word(arena, folder),
                               word(arena, "--port"),       word(arena, "0"),
                               word(arena, "--test-clock"), NULL};
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
                                           O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int failure = posix_spawnp(pid, path, &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failure == 0;
}

result demo_daemon_start(struct arena *arena, const char *folder, struct demo_daemon **started)
{
    int ends[2] = {-1, -1};
    struct demo_daemon *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        free(fresh);
        return FAIL(INTERNAL, "cannot make a pipe");
    }
    bool spawned = spawn(arena, folder, ends[1], &fresh->pid);
    (void)close(ends[1]);
    bool ready = spawned && read_ready(ends[0], fresh->url);
    (void)close(ends[0]);
    if (!ready) {
        if (spawned)
            (void)demo_daemon_stop(fresh);
        else
            free(fresh);
        return FAIL(INTERNAL, "phiald did not become ready; its log stands beside its folder");
    }
    *started = fresh;
    return OK;
}

const char *demo_daemon_url(const struct demo_daemon *running)
{
    return running->url;
}

int demo_daemon_stop(struct demo_daemon *running)
{
    int status = 0;
    (void)kill(running->pid, SIGTERM);
    while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    free(running);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

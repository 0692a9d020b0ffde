// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include "phial/util/str.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void command_add(struct command *command, const char *argument)
{
    assert(command->count < ARGUMENTS_MAX);
    size_t size = strlen(argument) + 1;
    char *copy = arena_array(command->arena, char, size);
    memcpy(copy, argument, size);
    command->arguments[command->count++] = copy;
}

static bool set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
           posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSID) == 0;
}

static bool set_descriptors(posix_spawn_file_actions_t *actions, const char *log_path)
{
    return posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
           posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, log_path,
                                            O_WRONLY | O_CREAT | O_APPEND, 0600) == 0 &&
           posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1) == 0;
}

result process_start(const struct command *command, const char *log_path, pid_t *pid)
{
    // Nothing inherited: PGDATA, PGOPTIONS and a foreign locale would all change what it does.
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char locale[] = "LC_ALL=C";
    char zone[] = "TZ=UTC";
    char *environment[] = {path, locale, zone, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_init(&actions);

    pid_t child = 0;
    bool started = set_attributes(&attributes) && set_descriptors(&actions, log_path) &&
                   posix_spawn(&child, command->arguments[0], &actions, &attributes,
                               command->arguments, environment) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    if (!started)
        return FAIL(INTERNAL, "a program of PostgreSQL cannot be started");
    *pid = child;
    return OK;
}

result process_run(const struct command *command, const char *log_path)
{
    pid_t pid = 0;
    int status = 0;
    TRY(process_start(command, log_path, &pid));
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return FAIL(INTERNAL, "cannot wait for a program of PostgreSQL");
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? OK
               : FAIL(INTERNAL, "a program of PostgreSQL failed; see postgresql.log");
}

bool process_works_in(pid_t pid, const char *folder)
{
    char link[64];
    char target[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/%ld/cwd", (long)pid);
    ssize_t len = readlink(link, target, sizeof target - 1);
    if (len < 0)
        return false;
    target[len] = '\0';
    return strcmp(target, folder) == 0;
}

bool process_any_works_in(const char *folder)
{
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return false;
    bool found = false;
    for (const struct dirent *one = readdir(processes); !found && one != NULL;
         one = readdir(processes)) {
        int64_t pid = 0;
        found = str_to_i64(str_from(one->d_name), &pid) && pid > 0 && pid <= INT_MAX &&
                process_works_in((pid_t)pid, folder);
    }
    (void)closedir(processes);
    return found;
}

bool process_gone(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) != 0;
}

void process_pause(int ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&wait, NULL);
}

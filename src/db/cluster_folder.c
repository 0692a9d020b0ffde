// SPDX-License-Identifier: Apache-2.0
#include "cluster_folder.h"

#include "phial/crypto/crypto.h"
#include "phial/util/encode.h"
#include "phial/util/file.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_BYTES_MAX = 100 }; // sun_path has 108

static bool has_programs(struct arena *arena, const char *folder)
{
    return access(str_printf(arena, "%s/postgres", folder).ptr, X_OK) == 0 &&
           access(str_printf(arena, "%s/initdb", folder).ptr, X_OK) == 0;
}

// The newest of /usr/lib/postgresql/<version>/bin.
static const char *find_versioned(struct arena *arena)
{
    static const char pattern[] = "/usr/lib/postgresql/*/bin";
    const size_t before = sizeof "/usr/lib/postgresql/" - 1;
    glob_t found = {0};
    const char *newest = NULL;
    int64_t newest_version = 0;
    if (glob(pattern, 0, NULL, &found) != 0)
        return NULL;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        str path = str_from(found.gl_pathv[i]);
        int64_t version = 0;
        if (str_to_i64(str_slice(path, before, path.len - (sizeof "/bin" - 1)), &version) &&
            version > newest_version && has_programs(arena, path.ptr)) {
            newest = str_to_c(arena, path);
            newest_version = version;
        }
    }
    globfree(&found);
    return newest;
}

static const char *find_in_path(struct arena *arena)
{
    str rest = str_from(getenv("PATH"));
    while (rest.len != 0) {
        str folder = rest;
        if (!str_cut(rest, ':', &folder, &rest))
            rest = STR("");
        const char *path = str_to_c(arena, folder);
        if (folder.len != 0 && has_programs(arena, path))
            return path;
    }
    return NULL;
}

// A cluster is served by the version that made it.
static result find_programs(struct arena *arena, const char *data, const char **programs)
{
    str version = {0};
    result made = file_read(arena, str_printf(arena, "%s/PG_VERSION", data).ptr, 16, &version);
    const char *found = NULL;
    if (failed(made)) {
        found = find_versioned(arena);
        if (found == NULL)
            found = find_in_path(arena);
    } else {
        str number = version;
        (void)str_cut(version, '\n', &number, &version);
        found = str_printf(arena, "/usr/lib/postgresql/%" STR_FMT "/bin", STR_ARG(number)).ptr;
        if (!has_programs(arena, found))
            found = find_in_path(arena);
    }
    if (found == NULL)
        return FAIL(NOT_FOUND, "PostgreSQL is not installed");
    *programs = found;
    return OK;
}

static bool is_private_folder(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

// A path that is too long for a socket, or that a list of paths would cut, has its socket in /tmp.
static result make_socket_folder(struct arena *arena, const char *folder, const char **made)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
    str socket = str_printf(arena, "%s/run/.s.PGSQL.%d", folder, CLUSTER_PORT);
    str path = str_printf(arena, "%s/run", folder);
    if (socket.len > SOCKET_BYTES_MAX || !str_all_in(path, plain)) {
        sha256 hash = sha256_of(str_from(folder));
        str name = encode_hex(arena, str_slice(sha256_str(&hash), 0, 8));
        path = str_printf(arena, "/tmp/phial-%" STR_FMT, STR_ARG(name));
    }
    if (mkdir(path.ptr, 0700) != 0 && errno != EEXIST)
        return FAIL(INTERNAL, "cannot make the socket's folder");
    if (!is_private_folder(path.ptr))
        return FAIL(INTERNAL, "the socket's folder is not ours alone");
    *made = path.ptr;
    return OK;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

// What an initdb left that was killed with its daemon.
static void remove_unfinished(struct arena *arena, const char *folder)
{
    glob_t found = {0};
    if (glob(str_printf(arena, "%s/cluster.new.??????", folder).ptr, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            (void)nftw(found.gl_pathv[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    globfree(&found);
}

// Made beside and renamed when it is whole.
static result make_cluster(struct arena *arena, const char *folder,
                           const struct cluster_folder *found)
{
    remove_unfinished(arena, folder);
    char fresh[PATH_MAX];
    if (snprintf(fresh, sizeof fresh, "%s/cluster.new.XXXXXX", folder) >= (int)sizeof fresh ||
        mkdtemp(fresh) == NULL)
        return FAIL(INTERNAL, "cannot make the cluster's folder");
    struct command initdb = {.arena = arena};
    command_add(&initdb, str_printf(arena, "%s/initdb", found->programs).ptr);
    command_add(&initdb, "--pgdata");
    command_add(&initdb, fresh);
    command_add(&initdb, "--username");
    command_add(&initdb, found->user);
    command_add(&initdb, "--encoding=UTF8");
    command_add(&initdb, "--no-locale");
    command_add(&initdb, "--data-checksums");
    command_add(&initdb, "--auth-local=peer");
    command_add(&initdb, "--auth-host=reject");
    TRY(process_run(&initdb, found->log));
    if (rename(fresh, found->data) != 0)
        return FAIL(INTERNAL, "cannot name the new cluster");
    // A crash must not bring the unfinished name back: it would be removed.
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    return OK;
}

result cluster_folder_open(struct arena *arena, const char *folder, struct cluster_folder *found)
{
    char real[PATH_MAX];
    if (realpath(folder, real) == NULL)
        return FAIL(INTERNAL, "the data folder cannot be reached");
    const struct passwd *user = getpwuid(geteuid());
    if (user == NULL)
        return FAIL(INTERNAL, "the user has no name");
    struct cluster_folder paths = {
        .data = str_printf(arena, "%s/cluster", real).ptr,
        .log = str_printf(arena, "%s/postgresql.log", real).ptr,
        .user = str_copy(arena, str_from(user->pw_name)).ptr,
    };
    TRY(find_programs(arena, paths.data, &paths.programs));
    TRY(make_socket_folder(arena, real, &paths.socket));
    if (access(paths.data, F_OK) != 0)
        TRY(make_cluster(arena, real, &paths));
    *found = paths;
    return OK;
}

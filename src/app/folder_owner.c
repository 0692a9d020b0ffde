// SPDX-License-Identifier: Apache-2.0
#include "folder_owner.h"

#include "phial/util/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    bool empty = true;
    for (const struct dirent *one = readdir(folder); empty && one != NULL; one = readdir(folder))
        empty = is_dots(one->d_name);
    (void)closedir(folder);
    return empty;
}

static void hand_over_one(const char *path, uid_t uid, gid_t gid)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && status.st_uid == 0 &&
        (S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink == 1)))
        (void)!fchown(fd, uid, gid);
    (void)close(fd);
}

// What root owns in it, as after a copy by root. No link is followed (fts changes into each folder
// and looks where it has arrived), and a file with a second name may be anybody's.
static result hand_over(const char *path, uid_t uid, gid_t gid)
{
    char root[PATH_MAX];
    char *const roots[] = {root, NULL};
    if (snprintf(root, sizeof root, "%s", path) >= (int)sizeof root)
        return FAIL(INTERNAL, "the path is too long");
    FTS *walk = fts_open(roots, FTS_PHYSICAL, NULL);
    if (walk == NULL)
        return FAIL(INTERNAL, "the data folder cannot be read");
    for (const FTSENT *one = fts_read(walk); one != NULL; one = fts_read(walk)) {
        if (one->fts_info == FTS_F || one->fts_info == FTS_DP)
            hand_over_one(one->fts_accpath, uid, gid);
    }
    (void)fts_close(walk);
    return OK;
}

result folder_owner_check(struct arena *arena, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return FAIL(INTERNAL, str_printf(arena, "%s: is no folder", path).ptr);
    bool is_ours = access(str_printf(arena, "%s/phial.lock", path).ptr, F_OK) == 0;
    if (is_ours || ((status.st_mode & S_ISVTX) == 0 && is_empty(path)))
        return OK;
    return FAIL(INTERNAL,
                str_printf(arena, "%s: is neither empty nor a data folder of phiald", path).ptr);
}

result folder_owner_set(struct arena *arena, const char *path, uid_t uid, gid_t gid)
{
    TRY(folder_owner_check(arena, path));
    return hand_over(path, uid, gid);
}

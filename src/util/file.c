// SPDX-License-Identifier: Apache-2.0
#include "phial/util/file.h"

#include "phial/util/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

result file_read_open(struct arena *arena, int fd, size_t max, str *bytes)
{
    enum { STEP = 64 * 1024 };
    struct buf text = {.arena = arena};
    for (;;) {
        char *room = buf_room(&text, STEP);
        ssize_t got = read(fd, room, STEP);
        if (got < 0 && errno == EINTR)
            got = 0;
        else if (got < 0)
            return FAIL(INTERNAL, "cannot read the file");
        else if (got == 0) {
            text.len -= STEP;
            break;
        }
        text.len -= STEP - (size_t)got;
        if (text.len > max)
            return FAIL(BODY_TOO_LARGE, "the file is too large");
    }
    *bytes = buf_str(&text);
    return OK;
}

result file_read(struct arena *arena, const char *path, size_t max, str *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? FAIL(NOT_FOUND, "no such file")
                                                   : FAIL(INTERNAL, "cannot open the file");
    result outcome = file_read_open(arena, fd, max, bytes);
    (void)close(fd);
    return outcome;
}

bool file_put(int fd, str bytes)
{
    while (bytes.len != 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes = str_slice(bytes, (size_t)put, bytes.len);
    }
    return true;
}

bool file_append(int fd, str bytes)
{
    return file_put(fd, bytes) && fsync(fd) == 0;
}

static void flush_folder(const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)snprintf(folder, sizeof folder, ".");
    else
        *slash = '\0';
    int fd = open(*folder == '\0' ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

result file_write(const char *path, str bytes, unsigned mode)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return FAIL(INTERNAL, "the path is too long");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return FAIL(INTERNAL, "cannot create the file");
    bool written = file_append(fd, bytes);
    (void)close(fd);
    if (!written || rename(beside, path) != 0) {
        (void)unlink(beside);
        return FAIL(INTERNAL, "cannot write the file");
    }
    flush_folder(path);
    return OK;
}

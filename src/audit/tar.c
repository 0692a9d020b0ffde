// SPDX-License-Identifier: Apache-2.0
#include "tar.h"

#include "phial/util/encode.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, MODE = 0644 };

struct tar {
    struct archive *archive;
    int fd;
    instant made_at;
    char path[PATH_MAX];
    char beside[PATH_MAX];
};

result tar_open(const char *path, instant made_at, struct tar **tar)
{
    struct tar *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return FAIL(INTERNAL, "out of memory");
    fresh->made_at = made_at;
    fresh->fd = -1;
    bool fits = snprintf(fresh->path, PATH_MAX, "%s", path) < PATH_MAX &&
                snprintf(fresh->beside, PATH_MAX, "%s.part", path) < PATH_MAX;
    if (fits)
        fresh->fd = open(fresh->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fresh->archive = archive_write_new();
    if (fresh->fd < 0 || fresh->archive == NULL ||
        archive_write_set_format_ustar(fresh->archive) != ARCHIVE_OK ||
        archive_write_open_fd(fresh->archive, fresh->fd) != ARCHIVE_OK) {
        tar_abandon(fresh);
        return FAIL(INTERNAL, "cannot write to the export folder");
    }
    *tar = fresh;
    return OK;
}

static result begin(struct tar *tar, const char *name, int64_t size)
{
    struct archive_entry *entry = archive_entry_new();
    if (entry == NULL)
        return FAIL(INTERNAL, "out of memory");
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, MODE);
    archive_entry_set_size(entry, size);
    archive_entry_set_mtime(entry, tar->made_at.us / 1000000, 0);
    int outcome = archive_write_header(tar->archive, entry);
    archive_entry_free(entry);
    return outcome == ARCHIVE_OK ? OK : FAIL(INTERNAL, "cannot write the archive");
}

static result put(struct tar *tar, str bytes)
{
    la_ssize_t put = archive_write_data(tar->archive, bytes.ptr, bytes.len);
    return put == (la_ssize_t)bytes.len ? OK : FAIL(INTERNAL, "cannot write the archive");
}

static void add_sum(struct buf *sums, const char *name, const sha256 *sum)
{
    if (sums == NULL)
        return;
    buf_add(sums, encode_hex(sums->arena, sha256_str(sum)));
    buf_addf(sums, "  %s\n", name);
}

result tar_add(struct tar *tar, const char *name, str bytes, struct buf *sums)
{
    sha256 sum = sha256_of(bytes);
    TRY(begin(tar, name, (int64_t)bytes.len));
    if (bytes.len != 0)
        TRY(put(tar, bytes));
    add_sum(sums, name, &sum);
    return OK;
}

result tar_add_file(struct tar *tar, const char *name, int fd, int64_t size, const sha256 *sum,
                    struct buf *sums)
{
    char bytes[CHUNK];
    TRY(begin(tar, name, size));
    for (int64_t at = 0; at < size;) {
        ssize_t got = pread(fd, bytes, sizeof bytes, at);
        if (got <= 0)
            return FAIL(INTERNAL, "cannot read the entries back");
        TRY(put(tar, (str){bytes, (size_t)got}));
        at += got;
    }
    add_sum(sums, name, sum);
    return OK;
}

result tar_finish(struct tar *tar, int64_t *bytes)
{
    struct stat about = {0};
    bool done = archive_write_close(tar->archive) == ARCHIVE_OK && fsync(tar->fd) == 0 &&
                fstat(tar->fd, &about) == 0 && rename(tar->beside, tar->path) == 0;
    tar_abandon(tar); // what was renamed is no longer beside
    if (!done)
        return FAIL(INTERNAL, "cannot write the archive");
    *bytes = about.st_size;
    return OK;
}

void tar_abandon(struct tar *tar)
{
    if (tar->archive != NULL)
        (void)archive_write_free(tar->archive);
    if (tar->fd >= 0)
        (void)close(tar->fd);
    (void)unlink(tar->beside);
    free(tar);
}

// SPDX-License-Identifier: Apache-2.0
#include "verify_archive.h"

#include "export_names.h"
#include "phial/util/owned.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, END_BYTES = 2 * BLOCK, FIRST_ROOM = 64 };

// entries.ndjson may be long; nothing else is.
static const int64_t entries_bytes_max = INT64_C(4) << 30;
static const int64_t file_bytes_max = INT64_C(64) << 20;

struct reading {
    struct arena *arena;
    struct report *report;
    struct archive *archive;
    int64_t archive_bytes;
    struct archive_file *items;
    size_t count;
    size_t room;
};

static void archive_close(struct archive **archive)
{
    if (*archive != NULL)
        (void)archive_read_free(*archive);
}

static void fd_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

// Relative, of letters, digits, '.', '_' and '-', no part empty, "." or "..".
static bool is_plain_name(str name)
{
    if (name.len == 0 || name.len > EXPORT_NAME_MAX ||
        !str_all_in(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"))
        return false;
    str rest = name;
    for (bool more = true; more;) {
        str part = rest;
        more = str_cut(rest, '/', &part, &rest);
        if (part.len == 0 || str_eq(part, STR(".")) || str_eq(part, STR("..")))
            return false;
    }
    return true;
}

static bool is_regular(struct archive_entry *entry)
{
    return archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == NULL &&
           archive_entry_symlink(entry) == NULL && archive_entry_size_is_set(entry) != 0 &&
           archive_entry_sparse_count(entry) == 0;
}

static struct archive_file *next_file(struct reading *reading)
{
    if (reading->count == reading->room) {
        size_t room = reading->room == 0 ? FIRST_ROOM : reading->room * 2;
        struct archive_file *items = arena_array(reading->arena, struct archive_file, room);
        if (reading->count != 0)
            memcpy(items, reading->items, reading->count * sizeof *items);
        reading->items = items;
        reading->room = room;
    }
    return &reading->items[reading->count];
}

static bool fill(struct archive *archive, char *bytes, size_t len)
{
    while (len != 0) {
        la_ssize_t got = archive_read_data(archive, bytes, len);
        if (got <= 0)
            return false;
        bytes += got;
        len -= (size_t)got;
    }
    return true;
}

// False when the archive ends inside the file.
static bool read_file(struct reading *reading, struct archive_entry *entry)
{
    str name = str_from(archive_entry_pathname(entry));
    int64_t size = archive_entry_size(entry);
    str shown = report_text(reading->arena, name);
    bool is_entries = str_eq(name, STR(EXPORT_ENTRIES));
    if (!is_plain_name(name) || !is_regular(entry)) {
        fault(reading->report, "The archive holds '%" STR_FMT "', which is no plain regular file.",
              STR_ARG(shown));
        return true;
    }
    if (size > reading->archive_bytes || size > (is_entries ? entries_bytes_max : file_bytes_max)) {
        fault(reading->report, "'%" STR_FMT "' is larger than it may be.", STR_ARG(shown));
        return true;
    }
    char *bytes = arena_array(reading->arena, char, (size_t)size + 1);
    if (!fill(reading->archive, bytes, (size_t)size)) {
        fault(reading->report, "The archive is cut off inside '%" STR_FMT "'.", STR_ARG(shown));
        return false;
    }
    *next_file(reading) =
        (struct archive_file){str_copy(reading->arena, name), {bytes, (size_t)size}};
    reading->count++;
    return true;
}

static bool read_files(struct reading *reading)
{
    for (size_t seen = 0;; seen++) {
        struct archive_entry *entry = NULL;
        int got = archive_read_next_header(reading->archive, &entry);
        if (got == ARCHIVE_EOF)
            return true;
        if (got != ARCHIVE_OK || seen == EXPORT_FILES_MAX) {
            fault(reading->report, "The archive is no whole POSIX tar.");
            return false;
        }
        if (!read_file(reading, entry))
            return false;
    }
}

// Behind the last file stand two blocks of zeros, and nothing but zeros after them.
static void check_end(struct reading *reading, int fd)
{
    char block[BLOCK];
    off_t at = lseek(fd, 0, SEEK_CUR) - END_BYTES;
    bool zeros = at >= 0 && reading->archive_bytes % BLOCK == 0;
    while (zeros && at < reading->archive_bytes) {
        ssize_t got = pread(fd, block, sizeof block, at);
        zeros = got > 0;
        for (ssize_t i = 0; i < got && zeros; i++)
            zeros = block[i] == '\0';
        at += got;
    }
    if (!zeros)
        fault(reading->report, "The archive is cut off, or something follows its end.");
}

static int by_name(const void *a, const void *b)
{
    return str_compare(((const struct archive_file *)a)->name,
                       ((const struct archive_file *)b)->name);
}

// In order, and each name once.
static void sort_files(struct reading *reading)
{
    size_t kept = 0;
    if (reading->count != 0)
        qsort(reading->items, reading->count, sizeof *reading->items, by_name);
    for (size_t i = 0; i < reading->count; i++) {
        if (kept != 0 && str_eq(reading->items[kept - 1].name, reading->items[i].name))
            fault(reading->report, "The archive holds '%" STR_FMT "' twice.",
                  STR_ARG(reading->items[i].name));
        else
            reading->items[kept++] = reading->items[i];
    }
    reading->count = kept;
}

result archive_files_read(struct arena *arena, const char *path, struct report *report,
                          struct archive_files *files)
{
    struct stat about = {0};
    OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? FAIL(NOT_FOUND, "no such export")
                               : FAIL(INTERNAL, "cannot open the export");
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return FAIL(INTERNAL, "the export is no regular file");
    OWNED(archive_close) struct archive *archive = archive_read_new();
    struct reading reading = {
        .arena = arena, .report = report, .archive = archive, .archive_bytes = about.st_size};
    // One block at a time, so that the descriptor stands where the archive ends.
    if (archive == NULL || archive_read_support_format_tar(archive) != ARCHIVE_OK)
        return FAIL(INTERNAL, "cannot read archives");
    if (archive_read_open_fd(archive, fd, BLOCK) != ARCHIVE_OK)
        fault(report, "The file is no tar.");
    else if (read_files(&reading))
        check_end(&reading, fd);
    sort_files(&reading);
    *files = (struct archive_files){reading.items, reading.count};
    return OK;
}

const struct archive_file *archive_files_find(const struct archive_files *files, str name)
{
    struct archive_file key = {.name = name};
    if (files->count == 0)
        return NULL;
    return bsearch(&key, files->items, files->count, sizeof key, by_name);
}

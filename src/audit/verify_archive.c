// SPDX-License-Identifier: Apache-2.0
// A walk over the blocks of a ustar archive that leaves no byte unread: SHA256SUMS covers what the
// files hold, and here is covered what stands around them.
#include "verify_archive.h"

#include "export_names.h"
#include "phial/util/array.h"
#include "phial/util/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, END_BYTES = 2 * BLOCK, RECORD = 20 * BLOCK };

// entries.ndjson may be long; nothing else is.
static const int64_t entries_bytes_max = INT64_C(4) << 30;
static const int64_t file_bytes_max = INT64_C(64) << 20;

struct field {
    size_t at;
    size_t size;
};

static const struct field name_field = {0, 100};
static const struct field size_field = {124, 12};
static const struct field sum_field = {148, 8};
static const struct field type_field = {156, 1};
static const struct field link_field = {157, 100};
static const struct field magic_field = {257, 8};
static const struct field prefix_field = {345, 155};
static const struct field rest_field = {500, 12};

// mode, uid, gid, mtime, devmajor, devminor; uname, gname. They mean nothing here.
static const struct field numbers[] = {{100, 8}, {108, 8}, {116, 8}, {136, 12}, {329, 8}, {337, 8}};
static const struct field texts[] = {{265, 32}, {297, 32}};

struct reading {
    struct arena *arena;
    struct report *report;
    const char *map;
    int64_t bytes; // of the archive
    int64_t at;    // of the next block
    size_t seen;
    struct archive_file *items;
    size_t count;
    size_t room;
};

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

static bool is_zero(str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] != '\0')
            return false;
    }
    return true;
}

static str field_of(str header, struct field field)
{
    return str_slice(header, field.at, field.at + field.size);
}

// Up to the first NUL; `rest` is what stands from there on.
static str text_of(str field, str *rest)
{
    size_t len = strnlen(field.ptr, field.len);
    *rest = str_slice(field, len, field.len);
    return str_slice(field, 0, len);
}

// Octal digits, then nothing but blanks and NULs.
static bool read_octal(str field, int64_t *number)
{
    size_t digits = 0;
    int64_t read = 0;
    while (digits < field.len && field.ptr[digits] >= '0' && field.ptr[digits] <= '7')
        read = read * 8 + (field.ptr[digits++] - '0');
    for (size_t i = digits; i < field.len; i++) {
        if (field.ptr[i] != ' ' && field.ptr[i] != '\0')
            return false;
    }
    *number = read;
    return digits != 0 && digits < field.len;
}

// The one spelling that tar programs share: six digits, NUL, blank.
static bool sum_holds(str header)
{
    char spelt[sizeof "777777\0"];
    unsigned sum = 0;
    for (size_t i = 0; i < header.len; i++) {
        bool own = i >= sum_field.at && i < sum_field.at + sum_field.size;
        sum += own ? (unsigned)' ' : (unsigned char)header.ptr[i];
    }
    (void)snprintf(spelt, sizeof spelt, "%06o", sum);
    spelt[sizeof spelt - 1] = ' ';
    return str_eq(field_of(header, sum_field), (str){spelt, sizeof spelt});
}

static bool is_idle_text(str field)
{
    str rest = {0};
    str text = text_of(field, &rest);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~')
            return false;
    }
    return is_zero(rest);
}

static bool is_idle(str header)
{
    int64_t number = 0;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        str field = field_of(header, numbers[i]);
        if (!is_zero(field) && !read_octal(field, &number))
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (!is_idle_text(field_of(header, texts[i])))
            return false;
    }
    return is_zero(field_of(header, rest_field));
}

// No folder, link, device, no extension of ustar, no name in two pieces.
static bool is_regular(str header)
{
    return str_eq(field_of(header, type_field), STR("0")) &&
           is_zero(field_of(header, link_field)) && is_zero(field_of(header, prefix_field));
}

static struct archive_file *next_file(struct reading *reading)
{
    reading->items = arena_grow(reading->arena, reading->items, reading->count, &reading->room,
                                sizeof *reading->items);
    return &reading->items[reading->count];
}

// False when the archive ends before.
static bool take(struct reading *reading, size_t len, str *bytes)
{
    if ((int64_t)len > reading->bytes - reading->at)
        return false;
    *bytes = (str){reading->map + reading->at, len};
    reading->at += (int64_t)len;
    return true;
}

static bool take_padding(struct reading *reading, str shown)
{
    str padding = {0};
    if (!take(reading, (size_t)(-reading->at & (BLOCK - 1)), &padding))
        return false;
    if (!is_zero(padding))
        fault(reading->report, "Something is hidden behind '%" STR_FMT "'.", STR_ARG(shown));
    return true;
}

static bool take_data(struct reading *reading, str name, int64_t size, str shown)
{
    str bytes = {0};
    if (!take(reading, (size_t)size, &bytes) || !take_padding(reading, shown))
        return false;
    *next_file(reading) = (struct archive_file){str_copy(reading->arena, name), bytes};
    reading->count++;
    return true;
}

// False when what follows cannot be read.
static bool read_member(struct reading *reading, str header)
{
    int64_t size = 0;
    str rest = {0};
    str name = text_of(field_of(header, name_field), &rest);
    str shown = report_text(reading->arena, name);
    if (!sum_holds(header) ||
        !str_eq(field_of(header, magic_field), STR("ustar\0"
                                                   "00")) ||
        !read_octal(field_of(header, size_field), &size) || reading->seen++ == EXPORT_FILES_MAX) {
        fault(reading->report, "The archive is no whole POSIX tar.");
        return false;
    }
    if (!is_idle(header))
        fault(reading->report, "The header of '%" STR_FMT "' is not as ustar has it.",
              STR_ARG(shown));

    int64_t most = str_eq(name, STR(EXPORT_ENTRIES)) ? entries_bytes_max : file_bytes_max;
    bool plain = is_plain_name(name) && is_zero(rest) && is_regular(header);
    bool whole = size <= reading->bytes - reading->at;
    if (!plain)
        fault(reading->report, "The archive holds '%" STR_FMT "', which is no plain regular file.",
              STR_ARG(shown));
    else if (size > most)
        fault(reading->report, "'%" STR_FMT "' is larger than it may be.", STR_ARG(shown));
    else
        whole = whole && take_data(reading, name, size, shown);
    if (!whole)
        fault(reading->report, "The archive is cut off inside '%" STR_FMT "'.", STR_ARG(shown));
    else if (!plain || size > most)
        reading->at += (size + BLOCK - 1) / BLOCK * BLOCK;
    return whole;
}

// Two blocks of zeros end an archive; they may be filled up with more to a whole record.
static void check_end(const struct reading *reading, int64_t end)
{
    int64_t least = end + END_BYTES;
    int64_t record = (least + RECORD - 1) / RECORD * RECORD;
    bool right = reading->bytes == least || reading->bytes == record;
    if (!right || !is_zero((str){reading->map + end, (size_t)(reading->bytes - end)}))
        fault(reading->report, "The archive is cut off, or something follows its end.");
}

static void read_members(struct reading *reading)
{
    for (bool more = true; more;) {
        str header = {0};
        int64_t begin = reading->at;
        more = take(reading, BLOCK, &header);
        if (!more || is_zero(header)) {
            check_end(reading, begin);
            return;
        }
        more = read_member(reading, header);
    }
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
    char *map = NULL;
    if (about.st_size > 0)
        map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return FAIL(INTERNAL, "cannot read the export");
    struct reading reading = {.arena = arena, .report = report, .map = map, .bytes = about.st_size};
    read_members(&reading);
    sort_files(&reading);
    *files = (struct archive_files){reading.items, reading.count, map, (size_t)about.st_size};
    return OK;
}

// A mapping's own pages alone: others, once given back, would be gone.
void archive_files_forget(const struct archive_files *files, str bytes)
{
    bool mapped = files->map != NULL && bytes.ptr >= files->map &&
                  bytes.ptr + bytes.len <= files->map + files->map_bytes;
    if (!mapped || bytes.len == 0)
        return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t begin = (size_t)(bytes.ptr - files->map) / page * page;
    size_t end = (size_t)(bytes.ptr - files->map) + bytes.len;
    (void)madvise(files->map + begin, end - begin, MADV_DONTNEED);
}

void archive_files_close(struct archive_files *files)
{
    if (files->map != NULL)
        (void)munmap(files->map, files->map_bytes);
    files->map = NULL;
}

const struct archive_file *archive_files_find(const struct archive_files *files, str name)
{
    struct archive_file key = {.name = name};
    if (files->count == 0)
        return NULL;
    return bsearch(&key, files->items, files->count, sizeof key, by_name);
}

// SPDX-License-Identifier: Apache-2.0
#include "signed_heads.h"

#include "phial/util/buf.h"
#include "phial/util/encode.h"
#include "phial/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMPACT_BYTES_MIN = 65536, COMPACT_GROWTH = 4, FILE_MODE = 0600, FIRST_SLOTS = 64 };

struct signed_heads {
    struct arena arena; // origins
    const char *path;
    int fd;
    off_t read_to; // the file up to here is in the table
    struct checkpoint *items;
    size_t count;
    size_t size;
    size_t *slots; // number + 1 in items, 0 for none; by hash of the origin
    size_t slot_count;
};

static uint64_t hash(str text)
{
    uint64_t value = 14695981039346656037U; // FNV-1a
    for (size_t i = 0; i < text.len; i++)
        value = (value ^ (unsigned char)text.ptr[i]) * 1099511628211U;
    return value;
}

static size_t slot_of(const struct signed_heads *heads, str origin)
{
    size_t at = (size_t)hash(origin) & (heads->slot_count - 1);
    while (heads->slots[at] != 0 && !str_eq(heads->items[heads->slots[at] - 1].origin, origin))
        at = (at + 1) & (heads->slot_count - 1);
    return at;
}

static void grow(struct signed_heads *heads)
{
    size_t size = heads->size == 0 ? FIRST_SLOTS / 2 : heads->size * 2;
    struct checkpoint *items = arena_array(&heads->arena, struct checkpoint, size);
    if (heads->count != 0)
        memcpy(items, heads->items, heads->count * sizeof *items);
    heads->items = items;
    heads->size = size;
    heads->slot_count = 2 * size;
    heads->slots = arena_array(&heads->arena, size_t, heads->slot_count);
    for (size_t i = 0; i < heads->count; i++)
        heads->slots[slot_of(heads, items[i].origin)] = i + 1;
}

static result keep(struct signed_heads *heads, const struct checkpoint *head)
{
    if (heads->count == heads->size)
        grow(heads);
    size_t at = slot_of(heads, head->origin);
    if (heads->slots[at] == 0) {
        struct checkpoint *item = &heads->items[heads->count++];
        *item = *head;
        item->origin = str_copy(&heads->arena, head->origin);
        heads->slots[at] = heads->count;
        return OK;
    }
    struct checkpoint *known = &heads->items[heads->slots[at] - 1];
    if (head->size == known->size && !sha256_eq(&head->root, &known->root))
        return FAIL(HEAD_REFUSED, "two roots were signed for one size");
    if (head->size > known->size) {
        known->size = head->size;
        known->root = head->root;
    }
    return OK;
}

static bool parse_line(struct arena *arena, str line, struct checkpoint *head)
{
    str version = {0};
    str size = {0};
    str root = {0};
    int64_t number = 0;
    str hash_bytes = {0};
    if (!str_cut(line, ' ', &version, &line) || !str_eq(version, STR("v1")) ||
        !str_cut(line, ' ', &head->origin, &line) || !str_cut(line, ' ', &size, &root))
        return false;
    if (!str_to_i64(size, &number) || number < 0 || !decode_base64(arena, root, &hash_bytes) ||
        hash_bytes.len != SHA256_BYTES)
        return false;
    head->size = (uint64_t)number;
    memcpy(head->root.bytes, hash_bytes.ptr, SHA256_BYTES);
    return true;
}

static void print_line(struct buf *into, const struct checkpoint *head)
{
    str root = encode_base64(into->arena, sha256_str(&head->root));
    buf_addf(into, "v1 %" STR_FMT " %llu %" STR_FMT "\n", STR_ARG(head->origin),
             (unsigned long long)head->size, STR_ARG(root));
}

// Takes in whole lines and yields how many bytes they were.
static result take_lines(struct signed_heads *heads, struct arena *scratch, str text, size_t *taken)
{
    str line = {0};
    str rest = text;
    while (str_cut(rest, '\n', &line, &rest)) {
        struct checkpoint head = {0};
        if (!parse_line(scratch, line, &head))
            return FAIL(HEAD_REFUSED, "the file of signed heads is damaged");
        TRY(keep(heads, &head));
    }
    *taken = text.len - rest.len;
    return OK;
}

static result read_at(int fd, off_t from, char *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, bytes + done, len - done, from + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FAIL(INTERNAL, "cannot read the file of signed heads");
        done += (size_t)got;
    }
    return OK;
}

static result read_new(struct signed_heads *heads, struct arena *scratch)
{
    struct stat status;
    if (fstat(heads->fd, &status) != 0)
        return FAIL(INTERNAL, "cannot read the file of signed heads");
    if (status.st_size < heads->read_to)
        return FAIL(HEAD_REFUSED, "the file of signed heads lost lines");
    size_t len = (size_t)(status.st_size - heads->read_to);
    if (len == 0)
        return OK;
    char *bytes = arena_array(scratch, char, len);
    TRY(read_at(heads->fd, heads->read_to, bytes, len));
    size_t taken = 0;
    TRY(take_lines(heads, scratch, (str){bytes, len}, &taken));
    heads->read_to += (off_t)taken;
    if (taken != len && ftruncate(heads->fd, heads->read_to) != 0)
        return FAIL(SIGNER_AWAY, "cannot mend the file of signed heads");
    return OK;
}

// Whether the path still names the file that is open: another daemon may have compacted it.
static bool is_current(const struct signed_heads *heads)
{
    struct stat ours;
    struct stat named;
    return fstat(heads->fd, &ours) == 0 && stat(heads->path, &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static result reopen(struct signed_heads *heads)
{
    if (heads->fd >= 0)
        (void)close(heads->fd);
    heads->read_to = 0;
    heads->fd = open(heads->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, FILE_MODE);
    return heads->fd >= 0 ? OK : FAIL(INTERNAL, "cannot open the file of signed heads");
}

// So that the file's name is on disk before the first signature leaves.
static result flush_folder(struct arena *scratch, const char *path)
{
    const char *slash = strrchr(path, '/');
    str folder = slash == NULL ? STR(".") : (str){path, (size_t)(slash - path) + 1};
    int fd = open(str_to_c(scratch, folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return FAIL(INTERNAL, "cannot open the folder of signed heads");
    int flushed = fsync(fd);
    (void)close(fd);
    return flushed == 0 ? OK : FAIL(INTERNAL, "cannot flush the folder of signed heads");
}

static result lock_file(struct signed_heads *heads)
{
    for (;;) {
        while (flock(heads->fd, LOCK_EX) != 0) {
            if (errno != EINTR)
                return FAIL(INTERNAL, "cannot lock the file of signed heads");
        }
        if (is_current(heads))
            return OK;
        TRY(reopen(heads));
    }
}

result signed_heads_lock(struct signed_heads *heads)
{
    TRY(lock_file(heads));
    struct arena scratch = {0};
    result read = read_new(heads, &scratch);
    arena_reset(&scratch);
    if (failed(read))
        signed_heads_unlock(heads);
    return read;
}

void signed_heads_unlock(struct signed_heads *heads)
{
    (void)flock(heads->fd, LOCK_UN);
}

// One line a head is left of a file that grew; those who wait for the lock see the new file.
static result compact(struct signed_heads *heads)
{
    struct arena scratch = {0};
    struct buf text = {.arena = &scratch};
    for (size_t i = 0; i < heads->count; i++)
        print_line(&text, &heads->items[i]);
    result written = OK;
    if (heads->read_to >= COMPACT_BYTES_MIN && (size_t)heads->read_to >= COMPACT_GROWTH * text.len)
        written = file_write(heads->path, buf_str(&text), FILE_MODE);
    arena_reset(&scratch);
    return written;
}

result signed_heads_open(const char *path, struct signed_heads **heads)
{
    struct arena arena = {0};
    struct signed_heads *made = arena_new(&arena, struct signed_heads);
    made->path = str_to_c(&arena, str_from(path));
    made->arena = arena;
    made->fd = -1;
    grow(made);
    result opened = reopen(made);
    if (!failed(opened))
        opened = flush_folder(&made->arena, made->path);
    if (!failed(opened))
        opened = signed_heads_lock(made);
    if (!failed(opened)) {
        opened = compact(made);
        signed_heads_unlock(made);
    }
    if (failed(opened)) {
        signed_heads_close(made);
        return opened;
    }
    *heads = made;
    return OK;
}

void signed_heads_close(struct signed_heads *heads)
{
    if (heads == NULL)
        return;
    if (heads->fd >= 0)
        (void)close(heads->fd);
    struct arena arena = heads->arena; // holds `heads` itself
    arena_reset(&arena);
}

const struct checkpoint *signed_heads_find(const struct signed_heads *heads, str origin)
{
    size_t number = heads->slots[slot_of(heads, origin)];
    return number == 0 ? NULL : &heads->items[number - 1];
}

const struct checkpoint *signed_heads_at(const struct signed_heads *heads, size_t number)
{
    return number < heads->count ? &heads->items[number] : NULL;
}

result signed_heads_add(struct signed_heads *heads, const struct checkpoint *head)
{
    struct arena scratch = {0};
    struct buf line = {.arena = &scratch};
    print_line(&line, head);
    size_t len = line.len;
    bool written = file_append(heads->fd, buf_str(&line));
    arena_reset(&scratch);
    if (!written)
        return FAIL(SIGNER_AWAY, "cannot write the file of signed heads");
    heads->read_to += (off_t)len;
    return keep(heads, head);
}

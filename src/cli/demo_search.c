// SPDX-License-Identifier: Apache-2.0
#include "demo_search.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS_OPEN_MAX = 16, CHUNK = 1 << 20, VALUE_MAX = 512 };

static unsigned pair_at(const char *bytes)
{
    return (unsigned)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

bool demo_search_text(const struct search *search, str text)
{
    bool begins[1 << 16] = {false}; // which two bytes begin a value
    for (size_t i = 0; i < search->count; i++)
        begins[pair_at(search->values[i].ptr)] = true;
    for (size_t at = 0; at + 2 <= text.len; at++) {
        if (!begins[pair_at(text.ptr + at)])
            continue;
        str rest = str_slice(text, at, text.len);
        for (size_t i = 0; i < search->count; i++) {
            if (str_starts_with(rest, search->values[i]))
                return true;
        }
    }
    return false;
}

// Chunk by chunk; each keeps the end of the one before, so that no value is cut in two.
static void search_file(struct search *search, int fd)
{
    char *bytes = malloc(CHUNK);
    size_t kept = 0;
    bool found = false;
    if (bytes == NULL)
        return;
    for (ssize_t got = 0; (got = read(fd, bytes + kept, CHUNK - kept)) > 0;) {
        size_t len = kept + (size_t)got;
        search->bytes += got;
        found = found || demo_search_text(search, (str){bytes, len});
        kept = len < VALUE_MAX ? len : VALUE_MAX;
        memmove(bytes, bytes + len - kept, kept);
    }
    free(bytes);
    search->files++;
    search->found += found ? 1 : 0;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the folders
static void search_folder(struct search *search, int folder, int depth)
{
    DIR *entries = fdopendir(folder);
    if (entries == NULL)
        return;
    for (const struct dirent *entry = NULL; (entry = readdir(entries)) != NULL;) {
        struct stat about = {0};
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int fd = openat(folder, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
            continue;
        if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode) && depth > 0) {
            search_folder(search, fd, depth - 1); // closes it
            continue;
        }
        if (S_ISREG(about.st_mode))
            search_file(search, fd);
        (void)close(fd);
    }
    (void)closedir(entries);
}

result demo_search(const char *folder, struct search *search)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return FAIL(INTERNAL, "cannot read the data folder");
    search_folder(search, fd, FOLDERS_OPEN_MAX);
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
// Any bytes as an export. The key is that of the exports in the corpus, whose checkpoints hold;
// their SHA256SUMS were made anew, so that its signature never does. Nothing stops at the first
// fault: every reader is reached. Half of the mutations change one member's bytes and leave a
// sound archive around them: else few would come further than a header's checksum.
#include "phial/audit/verify.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 512, SIZE_AT = 124, SUM_AT = 148, MEMBERS_MAX = 64 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
size_t LLVMFuzzerCustomMutator(unsigned char *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(unsigned char *data, size_t size, size_t most);

static size_t blocks(size_t bytes)
{
    return (bytes + BLOCK - 1) / BLOCK * BLOCK;
}

static size_t member_size(const unsigned char *header)
{
    char digits[12] = {0};
    memcpy(digits, header + SIZE_AT, sizeof digits - 1);
    return strtoul(digits, NULL, 8);
}

// Where the members' headers stand.
static size_t find_members(const unsigned char *data, size_t size, size_t *places)
{
    size_t count = 0;
    size_t at = 0;
    while (count < MEMBERS_MAX && size - at > BLOCK && data[at] != 0 &&
           member_size(data + at) <= size - at - BLOCK) {
        places[count++] = at;
        at += BLOCK + blocks(member_size(data + at));
        if (at > size)
            break;
    }
    return count;
}

static void write_header(unsigned char *header, size_t size)
{
    unsigned sum = 0;
    (void)snprintf((char *)header + SIZE_AT, 12, "%011zo", size);
    memset(header + SUM_AT, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += header[i];
    (void)snprintf((char *)header + SUM_AT, 7, "%06o", sum);
}

// 0: it does not fit.
static size_t mutate_member(unsigned char *data, size_t size, size_t most, size_t place)
{
    unsigned char *bytes = data + place + BLOCK;
    size_t old = member_size(data + place);
    size_t behind = blocks(old) < size - place - BLOCK ? size - place - BLOCK - blocks(old) : 0;
    size_t room = old * 2 + 64;
    unsigned char *changed = malloc(room);
    assert(changed != NULL);
    memcpy(changed, bytes, old);
    size_t now = LLVMFuzzerMutate(changed, old, room);
    size_t whole = place + BLOCK + blocks(now) + behind;
    if (whole <= most) {
        memmove(bytes + blocks(now), bytes + blocks(old), behind);
        memset(bytes, 0, blocks(now));
        memcpy(bytes, changed, now);
        write_header(data + place, now);
    }
    free(changed);
    return whole <= most ? whole : 0;
}

size_t LLVMFuzzerCustomMutator(unsigned char *data, size_t size, size_t most, unsigned seed)
{
    size_t places[MEMBERS_MAX];
    size_t count = find_members(data, size, places);
    size_t changed = 0;
    if (count > 0 && seed % 2 == 0)
        changed = mutate_member(data, size, most, places[seed / 2 % count]);
    return changed > 0 ? changed : LLVMFuzzerMutate(data, size, most);
}

static int memory_file(const void *bytes, size_t len)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    return fd;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEA9JaoP5RbnykDX36J2SA0AHlFd4lr6FqwUHxJdAWCAS4=\n"
                              "-----END PUBLIC KEY-----\n";
    struct arena arena = {0};
    struct verification verification = {0};
    char paths[2][64];
    int files[2] = {memory_file(data, size), memory_file(key, sizeof key - 1)};
    for (int i = 0; i < 2; i++)
        (void)snprintf(paths[i], sizeof paths[i], "/proc/self/fd/%d", files[i]);
    FILE *out = fopen("/dev/null", "we");
    assert(out != NULL);
    if (!failed(verify_export(&arena, paths[0], paths[1], NULL, out, &verification)))
        assert(verification.faults > 0);
    (void)fclose(out);
    (void)close(files[0]);
    (void)close(files[1]);
    arena_reset(&arena);
    return 0;
}

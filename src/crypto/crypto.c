// SPDX-License-Identifier: Apache-2.0
#include "phial/crypto/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { UUID_BYTES = 16, UUID_CLOCK_BYTES = 6 };

void crypto_random(void *bytes, size_t len)
{
    unsigned char *at = bytes;
    while (len != 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            (void)fputs("crypto: the system has no random bytes\n", stderr);
            abort();
        }
        at += got;
        len -= (size_t)got;
    }
}

bool crypto_equal(str a, str b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void crypto_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}

bool crypto_is_id(str text)
{
    static const char form[] = "0txxxxxx-xxxx-7xxx-vxxx-xxxxxxxxxxxx"; // t: made before 2109
    bool fits = text.len == sizeof form - 1;
    for (size_t i = 0; fits && i < text.len; i++) {
        char c = text.ptr[i];
        const char *digits = form[i] == 'x'   ? "0123456789abcdef"
                             : form[i] == 't' ? "123"
                             : form[i] == 'v' ? "89ab"
                                              : NULL;
        fits = digits == NULL ? c == form[i] : c != '\0' && strchr(digits, c) != NULL;
    }
    return fits;
}

// RFC 9562, 5.7 with method 3 of 6.2: milliseconds, then their 4096ths, then random bits.
str crypto_id(struct arena *arena)
{
    unsigned char id[UUID_BYTES];
    crypto_random(id, sizeof id);
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t milliseconds = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    uint64_t share = (uint64_t)now.tv_nsec % 1000000 * 4096 / 1000000;
    for (unsigned i = 0; i < UUID_CLOCK_BYTES; i++)
        id[i] = (unsigned char)(milliseconds >> (8 * (UUID_CLOCK_BYTES - 1 - i)));
    id[6] = (unsigned char)(0x70U | share >> 8);
    id[7] = (unsigned char)(share & 0xffU);
    id[8] = (unsigned char)(0x80U | (id[8] & 0x3fU));

    static const char digits[] = "0123456789abcdef";
    char *text = arena_array(arena, char, 37);
    size_t at = 0;
    for (size_t i = 0; i < sizeof id; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        text[at++] = digits[id[i] >> 4];
        text[at++] = digits[id[i] & 0xfU];
    }
    return (str){text, at};
}

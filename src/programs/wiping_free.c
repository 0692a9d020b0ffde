// SPDX-License-Identifier: Apache-2.0
// wiping_free.c - what the daemon frees is empty, whoever frees it: libmicrohttpd, libpq, jansson
// and GnuTLS hold headers, targets, bodies and rows as long as they need them, and wipe none of it.
//
// The C library allows a program to bring its own free and realloc; every shared library then calls
// these (its manual, "Replacing malloc"). Sanitizers bring their own, so a build with one goes
// without.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void glibc_free(void *ptr) __asm__("__libc_free");

void free(void *ptr)
{
    if (ptr == NULL)
        return;
    explicit_bzero(ptr, malloc_usable_size(ptr));
    glibc_free(ptr);
}

// glibc's may leave the old place as it was.
void *realloc(void *ptr, size_t size)
{
    if (ptr == NULL)
        return malloc(size);
    size_t before = malloc_usable_size(ptr);
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (size <= before && size >= before / 2) {
        explicit_bzero((char *)ptr + size, before - size);
        return ptr;
    }
    void *moved = malloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, size < before ? size : before);
    free(ptr);
    return moved;
}

// SPDX-License-Identifier: Apache-2.0
// str.h - a string is a pointer and a length; it owns nothing and need not end in NUL.
//
// Turn a str into a C string only at the border to a library that insists on one.
#pragma once

#include "phial/util/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const char *ptr;
    size_t len;
} str;

#define STR(literal) ((str){"" literal, sizeof(literal) - 1})

// printf("%" STR_FMT, STR_ARG(name))
#define STR_FMT ".*s"
#define STR_ARG(s) (int)(s).len, (s).ptr

str str_from(const char *c_string); // borrows; NULL reads as ""
const char *str_to_c(struct arena *arena, str s);
str str_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

// These three here, for they are all that some loops do.
static inline bool str_eq(str a, str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline str str_slice(str s, size_t from, size_t to) // bounds are clamped
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (str){s.ptr + from, to - from};
}
static inline bool str_starts_with(str s, str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

str str_copy(struct arena *arena, str s);
str str_concat(struct arena *arena, str a, str b, str c);

int str_compare(str a, str b); // by bytes; the shorter first when one begins the other
int str_compare_lists(const str *a, const str *b, size_t count); // by the first that differs
bool str_ends_with(str s, str suffix);
bool str_contains(str s, char c);
bool str_all_in(str s, const char *characters); // every byte is one of them; true for ""
str str_trim(str s);                            // blanks and tabs off both ends
bool str_cut(str s, char separator, str *before, str *after); // at the first separator
bool str_to_i64(str s, int64_t *out);                         // decimal, the whole string

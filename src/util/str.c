// SPDX-License-Identifier: Apache-2.0
#include "phial/util/str.h"

#include "phial/util/checked.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

str str_from(const char *c_string)
{
    return c_string == NULL ? STR("") : (str){c_string, strlen(c_string)};
}

const char *str_to_c(struct arena *arena, str s)
{
    char *copy = arena_array(arena, char, s.len + 1);
    if (s.len != 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

str str_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);

    size_t size = (size_t)len + 1;
    char *text = arena_array(arena, char, size);
    va_start(args, format);
    (void)vsnprintf(text, size, format, args);
    va_end(args);
    return (str){text, (size_t)len};
}

str str_copy(struct arena *arena, str s)
{
    return (str){str_to_c(arena, s), s.len};
}

str str_concat(struct arena *arena, str a, str b, str c)
{
    const str parts[] = {a, b, c};
    char *text = arena_array(arena, char, a.len + b.len + c.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].len != 0)
            memcpy(text + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    return (str){text, len};
}

int str_compare(str a, str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    if (order != 0)
        return order;
    return a.len == b.len ? 0 : (a.len < b.len ? -1 : 1);
}

int str_compare_lists(const str *a, const str *b, size_t count)
{
    int order = 0;
    for (size_t i = 0; i < count && order == 0; i++)
        order = str_compare(a[i], b[i]);
    return order;
}

bool str_ends_with(str s, str suffix)
{
    return s.len >= suffix.len && str_eq(str_slice(s, s.len - suffix.len, s.len), suffix);
}

bool str_contains(str s, char c)
{
    return s.len != 0 && memchr(s.ptr, c, s.len) != NULL;
}

bool str_all_in(str s, const char *characters)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\0' || strchr(characters, s.ptr[i]) == NULL)
            return false;
    }
    return true;
}

str str_trim(str s)
{
    while (s.len != 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = str_slice(s, 1, s.len);
    while (s.len != 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s = str_slice(s, 0, s.len - 1);
    return s;
}

bool str_cut(str s, char separator, str *before, str *after)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == separator) {
            *before = str_slice(s, 0, i);
            *after = str_slice(s, i + 1, s.len);
            return true;
        }
    }
    return false;
}

bool str_to_i64(str s, int64_t *out)
{
    bool negative = s.len != 0 && s.ptr[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.len)
        return false;

    int64_t value = 0;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        int digit = s.ptr[i] - '0';
        // Count down when negative: INT64_MIN has no positive twin.
        if (!checked_mul(value, 10, &value) ||
            !(negative ? checked_sub(value, digit, &value) : checked_add(value, digit, &value)))
            return false;
    }
    *out = value;
    return true;
}

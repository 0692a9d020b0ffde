// SPDX-License-Identifier: Apache-2.0
#include "prefer.h"

#include <strings.h>

static bool same(str a, str b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

// Up to the separator, which may also stand in a quoted string; moves past it.
static str take(str *rest, char separator)
{
    bool quoted = false;
    size_t at = 0;
    for (; at < rest->len && (quoted || rest->ptr[at] != separator); at++) {
        if (rest->ptr[at] == '"')
            quoted = !quoted;
        else if (quoted && rest->ptr[at] == '\\' && at + 1 < rest->len)
            at++;
    }
    str taken = str_slice(*rest, 0, at);
    *rest = str_slice(*rest, at + 1, rest->len);
    return str_trim(taken);
}

static str unquote(str word)
{
    bool quoted = word.len >= 2 && word.ptr[0] == '"' && word.ptr[word.len - 1] == '"';
    return quoted ? str_slice(word, 1, word.len - 1) : word;
}

bool prefer_representation(str header)
{
    while (header.len != 0) {
        str preference = take(&header, ',');
        str word = take(&preference, ';');
        str name = take(&word, '=');
        if (same(name, STR("return"))) // the first one holds
            return same(unquote(str_trim(word)), STR("representation"));
    }
    return false;
}

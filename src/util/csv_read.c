// SPDX-License-Identifier: Apache-2.0
#include "phial/util/csv_read.h"

// How many bytes end a line here: 0 where none does.
static size_t line_end(str text, size_t at)
{
    if (at < text.len && text.ptr[at] == '\n')
        return 1;
    bool crlf = at + 1 < text.len && text.ptr[at] == '\r' && text.ptr[at + 1] == '\n';
    return crlf ? 2 : 0;
}

static str without_doubles(struct arena *arena, str quoted)
{
    char *plain = arena_array(arena, char, quoted.len);
    size_t len = 0;
    for (size_t i = 0; i < quoted.len; i++) {
        plain[len++] = quoted.ptr[i];
        i += quoted.ptr[i] == '"'; // its double
    }
    return (str){plain, len};
}

// From behind the opening quote to behind the closing one.
static bool quoted_cell(struct arena *arena, str text, size_t *at, str *cell)
{
    size_t begin = *at;
    bool doubled = false;
    for (size_t i = begin; i < text.len; i++) {
        if (text.ptr[i] != '"')
            continue;
        if (i + 1 < text.len && text.ptr[i + 1] == '"') {
            doubled = true;
            i++;
            continue;
        }
        str inside = str_slice(text, begin, i);
        *cell = doubled ? without_doubles(arena, inside) : inside;
        *at = i + 1;
        return true;
    }
    return false;
}

static bool plain_cell(str text, size_t *at, str *cell)
{
    size_t i = *at;
    while (i < text.len && text.ptr[i] != ',' && line_end(text, i) == 0) {
        if (text.ptr[i] == '"')
            return false;
        i++;
    }
    *cell = str_slice(text, *at, i);
    *at = i;
    return true;
}

bool csv_read_row(struct arena *arena, str *rest, str *cells, size_t most, size_t *count)
{
    str text = *rest;
    size_t at = 0;
    size_t found = 0;
    while (true) {
        if (found == most)
            return false;
        bool quoted = at < text.len && text.ptr[at] == '"';
        at += quoted;
        bool read = quoted ? quoted_cell(arena, text, &at, &cells[found])
                           : plain_cell(text, &at, &cells[found]);
        if (!read)
            return false;
        found++;
        if (at == text.len)
            break;
        size_t end = line_end(text, at);
        if (end != 0) {
            at += end;
            break;
        }
        if (text.ptr[at] != ',')
            return false; // something behind a closing quote
        at++;
    }
    *rest = str_slice(text, at, text.len);
    *count = found;
    return true;
}

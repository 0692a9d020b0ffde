// SPDX-License-Identifier: Apache-2.0
// reader.h - reads JSON (RFC 8259) from left to right, strictly and without building a tree.
//
// Refused: control characters in strings, numbers and literals in any other spelling, whatever else
// the grammar does not have. What can still be read past is noted, and its texts are not to be
// used: a name that comes twice in one object, at any depth, in `duplicate`; lone surrogates, bytes
// that are not UTF-8 and values nested deeper than READER_DEPTH_MAX in `unfit`. Texts borrow from
// the body, or from the arena where they had escapes. Every verb answers false where the text is
// not JSON.
#pragma once

#include "phial/phi/event_type.h"

#include <stdbool.h>

enum { READER_DEPTH_MAX = 64 };

struct reader {
    struct arena *arena;
    const char *at;
    const char *end;
    bool duplicate; // so far; the caller resets it
    bool unfit;     // likewise
    str *names;     // of the objects that are open
    size_t name_count;
    size_t name_size;
};

static inline void reader_blank(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}
static inline char reader_peek(const struct reader *reader) // '\0' at the end
{
    if (reader->at == reader->end)
        return '\0';
    return *reader->at;
}
bool reader_take(struct reader *reader, char c); // blanks, then exactly this

// Any value but an object or array is read; those are passed over, all rules applied. `depth` is
// that of the value's parent: 0 outside everything.
bool reader_value(struct reader *reader, unsigned depth, struct raw_value *value);

// An object's members one by one:
//   size_t mark = reader_object(reader);            at the opening brace
//   while (reader_member(reader, mark, &more, &name) && more) ... read the value ...
size_t reader_object(struct reader *reader);
bool reader_member(struct reader *reader, size_t mark, bool *more, str *name);

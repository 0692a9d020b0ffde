// SPDX-License-Identifier: Apache-2.0
// scan.h - what the detectors have in common: shapes with boundaries, words of context, check
// digits.
#pragma once

#include "characters.h"
#include "phial/util/str.h"
#include "sight.h"

#include <string.h>

// One prototype per row of the table.
#define PHI_DETECTOR(name, digits, signs, words, wakes, finds) \
    bool phi_detect_##name(const struct sight *sight);
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR

enum { SHAPE_CHARACTERS_MAX = 40 };

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static inline bool is_letter(char c)
{
    return is_upper(c) || is_lower(c);
}
static inline bool is_alnum(char c)
{
    return is_digit(c) || is_letter(c);
}
static inline char to_lower(char c)
{
    if (is_upper(c))
        c = (char)(c - 'A' + 'a');
    return c;
}
static inline char to_upper(char c)
{
    if (is_lower(c))
        c = (char)(c - 'a' + 'A');
    return c;
}
// -1 for what is no hexadecimal digit.
static inline int hexadecimal_value(char c)
{
    return (character_kind(c) & CHARACTER_HEXADECIMAL) != 0 ? (c & 15) + (c >> 6) * 9 : -1;
}
// Whether it is one of a few characters, faster than a call; NUL is none.
static inline bool among(char c, const char *few)
{
    while (*few != '\0' && *few != c)
        few++;
    return *few != '\0';
}
// What may stand between the words of an address.
static inline bool joins_address(char c)
{
    const uint64_t joints = UINT64_C(1) << ' ' | UINT64_C(1) << '.' | UINT64_C(1) << ',' |
                            UINT64_C(1) << '\'' | UINT64_C(1) << '/';
    return (unsigned char)c < 64 && (joints >> c & 1) != 0;
}
static inline bool has(str text, char c)
{
    return memchr(text.ptr, c, text.len) != NULL;
}
// The character there, or NUL outside of the text.
static inline char at_or_nul(str text, size_t at)
{
    if (at >= text.len)
        return '\0';
    return text.ptr[at];
}
static inline char before_or_nul(str text, size_t at)
{
    if (at == 0)
        return '\0';
    return at_or_nul(text, at - 1);
}

enum shape_edge {
    EDGE_DIGITS, // letters may touch the shape, which begins with a digit; digits may not
    EDGE_WORD,   // neither may
    EDGE_UPPER,  // neither may; lower case stands for itself, as next
    EDGE_VALUE,  // nor what joins the parts of an id: the shape stands for itself
};

// A shape is written with 9 for a digit, A for a letter, X for either, and - for a separator: one
// of `separators`, the same throughout, with up to two blanks on either side.
struct shape {
    const char *pattern;
    size_t group; // the length of what stands before the first separator
    size_t next;  // and of that separator with what follows before another, if there is one
    const char *separators;
    enum shape_edge edge;
};
#define SHAPE(group, next, rest, separators, edge)                             \
    {                                                                          \
        group next rest, sizeof(group) - 1, sizeof(next) - 1, separators, edge \
    }

bool scan_runs(const struct sight *sight, const struct shape *shape, bool (*holds)(str squeezed));

// Whether the shape stands somewhere in the text and what it holds, without the separators and in
// upper case, passes `holds`. Most texts have no run as long as its first group, or none of the
// length of the second behind it.
static inline bool scan_shape(const struct sight *sight, const struct shape *shape,
                              bool (*holds)(str squeezed))
{
    bool digits = shape->edge == EDGE_DIGITS;
    bool stands = digits                   ? sight->tailed_as[shape->group] != 0
                  : *shape->pattern == '9' ? (sight->numbers >> shape->group & 1) != 0
                                           : sight->long_as[shape->group] != 0;
    const uint32_t *pairs = digits ? sight->digit_pairs : sight->pairs;
    return stands && (shape->next == 0 || (pairs[shape->group] >> (shape->next - 1) & 1) != 0) &&
           scan_runs(sight, shape, holds);
}

struct shapes {
    const struct shape *items;
    size_t count;
};
static inline bool scan_shapes(const struct sight *sight, struct shapes shapes,
                               bool (*holds)(str squeezed))
{
    for (size_t i = 0; i < shapes.count; i++)
        if (scan_shape(sight, &shapes.items[i], holds))
            return true;
    return false;
}

// What may stand for the blank of a phrase.
static inline bool scan_is_gap(char c)
{
    const uint64_t gaps = UINT64_C(1) << ' ' | UINT64_C(1) << '-' | UINT64_C(1) << '.' |
                          UINT64_C(1) << '/' | UINT64_C(1) << '\'';
    return (unsigned char)c < 64 ? (gaps >> c & 1) != 0 : c == '_';
}

// How much of the phrase stands there; *end is where that ends in the text.
size_t scan_some_phrase(str text, size_t at, const char *phrase, size_t *end);
// The length of the phrase at this place, 0 when it does not stand there.
size_t scan_whole_phrase(str text, size_t at, const char *phrase);
// Most do not, which their first two characters tell.
static inline size_t scan_phrase(str text, size_t at, const char *phrase)
{
    if (at >= text.len || to_lower(text.ptr[at]) != phrase[0] ||
        (is_letter(phrase[1]) && to_lower(at_or_nul(text, at + 1)) != phrase[1]))
        return 0;
    return scan_whole_phrase(text, at, phrase);
}

// Whether `:` or `=` stands between the word and what follows it.
static inline bool scan_follows_sign(const struct sight *sight, const struct place *place)
{
    size_t rest = (size_t)(place->rest.ptr - sight->text.ptr);
    size_t from = rest > 3 ? rest - 3 : 0;
    str between = str_slice(sight->text, from, rest);
    return has(between, ':') || has(between, '=');
}

// Where the character stands next, from there on; the text's length when it does not. Where there
// are many it is near, and a call would take longer than to look.
static inline size_t scan_next(str text, size_t from, char c)
{
    enum { NEAR = 4 };
    for (size_t at = from; at < from + NEAR; at++)
        if (at >= text.len || text.ptr[at] == c)
            return at < text.len ? at : text.len;
    const char *found = memchr(text.ptr + from, c, text.len - from);
    return found == NULL ? text.len : (size_t)(found - text.ptr);
}

// How many characters of the kind stand there.
size_t scan_digits(str text, size_t at);
size_t scan_letters(str text, size_t at); // bytes of other scripts count as letters

// A number as someone hands it out: at most four letters among its digits, and joints between them.
struct code {
    size_t digits_min;
    size_t characters_max;
    const char *joints;
};
bool scan_code(str rest, struct code code);
bool scan_is_date(str digits); // 20261103

// Up to `most` digits, past separators; their number, or more than `most` where another follows.
size_t scan_squeezed(str rest, const char *separators, char *digits, size_t most);

bool luhn_holds(str digits);
int64_t digits_modulo(str alnum, int64_t modulus); // letters as 10 to 35; others are not looked at

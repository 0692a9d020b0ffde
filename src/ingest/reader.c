// SPDX-License-Identifier: Apache-2.0
#include "reader.h"

#include <stdlib.h>
#include <string.h>

enum { COMPARE_EACH_MAX = 16, NAMES_FIRST = 32, HEX_DIGITS = 4 };

bool reader_take(struct reader *reader, char c)
{
    reader_blank(reader);
    if (reader_peek(reader) != c || reader->at == reader->end)
        return false;
    reader->at++;
    return true;
}

// The end of the ASCII characters that stand for themselves in a string, eight at a time.
static const char *plain_end(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t highs = ones * 0x80;
    while (end - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, at, sizeof word);
        uint64_t quote = word ^ (ones * '"');
        uint64_t slash = word ^ (ones * '\\');
        uint64_t special = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                           ((slash - ones) & ~slash) | word;
        if ((special & highs) != 0)
            break;
        at += 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
           *at != '\\')
        at++;
    return at;
}

static bool is_tail(const char *at)
{
    return ((unsigned char)*at & 0xC0) == 0x80;
}

// The length of the UTF-8 character that begins here, 0 when none does: RFC 3629, which knows no
// overlong forms, no surrogates and nothing beyond U+10FFFF.
static size_t utf8_len(const char *at, const char *end)
{
    unsigned char first = (unsigned char)at[0];
    unsigned char second = end - at > 1 ? (unsigned char)at[1] : 0;
    if (first >= 0xC2 && first <= 0xDF)
        return end - at > 1 && is_tail(at + 1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        bool fits = (first != 0xE0 || second >= 0xA0) && (first != 0xED || second <= 0x9F);
        return fits && end - at > 2 && is_tail(at + 1) && is_tail(at + 2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        bool fits = (first != 0xF0 || second >= 0x90) && (first != 0xF4 || second <= 0x8F);
        bool tails = end - at > 3 && is_tail(at + 1) && is_tail(at + 2) && is_tail(at + 3);
        return fits && tails ? 4 : 0;
    }
    return 0;
}

static const char *hex_read(const char *at, const char *end, uint32_t *code)
{
    if (end - at < HEX_DIGITS)
        return NULL;
    uint32_t value = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        char c = at[i];
        uint32_t digit = 0;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return NULL;
        value = value << 4 | digit;
    }
    *code = value;
    return at + HEX_DIGITS;
}

// What a lone surrogate reads as: U+FFFD, which no escape is mistaken for, since LONE is no code.
enum { REPLACEMENT = 0xFFFD, LONE = 0x110000 };

// Behind "\u": one code unit, or a pair of surrogates; LONE for half a pair.
static const char *unicode_read(const char *at, const char *end, uint32_t *code)
{
    uint32_t high = 0;
    uint32_t low = 0;
    at = hex_read(at, end, &high);
    if (at == NULL)
        return NULL;
    bool is_high = high >= 0xD800 && high <= 0xDBFF;
    *code = is_high || (high >= 0xDC00 && high <= 0xDFFF) ? LONE : high;
    if (!is_high || end - at < 2 || at[0] != '\\' || at[1] != 'u')
        return at;
    const char *behind = hex_read(at + 2, end, &low);
    if (behind == NULL || low < 0xDC00 || low > 0xDFFF)
        return at; // what follows is read on its own
    *code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return behind;
}

// Behind a backslash; NULL where it is no escape.
static const char *escape_read(const char *at, const char *end, uint32_t *code)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (at == end)
        return NULL;
    if (*at == 'u')
        return unicode_read(at + 1, end, code);
    const char *letter = *at == '\0' ? NULL : strchr(letters, *at);
    if (letter == NULL)
        return NULL;
    *code = (uint32_t)meanings[letter - letters];
    return at + 1;
}

static char *utf8_print(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

// Of a string that has been checked: never longer than it was.
static str unescape(struct arena *arena, str raw)
{
    char *text = arena_array(arena, char, raw.len);
    char *to = text;
    const char *end = raw.ptr + raw.len;
    for (const char *at = raw.ptr; at < end;) {
        uint32_t code = 0;
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        at = escape_read(at + 1, end, &code);
        to = utf8_print(to, code == LONE ? REPLACEMENT : code);
    }
    return (str){text, (size_t)(to - text)};
}

static bool string_read(struct reader *reader, str *text)
{
    const char *start = ++reader->at;
    bool escaped = false;
    uint32_t code = 0;
    for (const char *at = start; at != NULL;) {
        at = plain_end(at, reader->end);
        if (at == reader->end)
            return false;
        if (*at == '"') {
            str raw = {start, (size_t)(at - start)};
            *text = escaped ? unescape(reader->arena, raw) : raw;
            reader->at = at + 1;
            return true;
        }
        if (*at == '\\') {
            escaped = true;
            at = escape_read(at + 1, reader->end, &code);
            reader->unfit = reader->unfit || code == LONE;
            continue;
        }
        if ((unsigned char)*at < 0x20)
            return false;
        size_t len = utf8_len(at, reader->end);
        reader->unfit = reader->unfit || len == 0;
        at += len == 0 ? 1 : len;
    }
    return false;
}

static bool digits_read(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at != start;
}

static bool number_read(struct reader *reader, str *lexeme)
{
    const char *start = reader->at;
    if (reader_peek(reader) == '-')
        reader->at++;
    if (reader_peek(reader) == '0')
        reader->at++;
    else if (!digits_read(reader))
        return false;
    if (reader_peek(reader) == '.') {
        reader->at++;
        if (!digits_read(reader))
            return false;
    }
    if (reader_peek(reader) == 'e' || reader_peek(reader) == 'E') {
        reader->at++;
        if (reader_peek(reader) == '+' || reader_peek(reader) == '-')
            reader->at++;
        if (!digits_read(reader))
            return false;
    }
    *lexeme = (str){start, (size_t)(reader->at - start)};
    return true;
}

static bool literal_read(struct reader *reader, struct raw_value *value)
{
    static const struct {
        str text;
        enum json_kind kind;
    } literals[] = {{{"true", 4}, JSON_KIND_TRUE},
                    {{"false", 5}, JSON_KIND_FALSE},
                    {{"null", 4}, JSON_KIND_NULL}};
    str rest = {reader->at, (size_t)(reader->end - reader->at)};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        if (str_starts_with(rest, literals[i].text)) {
            reader->at += literals[i].text.len;
            value->kind = literals[i].kind;
            return true;
        }
    }
    return false;
}

static bool scalar_read(struct reader *reader, struct raw_value *value)
{
    char c = reader_peek(reader);
    *value = (struct raw_value){0};
    if (c == '"') {
        value->kind = JSON_KIND_STRING;
        return string_read(reader, &value->text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        value->kind = JSON_KIND_NUMBER;
        return number_read(reader, &value->text);
    }
    return literal_read(reader, value);
}

static int compare_names(const void *left, const void *right)
{
    const str *a = left;
    const str *b = right;
    return str_compare(*a, *b);
}

static bool has_twice(str *names, size_t count)
{
    if (count > COMPARE_EACH_MAX) {
        qsort(names, count, sizeof *names, compare_names);
        for (size_t i = 1; i < count; i++) {
            if (str_eq(names[i - 1], names[i]))
                return true;
        }
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_eq(names[k], names[i]))
                return true;
        }
    }
    return false;
}

static void names_push(struct reader *reader, str name)
{
    if (reader->name_count == reader->name_size) {
        size_t size = reader->name_size == 0 ? NAMES_FIRST : 2 * reader->name_size;
        str *names = arena_array(reader->arena, str, size);
        if (reader->name_count != 0)
            memcpy(names, reader->names, reader->name_count * sizeof *names);
        reader->names = names;
        reader->name_size = size;
    }
    reader->names[reader->name_count++] = name;
}

size_t reader_object(struct reader *reader)
{
    reader->at++;
    return reader->name_count;
}

static void object_close(struct reader *reader, size_t mark)
{
    size_t count = reader->name_count - mark;
    if (count > 1 && has_twice(reader->names + mark, count))
        reader->duplicate = true;
    reader->name_count = mark;
}

bool reader_member(struct reader *reader, size_t mark, bool *more, str *name)
{
    reader_blank(reader);
    bool first = reader->name_count == mark;
    if (reader_peek(reader) == '}') {
        reader->at++;
        object_close(reader, mark);
        *more = false;
        return true;
    }
    if (!first && !reader_take(reader, ','))
        return false;
    reader_blank(reader);
    if (reader_peek(reader) != '"' || !string_read(reader, name) || !reader_take(reader, ':'))
        return false;
    names_push(reader, *name);
    reader_blank(reader);
    *more = true;
    return true;
}

// The objects and arrays around the value that is being passed over.
struct nest {
    unsigned depth; // of those below the first
    bool is_object[READER_DEPTH_MAX];
    bool is_empty[READER_DEPTH_MAX]; // an array before its first item
    size_t marks[READER_DEPTH_MAX];
};

// An array's next item; `more` is false behind its bracket.
static bool item_read(struct reader *reader, bool first, bool *more)
{
    reader_blank(reader);
    if (reader_peek(reader) == ']') {
        reader->at++;
        *more = false;
        return true;
    }
    if (!first && !reader_take(reader, ','))
        return false;
    reader_blank(reader);
    *more = true;
    return true;
}

// Too deep to be taken: read past by its brackets and strings alone.
static bool skip_deep(struct reader *reader)
{
    size_t open = 0;
    reader->unfit = true;
    while (reader->at < reader->end) {
        char c = *reader->at;
        str unread;
        if (c == '"') {
            if (!string_read(reader, &unread))
                return false;
            continue;
        }
        reader->at++;
        if (c == '{' || c == '[')
            open++;
        else if ((c == '}' || c == ']') && --open == 0)
            return true;
    }
    return false;
}

// Opens objects and arrays or reads one scalar; then stands behind a value or before a member.
static bool nest_enter(struct reader *reader, struct nest *nest, unsigned depth)
{
    char c = reader_peek(reader);
    if (c != '{' && c != '[') {
        struct raw_value unread;
        return scalar_read(reader, &unread);
    }
    if (depth + nest->depth >= READER_DEPTH_MAX)
        return skip_deep(reader);
    unsigned level = nest->depth++;
    nest->is_object[level] = c == '{';
    nest->is_empty[level] = true;
    nest->marks[level] = reader_object(reader);
    return true;
}

static bool pass_over(struct reader *reader, unsigned depth)
{
    struct nest nest = {.depth = 0};
    if (!nest_enter(reader, &nest, depth))
        return false;
    while (nest.depth != 0) {
        unsigned level = nest.depth - 1;
        bool more = false;
        str name;
        bool reads = nest.is_object[level] ? reader_member(reader, nest.marks[level], &more, &name)
                                           : item_read(reader, nest.is_empty[level], &more);
        nest.is_empty[level] = false;
        if (!reads || (more && !nest_enter(reader, &nest, depth)))
            return false;
        if (!more)
            nest.depth--;
    }
    return true;
}

bool reader_value(struct reader *reader, unsigned depth, struct raw_value *value)
{
    reader_blank(reader);
    char c = reader_peek(reader);
    if (c != '{' && c != '[')
        return scalar_read(reader, value);
    *value = (struct raw_value){.kind = c == '{' ? JSON_KIND_OBJECT : JSON_KIND_ARRAY};
    return pass_over(reader, depth);
}

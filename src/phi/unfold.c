// SPDX-License-Identifier: Apache-2.0
#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

#include <string.h>

enum { UNFOLDINGS_MAX = 5 };

struct span {
    uint32_t from;
    uint32_t to;
};

static const uint32_t nothing = 0xFFFFFFFF; // the character is left out

static bool within(const struct span *spans, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= spans[i].from && c <= spans[i].to)
            return true;
    return false;
}

static bool is_invisible(uint32_t c)
{
    static const struct span spans[] = {
        {0x00AD, 0x00AD}, {0x0300, 0x036F}, {0x061C, 0x061C}, {0x115F, 0x1160},
        {0x17B4, 0x17B5}, {0x180B, 0x180E}, {0x200B, 0x200F}, {0x202A, 0x202E},
        {0x2060, 0x206F}, {0x20D0, 0x20F0}, {0x3164, 0x3164}, {0xFE00, 0xFE0F},
        {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE01EF},
    };
    return within(spans, COUNT_OF(spans), c);
}

static bool is_dash(uint32_t c)
{
    static const struct span spans[] = {
        {0x00B7, 0x00B7}, {0x058A, 0x058A}, {0x05BE, 0x05BE}, {0x2010, 0x2015}, {0x2022, 0x2022},
        {0x2043, 0x2043}, {0x207B, 0x207B}, {0x208B, 0x208B}, {0x2212, 0x2212}, {0x2500, 0x2501},
        {0x30FC, 0x30FC}, {0xFE58, 0xFE58}, {0xFE63, 0xFE63},
    };
    return within(spans, COUNT_OF(spans), c);
}

static bool is_blank(uint32_t c)
{
    static const struct span spans[] = {
        {0x0009, 0x000D}, {0x0085, 0x0085}, {0x00A0, 0x00A0}, {0x1680, 0x1680}, {0x2000, 0x200A},
        {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x2800, 0x2800}, {0x3000, 0x3000},
    };
    return within(spans, COUNT_OF(spans), c);
}

// Runs of ten digits from zero; the first character of each.
static uint32_t digit_of_script(uint32_t c)
{
    static const uint32_t zeros[] = {
        0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,
        0x0C66,  0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,
        0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,
        0x1C50,  0x2080,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,
        0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0,
        0x11650, 0x116C0, 0x11730, 0x118E0, 0x11C50, 0x11D50, 0x16A60, 0x16B50, 0x1E140,
        0x1E2F0, 0x1E950, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1FBF0,
    };
    // Circled and bracketed ones begin at one.
    static const uint32_t ones[] = {0x2460, 0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A};
    for (size_t i = 0; i < COUNT_OF(zeros); i++)
        if (c >= zeros[i] && c < zeros[i] + 10)
            return '0' + (c - zeros[i]);
    for (size_t i = 0; i < COUNT_OF(ones); i++)
        if (c >= ones[i] && c < ones[i] + 9)
            return '1' + (c - ones[i]);
    return 0;
}

static uint32_t superscript(uint32_t c)
{
    switch (c) {
    case 0x00B9:
        return '1';
    case 0x00B2:
        return '2';
    case 0x00B3:
        return '3';
    case 0x2070:
    case 0x24EA:
    case 0x24FF:
        return '0';
    default:
        return c >= 0x2074 && c <= 0x2079 ? '4' + (c - 0x2074) : 0;
    }
}

// Letters that are ASCII ones in another dress: full-width, mathematical, circled.
static uint32_t dressed_letter(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E)
        return c - 0xFF01 + '!';
    if (c >= 0x1D400 && c <= 0x1D6A3) {
        uint32_t letter = (c - 0x1D400) % 52;
        return letter < 26 ? 'A' + letter : 'a' + letter - 26;
    }
    if (c >= 0x24B6 && c <= 0x24CF)
        return 'A' + (c - 0x24B6);
    if (c >= 0x24D0 && c <= 0x24E9)
        return 'a' + (c - 0x24D0);
    return 0;
}

// Letters without their accents, and the raised ones of "no." as Spanish writes it.
static uint32_t without_accent(uint32_t c)
{
    static const char letters[] =
        "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty"
        "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKk LlLlLlL"
        "lLlNnNnNn   OoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZz ";
    if (c == 0x00AA || c == 0x00BA)
        return c == 0x00AA ? 'a' : 'o';
    if (c < 0x00C0 || c - 0x00C0 >= sizeof letters - 1 || letters[c - 0x00C0] == ' ')
        return 0;
    return (unsigned char)letters[c - 0x00C0];
}

static uint32_t look_alike(uint32_t c)
{
    static const struct {
        uint32_t code;
        char latin;
    } rows[] = {
        {0x00B0, '.'}, {0x0391, 'A'},  {0x0392, 'B'},  {0x0395, 'E'}, {0x0396, 'Z'}, {0x0397, 'H'},
        {0x0399, 'I'}, {0x039A, 'K'},  {0x039C, 'M'},  {0x039D, 'N'}, {0x039F, 'O'}, {0x03A1, 'P'},
        {0x03A4, 'T'}, {0x03A5, 'Y'},  {0x03A7, 'X'},  {0x03B1, 'a'}, {0x03BF, 'o'}, {0x03C1, 'p'},
        {0x0405, 'S'}, {0x0406, 'I'},  {0x0408, 'J'},  {0x0410, 'A'}, {0x0412, 'B'}, {0x0415, 'E'},
        {0x041A, 'K'}, {0x041C, 'M'},  {0x041D, 'H'},  {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'},
        {0x0422, 'T'}, {0x0423, 'Y'},  {0x0425, 'X'},  {0x0430, 'a'}, {0x0435, 'e'}, {0x043E, 'o'},
        {0x0440, 'p'}, {0x0441, 'c'},  {0x0443, 'y'},  {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'},
        {0x0458, 'j'}, {0x04BB, 'h'},  {0x0501, 'd'},  {0x051B, 'q'}, {0x051D, 'w'}, {0x2024, '.'},
        {0x3002, '.'}, {0x2019, '\''}, {0x02BC, '\''}, {0xFE52, '.'}, {0xFE6B, '@'}, {0xFF61, '.'},
        {0x2044, '/'}, {0x2215, '/'},  {0xFE68, '\\'},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].code == c)
            return (unsigned char)rows[i].latin;
    return 0;
}

static uint32_t plain(uint32_t c)
{
    if (c < 0x80)
        return c;
    if ((c >= 0x0370 && c < 0x0530) && !is_invisible(c)) // Greek and Cyrillic
        return look_alike(c) == 0 ? c : look_alike(c);
    if (is_invisible(c))
        return nothing;
    if (is_dash(c))
        return '-';
    if (is_blank(c))
        return ' ';
    if ((c >= 0x3400 && c < 0xA000) || (c >= 0xAC00 && c < 0xD7A4)) // Chinese, Korean
        return c;
    uint32_t (*const maps[])(uint32_t) = {without_accent, dressed_letter, digit_of_script,
                                          superscript, look_alike};
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        uint32_t found = maps[i](c);
        if (found != 0)
            return found;
    }
    return c;
}

// What characters fold into, remembered: a text has the same few again and again.
enum { FOLDS_KEPT = 128 };
struct folds {
    struct {
        uint32_t code; // 0: free
        uint32_t plain;
    } kept[FOLDS_KEPT];
};

static uint32_t fold(struct folds *folds, uint32_t c)
{
    if (c < 0x80)
        return c;
    size_t at = (c ^ c >> 7) % FOLDS_KEPT;
    if (folds->kept[at].code != c) {
        folds->kept[at].code = c;
        folds->kept[at].plain = plain(c);
    }
    return folds->kept[at].plain;
}

// One character of the text; `len` bytes of it. What is not UTF-8 is a character a byte.
struct unit {
    uint32_t code;
    size_t len;
    bool raw; // a byte, to be written as it is
};

static struct unit read_utf8(str text, size_t at)
{
    unsigned char lead = (unsigned char)text.ptr[at];
    size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (lead < 0x80)
        return (struct unit){lead, 1, false};
    if (len == 1 || lead > 0xF4 || at + len > text.len)
        return (struct unit){lead, 1, true};
    uint32_t code = lead & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text.ptr[at + i];
        if ((next & 0xC0) != 0x80)
            return (struct unit){lead, 1, true};
        code = code << 6 | (next & 0x3FU);
    }
    return (struct unit){code, len, false};
}

// Up to `digits_max` digits of the base; their number, 0 when there is none.
static size_t read_number(str text, size_t at, size_t digits_max, uint32_t base, uint32_t *number)
{
    size_t len = 0;
    *number = 0;
    for (; len < digits_max && at + len < text.len; len++) {
        int value = hexadecimal_value(text.ptr[at + len]);
        if (value < 0 || (uint32_t)value >= base)
            break;
        *number = *number * base + (uint32_t)value;
    }
    return len;
}

static bool is_character(uint32_t code)
{
    return code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

static bool read_reference(str text, size_t at, struct unit *unit)
{
    uint32_t code = 0;
    bool hex = at + 2 < text.len && (text.ptr[at + 2] == 'x' || text.ptr[at + 2] == 'X');
    size_t start = at + (hex ? 3 : 2);
    size_t len = read_number(text, start, hex ? 6 : 7, hex ? 16 : 10, &code);
    bool closed = start + len < text.len && text.ptr[start + len] == ';';
    *unit = (struct unit){code, start + len + (closed ? 1 : 0) - at, false};
    return len > 0 && is_character(code);
}

// %41 and %2541, \u0041, &#65; and &#x41;
static bool read_escape(str text, size_t at, struct unit *unit)
{
    uint32_t code = 0;
    char next = '\0';
    if (at + 1 < text.len)
        next = text.ptr[at + 1];
    if (text.ptr[at] == '%' && read_number(text, at + 1, 2, 16, &code) == 2) {
        size_t end = at + 3;
        while (code == '%' && read_number(text, end, 2, 16, &code) == 2)
            end += 2;
        *unit = (struct unit){code, end - at, true};
        return true;
    }
    if (text.ptr[at] == '\\' && (next == 'x' || next == 'u')) {
        size_t digits = next == 'u' ? 4 : 2;
        *unit = (struct unit){0, digits + 2, false};
        bool whole = read_number(text, at + 2, digits, 16, &unit->code) == digits;
        return whole && is_character(unit->code);
    }
    return text.ptr[at] == '&' && next == '#' && read_reference(text, at, unit);
}

static bool may_begin_disguise(char c)
{
    return (c & '\x80') != 0 || c == '%' || c == '&' || c == '\\';
}

static size_t write_utf8(char *into, uint32_t c)
{
    if (c < 0x80) {
        into[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        into[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    into[0] = (char)(leads[len] | c);
    return len;
}

// In place: no character grows. True when something changed.
static bool unfold_once(struct folds *folds, char *bytes, size_t *len, bool *escaped)
{
    str text = {bytes, *len};
    size_t end = 0;
    bool changed = false;
    for (size_t at = 0; at < text.len;) {
        struct unit unit = {0};
        char c = text.ptr[at];
        if (!may_begin_disguise(c)) {
            bytes[end++] = c;
            at++;
            continue;
        }
        bool escape = (c & '\x80') == 0 && read_escape(text, at, &unit);
        if (!escape)
            unit = read_utf8(text, at);
        uint32_t code = unit.raw ? unit.code : fold(folds, unit.code);
        changed = changed || escape || (!unit.raw && code != unit.code);
        *escaped = *escaped || escape;
        if (unit.raw)
            bytes[end++] = (char)code;
        else if (code != nothing)
            end += write_utf8(bytes + end, code);
        at += unit.len;
    }
    *len = end;
    return changed;
}

// Without a way out in the middle, so that several bytes are looked at at once.
static bool may_be_disguised(str text)
{
    unsigned found = 0;
    for (size_t i = 0; i < text.len; i++)
        found |= may_begin_disguise(text.ptr[i]) ? 1 : 0;
    return found != 0;
}

// The text as it is but for escapes that others follow at once: those hold nothing by themselves.
static str without_chains(struct arena *arena, str text)
{
    char *bytes = arena_array(arena, char, text.len);
    size_t end = 0;
    for (size_t at = 0; at < text.len;) {
        struct unit unit = {0};
        struct unit next = {0};
        char c = text.ptr[at];
        bool chained = (c == '%' || c == '&' || c == '\\') && read_escape(text, at, &unit) &&
                       at + unit.len < text.len && read_escape(text, at + unit.len, &next);
        if (chained)
            c = '%';
        bytes[end++] = c;
        at += chained ? unit.len : 1;
    }
    return (str){bytes, end};
}

str unfold(struct arena *arena, str text, struct unfolding *how)
{
    *how = (struct unfolding){0};
    if (!may_be_disguised(text))
        return text;
    char *bytes = arena_array(arena, char, text.len);
    size_t len = text.len;
    struct folds folds = {0};
    memcpy(bytes, text.ptr, text.len);
    bool escaped = false;
    bool changed = unfold_once(&folds, bytes, &len, &escaped);
    bool again = changed;
    for (how->rounds = 1; again && how->rounds < UNFOLDINGS_MAX; how->rounds++)
        again = unfold_once(&folds, bytes, &len, &escaped);
    how->endless = again;
    how->escaped = escaped;
    if (escaped)
        how->raw = without_chains(arena, text);
    return changed ? (str){bytes, len} : text;
}

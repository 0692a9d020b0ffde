// SPDX-License-Identifier: Apache-2.0
#include "characters.h"
#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

#include <string.h>

enum { UNFOLDINGS_MAX = 5, UNFOLDING_WORK = 2 };

static const uint32_t nothing = 0xFFFFFFFF; // the character is left out

// Letters without their accents, from U+00C0 on.
static const char accented[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty"
                               "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKk LlLlLlL"
                               "lLlNnNnNn   OoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZz ";

enum folding { GONE, IS, FROM, LETTERS };

static const struct {
    uint32_t from;
    uint32_t to;
    enum folding how;
    unsigned char what;
} folded[] = {
#define FOLD(from, to, how, what) {from, to, how, what},
#include "folds.def"
#undef FOLD
};

static uint32_t find_fold(uint32_t c)
{
    size_t at = 0;
    for (size_t step = 128; step > 0; step /= 2)
        if (at + step < COUNT_OF(folded) && folded[at + step].from <= c)
            at += step;
    if (c < folded[at].from || c > folded[at].to)
        return c;
    uint32_t past = c - folded[at].from;
    switch (folded[at].how) {
    case GONE:
        return nothing;
    case IS:
        return folded[at].what;
    case FROM:
        return folded[at].what + past;
    case LETTERS:
        past %= 52;
        return past < 26 ? 'A' + past : 'a' + past - 26;
    }
    return c;
}

static uint32_t plain(uint32_t c)
{
    _Static_assert(COUNT_OF(folded) <= 256, "one step less than twice the first");
    if (c >= 0x00C0 && c - 0x00C0 < sizeof accented - 1)
        return accented[c - 0x00C0] == ' ' ? c : (unsigned char)accented[c - 0x00C0];
    return c < 0x80 ? c : find_fold(c);
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
    return (character_kind(c) & CHARACTER_DISGUISE) != 0;
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

// What one reading of the text has done to it.
struct reading {
    bool changed;
    bool escaped;
    bool more; // something is there that may be read again
};

// In place: no character grows.
static struct reading unfold_once(struct folds *folds, char *bytes, size_t *len)
{
    str text = {bytes, *len};
    size_t end = 0;
    struct reading reading = {false, false, false};
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
        bool byte = unit.raw || code < 0x80;
        reading.changed = reading.changed || escape || (!unit.raw && code != unit.code);
        reading.escaped = reading.escaped || escape;
        reading.more = reading.more || (byte && may_begin_disguise((char)code));
        if (byte)
            bytes[end++] = (char)code;
        else if (code != nothing)
            end += write_utf8(bytes + end, code);
        at += unit.len;
    }
    *len = end;
    return reading;
}

// Without a table and a way out in the middle, so that several bytes are looked at at once.
static bool may_be_disguised(str text)
{
    unsigned found = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        found |= (c & '\x80') != 0 || c == '%' || c == '&' || c == '\\' ? 1 : 0;
    }
    return found != 0;
}

// The text as it is but for escapes that others follow at once: those hold nothing by themselves.
static str without_chains(struct arena *arena, str text)
{
    char *bytes = arena_array(arena, char, text.len);
    size_t end = 0;
    struct unit unit = {0};
    bool escape = false; // at `at`, if that is known already
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        if (!may_begin_disguise(c) || (c & '\x80') != 0) {
            bytes[end++] = c;
            at++;
            continue;
        }
        struct unit next = {0};
        escape = escape || read_escape(text, at, &unit);
        size_t beyond = at + unit.len;
        bool chained = escape && beyond < text.len && read_escape(text, beyond, &next);
        if (chained)
            c = '%';
        bytes[end++] = c;
        at = chained ? beyond : at + 1;
        escape = chained;
        unit = next;
    }
    return (str){bytes, end};
}

str unfold(struct arena *arena, str text, size_t *work, struct unfolding *how)
{
    *how = (struct unfolding){0};
    if (!may_be_disguised(text))
        return text;
    char *bytes = arena_array(arena, char, text.len);
    size_t len = text.len;
    struct folds folds = {0};
    memcpy(bytes, text.ptr, text.len);
    struct reading reading = unfold_once(&folds, bytes, &len);
    how->escaped = reading.escaped;
    bool changed = reading.changed;
    for (size_t times = 1; reading.changed && reading.more && !how->endless; times++) {
        how->endless = times == UNFOLDINGS_MAX || !work_pays(work, UNFOLDING_WORK * len);
        reading = unfold_once(&folds, bytes, &len);
        how->escaped = how->escaped || reading.escaped;
    }
    if (!work_pays(work, UNFOLDING_WORK * text.len * (how->escaped ? 2 : 1)))
        how->endless = true;
    if (how->escaped)
        how->raw = without_chains(arena, text);
    return changed ? (str){bytes, len} : text;
}

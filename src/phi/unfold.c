// SPDX-License-Identifier: Apache-2.0
#include "characters.h"
#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

#include <endian.h>
#include <string.h>

enum {
    UNFOLDINGS_MAX = 5,
    UNFOLDING_WORK = 100,
    UNIT_WORK = 4,
    ESCAPE_WORK = 8,
    BYTES_FOR_WORK = 2
};

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
enum { FOLDS_KEPT = 64 };
struct folds {
    uint32_t codes[FOLDS_KEPT]; // 0: free
    uint32_t plains[FOLDS_KEPT];
};

static uint32_t fold(struct folds *folds, uint32_t c)
{
    if (c < 0x80)
        return c;
    size_t at = (c ^ c >> 6) % FOLDS_KEPT;
    if (folds->codes[at] != c) {
        folds->codes[at] = c;
        folds->plains[at] = plain(c);
    }
    return folds->plains[at];
}

// One character of the text; `len` bytes of it. What is not UTF-8 is a character a byte.
struct unit {
    uint32_t code;
    size_t len;
    bool raw; // a byte, to be written as it is
};

static bool is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

static struct unit read_utf8(str text, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr + at;
    size_t left = text.len - at;
    uint32_t lead = bytes[0];
    if (lead >= 0xC0 && left >= 2 && is_tail(bytes[1])) {
        if (lead < 0xE0)
            return (struct unit){(lead & 0x1F) << 6 | (bytes[1] & 0x3FU), 2, false};
        uint32_t two = (bytes[1] & 0x3FU) << 6;
        if (left >= 3 && is_tail(bytes[2])) {
            two |= bytes[2] & 0x3FU;
            if (lead < 0xF0)
                return (struct unit){(lead & 0x0F) << 12 | two, 3, false};
            if (lead <= 0xF4 && left >= 4 && is_tail(bytes[3]))
                return (struct unit){(lead & 0x07) << 18 | two << 6 | (bytes[3] & 0x3FU), 4, false};
        }
    }
    return (struct unit){lead, 1, lead >= 0x80};
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

// Two hexadecimal digits; -1 where there are none.
static int read_pair(str text, size_t at)
{
    if (at + 2 > text.len)
        return -1;
    int high = hexadecimal_value(text.ptr[at]);
    int low = hexadecimal_value(text.ptr[at + 1]);
    return (high | low) < 0 ? -1 : high * 16 + low;
}

// %41 and %2541
static bool read_percent(str text, size_t at, struct unit *unit)
{
    int code = read_pair(text, at + 1);
    if (code < 0)
        return false;
    size_t end = at + 3;
    for (int next = read_pair(text, end); code == '%' && next >= 0; next = read_pair(text, end)) {
        code = next;
        end += 2;
    }
    *unit = (struct unit){(uint32_t)code, end - at, true};
    return true;
}

// \u0041 and \x41
static bool read_backslash(str text, size_t at, struct unit *unit)
{
    char kind = at_or_nul(text, at + 1);
    if (kind != 'x' && kind != 'u')
        return false;
    int high = kind == 'u' ? read_pair(text, at + 2) : 0;
    int low = read_pair(text, at + (kind == 'u' ? 4 : 2));
    *unit = (struct unit){(uint32_t)(high * 256 + low), kind == 'u' ? 6 : 4, false};
    return (high | low) >= 0 && is_character(unit->code);
}

// These, &#65; and &#x41;
static bool read_escape(str text, size_t at, struct unit *unit)
{
    switch (text.ptr[at]) {
    case '%':
        return read_percent(text, at, unit);
    case '\\':
        return read_backslash(text, at, unit);
    default:
        return at_or_nul(text, at + 1) == '#' && read_reference(text, at, unit);
    }
}

// How many of the next eight characters begin no disguise, if this one begins none.
static size_t plain_from(str text, size_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t eight = 0;
    size_t left = text.len - at;
    if (text.len < sizeof eight)
        return 1;
    if (left >= sizeof eight) {
        left = sizeof eight;
        memcpy(&eight, text.ptr + at, sizeof eight);
        eight = le64toh(eight);
    } else {
        memcpy(&eight, text.ptr + text.len - sizeof eight, sizeof eight);
        eight = le64toh(eight) >> (8 * (sizeof eight - left));
    }
    uint64_t percent = eight ^ ones * '%';
    uint64_t ampersand = eight ^ ones * '&';
    uint64_t backslash = eight ^ ones * '\\';
    // The highest bit of each byte that was none: what borrows from it stands behind one.
    uint64_t none = ((percent - ones) & ~percent) | ((ampersand - ones) & ~ampersand) |
                    ((backslash - ones) & ~backslash);
    uint64_t found = (eight | none) & ones * 0x80;
    return found == 0 ? left : (size_t)__builtin_ctzll(found) / 8;
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

// The text as it is but for escapes that others follow at once: those hold nothing by themselves,
// and a percent sign stands for each. The same text, not copied, where none do.
struct chains {
    struct arena *arena;
    char *bytes; // NULL: the text itself
    size_t len;
    size_t from; // in the text, what is not in them yet
    size_t last; // where the last escape begins
    size_t end;  // and ends
};

static void add_escape(struct chains *chains, str text, size_t at, size_t len)
{
    if (chains->end == at && at > 0) {
        if (chains->bytes == NULL)
            chains->bytes = arena_array(chains->arena, char, text.len);
        size_t plain = chains->last - chains->from;
        memcpy(chains->bytes + chains->len, text.ptr + chains->from, plain);
        chains->bytes[chains->len + plain] = '%';
        chains->len += plain + 1;
        chains->from = at;
    }
    chains->last = at;
    chains->end = at + len;
}

static str without_chains(const struct chains *chains, str text)
{
    if (chains->bytes == NULL)
        return text;
    memcpy(chains->bytes + chains->len, text.ptr + chains->from, text.len - chains->from);
    return (str){chains->bytes, chains->len + text.len - chains->from};
}

// Whether what stands there, which is no escape, may be one when the text has been read: something
// of what would belong to it stands for something else.
static bool may_become_escape(str text, size_t at)
{
    enum { ESCAPE_MAX = 10 }; // &#x10FFFF;
    for (size_t i = at + 1; i <= at + ESCAPE_MAX; i++)
        if (may_begin_disguise(at_or_nul(text, i)))
            return true;
    return false;
}

// What one reading of the text has done to it.
struct reading {
    bool changed;
    bool escaped;
    bool more; // something is there that may be read again
    size_t work;
};

// What the unit, which begins so in the text, stands for; how many bytes that is.
static size_t write_unit(char *into, struct folds *folds, const struct unit *unit, const char *from,
                         struct reading *reading)
{
    uint32_t code = unit->raw ? unit->code : fold(folds, unit->code);
    bool escape = (*from & '\x80') == 0;
    if (code == unit->code && code >= 0x80 && !unit->raw && !escape) {
        for (size_t i = 0; i < unit->len; i++)
            into[i] = from[i];
        return unit->len;
    }
    // Longer than it must be, as C0 B1 for a one, is changed as well.
    reading->changed = reading->changed || escape || !unit->raw;
    if (code == nothing)
        return 0;
    if (!unit->raw && code >= 0x80)
        return write_utf8(into, code);
    reading->more = reading->more || may_begin_disguise((char)code);
    into[0] = (char)code;
    return 1;
}

// Up to eight characters.
static void copy_plain(char *into, const char *from, size_t count)
{
    uint64_t eight = 0;
    if (count == sizeof eight) {
        memcpy(&eight, from, sizeof eight);
        memcpy(into, &eight, sizeof eight);
        return;
    }
    for (size_t i = 0; i < count; i++)
        into[i] = from[i];
}

// Into `bytes`, which may be the text's own: no character grows. The text's chains where they are
// asked for.
static struct reading unfold_once(struct folds *folds, str text, char *bytes, size_t *len,
                                  struct chains *chains)
{
    size_t end = 0;
    struct reading reading = {0};
    for (size_t at = 0; at < text.len;) {
        struct unit unit = {0};
        char c = text.ptr[at];
        if (!may_begin_disguise(c)) {
            size_t plain = plain_from(text, at);
            copy_plain(bytes + end, text.ptr + at, plain);
            end += plain;
            at += plain;
            continue;
        }
        reading.work += (c & '\x80') != 0 ? UNIT_WORK : ESCAPE_WORK;
        bool escape = (c & '\x80') == 0 && read_escape(text, at, &unit);
        if (!escape && (c & '\x80') == 0) {
            reading.more = reading.more || may_become_escape(text, at);
            bytes[end++] = c;
            at++;
            continue;
        }
        if (!escape)
            unit = read_utf8(text, at);
        else if (chains != NULL)
            add_escape(chains, text, at, unit.len);
        end += write_unit(bytes + end, folds, &unit, text.ptr + at, &reading);
        reading.escaped = reading.escaped || escape;
        reading.work += escape ? unit.len / BYTES_FOR_WORK : 0;
        at += unit.len;
    }
    *len = end;
    reading.work += text.len / BYTES_FOR_WORK;
    return reading;
}

// Whether the text stands for another one. What it costs to find out.
static bool is_disguised(str text, size_t *work)
{
    size_t escapes = 0; // that are none
    for (size_t at = 0; at < text.len;) {
        struct unit unit;
        char c = text.ptr[at];
        if (!may_begin_disguise(c)) {
            at += plain_from(text, at);
            continue;
        }
        if ((c & '\x80') != 0 || read_escape(text, at, &unit))
            return true;
        escapes++;
        at++;
    }
    *work = ESCAPE_WORK * escapes;
    return false;
}

str unfold(struct arena *arena, str text, size_t *work, struct unfolding *how)
{
    *how = (struct unfolding){0};
    size_t looked = 0;
    if (!is_disguised(text, &looked)) {
        how->endless = !work_pays(work, looked);
        return text;
    }
    char *bytes = arena_array(arena, char, text.len);
    size_t len = text.len;
    struct folds folds;
    memset(folds.codes, 0, sizeof folds.codes);
    struct chains chains = {.arena = arena};
    struct reading reading = unfold_once(&folds, text, bytes, &len, &chains);
    how->escaped = reading.escaped;
    how->endless = !work_pays(work, UNFOLDING_WORK + reading.work);
    bool changed = reading.changed;
    for (size_t times = 1; reading.changed && reading.more && !how->endless; times++) {
        reading = unfold_once(&folds, (str){bytes, len}, bytes, &len, NULL);
        how->escaped = how->escaped || reading.escaped;
        how->endless = times == UNFOLDINGS_MAX || !work_pays(work, reading.work);
    }
    how->raw = without_chains(&chains, text);
    return changed ? (str){bytes, len} : text;
}

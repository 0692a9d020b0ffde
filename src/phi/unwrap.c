// SPDX-License-Identifier: Apache-2.0
// Random bytes are hardly ever printable, so that a random id leaves at its first odd byte.
#include "characters.h"
#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

enum { UNWRAPPED_BYTES_MIN = 9, PART_WORK = 9, DECODED_WORK = 3, READ_FOR_WORK = 4 };

enum alphabet { BASE64, BASE64_URL, BASE64_LETTERS, BASE32, HEXADECIMAL, ALPHABETS };

// What the characters of either base64 stand for; nothing else is looked up.
static const unsigned char base64_values[128] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  62,
    0,  62, 0,  63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 0,  0,  0,  0,  0,  0,  0,  0,
    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
    23, 24, 25, 0,  0,  0,  0,  63, 0,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
    39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 0,  0,  0,  0,  0};

// What a character of the alphabet stands for.
static uint32_t value_of(char c, enum alphabet alphabet)
{
    unsigned byte = (unsigned char)c;
    if (alphabet == HEXADECIMAL)
        return (byte & 15) + (byte >> 6) * 9;
    if (alphabet == BASE32)
        return is_letter(c) ? (byte & 31) - 1 : byte - '2' + 26;
    return base64_values[byte & 127];
}

static const unsigned bits_of[ALPHABETS] = {6, 6, 6, 5, 4};

// Whether the byte may stand there; accented letters and signs of western Europe are C2 or C3 and
// another byte.
static bool may_follow(unsigned char byte, bool *accented)
{
    if (*accented) {
        *accented = false;
        return (byte & 0xC0) == 0x80;
    }
    *accented = byte == 0xC2 || byte == 0xC3;
    return *accented || (character_kinds[byte] & CHARACTER_TEXT) != 0;
}

// Bytes of a text so far.
struct text {
    char *bytes; // NULL: they are only looked at
    size_t len;
    bool accented; // the next byte belongs to the last
};

static bool add_byte(struct text *text, unsigned char byte)
{
    if (!may_follow(byte, &text->accented))
        return false;
    if (text->bytes != NULL)
        text->bytes[text->len] = (char)byte;
    text->len++;
    return true;
}

// Four characters of base64 at a time; where it ends, before the last few or behind what is no
// text.
static size_t add_fours(struct text *text, str run, bool *is_text)
{
    size_t i = 0;
    for (; *is_text && i + 4 <= run.len; i += 4) {
        const char *c = run.ptr + i;
        uint32_t held = value_of(c[0], BASE64) << 18 | value_of(c[1], BASE64) << 12 |
                        value_of(c[2], BASE64) << 6 | value_of(c[3], BASE64);
        unsigned char three[] = {(unsigned char)(held >> 16), (unsigned char)(held >> 8),
                                 (unsigned char)held};
        for (size_t n = 0; n < sizeof three && *is_text; n++)
            *is_text = add_byte(text, three[n]);
    }
    return i;
}

// The run's bytes; whether they are those of a text. An incomplete last byte is padding. *read is
// how many characters that took.
static bool decode(str run, enum alphabet alphabet, struct text *text, size_t *read)
{
    unsigned bits = bits_of[alphabet];
    uint32_t held = 0;
    unsigned held_bits = 0;
    bool is_text = true;
    size_t i = bits == 6 ? add_fours(text, run, &is_text) : 0;
    for (; i < run.len && is_text; i++) {
        held = held << bits | value_of(run.ptr[i], alphabet);
        held_bits += bits;
        if (held_bits < 8)
            continue;
        held_bits -= 8;
        is_text = add_byte(text, (unsigned char)(held >> held_bits));
    }
    *read = i;
    return is_text;
}

// Whether the run may hold a text, by its beginning: what is at random leaves there, for which
// nothing is set aside.
static bool begins_text(str run, enum alphabet alphabet, size_t *read)
{
    enum { BEGINNING = 12 };
    struct text text = {0};
    return decode(str_slice(run, 0, BEGINNING), alphabet, &text, read);
}

// Shorter runs do not hold enough.
#define RUN_MIN(bits) ((UNWRAPPED_BYTES_MIN * 8 + (bits)-1) / (bits))
static size_t run_min(enum alphabet alphabet)
{
    static const unsigned char min[ALPHABETS] = {RUN_MIN(6), RUN_MIN(6), RUN_MIN(6), RUN_MIN(5),
                                                 RUN_MIN(4)};
    return min[alphabet];
}

static unsigned kind_of(enum alphabet alphabet)
{
    return alphabet == BASE32 ? CHARACTER_BASE32 : CHARACTER_HEXADECIMAL;
}

static bool belongs(char c, enum alphabet alphabet)
{
    if (alphabet == BASE32 || alphabet == HEXADECIMAL)
        return (character_kind(c) & kind_of(alphabet)) != 0;
    return alphabet == BASE64 ? c == '+' || c == '/' : c == '-' || c == '_'; // a sign
}

// The n-th run of letters and digits with the signs of the alphabet around it, and the runs that
// those join to it; the next run is the n-th then. Nothing where there are no such signs: such a
// run is one of BASE64_LETTERS.
static str joined_runs(const struct sight *sight, size_t *n, enum alphabet alphabet)
{
    str text = sight->text;
    size_t from = sight->runs[*n].at;
    size_t end = from;
    while (from > 0 && belongs(text.ptr[from - 1], alphabet))
        from--;
    for (; *n < sight->run_count && sight->runs[*n].at == end; ++*n) {
        end += sight->runs[*n].len;
        while (end < text.len && belongs(text.ptr[end], alphabet))
            end++;
    }
    return str_slice(text, from, end);
}

// The end of the next characters of the alphabet that are enough, and where those begin; `end` for
// either where there are none. Read from the back, for what does not belong there ends the search
// up to it.
static size_t next_stretch(str text, size_t *from, size_t end, enum alphabet alphabet)
{
    size_t min = run_min(alphabet);
    while (*from + min <= end) {
        size_t at = *from + min;
        while (at > *from && belongs(text.ptr[at - 1], alphabet))
            at--;
        if (at == *from) {
            for (at += min; at < end && belongs(text.ptr[at], alphabet);)
                at++;
            return at;
        }
        *from = at;
    }
    *from = end;
    return end;
}

// What belongs to the alphabet in the run, from position->at on, and is long enough; the next run
// is the one looked at then where there is no more.
static str part_of_run(const struct sight *sight, struct wrapped *position, enum alphabet alphabet)
{
    const struct run *run = &sight->runs[position->run];
    size_t end = (size_t)run->at + run->len;
    size_t from = position->at > run->at ? position->at : run->at;
    size_t begin = from;
    size_t to = next_stretch(sight->text, &from, end, alphabet);
    (void)sight_pays(sight, (to - begin) / READ_FOR_WORK);
    position->at = to;
    position->run += end - to < run_min(alphabet) ? 1 : 0;
    return str_slice(sight->text, from, to);
}

// Past the runs that hold too little, or have no signs of the alphabet beside them: those are read
// as BASE64_LETTERS. False when there is no more.
static bool next_run(const struct sight *sight, struct wrapped *position, enum alphabet alphabet)
{
    bool joined = alphabet == BASE64 || alphabet == BASE64_URL;
    size_t n = position->run;
    for (; n < sight->run_count; n++) {
        const struct run *run = &sight->runs[n];
        if (joined ? belongs(before_or_nul(sight->text, run->at), alphabet) ||
                         belongs(at_or_nul(sight->text, (size_t)run->at + run->len), alphabet)
                   : run->len >= run_min(alphabet))
            break;
    }
    position->run = n;
    return n < sight->run_count;
}

static str next_part(const struct sight *sight, struct wrapped *position, enum alphabet alphabet)
{
    if (alphabet == BASE64 || alphabet == BASE64_URL)
        return joined_runs(sight, &position->run, alphabet);
    if (alphabet != BASE64_LETTERS)
        return part_of_run(sight, position, alphabet);
    const struct run *run = &sight->runs[position->run++];
    return str_slice(sight->text, run->at, (size_t)run->at + run->len);
}

// The next run of the alphabet that holds a text.
static bool unwrap_part(struct arena *arena, const struct sight *sight, struct wrapped *position,
                        str *plain)
{
    enum alphabet alphabet = (enum alphabet)position->alphabet;
    while (next_run(sight, position, alphabet)) {
        size_t read = 0;
        str part = next_part(sight, position, alphabet);
        bool long_enough = part.len >= run_min(alphabet);
        bool begins = long_enough && begins_text(part, alphabet, &read);
        if (!sight_pays(sight, PART_WORK + DECODED_WORK * (begins ? part.len : read)) || !begins)
            continue;
        struct text text = {.bytes = arena_array(arena, char, part.len)};
        *plain = (str){text.bytes, 0};
        if (decode(part, alphabet, &text, &read) && !text.accented) {
            plain->len = text.len;
            return true;
        }
    }
    return false;
}

// Where nothing else can be in the text, the alphabet is not tried.
static bool may_hold(const struct sight *sight, enum alphabet alphabet)
{
    if (alphabet == BASE64)
        return sees(sight, '+') || sees(sight, '/');
    if (alphabet == BASE64_URL)
        return sees(sight, '-') || sees(sight, '_');
    return sight->longest >= run_min(alphabet);
}

bool unwrap_next(struct arena *arena, const struct sight *sight, struct wrapped *position,
                 str *plain)
{
    enum { ALPHABET_WORK = 18, RUNS_FOR_WORK = 4 };
    if (sight->text.len < run_min(BASE64))
        return false;
    for (; position->alphabet < ALPHABETS; position->alphabet++, position->run = position->at = 0)
        if (may_hold(sight, (enum alphabet)position->alphabet) &&
            sight_pays(sight, ALPHABET_WORK + sight->run_count / RUNS_FOR_WORK) &&
            unwrap_part(arena, sight, position, plain))
            return true;
    return false;
}

// SPDX-License-Identifier: Apache-2.0
// Random bytes are hardly ever printable, so that a random id leaves at its first odd byte.
#include "characters.h"
#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

enum { UNWRAPPED_BYTES_MIN = 9, PART_WORK = 3, DECODED_WORK = 3 };

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
    bool tail = *accented;
    *accented = !tail && (byte == 0xC2 || byte == 0xC3);
    return tail ? (byte & 0xC0) == 0x80
                : *accented || (character_kinds[byte] & CHARACTER_TEXT) != 0;
}

// The run's bytes into `bytes`, unless it is NULL; their number, 0 when one is none of a text. An
// incomplete last byte is padding. *read is how many characters that took.
static size_t decode(str run, enum alphabet alphabet, char *bytes, size_t *read)
{
    unsigned bits = bits_of[alphabet];
    uint32_t held = 0;
    unsigned held_bits = 0;
    size_t count = 0;
    bool accented = false;
    bool text = true;
    size_t i = 0;
    for (; i < run.len && text; i++) {
        held = held << bits | value_of(run.ptr[i], alphabet);
        held_bits += bits;
        if (held_bits < 8)
            continue;
        held_bits -= 8;
        unsigned char byte = (unsigned char)(held >> held_bits);
        text = may_follow(byte, &accented);
        if (bytes != NULL)
            bytes[count] = (char)byte;
        count++;
    }
    *read = i;
    return text && !accented ? count : 0;
}

// Shorter runs do not hold enough.
static size_t run_min(enum alphabet alphabet)
{
    return (UNWRAPPED_BYTES_MIN * 8 + bits_of[alphabet] - 1) / bits_of[alphabet];
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

// What belongs to the alphabet in the run, from position->at on, and is long enough; the next run
// is the one looked at then where there is no more.
static str part_of_run(const struct sight *sight, struct wrapped *position, enum alphabet alphabet)
{
    const struct run *run = &sight->runs[position->run];
    size_t end = (size_t)run->at + run->len;
    size_t from = position->at > run->at ? position->at : run->at;
    size_t to = (run->kinds & kind_of(alphabet)) != 0 ? end : from;
    while (to < end && to - from < run_min(alphabet)) {
        from = to;
        while (from < end && !belongs(sight->text.ptr[from], alphabet))
            from++;
        for (to = from; to < end && belongs(sight->text.ptr[to], alphabet);)
            to++;
    }
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
        size_t count = long_enough ? decode(part, alphabet, NULL, &read) : 0;
        if (!sight_pays(sight, PART_WORK + DECODED_WORK * read) || count == 0)
            continue;
        char *bytes = arena_array(arena, char, count);
        *plain = (str){bytes, decode(part, alphabet, bytes, &read)};
        return true;
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
    return sight->lengths >> run_min(alphabet) != 0;
}

bool unwrap_next(struct arena *arena, const struct sight *sight, struct wrapped *position,
                 str *plain)
{
    if (sight->text.len < run_min(BASE64))
        return false;
    for (; position->alphabet < ALPHABETS; position->alphabet++, position->run = position->at = 0)
        if (may_hold(sight, (enum alphabet)position->alphabet) &&
            unwrap_part(arena, sight, position, plain))
            return true;
    return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "marks.h"

enum { TOGETHER = 16 };

// What the compiler turns into the machine's own instructions for that many bytes.
typedef uint8_t bytes __attribute__((vector_size(TOGETHER)));

// A bit for each byte: its highest.
static uint64_t gather(bytes of)
{
#ifdef __SSE2__
    typedef char chars __attribute__((vector_size(TOGETHER)));
    return (uint64_t)(unsigned)__builtin_ia32_pmovmskb128((chars)of);
#else
    const uint64_t highest = UINT64_C(0x8080808080808080);
    const uint64_t each = UINT64_C(0x0002040810204081);
    uint64_t halves[2];
    memcpy(halves, &of, sizeof of);
    return (le64toh(halves[0]) & highest) * each >> 56 |
           ((le64toh(halves[1]) & highest) * each >> 56) << 8;
#endif
}

struct kinds {
    uint64_t letters;
    uint64_t small;
    uint64_t digits;
    uint64_t noughts;
    uint64_t stand_ins; // i, l and o, of either case
};

static void add_kinds(struct kinds *kinds, bytes text, size_t past)
{
    bytes lower = text | 0x20;
    bytes letters = (bytes)((lower - 'a') < 26);
    bytes stand_ins = (bytes)((lower == 'i') | (lower == 'l') | (lower == 'o'));
    kinds->letters |= gather(letters) << past;
    kinds->small |= gather(text << 2 & letters) << past;
    kinds->digits |= gather((bytes)((text - '0') < 10)) << past;
    kinds->noughts |= gather((bytes)(text == '0')) << past;
    kinds->stand_ins |= gather(stand_ins) << past;
}

// Of up to 64 characters.
static struct kinds kinds_of(const char *text, size_t len)
{
    struct kinds kinds = {0};
    for (size_t at = 0; at < len; at += TOGETHER) {
        bytes some = {0};
        if (at + TOGETHER <= len)
            memcpy(&some, text + at, TOGETHER);
        else
            memcpy(&some, text + at, len - at);
        add_kinds(&kinds, some, at);
    }
    return kinds;
}

void marks_take(str text, struct marks *marks)
{
    uint64_t run_before = 0;
    uint64_t small_before = 0;
    size_t n = 0;
    for (; n * MARKS_EACH <= text.len; n++) {
        size_t left = text.len - n * MARKS_EACH;
        struct kinds kinds =
            kinds_of(text.ptr + n * MARKS_EACH, left < MARKS_EACH ? left : MARKS_EACH);
        uint64_t alnums = kinds.letters | kinds.digits;
        uint64_t humps = kinds.letters & ~kinds.small & (kinds.small << 1 | small_before);
        uint64_t edges = alnums ^ (alnums << 1 | run_before);
        marks->edges[n] = edges;
        marks->words[n] = (edges & (kinds.letters | kinds.noughts)) | humps;
        marks->digits[n] = htole64(kinds.digits);
        marks->numerals[n] = htole64(kinds.digits | kinds.stand_ins);
        run_before = alnums >> (MARKS_EACH - 1);
        small_before = kinds.small >> (MARKS_EACH - 1);
    }
    marks->digits[n] = marks->numerals[n] = 0;
}

// SPDX-License-Identifier: Apache-2.0
// Random bytes are hardly ever printable, so that a random id leaves at its first odd byte.
#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

enum { UNWRAPPED_BYTES_MIN = 9 };

enum alphabet { BASE64, BASE64_URL, BASE64_LETTERS, BASE32, HEXADECIMAL, ALPHABETS };

// Of letters and digits; 64 for what is none.
static const unsigned char letter_values[128] = {
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64, 64, 0,
    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
    23, 24, 25, 64, 64, 64, 64, 64, 64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
    39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64};

static int letter_value(char c)
{
    unsigned char value = (c & '\x80') != 0 ? 64 : letter_values[(unsigned char)c];
    return value == 64 ? -1 : value;
}

static int base32_value(char c)
{
    if (is_letter(c))
        return to_upper(c) - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static int hexadecimal_value(char c)
{
    if (is_digit(c))
        return c - '0';
    return to_lower(c) >= 'a' && to_lower(c) <= 'f' ? to_lower(c) - 'a' + 10 : -1;
}

static int with_signs(char c, char sign_62, char sign_63)
{
    if (c == sign_62)
        return 62;
    return c == sign_63 ? 63 : letter_value(c);
}

// What a character stands for, -1 when it is none of the alphabet's.
static int value_of(char c, enum alphabet alphabet)
{
    switch (alphabet) {
    case BASE64:
        return with_signs(c, '+', '/');
    case BASE64_URL:
        return with_signs(c, '-', '_');
    case BASE64_LETTERS:
        return letter_value(c);
    case BASE32:
        return base32_value(c);
    case HEXADECIMAL:
        return hexadecimal_value(c);
    case ALPHABETS:
        break;
    }
    return -1;
}

_Static_assert((int)ALPHABETS == (int)WRAPPINGS, "each is tried");
static const unsigned bits_of[ALPHABETS] = {6, 6, 6, 5, 4};

static size_t run_at(str text, size_t at, enum alphabet alphabet)
{
    size_t len = 0;
    while (at + len < text.len && value_of(text.ptr[at + len], alphabet) >= 0)
        len++;
    return len;
}

// What texts are made of. Fewer characters than ASCII has: each one more lets more random ids in.
static bool is_text(unsigned char byte)
{
    return is_alnum((char)byte) ||
           str_contains(STR(" -_.,:;/@=+#%&|^*?!<>$\\\"'(){}[]~\r\n\t"), (char)byte);
}

// Whether the byte may stand there; accented letters of western Europe are C3 and another byte.
static bool may_follow(unsigned char byte, bool *accented)
{
    bool tail = *accented;
    *accented = !tail && byte == 0xC3;
    return tail ? (byte & 0xC0) == 0x80 : *accented || is_text(byte);
}

// The run's bytes into `bytes`, unless it is NULL; their number, 0 when one is none of a text. An
// incomplete last byte is padding.
static size_t decode(str run, enum alphabet alphabet, char *bytes)
{
    unsigned bits = bits_of[alphabet];
    uint32_t held = 0;
    unsigned held_bits = 0;
    size_t count = 0;
    bool accented = false;
    for (size_t i = 0; i < run.len; i++) {
        held = held << bits | (uint32_t)value_of(run.ptr[i], alphabet);
        held_bits += bits;
        if (held_bits < 8)
            continue;
        held_bits -= 8;
        unsigned char byte = (unsigned char)(held >> held_bits);
        if (!may_follow(byte, &accented))
            return 0;
        if (bytes != NULL)
            bytes[count] = (char)byte;
        count++;
    }
    return accented ? 0 : count;
}

// Shorter runs do not hold enough.
static size_t run_min(enum alphabet alphabet)
{
    return (UNWRAPPED_BYTES_MIN * 8 + bits_of[alphabet] - 1) / bits_of[alphabet];
}

// Whether the first byte may stand in a text: of random ids two of three end here.
static bool may_be_wrapped(str text, size_t at, enum alphabet alphabet)
{
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (; held_bits < 8 && at < text.len; at++) {
        int value = value_of(text.ptr[at], alphabet);
        if (value < 0)
            return false;
        held = held << bits_of[alphabet] | (uint32_t)value;
        held_bits += bits_of[alphabet];
    }
    if (held_bits < 8)
        return false;
    unsigned char byte = (unsigned char)(held >> (held_bits - 8));
    return is_text(byte) || byte == 0xC3;
}

static void lengthen(size_t *len, size_t *longest, bool belongs)
{
    *len = belongs ? *len + 1 : 0;
    if (*len > *longest)
        *longest = *len;
}

// The longest run of letters and digits, and with the signs of the alphabets among them; without
// those the alphabets are one and the same.
static void measure(str text, size_t longest[ALPHABETS])
{
    size_t letters = 0;
    size_t base64 = 0;
    size_t url = 0;
    bool signs[2] = {false, false};
    for (size_t at = 0; at < text.len; at++) {
        char c = text.ptr[at];
        bool letter = is_alnum(c);
        bool plus = c == '+' || c == '/';
        bool dash = c == '-' || c == '_';
        lengthen(&letters, &longest[BASE64_LETTERS], letter);
        lengthen(&base64, &longest[BASE64], letter || plus);
        lengthen(&url, &longest[BASE64_URL], letter || dash);
        signs[0] = signs[0] || plus;
        signs[1] = signs[1] || dash;
    }
    longest[BASE64] = signs[0] ? longest[BASE64] : 0;
    longest[BASE64_URL] = signs[1] ? longest[BASE64_URL] : 0;
    longest[BASE32] = longest[BASE64_LETTERS];
    longest[HEXADECIMAL] = longest[BASE64_LETTERS];
}

// The next run of the alphabet that holds a text.
static bool unwrap_run(struct arena *arena, str text, struct wrapped *position, str *plain)
{
    enum alphabet alphabet = (enum alphabet)position->alphabet;
    size_t least = run_min(alphabet);
    while (position->at + least <= text.len) {
        size_t at = position->at;
        str run = str_slice(text, at, at + run_at(text, at, alphabet));
        position->at = at + run.len + 1;
        if (run.len < least || !may_be_wrapped(text, at, alphabet))
            continue;
        size_t count = decode(run, alphabet, NULL);
        if (count == 0)
            continue;
        char *bytes = arena_array(arena, char, count);
        *plain = (str){bytes, decode(run, alphabet, bytes)};
        return true;
    }
    return false;
}

bool unwrap_next(struct arena *arena, str text, struct wrapped *position, str *plain)
{
    if (text.len < run_min(BASE64))
        return false;
    if (!position->measured)
        measure(text, position->longest);
    position->measured = true;
    for (; position->alphabet < ALPHABETS; position->alphabet++, position->at = 0)
        if (position->longest[position->alphabet] >= run_min((enum alphabet)position->alphabet) &&
            unwrap_run(arena, text, position, plain))
            return true;
    return false;
}

// SPDX-License-Identifier: Apache-2.0
// Random bytes are hardly ever printable, so that a random id leaves at its first odd byte.
#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

enum { UNWRAPPED_BYTES_MIN = 9 };

enum alphabet { BASE64, BASE64_URL, BASE64_LETTERS, BASE32, HEXADECIMAL, ALPHABETS };

static int letter_value(char c)
{
    if (is_upper(c))
        return c - 'A';
    if (is_lower(c))
        return c - 'a' + 26;
    return is_digit(c) ? c - '0' + 52 : -1;
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

// Without their signs the base64 alphabets are one and the same.
static bool is_worth_trying(str text, enum alphabet alphabet)
{
    switch (alphabet) {
    case BASE64:
        return has(text, '+') || has(text, '/');
    case BASE64_URL:
        return has(text, '-') || has(text, '_');
    case BASE64_LETTERS:
    case BASE32:
    case HEXADECIMAL:
        return true;
    case ALPHABETS:
        break;
    }
    return false;
}

bool unwrap_next(struct arena *arena, str text, struct wrapped *position, str *plain)
{
    for (; position->alphabet < ALPHABETS; position->alphabet++, position->at = 0) {
        enum alphabet alphabet = (enum alphabet)position->alphabet;
        while (position->at < text.len && is_worth_trying(text, alphabet)) {
            size_t at = position->at;
            str run = str_slice(text, at, at + run_at(text, at, alphabet));
            position->at = at + run.len + 1;
            if (run.len * bits_of[alphabet] / 8 < UNWRAPPED_BYTES_MIN)
                continue;
            size_t count = decode(run, alphabet, NULL);
            if (count == 0)
                continue;
            char *bytes = arena_array(arena, char, count);
            *plain = (str){bytes, decode(run, alphabet, bytes)};
            return true;
        }
    }
    return false;
}

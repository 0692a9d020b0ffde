// SPDX-License-Identifier: Apache-2.0
#include "phial/util/encode.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base62_digits[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// `bits` a digit, most significant first, the last digit filled up with zeros.
static str encode(struct arena *arena, str bytes, const char *digits, unsigned bits, size_t pad_to)
{
    size_t digit_count = (bytes.len * 8 + bits - 1) / bits;
    size_t len = pad_to == 0 ? digit_count : (digit_count + pad_to - 1) / pad_to * pad_to;
    char *text = arena_array(arena, char, len + 1);
    uint32_t held = 0;
    unsigned held_bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        held = held << 8 | (unsigned char)bytes.ptr[i];
        for (held_bits += 8; held_bits >= bits; held_bits -= bits)
            text[at++] = digits[held >> (held_bits - bits) & ((1U << bits) - 1)];
    }
    if (held_bits != 0)
        text[at++] = digits[held << (bits - held_bits) & ((1U << bits) - 1)];
    memset(text + at, '=', len - at);
    return (str){text, len};
}

str encode_hex(struct arena *arena, str bytes)
{
    return encode(arena, bytes, hex_digits, 4, 0);
}

str encode_base64(struct arena *arena, str bytes)
{
    return encode(arena, bytes, base64_digits, 6, 4);
}

str encode_base64url(struct arena *arena, str bytes)
{
    return encode(arena, bytes, base64url_digits, 6, 0);
}

str encode_base32(struct arena *arena, str bytes)
{
    return encode(arena, bytes, base32_digits, 5, 0);
}

str encode_base62(struct arena *arena, str bytes)
{
    char *text = arena_array(arena, char, bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++)
        text[i] = base62_digits[(unsigned char)bytes.ptr[i] % 62];
    return (str){text, bytes.len};
}

static bool decode(struct arena *arena, str text, const char *digits, unsigned bits, str *bytes)
{
    char *out = arena_array(arena, char, text.len *bits / 8 + 1);
    uint32_t held = 0;
    unsigned held_bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = text.ptr[i] == '\0' ? NULL : strchr(digits, text.ptr[i]);
        if (digit == NULL)
            return false;
        held = held << bits | (uint32_t)(digit - digits);
        held_bits += bits;
        if (held_bits >= 8) {
            held_bits -= 8;
            out[at++] = (char)(held >> held_bits & 0xff);
        }
    }
    if (held_bits >= bits || (held & ((1U << held_bits) - 1)) != 0)
        return false;
    *bytes = (str){out, at};
    return true;
}

bool decode_hex(struct arena *arena, str text, str *bytes)
{
    return text.len % 2 == 0 && decode(arena, text, hex_digits, 4, bytes);
}

bool decode_base64(struct arena *arena, str text, str *bytes)
{
    if (text.len % 4 != 0)
        return false;
    for (int pad = 0; pad < 2 && text.len != 0 && text.ptr[text.len - 1] == '='; pad++)
        text.len--;
    return decode(arena, text, base64_digits, 6, bytes);
}

bool decode_base64url(struct arena *arena, str text, str *bytes)
{
    return decode(arena, text, base64url_digits, 6, bytes);
}

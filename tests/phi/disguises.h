// SPDX-License-Identifier: Apache-2.0
// disguises.h - ways to write a text that a person, or a machine further on, still reads as the
// same.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DISGUISED_MAX = 4096 };

struct disguised {
    char text[DISGUISED_MAX];
    size_t len;
};

static inline void put_byte(struct disguised *into, unsigned byte)
{
    if (into->len + 1 < sizeof(into->text)) {
        into->text[into->len++] = (char)byte;
        into->text[into->len] = '\0';
    }
}

static inline void put_text(struct disguised *into, const char *text)
{
    while (*text != '\0')
        put_byte(into, (unsigned char)*text++);
}

static inline void put_code(struct disguised *into, uint32_t code)
{
    if (code < 0x80) {
        put_byte(into, code);
    } else if (code < 0x800) {
        put_byte(into, 0xC0 | code >> 6);
        put_byte(into, 0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put_byte(into, 0xE0 | code >> 12);
        put_byte(into, 0x80 | (code >> 6 & 0x3F));
        put_byte(into, 0x80 | (code & 0x3F));
    } else {
        put_byte(into, 0xF0 | code >> 18);
        put_byte(into, 0x80 | (code >> 12 & 0x3F));
        put_byte(into, 0x80 | (code >> 6 & 0x3F));
        put_byte(into, 0x80 | (code & 0x3F));
    }
}

static inline bool digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}
static inline bool letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// One character in another dress; each takes the whole text.
#define DISGUISE(name, expression)                                    \
    static inline void name(const char *text, struct disguised *into) \
    {                                                                 \
        for (; *text != '\0'; text++) {                               \
            unsigned char c = (unsigned char)*text;                   \
            expression;                                               \
        }                                                             \
    }

DISGUISE(full_width, if (c > 0x20 && c < 0x7F) put_code(into, c - 0x20 + 0xFF00U);
         else put_byte(into, c))
DISGUISE(full_width_digits, if (digit(c)) put_code(into, c - 0x20 + 0xFF00U);
         else put_byte(into, c))
DISGUISE(arabic_digits, if (digit(c)) put_code(into, c - '0' + 0x0660U); else put_byte(into, c))
DISGUISE(devanagari_digits, if (digit(c)) put_code(into, c - '0' + 0x0966U); else put_byte(into, c))
DISGUISE(bold_digits, if (digit(c)) put_code(into, c - '0' + 0x1D7CEU); else put_byte(into, c))
DISGUISE(subscript_digits, if (digit(c)) put_code(into, c - '0' + 0x2080U); else put_byte(into, c))
DISGUISE(zero_width_spaces, put_byte(into, c); if (c < 0x80) put_code(into, 0x200B))
DISGUISE(soft_hyphens, put_byte(into, c); if (digit(c)) put_code(into, 0x00AD))
DISGUISE(joiners, put_byte(into, c); if (letter(c)) put_code(into, 0x2060))
DISGUISE(em_dashes, if (c == '-') put_code(into, 0x2014); else put_byte(into, c))
DISGUISE(minus_signs, if (c == '-') put_code(into, 0x2212); else put_byte(into, c))
DISGUISE(hard_blanks, if (c == ' ') put_code(into, 0x00A0); else put_byte(into, c))
DISGUISE(thin_blanks, if (c == ' ') put_code(into, 0x2009); else put_byte(into, c))
DISGUISE(percent_all, char hex[4]; (void)snprintf(hex, sizeof(hex), "%%%02X", c);
         put_text(into, hex))
DISGUISE(percent_signs, char hex[4]; (void)snprintf(hex, sizeof(hex), "%%%02x", c);
         if (digit(c) || letter(c)) put_byte(into, c); else put_text(into, hex))
DISGUISE(percent_twice, char hex[6]; (void)snprintf(hex, sizeof(hex), "%%25%02X", c);
         put_text(into, hex))
DISGUISE(percent_of_too_many_bytes, char hex[8]; // as UTF-8 does not allow
         (void)snprintf(hex, sizeof(hex), "%%%02X%%%02X", 0xC0U | c >> 6, 0x80U | (c & 0x3FU));
         if (c < 0x80) put_text(into, hex); else put_byte(into, c))
DISGUISE(html_decimal, char hex[8]; (void)snprintf(hex, sizeof(hex), "&#%u;", (unsigned)c);
         if (c < 0x80) put_text(into, hex); else put_byte(into, c))
DISGUISE(html_hexadecimal, char hex[8]; (void)snprintf(hex, sizeof(hex), "&#x%X;", (unsigned)c);
         if (c < 0x80) put_text(into, hex); else put_byte(into, c))
DISGUISE(escaped, char hex[8]; (void)snprintf(hex, sizeof(hex), "\\u%04x", (unsigned)c);
         if (c < 0x80) put_text(into, hex); else put_byte(into, c))
DISGUISE(escaped_signs, char hex[8]; (void)snprintf(hex, sizeof(hex), "\\u%04X", (unsigned)c);
         if (digit(c) || letter(c) || c >= 0x80) put_byte(into, c); else put_text(into, hex))
DISGUISE(hexadecimal, char hex[4]; (void)snprintf(hex, sizeof(hex), "%02x", c); put_text(into, hex))
DISGUISE(hexadecimal_upper, char hex[4]; (void)snprintf(hex, sizeof(hex), "%02X", c);
         put_text(into, hex))

// Cyrillic letters that look like Latin ones.
static inline void cyrillic(const char *text, struct disguised *into)
{
    static const char latin[] = "aceopxyABCEHKMOPTX";
    static const uint16_t codes[] = {0x430, 0x441, 0x435, 0x43E, 0x440, 0x445, 0x443, 0x410, 0x412,
                                     0x421, 0x415, 0x41D, 0x41A, 0x41C, 0x41E, 0x420, 0x422, 0x425};
    for (; *text != '\0'; text++) {
        const char *found = strchr(latin, *text);
        if (found == NULL)
            put_byte(into, (unsigned char)*text);
        else
            put_code(into, codes[found - latin]);
    }
}

static inline void encode(const char *text, const char *alphabet, unsigned bits,
                          struct disguised *into)
{
    unsigned held = 0;
    unsigned held_bits = 0;
    for (; *text != '\0'; text++) {
        held = (held << 8 | (unsigned char)*text) & 0xFFFF;
        for (held_bits += 8; held_bits >= bits; held_bits -= bits)
            put_byte(into,
                     (unsigned char)alphabet[held >> (held_bits - bits) & ((1U << bits) - 1)]);
    }
    if (held_bits > 0)
        put_byte(into, (unsigned char)alphabet[held << (bits - held_bits) & ((1U << bits) - 1)]);
}

static inline void base64(const char *text, struct disguised *into)
{
    encode(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, into);
    while (into->len % 4 != 0)
        put_byte(into, '=');
}

static inline void base64_url(const char *text, struct disguised *into)
{
    encode(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6, into);
}

static inline void base32(const char *text, struct disguised *into)
{
    encode(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, into);
}

static inline void base64_twice(const char *text, struct disguised *into)
{
    struct disguised once = {.len = 0};
    base64(text, &once);
    base64(once.text, into);
}

static inline void base64_of_percent(const char *text, struct disguised *into)
{
    struct disguised once = {.len = 0};
    percent_signs(text, &once);
    base64(once.text, into);
}

static inline void percent_of_percent(const char *text, struct disguised *into)
{
    struct disguised once = {.len = 0};
    percent_signs(text, &once);
    percent_all(once.text, into);
}

static inline void base64_of_json(const char *text, struct disguised *into)
{
    struct disguised once = {.len = 0};
    put_text(&once, "{\"x\":\"");
    put_text(&once, text);
    put_text(&once, "\"}");
    base64_url(once.text, into);
}

static inline void json(const char *text, struct disguised *into)
{
    put_text(into, "{\"x\":\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            put_byte(into, '\\');
        put_byte(into, (unsigned char)*text);
    }
    put_text(into, "\"}");
}

static inline void json_twice(const char *text, struct disguised *into)
{
    struct disguised once = {.len = 0};
    json(text, &once);
    json(once.text, into);
}

// What stands around a text and says nothing.
#define AROUND(name, before, after)                                   \
    static inline void name(const char *text, struct disguised *into) \
    {                                                                 \
        put_text(into, before);                                       \
        put_text(into, text);                                         \
        put_text(into, after);                                        \
    }
AROUND(in_brackets, "(", ")")
AROUND(in_quotes, "'", "'")
AROUND(in_a_list, "a,", ",b")
AROUND(in_columns, "x;", ";1")
AROUND(in_lines, "x\n", "\n")
AROUND(in_tabs, "a\t", "\tb")
AROUND(behind_a_key, "x=", "&y=1")
AROUND(in_a_log, "2026-11-03T14:05:00Z INFO done ", " in 3 ms")
AROUND(in_a_sentence, "see ", ", thanks")

// SPDX-License-Identifier: Apache-2.0
// characters.h - what a byte is, in one look.
#pragma once

enum character_kind {
    CHARACTER_DIGIT = 1,
    CHARACTER_UPPER = 2,
    CHARACTER_LOWER = 4,
    CHARACTER_LETTER = CHARACTER_UPPER | CHARACTER_LOWER,
    CHARACTER_DISGUISE = 8, // may begin one: beyond ASCII, a percent, an ampersand, a backslash
    CHARACTER_NUMERAL = 16, // a digit, or one of the letters that stand for it: O, I, l
    CHARACTER_TEXT = 32,    // of what texts are made
    CHARACTER_HEXADECIMAL = 64,
    CHARACTER_BASE32 = 128,
};

extern const unsigned char character_kinds[256];

// Where the bit of a sign stands, as SIGN() of sight.h says; of what is beyond ASCII SIGN_BEYOND's.
extern const unsigned char character_signs[256];

static inline unsigned character_sign(char c)
{
    return character_signs[(unsigned char)c];
}

static inline unsigned character_kind(char c)
{
    return character_kinds[(unsigned char)c];
}

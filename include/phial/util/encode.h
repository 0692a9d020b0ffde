// SPDX-License-Identifier: Apache-2.0
// encode.h - bytes as text: hexadecimal, base64 (RFC 4648, padded and strict), base32, base62.
#pragma once

#include "phial/util/str.h"

str encode_hex(struct arena *arena, str bytes);       // lower case
str encode_base64(struct arena *arena, str bytes);    // padded, standard alphabet
str encode_base64url(struct arena *arena, str bytes); // not padded
str encode_base32(struct arena *arena, str bytes);    // lower case a-z2-7, not padded
str encode_base62(struct arena *arena, str bytes);    // one character a byte: bytes modulo 62

// Strict: no blanks, no missing padding, no bits set that the bytes do not need.
bool decode_hex(struct arena *arena, str text, str *bytes);
bool decode_base64(struct arena *arena, str text, str *bytes);
bool decode_base64url(struct arena *arena, str text, str *bytes);

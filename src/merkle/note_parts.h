// SPDX-License-Identifier: Apache-2.0
// note_parts.h - what signatures of logs and cosignatures of witnesses have in common.
#pragma once

#include "phial/merkle/note.h"

enum signature_type { SIGNATURE_ED25519 = 1, COSIGNATURE_ED25519 = 4 }; // of C2SP
enum { KEY_ID_BYTES = 4 };

#define DASH "\xe2\x80\x94 " // an em dash and a blank begin each signature line

uint32_t key_id_of(str name, enum signature_type type,
                   const unsigned char public[ED25519_PUBLIC_BYTES]);
str key_print(struct arena *arena, str name, enum signature_type type,
              const unsigned char public[ED25519_PUBLIC_BYTES]);
result key_parse(struct arena *arena, str text, enum signature_type type, str *name,
                 unsigned char public[ED25519_PUBLIC_BYTES]);

str line_print(struct arena *arena, str name, uint32_t id, str signature); // with its newline
// "DASH name base64" without its newline; blob is id || signature.
bool line_read(struct arena *arena, str line, str *name, str *blob);
bool line_is_by(str blob, uint32_t id);

bool size_read(str text, uint64_t *size); // decimal, without a leading zero

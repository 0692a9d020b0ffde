// SPDX-License-Identifier: Apache-2.0
// note.h - C2SP signed notes and tlog-checkpoints with Ed25519 (signature type 0x01).
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stdint.h>

// The key id of a verifier key: first four bytes of SHA-256(name "\n" 0x01 public).
uint32_t note_key_id(str name, const unsigned char public[ED25519_PUBLIC_BYTES]);
// "name+hash+base64(0x01 || public)"
str note_verifier_key(struct arena *arena, str name,
                      const unsigned char public[ED25519_PUBLIC_BYTES]);
result note_verifier_key_parse(struct arena *arena, str text, str *name,
                               unsigned char public[ED25519_PUBLIC_BYTES]);

// The signature line of a note with this body: "— name base64(id || signature)\n".
result note_line(struct arena *arena, str body, str name, const struct signing_key *key, str *line);
// body (ends in a newline) + blank line + "— name base64(id || signature)\n".
result note_sign(struct arena *arena, str body, str name, const struct signing_key *key, str *note);
// Splits and verifies: `body` includes its last newline, `signature` is the raw 64 bytes made by
// this key. Notes may carry other signatures, which are ignored. INVALID when malformed,
// VERIFICATION_FAILED when no signature of this key is there or it does not hold.
result note_open(struct arena *arena, str note, str name,
                 const unsigned char public[ED25519_PUBLIC_BYTES], str *body, str *signature);
// Cuts at the last blank line: body with its newline, then the signature lines, unverified. False
// for what is no text, or too long.
bool note_cut(str note, str *body, str *lines);

struct checkpoint {
    str origin;
    uint64_t size;
    sha256 root;
};
str checkpoint_print(struct arena *arena, const struct checkpoint *checkpoint); // the note's body
result checkpoint_parse(struct arena *arena, str body, struct checkpoint *checkpoint);

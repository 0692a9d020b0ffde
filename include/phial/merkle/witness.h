// SPDX-License-Identifier: Apache-2.0
// witness.h - C2SP tlog-witness and tlog-cosignature: what a log sends a witness, and what it gets
// back. Values only: who was last seen at which size is the caller's to keep.
#pragma once

#include "phial/merkle/merkle.h"
#include "phial/merkle/note.h"

#include <stdbool.h>

enum { WITNESS_PROOF_MAX = 63, WITNESS_REQUEST_BYTES_MAX = 16384 };

// "name+hash+base64(0x04 || public)"
str cosigner_key_print(struct arena *arena, str name,
                       const unsigned char public[ED25519_PUBLIC_BYTES]);
result cosigner_key_parse(struct arena *arena, str text, str *name,
                          unsigned char public[ED25519_PUBLIC_BYTES]);

// The line by which a witness says that it saw this checkpoint, and at what second.
result cosign(struct arena *arena, str body, int64_t second, str name,
              const struct signing_key *key, str *line);
// Of the lines, the first that this witness made for this body, with its newline; its second.
// INVALID for malformed lines, VERIFICATION_FAILED when none holds.
struct cosignature {
    str line;
    int64_t second;
};
result cosignature_find(struct arena *arena, str body, str lines, str key,
                        struct cosignature *found);

// The body of add-checkpoint: "old N", the proof's lines, a blank line, the signed note.
struct witness_request {
    uint64_t old_size;
    struct merkle_proof proof;
    str note;
};
str witness_request_print(struct arena *arena, const struct witness_request *request);
// INVALID when malformed; also for more than 63 lines of proof.
result witness_request_parse(struct arena *arena, str text, struct witness_request *request);

// What a witness makes of a request by a log whose key it has. The answers as the protocol has
// them.
enum witness_verdict {
    WITNESS_TAKES = 200,
    WITNESS_MALFORMED = 400, // also: the old size is beyond the checkpoint's
    WITNESS_FORBIDS = 403,   // no signature of the log's key
    WITNESS_UNKNOWN = 404,   // no such log
    WITNESS_CONFLICTS = 409, // the old size is not what was seen last, or two roots at one size
    WITNESS_REFUTES = 422,   // the proof does not hold
};
struct witnessed_log { // what is known of it
    str name;          // and origin
    unsigned char public[ED25519_PUBLIC_BYTES];
    struct checkpoint last; // size 0 for none
};
// `next` is the checkpoint of the note, `body` its text; written where the answer is TAKES.
enum witness_verdict witness_judge(struct arena *arena, const struct witness_request *request,
                                   const struct witnessed_log *log, struct checkpoint *next,
                                   str *body);

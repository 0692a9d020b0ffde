// SPDX-License-Identifier: Apache-2.0
// witness.h - this server as a witness of other logs (C2SP tlog-witness): it puts its name to one
// history of each, and to no other. What it saw last stands in a file outside the database, locked
// while it decides and flushed before its name leaves; several daemons may share it. Thread-safe.
#pragma once

#include "phial/merkle/witness.h"
#include "phial/time/time.h"

struct witness;

struct witness_options {
    const char *key_path; // Ed25519, PKCS#8 PEM; made when there is none
    const char *state_path;
    str name;
    str logs; // verifier keys, with commas between
};
// BAD_CONFIG for a list that is none.
result witness_open(const struct witness_options *options, struct witness **witness);
void witness_close(struct witness *witness);
str witness_key(const struct witness *witness); // what logs are given: name+hash+key

struct witness_answer {
    enum witness_verdict status;
    str text; // a cosignature's line, the size seen last and a newline, or what is wrong
};
// Answers add-checkpoint.
result witness_add(struct witness *witness, struct arena *arena, str body, instant now,
                   struct witness_answer *answer);

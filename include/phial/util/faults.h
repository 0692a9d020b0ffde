// SPDX-License-Identifier: Apache-2.0
// faults.h - everything wrong with one document, each with a pointer: the `errors` of a problem.
//
// Nothing in a fault repeats what was sent: a pointer names members that are declared, a detail
// is a constant sentence.
#pragma once

#include "phial/util/result.h"
#include "phial/util/str.h"

enum { FAULTS_MAX = 100 };

struct fault {
    str pointer; // RFC 6901, "" for the whole document
    const char *code;
    const char *detector; // NULL unless a PHI detector spoke
    const char *detail;
};

struct faults {
    struct arena *arena;
    struct fault items[FAULTS_MAX];
    size_t count; // further ones are dropped
};

void faults_add(struct faults *faults, str pointer, const char *code, const char *detail);
void faults_add_phi(struct faults *faults, str pointer, const char *detector);

// pointer + "/" + name, escaped after RFC 6901.
str pointer_member(struct arena *arena, str pointer, str name);
str pointer_item(struct arena *arena, str pointer, size_t index);

// OK without faults, else the first one's error: PHI_DETECTED for phi_*, INVALID for the rest.
result faults_result(const struct faults *faults);

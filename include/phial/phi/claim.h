// SPDX-License-Identifier: Apache-2.0
// claim.h - what may honestly be said of the events that a type lets in, by law, and which
// declaration keeps it from saying more.
//
// Pure: it goes by the declaration alone. What a declaration cannot tell (that a code names no
// person) is said as an assumption. It is no legal advice, and no expert determination.
#pragma once

#include "phial/phi/event_type.h"

#include <stdio.h>

enum claim { CLAIM_PSEUDONYMOUS, CLAIM_LIMITED_DATA_SET, CLAIM_SAFE_HARBOR, CLAIM_NO_PERSON };

struct claim_info {
    const char *name; // "limited_data_set"
    const char *means;
    const char *source;
};
const struct claim_info *claim_info(enum claim claim);

// A declaration that allows a claim at most, and why.
struct claim_limit {
    str pointer;
    const char *declaration;
    enum claim allows;
    const char *reason;
    const char *source;
};

struct claim_assumption {
    str pointer;
    const char *says;
};

struct claim_made {
    enum claim claim;
    const struct claim_limit *limits; // all there are, in the order of the type's properties
    size_t limit_count;
    const struct claim_assumption *assumptions;
    size_t assumption_count;
    bool names_persons; // a token stands for one
};

struct claim_made claim_make(struct arena *arena, const struct event_type *type);

void claim_print_markdown(FILE *out); // becomes docs/claims.md

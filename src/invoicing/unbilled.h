// SPDX-License-Identifier: Apache-2.0
// unbilled.h - whom a billing run could not bill, so that its failure says it.
#pragma once

#include "phial/db/db.h"

enum { UNBILLED_NAMED_MAX = 5 };

struct unbilled {
    struct db *db;
    struct arena *arena; // outlives the run
    str names[UNBILLED_NAMED_MAX];
    size_t count;
    bool more; // than are named
};

// Of a subscription, or of an invoice, where its outcome is a failure, and the database there; who
// is noted already is not noted again. A name that cannot be read now is left out.
void unbilled_note(struct unbilled *unbilled, str id, result outcome);
// The failure, its detail with whom it kept from being billed.
result unbilled_tell(const struct unbilled *unbilled, result failure);

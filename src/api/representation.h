// SPDX-License-Identifier: Apache-2.0
// representation.h - a statement in the form that was asked for.
#pragma once

#include "accept.h"
#include "caller.h"
#include "phial/render/render.h"

// The id of the path without the suffix that names a representation; without one the Accept header
// decides. NOT_ACCEPTABLE.
result representation_choose(const struct request *request, str path, str *id, enum media *media);

// The document of the statement's customer as of its issue; of a draft as of now.
result representation_customer(struct db_tx *tx, const json_t *statement, json_t **customer);

struct representation {
    enum bill_kind kind;
    enum media media; // anything but JSON
    const json_t *statement;
    const json_t *customer;
};
// With the hash of its bytes as its tag, and a file name.
result representation_reply(const struct request *request, struct reply *reply,
                            const struct representation *what);

// SPDX-License-Identifier: Apache-2.0
// outbox.h - facts that others are told of, written in the transaction in which they happen.
//
// Invariants: what is rolled back is not told; what is committed is told at least once to every
// webhook that subscribed to its type by then. Who sends it is the webhooks' affair.
#pragma once

#include "phial/db/db.h"
#include "phial/json/json.h"

enum outbox_type {
#define OUTBOX_TYPE(name, text) OUTBOX_##name,
#include "phial/outbox/outbox_types.def"
#undef OUTBOX_TYPE
    OUTBOX_TYPE_COUNT
};
bool outbox_type_parse(str text, enum outbox_type *type);

// {"type","timestamp","data"}: `data` holds ids and counts, and is taken over; NULL (a failed
// json_pack) is INTERNAL. It goes with the transaction's next statement, and is one insert into
// nothing where nobody subscribes.
result outbox_put(struct db_tx *tx, enum outbox_type type, instant at, json_t *data);

// SPDX-License-Identifier: Apache-2.0
// append.h - an entry whose one member has the kind's name.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/ledger/ledger.h"

struct owner { // of the log
    int64_t customer_id;
    str customer;
};
// `json` is canonical.
result entry_append(struct db_tx *tx, struct owner owner, enum entry_kind kind, str json,
                    const struct change *change, int64_t *index);
// The same of an adjustment's members, which it takes over; the change's reason is added when there
// is one. INTERNAL for NULL.
result adjustment_append(struct db_tx *tx, struct owner owner, json_t *members,
                         const struct change *change, int64_t *index);
// YYYY-NNNNNN of a series, gapless: the series' row stays locked until the transaction ends.
result number_take(struct db_tx *tx, const char *series, instant issued_at, str *number);
// As many, one after the other.
result numbers_take(struct db_tx *tx, const char *series, instant issued_at, str *numbers,
                    size_t count);
#define SERIES_INVOICE "invoice"
#define SERIES_CREDIT_NOTE "credit_note"

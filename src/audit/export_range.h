// SPDX-License-Identifier: Apache-2.0
// export_range.h - which entries an export holds: contiguous, and back to the first that any of its
// invoices, voids and amendments needs, voids of invoices too.
#pragma once

#include "phial/audit/audit.h"

struct export_range {
    int64_t from; // [from, to) of the log
    int64_t to;
    bool cut; // what it needs lies before as well, but bodies are missing there
};

// A range holds no position without its body: it begins behind the last of them. INVALID for an
// invoice that is not an issued one of this customer, ENTRY_REMOVED where nothing is left.
result export_range_find(struct db_tx *tx, const struct export_request *request, int64_t size,
                         struct export_range *range);

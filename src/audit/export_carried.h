// SPDX-License-Identifier: Apache-2.0
// export_carried.h - what stands outside a range and is needed to read it, where bodies are missing
// before it: the entries that are never removed.
#pragma once

#include "export_range.h"
#include "phial/db/db.h"

// Each outside of the range and below the size, in order: those before it, and removals behind it.
struct carried {
    int64_t index;
    str leaf;
};
result carried_list(struct db_tx *tx, int64_t customer_id, const struct export_range *range,
                    struct carried **list, size_t *count);
// {"entries": [{"index", "leaf", "proof"}]} against the log's size.
result carried_print(struct db_tx *tx, int64_t customer_id, int64_t size,
                     const struct export_range *range, str *text);

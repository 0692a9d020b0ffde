// SPDX-License-Identifier: Apache-2.0
#include "append.h"

result document_append(struct db_tx *tx, const struct document_entry *entry,
                       const struct change *change, int64_t *index)
{
    str json = {0};
    if (entry->member == NULL)
        return FAIL(INTERNAL, "an entry cannot be written");
    TRY(json_canonical(db_arena(tx), entry->member, &json));
    struct append append = {.customer_id = entry->customer_id,
                            .customer = entry->customer,
                            .kind = entry->kind,
                            .members = {{entry_kind_name(entry->kind).ptr, json}},
                            .member_count = 1};
    TRY(ledger_append(tx, change->now, change->actor, &append, 1));
    *index = append.index;
    return OK;
}

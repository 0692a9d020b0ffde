// SPDX-License-Identifier: Apache-2.0
#include "tell.h"

result invoice_tell(struct db_tx *tx, enum outbox_type type, instant at,
                    const struct invoice *invoice)
{
    return outbox_put(tx, type, at,
                      json_pack("{s:o, s:o, s:o}", "invoice", json_from_str(invoice->id),
                                "customer", json_from_str(invoice->customer), "subscription",
                                json_from_str(invoice->subscription)));
}

result credit_note_tell(struct db_tx *tx, instant at, str note, const struct invoice *invoice)
{
    return outbox_put(tx, OUTBOX_credit_note_issued, at,
                      json_pack("{s:o, s:o, s:o, s:o}", "credit_note", json_from_str(note),
                                "invoice", json_from_str(invoice->id), "customer",
                                json_from_str(invoice->customer), "subscription",
                                json_from_str(invoice->subscription)));
}

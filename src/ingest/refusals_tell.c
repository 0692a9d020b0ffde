// SPDX-License-Identifier: Apache-2.0
#include "ingest.sql.h"
#include "phial/ingest/tell.h"
#include "phial/outbox/outbox.h"

enum { ROWS_MAX = 300 }; // a body stays below 20 kB or so; the rest is told next time

struct telling {
    json_t *counts;
    str type;
    str code;
    int64_t count;
};

static result add_count(void *context)
{
    struct telling *telling = context;
    json_t *type = telling->type.len == 0 ? json_null() : json_from_str(telling->type);
    json_t *row = json_pack("{s:o, s:o, s:I}", "type", type, "code", json_from_str(telling->code),
                            "count", (json_int_t)telling->count);
    if (row == NULL || json_array_append_new(telling->counts, row) != 0)
        return FAIL(INTERNAL, "out of memory");
    return OK;
}

result refusals_tell(struct db_tx *tx, instant now)
{
    OWNED(json_release) json_t *counts = json_array();
    struct telling telling = {.counts = counts};
    TRY(db_each(tx, &ingest_tell_refusals_sql, PARAMS(db_i64(ROWS_MAX)),
                COLUMNS(db_into_text("event_type", &telling.type),
                        db_into_text("code", &telling.code), db_into_i64("count", &telling.count)),
                add_count, &telling));
    if (json_array_size(counts) == 0)
        return OK;
    TRY(outbox_put(tx, OUTBOX_event_rejected, now, json_pack("{s:O}", "counts", counts)));
    return db_flush(tx);
}

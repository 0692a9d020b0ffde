// SPDX-License-Identifier: Apache-2.0
#include "closing.h"

#include "invoicing.sql.h"
#include "late.h"

static int64_t last_period(const struct subscription_terms *terms)
{
    struct period period = {0};
    int64_t last = 0;
    while (!failed(period_find(terms, last + 1, &period)))
        last++;
    return last;
}

result closing_find(struct db_tx *tx, struct subscription_terms *terms, const struct head *head,
                    json_t *held, int64_t *number)
{
    int64_t issued = 0;
    int64_t free_number = 0;
    bool open = false;
    int64_t last = last_period(terms);
    *number = 0;
    TRY(db_one(tx, &invoicing_find_closing_sql, PARAMS(db_text(terms->id), db_i64(last)),
               COLUMNS(db_into_i64("issued", &issued), db_into_bool("open", &open),
                       db_into_i64("number", &free_number))));
    if (open || issued != last + (period_opening(terms) ? 1 : 0))
        return OK;
    TRY(late_adjustments(tx, free_number, head, held, terms));
    if (terms->adjustment_count > 0)
        *number = free_number;
    return OK;
}

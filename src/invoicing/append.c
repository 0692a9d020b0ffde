// SPDX-License-Identifier: Apache-2.0
#include "append.h"

#include "invoicing.sql.h"

#include <string.h>

result entry_append(struct db_tx *tx, struct owner owner, enum entry_kind kind, str json,
                    const struct change *change, int64_t *index)
{
    const char *member = str_to_c(db_arena(tx), entry_kind_name(kind));
    struct append entry = {
        .customer_id = owner.customer_id,
        .customer = owner.customer,
        .kind = kind,
        .members = {{.name = member, .json = json}},
        .member_count = 1,
    };
    TRY(ledger_append(tx, change->now, change->actor, &entry, 1));
    *index = entry.index;
    return OK;
}

result adjustment_append(struct db_tx *tx, struct owner owner, json_t *members,
                         const struct change *change, int64_t *index)
{
    OWNED(json_release) json_t *adjustment = members;
    str json = {0};
    if (adjustment == NULL)
        return FAIL(INTERNAL, "an adjustment cannot be written");
    if (change->reason.len > 0 &&
        json_object_set_new(adjustment, "reason", json_from_str(change->reason)) != 0)
        return FAIL(INTERNAL, "an adjustment's reason cannot be written");
    TRY(json_canonical(db_arena(tx), adjustment, &json));
    return entry_append(tx, owner, ENTRY_adjustment, json, change, index);
}

result numbers_take(struct db_tx *tx, const char *series, instant issued_at, str *numbers,
                    size_t count)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    int64_t last = 0;
    const char *prefix = strcmp(series, SERIES_CREDIT_NOTE) == 0 ? "CN-" : "";
    day_to_civil(zone_day(zone_utc(), issued_at), &year, &month, &day_of_month);
    TRY(db_one(tx, &invoicing_next_number_sql,
               PARAMS(db_text(str_from(series)), db_i64(year), db_i64((int64_t)count)),
               COLUMNS(db_into_i64("last", &last))));
    for (size_t i = 0; i < count; i++)
        numbers[i] = str_printf(db_arena(tx), "%s%04d-%06lld", prefix, year,
                                (long long)(last - (int64_t)(count - 1 - i)));
    return OK;
}

result number_take(struct db_tx *tx, const char *series, instant issued_at, str *number)
{
    return numbers_take(tx, series, issued_at, number, 1);
}

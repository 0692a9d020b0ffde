// SPDX-License-Identifier: Apache-2.0
// Who is reported of, and what has to be known of them.
#include "phial/crypto/crypto.h"
#include "phial/reports/reports.h"
#include "reports.sql.h"

enum { THRESHOLD_PRESET = 11, HASH_BYTES = 2 };

result report_threshold(const struct customer *customer, int64_t *threshold)
{
    OWNED(json_release) json_t *document = NULL;
    TRY(json_parse(customer->document, &document));
    const json_t *own = json_object_get(document, "report_threshold");
    *threshold = json_is_integer(own) ? json_integer_value(own) : THRESHOLD_PRESET;
    return OK;
}

static result hand_type(struct db_tx *tx, str key,
                        void (*row)(void *context, const struct event_type *type), void *context)
{
    OWNED(json_release) json_t *document = NULL;
    struct catalog_item item = {0};
    struct faults *faults = arena_new(db_arena(tx), struct faults);
    faults->arena = db_arena(tx);
    TRY(catalog_get(tx, CATALOG_EVENT_TYPE, key, &item));
    TRY(json_parse(item.document, &document));
    const struct event_type *type =
        event_type_parse((struct json_at){document, STR(""), faults}, item.key);
    if (type == NULL)
        return FAIL(INTERNAL, "a stored event type is not valid");
    row(context, type);
    return OK;
}

result report_types_each(struct db_tx *tx, const struct metric *metric,
                         void (*row)(void *context, const struct event_type *type), void *context)
{
    for (size_t i = 0; i < metric->event_type_count; i++)
        TRY(hand_type(tx, metric->event_types[i], row, context));
    return OK;
}

struct members {
    str group;
    int64_t id;
    str name;
    int64_t *ids;
    size_t count;
};

static result note_member(void *context)
{
    struct members *members = context;
    if (!str_eq(members->name, members->group))
        return OK;
    if (members->count == REPORT_MEMBERS_MAX)
        return FAIL(INVALID, "A group that is reported of has at most 200 customers.");
    members->ids[members->count++] = members->id;
    return OK;
}

result report_group(struct db_tx *tx, str group, struct report_scope *scope)
{
    struct arena *arena = db_arena(tx);
    struct members members = {.group = group,
                              .ids = arena_array(arena, int64_t, REPORT_MEMBERS_MAX)};
    sha256 hash = sha256_of(group);
    TRY(db_each(
        tx, &reports_group_customers_sql,
        PARAMS(db_bytes(str_slice(sha256_str(&hash), 0, HASH_BYTES))),
        COLUMNS(db_into_i64("customer_id", &members.id), db_into_text("name", &members.name)),
        note_member, &members));
    if (members.count == 0)
        return FAIL(NOT_FOUND, "No customer has this group.");
    struct customer *customers = arena_array(arena, struct customer, members.count);
    for (size_t i = 0; i < members.count; i++)
        TRY(customer_get_by_id(tx, members.ids[i], &customers[i]));
    *scope = (struct report_scope){group, customers, members.count, zone_utc()};
    return OK;
}

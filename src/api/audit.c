// SPDX-License-Identifier: Apache-2.0
// /v1/audit and /v1/disclosures
#include "page.h"
#include "phial/trail/trail.h"
#include "phial/util/array.h"
#include "phial/util/csv.h"

struct trail_list {
    struct page *page;
    struct trail_filter filter;
    bool disclosures;
    str customer;       // of disclosures
    const str *actions; // of each route
};

static result add_members(json_t *into, const json_t *from, const char *const *names, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(from, names[i]);
        if (value != NULL)
            wrong |= json_object_set(into, names[i], value);
    }
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

// {"index", "at", "actor", ...}: what the leaf says, with the time of the deed as `at`.
static result describe(const struct trail_entry *entry, const json_t *leaf, json_t **row)
{
    static const char *const said[] = {"address", "action", "object", "customer",  "reason",
                                       "read",    "before", "after",  "request_id"};
    const json_t *audit = json_object_get(leaf, "audit");
    json_t *root =
        json_pack("{s:I, s:O, s:O}", "index", (json_int_t)entry->index, "at",
                  json_object_get(audit, "time"), "actor", json_object_get(leaf, "actor"));
    *row = root;
    if (root == NULL)
        return FAIL(INTERNAL, "out of memory");
    if (entry->actor_name.len != 0)
        (void)json_object_set_new(root, "actor_name", json_from_str(entry->actor_name));
    TRY(add_members(root, audit, said, COUNT_OF(said)));
    return json_object_set(root, "recorded_at", json_object_get(leaf, "at")) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

static const char *sentence_of(const struct trail_list *list, str action)
{
    for (size_t i = 0; i < api_routes.count; i++) {
        if (str_eq(list->actions[i], action))
            return api_routes.routes[i].summary;
    }
    return "What an earlier version answered.";
}

static result disclose(const struct trail_list *list, const struct trail_entry *entry,
                       const json_t *leaf, json_t **row)
{
    static const char *const said[] = {"address", "action", "object"};
    const json_t *audit = json_object_get(leaf, "audit");
    const json_t *purpose = json_object_get(audit, "reason");
    json_t *recipient =
        json_pack("{s:O, s:o*}", "actor", json_object_get(leaf, "actor"), "name",
                  entry->actor_name.len == 0 ? NULL : json_from_str(entry->actor_name));
    json_t *root = json_pack(
        "{s:O, s:o, s:s, s:o, s:I}", "date", json_object_get(audit, "time"), "recipient", recipient,
        "description", sentence_of(list, json_str(json_object_get(audit, "action"))), "purpose",
        purpose == NULL ? json_null() : json_from_str(json_str(purpose)), "index",
        (json_int_t)entry->index);
    *row = root;
    return root == NULL ? FAIL(INTERNAL, "out of memory")
                        : add_members(root, audit, said, COUNT_OF(said));
}

static result add_entry(void *context, const struct trail_entry *entry)
{
    struct trail_list *list = context;
    struct arena *arena = list->page->request->arena;
    OWNED(json_release) json_t *leaf = NULL;
    json_t *row = NULL;
    TRY(json_parse(entry->leaf, &leaf));
    result made =
        list->disclosures ? disclose(list, entry, leaf, &row) : describe(entry, leaf, &row);
    if (failed(made)) {
        json_decref(row);
        return made;
    }
    return page_add(list->page, str_printf(arena, "%lld", (long long)entry->index), row);
}

// What waits is appended first: who has just done something finds it.
static result list_trail(struct db_tx *tx, void *context)
{
    struct trail_list *list = context;
    const struct request *request = list->page->request;
    struct customer customer = {0};
    page_clear(list->page);
    if (list->disclosures) {
        TRY(caller_customer(tx, request, list->customer, &customer));
        list->filter.customer = customer.key;
    }
    TRY(trail_append_whole(tx, caller_of(request)->change.now));
    return trail_each(tx, &list->filter, add_entry, list);
}

static result read_filter(const struct request *request, struct trail_list *list)
{
    struct trail_filter *filter = &list->filter;
    str *const texts[] = {&filter->actor, &filter->action, &filter->object, &filter->customer};
    static const char *const names[] = {"actor", "action", "object", "customer"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        *texts[i] = STR("");
        (void)http_parameter(request, names[i], texts[i]);
    }
    TRY(parameter_instant(request, "from", &filter->has_from, &filter->from));
    TRY(parameter_instant(request, "to", &filter->has_to, &filter->to));
    filter->before = INT64_MAX;
    if (list->page->after.len != 0 && !str_to_i64(list->page->after, &filter->before))
        return FAIL(BAD_CURSOR, "The cursor is not one that this list gave out.");
    filter->limit = page_rows_wanted(list->page);
    return OK;
}

// ?format=csv: the page's rows, a member a column; what is no text is JSON.
static const char *const trail_columns[] = {
    "index",  "at",   "actor",      "actor_name",  "address", "action", "object", "customer",
    "reason", "read", "request_id", "recorded_at", "before",  "after",  NULL};
static const char *const disclosure_columns[] = {
    "date", "recipient", "description", "purpose", "action", "object", "address", "index", NULL};

static void add_cell(struct csv_row *row, struct arena *arena, const json_t *value)
{
    if (value == NULL || json_is_null(value))
        csv_text(row, STR(""));
    else if (json_is_string(value))
        csv_text(row, json_str(value));
    else if (json_is_integer(value))
        csv_number(row, json_print(arena, value));
    else
        csv_text(row, json_print(arena, value));
}

static result reply_rows(struct page *page, struct reply *reply, bool csv,
                         const char *const *columns)
{
    struct arena *arena = page->request->arena;
    struct buf text = {.arena = arena};
    struct csv_row row = {.into = &text};
    TRY(page_reply(page, reply)); // and where the next page is
    if (!csv)
        return OK;
    for (size_t c = 0; columns[c] != NULL; c++)
        csv_text(&row, str_from(columns[c]));
    csv_end(&row);
    for (size_t r = 0; r < json_array_size(page->rows); r++) {
        const json_t *object = json_array_get(page->rows, r);
        for (size_t c = 0; columns[c] != NULL; c++)
            add_cell(&row, arena, json_object_get(object, columns[c]));
        csv_end(&row);
    }
    return http_reply_text(reply, 200, "text/csv; charset=utf-8; header=present", buf_str(&text));
}

// A key that is bound to a customer sees what concerns that one alone.
result get_audit(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    bool csv = false;
    TRY(page_open(request, "actor action object customer from to format", &page));
    TRY(parameter_csv(request, &csv));
    struct trail_list list = {.page = &page};
    TRY(read_filter(request, &list));
    str own = caller_of(request)->key.customer;
    if (bound_customer(request) != 0 && list.filter.customer.len != 0 &&
        !str_eq(list.filter.customer, own))
        return FAIL(NOT_FOUND, "No such resource.");
    if (bound_customer(request) != 0)
        list.filter.customer = own;
    TRY(db_transact(request->db, request->arena, list_trail, &list));
    return reply_rows(&page, reply, csv, trail_columns);
}

result get_disclosures(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    bool csv = false;
    TRY(page_open(request, "customer from to format", &page));
    TRY(parameter_csv(request, &csv));
    struct trail_list list = {.page = &page, .disclosures = true};
    TRY(read_filter(request, &list));
    if (list.filter.customer.len == 0)
        return FAIL(BAD_PARAMETER, "An accounting of disclosures is of one customer.");
    list.customer = list.filter.customer;
    list.filter.reads_alone = true;
    str *actions = arena_array(request->arena, str, api_routes.count);
    for (size_t i = 0; i < api_routes.count; i++)
        actions[i] = record_action(request->arena, &api_routes.routes[i]);
    list.actions = actions;
    TRY(db_transact(request->db, request->arena, list_trail, &list));
    return reply_rows(&page, reply, csv, disclosure_columns);
}

// The trail's log is proved as every other: ledger.c takes a path without a customer for it.
result get_audit_checkpoint(const struct request *request, struct reply *reply)
{
    return get_ledger_customer_checkpoint(request, reply);
}

result get_audit_consistency(const struct request *request, struct reply *reply)
{
    return get_ledger_customer_consistency(request, reply);
}

result get_audit_entries(const struct request *request, struct reply *reply)
{
    return get_ledger_customer_entries(request, reply);
}

result get_audit_inclusion(const struct request *request, struct reply *reply)
{
    return get_ledger_customer_inclusion(request, reply);
}

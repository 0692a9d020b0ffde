// SPDX-License-Identifier: Apache-2.0
#include "event_view.h"

struct collecting {
    struct arena *arena;
    struct correction_entry *first;
    struct correction_entry **end;
};

static result collect(void *context, const struct entry *entry)
{
    struct collecting *collecting = context;
    struct correction_entry *kept = arena_new(collecting->arena, struct correction_entry);
    kept->entry = *entry;
    kept->entry.leaf = str_copy(collecting->arena, entry->leaf);
    *collecting->end = kept;
    collecting->end = &kept->next;
    return OK;
}

result event_view_read(struct db_tx *tx, int64_t customer_id, const struct entry *original,
                       struct event_view *view)
{
    OWNED(usage_fold_release) struct usage_fold *fold = usage_fold_new(db_arena(tx));
    struct collecting collecting = {.arena = db_arena(tx)};
    struct usage usage = {0};
    bool amended = false;
    collecting.end = &collecting.first;
    TRY(ledger_each_reference(tx, customer_id, original->index, collect, &collecting));
    TRY(usage_fold_add(fold, original->index, original->leaf));
    for (const struct correction_entry *one = collecting.first; one != NULL; one = one->next) {
        TRY(usage_fold_add(fold, one->entry.index, one->entry.leaf));
        amended = amended || one->entry.kind == ENTRY_amend;
    }
    TRY(usage_fold_end(fold, &usage));
    const struct usage_event *effective = usage_fold_find(fold, original->index);
    if (effective == NULL)
        return FAIL(INTERNAL, "an event is not in its own log");
    *view = (struct event_view){*original, collecting.first, fold, effective, amended};
    fold = NULL; // now the view's
    return OK;
}

void event_view_release(struct event_view *view)
{
    usage_fold_release(&view->fold);
}

json_t *event_effective_print(const struct request *request, const struct usage_event *event)
{
    json_t *properties = usage_event_properties(event);
    return json_pack("{s:o, s:o, s:o*}", "time", json_instant_text(request, event->time),
                     "quantity", json_from_str(decimal_print(request->arena, event->quantity)),
                     "properties", properties);
}

static const char *status_of(const struct event_view *view)
{
    if (view->effective->voided)
        return "voided";
    return view->amended ? "amended" : "live";
}

result event_view_print(const struct request *request, const struct event_view *view, json_t **json)
{
    OWNED(json_release) json_t *leaf = NULL;
    instant time = {0};
    TRY(json_parse(view->original.leaf, &leaf));
    const json_t *event = json_object_get(leaf, "event");
    TRY(instant_parse(json_str(json_object_get(event, "time")), &time));
    json_t *amended = view->amended && !view->effective->voided
                          ? event_effective_print(request, view->effective)
                          : NULL;
    json_t *root = json_pack(
        "{s:O, s:O, s:O, s:o, s:O, s:O*, s:I, s:s, s:o*}", "id", json_object_get(event, "id"),
        "source", json_object_get(event, "source"), "type", json_object_get(event, "type"), "time",
        json_instant_text(request, time), "quantity", json_object_get(event, "quantity"),
        "properties", json_object_get(event, "properties"), "index",
        (json_int_t)view->original.index, "status", status_of(view), "effective", amended);
    if (root == NULL)
        return FAIL(INTERNAL, "a stored event cannot be printed");
    *json = root;
    return OK;
}

result event_state_print(const struct request *request, const struct event_view *view,
                         json_t **json)
{
    OWNED(json_release) json_t *root = NULL;
    TRY(event_view_print(request, view, &root));
    if (json_object_set_new(root, "effective",
                            view->effective->voided
                                ? json_null()
                                : event_effective_print(request, view->effective)) != 0)
        return FAIL(INTERNAL, "out of memory");
    *json = json_incref(root);
    return OK;
}

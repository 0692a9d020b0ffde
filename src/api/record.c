// SPDX-License-Identifier: Apache-2.0
#include "record.h"

#include "caller.h"
#include "phial/util/array.h"
#include "states.h"

// Reads of these concern no customer.
static const char *const of_nobody[] = {"audit", "disclosures", "heads", "phi", "webhooks"};

static bool is_get(const struct route *route)
{
    return str_eq(str_from(route->method), STR("GET"));
}

// A POST that needs no more than a read's scope computes; only an export is kept.
enum recorded_as record_kind(const struct route *route)
{
    str scope = str_from(route->scope);
    bool reads = str_ends_with(scope, STR(":read"));
    if (scope.len == 0 || route->handler == post_events || route->handler == post_events_validate)
        return RECORDED_NOT;
    if (!is_get(route))
        return reads && route->handler != post_exports ? RECORDED_READ : RECORDED_CHANGE;
    return reads && !str_eq(scope, STR("catalog:read")) ? RECORDED_READ : RECORDED_NOT;
}

// The path's words and what stands for its parameters.
struct path {
    str words[8];
    size_t word_count;
    str rest;       // of the route's path
    bool has_param; // so far
    bool after;     // the last word stands behind the last parameter
};

static bool next_segment(struct path *path, str *segment, bool *is_param)
{
    if (path->rest.len == 0)
        return false;
    str tail = STR("");
    *segment = path->rest;
    if (str_cut(path->rest, '/', segment, &tail))
        path->rest = tail;
    else
        path->rest = STR("");
    *is_param = str_starts_with(*segment, STR(":"));
    path->has_param = path->has_param || *is_param;
    path->after = !*is_param;
    if (!*is_param && path->word_count < COUNT_OF(path->words))
        path->words[path->word_count++] = *segment;
    return true;
}

static struct path path_open(const struct route *route)
{
    str whole = str_from(route->path);
    return (struct path){.rest = str_slice(whole, sizeof "/v1/" - 1, whole.len)};
}

// POST of a plural makes one, GET lists them; any other last word of a POST is what is done.
static bool is_list(const struct path *read)
{
    return read->after && str_ends_with(read->words[read->word_count - 1], STR("s"));
}

static bool makes(const struct route *route, const struct path *read)
{
    return str_eq(str_from(route->method), STR("POST")) && is_list(read);
}

static const char *verb_of(const struct route *route, const struct path *read)
{
    static const struct {
        const char *method;
        const char *of_list;
        const char *of_one;
    } verbs[] = {
        {"DELETE", ".delete", ".delete"},
        {"GET", ".list", ".read"},
        {"POST", ".create", ""},
        {"PUT", ".put", ".put"},
    };
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (str_eq(str_from(route->method), str_from(verbs[i].method)))
            return is_list(read) ? verbs[i].of_list : verbs[i].of_one;
    }
    return "";
}

str record_action(struct arena *arena, const struct route *route)
{
    struct path path = path_open(route);
    struct buf action = {.arena = arena};
    if (record_kind(route) == RECORDED_NOT)
        return STR("");
    str segment = {0};
    bool is_param = false;
    while (next_segment(&path, &segment, &is_param))
        continue;
    for (size_t i = 0; i < path.word_count; i++) {
        buf_add(&action, i == 0 ? STR("") : STR("."));
        buf_add(&action, path.words[i]);
    }
    buf_add(&action, str_from(verb_of(route, &path)));
    return buf_str(&action);
}

// ".pdf" behind an invoice's id is no part of it.
static str without_suffix(const struct path *path, str argument)
{
    str word = path->words[path->word_count - 1];
    str id = argument;
    str suffix = {0};
    bool represented = str_eq(word, STR("invoices")) || str_eq(word, STR("credit-notes"));
    return represented && str_cut(argument, '.', &id, &suffix) ? id : argument;
}

// Parameters whose values are known once a request has succeeded; any other may be anybody's text.
static bool is_named(str segment)
{
    static const char *const names[] = {":customer", ":delivery", ":id", ":invoice", ":key"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(segment, str_from(names[i])))
            return true;
    }
    return false;
}

// The object is the path up to its last parameter; of a route without any, its first word.
static void read_object(const struct request *request, struct record *record)
{
    struct path path = path_open(request->route);
    struct buf object = {.arena = request->arena};
    struct buf pending = {.arena = request->arena};
    str segment = {0};
    bool is_param = false;
    size_t argument = 0;
    while (next_segment(&path, &segment, &is_param)) {
        if (is_param && !is_named(segment))
            break;
        str shown = is_param ? without_suffix(&path, request->args[argument++]) : segment;
        buf_add(&pending, object.len + pending.len == 0 ? STR("") : STR("/"));
        buf_add(&pending, shown);
        if (!is_param)
            continue;
        buf_add(&object, buf_str(&pending));
        pending.len = 0;
        record->collection = path.words[path.word_count - 1];
        record->key = shown;
        record->has_key = true;
        if (str_eq(segment, STR(":customer")))
            record->trail.customer = shown;
    }
    if (makes(request->route, &path) || !path.has_param) {
        buf_add(&object, path.has_param ? buf_str(&pending) : path.words[0]);
        record->collection = path.words[path.word_count - 1];
        record->has_key = !path.has_param && str_eq(request->method, STR("PUT"));
        record->makes = makes(request->route, &path);
    }
    record->trail.object = buf_str(&object);
    record->parent = record->trail.object;
    record->asked_object = record->trail.object;
}

static bool is_of_nobody(str object)
{
    str word = {0};
    str rest = {0};
    if (!str_cut(object, '/', &word, &rest))
        word = object;
    for (size_t i = 0; i < COUNT_OF(of_nobody); i++) {
        if (str_eq(word, str_from(of_nobody[i])))
            return true;
    }
    return false;
}

// The document names its customer, where neither the path nor the key does.
static result read_state(struct db_tx *tx, const struct trail_request *trail, str *document)
{
    struct record *record = trail->context;
    OWNED(json_release) json_t *state = NULL;
    *document = STR("");
    if (!record->has_key)
        return OK;
    TRY(state_read(tx, record->request, record->collection, record->key, &state));
    if (state == NULL)
        return OK;
    if (record->trail.customer.len == 0)
        record->trail.customer =
            str_copy(record->request->arena, json_str(json_object_get(state, "customer")));
    *document = json_print(db_arena(tx), state);
    return OK;
}

void record_enter(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct record *record = &caller->record;
    enum recorded_as kind = record_kind(request->route);
    if (kind == RECORDED_NOT)
        return;
    record->on = true;
    record->request = request;
    record->key = STR("");
    record->trail = (struct trail_request){
        .at = caller->change.now,
        .actor = caller->change.actor,
        .address = request->peer,
        .request_id = request->request_id,
        .action = record_action(request->arena, request->route),
        .customer = caller->key.customer,
        .reason = caller->change.reason,
        .reads = kind == RECORDED_READ,
        .context = record,
    };
    read_object(request, record);
    record->trail.state = state_kept(record->collection) ? read_state : NULL;
    if (is_get(request->route) && record->trail.customer.len == 0)
        record->trail.customer = is_of_nobody(record->trail.object) ? STR("") : STR("*");
    trail_watch(request->db, &record->trail);
}

void record_becomes(const struct request *request, str collection)
{
    struct record *record = &caller_of(request)->record;
    record->trail.action = str_printf(request->arena, "%" STR_FMT ".create", STR_ARG(collection));
    record->trail.object = collection;
    record->trail.state = read_state;
    record->parent = collection;
    record->collection = collection;
    record->makes = true;
    record->has_key = false;
}

void record_end(const struct request *request)
{
    trail_unwatch(request->db);
}

static result record_now(struct db_tx *tx, void *context)
{
    return trail_record(tx, context);
}

result record_leave(const struct request *request, result outcome)
{
    struct caller *caller = caller_of(request);
    if (caller == NULL || !caller->record.on)
        return OK;
    struct trail_request *trail = &caller->record.trail;
    caller->record.on = false;
    trail_unwatch(request->db);
    // The work was done, and only its record stood before the commit.
    if (outcome.code == ERR_DB_FAILED && trail->pending)
        return FAIL(TRAIL_AWAY, "");
    if (failed(outcome) || !trail->reads || trail->recorded)
        return OK;
    return failed(db_transact(request->db, request->arena, record_now, trail))
               ? FAIL(TRAIL_AWAY, "")
               : OK;
}

void record_made(const struct request *request, str id)
{
    struct record *record = &caller_of(request)->record;
    if (!record->on || !record->makes)
        return;
    record->key = id;
    record->has_key = true;
    record->trail.object =
        str_printf(request->arena, "%" STR_FMT "/%" STR_FMT, STR_ARG(record->parent), STR_ARG(id));
}

void record_customer(const struct request *request, str customer)
{
    caller_of(request)->record.trail.customer = customer;
}

void record_purpose(const struct request *request, str purpose)
{
    struct trail_request *trail = &caller_of(request)->record.trail;
    if (trail->reason.len == 0)
        trail->reason = purpose;
}

void record_unchanged(const struct request *request, bool unchanged)
{
    caller_of(request)->record.trail.reads = unchanged;
}

void record_states(const struct request *request, json_t *before, json_t *after)
{
    OWNED(json_release) json_t *first = before;
    OWNED(json_release) json_t *last = after;
    struct trail_request *trail = &caller_of(request)->record.trail;
    trail->before = first == NULL ? STR("") : json_print(request->arena, first);
    trail->after = last == NULL ? STR("") : json_print(request->arena, last);
}

// SPDX-License-Identifier: Apache-2.0
#include "admit.h"

#include "canonical.h"
#include "phial/phi/phi.h"

#include <assert.h>

enum { ID_MAX = 128 };

// Events of one request mostly name the same few customers and types, one after the other.
struct memo {
    str key;
    const void *found;
    bool filled;
};

static result find_customer(struct admission *admission, struct db_tx *tx, str key,
                            struct memo *memo, const struct cached_customer **customer)
{
    if (!memo->filled || !str_eq(memo->key, key)) {
        const struct cached_customer *found = NULL;
        TRY(cache_customer(admission->ingest->cache, tx, key, &found));
        int64_t only = admission->ingest->only_customer;
        if (found != NULL && only != 0 && found->id != only)
            found = NULL;
        *memo = (struct memo){key, found, true};
    }
    *customer = memo->found;
    return OK;
}

static result find_type(struct admission *admission, struct db_tx *tx, str key, struct memo *memo,
                        const struct event_type **type)
{
    if (!memo->filled || !str_eq(memo->key, key)) {
        const struct event_type *found = NULL;
        TRY(cache_event_type(admission->ingest->cache, tx, key, &found));
        *memo = (struct memo){key, found, true};
    }
    *type = memo->found;
    return OK;
}

result admit_lookup(struct db_tx *tx, void *context)
{
    struct admission *admission = context;
    struct memo customers = {0};
    struct memo types = {0};
    TRY(cache_refresh(admission->ingest->cache, tx));
    for (size_t i = 0; i < admission->events.count; i++) {
        const struct raw_event *raw = &admission->events.items[i];
        struct candidate *candidate = &admission->candidates[i];
        *candidate = (struct candidate){0};
        const struct raw_value *customer = &raw->members[MEMBER_CUSTOMER];
        const struct raw_value *type = &raw->members[MEMBER_TYPE];
        if (raw->verdict.code != NULL)
            continue;
        if (customer->kind == JSON_KIND_STRING)
            TRY(find_customer(admission, tx, customer->text, &customers, &candidate->customer));
        if (type->kind == JSON_KIND_STRING)
            TRY(find_type(admission, tx, type->text, &types, &candidate->type));
    }
    return OK;
}

static bool is_printable(str text, size_t min)
{
    if (text.len < min || text.len > ID_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~')
            return false;
    }
    return true;
}

static struct verdict refuse(const char *code, str pointer)
{
    return (struct verdict){code, NULL, pointer};
}

static struct verdict refuse_for(struct refusal refusal, str pointer)
{
    return (struct verdict){refusal.code, refusal.detector, pointer};
}

// Whether the id is one, and yields it in `id` where it may be repeated to the caller. A number
// that may be a person's is repeated only where its type says that it is not.
static struct verdict check_id(const struct raw_event *raw, const struct event_type *type, str *id)
{
    const struct raw_value *value = &raw->members[MEMBER_ID];
    if (value->kind != JSON_KIND_STRING || !is_printable(value->text, 1))
        return refuse("invalid_id", STR("/id"));
    struct refusal found = text_check(value->text, true);
    if (found.code == NULL &&
        !((type != NULL && type->plain_id) || !phi_ambiguous_number(value->text)))
        return (struct verdict){0};
    if (found.code == NULL)
        *id = value->text;
    return refuse_for(found, STR("/id"));
}

static struct verdict check_source(const struct raw_event *raw)
{
    const struct raw_value *value = &raw->members[MEMBER_SOURCE];
    if (value->kind == JSON_KIND_ABSENT || value->kind == JSON_KIND_NULL)
        return (struct verdict){0};
    if (value->kind != JSON_KIND_STRING || !is_printable(value->text, 0))
        return refuse("invalid_id", STR("/source"));
    return refuse_for(text_check(value->text, true), STR("/source"));
}

// Everything but the values: who, whose, of what kind.
static struct verdict check_envelope(const struct admission *admission, const struct raw_event *raw,
                                     struct candidate *candidate)
{
    enum event_dialect dialect = admission->events.dialect;
    struct verdict of_id = {0};
    if (raw->members[MEMBER_ID].kind != JSON_KIND_ABSENT)
        of_id = check_id(raw, candidate->type, &candidate->id);
    if (raw->verdict.code != NULL)
        return raw->verdict;
    if (of_id.code != NULL)
        return of_id;
    struct verdict of_source = check_source(raw);
    if (of_source.code != NULL)
        return of_source;
    if (candidate->customer == NULL)
        return refuse("unknown_customer", member_pointer(dialect, MEMBER_CUSTOMER));
    if (candidate->type == NULL)
        return refuse("unknown_type", STR("/type"));
    if (candidate->id.len == 0) // the one thing that check_id leaves to the type
        return refuse("phi_ambiguous_number", STR("/id"));
    return (struct verdict){0};
}

// In 128 bits: a window may be of any length.
static struct verdict check_time(const struct admission *admission, const struct raw_event *raw,
                                 const struct event_type *type, instant *at)
{
    const struct raw_value *value = &raw->members[MEMBER_TIME];
    instant time = {0};
    if (value->kind != JSON_KIND_STRING || failed(instant_parse(value->text, &time)))
        return refuse("invalid_time", STR("/time"));
    int128 past = (int128)admission->ingest->now.us - time.us;
    if (past > type->window_past_us)
        return refuse("time_too_old", STR("/time"));
    if (-past > type->window_future_us)
        return refuse("time_in_future", STR("/time"));
    *at = time;
    return (struct verdict){0};
}

static void hand_in(struct admission *admission, struct candidate *candidate,
                    const struct canonical_event *event)
{
    struct append *append = &admission->appends[admission->append_count++];
    *append = (struct append){.customer_id = candidate->customer->id,
                              .customer = candidate->customer->key,
                              .kind = ENTRY_usage,
                              .has_identity = true,
                              .identity = identity_of(event->source, event->id),
                              .has_time = true,
                              .time = event->time,
                              .members = {{"event", event->json}},
                              .member_count = 1};
    candidate->append = append;
}

static result admit_event(struct admission *admission, struct canonical *canonical, size_t number)
{
    const struct raw_event *raw = &admission->events.items[number];
    struct candidate *candidate = &admission->candidates[number];
    instant at = {0};
    candidate->verdict = check_envelope(admission, raw, candidate);
    if (candidate->verdict.code == NULL)
        candidate->verdict = check_time(admission, raw, candidate->type, &at);
    if (candidate->verdict.code != NULL)
        return OK;

    const struct raw_value *source = &raw->members[MEMBER_SOURCE];
    struct canonical_event event = {.customer = candidate->customer,
                                    .type = candidate->type,
                                    .id = raw->members[MEMBER_ID].text,
                                    .source =
                                        source->kind == JSON_KIND_STRING ? source->text : STR(""),
                                    .at = at};
    TRY(canonical_make(canonical, raw, &event, &candidate->verdict));
    if (candidate->verdict.code == NULL)
        hand_in(admission, candidate, &event);
    return OK;
}

result admit_events(struct admission *admission)
{
    const struct ingest *ingest = admission->ingest;
    struct canonical canonical = {.arena = ingest->arena,
                                  .db = ingest->db,
                                  .cache = ingest->cache,
                                  .dialect = admission->events.dialect};
    admission->appends = arena_array(ingest->arena, struct append, admission->events.count);
    admission->append_count = 0;
    for (size_t i = 0; i < admission->events.count; i++)
        TRY(admit_event(admission, &canonical, i));
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "admit.h"

#include "canonical.h"
#include "phial/ingest/backfill.h"

// Events of one request mostly name the same few customers and types, one after the other.
struct memo {
    str key;
    const void *found;
    str kept_key; // in the request's arena
    bool filled;
};

// tx is NULL where the cache alone is asked; false where it does not know.
struct lookup {
    struct admission *admission;
    struct db_tx *tx;
    struct memo customer;
    struct memo type;
};

static result find_customer(struct lookup *lookup, str key, bool *known)
{
    const struct ingest *ingest = lookup->admission->ingest;
    const struct cached_customer *found = NULL;
    if (lookup->tx != NULL)
        TRY(cache_customer(ingest->cache, lookup->tx, key, &found));
    else if (!cache_knows_customer(ingest->cache, key, &found))
        *known = false;
    if (found != NULL && ingest->only_customer != 0 && found->id != ingest->only_customer)
        found = NULL;
    lookup->customer = (struct memo){.key = key, .found = found, .filled = true};
    return OK;
}

static result find_type(struct lookup *lookup, str key, bool *known)
{
    const struct ingest *ingest = lookup->admission->ingest;
    const struct event_type *found = NULL;
    if (lookup->tx != NULL)
        TRY(cache_event_type(ingest->cache, lookup->tx, key, &found));
    else if (!cache_knows_event_type(ingest->cache, key, &found))
        *known = false;
    lookup->type = (struct memo){.key = key, .found = found, .filled = true};
    if (found != NULL)
        lookup->type.kept_key = str_copy(ingest->arena, found->key);
    return OK;
}

static bool is_settled(const struct candidate *candidate)
{
    return candidate->append != NULL && candidate->append->settled;
}

static result look_up_one(struct lookup *lookup, const struct raw_event *raw,
                          struct candidate *candidate, bool *known)
{
    const struct raw_value *customer = &raw->members[MEMBER_CUSTOMER];
    const struct raw_value *type = &raw->members[MEMBER_TYPE];
    *candidate = (struct candidate){0};
    if (raw->verdict.code != NULL)
        return OK;
    if (customer->kind == JSON_KIND_STRING) {
        if (!lookup->customer.filled || !str_eq(lookup->customer.key, customer->text))
            TRY(find_customer(lookup, customer->text, known));
        candidate->customer = lookup->customer.found;
    }
    if (type->kind == JSON_KIND_STRING) {
        if (!lookup->type.filled || !str_eq(lookup->type.key, type->text))
            TRY(find_type(lookup, type->text, known));
        candidate->type = lookup->type.found;
        candidate->type_key = lookup->type.kept_key;
    }
    return OK;
}

static result look_up(struct admission *admission, struct db_tx *tx, bool *known)
{
    struct lookup lookup = {.admission = admission, .tx = tx};
    *known = true;
    for (size_t i = 0; i < admission->events.count && *known; i++) {
        if (!is_settled(&admission->candidates[i]))
            TRY(look_up_one(&lookup, &admission->events.items[i], &admission->candidates[i],
                            known));
    }
    admission->revision = cache_revision(admission->ingest->cache);
    return OK;
}

static result look_up_fresh(struct db_tx *tx, void *context)
{
    struct admission *admission = context;
    bool known = false;
    TRY(cache_refresh(admission->ingest->cache, tx));
    return look_up(admission, tx, &known);
}

static struct verdict refuse(const char *code, str pointer)
{
    return (struct verdict){code, NULL, pointer};
}

// A backfill's bounds stand for what its events' types say of the past. Nothing else lets an event
// lie in the future.
static const char *check_bounds(const struct backfill *backfill, instant time)
{
    if (time.us < backfill->from.us)
        return "time_too_old";
    return time.us >= backfill->to.us ? "time_in_future" : NULL;
}

// In 128 bits: a window may be of any length.
static struct verdict check_window(const struct admission *admission, const struct event_type *type,
                                   instant time)
{
    const struct backfill *backfill = admission->ingest->backfill;
    int128 past = (int128)admission->ingest->now.us - time.us;
    const char *outside = backfill == NULL ? NULL : check_bounds(backfill, time);
    if (outside != NULL)
        return refuse(outside, STR("/time"));
    if (backfill == NULL && past > type->window_past_us)
        return refuse("time_too_old", STR("/time"));
    if (-past > type->window_future_us)
        return refuse("time_in_future", STR("/time"));
    return (struct verdict){0};
}

// The customer's key, kept for as long as the request: several events of one customer share it.
static str keep_customer(const struct admission *admission, str key)
{
    if (admission->append_count != 0) {
        str last = admission->appends[admission->append_count - 1]->customer;
        if (str_eq(last, key))
            return last;
    }
    return str_copy(admission->ingest->arena, key);
}

static void hand_in(struct admission *admission, struct candidate *candidate,
                    const struct canonical_event *event)
{
    str customer = keep_customer(admission, candidate->customer->key);
    struct append *append = &admission->room[admission->append_count];
    admission->appends[admission->append_count++] = append;
    *append = (struct append){.customer_id = candidate->customer->id,
                              .customer = customer,
                              .actor = admission->ingest->actor,
                              .partition = candidate->customer->partition,
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
    struct envelope envelope = {.type = candidate->type,
                                .knows_customer = candidate->customer != NULL,
                                .dialect = admission->events.dialect};
    instant at = {0};
    candidate->verdict = envelope_check(raw, &envelope, &candidate->id);
    if (candidate->verdict.code == NULL)
        candidate->verdict = time_check(raw, &at);
    if (candidate->verdict.code == NULL)
        candidate->verdict = check_window(admission, candidate->type, at);
    if (candidate->verdict.code != NULL)
        return OK;

    struct declared declared;
    candidate->verdict = declared_check(canonical->arena, &envelope, raw, &declared);
    if (candidate->verdict.code != NULL)
        return OK;
    const struct raw_value *source = &raw->members[MEMBER_SOURCE];
    struct canonical_event event = {.customer = candidate->customer,
                                    .type = candidate->type,
                                    .id = raw->members[MEMBER_ID].text,
                                    .source =
                                        source->kind == JSON_KIND_STRING ? source->text : STR(""),
                                    .at = at};
    TRY(canonical_make(canonical, &declared, &event));
    candidate->dropped = declared.dropped;
    hand_in(admission, candidate, &event);
    return OK;
}

static result look_up_all(struct admission *admission, bool fresh)
{
    const struct ingest *ingest = admission->ingest;
    bool known = false;
    if (!fresh && cache_revision(ingest->cache) != 0)
        TRY(look_up(admission, NULL, &known));
    return known ? OK : db_transact(ingest->db, ingest->arena, look_up_fresh, admission);
}

result admit_events(struct admission *admission, bool fresh)
{
    const struct ingest *ingest = admission->ingest;
    size_t count = admission->events.count;
    struct canonical canonical = {.arena = ingest->arena,
                                  .tokeniser = {.arena = ingest->arena,
                                                .db = ingest->db,
                                                .cache = ingest->cache,
                                                .dry = ingest->validate}};
    TRY(look_up_all(admission, fresh));
    admission->room = arena_array(ingest->arena, struct append, count);
    admission->appends = arena_array(ingest->arena, struct append *, count);
    admission->append_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_settled(&admission->candidates[i]))
            TRY(admit_event(admission, &canonical, i));
    }
    return tokens_fill(&canonical.tokeniser);
}

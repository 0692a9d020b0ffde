// SPDX-License-Identifier: Apache-2.0
#include "phial/api/api.h"

#include "caller.h"
#include "phial/util/array.h"
#include "phial/util/elapsed.h"
#include "reason.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { IDEMPOTENCY_KEY_MAX = 255 };

static const struct route routes[] = {
#define ROUTE(method, path, handler, body, scope, summary) \
    {method, path, handler, BODY_##body, scope, summary},
#include "phial/api/routes.def"
#undef ROUTE
};

const struct route_table api_routes = {routes, COUNT_OF(routes)};

const struct route *api_quick_route(void)
{
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        if (routes[i].handler == post_events)
            return &routes[i];
    }
    return NULL;
}

void *api_worker_open(void *context, struct db *db)
{
    (void)db; // every request brings it
    struct api *api = context;
    struct worker *worker = malloc(sizeof *worker);
    if (worker == NULL)
        abort();
    worker->api = api;
    worker->cache = cache_share(api->cache);
    return worker;
}

void api_worker_close(void *worker)
{
    struct worker *closing = worker;
    cache_free(closing->cache);
    free(closing);
}

result caller_presented(const struct request *request, str *key)
{
    str header = http_header(request, "Authorization");
    str scheme = {0};
    str rest = {0};
    if (!str_cut(header, ' ', &scheme, &rest) || scheme.len != 6)
        return FAIL(UNAUTHENTICATED, "No valid API key.");
    static const char bearer_text[] = "bearer";
    for (size_t i = 0; i < scheme.len; i++) {
        if ((scheme.ptr[i] | 0x20) != bearer_text[i])
            return FAIL(UNAUTHENTICATED, "No valid API key.");
    }
    *key = str_trim(rest);
    return OK;
}

static result check_scope(const struct request *request, const struct api_key *key)
{
    enum scope scope = SCOPE_admin;
    str needed = str_from(request->route->scope);
    if (str_eq(needed, STR("any")))
        return OK;
    if (!scope_parse(needed, &scope) || !key_may(key, scope))
        return FAIL(FORBIDDEN, "The key does not have the scope for this.");
    return OK;
}

// Events have identities of their own, and a preview makes nothing.
static bool has_claim(const struct request *request)
{
    http_handler handler = request->route->handler;
    return http_has_header(request, "Idempotency-Key") && str_eq(request->method, STR("POST")) &&
           handler != post_events && handler != post_events_validate &&
           handler != post_invoices_preview;
}

// A run commits as it goes, and what is billed is not billed again by the next one.
static bool commits_itself(const struct request *request)
{
    return request->route->handler == post_billing_run;
}

static sha256 hash_parts(const str *parts, size_t count)
{
    struct sha256_state state;
    sha256_start(&state);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = parts[i].len;
        sha256_add(&state, (str){(const char *)&len, sizeof len});
        sha256_add(&state, parts[i]);
    }
    return sha256_end(&state);
}

static result read_claim(const struct request *request, struct caller *caller)
{
    str name = str_trim(http_header(request, "Idempotency-Key"));
    if (!has_claim(request))
        return OK;
    bool printable = name.len > 0 && name.len <= IDEMPOTENCY_KEY_MAX;
    for (size_t i = 0; printable && i < name.len; i++)
        printable = name.ptr[i] >= ' ' && name.ptr[i] <= '~';
    if (!printable)
        return FAIL(BAD_HEADER, "An Idempotency-Key is 1 to 255 printable ASCII characters.");
    const str named[] = {name, request->method, request->path};
    const str whole[] = {request->target, request->media_type, request->body};
    caller->claimed = true;
    caller->claim = (struct idempotency){
        .key_id = caller->key.id,
        .name = hash_parts(named, COUNT_OF(named)),
        .fingerprint = hash_parts(whole, COUNT_OF(whole)),
        .keyring = api_of(request)->keyring,
        .by_session = commits_itself(request),
    };
    return OK;
}

// What one transaction finds out about a request.
struct entrance {
    struct request *request;
    struct caller *caller;
    str presented;
    bool rated; // the verdict stands, also when the transaction is run again
    struct rate_verdict rate;
    bool replayed;
    struct kept_answer answer;
};

// These go by what the worker's cache knows of a key, and compare the catalog's revision when they
// write: what changes a key changes the revision.
static bool trusts_cache(const struct request *request)
{
    http_handler handler = request->route->handler;
    return handler == post_events || handler == post_events_validate;
}

static result check_rate(struct entrance *entrance)
{
    struct rate_limit *limit = api_of(entrance->request)->rate_limit;
    if (limit == NULL)
        return OK;
    if (!entrance->rated)
        entrance->rate = rate_limit_take(limit, entrance->caller->key.id, elapsed_us());
    entrance->rated = true;
    return entrance->rate.allowed ? OK : FAIL(TOO_MANY_REQUESTS, "");
}

// Everything that a key may and must say for the request, once it is known to be valid.
static result admit(struct entrance *entrance)
{
    struct request *request = entrance->request;
    struct caller *caller = entrance->caller;
    TRY(check_rate(entrance));
    TRY(check_scope(request, &caller->key));
    caller->change.actor = str_printf(request->arena, "key:%" STR_FMT, STR_ARG(caller->key.id));
    request->faults->count = 0;
    return reason_read(request, &caller->change.reason); // a read may say what it is for
}

static result authenticate(struct db_tx *tx, const struct request *request, str presented,
                           struct caller *caller)
{
    struct catalog_cache *cache = worker_of(request)->cache;
    bool keeps = trusts_cache(request);
    if (keeps)
        TRY(cache_refresh(cache, tx));
    TRY(clock_now(tx, api_of(request)->test_clock, &caller->change.now));
    TRY(key_authenticate(tx, presented, caller->change.now, &caller->key));
    if (keeps) {
        sha256 hash = sha256_of(presented);
        cache_keep_api_key(cache, &hash, &caller->key);
        caller->revision = cache_revision(cache);
    }
    return OK;
}

static result pass_entrance(struct db_tx *tx, void *context)
{
    struct entrance *entrance = context;
    struct request *request = entrance->request;
    struct caller *caller = entrance->caller;
    *caller = (struct caller){0};
    TRY(authenticate(tx, request, entrance->presented, caller));
    TRY(admit(entrance));
    TRY(read_claim(request, caller));
    if (!caller->claimed)
        return OK;
    return idempotency_begin(tx, &caller->claim, &entrance->replayed, &entrance->answer);
}

// Without the database, where the cache knows the key; false where it has to be asked. The test
// clock is in the database.
static bool is_known(struct entrance *entrance)
{
    struct request *request = entrance->request;
    if (!trusts_cache(request) || api_of(request)->test_clock)
        return false;
    struct catalog_cache *cache = worker_of(request)->cache;
    cache_catch_up(cache);
    sha256 hash = sha256_of(entrance->presented);
    const struct api_key *known = cache_api_key(cache, &hash);
    instant now = clock_machine();
    if (known == NULL || (known->has_expiry && known->expires.us <= now.us))
        return false;
    *entrance->caller = (struct caller){.key = *known, .revision = cache_revision(cache)};
    // The cache may be refreshed while the request waits: nothing of it is kept.
    entrance->caller->key.id = str_copy(request->arena, known->id);
    entrance->caller->key.name = STR("");
    entrance->caller->key.customer = STR("");
    entrance->caller->change.now = now;
    return true;
}

struct reentry {
    const struct request *request;
    str presented;
    struct caller caller;
};

static result enter_again(struct db_tx *tx, void *context)
{
    struct reentry *reentry = context;
    TRY(authenticate(tx, reentry->request, reentry->presented, &reentry->caller));
    return check_scope(reentry->request, &reentry->caller.key);
}

result caller_again(const struct request *request)
{
    struct caller *caller = caller_of(request);
    struct reentry reentry = {.request = request, .caller = *caller};
    TRY(caller_presented(request, &reentry.presented));
    TRY(db_transact(request->db, request->arena, enter_again, &reentry));
    *caller = reentry.caller;
    return OK;
}

static void replay(const struct request *request, struct reply *reply,
                   const struct kept_answer *answer)
{
    str headers = answer->headers;
    str line = {0};
    str name = {0};
    str value = {0};
    reply->status = (int)answer->status;
    reply->media_type = answer->media_type;
    reply->body = answer->body;
    while (str_cut(headers, '\n', &line, &headers)) {
        if (str_cut(line, ':', &name, &value))
            http_reply_header(reply, str_to_c(request->arena, name), str_trim(value));
    }
    http_reply_header(reply, "Idempotent-Replayed", STR("true"));
}

static void add_rate_headers(struct arena *arena, struct reply *reply,
                             const struct rate_verdict *rate)
{
    http_reply_header(reply, "RateLimit-Policy",
                      str_printf(arena, "\"requests\";q=%lld;w=%lld", (long long)rate->burst,
                                 (long long)rate->window_seconds));
    http_reply_header(reply, "RateLimit",
                      str_printf(arena, "\"requests\";r=%lld;t=%lld", (long long)rate->left,
                                 (long long)rate->full_seconds));
    if (!rate->allowed)
        http_reply_header(reply, "Retry-After",
                          str_printf(arena, "%lld", (long long)rate->retry_seconds));
}

static result pass(struct entrance *entrance)
{
    struct request *request = entrance->request;
    bool holds = has_claim(request) && !commits_itself(request);
    TRY((holds ? db_hold : db_transact)(request->db, request->arena, pass_entrance, entrance));
    if (holds && entrance->replayed)
        db_drop(request->db);
    entrance->caller->held = holds && !entrance->replayed;
    return OK;
}

result api_enter(void *context, struct request *request, struct reply *reply)
{
    (void)context;
    const struct caller *before = request->caller; // tried in vain: its token is spent
    struct caller *caller = arena_new(request->arena, struct caller);
    struct entrance entrance = {.request = request, .caller = caller};
    if (before != NULL && before->rated) {
        entrance.rated = true;
        entrance.rate = before->rate;
    }
    request->caller = caller;
    if (request->route->scope[0] == '\0')
        return OK;
    TRY(caller_presented(request, &entrance.presented));
    result passed = is_known(&entrance) ? admit(&entrance) : pass(&entrance);
    if (failed(passed) || entrance.replayed)
        caller->claimed = false; // somebody else's claim
    caller->rated = entrance.rated;
    caller->rate = entrance.rate;
    if (entrance.rated)
        add_rate_headers(request->arena, reply, &entrance.rate);
    TRY(passed);
    if (entrance.replayed)
        replay(request, reply, &entrance.answer);
    else
        record_enter(request);
    return OK;
}

struct leaving {
    const struct caller *caller;
    bool keep;
    struct kept_answer answer;
};

// Whoever asks between the two of a session's does what is harmless once more.
static result settle(struct db_tx *tx, void *context)
{
    struct leaving *leaving = context;
    if (leaving->caller->claim.by_session)
        TRY(idempotency_release(tx, &leaving->caller->claim));
    return leaving->keep ? idempotency_keep(tx, &leaving->caller->claim, &leaving->answer) : OK;
}

static bool worth_keeping(const struct reply *reply)
{
    return reply->file < 0 && reply->status < 500 && reply->status != 401 && reply->status != 403 &&
           reply->status != 429;
}

static struct leaving leaving_with(const struct request *request, const struct reply *reply)
{
    struct buf headers = {.arena = request->arena};
    for (size_t i = 0; i < reply->header_count; i++) {
        str name = str_from(reply->headers[i].name);
        if (!str_starts_with(name, STR("RateLimit"))) // of this request alone
            buf_addf(&headers, "%" STR_FMT ": %" STR_FMT "\n", STR_ARG(name),
                     STR_ARG(reply->headers[i].value));
    }
    return (struct leaving){
        .caller = caller_of(request),
        .keep = worth_keeping(reply),
        .answer = {reply->status, reply->media_type, reply->body, buf_str(&headers)},
    };
}

static void answer_instead(struct request *request, struct reply *reply, result why)
{
    assert(reply->stream == NULL); // has found what it tells of in a transaction
    if (reply->file >= 0)
        (void)close(reply->file);
    *reply = (struct reply){.file = -1};
    http_problem(request, reply, why);
}

// Commits what the request has done with its answer: neither is there without the other. What was
// refused has done nothing.
static result let_go(struct request *request, struct reply *reply, result outcome)
{
    struct caller *caller = request->caller;
    struct leaving leaving = leaving_with(request, reply);
    caller->held = false;
    caller->claimed = false;
    if (failed(outcome) && !leaving.keep) {
        db_drop(request->db);
        return outcome;
    }
    result gone = db_let_go(request->db, !failed(outcome), settle, &leaving);
    if (failed(gone))
        answer_instead(request, reply, gone);
    return failed(gone) ? gone : outcome;
}

static void settle_claim(struct request *request, const struct reply *reply)
{
    struct leaving leaving = leaving_with(request, reply);
    caller_of(request)->claimed = false;
    result settled = db_transact(request->db, request->arena, settle, &leaving);
    if (failed(settled))
        log_write(api_of(request)->log, LOG_WARN, "idempotency_not_kept",
                  LOG_FIELDS(log_text("code", str_from(error_info(settled.code)->slug))));
}

// PHI that was refused anywhere but in events, which count their own: by the route alone, as a
// pointer would name what is not declared.
static void count_phi(const struct request *request, const struct caller *caller)
{
    const struct faults *faults = request->faults;
    for (size_t i = 0; i < faults->count; i++) {
        if (!str_starts_with(str_from(faults->items[i].code), STR("phi_")))
            continue;
        tally_add(
            api_of(request)->tally,
            &(struct tally_row){.at = caller->change.now,
                                .type = STR(""),
                                .pointer = str_printf(request->arena, "%s %s",
                                                      request->route->method, request->route->path),
                                .code = faults->items[i].code,
                                .detector = faults->items[i].detector},
            1);
    }
}

// What cannot be recorded is not answered.
static void withhold_unrecorded(struct request *request, struct reply *reply, result outcome)
{
    result recorded = record_leave(request, outcome);
    if (failed(recorded))
        answer_instead(request, reply, recorded);
}

void api_leave(void *context, struct request *request, struct reply *reply, result outcome)
{
    (void)context;
    struct caller *caller = request->caller;
    if (caller != NULL && caller->held)
        outcome = let_go(request, reply, outcome);
    withhold_unrecorded(request, reply, outcome);
    if (caller != NULL && caller->afterwards != NULL && !failed(outcome))
        caller->afterwards(request);
    if (failed(outcome) && caller != NULL && request->faults != NULL)
        count_phi(request, caller);
    if (reply->status == 415 && request->route != NULL && request->route->handler == post_events)
        http_reply_header(reply, "Accept-Post",
                          STR("application/json, application/x-ndjson, "
                              "application/cloudevents+json, "
                              "application/cloudevents-batch+json"));
    if (caller != NULL && caller->claimed)
        settle_claim(request, reply);
}

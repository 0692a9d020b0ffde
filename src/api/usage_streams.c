// SPDX-License-Identifier: Apache-2.0
#include "phial/api/usage_streams.h"

#include "phial/catalog/cache.h"
#include "phial/catalog/clock.h"
#include "phial/catalog/keys.h"
#include "phial/invoicing/invoicing.h"
#include "phial/ledger/ledger.h"
#include "phial/util/elapsed.h"
#include "usage_privacy.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { STREAMS_MAX = 1000, LOOK_MS = 500 };

#define SILENCE_US INT64_C(15000000) // then a comment is sent: is anybody there?

struct stream {
    struct stream *next;
    struct arena arena; // holds the listener
    struct listener listener;
    struct http_stream *out;
    bool sent;
    int64_t sent_size; // of the log
    int64_t due_us;    // the figures change then, whatever the log does
    int64_t key_until_us;
    int64_t revision; // of the catalog, at which the key was valid
    bool spared;      // the key sees usage about persons as it is
    int64_t spoken_us;
    bool over;
};

struct usage_streams {
    struct usage_streams_options options;
    struct db *db; // the thread's alone
    pthread_t thread;
    struct stream *streams;  // the thread's alone, as the next
    enum error_code failing; // why the last look told nobody
    pthread_mutex_t mutex;   // guards what follows
    pthread_cond_t changed;
    struct stream *newcomers;
    size_t count;
    bool stopping;
};

static void put(struct stream *stream, str bytes)
{
    stream->over = stream->over || !http_stream_put(stream->out, bytes);
    stream->spoken_us = elapsed_us();
}

static void let_go(struct stream *stream)
{
    http_stream_end(stream->out);
    arena_reset(&stream->arena);
    free(stream);
}

// ---- a look

struct look {
    struct usage_streams *streams;
    instant now;
    int64_t revision;
    struct stream *stream; // whose turn it is
    json_t *answer;        // of that stream's customer, as its key may see it
    instant until;
};

static result check_key(struct db_tx *tx, const struct look *look, struct stream *stream)
{
    struct api_key key = {0};
    bool known = stream->revision == look->revision && look->now.us < stream->key_until_us;
    if (known)
        return OK;
    result valid = key_authenticate(tx, stream->listener.presented, look->now, &key);
    stream->over = stream->over || valid.code == ERR_UNAUTHENTICATED;
    stream->key_until_us = key.has_expiry ? key.expires.us : INT64_MAX;
    stream->revision = look->revision;
    stream->spared = usage_privacy_spares(&key);
    return stream->over ? OK : valid;
}

// Sizes of the logs beside the streams, and which keys still hold.
static result find_changed(struct db_tx *tx, void *context)
{
    struct look *look = context;
    struct usage_streams *streams = look->streams;
    int64_t customers[STREAMS_MAX];
    int64_t sizes[STREAMS_MAX];
    size_t count = 0;
    TRY(clock_now(tx, streams->options.test_clock, &look->now));
    TRY(catalog_ask_revision(tx, &look->revision));
    for (struct stream *stream = streams->streams; stream != NULL; stream = stream->next)
        customers[count++] = stream->listener.customer_id;
    TRY(ledger_sizes(tx, customers, count, sizes));
    count = 0;
    for (struct stream *stream = streams->streams; stream != NULL; stream = stream->next) {
        bool grew = stream->sent_size != sizes[count++];
        stream->sent = stream->sent && !grew && look->now.us < stream->due_us &&
                       stream->revision == look->revision;
        TRY(check_key(tx, look, stream));
    }
    return OK;
}

static result measure(struct db_tx *tx, void *context)
{
    struct look *look = context;
    struct customer customer = {0};
    json_release(&look->answer);
    TRY(customer_get_by_id(tx, look->stream->listener.customer_id, &customer));
    TRY(usage_current(tx, &customer, look->now, &look->answer, &look->until));
    return look->stream->spared ? OK : usage_privacy_apply_current(tx, &customer, look->answer);
}

static void put_usage(struct arena *arena, const struct look *look, struct stream *stream)
{
    int64_t size =
        json_integer_value(json_object_get(json_object_get(look->answer, "as_of"), "index"));
    str text = json_print(arena, look->answer);
    bool ends = look->until.us > look->now.us;
    stream->sent = true;
    stream->sent_size = size;
    stream->due_us = ends ? look->until.us : INT64_MAX;
    put(stream, str_printf(arena, "id: %lld\nevent: usage\ndata: %" STR_FMT "\n\n", (long long)size,
                           STR_ARG(text)));
}

// One computation serves all who listen to the customer and may see as much.
static result tell(struct look *look, struct stream *first)
{
    struct arena arena = {0};
    look->stream = first;
    result outcome = db_transact(look->streams->db, &arena, measure, look);
    for (struct stream *stream = first; stream != NULL && !failed(outcome); stream = stream->next) {
        if (!stream->sent && !stream->over &&
            stream->listener.customer_id == first->listener.customer_id &&
            stream->spared == first->spared)
            put_usage(&arena, look, stream);
    }
    json_release(&look->answer);
    arena_reset(&arena);
    return outcome;
}

static void report(const struct usage_streams *streams, result outcome)
{
    log_write(streams->options.log, LOG_WARN, "usage_streams_failed",
              LOG_FIELDS(log_text("error", str_from(error_info(outcome.code)->slug)),
                         log_text("where", str_from(outcome.where))));
}

// What may be otherwise at the next look is left to it. A customer whose figures cannot be had has
// no stream either; who asks again is told why by the figures' own resource.
static result tell_all(struct look *look)
{
    struct arena arena = {0};
    result outcome = db_transact(look->streams->db, &arena, find_changed, look);
    arena_reset(&arena);
    TRY(outcome);
    for (struct stream *stream = look->streams->streams; stream != NULL; stream = stream->next) {
        if (stream->sent || stream->over)
            continue;
        outcome = tell(look, stream);
        if (error_info(outcome.code)->status == 503)
            return outcome;
        if (failed(outcome)) {
            report(look->streams, outcome);
            stream->over = true;
        }
    }
    return OK;
}

static void break_silence(struct usage_streams *streams)
{
    int64_t now_us = elapsed_us();
    for (struct stream *stream = streams->streams; stream != NULL; stream = stream->next) {
        if (now_us - stream->spoken_us >= SILENCE_US)
            put(stream, STR(": still here\n\n"));
    }
}

// Whoever is over; everybody when there will be no more.
static void part(struct usage_streams *streams, bool all)
{
    struct stream **link = &streams->streams;
    size_t parted = 0;
    while (*link != NULL) {
        struct stream *stream = *link;
        if (!stream->over && !all) {
            link = &stream->next;
            continue;
        }
        *link = stream->next;
        let_go(stream);
        parted++;
    }
    pthread_mutex_lock(&streams->mutex);
    streams->count -= parted;
    pthread_mutex_unlock(&streams->mutex);
}

static void look(struct usage_streams *streams)
{
    struct look look = {.streams = streams};
    result outcome = tell_all(&look);
    if (failed(outcome) && outcome.code != streams->failing) // told once, not at every look
        report(streams, outcome);
    streams->failing = outcome.code;
    break_silence(streams);
    part(streams, false);
}

// ---- the thread

// Takes the newcomers in; false when it is time to stop. Without a stream it sleeps.
static bool wait_for_next(struct usage_streams *streams)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * INT64_C(1000000);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&streams->mutex);
    int waited = 0;
    while (!streams->stopping && streams->newcomers == NULL && waited == 0) {
        if (streams->streams == NULL)
            (void)pthread_cond_wait(&streams->changed, &streams->mutex);
        else
            waited = pthread_cond_timedwait(&streams->changed, &streams->mutex, &until);
    }
    while (streams->newcomers != NULL) {
        struct stream *stream = streams->newcomers;
        streams->newcomers = stream->next;
        stream->next = streams->streams;
        streams->streams = stream;
    }
    bool goes_on = !streams->stopping;
    pthread_mutex_unlock(&streams->mutex);
    return goes_on;
}

static void *run(void *context)
{
    struct usage_streams *streams = context;
    while (wait_for_next(streams))
        look(streams);
    part(streams, true);
    return NULL;
}

result usage_streams_start(const struct usage_streams_options *options,
                           struct usage_streams **streams)
{
    struct usage_streams *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    pthread_condattr_t attributes;
    made->options = *options;
    made->db = db_open(&made->options.database);
    int failure = pthread_mutex_init(&made->mutex, NULL);
    failure |= pthread_condattr_init(&attributes);
    failure |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failure |= pthread_cond_init(&made->changed, &attributes);
    failure |= pthread_condattr_destroy(&attributes);
    assert(failure == 0);
    if (pthread_create(&made->thread, NULL, run, made) != 0) {
        made->stopping = true;
        usage_streams_close(made);
        return FAIL(INTERNAL, "a thread cannot be started");
    }
    *streams = made;
    return OK;
}

void usage_streams_stop(struct usage_streams *streams)
{
    pthread_mutex_lock(&streams->mutex);
    streams->stopping = true;
    pthread_cond_signal(&streams->changed);
    pthread_mutex_unlock(&streams->mutex);
    (void)pthread_join(streams->thread, NULL);
}

void usage_streams_close(struct usage_streams *streams)
{
    db_close(streams->db);
    (void)pthread_cond_destroy(&streams->changed);
    (void)pthread_mutex_destroy(&streams->mutex);
    free(streams);
}

static struct stream *make_stream(const struct listener *listener, struct reply *reply)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    if (failed(http_reply_stream(reply, "text/event-stream", &stream->out))) {
        free(stream);
        return NULL;
    }
    stream->listener.customer_id = listener->customer_id;
    stream->listener.presented = str_copy(&stream->arena, listener->presented);
    stream->spoken_us = elapsed_us();
    return stream;
}

static result enlist(struct usage_streams *streams, struct stream *stream)
{
    result outcome = OK;
    pthread_mutex_lock(&streams->mutex);
    if (streams->stopping)
        outcome = FAIL(STOPPING, "");
    else if (streams->count == STREAMS_MAX)
        outcome = FAIL(BUSY, "As many listen as may.");
    if (!failed(outcome)) {
        streams->count++;
        stream->next = streams->newcomers;
        streams->newcomers = stream;
        pthread_cond_signal(&streams->changed);
    }
    pthread_mutex_unlock(&streams->mutex);
    return outcome;
}

result usage_streams_add(struct usage_streams *streams, const struct listener *listener,
                         struct reply *reply)
{
    struct stream *stream = make_stream(listener, reply);
    if (stream == NULL)
        return FAIL(INTERNAL, "out of memory");
    result outcome = enlist(streams, stream);
    if (failed(outcome))
        let_go(stream);
    return outcome;
}

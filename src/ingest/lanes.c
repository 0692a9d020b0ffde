// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/lanes.h"

#include "phial/catalog/cache.h"
#include "phial/util/elapsed.h"
#include "recent.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    WRITERS_MAX = 16,
    GATHER_ENTRIES = 512, // a writer takes lanes until it has so many
    BATCH_ENTRIES = 5000, // and of a lane no further parcel beyond so many
    LINGER_US = 5000,     // the longest that a few wait for a transaction under way
    DISTRUST_BATCHES = 16,
};

// The entries of one submission that go to one lane, in order.
struct parcel {
    struct parcel *next;
    struct submission *of;
    struct append **entries;
    size_t count;
    int64_t since_us; // it waits
};

struct lane {
    struct parcel *first;
    struct parcel **last;
    size_t waiting; // entries
    bool taken;
};

struct writer {
    pthread_t thread;
    struct lanes *lanes;
    struct db *db;
    struct arena arena;
    bool asks_all; // the last batch met identities that nobody expected
    int distrusts; // batches that do not go by tips, since somebody else has written
    // what is being written
    bool took[LEDGER_PARTITIONS];
    struct parcel *parcels;
    size_t count; // entries in them
};

struct lanes {
    pthread_mutex_t lock;
    pthread_cond_t work; // for writers
    pthread_cond_t room; // for who hands over
    struct lanes_options options;
    struct recent *recent;
    struct tips *tips;
    struct lane lanes[LEDGER_PARTITIONS];
    size_t waiting; // entries in lanes
    int writing;    // writers at work
    bool lingering; // a writer waits for more to come
    bool stopping;
    struct lanes_figures figures;
    _Atomic uint64_t repeated; // of the figures
    struct writer writers[WRITERS_MAX];
    int writer_count;
};

// The free lane that has waited longest; NULL when none has anything.
static struct lane *find_lane(struct lanes *lanes)
{
    struct lane *found = NULL;
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++) {
        struct lane *lane = &lanes->lanes[i];
        bool ready = !lane->taken && lane->first != NULL;
        if (ready && (found == NULL || lane->first->since_us < found->first->since_us))
            found = lane;
    }
    return found;
}

static size_t free_entries(const struct lanes *lanes)
{
    size_t entries = 0;
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++) {
        if (!lanes->lanes[i].taken)
            entries += lanes->lanes[i].waiting;
    }
    return entries;
}

// How long the entries that wait should go on waiting; 0: they should not. Nobody waits while no
// transaction is under way; a few do not begin one beside another, which would halve what both
// store: they join the next.
static int64_t linger_us(const struct lanes *lanes, const struct lane *oldest, int64_t now_us)
{
    if (lanes->writing == 0 || lanes->stopping || free_entries(lanes) >= GATHER_ENTRIES)
        return 0;
    int64_t left = oldest->first->since_us + LINGER_US - now_us;
    return left > 0 ? left : 0;
}

static void wait_us(struct lanes *lanes, int64_t us)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + us * 1000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    (void)pthread_cond_timedwait(&lanes->work, &lanes->lock, &until);
}

static void take_lane(struct writer *writer, struct lane *lane)
{
    struct lanes *lanes = writer->lanes;
    struct parcel **last = &writer->parcels;
    while (*last != NULL)
        last = &(*last)->next;
    size_t taken = 0;
    while (lane->first != NULL && (taken == 0 || taken + lane->first->count <= BATCH_ENTRIES)) {
        struct parcel *parcel = lane->first;
        lane->first = parcel->next;
        parcel->next = NULL;
        *last = parcel;
        last = &parcel->next;
        taken += parcel->count;
    }
    if (lane->first == NULL)
        lane->last = &lane->first;
    lane->taken = true;
    writer->took[lane - lanes->lanes] = true;
    lane->waiting -= taken;
    lanes->waiting -= taken;
    writer->count += taken;
}

// False when all is written and no more will come. Called with the lock held.
static bool take_work(struct writer *writer)
{
    struct lanes *lanes = writer->lanes;
    for (;;) {
        struct lane *lane = find_lane(lanes);
        if (lane == NULL && lanes->stopping && lanes->waiting == 0)
            return false;
        int64_t linger = lane == NULL ? 0 : linger_us(lanes, lane, elapsed_us());
        if (lane == NULL || (linger > 0 && lanes->lingering)) {
            (void)pthread_cond_wait(&lanes->work, &lanes->lock);
        } else if (linger > 0) {
            lanes->lingering = true;
            wait_us(lanes, linger);
            lanes->lingering = false;
        } else {
            break;
        }
    }
    struct lane *lane = NULL;
    while (writer->count < GATHER_ENTRIES && (lane = find_lane(lanes)) != NULL)
        take_lane(writer, lane);
    lanes->writing++;
    lanes->figures.commits++;
    lanes->figures.entries += writer->count;
    (void)pthread_cond_broadcast(&lanes->room);
    if (find_lane(lanes) != NULL)
        (void)pthread_cond_signal(&lanes->work);
    return true;
}

static void give_back(struct writer *writer)
{
    struct lanes *lanes = writer->lanes;
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++) {
        if (writer->took[i])
            lanes->lanes[i].taken = false;
        writer->took[i] = false;
    }
    writer->count = 0;
    lanes->writing--;
    (void)pthread_cond_broadcast(&lanes->work);
}

// A list of parcels that is tried in one transaction.
struct attempt {
    struct writer *writer;
    struct usage_batch batch;
    int64_t revision; // of the catalog, when they were admitted
};

static result write_entries(struct db_tx *tx, void *context)
{
    struct attempt *attempt = context;
    TRY(ledger_append_usage(tx, &attempt->batch));
    // After the heads are held: who has destroyed a token key has entered that into its log before,
    // or waits to do so behind these entries.
    return catalog_require_revision(tx, attempt->revision);
}

static void suspect(const struct attempt *attempt, bool all)
{
    const struct recent *recent = attempt->writer->lanes->recent;
    for (size_t i = 0; i < attempt->batch.count; i++) {
        struct append *entry = attempt->batch.entries[i];
        entry->suspect = all || recent_has(recent, entry);
    }
}

static void forget_tips(const struct attempt *attempt)
{
    for (size_t i = 0; i < attempt->batch.count; i++)
        tips_drop(attempt->writer->lanes->tips, attempt->batch.entries[i]->customer_id);
}

static void remember(const struct attempt *attempt)
{
    struct lanes *lanes = attempt->writer->lanes;
    const struct usage_batch *batch = &attempt->batch;
    bool surprised = false;
    for (size_t i = 0; i < batch->count; i++) {
        struct append *entry = batch->entries[i];
        bool found = entry->outcome != APPEND_ACCEPTED && !entry->first_is_new;
        surprised = surprised || (found && !recent_has(lanes->recent, entry));
        entry->settled = true;
    }
    for (size_t i = 0; i < batch->count; i++)
        recent_add(lanes->recent, batch->entries[i]);
    for (size_t i = 0; i < batch->grown_count; i++)
        tips_keep(lanes->tips, &batch->grown[i]);
    attempt->writer->asks_all = surprised;
}

static result try_once(struct attempt *attempt, struct tips *tips)
{
    struct writer *writer = attempt->writer;
    attempt->batch.tips = tips;
    result written = db_transact(writer->db, &writer->arena, write_entries, attempt);
    if (failed(written))
        forget_tips(attempt);
    return written;
}

// By what is remembered; where that was wrong, by what the database says of the heads; and where an
// identity is stored that nobody suspected, with a look at each.
static result try_entries(struct attempt *attempt)
{
    struct writer *writer = attempt->writer;
    struct lanes *lanes = writer->lanes;
    suspect(attempt, writer->asks_all);
    writer->distrusts -= writer->distrusts > 0;
    result written = try_once(attempt, writer->distrusts > 0 ? NULL : lanes->tips);
    if (written.code == ERR_HEAD_MOVED) {
        writer->distrusts = DISTRUST_BATCHES;
        written = try_once(attempt, NULL);
    }
    if (written.code == ERR_DB_DUPLICATE) {
        atomic_fetch_add(&lanes->repeated, 1);
        suspect(attempt, true);
        written = try_once(attempt, NULL);
    }
    if (!failed(written))
        remember(attempt);
    return written;
}

static struct attempt attempt_for(struct writer *writer, size_t count)
{
    return (struct attempt){
        .writer = writer,
        .batch = {.entries = arena_array(&writer->arena, struct append *, count)}};
}

static void add_parcel(struct attempt *attempt, const struct parcel *parcel)
{
    const struct submission *of = parcel->of;
    struct usage_batch *batch = &attempt->batch;
    for (size_t i = 0; i < parcel->count; i++)
        batch->entries[batch->count++] = parcel->entries[i];
    batch->now = of->now.us > batch->now.us ? of->now : batch->now;
    attempt->revision = of->revision;
}

static bool of_one_revision(const struct parcel *parcels)
{
    for (const struct parcel *parcel = parcels; parcel != NULL; parcel = parcel->next) {
        if (parcel->of->revision != parcels->of->revision)
            return false;
    }
    return true;
}

static void finish(struct writer *writer, const struct parcel *parcel, result outcome)
{
    struct submission *of = parcel->of;
    if (failed(outcome)) { // other writers may have parcels of it
        (void)pthread_mutex_lock(&writer->lanes->lock);
        of->outcome = outcome;
        (void)pthread_mutex_unlock(&writer->lanes->lock);
    }
    if (atomic_fetch_sub(&of->parcels_left, 1) == 1)
        of->done(of->context);
}

static result write_one(struct writer *writer, const struct parcel *parcel)
{
    struct attempt attempt = attempt_for(writer, parcel->count);
    add_parcel(&attempt, parcel);
    return try_entries(&attempt);
}

// One by one, so that what is wrong with one request is not its neighbours' fault.
static void write_apart(struct writer *writer)
{
    for (struct parcel *parcel = writer->parcels; parcel != NULL; parcel = writer->parcels) {
        writer->parcels = parcel->next; // it is gone once it is finished
        finish(writer, parcel, write_one(writer, parcel));
    }
}

static void write_together(struct writer *writer)
{
    struct attempt attempt = attempt_for(writer, writer->count);
    for (const struct parcel *parcel = writer->parcels; parcel != NULL; parcel = parcel->next)
        add_parcel(&attempt, parcel);
    result written = try_entries(&attempt);
    if (failed(written) && written.code != ERR_DB_AWAY && writer->parcels->next != NULL) {
        write_apart(writer);
        return;
    }
    for (struct parcel *parcel = writer->parcels; parcel != NULL; parcel = writer->parcels) {
        writer->parcels = parcel->next;
        finish(writer, parcel, written);
    }
}

static void *write_lanes(void *argument)
{
    struct writer *writer = argument;
    struct lanes *lanes = writer->lanes;
    (void)pthread_mutex_lock(&lanes->lock);
    while (take_work(writer)) {
        (void)pthread_mutex_unlock(&lanes->lock);
        if (of_one_revision(writer->parcels))
            write_together(writer);
        else
            write_apart(writer);
        arena_reset(&writer->arena);
        (void)pthread_mutex_lock(&lanes->lock);
        give_back(writer);
    }
    (void)pthread_mutex_unlock(&lanes->lock);
    return NULL;
}

static void open_lanes(struct lanes *lanes)
{
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&lanes->lock, NULL);
    (void)pthread_cond_init(&lanes->work, &monotonic);
    (void)pthread_cond_init(&lanes->room, NULL);
    (void)pthread_condattr_destroy(&monotonic);
    lanes->recent = recent_new();
    lanes->tips = tips_new();
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++)
        lanes->lanes[i].last = &lanes->lanes[i].first;
}

static result start_writer(struct lanes *lanes)
{
    struct writer *writer = &lanes->writers[lanes->writer_count];
    *writer = (struct writer){.lanes = lanes, .db = db_open(&lanes->options.database)};
    if (pthread_create(&writer->thread, NULL, write_lanes, writer) != 0) {
        db_close(writer->db);
        return FAIL(INTERNAL, "cannot start a writer");
    }
    lanes->writer_count++;
    return OK;
}

result lanes_start(const struct lanes_options *options, struct lanes **lanes)
{
    assert(options->writers > 0 && options->writers <= WRITERS_MAX);
    struct lanes *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return FAIL(INTERNAL, "out of memory");
    fresh->options = *options;
    fresh->options.database.settings = ledger_settings;
    open_lanes(fresh);
    while (fresh->writer_count < options->writers) {
        result started = start_writer(fresh);
        if (failed(started)) {
            lanes_stop(fresh);
            return started;
        }
    }
    *lanes = fresh;
    return OK;
}

void lanes_stop(struct lanes *lanes)
{
    (void)pthread_mutex_lock(&lanes->lock);
    lanes->stopping = true;
    (void)pthread_cond_broadcast(&lanes->work);
    (void)pthread_cond_broadcast(&lanes->room);
    (void)pthread_mutex_unlock(&lanes->lock);
    for (int i = 0; i < lanes->writer_count; i++) {
        (void)pthread_join(lanes->writers[i].thread, NULL);
        db_close(lanes->writers[i].db);
        arena_reset(&lanes->writers[i].arena);
    }
    tips_free(lanes->tips);
    recent_free(lanes->recent);
    (void)pthread_cond_destroy(&lanes->room);
    (void)pthread_cond_destroy(&lanes->work);
    (void)pthread_mutex_destroy(&lanes->lock);
    free(lanes);
}

// Sorts the entries by lane, in order within each.
static size_t cut_parcels(struct arena *arena, struct submission *submission,
                          struct parcel parcels[LEDGER_PARTITIONS])
{
    struct append **sorted = arena_array(arena, struct append *, submission->count);
    size_t counts[LEDGER_PARTITIONS] = {0};
    size_t cut = 0;
    for (size_t i = 0; i < submission->count; i++)
        counts[submission->entries[i]->partition]++;
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++) {
        parcels[i] = (struct parcel){.of = submission, .entries = sorted};
        sorted += counts[i];
        cut += counts[i] != 0;
    }
    for (size_t i = 0; i < submission->count; i++) {
        struct parcel *parcel = &parcels[submission->entries[i]->partition];
        parcel->entries[parcel->count++] = submission->entries[i];
    }
    return cut;
}

// Whether a writer has to be told: one that is at work looks again afterwards.
static bool put(struct lanes *lanes, struct parcel *parcels, int64_t now_us)
{
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++) {
        struct lane *lane = &lanes->lanes[i];
        if (parcels[i].count == 0)
            continue;
        parcels[i].since_us = now_us;
        *lane->last = &parcels[i];
        lane->last = &parcels[i].next;
        lane->waiting += parcels[i].count;
        lanes->waiting += parcels[i].count;
    }
    const struct lane *oldest = find_lane(lanes);
    if (oldest == NULL || lanes->writing == lanes->writer_count)
        return false;
    return !lanes->lingering || linger_us(lanes, oldest, now_us) == 0;
}

static bool is_full(const struct lanes *lanes)
{
    return lanes->waiting >= lanes->options.waiting_max && !lanes->stopping;
}

bool lanes_submit(struct lanes *lanes, struct arena *arena, bool may_wait,
                  struct submission *submission)
{
    struct parcel *parcels = arena_array(arena, struct parcel, LEDGER_PARTITIONS);
    assert(submission->count != 0);
    submission->outcome = OK;
    atomic_store(&submission->parcels_left, cut_parcels(arena, submission, parcels));
    (void)pthread_mutex_lock(&lanes->lock);
    while (may_wait && is_full(lanes))
        (void)pthread_cond_wait(&lanes->room, &lanes->lock);
    bool full = is_full(lanes);
    bool stopping = lanes->stopping;
    bool wakes = !full && !stopping && put(lanes, parcels, elapsed_us());
    (void)pthread_mutex_unlock(&lanes->lock);
    if (wakes)
        (void)pthread_cond_signal(&lanes->work);
    if (stopping) {
        submission->outcome = FAIL(STOPPING, "");
        submission->done(submission->context);
    }
    return !full;
}

void lanes_figures_read(struct lanes *lanes, struct lanes_figures *figures)
{
    (void)pthread_mutex_lock(&lanes->lock);
    *figures = lanes->figures;
    figures->waiting = lanes->waiting;
    figures->repeated = lanes->repeated;
    (void)pthread_mutex_unlock(&lanes->lock);
}

// SPDX-License-Identifier: Apache-2.0
// sender.c - the thread that claims what is due, has it sent, all at once, and notes what came of
// it.
#include "phial/catalog/clock.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"
#include "phial/util/elapsed.h"
#include "phial/webhooks/webhooks.h"
#include "transfer.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    LOOK_MS = 250,             // between two looks for what is due
    AWAY_MS = 5000,            // after one that failed
    FORGET_MS = 3600000,       // between two looks for what is long over
    GRACE_MS = 2000,           // for what is under way at the stop
    BACKOFF_MAX_MS = 21600000, // six hours
    FINISHED_MAX = 64,         // noted in one transaction
};

struct webhook_sender {
    struct webhook_sender_options options;
    struct db *db; // the thread's alone, as all but `stopping`
    CURLM *multi;
    struct transfer *flying;
    int64_t look_at_ms;
    int64_t forget_at_ms;
    pthread_t thread;
    atomic_bool stopping;
    _Atomic uint64_t delivered; // this and the next two for whoever reads the figures
    _Atomic uint64_t failed;
    _Atomic uint64_t flying_count;
};

static void report(struct webhook_sender *sender, result outcome)
{
    if (!failed(outcome))
        return;
    sender->look_at_ms = elapsed_ms() + AWAY_MS;
    log_write(sender->options.log, LOG_ERROR, "webhooks_failed",
              LOG_FIELDS(log_text("error", str_from(error_info(outcome.code)->slug)),
                         log_text("detail", str_from(outcome.detail)),
                         log_text("where", str_from(outcome.where))));
}

// ---- claiming

struct flying {
    str webhooks[WEBHOOKS_MAX * IN_FLIGHT_MAX];
    int64_t counts[WEBHOOKS_MAX * IN_FLIGHT_MAX];
    size_t count;
};

static void count_flying(const struct webhook_sender *sender, struct flying *flying)
{
    flying->count = 0;
    for (const struct transfer *one = sender->flying; one != NULL; one = one->next) {
        size_t i = 0;
        while (i < flying->count && !str_eq(flying->webhooks[i], one->attempt.webhook))
            i++;
        if (i == flying->count) {
            assert(i < COUNT_OF(flying->webhooks));
            flying->webhooks[flying->count] = one->attempt.webhook;
            flying->counts[flying->count++] = 0;
        }
        flying->counts[i]++;
    }
}

struct claiming {
    struct flying flying;
    struct transfer_options options;
    struct transfer *claimed;
};

static void close_all(struct transfer *first)
{
    while (first != NULL) {
        struct transfer *next = first->next;
        transfer_close(first);
        first = next;
    }
}

static result keep_attempt(void *context, const struct attempt *attempt)
{
    struct claiming *claiming = context;
    struct transfer *transfer = transfer_open(&claiming->options, attempt);
    transfer->next = claiming->claimed;
    claiming->claimed = transfer;
    return OK;
}

static result claim_due(struct db_tx *tx, void *context)
{
    struct claiming *claiming = context;
    close_all(claiming->claimed); // of a transaction that is run again
    claiming->claimed = NULL;
    struct claim claim = {
        .webhooks = claiming->flying.webhooks,
        .flying = claiming->flying.counts,
        .count = claiming->flying.count,
        .lease_ms = claiming->options.timeout_ms * 2, // then whoever claimed it has died
        .row = keep_attempt,
        .context = claiming,
    };
    return queue_claim(tx, &claim);
}

// ---- settling

struct settling {
    struct attempt_outcome outcomes[FINISHED_MAX];
    bool disabled[FINISHED_MAX];
    size_t count;
};

static result settle_all(struct db_tx *tx, void *context)
{
    struct settling *settling = context;
    for (size_t i = 0; i < settling->count; i++)
        TRY(queue_settle(tx, &settling->outcomes[i], &settling->disabled[i]));
    return OK;
}

// Four times as long as the wait before, and up to a fifth more or less, so that what failed
// together does not come back together.
static int64_t backoff_ms(int64_t first_ms, int64_t attempts)
{
    uint32_t random = 0;
    int64_t wait = first_ms;
    for (int64_t i = 1; i < attempts && wait < BACKOFF_MAX_MS; i++)
        wait *= 4;
    if (wait > BACKOFF_MAX_MS)
        wait = BACKOFF_MAX_MS;
    crypto_random(&random, sizeof random);
    return wait * 4 / 5 + wait * 2 / 5 * (int64_t)(random % 1000) / 1000;
}

static void settle(struct webhook_sender *sender, struct settling *settling)
{
    struct arena arena = {0};
    for (size_t i = 0; i < settling->count; i++) {
        struct attempt_outcome *outcome = &settling->outcomes[i];
        int64_t backoff = backoff_ms(sender->options.retry_ms, outcome->number);
        if (outcome->wait_ms < backoff)
            outcome->wait_ms = backoff;
        if (outcome->wait_ms > BACKOFF_MAX_MS)
            outcome->wait_ms = BACKOFF_MAX_MS;
    }
    report(sender, db_transact(sender->db, &arena, settle_all, settling));
    for (size_t i = 0; i < settling->count; i++) {
        const struct attempt_outcome *outcome = &settling->outcomes[i];
        atomic_fetch_add(outcome->error == NULL ? &sender->delivered : &sender->failed, 1);
        if (outcome->error != NULL)
            log_write(sender->options.log, settling->disabled[i] ? LOG_WARN : LOG_INFO,
                      settling->disabled[i] ? "webhook_disabled" : "webhook_attempt_failed",
                      LOG_FIELDS(log_text("webhook", outcome->webhook),
                                 log_text("error", str_from(outcome->error)),
                                 log_i64("status", outcome->status),
                                 log_i64("attempt", outcome->number)));
    }
    arena_reset(&arena);
}

static void unlink_transfer(struct webhook_sender *sender, const struct transfer *gone)
{
    struct transfer **link = &sender->flying;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    atomic_fetch_sub(&sender->flying_count, 1);
}

// ---- the thread

// What never got onto the wire is settled at once.
static void start_claimed(struct webhook_sender *sender, struct transfer *claimed)
{
    struct settling settling = {0};
    struct transfer *refused = NULL;
    while (claimed != NULL) {
        struct transfer *transfer = claimed;
        claimed = claimed->next;
        if (transfer->wire.easy != NULL &&
            curl_multi_add_handle(sender->multi, transfer->wire.easy) == CURLM_OK) {
            transfer->next = sender->flying;
            sender->flying = transfer;
            atomic_fetch_add(&sender->flying_count, 1);
            continue;
        }
        transfer->next = refused;
        refused = transfer;
        settling.outcomes[settling.count++] = transfer_outcome(transfer, CURLE_FAILED_INIT);
        if (settling.count == FINISHED_MAX) {
            settle(sender, &settling);
            settling.count = 0;
        }
    }
    if (settling.count != 0)
        settle(sender, &settling);
    close_all(refused);
}

static void look(struct webhook_sender *sender)
{
    struct arena arena = {0};
    struct claiming claiming = {
        .options = {.egress = sender->options.egress,
                    .keyring = sender->options.keyring,
                    .timeout_ms = sender->options.timeout_ms,
                    .now = clock_machine()},
    };
    count_flying(sender, &claiming.flying);
    sender->look_at_ms = elapsed_ms() + LOOK_MS;
    result claimed = db_transact(sender->db, &arena, claim_due, &claiming);
    report(sender, claimed);
    if (failed(claimed))
        close_all(claiming.claimed);
    else
        start_claimed(sender, claiming.claimed);
    arena_reset(&arena);
}

static result forget(struct db_tx *tx, void *context)
{
    (void)context;
    return queue_forget(tx);
}

static void forget_old(struct webhook_sender *sender)
{
    struct arena arena = {0};
    sender->forget_at_ms = elapsed_ms() + FORGET_MS;
    report(sender, db_transact(sender->db, &arena, forget, NULL));
    arena_reset(&arena);
}

static void collect(struct webhook_sender *sender)
{
    struct settling settling = {0};
    struct transfer *done = NULL;
    int left = 0;
    const CURLMsg *message = NULL;
    while (settling.count < FINISHED_MAX &&
           (message = curl_multi_info_read(sender->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result; // read before the handle, and the message, go
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        unlink_transfer(sender, transfer);
        (void)curl_multi_remove_handle(sender->multi, transfer->wire.easy);
        settling.outcomes[settling.count++] = transfer_outcome(transfer, code);
        transfer->next = done;
        done = transfer;
    }
    if (settling.count == 0)
        return;
    sender->look_at_ms = elapsed_ms(); // there is room again
    settle(sender, &settling);
    close_all(done);
}

static void *run(void *context)
{
    struct webhook_sender *sender = context;
    int64_t over_ms = INT64_MAX;
    while (elapsed_ms() < over_ms) {
        int running = 0;
        bool stopping = atomic_load(&sender->stopping);
        if (stopping && sender->flying == NULL)
            break;
        if (stopping && over_ms == INT64_MAX)
            over_ms = elapsed_ms() + GRACE_MS;
        if (!stopping && elapsed_ms() >= sender->look_at_ms)
            look(sender);
        if (!stopping && elapsed_ms() >= sender->forget_at_ms)
            forget_old(sender);
        (void)curl_multi_perform(sender->multi, &running);
        collect(sender);
        int64_t wait = stopping ? LOOK_MS / 5 : sender->look_at_ms - elapsed_ms();
        wait = wait < 0 ? 0 : wait < LOOK_MS ? wait : LOOK_MS;
        (void)curl_multi_poll(sender->multi, NULL, 0, (int)wait, NULL);
    }
    return NULL;
}

static void release(struct webhook_sender *sender)
{
    while (sender->flying != NULL) {
        struct transfer *transfer = sender->flying;
        sender->flying = transfer->next;
        (void)curl_multi_remove_handle(sender->multi, transfer->wire.easy);
        transfer_close(transfer);
    }
    (void)curl_multi_cleanup(sender->multi);
    db_close(sender->db);
    free(sender);
    curl_global_cleanup();
}

result webhook_sender_start(const struct webhook_sender_options *options,
                            struct webhook_sender **sender)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return FAIL(INTERNAL, "libcurl cannot be started");
    struct webhook_sender *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->options = *options;
    made->multi = curl_multi_init();
    assert(made->multi != NULL);
    made->db = db_open(&made->options.database);
    atomic_init(&made->stopping, false);
    if (pthread_create(&made->thread, NULL, run, made) != 0) {
        release(made);
        return FAIL(INTERNAL, "a thread cannot be started");
    }
    *sender = made;
    return OK;
}

void webhook_figures_read(const struct webhook_sender *sender, struct webhook_figures *figures)
{
    figures->delivered = atomic_load(&sender->delivered);
    figures->failed = atomic_load(&sender->failed);
    figures->flying = atomic_load(&sender->flying_count);
}

void webhook_sender_stop(struct webhook_sender *sender)
{
    if (sender == NULL)
        return;
    atomic_store(&sender->stopping, true);
    (void)curl_multi_wakeup(sender->multi);
    (void)pthread_join(sender->thread, NULL);
    release(sender);
}

// SPDX-License-Identifier: Apache-2.0
#include "running.h"

enum { PAGE = 100 };

struct collecting {
    struct arena *arena;
    instant now;
    struct running *running;
    size_t count;
    int64_t seen; // of the page, in whatever state
    str after;
};

static result collect(void *context, const struct subscription *subscription)
{
    struct collecting *collecting = context;
    bool runs = subscription->start.us <= collecting->now.us &&
                (!subscription->has_end || subscription->end.us > collecting->now.us);
    collecting->seen++;
    collecting->after = str_copy(collecting->arena, subscription->id);
    if (runs && collecting->count < RUNNING_MAX)
        collecting->running[collecting->count++].id = collecting->after;
    return OK;
}

static result read_terms(struct db_tx *tx, instant now, json_t *held, struct running *running)
{
    json_t *parsed = NULL;
    TRY(subscription_terms_read(tx, running->id, &running->terms, &parsed));
    if (json_array_append_new(held, parsed) != 0)
        return FAIL(INTERNAL, "out of memory");
    return period_holding(&running->terms, now, &running->period);
}

result running_read(struct db_tx *tx, const struct customer *customer, instant now, json_t *held,
                    struct running **running, size_t *count)
{
    struct collecting collecting = {
        .arena = db_arena(tx),
        .now = now,
        .running = arena_array(db_arena(tx), struct running, RUNNING_MAX),
        .after = STR(""),
    };
    do {
        struct subscription_filter filter = {customer->id, collecting.after, PAGE, now, false};
        collecting.seen = 0;
        TRY(subscription_each(tx, &filter, collect, &collecting));
    } while (collecting.seen == PAGE && collecting.count < RUNNING_MAX);
    for (size_t i = 0; i < collecting.count; i++)
        TRY(read_terms(tx, now, held, &collecting.running[i]));
    *running = collecting.running;
    *count = collecting.count;
    return OK;
}

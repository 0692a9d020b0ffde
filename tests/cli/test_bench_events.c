// SPDX-License-Identifier: Apache-2.0
#include "bench_events.h"
#include "check_main.h"
#include "phial/json/json.h"

#include <string.h>

enum { BATCH = 10, BATCHES = 20 };

struct sending {
    struct arena arena;
    struct bench_options options;
    struct bench_events events;
    char room[BATCH * BENCH_EVENT_BYTES_MAX];
};

static void start(struct sending *sending, bool ordered)
{
    sending->arena = (struct arena){0};
    sending->options = (struct bench_options){.ordered = ordered, .batch = BATCH, .customers = 3};
    bench_events_start(&sending->events, &sending->arena, &sending->options);
}

// Adds the batch's ids to a text of lines; every line must be a whole event of this run.
static void add_ids(struct sending *sending, size_t len, struct buf *ids)
{
    str rest = {sending->room, len};
    str line = {0};
    while (str_cut(rest, '\n', &line, &rest)) {
        OWNED(json_release) json_t *event = NULL;
        ck_assert_ok(json_parse(line, &event));
        str id = json_str(json_object_get(event, "id"));
        str customer = json_str(json_object_get(event, "customer"));
        ck_assert_uint_eq(id.len, 36);
        ck_assert(str_starts_with(customer, sending->events.run));
        ck_assert(str_starts_with(json_str(json_object_get(event, "type")), sending->events.run));
        buf_add(ids, id);
        buf_add_char(ids, '\n');
    }
    ck_assert_uint_eq(rest.len, 0);
}

static bool has_id(str ids, str id)
{
    return memmem(ids.ptr, ids.len, id.ptr, id.len) != NULL;
}

START_TEST(makes_ids_of_the_version_asked_for)
{
    for (int ordered = 0; ordered < 2; ordered++) {
        struct sending sending;
        struct bench_batch batch;
        struct buf ids = {.arena = &sending.arena};
        size_t len = 0;
        str id = {0};
        str last = STR("");
        start(&sending, ordered != 0);
        bench_events_phase(&sending.events, BATCH, 0);
        ck_assert(bench_events_next(&sending.events, sending.room, &len, &batch));
        ck_assert(!bench_events_next(&sending.events, sending.room, &len, &batch));
        add_ids(&sending, len, &ids);
        str rest = buf_str(&ids);
        while (str_cut(rest, '\n', &id, &rest)) {
            ck_assert_int_eq(id.ptr[14], ordered != 0 ? '7' : '4');
            ck_assert(str_contains(STR("89ab"), id.ptr[19]));
            ck_assert(ordered == 0 || str_compare(last, id) < 0);
            last = id;
        }
        arena_reset(&sending.arena);
    }
}
END_TEST

START_TEST(repeats_the_share_that_is_asked_for_of_what_was_acknowledged)
{
    struct sending sending;
    struct bench_batch batch;
    size_t len = 0;
    int64_t repeats = 0;
    int64_t fresh = 0;
    start(&sending, false);
    struct buf known = {.arena = &sending.arena};
    bench_events_phase(&sending.events, (int64_t)BATCH * BATCHES - 3, 0.25);
    for (int i = 0; bench_events_next(&sending.events, sending.room, &len, &batch); i++) {
        struct buf ids = {.arena = &sending.arena};
        int64_t again = 0;
        str id = {0};
        add_ids(&sending, len, &ids);
        str rest = buf_str(&ids);
        while (str_cut(rest, '\n', &id, &rest))
            again += has_id(buf_str(&known), id);
        ck_assert_int_eq(again, batch.repeats);
        ck_assert_int_eq(batch.first, fresh);
        ck_assert(i >= 3 || batch.repeats == 0); // nothing was acknowledged yet
        repeats += batch.repeats;
        fresh += batch.fresh;
        if (i < 2)
            continue;
        buf_add(&known, buf_str(&ids));
        bench_events_acknowledge(&sending.events, &batch);
    }
    ck_assert_int_eq(fresh + repeats, BATCH * BATCHES - 3);
    ck_assert_int_eq(repeats, (BATCH * BATCHES - 3) / 4);
    arena_reset(&sending.arena);
}
END_TEST

START_TEST(sends_the_same_bytes_again)
{
    struct sending sending;
    struct bench_batch batch;
    size_t len = 0;
    size_t again_len = 0;
    char first[BENCH_EVENT_BYTES_MAX];
    start(&sending, true);
    sending.options.single = true;
    bench_events_phase(&sending.events, 2, 1);
    ck_assert(bench_events_next(&sending.events, first, &len, &batch));
    ck_assert_int_eq(batch.fresh, 1);
    bench_events_acknowledge(&sending.events, &batch);
    ck_assert(bench_events_next(&sending.events, sending.room, &again_len, &batch));
    ck_assert_int_eq(batch.repeats, 1);
    ck_assert_uint_eq(again_len, len);
    ck_assert_mem_eq(first, sending.room, len);
    arena_reset(&sending.arena);
}
END_TEST

TEST_MAIN("bench_events", makes_ids_of_the_version_asked_for,
          repeats_the_share_that_is_asked_for_of_what_was_acknowledged, sends_the_same_bytes_again)

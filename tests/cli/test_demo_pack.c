// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "demo_pack.h"
#include "phial/ingest/trial.h"

static void declare_types(struct arena *arena, const struct demo_month *month, struct trial *trial)
{
    struct faults faults = {.arena = arena};
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(json_object_get(month->catalog, "event_types"), key, document)
        ck_assert(trial_declare(
            trial, event_type_parse((struct json_at){document, STR(""), &faults}, str_from(key))));
}

START_TEST(every_event_passes_and_every_identifier_is_refused)
{
    for (size_t i = 0; i < PACK_COUNT; i++) {
        struct arena arena = {0};
        struct pack pack = pack_at(i);
        struct demo_month month = {0};
        struct trial *trial = trial_open(&arena);
        ck_assert_ok(demo_pack_read(&arena, &pack, &month));
        declare_types(&arena, &month, trial);
        ck_assert_uint_gt(month.event_count, 100);
        for (size_t e = 0; e < month.event_count; e++)
            ck_assert_msg(trial_line(trial, &arena, month.events[e]).word == NULL, "%s",
                          month.events[e].ptr);
        ck_assert_uint_eq(month.refused_count,
                          2 * json_object_size(json_object_get(month.catalog, "event_types")));
        for (size_t e = 0; e < month.refused_count; e++)
            ck_assert(trial_line(trial, &arena, month.refused[e]).word != NULL);
        demo_month_release(&month);
        arena_reset(&arena);
    }
}
END_TEST

TEST_MAIN("demo_pack", every_event_passes_and_every_identifier_is_refused)

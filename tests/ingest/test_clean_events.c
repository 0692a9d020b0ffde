// SPDX-License-Identifier: Apache-2.0
// A refused event is lost revenue: of whole events as back ends send them, with declared types, at
// most one in 100,000 is refused. PHIAL_CLEAN_EVENTS=10000000 tries so many instead of the everyday
// number.
#include "../phi/clean_ids.h"
#include "check_main.h"
#include "phial/ingest/trial.h"

enum { ONE_IN = 100000, EVERYDAY = 50000, PRINTED_MAX = 20 };

static const char declaration[] =
    "{\"properties\": {\"modality\": {\"type\": \"enum\", \"values\": [\"ct\", \"mr\", \"us\"]},"
    "\"model_version\": {\"type\": \"version\"}, \"minutes\": {\"type\": \"decimal\"},"
    "\"amount\": {\"type\": \"integer\"}, \"final\": {\"type\": \"boolean\"},"
    "\"region\": {\"type\": \"code\"}, \"study\": {\"type\": \"code\"},"
    "\"ref\": {\"type\": \"code\"},"
    "\"patient\": {\"type\": \"token\", \"scope\": \"period\"}}}";

static const char *const sources[] = {"%w",          "%w-%n", "%w/%n",   "%w.%n.%n",
                                      "%w-%10k-%5k", "%w%2d", "i-0%16h", "tenant-%n.%w"};
static const char *const studies[] = {"NCT0%7d",        "ONC-%3d-%3d",     "KEYN%3d%A%4d",
                                      "STUDY-%4d",      "20%2d-00%4d-%2d", "AB%2d-%4d",
                                      "site-%3d-arm-B", "ABC-%3d-%2d"};
static const char *const regions[] = {"eu-central-%d", "us-east-1%a", "%2a-%w-%d", "%w"};
static const char *const references[] = {"%p_%8-24b", "%p-%8-12h", "ORD-%4d-%2A", "SKU-%6d-%3A",
                                         "PO-%7d",    "%w-%4-6d",  "%p_01%24v",   "%22b"};
static const char *const versions[] = {"%1-2d.%1-2d.%1-3d", "%n.%2d.%2d", "2%3d.%2d.%d"};

static void add_member(char *line, size_t size, const char *name, struct clean_ids *ids,
                       const char *style)
{
    enum { ATTEMPTS = 1000 };
    for (int i = 0; i < ATTEMPTS && !clean_next(ids, style); i++) // of digits alone
        ;
    size_t used = strlen(line);
    (void)snprintf(line + used, size - used, ",\"%s\":\"%s\"", name, ids->id);
}

#define PICK(ids, styles) (styles)[clean_random(ids, COUNT_OF(styles))]

static void print_event(char *line, size_t size, struct clean_ids *ids)
{
    clean_next(ids, "%2d.%3d");
    (void)snprintf(line, size,
                   "{\"customer\":\"org-%u\",\"type\":\"image.analyzed\",\"quantity\":\"%s\","
                   "\"time\":\"2026-%02u-%02uT%02u:%02u:%02uZ\"",
                   (unsigned)clean_random(ids, 100000), ids->id + (ids->id[0] == '0' ? 1 : 0),
                   1 + (unsigned)clean_random(ids, 12), 1 + (unsigned)clean_random(ids, 28),
                   (unsigned)clean_random(ids, 24), (unsigned)clean_random(ids, 60),
                   (unsigned)clean_random(ids, 60));
    const char *style = PICK(ids, clean_id_styles);
    while (!clean_next(ids, style)) // digits alone are refused by rule
        style = PICK(ids, clean_id_styles);
    add_member(line, size, "id", ids, style);
    add_member(line, size, "source", ids, PICK(ids, sources));
    size_t used = strlen(line);
    (void)snprintf(line + used, size - used,
                   ",\"properties\":{\"modality\":\"mr\",\"final\":true,\"amount\":%u,"
                   "\"minutes\":\"%u.%u\"",
                   (unsigned)clean_random(ids, 1000000), (unsigned)clean_random(ids, 10000),
                   (unsigned)clean_random(ids, 1000));
    add_member(line, size, "model_version", ids, PICK(ids, versions));
    add_member(line, size, "region", ids, PICK(ids, regions));
    add_member(line, size, "study", ids, PICK(ids, studies));
    add_member(line, size, "ref", ids, PICK(ids, references));
    add_member(line, size, "patient", ids, "%8h-%4h-4%3h-%4h-%12h");
    used = strlen(line);
    (void)snprintf(line + used, size - used, "}}");
}

START_TEST(lets_whole_events_pass)
{
    const char *wanted = getenv("PHIAL_CLEAN_EVENTS");
    size_t total = wanted == NULL ? EVERYDAY : strtoul(wanted, NULL, 10);
    struct arena lasting = {0};
    struct faults faults = {.arena = &lasting};
    OWNED(json_release) json_t *root = NULL;
    struct clean_ids ids = {.state = 3};
    size_t refused = 0;
    struct trial *trial = trial_open(&lasting);
    ck_assert_ok(json_parse(str_from(declaration), &root));
    const struct event_type *type =
        event_type_parse((struct json_at){root, STR(""), &faults}, STR("image.analyzed"));
    ck_assert_ptr_nonnull(type);
    ck_assert(trial_declare(trial, type));
    for (size_t i = 0; i < total; i++) {
        char line[2048];
        struct arena arena = {0};
        print_event(line, sizeof line, &ids);
        struct trial_verdict verdict = trial_line(trial, &arena, str_from(line));
        if (verdict.word != NULL && ++refused <= PRINTED_MAX)
            (void)printf("%s: %s %" STR_FMT "\n", line, verdict.word, STR_ARG(verdict.pointer));
        arena_reset(&arena);
    }
    (void)printf("%zu of %zu refused\n", refused, total);
    ck_assert_msg(refused * ONE_IN <= total, "%zu of %zu", refused, total);
    arena_reset(&lasting);
}
END_TEST

TEST_MAIN("clean_events", lets_whole_events_pass)

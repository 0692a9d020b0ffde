// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/ingest/trial.h"

#include <stdio.h>
#include <string.h>

static const char declaration[] =
    "{\"properties\": {\"modality\": {\"type\": \"enum\", \"values\": [\"ct\"], \"required\": true},"
    "\"ref\": {\"type\": \"code\"}, \"patient\": {\"type\": \"token\"}}}";

struct fixture {
    struct arena arena;
    struct trial *trial;
};

static void open_trial(struct fixture *fixture, bool declared)
{
    struct faults faults = {.arena = &fixture->arena};
    fixture->trial = trial_open(&fixture->arena);
    if (!declared)
        return;
    OWNED(json_release) json_t *root = NULL;
    ck_assert_ok(json_parse(str_from(declaration), &root));
    const struct event_type *type =
        event_type_parse((struct json_at){root, STR(""), &faults}, STR("image.analyzed"));
    ck_assert_ptr_nonnull(type);
    ck_assert(trial_declare(fixture->trial, type));
}

struct line {
    const char *text;
    const char *answer;
};

static void check_lines(bool declared, const struct line *lines, size_t count)
{
    struct fixture fixture = {.arena = {0}};
    open_trial(&fixture, declared);
    for (size_t i = 0; i < count; i++) {
        struct arena arena = {0};
        char answer[256] = "clean";
        struct trial_verdict verdict = trial_line(fixture.trial, &arena, str_from(lines[i].text));
        if (verdict.word != NULL)
            (void)snprintf(answer, sizeof answer, "%s %" STR_FMT, verdict.word,
                           STR_ARG(verdict.pointer));
        ck_assert_msg(strcmp(answer, lines[i].answer) == 0, "%s: %s", lines[i].text, answer);
        arena_reset(&arena);
    }
    arena_reset(&fixture.arena);
}

START_TEST(looks_at_texts)
{
    static const struct line lines[] = {
        {"{\"text\":\"123-45-6789\",\"shape\":\"value\"}", "us_ssn /text"},
        {"{\"shape\":\"value\",\"text\":\"123-45-6789\",\"class\":\"ssn\"}", "us_ssn /text"},
        {"{\"text\":\"clinic-042\"}", "clean"},
        {"{\"text\":\"123456789\",\"shape\":\"value\"}", "clean"}, // the rule is for ids
        {"{\"text\":\"{\\\"dob\\\":\\\"x\\\"}\",\"shape\":\"member\"}", "phi_property_name /text"},
        {"{\"text\":\"{\\\"ssn_checks\\\":4}\",\"shape\":\"member\"}", "clean"},
        {"{\"text\":\"{\\\"zip3\\\":\\\"941\\\"}\",\"shape\":\"member\"}", "clean"},
        {"{\"text\":\"{\\\"zip3\\\":\\\"036\\\"}\",\"shape\":\"member\"}",
         "phi_property_name /text"},
        {"{\"text\":\"{\\\"model_version\\\":\\\"4.9.7.8\\\"}\",\"shape\":\"member\"}", "clean"},
        {"{\"text\":\"{\\\"ref\\\":[\\\"123\\\",\\\"45\\\",\\\"6789\\\"]}\",\"shape\":\"member\"}",
         "us_ssn /text"},
        {"{\"text\":\"{\\\"a\\\"\",\"shape\":\"member\"}", "invalid_json /text"},
        {"{\"text\":\"x\",\"shape\":\"novel\"}", "property_invalid /shape"},
        {"{\"text\":\"{\\\"id\\\":\\\"mrn 4711001\\\"}\",\"shape\":\"event\"}", "mrn /id"},
    };
    check_lines(false, lines, COUNT_OF(lines));
}
END_TEST

START_TEST(looks_at_events_that_nobody_declared)
{
    static const struct line lines[] = {
        {"{\"id\":\"a\",\"customer\":\"c\",\"properties\":{\"modality\":\"ct\"}}", "clean"},
        {"{\"id\":\"a\",\"properties\":{\"who\":\"jane@example.com\"}}", "email /properties"},
        {"{\"id\":\"a\",\"properties\":{\"a\":{\"b\":[\"jane@example.com\"]}}}",
         "email /properties"},
        {"{\"id\":\"a\",\"properties\":{\"jane@example.com\":1}}", "email /properties"},
        {"{\"id\":\"a\",\"patient_name\":\"x\"}", "phi_property_name /"},
        {"{\"id\":\"123456789\"}", "phi_ambiguous_number /id"},
        {"{\"id\":\"a\",\"id\":\"b\"}", "duplicate_member /"},
        {"{\"id\":\"a\"", "invalid_json /"},
        {"[]", "invalid_json /"},
        {"\xFF", "invalid_json /"},
        {"{\"id\":\"\\ud800\"}", "invalid_json /"},
    };
    check_lines(false, lines, COUNT_OF(lines));
}
END_TEST

#define EVENT(id, properties)                                                                 \
    "{\"id\":\"" id "\",\"customer\":\"c\",\"type\":\"image.analyzed\",\"time\":\"2026-11-03" \
    "T14:05:00Z\",\"properties\":{" properties "}}"

START_TEST(applies_declarations)
{
    static const struct line lines[] = {
        {EVENT("a", "\"modality\":\"ct\",\"patient\":\"MRN 00123456\""), "clean"},
        {EVENT("a", "\"modality\":\"mr\""), "property_invalid /properties/modality"},
        {EVENT("a", "\"ref\":\"r\""), "property_missing /properties/modality"},
        {EVENT("a", "\"modality\":\"ct\",\"note\":\"x\""), "property_unknown /properties"},
        {EVENT("a", "\"modality\":\"ct\",\"ref\":\"1-415-555-0132\""), "phone /properties/ref"},
        {EVENT("a", "\"modality\":\"ct\",\"ref\":\"1234567\""),
         "phi_ambiguous_number /properties/ref"},
        {EVENT("1234567", "\"modality\":\"ct\""), "phi_ambiguous_number /id"},
        {"{\"id\":\"a\",\"customer\":\"c\",\"type\":\"b\",\"time\":\"2026-11-03T14:05:00Z\"}",
         "unknown_type /type"},
        // only a type can say that the number is no person's: without one it is not asked
        {"{\"id\":\"1234567\",\"customer\":\"c\",\"type\":\"b\",\"time\":\"2026-11-03T14:05:00Z\"}",
         "unknown_type /type"},
        {"{\"id\":\"1234567\",\"source\":\"MRN 00123456\",\"customer\":\"c\",\"type\":\"b\","
         "\"time\":\"2026-11-03T14:05:00Z\"}",
         "mrn /source"},
        {"{\"id\":\"a\",\"customer\":\"c\"}", "missing_member /type"},
        {"{\"id\":\"a\",\"foo\":\"c\"}", "unknown_member /"},
        {"{\"specversion\":\"1.0\",\"id\":\"a\",\"subject\":\"c\",\"type\":\"image.analyzed\","
         "\"time\":\"2026-11-03T14:05:00Z\",\"data\":{\"modality\":\"ct\",\"ref\":\"10.1.2.3\"}}",
         "ipv4 /data/ref"},
        {"nonsense", "invalid_json /"},
        {"[{}]", "invalid_json /"},
        {"{\"shape\":\"event\",\"text\":\"{\\n\\\"id\\\": \\\"a\\\"}\"}",
         "missing_member /customer"},
    };
    check_lines(true, lines, COUNT_OF(lines));
}
END_TEST

START_TEST(bounds_what_it_reads)
{
    struct fixture fixture = {.arena = {0}};
    open_trial(&fixture, false);
    char *text = arena_array(&fixture.arena, char, TRIAL_LINE_MAX + 1);
    memset(text, '[', TRIAL_LINE_MAX + 1);
    ck_assert_str_eq(
        trial_line(fixture.trial, &fixture.arena, (str){text, TRIAL_LINE_MAX + 1}).word,
        "body_too_large");
    memcpy(text, "{\"a\":", 5);
    ck_assert_str_eq(trial_line(fixture.trial, &fixture.arena, (str){text, TRIAL_LINE_MAX}).word,
                     "invalid_json");
    arena_reset(&fixture.arena);
}
END_TEST

TEST_MAIN("trial", looks_at_texts, looks_at_events_that_nobody_declared, applies_declarations,
          bounds_what_it_reads)

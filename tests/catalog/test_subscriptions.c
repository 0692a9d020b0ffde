// SPDX-License-Identifier: Apache-2.0
#include "catalog_fixture.h"
#include "phial/crypto/crypto.h"
#include "phial/ledger/ledger.h"
#include "phial/util/encode.h"

static struct arena arena;

static instant at(const char *text)
{
    instant read = {0};
    ck_assert_ok(instant_parse(str_from(text), &read));
    return read;
}

static void assert_at(instant is, const char *text)
{
    ck_assert_str_eq(str_to_c(&arena, instant_print(&arena, is)), text);
}

struct step {
    struct ask ask;
    str id;
};

static result change_plan(struct db_tx *tx, void *context)
{
    struct step *step = context;
    struct change change = test_change();
    return subscription_change(tx, step->id, ask_document(&step->ask, tx), step->ask.only_customer,
                               &change, &step->ask.subscription);
}

static result cancel(struct db_tx *tx, void *context)
{
    struct step *step = context;
    struct change change = test_change();
    return subscription_cancel(tx, step->id, ask_document(&step->ask, tx), step->ask.only_customer,
                               &change, &step->ask.subscription);
}

static result run(struct db *db, result (*work)(struct db_tx *, void *), struct step *step,
                  const char *document)
{
    step->ask.document = document;
    result done = db_transact(db, &arena, work, step);
    json_decref(step->ask.json);
    step->ask.json = NULL;
    return done;
}

struct log_lines {
    int64_t customer_id;
    str lines[8];
    size_t count;
};

static result keep_line(void *context, const struct entry *entry)
{
    struct log_lines *lines = context;
    ck_assert_uint_lt(lines->count, COUNT_OF(lines->lines));
    lines->lines[lines->count++] = str_copy(&arena, entry->leaf);
    return OK;
}

static result read_log(struct db_tx *tx, void *context)
{
    struct log_lines *lines = context;
    struct head head;
    lines->count = 0;
    TRY(ledger_head(tx, lines->customer_id, &head));
    return ledger_each(tx, lines->customer_id, 0, head.size, keep_line, lines);
}

struct terms_question {
    str id;
    struct subscription_terms terms;
    json_t *held;
};

static result read_terms(struct db_tx *tx, void *context)
{
    struct terms_question *question = context;
    return subscription_terms_read(tx, question->id, &question->terms, &question->held);
}

START_TEST(pins_versions_and_writes_them_into_the_log)
{
    struct db *db = test_database();
    put_example(db, &arena);
    struct step step = {0};
    step.ask.document = "{\"customer\": \"clinic\", \"plan\": \"imaging\","
                        " \"start\": \"2026-10-20T15:00:00Z\"}";
    ck_assert_ok(ask_for(db, &arena, ask_subscribe, &step.ask));
    step.id = step.ask.subscription.id;
    assert_at(step.ask.subscription.start, "2026-10-20T04:00:00Z"); // New York's midnight
    ck_assert(str_eq(step.ask.subscription.status, STR("active")));
    ck_assert_int_eq(step.ask.subscription.plan_version, 1);

    // What comes after does not change what was agreed.
    ck_assert_ok(put(db, &arena, CATALOG_METRIC, "images",
                     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"sum\"}"));
    ck_assert_ok(put(db, &arena, CATALOG_PLAN, "imaging",
                     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": ["
                     "{\"key\": \"reads\", \"name\": \"Images read\", \"metric\": \"images\","
                     " \"model\": \"per_unit\", \"unit_amount\": \"0.5\"}]}"));
    ck_assert_ok(
        run(db, change_plan, &step, "{\"plan\": \"imaging\", \"at\": \"2026-11-10T12:00:00Z\"}"));
    ck_assert_int_eq(step.ask.subscription.plan_version, 2);

    struct terms_question question = {.id = step.id};
    ck_assert_ok(db_transact(db, &arena, read_terms, &question));
    const struct subscription_terms *terms = &question.terms;
    ck_assert_uint_eq(terms->segment_count, 2);
    ck_assert_int_eq(terms->segments[0].plan->version, 1);
    ck_assert_uint_eq(terms->segments[0].metric_count, 2);
    ck_assert_int_eq(terms->segments[0].metrics[0]->version, 1);
    ck_assert_int_eq(terms->segments[1].metrics[0]->version, 2);
    assert_at(terms->segments[1].from, "2026-11-10T05:00:00Z");
    ck_assert_uint_eq(terms->tax_count, 1);
    ck_assert(!terms->has_end);
    json_decref(question.held);

    struct log_lines lines = {.customer_id = step.ask.subscription.customer_id};
    ck_assert_ok(db_transact(db, &arena, read_log, &lines));
    ck_assert_uint_eq(lines.count, 4);
    static const char *const kinds[] = {"plan", "subscription", "plan", "subscription"};
    for (size_t i = 0; i < lines.count; i++) {
        OWNED(json_release) json_t *leaf = NULL;
        str again = {0};
        ck_assert_ok(json_parse(lines.lines[i], &leaf));
        ck_assert_ok(json_canonical(&arena, leaf, &again));
        ck_assert(str_eq(again, lines.lines[i]));
        ck_assert_str_eq(json_string_value(json_object_get(leaf, "kind")), kinds[i]);
    }
    OWNED(json_release) json_t *last = NULL;
    ck_assert_ok(json_parse(lines.lines[3], &last));
    const json_t *entry = json_object_get(last, "subscription");
    ck_assert_str_eq(json_string_value(json_object_get(entry, "time_zone")), "America/New_York");
    ck_assert_str_eq(json_string_value(json_object_get(entry, "currency")), "USD");
    ck_assert_str_eq(json_string_value(json_object_get(entry, "start")),
                     "2026-10-20T04:00:00.000000Z");
    ck_assert_uint_eq(json_array_size(json_object_get(entry, "segments")), 2);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static const char *text_in(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "(none)" : text;
}

// SHA-256 of a plan entry without what the catalog says about the plan: as it is verified.
static const char *content_hash(const json_t *plan)
{
    static const char *const added[] = {"key", "version", "sha256", "metrics"};
    OWNED(json_release) json_t *content = json_copy(json_iterable(plan));
    str canonical = {0};
    for (size_t i = 0; i < COUNT_OF(added); i++)
        (void)json_object_del(content, added[i]);
    ck_assert_ok(json_canonical(&arena, content, &canonical));
    sha256 hash = sha256_of(canonical);
    return str_to_c(&arena, encode_hex(&arena, sha256_str(&hash)));
}

START_TEST(overrides_are_the_plan_of_one_subscription)
{
    struct db *db = test_database();
    put_example(db, &arena);
    struct step step = {0};
    step.ask.document = "{\"customer\": \"clinic\", \"plan\": \"imaging\","
                        " \"start\": \"2026-10-20T15:00:00Z\", \"overrides\": {\"minimum\": \"50\","
                        " \"charges\": [{\"key\": \"reads\", \"unit_amount\": \"0.500\"}]}}";
    ck_assert_ok(ask_for(db, &arena, ask_subscribe, &step.ask));
    step.id = step.ask.subscription.id;
    ck_assert_uint_gt(step.ask.subscription.overrides.len, 0);
    int64_t customer_id = step.ask.subscription.customer_id;
    ck_assert_ok(
        run(db, change_plan, &step, "{\"plan\": \"imaging\", \"at\": \"2026-11-10T12:00:00Z\"}"));
    ck_assert_uint_eq(step.ask.subscription.overrides.len, 0);

    struct terms_question question = {.id = step.id};
    ck_assert_ok(db_transact(db, &arena, read_terms, &question));
    const struct segment *segments = question.terms.segments;
    ck_assert_uint_eq(question.terms.segment_count, 2);
    ck_assert(segments[0].plan->has_minimum && !segments[1].plan->has_minimum);
    ck_assert_str_eq(
        str_to_c(&arena, decimal_print(&arena, segments[0].plan->charges[0].unit_amount)), "0.5");
    ck_assert_str_eq(
        str_to_c(&arena, decimal_print(&arena, segments[1].plan->charges[0].unit_amount)), "0.75");
    json_decref(question.held);

    struct log_lines lines = {.customer_id = customer_id};
    ck_assert_ok(db_transact(db, &arena, read_log, &lines));
    OWNED(json_release) json_t *first = NULL;
    OWNED(json_release) json_t *second = NULL;
    OWNED(json_release) json_t *bound = NULL;
    ck_assert_ok(json_parse(lines.lines[lines.count - 4], &first));
    ck_assert_ok(json_parse(lines.lines[lines.count - 3], &bound));
    ck_assert_ok(json_parse(lines.lines[lines.count - 2], &second));
    const json_t *plan = json_object_get(first, "plan");
    const json_t *other = json_object_get(second, "plan");
    const json_t *entry = json_object_get(bound, "subscription");
    ck_assert_str_eq(text_in(plan, "minimum"), "50.00");
    ck_assert_str_eq(text_in(plan, "sha256"), content_hash(plan));
    ck_assert_str_eq(text_in(other, "minimum"), "(none)");
    ck_assert_str_eq(text_in(other, "sha256"), content_hash(other));
    ck_assert_str_eq(text_in(json_object_get(entry, "plan"), "sha256"), text_in(plan, "sha256"));
    ck_assert_str_eq(text_in(json_object_get(entry, "overrides"), "minimum"), "50.00");
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(refuses_what_could_not_be_billed)
{
    static const struct {
        const char *document;
        const char *pointer;
        const char *code;
    } cases[] = {
        {"{\"customer\": \"nobody\", \"plan\": \"imaging\", \"start\": \"2026-11-01T00:00:00Z\"}",
         "/customer", "unknown_customer"},
        {"{\"customer\": \"clinic\", \"plan\": \"none\", \"start\": \"2026-11-01T00:00:00Z\"}",
         "/plan", "unknown_plan"},
        {"{\"customer\": \"clinic\", \"plan\": \"imaging\", \"version\": 99,"
         " \"start\": \"2026-11-01T00:00:00Z\"}",
         "/version", "unknown_plan"},
        {"{\"customer\": \"clinic\", \"plan\": \"euros\", \"start\": \"2026-11-01T00:00:00Z\"}",
         "/plan", "currency_mismatch"},
        {"{\"customer\": \"clinic\", \"plan\": \"imaging\", \"start\": \"2026-11-01T10:00:00Z\","
         " \"end\": \"2026-11-01T20:00:00Z\"}",
         "/end", "invalid"},
        {"{\"customer\": \"clinic\", \"plan\": \"people\", \"start\": \"2026-11-15T10:00:00Z\","
         " \"anchor\": \"anniversary\"}",
         "/anchor", "invalid"},
        {"{\"customer\": \"clinic\", \"plan\": \"imaging\", \"start\": \"yesterday\"}", "/start",
         "invalid_time"},
        {"{\"customer\": \"clinic\", \"plan\": \"imaging\", \"start\": \"2026-11-01T00:00:00Z\","
         " \"overrides\": {\"minimum\": \"-1\"}}",
         "/overrides/minimum", "invalid"},
        {"{\"customer\": \"clinic\", \"plan\": \"imaging\", \"start\": \"2026-11-01T00:00:00Z\","
         " \"overrides\": {\"charges\": {\"reads\": {\"metric\": \"none\"}}}}",
         "/overrides/charges/reads/metric", "unknown_metric"},
        {"{\"customer\": \"clinic\", \"plan\": \"imaging\", \"start\": \"2026-11-01T00:00:00Z\","
         " \"overrides\": {\"charges\": {\"reads\": {\"name\": \"MRN 00123456\"}}}}",
         "/overrides/charges/reads/name", "phi_detected"},
        {"{\"customer\": \"clinic\", \"plan\": \"imaging\", \"start\": \"2026-11-01T00:00:00Z\","
         " \"overrides\": {\"currency\": \"EUR\"}}",
         "/overrides", "unknown_member"},
    };
    struct db *db = test_database();
    put_example(db, &arena);
    ck_assert_ok(put(db, &arena, CATALOG_PLAN, "euros",
                     "{\"currency\": \"EUR\", \"interval\": \"month\", \"charges\": []}"));
    ck_assert_ok(put(db, &arena, CATALOG_PLAN, "people",
                     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": ["
                     "{\"key\": \"people\", \"name\": \"People\", \"metric\": \"patients\","
                     " \"model\": \"per_unit\", \"unit_amount\": \"2\"}]}"));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ask ask = {.document = cases[i].document};
        ck_assert(failed(ask_for(db, &arena, ask_subscribe, &ask)));
        ck_assert_uint_eq(ask.subscription.id.len, 0);
        ck_assert_msg(str_eq(ask.faults.items[0].pointer, str_from(cases[i].pointer)),
                      "case %zu: %" STR_FMT, i, STR_ARG(ask.faults.items[0].pointer));
        ck_assert_str_eq(ask.faults.items[0].code, cases[i].code);
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(ends_where_it_is_told_to_and_not_later_again)
{
    struct db *db = test_database();
    put_example(db, &arena);
    struct step step = {0};
    step.ask.document = "{\"customer\": \"clinic\", \"plan\": \"imaging\","
                        " \"start\": \"2026-10-01T04:00:00Z\", \"end\": \"2027-01-01T05:00:00Z\"}";
    ck_assert_ok(ask_for(db, &arena, ask_subscribe, &step.ask));
    step.id = step.ask.subscription.id;
    ck_assert_fails(INVALID, run(db, cancel, &step, "{\"at\": \"2027-02-01T05:00:00Z\"}"));
    ck_assert_fails(INVALID, run(db, cancel, &step, "{\"at\": \"2026-09-01T05:00:00Z\"}"));
    ck_assert_ok(run(db, cancel, &step, "{\"at\": \"2026-10-31T20:00:00Z\"}"));
    assert_at(step.ask.subscription.end, "2026-10-31T04:00:00Z");
    ck_assert(str_eq(step.ask.subscription.status, STR("ended")));
    ck_assert_fails(INVALID, run(db, change_plan, &step,
                                 "{\"plan\": \"imaging\", \"at\": \"2026-11-10T12:00:00Z\"}"));
    ck_assert_int_lt(step.ask.subscription.end.us, at("2026-11-10T12:00:00Z").us);
    step.ask.only_customer = step.ask.subscription.customer_id + 1000;
    ck_assert_fails(NOT_FOUND, run(db, cancel, &step, "{\"at\": \"2026-10-30T20:00:00Z\"}"));

    struct ask moved = {.key = "clinic",
                        .document = "{\"name\": \"Bay Clinic\", \"currency\": \"EUR\","
                                    " \"time_zone\": \"America/New_York\"}",
                        .precondition = {.if_match = STR("*")}};
    ck_assert_fails(CONFLICT, ask_for(db, &arena, ask_put_customer, &moved));
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("subscriptions", pins_versions_and_writes_them_into_the_log,
          overrides_are_the_plan_of_one_subscription, refuses_what_could_not_be_billed,
          ends_where_it_is_told_to_and_not_later_again)

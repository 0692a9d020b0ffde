// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/phi/event_type.h"
#include "phial/util/owned.h"

#include <string.h>

static struct arena arena;

static const struct event_type *parse(const char *text, struct faults *faults)
{
    OWNED(json_release) json_t *root = NULL;
    *faults = (struct faults){.arena = &arena};
    ck_assert_ok(json_parse(str_from(text), &root));
    return event_type_parse((struct json_at){root, STR(""), faults}, STR("image.analyzed"));
}

static const struct event_type *declared(const char *text)
{
    struct faults faults;
    const struct event_type *type = parse(text, &faults);
    for (size_t i = 0; i < faults.count; i++)
        ck_abort_msg("%" STR_FMT ": %s", STR_ARG(faults.items[i].pointer), faults.items[i].code);
    ck_assert_ptr_nonnull(type);
    return type;
}

static const char whole[] =
    "{\"description\": \"One image read by the model\", \"unknown_properties\": \"drop\","
    " \"quantity\": {\"integer\": true, \"min\": \"0\", \"max\": \"100000\"},"
    " \"window\": {\"past\": \"P40D\", \"future\": \"PT10M\"}, \"retention\": \"device-10y\","
    " \"plain_numbers\": [\"id\", \"batch\"],"
    " \"properties\": {"
    "  \"modality\": {\"type\": \"enum\", \"values\": [\"xray\", \"ct\", \"mri\"], \"required\": true},"
    "  \"model_version\": {\"type\": \"version\", \"required\": true},"
    "  \"minutes\": {\"type\": \"decimal\", \"min\": \"0\", \"max\": \"1440\"},"
    "  \"slices\": {\"type\": \"integer\", \"min\": \"1\"},"
    "  \"urgent\": {\"type\": \"boolean\"},"
    "  \"batch\": {\"type\": \"code\"},"
    "  \"site\": {\"type\": \"code\", \"detectors_off\": [\"us_ssn\"]},"
    "  \"study\": {\"type\": \"token\", \"scope\": \"customer\"},"
    "  \"patient\": {\"type\": \"token\", \"scope\": \"period\"},"
    "  \"visit\": {\"type\": \"token\", \"scope\": \"event\"}}}";

START_TEST(reads_a_declaration)
{
    const struct event_type *type = declared(whole);
    ck_assert(str_eq(type->key, STR("image.analyzed")));
    ck_assert(type->drop_unknown);
    ck_assert(type->plain_id);
    ck_assert_int_eq(type->precision, PRECISION_DAY); // it declares a token
    ck_assert(type->quantity_integer);
    ck_assert(type->quantity_has_max);
    ck_assert_int_eq(type->window_past_us, INT64_C(40) * 86400 * 1000000);
    ck_assert_int_eq(type->window_future_us, INT64_C(600) * 1000000);
    ck_assert(str_eq(type->retention, STR("device-10y")));
    ck_assert_uint_eq(type->property_count, 10);

    const struct property *modality = event_type_property(type, STR("modality"));
    ck_assert_int_eq(modality->type, PROPERTY_ENUM);
    ck_assert(modality->required);
    ck_assert_uint_eq(modality->value_count, 3);
    ck_assert(str_eq(modality->values[0], STR("ct"))); // in byte order
    ck_assert(event_type_property(type, STR("batch"))->plain_number);
    ck_assert_int_eq(event_type_property(type, STR("study"))->scope, TOKEN_CUSTOMER);
    ck_assert_int_eq(event_type_property(type, STR("visit"))->scope, TOKEN_EVENT);
    ck_assert_ptr_null(event_type_property(type, STR("absent")));
    arena_reset(&arena);
}
END_TEST

START_TEST(has_defaults)
{
    const struct event_type *type = declared("{}");
    ck_assert(!type->drop_unknown);
    ck_assert(!type->plain_id);
    ck_assert_int_eq(type->precision, PRECISION_SECOND);
    ck_assert(!type->quantity_has_max);
    ck_assert_int_eq(decimal_compare(type->quantity_min, decimal_from_i64(0)), 0);
    ck_assert_int_eq(type->window_past_us, INT64_C(35) * 86400 * 1000000);
    ck_assert_int_eq(type->window_future_us, INT64_C(300) * 1000000);
    ck_assert_uint_eq(type->property_count, 0);
    ck_assert_int_eq(
        declared("{\"time_precision\": \"second\", \"properties\": {\"p\": {\"type\": \"token\"}}}")
            ->precision,
        PRECISION_SECOND);
    arena_reset(&arena);
}
END_TEST

static const struct {
    const char *document;
    const char *pointer;
    const char *code;
} wrong_declarations[] = {
    {"{\"propertys\": {}}", "", "unknown_member"},
    {"{\"properties\": []}", "/properties", "invalid"},
    {"{\"properties\": {\"a\": {}}}", "/properties/a/type", "missing_member"},
    {"{\"properties\": {\"a\": {\"type\": \"text\"}}}", "/properties/a/type", "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"code\", \"size\": 1}}}", "/properties/a",
     "unknown_member"},
    {"{\"properties\": {\"a\": {\"type\": \"enum\"}}}", "/properties/a/values", "missing_member"},
    {"{\"properties\": {\"a\": {\"type\": \"enum\", \"values\": []}}}", "/properties/a/values",
     "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"enum\", \"values\": [\"x y\"]}}}",
     "/properties/a/values/0", "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"enum\", \"values\": [\"x\", 1]}}}",
     "/properties/a/values/1", "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"enum\", \"values\": [\"x\", \"x\"]}}}",
     "/properties/a/values", "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"enum\", \"values\": [\"123-45-6789\"]}}}",
     "/properties/a/values/0", "phi_detected"},
    {"{\"properties\": {\"a\": {\"type\": \"code\", \"values\": [\"x\"]}}}", "/properties/a/values",
     "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"code\", \"min\": \"1\"}}}", "/properties/a/min",
     "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"code\", \"scope\": \"event\"}}}", "/properties/a/scope",
     "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"decimal\", \"min\": \"2\", \"max\": \"1\"}}}",
     "/properties/a", "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"integer\", \"min\": \"0.5\"}}}", "/properties/a",
     "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"token\", \"scope\": \"ever\"}}}", "/properties/a/scope",
     "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"token\", \"method\": \"plain\"}}}",
     "/properties/a/method", "invalid"},
    {"{\"properties\": {\"a\": {\"type\": \"code\", \"detectors_off\": [\"none\"]}}}",
     "/properties/a/detectors_off/0", "invalid"},
    {"{\"properties\": {\"dateOfBirth\": {\"type\": \"code\"}}}", "/properties",
     "phi_property_name"},
    {"{\"properties\": {\"PatientName\": {\"type\": \"token\"}}}", "/properties", "invalid"},
    {"{\"properties\": {\"secretprop_jones\": 5}}", "/properties", "invalid"},
    {"{\"properties\": {\"secretprop_jones\": null}}", "/properties", "invalid"},
    {"{\"properties\": {\"date of birth\": {\"type\": \"code\"}}}", "/properties",
     "phi_property_name"},
    {"{\"properties\": {\"ssn\": {\"type\": \"integer\"}}}", "/properties/ssn",
     "phi_property_name"},
    {"{\"properties\": {\"dea_schedule\": {\"type\": \"enum\", \"values\": [\"ii\"]}}}",
     "/properties/dea_schedule", "phi_property_name"},
    {"{\"properties\": {\"patient\": {\"type\": \"code\"}}}", "/properties/patient",
     "phi_property_name"},
    {"{\"properties\": {\"Modality\": {\"type\": \"code\"}}}", "/properties", "invalid"},
    {"{\"properties\": {\"x123-45-6789\": {\"type\": \"code\"}}}", "/properties", "phi_detected"},
    {"{\"description\": \"MRN 00123456\"}", "/description", "phi_detected"},
    {"{\"unknown_properties\": \"keep\"}", "/unknown_properties", "invalid"},
    {"{\"time_precision\": \"minute\"}", "/time_precision", "invalid"},
    {"{\"quantity\": {\"min\": \"2\", \"max\": \"1\"}}", "/quantity", "invalid"},
    {"{\"quantity\": {\"least\": \"2\"}}", "/quantity", "unknown_member"},
    {"{\"window\": {\"past\": \"35 days\"}}", "/window/past", "invalid"},
    {"{\"retention\": \"\"}", "/retention", "invalid"},
    {"{\"plain_numbers\": [\"absent\"]}", "/plain_numbers/0", "invalid"},
};

START_TEST(refuses_with_a_pointer)
{
    for (size_t i = 0; i < COUNT_OF(wrong_declarations); i++) {
        struct faults faults;
        ck_assert_ptr_null(parse(wrong_declarations[i].document, &faults));
        ck_assert_msg(faults.count == 1, "%s: %zu faults", wrong_declarations[i].document,
                      faults.count);
        ck_assert_msg(str_eq(faults.items[0].pointer, str_from(wrong_declarations[i].pointer)) &&
                          strcmp(faults.items[0].code, wrong_declarations[i].code) == 0,
                      "%s: %" STR_FMT " %s", wrong_declarations[i].document,
                      STR_ARG(faults.items[0].pointer), faults.items[0].code);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_every_fault_at_once)
{
    struct faults faults;
    ck_assert_ptr_null(parse("{\"time_precision\": \"x\", \"properties\": {"
                             "\"mrn\": {\"type\": \"code\"}, \"b\": {\"type\": \"x\"}}}",
                             &faults));
    ck_assert_uint_eq(faults.count, 3);
    arena_reset(&arena);
}
END_TEST

START_TEST(tokens_and_counts_may_have_such_names)
{
    ck_assert_uint_eq(declared("{\"properties\": {\"ssn\": {\"type\": \"token\"},"
                               "\"diagnosis\": {\"type\": \"token\"},"
                               "\"ssn_checks\": {\"type\": \"integer\"},"
                               "\"patient_count\": {\"type\": \"decimal\"},"
                               "\"age_band\": {\"type\": \"enum\", \"values\": [\"40-49\"]}}}")
                          ->property_count,
                      5);
    arena_reset(&arena);
}
END_TEST

struct value_case {
    const char *property;
    struct raw_value value;
    const char *answer; // the canonical form, or the code
    const char *detector;
};

START_TEST(checks_values)
{
    static const struct value_case cases[] = {
        {"modality", {JSON_KIND_STRING, {"ct", 2}}, "\"ct\"", NULL},
        {"modality", {JSON_KIND_STRING, {"pet", 3}}, "property_invalid", NULL},
        {"modality", {JSON_KIND_NUMBER, {"1", 1}}, "property_invalid", NULL},
        {"modality", {JSON_KIND_STRING, {"123-45-6789", 11}}, "phi_detected", "us_ssn"},
        {"model_version", {JSON_KIND_STRING, {"2.4.1", 5}}, "\"2.4.1\"", NULL},
        {"model_version", {JSON_KIND_STRING, {"4.9.79.8", 8}}, "\"4.9.79.8\"", NULL},
        {"model_version", {JSON_KIND_STRING, {"1.5.63-rc.5", 11}}, "\"1.5.63-rc.5\"", NULL},
        {"model_version", {JSON_KIND_STRING, {"1.2.3.4.5", 9}}, "property_invalid", NULL},
        {"model_version", {JSON_KIND_STRING, {"v1", 2}}, "property_invalid", NULL},
        {"model_version", {JSON_KIND_STRING, {"1.", 2}}, "property_invalid", NULL},
        {"model_version", {JSON_KIND_STRING, {"1-", 2}}, "property_invalid", NULL},
        {"minutes", {JSON_KIND_STRING, {"12.50", 5}}, "\"12.5\"", NULL},
        {"minutes", {JSON_KIND_NUMBER, {"12", 2}}, "\"12\"", NULL},
        {"minutes", {JSON_KIND_NUMBER, {"12.5", 4}}, "decimal_expected", NULL},
        {"minutes", {JSON_KIND_NUMBER, {"1e2", 3}}, "decimal_expected", NULL},
        {"minutes", {JSON_KIND_STRING, {"1441", 4}}, "property_invalid", NULL},
        {"minutes", {JSON_KIND_STRING, {"-1", 2}}, "property_invalid", NULL},
        {"minutes", {JSON_KIND_STRING, {"ten", 3}}, "property_invalid", NULL},
        {"minutes", {JSON_KIND_TRUE, {"", 0}}, "property_invalid", NULL},
        {"slices", {JSON_KIND_NUMBER, {"5", 1}}, "\"5\"", NULL},
        {"slices", {JSON_KIND_STRING, {"5", 1}}, "\"5\"", NULL},
        {"slices", {JSON_KIND_STRING, {"5.0", 3}}, "property_invalid", NULL},
        {"slices", {JSON_KIND_NUMBER, {"5.0", 3}}, "decimal_expected", NULL},
        {"slices", {JSON_KIND_NUMBER, {"0", 1}}, "property_invalid", NULL},
        {"urgent", {JSON_KIND_TRUE, {"", 0}}, "true", NULL},
        {"urgent", {JSON_KIND_FALSE, {"", 0}}, "false", NULL},
        {"urgent", {JSON_KIND_STRING, {"true", 4}}, "property_invalid", NULL},
        {"batch", {JSON_KIND_STRING, {"run-7_b.2", 9}}, "\"run-7_b.2\"", NULL},
        {"batch", {JSON_KIND_STRING, {"123456789", 9}}, "\"123456789\"", NULL}, // plain
        {"batch", {JSON_KIND_STRING, {"", 0}}, "property_invalid", NULL},
        {"batch", {JSON_KIND_STRING, {"a b", 3}}, "property_invalid", NULL},
        {"batch", {JSON_KIND_STRING, {"a@example.com", 13}}, "phi_detected", "email"},
        {"batch", {JSON_KIND_STRING, {"123-45-6789", 11}}, "phi_detected", "us_ssn"},
        {"site", {JSON_KIND_STRING, {"123-45-6789", 11}}, "\"123-45-6789\"", NULL}, // off
        {"site", {JSON_KIND_STRING, {"123456789", 9}}, "phi_ambiguous_number", NULL},
        {"patient", {JSON_KIND_STRING, {"MRN 00123456", 12}}, "MRN 00123456", NULL},
        {"patient", {JSON_KIND_STRING, {"", 0}}, "property_invalid", NULL},
        {"patient", {JSON_KIND_NUMBER, {"7", 1}}, "property_invalid", NULL},
        {"patient", {JSON_KIND_NULL, {"", 0}}, "property_invalid", NULL},
    };
    const struct event_type *type = declared(whole);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct property *property = event_type_property(type, str_from(cases[i].property));
        str canonical = STR("untouched");
        struct refusal refusal = property_check(&arena, property, cases[i].value, &canonical);
        str answer = refusal.code == NULL ? canonical : str_from(refusal.code);
        ck_assert_msg(str_eq(answer, str_from(cases[i].answer)), "%zu %s: %" STR_FMT ", not %s", i,
                      cases[i].property, STR_ARG(answer), cases[i].answer);
        ck_assert_pstr_eq(refusal.detector, cases[i].detector);
        ck_assert(refusal.code == NULL || str_eq(canonical, STR("untouched")));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(checks_quantities)
{
    static const struct {
        struct raw_value value;
        const char *answer;
    } cases[] = {
        {{JSON_KIND_ABSENT, {"", 0}}, "\"1\""},
        {{JSON_KIND_NUMBER, {"3", 1}}, "\"3\""},
        {{JSON_KIND_STRING, {"3.00", 4}}, "\"3\""},
        {{JSON_KIND_STRING, {"3.5", 3}}, "quantity_out_of_range"}, // an integer
        {{JSON_KIND_STRING, {"-1", 2}}, "quantity_out_of_range"},
        {{JSON_KIND_STRING, {"100001", 6}}, "quantity_out_of_range"},
        {{JSON_KIND_NUMBER, {"3.5", 3}}, "decimal_expected"},
        {{JSON_KIND_STRING, {"three", 5}}, "decimal_expected"},
        {{JSON_KIND_NULL, {"", 0}}, "decimal_expected"},
        {{JSON_KIND_OBJECT, {"", 0}}, "decimal_expected"},
    };
    const struct event_type *type = declared(whole);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str canonical = {0};
        struct refusal refusal = quantity_check(&arena, type, cases[i].value, &canonical);
        str answer = refusal.code == NULL ? canonical : str_from(refusal.code);
        ck_assert_msg(str_eq(answer, str_from(cases[i].answer)), "%zu: %" STR_FMT, i,
                      STR_ARG(answer));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(checks_texts)
{
    ck_assert_ptr_null(text_check(STR("evt_3cf735e6b3391befda43c7e0"), false).code);
    ck_assert_str_eq(text_check(STR("999635524"), false).code, "phi_ambiguous_number");
    ck_assert_ptr_null(text_check(STR("999635524"), true).code);
    ck_assert_str_eq(text_check(STR("123-45-6789"), true).detector, "us_ssn");
}
END_TEST

START_TEST(stores_times_as_declared)
{
    const struct zone *zone = NULL;
    ck_assert_ok(zone_load(&arena, STR("America/New_York"), &zone));
    static const struct {
        enum time_precision precision;
        const char *at;
        const char *stored;
    } cases[] = {
        {PRECISION_SECOND, "2026-11-03T14:05:01.999Z", "2026-11-03T14:05:01Z"},
        {PRECISION_SECOND, "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"},
        {PRECISION_HOUR, "2026-11-03T14:05:01Z", "2026-11-03T14:00:00Z"},
        {PRECISION_DAY, "2026-11-03T04:59:59Z", "2026-11-02T05:00:00Z"},
        {PRECISION_DAY, "2026-11-03T05:00:00Z", "2026-11-03T05:00:00Z"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct event_type type = {.precision = cases[i].precision};
        instant at = {0};
        ck_assert_ok(instant_parse(str_from(cases[i].at), &at));
        str stored = instant_print(&arena, event_time_stored(&type, zone, at));
        ck_assert_msg(str_eq(stored, str_from(cases[i].stored)), "%zu: %" STR_FMT, i,
                      STR_ARG(stored));
    }
    arena_reset(&arena);
}
END_TEST

static str token_of(const struct hmac_key *key, const struct property *property, str source, str id,
                    str value)
{
    sha256 mac = token_mac(key, property, source, id, value);
    return token_print(&arena, &mac);
}

// Each made by: printf of every field behind its length as 8 bytes, "phial/token/1" (or
// "phial/crosswalk/1"), the scope, of events the source and the id, the value;
// | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY -binary | base32, in lower case, cut to 26.
START_TEST(makes_the_macs_that_openssl_makes)
{
    static const struct {
        enum token_scope scope;
        bool surrogate;
        const char *token;
    } cases[] = {
        {TOKEN_PERIOD, false, "tok_hjyd5k6t634nmehuflwn5y4mnu"},
        {TOKEN_CUSTOMER, false, "tok_zbhanl57ke2ndy7qr6axxs7ows"},
        {TOKEN_EVENT, false, "tok_alqop7isp2el7vfs4qngszhoif"},
        {TOKEN_CUSTOMER, true, "tok_boxzdw2juerqtun3qjb7ep4mko"},
    };
    struct hmac_key key;
    hmac_prepare(STR("0123456789abcdef0123456789abcdef"), &key);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct property property = {.scope = cases[i].scope, .surrogate = cases[i].surrogate};
        str token = token_of(&key, &property, STR("a"), STR("bc"), STR("MRN 00123456"));
        ck_assert_str_eq(str_to_c(&arena, token), cases[i].token);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(names_the_scope_of_a_key_by_the_local_month)
{
    const struct zone *zone = NULL;
    struct property property = {.scope = TOKEN_PERIOD};
    instant at = {0};
    ck_assert_ok(zone_load(&arena, STR("America/New_York"), &zone));
    ck_assert_ok(instant_parse(STR("2026-11-01T03:59:59Z"), &at));
    ck_assert(str_eq(token_key_scope(&arena, &property, zone, at), STR("2026-10")));
    ck_assert_ok(instant_parse(STR("2026-11-01T04:00:00Z"), &at));
    ck_assert(str_eq(token_key_scope(&arena, &property, zone, at), STR("2026-11")));
    property.scope = TOKEN_CUSTOMER;
    ck_assert(str_eq(token_key_scope(&arena, &property, zone, at), STR("customer")));
    property.scope = TOKEN_EVENT;
    ck_assert(str_eq(token_key_scope(&arena, &property, zone, at), STR("event")));
    arena_reset(&arena);
}
END_TEST

START_TEST(codes_are_random_and_look_like_tokens)
{
    str one = token_text(&arena, token_random(&arena));
    str two = token_text(&arena, token_random(&arena));
    ck_assert_uint_eq(one.len, 30);
    ck_assert(str_all_in(str_slice(one, 4, 30), "abcdefghijklmnopqrstuvwxyz234567"));
    ck_assert(!str_eq(one, two));
    arena_reset(&arena);
}
END_TEST

START_TEST(prints_tokens)
{
    struct hmac_key key;
    struct hmac_key other;
    hmac_prepare(STR("0123456789abcdef0123456789abcdef"), &key);
    hmac_prepare(STR("0123456789abcdef0123456789abcdeg"), &other);
    struct property period = {.name = STR("patient"), .scope = TOKEN_PERIOD};
    struct property named = {.name = STR("subject"), .scope = TOKEN_PERIOD};
    struct property event = {.name = STR("patient"), .scope = TOKEN_EVENT};
    str value = STR("MRN 00123456");

    str token = token_of(&key, &period, STR(""), STR("e1"), value);
    ck_assert_uint_eq(token.len, 30);
    ck_assert(str_starts_with(token, STR("tok_")));
    ck_assert(str_all_in(str_slice(token, 4, 30), "abcdefghijklmnopqrstuvwxyz234567"));

    // The same person in another event and another property is the same token.
    ck_assert(str_eq(token, token_of(&key, &named, STR("s"), STR("e2"), value)));
    ck_assert(!str_eq(token, token_of(&key, &period, STR(""), STR("e1"), STR("x"))));
    ck_assert(!str_eq(token, token_of(&other, &period, STR(""), STR("e1"), value)));

    // Scope event: a retry is the same, another event is not, nor is another cut of the fields.
    str once = token_of(&key, &event, STR("a"), STR("bc"), value);
    ck_assert(str_eq(once, token_of(&key, &event, STR("a"), STR("bc"), value)));
    ck_assert(!str_eq(once, token_of(&key, &event, STR("ab"), STR("c"), value)));
    ck_assert(!str_eq(once, token));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("event_type", reads_a_declaration, has_defaults, refuses_with_a_pointer,
          finds_every_fault_at_once, tokens_and_counts_may_have_such_names, checks_values,
          checks_quantities, checks_texts, stores_times_as_declared, prints_tokens,
          makes_the_macs_that_openssl_makes, names_the_scope_of_a_key_by_the_local_month,
          codes_are_random_and_look_like_tokens)

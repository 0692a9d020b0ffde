// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/phi/claim.h"
#include "phial/util/array.h"
#include "phial/util/owned.h"

#include <string.h>

static struct arena arena;

// Surrogate tokens are made here, whether or not the declaration offers them.
static const struct event_type *declared(const char *text, bool surrogate)
{
    OWNED(json_release) json_t *root = NULL;
    struct faults faults = {.arena = &arena};
    ck_assert_ok(json_parse(str_from(text), &root));
    const struct event_type *type =
        event_type_parse((struct json_at){root, STR(""), &faults}, STR("t"));
    ck_assert_ptr_nonnull(type);
    struct event_type *copy = arena_new(&arena, struct event_type);
    struct property *properties = arena_array(&arena, struct property, type->property_count);
    memcpy(properties, type->properties, type->property_count * sizeof *properties);
    for (size_t i = 0; i < type->property_count; i++)
        properties[i].surrogate = surrogate && properties[i].type == PROPERTY_TOKEN;
    *copy = *type;
    copy->properties = properties;
    return copy;
}

#define HMAC "\"who\": {\"type\": \"token\"}"
#define PERIOD "\"who\": {\"type\": \"token\", \"scope\": \"period\"}"
#define EVENT "\"who\": {\"type\": \"token\", \"scope\": \"event\"}"

// The pointers of the limits that allow the least, and of all, apart by blanks.
static const struct {
    const char *document;
    bool surrogate;
    enum claim claim;
    const char *limits;
} cases[] = {
    {"{}", false, CLAIM_NO_PERSON, ""},
    {"{\"time_precision\": \"second\"}", false, CLAIM_NO_PERSON, ""},
    {"{\"properties\": {\"room\": {\"type\": \"code\"}}}", false, CLAIM_NO_PERSON, ""},
    {"{\"properties\": {\"region\": {\"type\": \"enum\", \"values\": [\"eu\", \"us\"]}}}", false,
     CLAIM_NO_PERSON, ""},
    {"{\"unknown_properties\": \"drop\"}", false, CLAIM_NO_PERSON, ""},
    {"{\"properties\": {" HMAC "}}", false, CLAIM_PSEUDONYMOUS, "/properties/who /time_precision"},
    {"{\"properties\": {" PERIOD "}}", false, CLAIM_PSEUDONYMOUS,
     "/properties/who /time_precision"},
    {"{\"properties\": {" EVENT "}}", false, CLAIM_PSEUDONYMOUS, "/properties/who /time_precision"},
    {"{\"properties\": {" HMAC "}}", true, CLAIM_LIMITED_DATA_SET,
     "/properties/who /time_precision"},
    {"{\"time_precision\": \"second\", \"properties\": {" HMAC "}}", true, CLAIM_LIMITED_DATA_SET,
     "/properties/who /time_precision"},
    {"{\"properties\": {" HMAC ", \"room\": {\"type\": \"code\"}, \"sales_region\": {\"type\": "
     "\"enum\", \"values\": [\"a\"]}}}",
     true, CLAIM_LIMITED_DATA_SET,
     "/properties/room /properties/sales_region /properties/who /time_precision"},
    {"{\"properties\": {" HMAC ", \"cache_age\": {\"type\": \"integer\"}}}", true,
     CLAIM_LIMITED_DATA_SET, "/properties/cache_age /properties/who /time_precision"},
    {"{\"properties\": {" HMAC ", \"cache_age\": {\"type\": \"integer\", \"max\": \"89\"}}}", true,
     CLAIM_LIMITED_DATA_SET, "/properties/who /time_precision"},
    {"{\"properties\": {\"room\": {\"type\": \"code\", \"detectors_off\": [\"us_ssn\"]}}}", false,
     CLAIM_PSEUDONYMOUS, "/properties/room"},
    {"{\"properties\": {\"room\": {\"type\": \"code\", \"detectors_off\": [\"birth_date\"]}}}",
     false, CLAIM_LIMITED_DATA_SET, "/properties/room"},
    {"{\"properties\": {\"v\": {\"type\": \"version\"}}}", false, CLAIM_NO_PERSON, ""},
    {"{\"properties\": {\"v\": {\"type\": \"version\", \"detectors_off\": [\"us_ssn\"]}}}", false,
     CLAIM_PSEUDONYMOUS, "/properties/v"},
    // no text is in it
    {"{\"properties\": {\"n\": {\"type\": \"integer\", \"detectors_off\": [\"us_ssn\"]}}}", false,
     CLAIM_NO_PERSON, ""},
    {"{\"plain_numbers\": [\"id\"]}", false, CLAIM_PSEUDONYMOUS, "/plain_numbers"},
    {"{\"plain_numbers\": [\"n\"], \"properties\": {\"n\": {\"type\": \"code\"}}}", false,
     CLAIM_PSEUDONYMOUS, "/properties/n"},
    {"{\"plain_numbers\": [\"id\"], \"properties\": {" HMAC "}}", true, CLAIM_PSEUDONYMOUS,
     "/properties/who /time_precision /plain_numbers"},
};

START_TEST(claims_no_more_than_every_declaration_allows)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct claim_made made =
            claim_make(&arena, declared(cases[i].document, cases[i].surrogate));
        struct buf limits = {.arena = &arena};
        enum claim least = CLAIM_NO_PERSON;
        for (size_t k = 0; k < made.limit_count; k++) {
            buf_add(&limits, k == 0 ? STR("") : STR(" "));
            buf_add(&limits, made.limits[k].pointer);
            least = made.limits[k].allows < least ? made.limits[k].allows : least;
        }
        ck_assert_msg(made.claim == cases[i].claim, "case %zu: %s", i,
                      claim_info(made.claim)->name);
        ck_assert_int_eq(made.claim, least);
        ck_assert_msg(str_eq(buf_str(&limits), str_from(cases[i].limits)), "case %zu: %" STR_FMT, i,
                      STR_ARG(buf_str(&limits)));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(says_what_it_assumes)
{
    static const struct {
        const char *document;
        size_t count; // one is of ids
    } rows[] = {
        {"{}", 1},
        {"{\"properties\": {\"room\": {\"type\": \"code\"}, \"v\": {\"type\": \"version\"}}}", 3},
        {"{\"properties\": {\"n\": {\"type\": \"integer\"}, \"d\": {\"type\": \"decimal\"}}}", 3},
        {"{\"properties\": {\"n\": {\"type\": \"integer\", \"max\": \"999999\"}, \"m\": {\"type\": "
         "\"integer\", \"max\": \"1000000\"}}}",
         2},
        {"{\"properties\": {\"e\": {\"type\": \"enum\", \"values\": [\"a\"]}}}", 1},
        {"{\"properties\": {\"e\": {\"type\": \"enum\", \"values\": [\"a\"], \"detectors_off\": "
         "[\"us_ssn\"]}}}",
         2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct claim_made made = claim_make(&arena, declared(rows[i].document, false));
        ck_assert_msg(made.assumption_count == rows[i].count, "case %zu", i);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(every_claim_has_its_source)
{
    for (int i = CLAIM_PSEUDONYMOUS; i <= CLAIM_NO_PERSON; i++) {
        ck_assert_ptr_nonnull(claim_info((enum claim)i)->means);
        ck_assert_ptr_nonnull(claim_info((enum claim)i)->source);
    }
}
END_TEST

TEST_MAIN("claim", claims_no_more_than_every_declaration_allows, says_what_it_assumes,
          every_claim_has_its_source)

// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/array.h"
#include "phial/util/owned.h"
#include "switches.h"

#define REF(type, off) \
    "{\"properties\": {\"ref\": {\"type\": \"" type "\", \"detectors_off\": [" off "]}}}"

static const struct {
    const char *before;
    const char *after;
    bool more;
} cases[] = {
    {"", "{}", false},
    {"", "{\"properties\": {\"ref\": {\"type\": \"code\"}}}", false},
    {"", REF("code", ""), false},
    {"", REF("code", "\"us_npi\""), true},
    {"{}", REF("code", "\"us_npi\""), true},
    {REF("code", "\"us_npi\""), REF("code", "\"us_npi\""), false},
    {REF("code", "\"us_npi\", \"us_ssn\""), REF("code", "\"us_ssn\""), false},
    {REF("code", "\"us_npi\""), REF("code", "\"us_npi\", \"us_ssn\""), true},
    {REF("code", "\"us_npi\""), REF("version", "\"us_npi\""), true},
    {REF("code", "\"us_npi\""), "{}", false},
    {"{\"properties\": {\"other\": {\"type\": \"code\", \"detectors_off\": [\"us_npi\"]}}}",
     REF("code", "\"us_npi\""), true},
};

START_TEST(notices_every_detector_more)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *after = NULL;
        bool more = !cases[i].more;
        ck_assert_ok(json_parse(str_from(cases[i].after), &after));
        ck_assert_ok(switches_more_off(str_from(cases[i].before), after, &more));
        ck_assert_msg(more == cases[i].more, "case %zu", i);
    }
}
END_TEST

TEST_MAIN("switches", notices_every_detector_more)

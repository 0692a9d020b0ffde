// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "prefer.h"

START_TEST(reads_what_rfc_7240_allows)
{
    static const struct {
        const char *header;
        bool represents;
    } cases[] = {
        {"return=representation", true},
        {"return=\"representation\"", true},
        {"Return = Representation", true},
        {"return=representation; foo=\"a,b\"", true},
        {"return=representation;", true},
        {"wait=10, return=representation", true},
        {"respond-async, wait=\"1,2\\\"\", , return=representation;x", true},
        {"handling=lenient;return=minimal,return=representation", true},
        {"", false},
        {"return", false},
        {"return=", false},
        {"return=minimal", false},
        {"return=minimal, return=representation", false}, // the first one holds
        {"return=representations", false},
        {"returns=representation", false},
        {"foo=\"return=representation\"", false},
        {"foo=\", return=representation", false},
        {"foo; return=representation", false},
        {"return=\"representation", false},
        {"return=\"", false},
        {"\"\\", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(prefer_representation(str_from(cases[i].header)) == cases[i].represents, "%s",
                      cases[i].header);
}
END_TEST

TEST_MAIN("api/prefer", reads_what_rfc_7240_allows)

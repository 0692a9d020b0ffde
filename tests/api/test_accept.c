// SPDX-License-Identifier: Apache-2.0
#include "accept.h"
#include "check_main.h"

static const enum media offered[] = {MEDIA_JSON, MEDIA_CSV, MEDIA_PDF, MEDIA_HTML, MEDIA_XML};

START_TEST(chooses_what_the_header_likes_better)
{
    static const struct {
        const char *header;
        enum media wanted;
    } cases[] = {
        {"", MEDIA_JSON},
        {"*/*", MEDIA_JSON},
        {"application/json", MEDIA_JSON},
        {"text/csv", MEDIA_CSV},
        {"text/*", MEDIA_CSV},
        {"text/csv, application/json", MEDIA_JSON},
        {"text/csv, application/json;q=0.9", MEDIA_CSV},
        {"text/csv;q=0.1,application/json;q=0.09", MEDIA_CSV},
        {"text/html, application/xhtml+xml, */*;q=0.8", MEDIA_HTML},
        {"image/png, */*;q=0.8", MEDIA_JSON},
        {"application/xml", MEDIA_XML},
        {"application/json;q=0, */*", MEDIA_CSV},
        {"application/json;q=0.000, text/csv;q=0", MEDIA_NONE},
        {"application/pdf", MEDIA_PDF},
        {"image/png", MEDIA_NONE},
        {"text/csv;header=present;q=0.5", MEDIA_CSV},
        {";;,,q=", MEDIA_NONE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(accept_media(str_from(cases[i].header), offered, COUNT_OF(offered)) ==
                          cases[i].wanted,
                      "case %zu", i);
}
END_TEST

TEST_MAIN("accept", chooses_what_the_header_likes_better)

// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

// What log_write writes to the standard error.
static void written(const struct log *log, enum log_level level, struct log_fields fields,
                    char *text, size_t size)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    log_write(log, level, "tried", fields);
    ck_assert_int_eq(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    (void)close(ends[1]);
    ssize_t got = read(ends[0], text, size - 1);
    ck_assert_int_ge(got, 0);
    text[got] = '\0';
    (void)close(ends[0]);
    (void)close(kept);
}

START_TEST(writes_one_json_object_a_line)
{
    struct log log = {LOG_INFO};
    char text[8192];
    written(&log, LOG_INFO,
            LOG_FIELDS(log_text("name", STR("a \"b\" \\ \x01 \xc3\xa9")), log_i64("n", -7)), text,
            sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "{\"time\":\"20"));
    ck_assert_ptr_nonnull(
        strstr(text, "Z\",\"level\":\"info\",\"event\":\"tried\",\"name\":\"a \\\"b\\\" \\\\ "
                     "\\u0001 \\u00c3\\u00a9\",\"n\":-7}\n"));
    ck_assert_uint_eq(strcspn(text, "\n"), strlen(text) - 1);
    written(&log, LOG_DEBUG, LOG_NOTHING, text, sizeof text);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(cuts_texts_that_are_too_long_and_ends_the_line)
{
    static char many[10000];
    struct log log = {LOG_DEBUG};
    char text[8192];
    memset(many, '\n', sizeof many);
    str all = {many, sizeof many};
    written(&log, LOG_WARN, LOG_FIELDS(log_text("a", all), log_text("b", all), log_i64("n", 1)),
            text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "\\u000a\",\"b\":\"\",\"n\":1}\n"));
}
END_TEST

TEST_MAIN("log", writes_one_json_object_a_line, cuts_texts_that_are_too_long_and_ends_the_line)

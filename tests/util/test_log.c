// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

// The standard error, led into a pipe from begin to end.
struct captured {
    int kept;
    int from;
};

static struct captured begin_capture(void)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct captured captured = {.kept = dup(STDERR_FILENO), .from = ends[0]};
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    (void)close(ends[1]);
    return captured;
}

static void end_capture(struct captured captured, char *text, size_t size)
{
    ck_assert_int_eq(dup2(captured.kept, STDERR_FILENO), STDERR_FILENO);
    (void)close(captured.kept);
    size_t len = 0;
    ssize_t got = 0;
    while ((got = read(captured.from, text + len, size - 1 - len)) > 0)
        len += (size_t)got;
    ck_assert_int_eq(got, 0);
    text[len] = '\0';
    (void)close(captured.from);
}

// What log_write writes to the standard error.
static void written(const struct log *log, enum log_level level, struct log_fields fields,
                    char *text, size_t size)
{
    struct captured captured = begin_capture();
    log_write(log, level, "tried", fields);
    end_capture(captured, text, size);
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

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (const char *at = strchr(text, '\n'); at != NULL; at = strchr(at + 1, '\n'))
        lines++;
    return lines;
}

START_TEST(collects_whole_lines_and_writes_them_when_told_or_full)
{
    struct log log = {LOG_INFO};
    struct log_lines lines = {.len = 0};
    static char long_text[1000];
    char text[16384];
    memset(long_text, 'x', sizeof long_text);

    struct captured captured = begin_capture();
    log_collect(&lines, &log, LOG_DEBUG, "tried", LOG_NOTHING);
    log_collect(&lines, &log, LOG_INFO, "tried", LOG_FIELDS(log_i64("n", 1)));
    end_capture(captured, text, sizeof text);
    ck_assert_str_eq(text, "");

    captured = begin_capture();
    log_flush(&lines);
    log_flush(&lines);
    end_capture(captured, text, sizeof text);
    ck_assert_uint_eq(count_lines(text), 1);
    ck_assert_ptr_nonnull(strstr(text, "\"event\":\"tried\",\"n\":1}\n"));

    captured = begin_capture();
    for (int i = 0; i < 5; i++) // the fourth has no room beside three
        log_collect(&lines, &log, LOG_INFO, "tried",
                    LOG_FIELDS(log_text("a", (str){long_text, sizeof long_text})));
    end_capture(captured, text, sizeof text);
    ck_assert_uint_eq(count_lines(text), 3);
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    captured = begin_capture();
    log_flush(&lines);
    end_capture(captured, text, sizeof text);
    ck_assert_uint_eq(count_lines(text), 2);
}
END_TEST

TEST_MAIN("log", writes_one_json_object_a_line, cuts_texts_that_are_too_long_and_ends_the_line,
          collects_whole_lines_and_writes_them_when_told_or_full)

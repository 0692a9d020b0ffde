// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"
#include "check_main.h"

#include <getopt.h>
#include <string.h>

enum { WORDS_MAX = 8 };

static bool read_line(const char *line, struct arguments *arguments)
{
    static char copy[256]; // the arguments point into it
    char *words[WORDS_MAX + 1] = {(char[]){"phiald"}};
    int count = 1;
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = copy; *word != '\0' && count < WORDS_MAX; count++) {
        words[count] = word;
        word += strcspn(word, " ");
        if (*word == ' ')
            *word++ = '\0';
    }
    optind = 0; // getopt begins anew
    return arguments_read(count, words, arguments);
}

START_TEST(reads_a_command_line)
{
    struct arguments read = {0};
    ck_assert(read_line("", &read));
    ck_assert_int_eq(read.mode, MODE_SERVE);
    ck_assert_int_eq(read.port, -1);
    ck_assert(read_line("--dev --data-dir /d --port 0 --test-clock", &read));
    ck_assert(read.dev && read.test_clock);
    ck_assert_str_eq(read.data_folder, "/d");
    ck_assert_int_eq(read.port, 0);
    ck_assert(read_line("--config=/c --check-config", &read));
    ck_assert_int_eq(read.mode, MODE_CHECK_CONFIG);
    ck_assert_str_eq(read.config_path, "/c");
    ck_assert(read_line("--print-sample-config", &read));
    ck_assert_str_eq(read.print, "sample-config");
}
END_TEST

START_TEST(refuses_what_makes_no_sense)
{
    static const char *const lines[] = {
        "--dev",      "--data-dir /d", "--port 65536", "--port -1", "--port",
        "--port 80x", "--nonsense",    "stray",        "--config",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct arguments read = {.port = 7};
        ck_assert_msg(!read_line(lines[i], &read), "%s", lines[i]);
        ck_assert_int_eq(read.port, 7);
    }
}
END_TEST

TEST_MAIN("arguments", reads_a_command_line, refuses_what_makes_no_sense)

// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(reads_what_it_wrote_and_replaces_it_whole)
{
    struct arena arena = {0};
    char folder[] = "/tmp/phial-file-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    const char *path = str_printf(&arena, "%s/a", folder).ptr;
    struct stat about = {0};
    str text = {0};
    ck_assert_ok(file_write(path, STR("first"), 0600));
    ck_assert_ok(file_write(path, STR("second, longer"), 0600));
    ck_assert_ok(file_read(&arena, path, 100, &text));
    ck_assert(str_eq(text, STR("second, longer")));
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq((int)(about.st_mode & 0777), 0600);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0); // nothing was left beside it
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_is_missing_or_too_large)
{
    struct arena arena = {0};
    str text = STR("untouched");
    ck_assert_fails(NOT_FOUND, file_read(&arena, "/nonexistent/file", 100, &text));
    ck_assert_fails(BODY_TOO_LARGE, file_read(&arena, "/proc/self/maps", 10, &text));
    ck_assert_fails(INTERNAL, file_write("/nonexistent/file", STR("x"), 0600));
    ck_assert(str_eq(text, STR("untouched")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("file", reads_what_it_wrote_and_replaces_it_whole, refuses_what_is_missing_or_too_large)

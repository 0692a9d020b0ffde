// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "folder_owner.h"
#include "phial/util/file.h"

#include <sys/stat.h>
#include <unistd.h>

// To the owner it has already: whether a folder is taken does not depend on being root.
static result take(struct arena *arena, const char *path)
{
    return folder_owner_set(arena, path, geteuid(), getegid());
}

START_TEST(takes_only_what_can_be_nobody_elses)
{
    struct arena arena = {0};
    char path[] = "/tmp/phial_owner_XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    ck_assert_ok(take(&arena, path)); // empty
    str file = str_printf(&arena, "%s/own.conf", path);
    ck_assert_ok(file_write(file.ptr, STR(""), 0600));
    ck_assert_fails(INTERNAL, take(&arena, path)); // somebody's file
    str folder = str_printf(&arena, "%s/letters", path);
    ck_assert_int_eq(mkdir(folder.ptr, 0700), 0);
    ck_assert_fails(INTERNAL, take(&arena, path)); // somebody's home, for all we know
    str lock = str_printf(&arena, "%s/phial.lock", path);
    ck_assert_ok(file_write(lock.ptr, STR(""), 0600));
    ck_assert_ok(take(&arena, path)); // ours

    ck_assert_fails(INTERNAL, take(&arena, "/"));
    ck_assert_fails(INTERNAL, take(&arena, "/tmp"));
    ck_assert_fails(INTERNAL, take(&arena, file.ptr));
    ck_assert_int_eq(unlink(lock.ptr) + unlink(file.ptr) + rmdir(folder.ptr) + rmdir(path), 0);
    arena_reset(&arena);
}
END_TEST

START_TEST(hands_over_what_root_left_and_no_more)
{
    if (geteuid() != 0)
        return; // only root can
    enum { NOBODY = 65534 };
    struct arena arena = {0};
    struct stat status;
    char path[] = "/tmp/phial_owner_XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    str lock = str_printf(&arena, "%s/phial.lock", path);
    str shared = str_printf(&arena, "%s/shared", path);
    str link_to = str_printf(&arena, "%s/link", path);
    str outside = str_printf(&arena, "%s.outside", path);
    ck_assert_ok(file_write(lock.ptr, STR(""), 0600));
    ck_assert_ok(file_write(outside.ptr, STR(""), 0600));
    ck_assert_int_eq(link(outside.ptr, shared.ptr), 0);
    ck_assert_int_eq(symlink(outside.ptr, link_to.ptr), 0);
    ck_assert_ok(folder_owner_set(&arena, path, NOBODY, NOBODY));
    ck_assert_int_eq(stat(lock.ptr, &status), 0);
    ck_assert_uint_eq(status.st_uid, NOBODY);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_uid, NOBODY);
    ck_assert_int_eq(stat(outside.ptr, &status), 0);
    ck_assert_uint_eq(status.st_uid, 0);
    ck_assert_int_eq(unlink(lock.ptr) + unlink(shared.ptr) + unlink(link_to.ptr) +
                         unlink(outside.ptr) + rmdir(path),
                     0);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("folder_owner", takes_only_what_can_be_nobody_elses,
          hands_over_what_root_left_and_no_more)

// SPDX-License-Identifier: Apache-2.0
#include "verify_archive.h"
#include "verify_fixture.h"

#include <fcntl.h>

START_TEST(refuses_members_that_do_not_belong)
{
    static const struct {
        const char *name;
        enum member member;
        const char *sentence;
    } cases[] = {
        {"extra.txt", MEMBER_FILE, "holds 'extra.txt', which SHA256SUMS lacks."},
        {"manifest.json", MEMBER_FILE, "holds 'manifest.json' twice."},
        {"../outside", MEMBER_FILE, "'../outside', which is no plain regular file."},
        {"/etc/passwd", MEMBER_FILE, "which is no plain regular file."},
        {"in/../out", MEMBER_FILE, "which is no plain regular file."},
        {"two words", MEMBER_FILE, "which is no plain regular file."},
        {"a\033[2Jb", MEMBER_FILE, "'a?[2Jb', which is no plain regular file."},
        {"invoices", MEMBER_FOLDER, "which is no plain regular file."},
        {"link", MEMBER_SYMLINK, "which is no plain regular file."},
        {"again", MEMBER_HARDLINK, "which is no plain regular file."},
    };
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    const char *path = scratch(&built.arena, "extra.tar");
    const char *key = key_file(&built);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        tar_build(&built, path, cases[i].name, cases[i].member);
        struct outcome outcome = verify_files_at(&built, path, key, NULL);
        expect(&outcome, cases[i].sentence);
    }
    (void)unlink(path);
    (void)unlink(key);
    built_release(&built);
}
END_TEST

START_TEST(takes_further_files_that_the_sums_list)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    put_file(&built, "invoices/2026-000001.pdf", STR("%PDF-1.7"));
    sums_build(&built);
    struct outcome outcome = verify_built(&built);
    ck_assert_str_eq(outcome.text, "");
    built_release(&built);
}
END_TEST

START_TEST(refuses_a_tar_that_is_cut_or_goes_on)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    const char *path = scratch(&built.arena, "cut.tar");
    const char *key = key_file(&built);
    str genuine = {0};
    tar_build(&built, path, NULL, MEMBER_FILE);
    ck_assert_ok(file_read(&built.arena, path, (size_t)1 << 20, &genuine));
    size_t end = genuine.len;
    while (genuine.ptr[end - 1] == '\0')
        end--;
    end = (end + 511) / 512 * 512; // behind the last file's block
    const size_t cuts[] = {0, 1, 511, 512, 700, end / 2, end - 512, end, end + 512, end + 1023};
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        write_file(path, str_slice(genuine, 0, cuts[i]));
        struct outcome outcome = verify_files_at(&built, path, key, NULL);
        ck_assert_msg(outcome.verification.faults > 0, "cut at %zu", cuts[i]);
    }
    struct buf longer = {.arena = &built.arena};
    buf_add(&longer, genuine);
    buf_add(&longer, genuine);
    write_file(path, buf_str(&longer));
    struct outcome outcome = verify_files_at(&built, path, key, NULL);
    expect(&outcome, "The archive is cut off, or something follows its end.");
    write_file(path, str_slice(genuine, 0, end + 1024));
    outcome = verify_files_at(&built, path, key, NULL);
    ck_assert_str_eq(outcome.text, "");
    (void)unlink(path);
    (void)unlink(key);
    built_release(&built);
}
END_TEST

static str tar_text(struct built *built, const char *path)
{
    str text = {0};
    tar_build(built, path, NULL, MEMBER_FILE);
    ck_assert_ok(file_read(&built->arena, path, (size_t)1 << 20, &text));
    return text;
}

// Whether the archive is refused; its walk alone costs little, and is the first step of the rest.
static bool is_refused(const char *path, const char *key)
{
    struct arena arena = {0};
    struct archive_files files = {0};
    struct verification verification = {0};
    FILE *out = fopen("/dev/null", "we");
    struct report report = {.out = out, .about = ""};
    ck_assert_ptr_nonnull(out);
    ck_assert_ok(archive_files_read(&arena, path, &report, &files));
    if (report.faults == 0)
        ck_assert_ok(verify_export(&arena, path, key, NULL, out, &verification));
    (void)fclose(out);
    arena_reset(&arena);
    return report.faults + verification.faults > 0;
}

// The sums cover what the files hold; nothing around them may change either.
START_TEST(refuses_one_bit_changed_anywhere)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, (struct range){15, 16, 16, 0});
    const char *path = scratch(&built.arena, "bit.tar");
    const char *key = key_file(&built);
    str genuine = tar_text(&built, path);
    ck_assert(!is_refused(path, key));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    for (size_t at = 0; at < genuine.len; at++) {
        char changed = (char)(genuine.ptr[at] ^ 1 << at % 8);
        ck_assert_int_eq(pwrite(fd, &changed, 1, (off_t)at), 1);
        ck_assert_msg(is_refused(path, key), "bit %zu of byte %zu", at % 8, at);
        ck_assert_int_eq(pwrite(fd, &genuine.ptr[at], 1, (off_t)at), 1);
    }
    ck_assert(!is_refused(path, key));
    (void)close(fd);
    (void)unlink(path);
    (void)unlink(key);
    built_release(&built);
}
END_TEST

// The first header with some bytes replaced, and its checksum right again.
static str with_header(struct built *built, str genuine, size_t at, str bytes)
{
    char *changed = arena_array(&built->arena, char, genuine.len);
    unsigned sum = 0;
    memcpy(changed, genuine.ptr, genuine.len);
    memset(changed + 148, ' ', 8);
    memcpy(changed + at, bytes.ptr, bytes.len);
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)changed[i];
    if (at != 148)
        memcpy(changed + 148, str_printf(&built->arena, "%06o", sum).ptr, 7);
    return (str){changed, genuine.len};
}

START_TEST(takes_headers_as_tar_programs_write_them)
{
    static const struct {
        size_t at;
        str bytes;
        const char *sentence; // NULL: verified
    } cases[] = {
        {100, {"0000755", 8}, NULL},
        {100, {"000644 ", 8}, NULL},
        {108, {"0001750", 8}, NULL},
        {136, {"15172634057", 12}, NULL},
        {265, {"root", 5}, NULL},
        {297, {"wheel", 6}, NULL},
        {329, {"0000000", 8}, NULL},
        {329, {"\0\0\0\0\0\0\0", 8}, NULL},
        {100, {"0000844", 8}, "is not as ustar has it."},
        {100, {"00006441", 8}, "is not as ustar has it."},
        {116, {"\x80\0\0\0\0\0\1\0", 8}, "is not as ustar has it."},
        {136, {"1 1", 3}, "is not as ustar has it."},
        {265, {"root\0x", 6}, "is not as ustar has it."},
        {265, {"\n", 1}, "is not as ustar has it."},
        {500, {"x", 1}, "is not as ustar has it."},
        {124, {"\x80", 1}, "The archive is no whole POSIX tar."},
        {124, {"77777777777", 12}, "The archive is cut off inside"},
        {148, {"0000000", 8}, "The archive is no whole POSIX tar."},
        {257, {"ustar  ", 8}, "The archive is no whole POSIX tar."},
        {156, {"\0", 1}, "which is no plain regular file."},
        {156, {"S", 1}, "which is no plain regular file."},
        {156, {"x", 1}, "which is no plain regular file."},
        {156, {"L", 1}, "which is no plain regular file."},
        {157, {"x", 1}, "which is no plain regular file."},
        {345, {"x", 1}, "which is no plain regular file."},
        {99, {"x", 1}, "which is no plain regular file."},
    };
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    const char *path = scratch(&built.arena, "header.tar");
    const char *key = key_file(&built);
    str genuine = tar_text(&built, path);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        write_file(path, with_header(&built, genuine, cases[i].at, cases[i].bytes));
        struct outcome outcome = verify_files_at(&built, path, key, NULL);
        if (cases[i].sentence == NULL)
            ck_assert_msg(outcome.verification.faults == 0, "%zu: %s", i, outcome.text);
        else
            expect(&outcome, cases[i].sentence);
    }
    (void)unlink(path);
    (void)unlink(key);
    built_release(&built);
}
END_TEST

// A record is twenty blocks: libarchive stops at the second block of zeros, others fill it up.
START_TEST(takes_an_end_of_two_blocks_or_a_whole_record)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    const char *path = scratch(&built.arena, "end.tar");
    const char *key = key_file(&built);
    str genuine = tar_text(&built, path);
    size_t end = genuine.len;
    while (genuine.ptr[end - 1] == '\0')
        end--;
    end = (end + 511) / 512 * 512;
    size_t record = (end + 1024 + 10239) / 10240 * 10240;
    char *longer = arena_array(&built.arena, char, record + 10240);
    memcpy(longer, genuine.ptr, end);
    for (size_t len = end; len <= record + 10240; len += 512) {
        write_file(path, (str){longer, len});
        struct outcome outcome = verify_files_at(&built, path, key, NULL);
        bool right = len == end + 1024 || len == record;
        ck_assert_msg((outcome.verification.faults == 0) == right, "%zu of %zu: %s", len, record,
                      outcome.text);
    }
    longer[record - 1] = 1;
    write_file(path, (str){longer, record});
    struct outcome outcome = verify_files_at(&built, path, key, NULL);
    expect(&outcome, "The archive is cut off, or something follows its end.");
    (void)unlink(path);
    (void)unlink(key);
    built_release(&built);
}
END_TEST

TEST_MAIN("verify_archive", refuses_members_that_do_not_belong,
          takes_further_files_that_the_sums_list, refuses_a_tar_that_is_cut_or_goes_on,
          refuses_one_bit_changed_anywhere, takes_headers_as_tar_programs_write_them,
          takes_an_end_of_two_blocks_or_a_whole_record)

// SPDX-License-Identifier: Apache-2.0
#include "folder.h"
#include "log.h"
#include "phial/ledger/signer.h"
#include "phial/merkle/note.h"
#include "phial/util/buf.h"
#include "phial/util/file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct signing {
    struct signer *signer;
    int64_t customer_id;
    str customer;
    str note;
    int64_t size;
    sha256 root;
};

static result sign(struct db_tx *tx, void *context)
{
    struct signing *signing = context;
    return signer_checkpoint(signing->signer, tx, signing->customer_id, signing->customer,
                             &signing->note, &signing->size, &signing->root);
}

static result check(struct db_tx *tx, void *context)
{
    return signer_check(context, tx);
}

// Lets an older backup stand in: the head as it was, and without the guards, as a superuser could.
static const struct db_stmt shrink_sql = {
    "shrink",
    "UPDATE ledger_head SET size = 1, nodes = substr(nodes, 1, 32) WHERE customer_id = $1", 1};
static const struct db_stmt rewrite_sql = {
    "rewrite",
    "UPDATE ledger_head SET nodes = overlay(nodes PLACING '\\x00'::bytea FROM 1) "
    "WHERE customer_id = $1",
    1};
static const struct db_stmt forget_sql = {
    "forget", "UPDATE customer SET key = key || '-gone' WHERE customer_id = $1", 1};

struct tampering {
    const struct db_stmt *stmt;
    int64_t customer_id;
};

static result tamper_work(struct db_tx *tx, void *context)
{
    struct tampering *tampering = context;
    return db_exec(tx, tampering->stmt, PARAMS(db_i64(tampering->customer_id)));
}

static void tamper(const struct db_stmt *stmt, int64_t customer_id)
{
    struct arena arena = {0};
    struct db *owner = test_database_owner();
    struct tampering tampering = {stmt, customer_id};
    ck_assert_ok(db_transact(owner, &arena, tamper_work, &tampering));
    db_close(owner);
    arena_reset(&arena);
}

START_TEST(signs_what_the_log_holds)
{
    struct arena arena = {0};
    struct folder folder = folder_make();
    struct db *db = test_database();
    struct signing signing = {.signer = open_signer(&folder), .customer = STR("signed")};
    signing.customer_id = log_make(db, signing.customer);
    for (int size = 0; size < 4; size++) {
        if (size != 0)
            log_fill(db, signing.customer_id, signing.customer, size - 1, size);
        for (int again = 0; again < 2; again++) {
            ck_assert_ok(db_transact(db, &arena, sign, &signing));
            str body = {0};
            str signature = {0};
            struct checkpoint checkpoint = {0};
            ck_assert_ok(note_open(&arena, signing.note, STR("phial.test/ledger/signed"),
                                   signer_public(signing.signer), &body, &signature));
            ck_assert_ok(checkpoint_parse(&arena, body, &checkpoint));
            ck_assert_uint_eq(checkpoint.size, (uint64_t)size);
            ck_assert_int_eq(signing.size, size);
            ck_assert_mem_eq(checkpoint.root.bytes, signing.root.bytes, SHA256_BYTES);
        }
    }
    str state = {0};
    ck_assert_ok(file_read(&arena, folder.state, 4096, &state));
    size_t lines = 0;
    for (size_t i = 0; i < state.len; i++)
        lines += state.ptr[i] == '\n';
    ck_assert_uint_eq(lines, 4); // the same head is not written twice
    ck_assert_ok(db_transact(db, &arena, check, signing.signer));
    signer_close(signing.signer);
    db_close(db);
    folder_remove(&folder);
    arena_reset(&arena);
}
END_TEST

static void refuses_after(const struct db_stmt *stmt, str customer)
{
    struct arena arena = {0};
    struct folder folder = folder_make();
    struct db *db = test_database();
    struct signing signing = {.signer = open_signer(&folder), .customer = customer};
    signing.customer_id = log_make(db, customer);
    log_fill(db, signing.customer_id, customer, 0, 3);
    ck_assert_ok(db_transact(db, &arena, sign, &signing));

    tamper(stmt, signing.customer_id);
    ck_assert_fails(HEAD_REFUSED, db_transact(db, &arena, check, signing.signer));
    if (stmt != &forget_sql)
        ck_assert_fails(HEAD_REFUSED, db_transact(db, &arena, sign, &signing));
    signer_close(signing.signer);

    signing.signer = open_signer(&folder); // the file remembers
    ck_assert_fails(HEAD_REFUSED, db_transact(db, &arena, check, signing.signer));
    signer_close(signing.signer);
    db_close(db);
    folder_remove(&folder);
    arena_reset(&arena);
}

START_TEST(refuses_a_database_that_holds_less_or_other)
{
    refuses_after(&shrink_sql, STR("shrunk"));
    refuses_after(&rewrite_sql, STR("rewritten"));
    refuses_after(&forget_sql, STR("forgotten"));
}
END_TEST

START_TEST(two_daemons_share_what_they_signed)
{
    struct arena arena = {0};
    struct folder folder = folder_make();
    struct db *db = test_database();
    struct signing one = {.signer = open_signer(&folder), .customer = STR("shared")};
    struct signing two = {.signer = open_signer(&folder), .customer = one.customer};
    one.customer_id = two.customer_id = log_make(db, one.customer);
    ck_assert_mem_eq(signer_public(one.signer), signer_public(two.signer), ED25519_PUBLIC_BYTES);
    for (int i = 0; i < 4; i++) {
        log_fill(db, one.customer_id, one.customer, i, i + 1);
        ck_assert_ok(db_transact(db, &arena, sign, i % 2 == 0 ? &one : &two));
    }
    tamper(&shrink_sql, one.customer_id);
    ck_assert_fails(HEAD_REFUSED, db_transact(db, &arena, sign, &one)); // two signed the last head
    signer_close(one.signer);
    signer_close(two.signer);
    db_close(db);
    folder_remove(&folder);
    arena_reset(&arena);
}
END_TEST

static void append_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "ae");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(takes_off_a_cut_line_and_refuses_a_damaged_one)
{
    static const char zero[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    struct arena arena = {0};
    struct folder folder = folder_make();
    char line[256];
    (void)snprintf(line, sizeof line, "v1 other/ledger/a 1 %s\n", zero);
    append_text(folder.state, line);
    append_text(folder.state, "v1 other/ledger/b 7 AAAA"); // the power went
    signer_close(open_signer(&folder));
    str state = {0};
    ck_assert_ok(file_read(&arena, folder.state, 4096, &state));
    ck_assert_str_eq(str_to_c(&arena, state), line);

    static const char *const damaged[] = {
        "v1 other/ledger/a 2 AAAA\n", "v2 other/ledger/a 2 x\n", "\n",
        "v1 other/ledger/a -1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "v1 other/ledger/a 1 BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"};
    for (size_t i = 0; i < COUNT_OF(damaged); i++) {
        ck_assert_ok(file_write(folder.state, str_from(line), 0600));
        append_text(folder.state, damaged[i]);
        struct signer *signer = NULL;
        ck_assert_fails(HEAD_REFUSED, try_open(&folder, &signer));
        ck_assert_ptr_null(signer);
    }
    folder_remove(&folder);
    arena_reset(&arena);
}
END_TEST

START_TEST(compacts_a_file_that_grew)
{
    struct arena arena = {0};
    struct folder folder = folder_make();
    struct signer *first = open_signer(&folder);
    struct buf lines = {.arena = &arena};
    for (int i = 1; i <= 2000; i++)
        buf_addf(&lines, "v1 other/ledger/a %d AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", i);
    append_text(folder.state, str_to_c(&arena, buf_str(&lines)));
    struct signer *second = open_signer(&folder);
    struct stat status;
    ck_assert_int_eq(stat(folder.state, &status), 0);
    ck_assert_int_lt(status.st_size, 200);

    // The one that had the old file open goes over to the new one.
    struct db *db = test_database();
    struct signing signing = {.signer = first, .customer = STR("compacted")};
    signing.customer_id = log_make(db, signing.customer);
    ck_assert_ok(db_transact(db, &arena, sign, &signing));
    str state = {0};
    ck_assert_ok(file_read(&arena, folder.state, 4096, &state));
    ck_assert(str_starts_with(state, STR("v1 other/ledger/a 2000 ")));
    ck_assert_ptr_nonnull(strstr(str_to_c(&arena, state), "phial.test/ledger/compacted 0 "));
    db_close(db);
    signer_close(first);
    signer_close(second);
    folder_remove(&folder);
    arena_reset(&arena);
}
END_TEST

// A bound on the file's size stands in for the disk.
START_TEST(signs_nothing_while_the_disk_is_full)
{
    struct arena arena = {0};
    struct folder folder = folder_make();
    struct db *db = test_database();
    struct signing signing = {.signer = open_signer(&folder), .customer = STR("full")};
    signing.customer_id = log_make(db, signing.customer);
    log_fill(db, signing.customer_id, signing.customer, 0, 1);
    struct rlimit before = {0};
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 10, .rlim_max = before.rlim_max}; // part of a line
    (void)sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    result full = db_transact(db, &arena, sign, &signing);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_fails(SIGNER_AWAY, full);
    ck_assert_uint_eq(signing.note.len, 0);

    ck_assert_ok(db_transact(db, &arena, sign, &signing));
    signer_close(signing.signer);
    signing.signer = open_signer(&folder); // the file is whole
    ck_assert_ok(db_transact(db, &arena, check, signing.signer));
    signer_close(signing.signer);
    db_close(db);
    folder_remove(&folder);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ledger signer", signs_what_the_log_holds, refuses_a_database_that_holds_less_or_other,
          two_daemons_share_what_they_signed, takes_off_a_cut_line_and_refuses_a_damaged_one,
          compacts_a_file_that_grew, signs_nothing_while_the_disk_is_full)

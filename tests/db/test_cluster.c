// SPDX-License-Identifier: Apache-2.0
// The private cluster, for real: made, killed, adopted. PostgreSQL refuses to run as root, so the
// program becomes nobody first.
#include "check_main.h"
#include "phial/db/cluster.h"
#include "phial/db/db.h"
#include "phial/util/file.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Long enough that its socket cannot lie inside.
static const char *folder_path(void)
{
    static char path[256];
    if (path[0] != '\0')
        return path;
    const struct passwd *nobody = getpwnam("nobody");
    ck_assert_ptr_nonnull(nobody);
    (void)snprintf(path, sizeof path, "/tmp/phial_cluster_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(path, nobody->pw_uid, nobody->pw_gid), 0);
        ck_assert_int_eq(setgroups(0, NULL), 0);
        ck_assert_int_eq(setresgid(nobody->pw_gid, nobody->pw_gid, nobody->pw_gid), 0);
        ck_assert_int_eq(setresuid(nobody->pw_uid, nobody->pw_uid, nobody->pw_uid), 0);
    }
    return path;
}

static pid_t server_pid(const char *folder)
{
    struct arena arena = {0};
    str text = {0};
    str line = {0};
    int64_t pid = 0;
    str path = str_printf(&arena, "%s/cluster/postmaster.pid", folder);
    ck_assert_ok(file_read(&arena, path.ptr, 4096, &text));
    ck_assert(str_cut(text, '\n', &line, &text));
    ck_assert(str_to_i64(line, &pid));
    arena_reset(&arena);
    return (pid_t)pid;
}

static void assert_answers(const struct cluster *cluster)
{
    struct db *db = db_open(&(struct db_options){.url = cluster_url(cluster)});
    ck_assert_ok(db_ping(db));
    db_close(db);
}

static bool comes_back(struct cluster *cluster)
{
    for (int i = 0; i < 300; i++) {
        if (cluster_watch(cluster))
            return true;
        (void)usleep(100000);
    }
    return false;
}

START_TEST(makes_a_cluster_and_starts_it_again_when_it_dies)
{
    struct arena arena = {0};
    struct cluster *cluster = NULL;
    const char *folder = folder_path();
    ck_assert_ok(cluster_start(&arena, folder, &cluster));
    assert_answers(cluster);
    ck_assert(cluster_watch(cluster));
    ck_assert(str_starts_with(str_from(cluster_url(cluster)), STR("postgresql://")));

    ck_assert_int_eq(kill(server_pid(folder), SIGKILL), 0);
    while (cluster_watch(cluster)) // its end is seen
        (void)usleep(10000);
    ck_assert(comes_back(cluster));
    assert_answers(cluster);
    cluster_stop(cluster);
    arena_reset(&arena);
}
END_TEST

// A smart shutdown waits for connections that are open, and takes no new ones.
START_TEST(a_server_that_somebody_shuts_down_is_started_again)
{
    struct arena arena = {0};
    struct cluster *cluster = NULL;
    const char *folder = folder_path();
    ck_assert_ok(cluster_start(&arena, folder, &cluster));
    struct db *open = db_open(&(struct db_options){.url = cluster_url(cluster)});
    ck_assert_ok(db_ping(open));

    pid_t first = server_pid(folder);
    ck_assert_int_eq(kill(first, SIGTERM), 0);
    while (cluster_watch(cluster)) // its end is seen, though a connection is open
        (void)usleep(10000);
    ck_assert(comes_back(cluster));
    ck_assert_int_ne(server_pid(folder), first);
    assert_answers(cluster);
    db_close(open);
    cluster_stop(cluster);
    arena_reset(&arena);
}
END_TEST

// A daemon that is killed leaves its server behind.
static void start_and_die(const char *folder)
{
    pid_t daemon = fork();
    ck_assert_int_ge(daemon, 0);
    if (daemon == 0) {
        struct arena arena = {0};
        struct cluster *cluster = NULL;
        _exit(failed(cluster_start(&arena, folder, &cluster)) ? 1 : 0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(daemon, &status, 0), daemon);
    ck_assert_int_eq(status, 0);
}

START_TEST(adopts_the_server_that_a_killed_daemon_left)
{
    struct arena arena = {0};
    struct cluster *cluster = NULL;
    const char *folder = folder_path();
    start_and_die(folder);
    pid_t left = server_pid(folder);
    ck_assert_ok(cluster_start(&arena, folder, &cluster));
    ck_assert_int_eq(server_pid(folder), left);
    assert_answers(cluster);

    ck_assert_int_eq(kill(left, SIGKILL), 0); // adopted, and watched all the same
    while (cluster_watch(cluster))
        (void)usleep(10000);
    ck_assert(comes_back(cluster));
    ck_assert_int_ne(server_pid(folder), left);
    pid_t last = server_pid(folder);
    cluster_stop(cluster);
    ck_assert_int_ne(kill(last, 0), 0);
    arena_reset(&arena);
}
END_TEST

START_TEST(a_record_whose_number_went_to_another_process_does_not_hinder)
{
    struct arena arena = {0};
    struct cluster *cluster = NULL;
    const char *folder = folder_path();
    pid_t other = fork();
    ck_assert_int_ge(other, 0);
    if (other == 0) {
        (void)pause();
        _exit(0);
    }
    str path = str_printf(&arena, "%s/cluster/postmaster.pid", folder);
    str record =
        str_printf(&arena, "%ld\n%s/cluster\n1\n5432\n\n\n  0  0\nready\n", (long)other, folder);
    ck_assert_ok(file_write(path.ptr, record, 0600));
    ck_assert_ok(cluster_start(&arena, folder, &cluster));
    assert_answers(cluster);
    ck_assert_int_eq(kill(other, 0), 0); // nor is it harmed
    cluster_stop(cluster);
    ck_assert_int_eq(kill(other, SIGKILL), 0);
    ck_assert_int_eq(waitpid(other, NULL, 0), other);
    arena_reset(&arena);
}
END_TEST

START_TEST(a_long_path_has_its_socket_elsewhere)
{
    struct arena arena = {0};
    struct cluster *cluster = NULL;
    str folder = str_printf(&arena, "%s/%080d, with a blank", folder_path(), 0);
    ck_assert_int_eq(mkdir(folder.ptr, 0700), 0);
    ck_assert_ok(cluster_start(&arena, folder.ptr, &cluster));
    assert_answers(cluster);
    ck_assert_ptr_nonnull(strstr(cluster_url(cluster), "%2Ftmp%2Fphial-"));
    cluster_stop(cluster);
    ck_assert_fails(INTERNAL, cluster_start(&arena, "/nonexistent", &cluster));
    arena_reset(&arena);
}
END_TEST

START_TEST(leaves_nothing)
{
    struct arena arena = {0};
    str command = str_printf(&arena, "rm -r %s", folder_path());
    ck_assert_int_eq(system(command.ptr), 0); // NOLINT(cert-env33-c): a test's own command
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("cluster", makes_a_cluster_and_starts_it_again_when_it_dies,
          a_server_that_somebody_shuts_down_is_started_again,
          adopts_the_server_that_a_killed_daemon_left,
          a_record_whose_number_went_to_another_process_does_not_hinder,
          a_long_path_has_its_socket_elsewhere, leaves_nothing)

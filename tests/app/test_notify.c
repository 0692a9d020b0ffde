// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "notify.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

START_TEST(tells_who_asked)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char said[32] = {0};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/tmp/phial_notify_%ld",
                   (long)getpid());
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    notify("READY=1");
    ck_assert_int_eq(recv(fd, said, sizeof said, MSG_DONTWAIT), (ssize_t)strlen("READY=1"));
    ck_assert_str_eq(said, "READY=1");
    (void)close(fd);
    (void)unlink(address.sun_path);
    notify("STOPPING=1"); // nobody listens, and nothing happens
    ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
    notify("READY=1");
}
END_TEST

TEST_MAIN("notify", tells_who_asked)

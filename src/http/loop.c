// SPDX-License-Identifier: Apache-2.0
// loop.c - the thread that libmicrohttpd runs on. What would cost every request a system call is
// done once a pass: resuming what was answered, writing the log, wiping the stack.
#include "phial/util/array.h"
#include "phial/util/wipe.h"
#include "server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

void loop_wake(struct http_server *server)
{
    (void)!write(server->loop.wake, &(uint64_t){1}, sizeof(uint64_t));
}

static int timeout_ms(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG left_ms = 0;
    if (MHD_get_timeout(daemon, &left_ms) != MHD_YES)
        return -1;
    return left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

static void end_pass(struct http_server *server)
{
    log_flush(&server->loop.lines);
    if (server->loop.stack_used)
        wipe_stack();
    server->loop.stack_used = false;
}

static void await_work(struct http_server *server, int connections)
{
    struct pollfd polled[] = {{.fd = server->loop.wake, .events = POLLIN},
                              {.fd = connections, .events = POLLIN}};
    (void)poll(polled, COUNT_OF(polled), timeout_ms(server->daemon));
    if ((polled[0].revents & POLLIN) != 0)
        (void)!read(server->loop.wake, &(uint64_t){0}, sizeof(uint64_t));
}

static void *run(void *argument)
{
    struct http_server *server = argument;
    int connections = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    bool quiet = false; // takes no new connections any more
    while (!server->loop.ends) {
        bool draining = server->draining;
        if (draining && !quiet)
            (void)MHD_quiesce_daemon(server->daemon);
        quiet = draining;
        jobs_resume_answered(server);
        (void)MHD_run(server->daemon);
        end_pass(server);
        await_work(server, connections);
    }
    return NULL;
}

result loop_start(struct http_server *server)
{
    server->loop.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->loop.wake < 0)
        return FAIL(INTERNAL, "no eventfd");
    if (pthread_create(&server->loop.thread, NULL, run, server) != 0)
        return FAIL(INTERNAL, "cannot start a thread");
    server->loop.running = true;
    return OK;
}

void loop_stop(struct http_server *server)
{
    if (server->loop.running) {
        server->loop.ends = true;
        loop_wake(server);
        (void)pthread_join(server->loop.thread, NULL);
        server->loop.running = false;
    }
    if (server->loop.wake >= 0)
        (void)close(server->loop.wake);
    server->loop.wake = -1;
}

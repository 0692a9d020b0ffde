// SPDX-License-Identifier: Apache-2.0
// watch.c - ends requests that take too long to arrive or to begin, and reads the rest of what
// refused clients send.
#include "guard.h"
#include "phial/util/elapsed.h"
#include "phial/util/lock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DROPPED_BYTES_MAX = 1 << 20 };

// A request that is being served stops the times: its client can do nothing about them.
static result check_times(struct guard *guard, int64_t now_us)
{
    const struct http_limits *limits = guard->guards->limits;
    int64_t passed_us = now_us - guard->since_us;
    if (guard->under_way != 0 || guard->phase == FRAMING_IDLE)
        return OK;
    if (guard->phase == FRAMING_HEAD)
        return passed_us <= limits->head_us
                   ? OK
                   : FAIL(REQUEST_TIMEOUT, "The headers took too long to arrive.");
    if (passed_us <= limits->body_window_us)
        return OK;
    if (guard->window_bytes < limits->body_window_bytes)
        return FAIL(REQUEST_TIMEOUT, "The body arrives too slowly.");
    guard->since_us = now_us;
    guard->window_bytes = 0;
    return OK;
}

// Who connects has something to say. An idle connection that has been used is libmicrohttpd's.
static bool has_nothing_to_say(const struct guard *guard, int64_t now_us)
{
    return !guard->spoken && !guard->leaving &&
           now_us - guard->since_us > guard->guards->limits->head_us;
}

static void check_all_times(struct guards *guards)
{
    int64_t now_us = elapsed_us();
    for (struct guard *guard = guards->first; guard != NULL; guard = guard->next) {
        if (failed(guard->refused))
            continue;
        if (has_nothing_to_say(guard, now_us))
            guard_end(guard);
        guard->refused = check_times(guard, now_us);
        if (failed(guard->refused))
            (void)shutdown(guard->fd, SHUT_RD); // wakes the loop, which then asks the guard
    }
}

// False when the client has ended too, or everything else that makes waiting pointless.
static bool drop_bytes(const struct lingering *lingering, int64_t now_us)
{
    ssize_t got = recv(lingering->fd, NULL, DROPPED_BYTES_MAX, MSG_DONTWAIT | MSG_TRUNC);
    return (got > 0 || (got < 0 && errno == EAGAIN)) && now_us < lingering->until_us;
}

static void drop_all_bytes(struct guards *guards)
{
    int64_t now_us = elapsed_us();
    size_t kept = 0;
    for (size_t i = 0; i < guards->lingering_count; i++) {
        if (drop_bytes(&guards->lingering[i], now_us))
            guards->lingering[kept++] = guards->lingering[i];
        else
            (void)close(guards->lingering[i].fd);
    }
    guards->lingering_count = kept;
}

void *guards_watch(void *argument)
{
    struct guards *guards = argument;
    struct pollfd polled[LINGERING_MAX + 1];
    int64_t checked_us = elapsed_us();
    while (true) {
        size_t count = 0;
        polled[count++] = (struct pollfd){.fd = guards->wake, .events = POLLIN};
        {
            HOLD(&guards->lock);
            if (guards->stopping)
                return NULL;
            for (size_t i = 0; i < guards->lingering_count; i++)
                polled[count++] = (struct pollfd){.fd = guards->lingering[i].fd, .events = POLLIN};
        }
        (void)poll(polled, count, (int)(guards->limits->tick_us / 1000));
        if ((polled[0].revents & POLLIN) != 0)
            (void)!read(guards->wake, &(uint64_t){0}, sizeof(uint64_t));

        HOLD(&guards->lock);
        drop_all_bytes(guards);
        if (elapsed_us() - checked_us >= guards->limits->tick_us) {
            check_all_times(guards);
            checked_us = elapsed_us();
        }
    }
}

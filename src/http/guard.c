// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include "phial/crypto/crypto.h"
#include "phial/util/elapsed.h"
#include "phial/util/lock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GUARDED_FDS_MAX = 1 << 17, REQUEST_ID_LEN = 36 };

// libmicrohttpd's calls of recv arrive here with nothing but a descriptor, so what belongs to a
// descriptor has to be found without being handed in: the one mutable table at file scope. An
// entry is set and cleared by the loop thread that owns the connection.
static _Atomic(struct guard *) guarded[GUARDED_FDS_MAX];

// The linker leads libmicrohttpd's calls to these (--wrap, see src/CMakeLists.txt).
ssize_t real_recv(int fd, void *bytes, size_t len, int flags) __asm__("__real_recv");
ssize_t guard_recv(int fd, void *bytes, size_t len, int flags) __asm__("__wrap_recv");
ssize_t real_tls_recv(gnutls_session_t tls, void *bytes,
                      size_t len) __asm__("__real_gnutls_record_recv");
ssize_t guard_tls_recv(gnutls_session_t tls, void *bytes,
                       size_t len) __asm__("__wrap_gnutls_record_recv");

static struct guard *guard_of(int fd)
{
    return fd >= 0 && fd < GUARDED_FDS_MAX ? guarded[fd] : NULL;
}

static bool is_under_way(const struct guard *guard)
{
    return guard->under_way != 0 || guard->phase != FRAMING_IDLE;
}

// Times run anew when something new is being waited for.
static void set_phase(struct guard *guard, enum framing_phase phase, bool anew)
{
    if (phase != guard->phase || anew) {
        guard->since_us = elapsed_us();
        guard->window_bytes = 0;
    }
    guard->phase = phase;
}

// An edge-triggered loop asks for bytes once more; the answer is then the refusal.
static void wake_for_refusal(const struct guard *guard)
{
    (void)shutdown(guard->fd, SHUT_RD);
}

// Looks at what was received, and says how much of it may be handed on.
static size_t screen(struct guard *guard, const char *bytes, size_t len)
{
    HOLD(&guard->guards->lock);
    struct framing_found found = framing_scan(&guard->framing, (str){bytes, len});
    bool was_under_way = is_under_way(guard);
    guard->guards->figures->bytes_in += len;
    guard->spoken = true;
    guard->under_way += found.requests;
    set_phase(guard, framing_phase(&guard->framing), found.requests != 0);
    guard->window_bytes += found.body;
    guard->guards->under_way += is_under_way(guard) - was_under_way;
    if (!failed(found.verdict))
        return len;

    guard->refused = found.verdict;
    if (found.complete != 0 && guard->under_way == 0)
        wake_for_refusal(guard);
    return found.complete;
}

static str date_of_now(struct arena *arena)
{
    char text[sizeof "Thu, 01 Jan 1970 00:00:00 GMT"];
    time_t now = time(NULL);
    struct tm civil = {0};
    (void)gmtime_r(&now, &civil);
    return str_copy(arena, (str){text, strftime(text, sizeof text, "%a, %d %b %Y %T GMT", &civil)});
}

static str refusal_text(struct arena *arena, str id, const struct reply *reply)
{
    struct buf text = {.arena = arena};
    buf_addf(&text,
             "HTTP/1.1 %d %s\r\nDate: %" STR_FMT "\r\nContent-Type: %" STR_FMT
             "\r\nContent-Length: %zu\r\nConnection: close\r\nRequest-Id: %" STR_FMT
             "\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n",
             reply->status, MHD_get_reason_phrase_for((unsigned)reply->status),
             STR_ARG(date_of_now(arena)), STR_ARG(reply->media_type), reply->body.len, STR_ARG(id));
    for (size_t i = 0; i < reply->header_count; i++)
        buf_addf(&text, "%s: %" STR_FMT "\r\n", reply->headers[i].name,
                 STR_ARG(reply->headers[i].value));
    buf_add(&text, STR("\r\n"));
    buf_add(&text, reply->body);
    return buf_str(&text);
}

static void log_refusal(const struct guards *guards, result why, str id)
{
    const struct error_info *info = error_info(why.code);
    log_write(guards->log, LOG_INFO, "request_refused",
              LOG_FIELDS(log_i64("status", info->status), log_text("code", str_from(info->slug)),
                         log_text("request_id", id)));
    figures_count_status(guards->figures, info->status);
    if (why.code == ERR_BUSY)
        guards->figures->overload_refused++;
    else if (why.code != ERR_REQUEST_TIMEOUT)
        guards->figures->framing_refused++;
}

// The connection's last words. libmicrohttpd is waiting for bytes, so it has none half written.
static void refuse(struct guard *guard, gnutls_session_t tls)
{
    if (guard->answered)
        return;
    guard->answered = true;
    struct arena arena = {0};
    struct request request = {.arena = &arena, .request_id = crypto_id(&arena)};
    struct reply reply = {.file = -1};
    http_problem(&request, &reply, guard->refused);
    str text = refusal_text(&arena, request.request_id, &reply);
    // A client that does not read gets what fits.
    ssize_t sent = tls != NULL ? gnutls_record_send(tls, text.ptr, text.len)
                               : send(guard->fd, text.ptr, text.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
        guard->guards->figures->bytes_out += (uint64_t)sent;
    log_refusal(guard->guards, guard->refused, request.request_id);
    arena_reset(&arena);
}

enum stand { GOES_ON, ANSWERS_FIRST, REFUSED };

// libmicrohttpd may ask for bytes while a request that came before is still being answered: the
// refusal waits until that is done (guard_request_done).
static enum stand stand_of(struct guard *guard)
{
    HOLD(&guard->guards->lock);
    if (!failed(guard->refused))
        return GOES_ON;
    return guard->under_way != 0 ? ANSWERS_FIRST : REFUSED;
}

// How many bytes libmicrohttpd is told it received: 0 ends the connection.
static ssize_t hand_on(struct guard *guard, const void *bytes, size_t len, gnutls_session_t tls)
{
    size_t good = len == 0 ? 0 : screen(guard, bytes, len);
    if (good == 0)
        refuse(guard, tls);
    return (ssize_t)good;
}

ssize_t guard_recv(int fd, void *bytes, size_t len, int flags)
{
    struct guard *guard = guard_of(fd);
    enum stand stand = guard == NULL ? GOES_ON : stand_of(guard);
    if (stand == REFUSED)
        return hand_on(guard, NULL, 0, NULL);
    if (stand == ANSWERS_FIRST) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t got = real_recv(fd, bytes, len, flags);
    return guard == NULL || got <= 0 ? got : hand_on(guard, bytes, (size_t)got, NULL);
}

ssize_t guard_tls_recv(gnutls_session_t tls, void *bytes, size_t len)
{
    struct guard *guard = guard_of(gnutls_transport_get_int(tls));
    enum stand stand = guard == NULL ? GOES_ON : stand_of(guard);
    if (stand == REFUSED)
        return hand_on(guard, NULL, 0, tls);
    if (stand == ANSWERS_FIRST)
        return GNUTLS_E_AGAIN;
    ssize_t got = real_tls_recv(tls, bytes, len);
    return guard == NULL || got <= 0 ? got : hand_on(guard, bytes, (size_t)got, tls);
}

struct guard *guard_open(struct guards *guards, int fd)
{
    struct guard *guard = fd < GUARDED_FDS_MAX ? calloc(1, sizeof *guard) : NULL;
    if (guard == NULL)
        return NULL;
    guard->guards = guards;
    guard->fd = fd;
    guard->refused = OK;
    framing_start(&guard->framing, &guards->limits->framing);
    set_phase(guard, FRAMING_IDLE, true);
    HOLD(&guards->lock);
    guard->next = guards->first;
    guard->link = &guards->first;
    if (guard->next != NULL)
        guard->next->link = &guard->next;
    guards->first = guard;
    guards->count++;
    guards->figures->connections++;
    guards->figures->connections_open++;
    guarded[fd] = guard;
    guards_make_room(guards, guard);
    return guard;
}

void guard_request_done(struct guard *guard)
{
    HOLD(&guard->guards->lock);
    if (guard->under_way == 0)
        return; // it had not arrived in full
    guard->under_way--;
    set_phase(guard, guard->phase, true);
    if (guard->under_way == 0 && failed(guard->refused))
        wake_for_refusal(guard);
    if (!is_under_way(guard)) {
        guard->guards->under_way--;
        if (guard->guards->draining)
            (void)shutdown(guard->fd, SHUT_RD);
    }
}

// Closing a socket that holds unread bytes resets the connection, and the client may lose the
// answer: so someone goes on reading for a while.
static void linger(struct guards *guards, int fd)
{
    if (guards->lingering_count == LINGERING_MAX || guards->stopping)
        return;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return;
    guards->lingering[guards->lingering_count++] =
        (struct lingering){copy, elapsed_us() + guards->limits->linger_us};
    (void)!write(guards->wake, &(uint64_t){1}, sizeof(uint64_t));
}

void guard_close(struct guard *guard)
{
    guarded[guard->fd] = NULL;
    {
        HOLD(&guard->guards->lock);
        *guard->link = guard->next;
        if (guard->next != NULL)
            guard->next->link = guard->link;
        guard->guards->count--;
        guard->guards->leaving -= guard->leaving;
        guard->guards->figures->connections_open--;
        guard->guards->under_way -= is_under_way(guard);
        if (failed(guard->refused) || guard->phase != FRAMING_IDLE)
            linger(guard->guards, guard->fd);
    }
    explicit_bzero(guard, sizeof *guard);
    free(guard);
}

result guards_open(struct guards *guards, const struct http_limits *limits, size_t connections_max,
                   const struct log *log, struct figures *figures)
{
    *guards = (struct guards){
        .limits = limits, .connections_max = connections_max, .log = log, .figures = figures};
    guards->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (guards->wake < 0)
        return FAIL(INTERNAL, "no eventfd");
    (void)pthread_mutex_init(&guards->lock, NULL);
    if (pthread_create(&guards->watcher, NULL, guards_watch, guards) != 0) {
        (void)close(guards->wake);
        return FAIL(INTERNAL, "cannot start a thread");
    }
    return OK;
}

void guards_close(struct guards *guards)
{
    {
        HOLD(&guards->lock);
        guards->stopping = true;
        (void)!write(guards->wake, &(uint64_t){1}, sizeof(uint64_t));
    }
    (void)pthread_join(guards->watcher, NULL);
    assert(guards->count == 0);
    for (size_t i = 0; i < guards->lingering_count; i++)
        (void)close(guards->lingering[i].fd);
    (void)close(guards->wake);
    (void)pthread_mutex_destroy(&guards->lock);
}

void guards_drain(struct guards *guards)
{
    HOLD(&guards->lock);
    guards->draining = true;
    for (struct guard *guard = guards->first; guard != NULL; guard = guard->next) {
        if (!is_under_way(guard))
            (void)shutdown(guard->fd, SHUT_RD);
    }
}

bool guards_all_idle(struct guards *guards)
{
    HOLD(&guards->lock);
    return guards->under_way == 0;
}

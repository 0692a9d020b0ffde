// SPDX-License-Identifier: Apache-2.0
// room.c - what happens when more connections are open than there may be.
//
// libmicrohttpd takes a few more than that, so that a newcomer never waits behind those who say
// nothing: the one that has been idle longest ends, and where none is idle the newcomer is told to
// come again.
#include "guard.h"
#include "phial/util/elapsed.h"

#include <sys/socket.h>

enum { SILENT_US = 1000000 };

static bool is_idle(const struct guard *guard)
{
    return guard->phase == FRAMING_IDLE && guard->under_way == 0 && !guard->leaving &&
           !failed(guard->refused);
}

// Who connects and says nothing gives way before who was served.
static bool is_silent(const struct guard *guard, int64_t now_us)
{
    return !guard->spoken && now_us - guard->since_us >= SILENT_US;
}

static struct guard *most_idle(const struct guards *guards, const struct guard *newcomer)
{
    int64_t now_us = elapsed_us();
    struct guard *found = NULL;
    for (struct guard *guard = guards->first; guard != NULL; guard = guard->next) {
        if (guard == newcomer || !is_idle(guard))
            continue;
        bool silent = is_silent(guard, now_us);
        bool found_silent = found != NULL && is_silent(found, now_us);
        if (found == NULL || (silent && !found_silent) ||
            (silent == found_silent && guard->since_us < found->since_us))
            found = guard;
    }
    return found;
}

void guard_end(struct guard *guard)
{
    if (!guard->leaving)
        guard->guards->leaving++;
    guard->leaving = true;
    (void)shutdown(guard->fd, SHUT_RD);
}

void guards_make_room(struct guards *guards, struct guard *newcomer)
{
    if (guards->count - guards->leaving <= guards->connections_max)
        return;
    struct guard *ends = most_idle(guards, newcomer);
    if (ends == NULL) {
        newcomer->refused = FAIL(BUSY, "Every connection is taken.");
        ends = newcomer;
    }
    guard_end(ends);
}

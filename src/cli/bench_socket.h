// SPDX-License-Identifier: Apache-2.0
// bench_socket.h - where requests go to, and sockets to it.
#pragma once

#include "phial/util/result.h"
#include "phial/util/str.h"

#include <netdb.h>
#include <sys/socket.h>

struct bench_target {
    struct sockaddr_storage address;
    socklen_t address_len;
    int family;
    str authority; // for the Host header
    str path;      // before /v1
};

// http://HOST[:PORT][/PATH]: there is no TLS here, since it is the server that is measured.
result bench_target_find(struct arena *arena, const char *url, struct bench_target *target);
// A connected socket that does not block; -1 when nobody listens.
int bench_socket_open(const struct bench_target *target);

// SPDX-License-Identifier: Apache-2.0
#include "bench_socket.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { CONNECT_SECONDS_MAX = 10 };

static void split_authority(str authority, str *host, str *port)
{
    *host = authority;
    *port = STR("80");
    for (size_t i = authority.len; i > 0 && authority.ptr[i - 1] != ']'; i--) {
        if (authority.ptr[i - 1] == ':') {
            *host = str_slice(authority, 0, i - 1);
            *port = str_slice(authority, i, authority.len);
            break;
        }
    }
    if (str_starts_with(*host, STR("[")) && str_ends_with(*host, STR("]")))
        *host = str_slice(*host, 1, host->len - 1);
}

result bench_target_find(struct arena *arena, const char *url, struct bench_target *target)
{
    str text = str_from(url);
    if (!str_starts_with(text, STR("http://")))
        return FAIL(INVALID, "the load goes over plain HTTP: give --url http://HOST:PORT");
    str authority = str_slice(text, sizeof "http://" - 1, text.len);
    str path = {"", 0};
    for (size_t i = 0; i < authority.len; i++) {
        if (authority.ptr[i] == '/') {
            path = str_slice(authority, i, authority.len);
            authority = str_slice(authority, 0, i);
        }
    }
    while (str_ends_with(path, STR("/")))
        path.len--;

    str host = {0};
    str port = {0};
    split_authority(authority, &host, &port);
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(str_to_c(arena, host), str_to_c(arena, port), &wanted, &found) != 0)
        return FAIL(INVALID, "the host of --url is not known");
    *target = (struct bench_target){.address_len = found->ai_addrlen,
                                    .family = found->ai_family,
                                    .authority = authority,
                                    .path = path};
    memcpy(&target->address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return OK;
}

int bench_socket_open(const struct bench_target *target)
{
    int fd = socket(target->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct timeval patience = {.tv_sec = CONNECT_SECONDS_MAX};
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const struct sockaddr *address = (const struct sockaddr *)&target->address;
    if (connect(fd, address, target->address_len) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

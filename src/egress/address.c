// SPDX-License-Identifier: Apache-2.0
// The IANA registries of special-purpose addresses, as of 2024: what is not globally reachable.
#include "phial/egress/egress.h"
#include "phial/util/array.h"

#include <netinet/in.h>
#include <string.h>

struct block4 {
    uint32_t first;
    int bits;
};

static const struct block4 not_public4[] = {
    {0x00000000, 8},  // this network
    {0x0a000000, 8},  // private
    {0x64400000, 10}, // shared by carriers
    {0x7f000000, 8},  // loopback
    {0xa9fe0000, 16}, // link-local, 169.254.169.254 among them
    {0xac100000, 12}, // private
    {0xc0000000, 24}, // IETF
    {0xc0000200, 24}, // documentation
    {0xc0586300, 24}, // 6to4 relays
    {0xc0a80000, 16}, // private
    {0xc6120000, 15}, // benchmarks
    {0xc6336400, 24}, // documentation
    {0xcb007100, 24}, // documentation
    {0xe0000000, 4},  // multicast
    {0xf0000000, 4},  // reserved, broadcast
};

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < COUNT_OF(not_public4); i++) {
        if ((address ^ not_public4[i].first) >> (32 - not_public4[i].bits) == 0)
            return false;
    }
    return true;
}

struct block6 {
    unsigned char first[4];
    int bits;
};

// Of 2000::/3, beyond which nothing is public.
static const struct block6 not_public6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, // IETF, Teredo, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, // documentation
    {{0x20, 0x02, 0x00, 0x00}, 16}, // 6to4: wraps an IPv4 address
    {{0x3f, 0xff, 0x00, 0x00}, 20}, // documentation
};

static uint32_t word(const unsigned char bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_public6(const unsigned char address[16])
{
    if ((address[0] & 0xe0) != 0x20)
        return false;
    for (size_t i = 0; i < COUNT_OF(not_public6); i++) {
        if ((word(address) ^ word(not_public6[i].first)) >> (32 - not_public6[i].bits) == 0)
            return false;
    }
    return true;
}

bool egress_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return is_public4(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return is_public6(v6.sin6_addr.s6_addr);
    }
    return false;
}

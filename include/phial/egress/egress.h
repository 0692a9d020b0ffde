// SPDX-License-Identifier: Apache-2.0
// egress.h - where the daemon may send to. Pure: lists, URLs and addresses in, yes or no out.
//
// A list has commas between its entries: host, host:port, *.suffix (any name below it), an address,
// address:port, [IPv6 address]:port. An entry without a port names them all. Nothing is allowed
// that no entry names.
#pragma once

#include "phial/util/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { URL_BYTES_MAX = 2048, HOST_BYTES_MAX = 253 };

// A name or an address in its one spelling: lower case, without brackets.
struct egress_host {
    char text[HOST_BYTES_MAX + 1];
    size_t len;
    bool is_address;
};
static inline str egress_host_str(const struct egress_host *host) // borrows
{
    return (str){host->text, host->len};
}

struct egress_url {
    bool https;
    struct egress_host host;
    int64_t port;
    str target; // path and query, borrowed from the text; "" for none
};

bool egress_list_valid(str list);
// NULL for an absolute http or https URL in ASCII, without credentials and fragment; else what is
// wrong, in a sentence that repeats nothing of it.
const char *egress_url_parse(str text, struct egress_url *url);

// The lists as configured; each is valid.
struct egress {
    str allow;      // what may be sent to at all
    str plain_http; // which of it without TLS
    str internal;   // which of it though its addresses are not public
};
enum egress_verdict { EGRESS_ALLOWED, EGRESS_NOT_NAMED, EGRESS_NEEDS_TLS };
// Before any name is looked up. An entry that is itself a private address, or localhost, is named
// for plain HTTP and for that address.
enum egress_verdict egress_judge(const struct egress *egress, const struct egress_url *url);
// At the connection, of the address that the name came to: a name may come to another one each
// time.
bool egress_may_connect(const struct egress *egress, const struct egress_url *url,
                        const struct sockaddr *address);
// Whether the address is one of the public internet: not private, loopback, link-local (where
// clouds answer with credentials), unique-local, shared, multicast, reserved, nor one that wraps
// another.
bool egress_is_public(const struct sockaddr *address);

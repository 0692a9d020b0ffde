// SPDX-License-Identifier: Apache-2.0
// host.h - one spelling for each host.
#pragma once

#include "phial/egress/egress.h"

#include <netinet/in.h>

// A name of labels, an IPv4 address of four numbers or an IPv6 address without brackets. False for
// anything else, such as the other spellings of addresses (127.1, 0x7f000001).
bool host_parse(str text, struct egress_host *host);
// ":8080" as 8080, "" as `otherwise`.
bool port_parse(str text, int64_t otherwise, int64_t *port);
// "[v6]:port" or "host:port" in two, the port with its colon.
bool authority_cut(str text, str *host, str *port);
// The socket address of a host that is_address.
void host_address(const struct egress_host *host, struct sockaddr_storage *address);

// SPDX-License-Identifier: Apache-2.0
#include "phial/egress/egress.h"

#include "host.h"

#include <string.h>

struct entry {
    struct egress_host host;
    bool suffix;  // the host's names, not itself
    int64_t port; // 0: any
};

static bool entry_parse(str text, struct entry *entry)
{
    struct entry parsed = {.suffix = str_starts_with(text, STR("*."))};
    str host = text;
    str port = STR("");
    if (parsed.suffix)
        text = str_slice(text, 2, text.len);
    // An IPv6 address may stand without brackets, and has no port then.
    if (!host_parse(text, &parsed.host) &&
        (!authority_cut(text, &host, &port) || !host_parse(host, &parsed.host)))
        return false;
    if (!port_parse(port, 0, &parsed.port) || (parsed.suffix && parsed.host.is_address))
        return false;
    *entry = parsed;
    return true;
}

// The next entry of a list; false at its end.
static bool next_entry(str *list, str *entry)
{
    if (list->len == 0)
        return false;
    str rest = STR("");
    if (!str_cut(*list, ',', entry, &rest))
        *entry = *list;
    *entry = str_trim(*entry);
    *list = rest;
    return true;
}

bool egress_list_valid(str list)
{
    struct entry parsed;
    str text = {0};
    if (list.len != 0 && list.ptr[list.len - 1] == ',')
        return false;
    while (next_entry(&list, &text)) {
        if (!entry_parse(text, &parsed))
            return false;
    }
    return true;
}

static bool names(str list, const struct egress_url *url)
{
    struct entry entry;
    str text = {0};
    str host = egress_host_str(&url->host);
    while (next_entry(&list, &text)) {
        if (!entry_parse(text, &entry) || (entry.port != 0 && entry.port != url->port))
            continue;
        str name = egress_host_str(&entry.host);
        bool below = host.len > name.len + 1 && str_ends_with(host, name) &&
                     host.ptr[host.len - name.len - 1] == '.';
        if (entry.suffix ? below && !url->host.is_address : str_eq(host, name))
            return true;
    }
    return false;
}

static bool is_localhost(const struct egress_url *url)
{
    return str_eq(egress_host_str(&url->host), STR("localhost"));
}

// Whether the URL itself says that it goes to an address which is not public.
static bool is_plainly_internal(const struct egress_url *url)
{
    struct sockaddr_storage address;
    if (is_localhost(url))
        return true;
    if (!url->host.is_address)
        return false;
    host_address(&url->host, &address);
    return !egress_is_public((const struct sockaddr *)&address);
}

enum egress_verdict egress_judge(const struct egress *egress, const struct egress_url *url)
{
    bool internal = is_plainly_internal(url);
    if (!url->https && !internal && !names(egress->plain_http, url))
        return EGRESS_NEEDS_TLS;
    if (names(egress->allow, url))
        return EGRESS_ALLOWED;
    return url->https ? EGRESS_NOT_NAMED : EGRESS_NEEDS_TLS;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static bool is_same_address(const struct egress_host *host, const struct sockaddr *address)
{
    struct sockaddr_storage named;
    host_address(host, &named);
    if (named.ss_family != address->sa_family)
        return false;
    if (named.ss_family == AF_INET)
        return memcmp(&((struct sockaddr_in *)&named)->sin_addr,
                      &((const struct sockaddr_in *)address)->sin_addr,
                      sizeof(struct in_addr)) == 0;
    return memcmp(&((struct sockaddr_in6 *)&named)->sin6_addr,
                  &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

bool egress_may_connect(const struct egress *egress, const struct egress_url *url,
                        const struct sockaddr *address)
{
    if (egress_judge(egress, url) != EGRESS_ALLOWED)
        return false;
    if (egress_is_public(address) || names(egress->internal, url))
        return true;
    if (is_localhost(url))
        return is_loopback(address);
    return url->host.is_address && is_same_address(&url->host, address);
}

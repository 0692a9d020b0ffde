// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

enum { LABEL_BYTES_MAX = 63, PORT_MAX = 65535 };

static char lower(char c)
{
    static const char from[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char to[] = "abcdefghijklmnopqrstuvwxyz";
    const char *found = c == '\0' ? NULL : strchr(from, c);
    if (found == NULL)
        return c;
    return to[found - from];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// The last label of a name is no number: resolvers take such a name for an address.
static bool labels_fit(str name)
{
    size_t begin = 0;
    bool numeric = false;
    for (size_t i = 0; i <= name.len; i++) {
        bool ends = i == name.len || name.ptr[i] == '.';
        if (!ends)
            continue;
        str label = str_slice(name, begin, i);
        if (label.len == 0 || label.len > LABEL_BYTES_MAX || label.ptr[0] == '-' ||
            label.ptr[label.len - 1] == '-' ||
            !str_all_in(label, "abcdefghijklmnopqrstuvwxyz0123456789-_"))
            return false;
        numeric = is_digit(label.ptr[0]);
        begin = i + 1;
    }
    return !numeric;
}

static void keep(struct egress_host *host, const char *text)
{
    host->len = strlen(text);
    assert(host->len < sizeof host->text);
    memcpy(host->text, text, host->len + 1);
    host->is_address = true;
}

bool host_parse(str text, struct egress_host *host)
{
    struct egress_host parsed = {.len = text.len};
    unsigned char bytes[sizeof(struct in6_addr)];
    char printed[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len > HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        parsed.text[i] = lower(text.ptr[i]);
    if (memchr(parsed.text, '\0', parsed.len) != NULL)
        return false;
    int family = str_contains(text, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, parsed.text, bytes) == 1) {
        if (inet_ntop(family, bytes, printed, sizeof printed) == NULL)
            return false;
        keep(&parsed, printed);
    } else if (!labels_fit((str){parsed.text, parsed.len})) {
        return false;
    }
    *host = parsed;
    return true;
}

bool port_parse(str text, int64_t otherwise, int64_t *port)
{
    int64_t read = otherwise;
    if (text.len != 0) {
        str digits = str_slice(text, 1, text.len);
        if (text.ptr[0] != ':' || digits.len == 0 || digits.len > 5 ||
            !str_all_in(digits, "0123456789") || !str_to_i64(digits, &read) || read < 1 ||
            read > PORT_MAX)
            return false;
    }
    *port = read;
    return true;
}

bool authority_cut(str text, str *host, str *port)
{
    if (str_starts_with(text, STR("["))) {
        str inner = {0};
        str rest = {0};
        if (!str_cut(str_slice(text, 1, text.len), ']', &inner, &rest) || !str_contains(inner, ':'))
            return false;
        *host = inner;
        *port = rest;
        return true;
    }
    size_t colon = 0;
    while (colon < text.len && text.ptr[colon] != ':')
        colon++;
    *host = str_slice(text, 0, colon);
    *port = str_slice(text, colon, text.len);
    return true;
}

void host_address(const struct egress_host *host, struct sockaddr_storage *address)
{
    *address = (struct sockaddr_storage){0};
    int read = 0;
    if (str_contains(egress_host_str(host), ':')) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
        v6->sin6_family = AF_INET6;
        read = inet_pton(AF_INET6, host->text, &v6->sin6_addr);
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)address;
        v4->sin_family = AF_INET;
        read = inet_pton(AF_INET, host->text, &v4->sin_addr);
    }
    assert(read == 1);
}

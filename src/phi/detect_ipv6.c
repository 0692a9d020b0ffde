// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool is_address_character(char c)
{
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f') || c == ':' || c == '.';
}

// Two colons at least; `::` alone is punctuation, 12:34:56 no address.
static bool is_address(str candidate)
{
    char c_string[INET6_ADDRSTRLEN + 1] = {0};
    struct in6_addr address;
    while (candidate.len > 0 && candidate.ptr[candidate.len - 1] == '.') // the end of a sentence
        candidate.len--;
    if (candidate.len < 3 || candidate.len >= sizeof(c_string))
        return false;
    memcpy(c_string, candidate.ptr, candidate.len);
    return inet_pton(AF_INET6, c_string, &address) == 1;
}

bool phi_detect_ipv6(str text)
{
    if (!has(text, ':'))
        return false;
    for (size_t at = 0; at < text.len;) {
        size_t len = 0;
        size_t colons = 0;
        while (at + len < text.len && is_address_character(text.ptr[at + len])) {
            colons += text.ptr[at + len] == ':' ? 1 : 0;
            len++;
        }
        bool alone =
            (at == 0 || !is_letter(text.ptr[at - 1])) && !is_letter(at_or_nul(text, at + len));
        if (alone && colons >= 2 && is_address(str_slice(text, at, at + len)))
            return true;
        at += len + 1;
    }
    return false;
}

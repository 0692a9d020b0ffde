// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool is_address_character(char c)
{
    return hexadecimal_value(c) >= 0 || c == ':' || c == '.';
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
    bool digit = false;
    for (size_t i = 0; i < candidate.len; i++)
        digit = digit || is_digit(candidate.ptr[i]);
    return digit && inet_pton(AF_INET6, c_string, &address) == 1; // a::b is a name in C++
}

// id:c9ea:... begins with a letter of `id`: how much of the run belongs to the word before it.
static size_t joined(str text, size_t at, size_t len)
{
    size_t word = 0;
    if (!is_letter(before_or_nul(text, at)))
        return 0;
    while (word < len && is_letter(text.ptr[at + word]))
        word++;
    char joint = at_or_nul(text, at + word);
    return word < len && (joint == ':' || joint == '.') ? word + 1 : 0;
}

bool phi_detect_ipv6(const struct sight *sight)
{
    str text = sight->text;
    size_t first = scan_next(text, 0, ':');
    if (scan_next(text, first + 1, ':') == text.len)
        return false;
    for (size_t at = 0; at < text.len;) {
        size_t len = 0;
        size_t colons = 0;
        while (at + len < text.len && is_address_character(text.ptr[at + len])) {
            colons += text.ptr[at + len] == ':' ? 1 : 0;
            len++;
        }
        size_t start = at + joined(text, at, len);
        bool alone =
            !is_letter(before_or_nul(text, start)) && !is_letter(at_or_nul(text, at + len));
        if (alone && colons >= 2 && is_address(str_slice(text, start, at + len)))
            return true;
        at += len + 1;
    }
    return false;
}

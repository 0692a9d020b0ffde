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
static bool is_address(const struct sight *sight, str candidate)
{
    enum { ADDRESS_WORK = 16 };
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
    return digit && sight_pays(sight, ADDRESS_WORK) &&
           inet_pton(AF_INET6, c_string, &address) == 1; // a::b is a name in C++
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

// The hexadecimal digits, colons and dots around the place; where they end.
static bool address_around(const struct sight *sight, size_t at, size_t *end)
{
    enum { AROUND_WORK = 6 };
    str text = sight->text;
    size_t from = at;
    size_t to = at;
    while (from > 0 && is_address_character(text.ptr[from - 1]))
        from--;
    while (to < text.len && is_address_character(text.ptr[to]))
        to++;
    size_t start = from + joined(text, from, to - from);
    bool alone = !is_letter(before_or_nul(text, start)) && !is_letter(at_or_nul(text, to));
    *end = to;
    return sight_pays(sight, AROUND_WORK + (to - from)) && alone &&
           is_address(sight, str_slice(text, start, to));
}

// Two colons of an address are at most four digits apart, somewhere.
bool phi_detect_ipv6(const struct sight *sight)
{
    enum { APART_MAX = 5, COLON_WORK = 8 };
    str text = sight->text;
    size_t last = scan_next(text, 0, ':');
    while (last < text.len && sight_pays(sight, COLON_WORK)) {
        size_t next = scan_next(text, last + 1, ':');
        if (next - last <= APART_MAX && next < text.len && address_around(sight, last, &next))
            return true;
        last = next < text.len && text.ptr[next] != ':' ? scan_next(text, next, ':') : next;
    }
    return false;
}

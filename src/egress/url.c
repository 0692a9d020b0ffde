// SPDX-License-Identifier: Apache-2.0
// A URL as it is sent to: stricter than RFC 3986, so that nobody who reads it after us reads
// another host out of it.
#include "host.h"

#include <strings.h>

static bool has_scheme(str text, str scheme)
{
    return text.len >= scheme.len && strncasecmp(text.ptr, scheme.ptr, scheme.len) == 0;
}

static const char *check_characters(str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c <= ' ' || c > '~' || c == '\\' || c == '"' || c == '<' || c == '>')
            return "A URL has printable ASCII characters alone; others are percent-encoded.";
    }
    if (str_contains(text, '#'))
        return "A fragment is never sent: leave it out.";
    return NULL;
}

const char *egress_url_parse(str text, struct egress_url *url)
{
    struct egress_url parsed = {.https = has_scheme(text, STR("https://"))};
    str host = {0};
    str port = {0};
    if (text.len > URL_BYTES_MAX)
        return "The URL has more than 2,048 characters.";
    const char *wrong = check_characters(text);
    if (wrong != NULL)
        return wrong;
    if (!parsed.https && !has_scheme(text, STR("http://")))
        return "The URL begins with https:// (or http://).";
    str rest = str_slice(text, parsed.https ? 8 : 7, text.len);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
        end++;
    str authority = str_slice(rest, 0, end);
    parsed.target = str_slice(rest, end, rest.len);
    if (str_contains(authority, '@'))
        return "The URL holds no user and no password.";
    if (!authority_cut(authority, &host, &port) || !host_parse(host, &parsed.host))
        return "The URL's host is a name or an address in its usual spelling.";
    if (!port_parse(port, parsed.https ? 443 : 80, &parsed.port))
        return "The URL's port is a number from 1 to 65535.";
    *url = parsed;
    return NULL;
}

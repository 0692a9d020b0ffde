// SPDX-License-Identifier: Apache-2.0
// A list and a URL, a line each: what is parsed is in its one spelling, which reads as itself; what
// a list allows, it names; and nothing is allowed that another reader of the URL would send
// elsewhere.
#include "phial/egress/egress.h"

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

// libcurl, which is who sends, reads the same host and port out of it.
static void check_with_curl(str text, const struct egress_url *url)
{
    char *copy = strndup(text.ptr, text.len);
    char *host = NULL;
    char *port = NULL;
    CURLU *parsed = curl_url();
    char bracketed[HOST_BYTES_MAX + 3];
    bool v6 = strchr(url->host.text, ':') != NULL;
    (void)snprintf(bracketed, sizeof bracketed, "%s%s%s", v6 ? "[" : "", url->host.text,
                   v6 ? "]" : "");
    if (curl_url_set(parsed, CURLUPART_URL, copy, CURLU_PATH_AS_IS) == CURLUE_OK) {
        check(curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK);
        check(curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
        check(v6 || strcasecmp(host, bracketed) == 0); // its own spelling of IPv6 differs at times
        check(strtol(port, NULL, 10) == url->port);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str list = {(const char *)data, size};
    str text = STR("");
    struct egress_url url = {0};
    struct egress_url again = {0};
    char spelled[HOST_BYTES_MAX + 32];
    if (!str_cut(list, '\n', &list, &text) || egress_url_parse(text, &url) != NULL)
        return 0;
    check(url.host.len == strlen(url.host.text) && url.port >= 1 && url.port <= 65535);
    check_with_curl(text, &url);
    bool v6 = strchr(url.host.text, ':') != NULL;
    (void)snprintf(spelled, sizeof spelled, "%s://%s%s%s:%d", url.https ? "https" : "http",
                   v6 ? "[" : "", url.host.text, v6 ? "]" : "", (int)url.port);
    check(egress_url_parse(str_from(spelled), &again) == NULL);
    check(strcmp(url.host.text, again.host.text) == 0 && url.port == again.port);
    if (!egress_list_valid(list))
        return 0;
    struct egress egress = {list, STR(""), STR("")};
    if (list.len == 0)
        check(egress_judge(&egress, &url) != EGRESS_ALLOWED);
    check(egress_judge(&egress, &url) == egress_judge(&egress, &again));
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <assert.h>
#include <sys/socket.h>

// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct wire *wire = context;
    (void)purpose;
    if (!egress_may_connect(wire->egress, &wire->url, &address->addr)) {
        wire->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

const char *wire_open(const struct egress *egress, str url, struct wire *wire)
{
    wire->egress = egress;
    if (egress_url_parse(url, &wire->url) != NULL ||
        egress_judge(egress, &wire->url) != EGRESS_ALLOWED)
        return "egress_refused";
    wire->easy = curl_easy_init();
    return wire->easy == NULL ? "connection" : NULL;
}

void wire_close(struct wire *wire)
{
    curl_slist_free_all(wire->headers);
    curl_easy_cleanup(wire->easy);
}

void wire_header(struct wire *wire, struct arena *arena, const char *name, str value)
{
    str line = str_printf(arena, "%s: %" STR_FMT, name, STR_ARG(value));
    struct curl_slist *longer = curl_slist_append(wire->headers, line.ptr);
    assert(longer != NULL);
    wire->headers = longer;
}

// As it was judged: libcurl gets no chance to read it differently.
static str print_url(struct arena *arena, const struct egress_url *url)
{
    str host = egress_host_str(&url->host);
    bool v6 = str_contains(host, ':');
    return str_printf(arena, "%s://%s%" STR_FMT "%s:%lld%" STR_FMT, url->https ? "https" : "http",
                      v6 ? "[" : "", STR_ARG(host), v6 ? "]" : "", (long long)url->port,
                      STR_ARG(url->target));
}

void wire_load(struct wire *wire, struct arena *arena, const struct wire_body *body)
{
    CURL *easy = wire->easy;
    str url = print_url(arena, &wire->url);
    CURLcode set = curl_easy_setopt(easy, CURLOPT_URL, url.ptr);
    set |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, wire->url.https ? "https" : "http");
    set |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    set |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    set |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set |= curl_easy_setopt(easy, CURLOPT_PROXY, ""); // not the environment's either
    set |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    set |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); // do not wait for a slow resolver
    set |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)body->timeout_ms);
    set |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, wire);
    set |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body->take);
    set |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, body->context);
    set |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, wire->headers);
    set |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body->bytes.len);
    set |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->bytes.ptr);
    assert(set == CURLE_OK);
}

const char *wire_explain(const struct wire *wire, CURLcode code)
{
    if (wire->address_refused)
        return "address_refused";
    switch ((int)code) { // of some ninety those that tell something
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "resolve";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
        return "tls";
    default:
        return "connection";
    }
}

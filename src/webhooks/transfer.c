// SPDX-License-Identifier: Apache-2.0
// What is sent goes to the host that the list names, and to no other: no redirect is followed, no
// proxy asked, and the address is judged when the socket is made, whatever the name came to before.
#include "transfer.h"

#include "secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_BYTES_MAX = 65536, HTTP_OK = 200, HTTP_REDIRECT = 300, HTTP_ERROR = 400 };

#define SECOND_US 1000000

// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    (void)purpose;
    if (!egress_may_connect(transfer->egress, &transfer->url, &address->addr)) {
        transfer->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Nothing of it is kept; beyond the bound the transfer ends.
// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static size_t pass_over(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    (void)bytes;
    transfer->received += size * count;
    return transfer->received > ANSWER_BYTES_MAX ? 0 : size * count;
}

static void add_header(struct transfer *transfer, const char *name, str value)
{
    str line = str_printf(&transfer->arena, "%s: %" STR_FMT, name, STR_ARG(value));
    struct curl_slist *longer = curl_slist_append(transfer->headers, line.ptr);
    assert(longer != NULL);
    transfer->headers = longer;
}

static result add_signatures(struct transfer *transfer, const struct transfer_options *options)
{
    struct arena *arena = &transfer->arena;
    const struct attempt *attempt = &transfer->attempt;
    struct signed_content content = {attempt->message, options->now.us / SECOND_US, attempt->body};
    str sealed[] = {attempt->secret, attempt->old_secret};
    struct buf signatures = {.arena = arena};
    for (size_t i = 0; i < 2 && sealed[i].len != 0; i++) {
        str secret = {0};
        TRY(secret_unseal(arena, options->keyring, attempt->webhook, sealed[i], &secret));
        if (i != 0)
            buf_add_char(&signatures, ' ');
        buf_add(&signatures, secret_sign(arena, secret, &content));
    }
    add_header(transfer, "Content-Type", STR("application/json"));
    add_header(transfer, "User-Agent", STR("Phial/" PHIAL_VERSION));
    add_header(transfer, "Expect", STR("")); // none
    add_header(transfer, "webhook-id", attempt->message);
    add_header(transfer, "webhook-timestamp",
               str_printf(arena, "%lld", (long long)content.timestamp));
    add_header(transfer, "webhook-signature", buf_str(&signatures));
    return OK;
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

static void set_options(struct transfer *transfer, const struct transfer_options *options)
{
    CURL *easy = transfer->easy;
    str url = print_url(&transfer->arena, &transfer->url);
    CURLcode set = curl_easy_setopt(easy, CURLOPT_URL, url.ptr);
    set |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, transfer->url.https ? "https" : "http");
    set |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    set |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    set |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set |= curl_easy_setopt(easy, CURLOPT_PROXY, ""); // not the environment's either
    set |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    set |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); // do not wait for a slow resolver
    set |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    set |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    set |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, pass_over);
    set |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    set |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    set |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)transfer->attempt.body.len);
    set |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->attempt.body.ptr);
    set |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    assert(set == CURLE_OK);
}

static const char *prepare(struct transfer *transfer, const struct transfer_options *options)
{
    if (egress_url_parse(transfer->attempt.url, &transfer->url) != NULL ||
        egress_judge(options->egress, &transfer->url) != EGRESS_ALLOWED)
        return "egress_refused";
    if (failed(add_signatures(transfer, options)))
        return "secret"; // no master key here opens it
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        return "connection";
    set_options(transfer, options);
    return NULL;
}

struct transfer *transfer_open(const struct transfer_options *options,
                               const struct attempt *attempt)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    assert(transfer != NULL);
    struct arena *arena = &transfer->arena;
    transfer->egress = options->egress;
    transfer->attempt = (struct attempt){
        .webhook = str_copy(arena, attempt->webhook),
        .message = str_copy(arena, attempt->message),
        .number = attempt->number,
        .url = str_copy(arena, attempt->url),
        .secret = str_copy(arena, attempt->secret),
        .old_secret = str_copy(arena, attempt->old_secret),
        .body = str_copy(arena, attempt->body),
    };
    transfer->error = prepare(transfer, options);
    return transfer;
}

void transfer_close(struct transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    curl_easy_cleanup(transfer->easy);
    arena_reset(&transfer->arena);
    free(transfer);
}

static const char *explain(const struct transfer *transfer, CURLcode code)
{
    if (transfer->address_refused)
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

struct attempt_outcome transfer_outcome(const struct transfer *transfer, CURLcode code)
{
    long status = 0;
    curl_off_t wait = 0;
    struct attempt_outcome outcome = {.webhook = transfer->attempt.webhook,
                                      .message = transfer->attempt.message,
                                      .number = transfer->attempt.number,
                                      .error = transfer->error};
    if (transfer->easy == NULL)
        return outcome;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &wait);
    // An answer that is too long is an answer all the same.
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && status != 0)) {
        outcome.error = explain(transfer, code);
        return outcome;
    }
    outcome.status = status;
    outcome.wait_ms = wait > 0 && wait < 1000000 ? wait * 1000 : 0;
    if (status < HTTP_OK || status >= HTTP_REDIRECT)
        outcome.error = status >= HTTP_REDIRECT && status < HTTP_ERROR ? "redirect" : "status";
    return outcome;
}
